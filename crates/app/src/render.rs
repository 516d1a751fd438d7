//! Model to wire: for responses and for the bodies of events, which must agree.

use model::api_key::{ApiKey, Scope};
use model::authentication::Authentication;
use model::inbox::{Inbox, InboxStatus};
use model::message::{Attachment, Content, Message};
use model::preset::KeyPreset;
use model::thread::Thread;
use model::webhook::Webhook;
use model::{Error, InboxId, Labels, OrgId, Permission, Result};
use wire::{ApiKeyPermissions, Headers, Metadata, MetadataPatch, MetadataValue};

use crate::{facts, screen};

/// Bodies and headers with more text than this are left out of an event; the reader gets them with
/// the message.
const MAX_EVENT: usize = 256 << 10;

/// What they may be as JSON, which can be six times as long as the text.
const MAX_TAIL_JSON: usize = 640 << 10;

/// What the rest of an event may be as JSON. Both together leave room for the envelope in a
/// WebSocket frame of 1 MiB.
const MAX_HEAD_JSON: usize = 256 << 10;

/// The end of the event about a received message, but for the beginning that its texts make.
pub(crate) struct ReceivedTail {
    /// The bodies as JSON members, each after a comma.
    pub(crate) texts: String,
    /// The headers and what was found out likewise, and the brace that closes the message.
    pub(crate) rest: String,
}

/// The end of the event about a received message: its bodies and headers. It follows from the mail
/// alone, so it is made before the transaction. `None` when they are too large for an event.
pub(crate) fn received_tail(content: &Content) -> Result<Option<ReceivedTail>> {
    if weight(content) > MAX_EVENT {
        return Ok(None);
    }
    let texts = members(&wire::MessageBody {
        text: content.text.clone(),
        html: content.html.clone(),
        extracted_text: content.extracted_text.clone(),
        extracted_html: content.extracted_html.clone(),
        ..wire::MessageBody::default()
    })?;
    let headers = members(&wire::MessageBody {
        headers: Headers(content.headers.clone()),
        ..wire::MessageBody::default()
    })?;
    let rest = headers + &left_out(content)?;
    Ok((texts.len() + rest.len() <= MAX_TAIL_JSON).then_some(ReceivedTail { texts, rest }))
}

/// The same without bodies and headers: what was found out about the message, and the brace.
pub(crate) fn left_out(content: &Content) -> Result<String> {
    let known = members(&wire::MessageBody {
        authentication: content.authentication.as_ref().map(authentication),
        facts: facts::shown(&content.facts),
        spam: content.spam.as_ref().map(spam),
        codes: shown_codes(content),
        ..wire::MessageBody::default()
    })?;
    Ok(known + "}")
}

/// The members of an object, each after a comma.
fn members(object: &wire::MessageBody) -> Result<String> {
    let object = json(object)?;
    let members = object
        .strip_prefix('{')
        .and_then(|all| all.strip_suffix('}'));
    Ok(match members {
        Some(members) if !members.is_empty() => format!(",{members}"),
        _ => String::new(),
    })
}

/// The beginning of the same event, up to where [`received_tail`] or [`left_out`] goes on.
pub(crate) fn received_head(message: &Message, thread: &Thread) -> Result<String> {
    let mut message = self::message(message, &Content::default());
    let mut thread = thread_item(thread);
    let mut head = received_members(&message, &thread)?;
    if head.len() > MAX_HEAD_JSON {
        slim(&mut message, &mut thread);
        head = received_members(&message, &thread)?;
    }
    Ok(head)
}

fn received_members(message: &wire::Message, thread: &wire::ThreadItem) -> Result<String> {
    let mut members = format!(
        "\"thread\":{},\"message\":{}",
        json(thread)?,
        json(message)?
    );
    // The tail closes the message.
    members.pop();
    Ok(members)
}

