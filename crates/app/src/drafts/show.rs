//! Drafts as the wire has them.

use model::draft::{Draft, Purpose, SendStatus};
use model::message::Content;

use crate::render;

pub(super) fn draft(draft: &Draft, content: &Content) -> wire::Draft {
    let item = item(draft);
    let references = draft.source.iter().flat_map(|source| &source.references);
    wire::Draft {
        organization_id: item.organization_id,
        pod_id: item.pod_id,
        inbox_id: item.inbox_id,
        draft_id: item.draft_id,
        client_id: draft.client_id.clone(),
        labels: item.labels,
        reply_to: draft.people.reply_to.clone(),
        to: item.to,
        cc: item.cc,
        bcc: item.bcc,
        subject: item.subject,
        preview: item.preview,
        text: content.text.clone(),
        html: content.html.clone(),
        attachments: item.attachments,
        in_reply_to: item.in_reply_to,
        forward_of: item.forward_of,
        references: references.map(ToString::to_string).collect(),
        thread_id: draft
            .source
            .as_ref()
            .map(|source| source.thread_id.to_string()),
        send_status: item.send_status,
        send_at: item.send_at,
        send_error: item.send_error,
        updated_at: item.updated_at,
        created_at: draft.created_at.to_string(),
    }
}

pub(super) fn item(draft: &Draft) -> wire::DraftItem {
    let of = |purpose: Purpose| {
        let source = draft.source.as_ref();
        let own = source.filter(|source| source.purpose == purpose);
        own.map(|source| source.message_id.to_string())
    };
    let labels = draft.labels.iter().map(|label| label.as_str().to_owned());
    let files = draft
        .files
        .iter()
        .map(|file| render::attachment(&file.shown));
    wire::DraftItem {
        organization_id: Some(draft.org_id.to_string()),
        pod_id: Some(draft.pod_id.to_string()),
        inbox_id: draft.inbox_id.to_string(),
        draft_id: draft.draft_id.to_string(),
        labels: labels.collect(),
        to: draft.people.to.clone(),
        cc: draft.people.cc.clone(),
        bcc: draft.people.bcc.clone(),
        subject: draft.subject.clone(),
        preview: draft.preview.clone(),
        attachments: files.collect(),
        in_reply_to: of(Purpose::Reply),
        forward_of: of(Purpose::Forward),
        send_status: draft
            .status
            .map(|status| SendStatus::name(status).to_owned()),
        send_at: draft.send_at.map(|at| at.to_string()),
        send_error: draft.send_error.clone(),
        updated_at: draft.updated_at.to_string(),
    }
}