/// How much text the bodies and headers of a message have.
fn weight(content: &Content) -> usize {
    let bodies = [
        &content.text,
        &content.html,
        &content.extracted_text,
        &content.extracted_html,
    ];
    let bodies: usize = bodies.into_iter().flatten().map(String::len).sum();
    let headers = content.headers.iter();
    bodies
        + headers
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>()
}

/// Leaves out what is large, so that every event fits into one WebSocket frame of 1 MiB whatever
/// the mail is like. What real mail has stays: 50 correspondents, 50 files, names of 256 characters.
fn slim(message: &mut wire::Message, thread: &mut wire::ThreadItem) {
    const MANY: usize = 50;
    const LONG_NAME: usize = 256;
    const LONG_SUBJECT: usize = 998;
    message.references.truncate(MANY);
    for people in [
        &mut message.to,
        &mut message.cc,
        &mut message.bcc,
        &mut message.reply_to,
        &mut thread.senders,
        &mut thread.recipients,
    ] {
        people.truncate(MANY);
        people.iter_mut().for_each(|name| shorten(name, LONG_NAME));
    }
    shorten(&mut message.from_, LONG_NAME);
    for files in [&mut message.attachments, &mut thread.attachments] {
        files.truncate(MANY);
        for file in files {
            let texts = [
                &mut file.filename,
                &mut file.content_type,
                &mut file.content_id,
            ];
            for text in texts.into_iter().flatten() {
                shorten(text, LONG_NAME);
            }
        }
    }
    for subject in [&mut message.subject, &mut thread.subject]
        .into_iter()
        .flatten()
    {
        shorten(subject, LONG_SUBJECT);
    }
}

/// Cuts `text` after its first `chars` characters.
pub(crate) fn shorten(text: &mut String, chars: usize) {
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
    }
}

/// The payload of `message.sent` and `message.delivered`, under its key.
pub(crate) fn send_event(
    key: &str,
    message: &Message,
    recipients: &[String],
    note: &str,
) -> Result<String> {
    let event = wire::SendEvent {
        organization_id: Some(message.org_id.to_string()),
        pod_id: Some(message.pod_id.to_string()),
        inbox_id: message.inbox_id.to_string(),
        thread_id: message.thread_id.to_string(),
        message_id: message.message_id.to_string(),
        timestamp: message.updated_at.to_string(),
        recipients: recipients.to_vec(),
    };
    Ok(format!("\"{key}\":{}{note}", json(&event)?))
}

/// The payload of `message.bounced`, with the `type` and `sub_type` of the failure.
pub(crate) fn bounce_event(
    message: &Message,
    (kind, sub_kind): (&str, &str),
    recipients: &[(String, String)],
) -> Result<String> {
    let recipients: Vec<serde_json::Value> = recipients
        .iter()
        .map(|(address, status)| serde_json::json!({"address": address, "status": status}))
        .collect();
    let event = serde_json::json!({
        "organization_id": message.org_id.to_string(),
        "pod_id": message.pod_id.to_string(),
        "inbox_id": message.inbox_id.to_string(),
        "thread_id": message.thread_id.to_string(),
        "message_id": message.message_id.to_string(),
        "timestamp": message.updated_at.to_string(),
        "type": kind,
        "sub_type": sub_kind,
        "recipients": recipients,
    });
    Ok(format!("\"bounce\":{event}"))
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

pub(crate) fn labels(labels: &Labels) -> Vec<String> {
    labels
        .iter()
        .map(|label| label.as_str().to_owned())
        .collect()
}

pub(crate) fn attachment(attachment: &Attachment) -> wire::Attachment {
    wire::Attachment {
        attachment_id: attachment.attachment_id.to_string(),
        filename: attachment.filename.clone(),
        size: attachment.size,
        content_type: attachment.content_type.clone(),
        content_disposition: attachment.content_disposition.clone(),
        content_id: attachment.content_id.clone(),
    }
}

pub(crate) fn message(message: &Message, content: &Content) -> wire::Message {
    let item = message_item(message);
    wire::Message {
        organization_id: item.organization_id,
        pod_id: item.pod_id,
        inbox_id: item.inbox_id,
        thread_id: item.thread_id,
        message_id: item.message_id,
        labels: item.labels,
        timestamp: item.timestamp,
        from_: item.from_,
        reply_to: message.people.reply_to.clone(),
        to: item.to,
        cc: item.cc,
        bcc: item.bcc,
        subject: item.subject,
        preview: item.preview,
        text: content.text.clone(),
        html: content.html.clone(),
        extracted_text: content.extracted_text.clone(),
        extracted_html: content.extracted_html.clone(),
        attachments: item.attachments,
        in_reply_to: item.in_reply_to,
        references: item.references,
        headers: Headers(content.headers.clone()),
        authentication: content.authentication.as_ref().map(authentication),
        facts: facts::shown(&content.facts),
        spam: content.spam.as_ref().map(spam),
        agent_armor: item.agent_armor,
        screen: message.screened.as_ref().map(screen::render::findings),
        identity: message.identity.as_ref().map(screen::render::identity),
        codes: shown_codes(content),
        size: item.size,
        updated_at: item.updated_at,
        created_at: item.created_at,
    }
}

/// What a message shows by itself: only something.
fn shown_codes(content: &Content) -> Option<wire::Codes> {
    let found = content.codes.as_ref().filter(|codes| !codes.is_empty());
    found.map(|found| codes(found, content))
}

/// What was found in a message, and what is known of who sent it.
pub(crate) fn codes(found: &model::message::Codes, content: &Content) -> wire::Codes {
    let expires_at = found.expires_at.map(mail::Timestamp::from_micros);
    let proof = content.authentication.as_ref();
    wire::Codes {
        code: found.code.as_ref().map(|code| wire::OneTimeCode {
            value: code.value.clone(),
            place: code.place.clone(),
            confidence: code.confidence,
            origin: code.origin.clone(),
            origin_proven: code.origin.as_ref().map(|_| code.origin_proven),
        }),
        link: found.link.as_ref().map(|link| wire::ActionLink {
            url: link.url.clone(),
            kind: link.kind.clone(),
            confidence: link.confidence,
        }),
        expires_at: expires_at.map(|at| at.to_string()),
        sender_proven: proof.is_some_and(Authentication::is_proven),
    }
}

pub(crate) fn spam(spam: &model::message::Spam) -> wire::Spam {
    let signal = |signal: &model::message::Signal| wire::Signal {
        code: signal.code.clone(),
        points: signal.points,
        detail: signal.detail.clone(),
    };
    wire::Spam {
        score: spam.score,
        threshold: spam.threshold,
        signals: spam.signals.iter().map(signal).collect(),
    }
}

pub(crate) fn authentication(known: &Authentication) -> wire::Authentication {
    wire::Authentication {
        sender_proven: known.is_proven(),
        reason: known.reason.name().to_owned(),
        from_domain: known.from_domain.clone(),
        spf: known.spf.as_ref().map(|spf| wire::Spf {
            result: spf.result.name().to_owned(),
            identity: if spf.is_helo { "helo" } else { "mailfrom" }.to_owned(),
            domain: spf.domain.clone(),
            aligned: spf.aligned,
            explanation: spf.explanation.clone(),
        }),
        // Without a signature the list is there and empty, unless nothing was looked up.
        dkim: known.spf.as_ref().map(|_| {
            let signatures = known.dkim.iter();
            signatures
                .map(|one| wire::Dkim {
                    result: one.result.name().to_owned(),
                    domain: one.domain.clone(),
                    selector: one.selector.clone(),
                    algorithm: one.algorithm.clone(),
                    aligned: one.aligned,
                    detail: one.detail.clone(),
                })
                .collect()
        }),
        dmarc: known.dmarc.as_ref().map(|dmarc| wire::Dmarc {
            result: dmarc.result.name().to_owned(),
            domain: dmarc.domain.clone(),
            policy: dmarc.policy.clone(),
        }),
        arc: known.arc.as_ref().map(|arc| wire::Arc {
            result: arc.result.name().to_owned(),
            sealers: arc.sealers.clone(),
        }),
    }
}

pub(crate) fn message_item(message: &Message) -> wire::MessageItem {
    wire::MessageItem {
        organization_id: Some(message.org_id.to_string()),
        pod_id: Some(message.pod_id.to_string()),
        inbox_id: message.inbox_id.to_string(),
        thread_id: message.thread_id.to_string(),
        message_id: message.message_id.to_string(),
        labels: labels(&message.labels),
        timestamp: message.at.to_string(),
        from_: message.from.clone(),
        to: message.people.to.clone(),
        cc: message.people.cc.clone(),
        bcc: message.people.bcc.clone(),
        subject: message.subject.clone(),
        preview: message.preview.clone(),
        attachments: message.attachments.iter().map(attachment).collect(),
        in_reply_to: message.in_reply_to.as_ref().map(ToString::to_string),
        references: message.references.iter().map(ToString::to_string).collect(),
        headers: Headers::default(),
        agent_armor: message.screened.as_ref().map(screen::render::armor),
        size: message.size,
        updated_at: message.updated_at.to_string(),
        created_at: message.created_at.to_string(),
    }
}

pub(crate) fn thread_item(thread: &Thread) -> wire::ThreadItem {
    wire::ThreadItem {
        organization_id: Some(thread.org_id.to_string()),
        pod_id: Some(thread.pod_id.to_string()),
        inbox_id: thread.inbox_id.to_string(),
        thread_id: thread.thread_id.to_string(),
        labels: labels(&thread.labels),
        timestamp: thread.at.to_string(),
        received_timestamp: thread.received_at.map(|at| at.to_string()),
        sent_timestamp: thread.sent_at.map(|at| at.to_string()),
        senders: thread.senders.clone(),
        recipients: thread.recipients.clone(),
        subject: thread.subject.clone(),
        preview: thread.preview.clone(),
        attachments: thread.attachments.iter().map(attachment).collect(),
        last_message_id: thread.last_message_id.to_string(),
        message_count: thread.message_count,
        size: thread.size,
        updated_at: thread.updated_at.to_string(),
        created_at: thread.created_at.to_string(),
    }
}

pub(crate) fn inbox(org: OrgId, inbox: &Inbox) -> Result<wire::Inbox> {
    let metadata = inbox
        .metadata
        .as_deref()
        .map(metadata_from_store)
        .transpose()?;
    Ok(wire::Inbox {
        organization_id: Some(org.to_string()),
        pod_id: inbox.pod_id.to_string(),
        inbox_id: inbox.inbox_id.to_string(),
        email: inbox.inbox_id.to_string(),
        display_name: inbox.display_name.clone(),
        client_id: inbox.client_id.clone(),
        status: (inbox.status == InboxStatus::Paused).then(|| inbox.status.name().to_owned()),
        metadata,
        auto_submitted: inbox.auto_submitted.map(|one| one.name().to_owned()),
        updated_at: inbox.updated_at.to_string(),
        created_at: inbox.created_at.to_string(),
    })
}

fn metadata_from_store(text: &str) -> Result<Metadata> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// Checks a caller's notes and writes them as stored.
pub(crate) fn metadata_to_store(metadata: &Metadata) -> Result<String> {
    const MOST: usize = 256;
    let too_long = |text: &str| text.chars().count() > MOST;
    let value_too_long = |value: &MetadataValue| match value {
        MetadataValue::Text(text) => too_long(text),
        MetadataValue::Number(_) | MetadataValue::Bool(_) => false,
    };
    if metadata.len() > MOST {
        return Err(Error::invalid(
            "metadata",
            "too_big",
            "metadata has at most 256 keys",
        ));
    }
    if let Some((key, _)) = metadata
        .iter()
        .find(|(key, value)| too_long(key) || value_too_long(value))
    {
        let short: String = key.chars().take(64).collect();
        return Err(Error::invalid(
            &format!("metadata.{short}"),
            "too_big",
            "A key and a text in metadata have at most 256 characters",
        ));
    }
    json(metadata)
}

/// Merges a change into stored notes; `None` when nothing is left.
pub(crate) fn metadata_merge(old: Option<&str>, change: &MetadataPatch) -> Result<Option<String>> {
    let mut merged = old
        .map(metadata_from_store)
        .transpose()?
        .unwrap_or_default();
    for (key, value) in change {
        match value {
            Some(value) => merged.insert(key.clone(), value.clone()),
            None => merged.remove(key),
        };
    }
    if merged.is_empty() {
        Ok(None)
    } else {
        metadata_to_store(&merged).map(Some)
    }
}

/// A key without its secret; `inbox` is the address of the inbox it is bound to.
pub(crate) fn api_key(key: &ApiKey, inbox: Option<String>) -> wire::ApiKey {
    wire::ApiKey {
        organization_id: Some(key.org_id.to_string()),
        api_key_id: key.api_key_id.to_string(),
        prefix: key.prefix.clone(),
        name: key.name.clone(),
        pod_id: match key.scope {
            Scope::Org => None,
            Scope::Pod(pod) | Scope::Inbox(pod, _) => Some(pod.to_string()),
        },
        inbox_id: inbox,
        used_at: key.used_at.map(|at| at.to_string()),
        permissions: permissions(key),
        preset: preset(key),
        effective_permissions: effective(key),
        created_at: key.created_at.to_string(),
        updated_at: key.updated_at.to_string(),
        expires_at: key.expires_at.map(|at| at.to_string()),
    }
}

/// A key's own list of rights, each one named.
pub(crate) fn permissions(key: &ApiKey) -> Option<ApiKeyPermissions> {
    let set = key.permissions?;
    let named = Permission::ALL.iter().filter(|right| right.is_grantable());
    Some(ApiKeyPermissions(
        named
            .map(|right| (right.name().to_owned(), set.has(*right)))
            .collect(),
    ))
}

/// The preset that gives a key's own list.
fn preset(key: &ApiKey) -> Option<String> {
    let preset = KeyPreset::of(key.permissions?)?;
    Some(preset.name().to_owned())
}

/// The names of what a key may do, in their fixed order.
fn effective(key: &ApiKey) -> Vec<String> {
    let named = key.rights().iter().filter(|right| right.is_grantable());
    named.map(|right| right.name().to_owned()).collect()
}

/// A webhook; `own` is the inbox it belongs to and `inboxes` those it is narrowed to.
pub(crate) fn webhook(
    webhook: &Webhook,
    own: Option<&InboxId>,
    inboxes: &[InboxId],
    secret: Option<String>,
) -> wire::Webhook {
    let kinds = webhook.kinds.as_ref();
    let texts = |ids: &[InboxId]| ids.iter().map(ToString::to_string).collect();
    let pods = webhook.pods.iter().map(ToString::to_string).collect();
    wire::Webhook {
        organization_id: Some(webhook.org_id.to_string()),
        pod_id: match webhook.scope {
            Scope::Org => None,
            Scope::Pod(pod) | Scope::Inbox(pod, _) => Some(pod.to_string()),
        },
        inbox_id: own.map(ToString::to_string),
        webhook_id: webhook.webhook_id.to_string(),
        url: webhook.url.clone(),
        event_types: kinds.map(|kinds| kinds.iter().map(|kind| kind.name().to_owned()).collect()),
        pod_ids: (!webhook.pods.is_empty()).then_some(pods),
        // Also when all of them are deleted: it is narrowed to nothing then.
        inbox_ids: (!webhook.inboxes.is_empty()).then(|| texts(inboxes)),
        secret,
        gather: webhook.gather,
        enabled: webhook.enabled,
        disabled_reason: webhook.disabled_reason.clone(),
        client_id: webhook.client_id.clone(),
        updated_at: webhook.updated_at.to_string(),
        created_at: webhook.created_at.to_string(),
    }
}
