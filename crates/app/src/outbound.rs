//! How a message leaves: `send`, `reply`, `reply_all` and `forward` compose it, and all of them
//! end in `submit`, the only way out.
//!
//! `submit` asks the gate, stores the bytes and, in one transaction, files the message, opens a
//! delivery for each recipient and adds one job for each recipient domain. From then on the job
//! `deliver_mail` is responsible.

mod request;

use std::collections::BTreeSet;

use mail::compose::{Composition, ExtraHeader, Part, compose};
use mail::parse::Disposition;
use mail::quote::{self, Original};
use mail::{Address, Mailbox, MessageId};
use model::inbox::Inbox;
use model::label::Labels;
use model::message::{Attachment, Content, Direction, Message, People};
use model::{
    Code, Error, EventKind, Hidden, InboxId, MessageKey, Permission, Result, ThreadId, perm,
};
use store::{Filed, Governed, Grant, NewEvent, NewJob, NewMessage, Route};
use uuid::Uuid;
use wire::{
    ReplyAllMessageRequest, ReplyToMessageRequest, SendMessageRequest, SendMessageResponse,
};

use crate::domains::{domain_of, not_verified};
use crate::gate::{self, Facts};
use crate::inbound::{Understood, elsewhere};
use crate::jobs::deliver_mail::DeliverMail;
use crate::{App, jobs, render};

/// References grow by one with every answer; the oldest and the newest are what clients thread by.
const MAX_REFERENCES: usize = 50;

/// A message to be composed.
struct Letter {
    reply_to: Vec<Mailbox>,
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    bcc: Vec<Mailbox>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    /// What the caller wrote, without the quoted original.
    new_text: Option<String>,
    new_html: Option<String>,
    attachments: Vec<Part>,
    headers: Vec<ExtraHeader>,
    labels: Labels,
    in_reply_to: Option<MessageId>,
    references: Vec<MessageId>,
    thread: Option<ThreadId>,
}

/// A message that is answered or forwarded.
struct Parent {
    message: Message,
    content: Content,
    /// Its Message-ID as its author wrote it, which correspondents know it by.
    message_id: MessageId,
}

/// A finished message: exactly the bytes that leave.
struct Outgoing {
    message_id: MessageId,
    raw: Vec<u8>,
    understood: Understood,
    letter: Letter,
}

impl App {
    /// Sends a new message.
    ///
    /// # Errors
    /// `validation_error`, `message_rejected`, `inbox_paused` or `not_found`.
    pub async fn send(
        &self,
        grant: &Grant<perm::MessageSend>,
        inbox: &InboxId,
        mut request: SendMessageRequest,
    ) -> Result<SendMessageResponse> {
        let inbox = self.find_inbox(grant, inbox).await?;
        self.fetch_attachments(&mut request.attachments).await?;
        let letter = request::send(request)?;
        self.submit(grant, &inbox, letter).await
    }

    /// Answers a message: its author, or whoever the request names, or everybody.
    ///
    /// # Errors
    /// `validation_error`, `message_rejected`, `inbox_paused` or `not_found`; `missing_permission` for
    /// recipients of the caller's own choice with a key that may only answer.
    pub async fn reply(
        &self,
        grant: &Grant<perm::MessageReply>,
        inbox: &InboxId,
        id: &MessageId,
        mut request: ReplyToMessageRequest,
    ) -> Result<SendMessageResponse> {
        let (inbox, parent) = self.parent(grant, inbox, id).await?;
        self.fetch_attachments(&mut request.attachments).await?;
        let own = request::reply_recipients(&request)?;
        if own.is_some() && !grant.access().permissions().has(Permission::MessageSend) {
            return Err(Error::new(Code::MissingPermission, "Forbidden").fix(
                "This key may only answer; leave to, cc and bcc out, or use a key that has message_send.",
            ));
        }
        let people = match own {
            Some(people) => people,
            None if request.reply_all == Some(true) => everybody(&inbox, &parent.message)?,
            None => author(&parent.message)?,
        };
        let letter = answer(&parent, people, request::reply(request)?);
        self.submit(grant, &inbox, letter).await
    }

    /// Answers everybody on a message.
    ///
    /// # Errors
    /// `validation_error`, `message_rejected`, `inbox_paused` or `not_found`.
    pub async fn reply_all(
        &self,
        grant: &Grant<perm::MessageReply>,
        inbox: &InboxId,
        id: &MessageId,
        mut request: ReplyAllMessageRequest,
    ) -> Result<SendMessageResponse> {
        let (inbox, parent) = self.parent(grant, inbox, id).await?;
        self.fetch_attachments(&mut request.attachments).await?;
        let people = everybody(&inbox, &parent.message)?;
        let letter = answer(&parent, people, request::reply_all(request)?);
        self.submit(grant, &inbox, letter).await
    }

    /// Sends a message on, with all its attachments, to the recipients of the request.
    ///
    /// # Errors
    /// `validation_error`, `message_rejected`, `inbox_paused` or `not_found`.
    pub async fn forward(
        &self,
        grant: &Grant<perm::MessageSend>,
        inbox: &InboxId,
        id: &MessageId,
        mut request: SendMessageRequest,
    ) -> Result<SendMessageResponse> {
        let (inbox, parent) = self.parent(grant, inbox, id).await?;
        self.fetch_attachments(&mut request.attachments).await?;
        let mut letter = request::send(request)?;
        let original = original(&parent);
        if letter.subject.is_none() {
            letter.subject = Some(quote::forward_subject(parent.message.subject.as_deref()));
        }
        let new_text = letter.new_text.as_deref().unwrap_or_default();
        letter.text = Some(quote::forward_text(new_text, &original));
        if parent.content.html.is_some() || letter.new_html.is_some() {
            let new_html = letter
                .new_html
                .clone()
                .unwrap_or_else(|| quote::text_as_html(new_text));
            letter.html = Some(quote::forward_html(&new_html, &original));
        }
        let raw = self.store().raw(grant, parent.message.key).await?;
        let attachments = parent.message.attachments.clone();
        let taken = elsewhere(raw.len(), move || taken_along(&raw, &attachments));
        letter.attachments.extend(taken.await?);
        letter.in_reply_to = Some(parent.message_id.clone());
        letter.references = chain(&parent);
        letter.thread = Some(parent.message.thread_id);
        self.submit(grant, &inbox, letter).await
    }

    async fn parent<P>(
        &self,
        grant: &Grant<P>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<(Inbox, Parent)> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let found = self.store().read(grant, move |view| {
            let inbox = view.inbox(&inbox)?;
            let message = view.message(inbox.key, &id)?;
            let content = view.content(message.key)?;
            Ok((inbox, message, content))
        });
        let (inbox, message, content) = found.await?;
        let written = content
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("message-id"));
        let written = written.and_then(|(_, value)| MessageId::parse(value));
        let message_id = written.unwrap_or_else(|| message.message_id.clone());
        Ok((
            inbox,
            Parent {
                message,
                content,
                message_id,
            },
        ))
    }

    /// Takes responsibility for a departure. `Ok` means that the message is filed and its delivery
    /// is underway, synced to disk.
    async fn submit<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        letter: Letter,
    ) -> Result<SendMessageResponse> {
        let recipients: Vec<Mailbox> = [&letter.to, &letter.cc, &letter.bcc]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        gate::decide(&Facts {
            inbox,
            recipients: &recipients,
        })?;
        let recipients = unique(&recipients);
        let governed = Governed {
            org_id: grant.access().org_id(),
            pod_id: inbox.pod_id,
            inbox_key: inbox.key,
        };
        let addresses: Vec<Address> = recipients.iter().map(|to| to.address.clone()).collect();
        let asked = addresses.clone();
        let barred = self
            .store()
            .read(grant, move |view| view.barred_recipients(governed, &asked));
        gate::admit(&barred.await?)?;
        let outgoing = self.compose(inbox, letter).await?;
        let raw = self.store().place(grant, &outgoing.raw).await?;
        let new = self.sent_message(grant, inbox, outgoing, raw)?;
        let domains: BTreeSet<String> = recipients
            .iter()
            .map(|to| to.address.domain().to_owned())
            .collect();
        let ids = &self.env().ids;
        let (now, random) = (self.now(), ids.random().as_u128());
        let deliveries: Vec<(Uuid, Mailbox)> = recipients
            .into_iter()
            .map(|to| (ids.ordered(now), to))
            .collect();
        let jobs: Vec<(Uuid, String)> = domains
            .into_iter()
            .map(|domain| (ids.ordered(now), domain))
            .collect();
        let domain = domain_of(&inbox.inbox_id).to_owned();
        let filed = self.store().write(grant, move |txn| {
            if !txn.may_send_from(&domain, new.inbox.pod_id)? {
                return Err(not_verified(&domain));
            }
            // Asked again, so that an entry made meanwhile counts.
            gate::admit(&txn.barred_recipients(governed, &addresses)?)?;
            let Filed::New(message) = txn.file_message(&new)? else {
                return Err(Error::internal(
                    "a message of our own was taken for a duplicate",
                ));
            };
            for (id, to) in &deliveries {
                txn.open_delivery(&new, *id, &to.address.key(), to.address.domain())?;
            }
            for (job_id, domain) in &jobs {
                let job = DeliverMail {
                    message: message.key.to_string(),
                    domain: domain.clone(),
                    raw: new.raw.blob_id().to_string(),
                    from: message.inbox_id.to_string(),
                };
                txn.link(&new.raw)?;
                txn.enqueue(&NewJob {
                    job_id: *job_id,
                    kind: DeliverMail::KIND,
                    key: None,
                    run_at: now,
                    payload: jobs::payload(&job)?,
                })?;
            }
            let people: Vec<String> = deliveries
                .iter()
                .map(|(_, to)| to.address.to_string())
                .collect();
            txn.emit(NewEvent {
                kind: EventKind::MessageSent,
                pod_id: Some(message.pod_id),
                inbox_key: Some(message.inbox_key),
                hidden: Hidden::NONE,
                payload: render::send_event("send", &message, &people, "")?,
                tail: None,
                random,
            });
            Ok(message)
        });
        let message = filed.await?;
        Ok(SendMessageResponse {
            message_id: message.message_id.to_string(),
            thread_id: message.thread_id.to_string(),
        })
    }

    async fn compose(&self, inbox: &Inbox, mut letter: Letter) -> Result<Outgoing> {
        let message_id = self.mint_message_id(inbox.inbox_id.as_str());
        let address = Address::parse(inbox.inbox_id.as_str()).map_err(Error::internal)?;
        let message = Composition {
            from: Mailbox {
                name: inbox.display_name.clone(),
                address,
            },
            reply_to: letter.reply_to.clone(),
            to: letter.to.clone(),
            cc: letter.cc.clone(),
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            html: letter.html.clone(),
            attachments: std::mem::take(&mut letter.attachments),
            message_id: message_id.clone(),
            in_reply_to: letter.in_reply_to.clone(),
            references: letter.references.clone(),
            date: self.now(),
            headers: letter.headers.clone(),
            seed: self.env().ids.bytes(),
        };
        let files: usize = message
            .attachments
            .iter()
            .map(|part| part.bytes.len())
            .sum();
        let texts = [&message.text, &message.html];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let write = move || {
            let raw = compose(&message);
            // Shown as a reader of the sent bytes would see it, so that both copies agree.
            let understood = Understood::of(&raw);
            (raw, understood)
        };
        let (raw, understood) = elsewhere(files + texts, write).await?;
        let most = self.settings().max_message_bytes;
        if raw.len() > most {
            let detail = format!(
                "The message has {} octets; at most {most} are sent",
                raw.len()
            );
            return Err(Error::new(Code::PayloadTooLarge, detail)
                .fix("Send less, or put large files where the recipient can fetch them."));
        }
        Ok(Outgoing {
            message_id,
            raw,
            understood,
            letter,
        })
    }

    fn sent_message<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        outgoing: Outgoing,
        raw: store::Placed,
    ) -> Result<NewMessage> {
        let now = self.now();
        let Outgoing {
            message_id,
            raw: bytes,
            mut understood,
            letter,
        } = outgoing;
        understood.content.extracted_text = letter.new_text;
        understood.content.extracted_html = letter.new_html;
        let shown = |list: &[Mailbox]| list.iter().map(display).collect::<Vec<String>>();
        Ok(NewMessage {
            key: MessageKey::new(self.env().ids.ordered(now)),
            inbox: Route {
                org_id: grant.access().org_id(),
                pod_id: inbox.pod_id,
                inbox_key: inbox.key,
                inbox_id: inbox.inbox_id.clone(),
            },
            direction: Direction::Sent,
            at: now,
            labels: letter.labels,
            from: understood.from,
            people: People {
                to: shown(&letter.to),
                cc: shown(&letter.cc),
                bcc: shown(&letter.bcc),
                reply_to: shown(&letter.reply_to),
            },
            subject: letter.subject,
            preview: understood.parsed.preview(),
            message_id: Some(message_id.clone()),
            minted: message_id.clone(),
            spare: message_id,
            in_reply_to: letter.in_reply_to,
            references: letter.references.clone(),
            ancestors: letter.references,
            attachments: self.attachments(&understood.parsed),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            raw,
            body: self.store().pack(&understood.content)?,
            dedup: None,
            thread: letter.thread,
            new_thread: ThreadId::new(self.env().ids.ordered(now)),
            envelope: Some(inbox.inbox_id.to_string()),
            trace: None,
        })
    }
}

/// The attachments of a forwarded message, as parts of the new one.
fn taken_along(raw: &[u8], attachments: &[Attachment]) -> Vec<Part> {
    let contents = mail::parse::attachments(raw, attachments.iter().map(|part| part.part));
    let parts = attachments
        .iter()
        .zip(contents)
        .filter_map(|(part, bytes)| {
            let inline = part.content_disposition.as_deref() == Some("inline");
            let media = part.content_type.clone();
            Some(Part {
                filename: part.filename.clone(),
                content_type: media.unwrap_or_else(|| "application/octet-stream".to_owned()),
                disposition: if inline {
                    Disposition::Inline
                } else {
                    Disposition::Attachment
                },
                content_id: part.content_id.clone(),
                bytes: bytes?,
            })
        });
    parts.collect()
}

/// A name and address as lists show them: `Ann <ann@example.com>`.
fn display(mailbox: &Mailbox) -> String {
    let (name, address) = (mailbox.name.clone(), mailbox.address.to_string());
    mail::Correspondent { name, address }.to_string()
}

/// The recipients, each once.
fn unique(recipients: &[Mailbox]) -> Vec<Mailbox> {
    let mut seen = BTreeSet::new();
    recipients
        .iter()
        .filter(|to| seen.insert(to.address.key()))
        .cloned()
        .collect()
}

/// To, Cc and Bcc of an answer.
struct Recipients {
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    bcc: Vec<Mailbox>,
}

/// Whoever wrote a message, or for one of our own, whoever got it: answering it goes on with it.
fn author(parent: &Message) -> Result<Recipients> {
    let names = match parent.direction {
        Direction::Sent => &parent.people.to,
        Direction::Received if parent.people.reply_to.is_empty() => &vec![parent.from.clone()],
        Direction::Received => &parent.people.reply_to,
    };
    let cc = match parent.direction {
        Direction::Sent => usable(&parent.people.cc),
        Direction::Received => Vec::new(),
    };
    let to = usable(names);
    if to.is_empty() && cc.is_empty() {
        return Err(Error::invalid(
            "to",
            "invalid_value",
            "The message has no sender address that could be answered",
        )
        .fix("Name the recipients in to."));
    }
    Ok(Recipients {
        to,
        cc,
        bcc: Vec::new(),
    })
}

/// Everybody on a message but the inbox itself.
fn everybody(inbox: &Inbox, parent: &Message) -> Result<Recipients> {
    let mut people = author(parent)?;
    let own = inbox.inbox_id.as_str();
    if parent.direction == Direction::Received {
        people.to.extend(usable(&parent.people.to));
        people.cc.extend(usable(&parent.people.cc));
    }
    let mut seen = BTreeSet::from([own.to_owned()]);
    people.to.retain(|to| seen.insert(to.address.key()));
    people.cc.retain(|to| seen.insert(to.address.key()));
    if people.to.is_empty() && people.cc.is_empty() {
        return author(parent);
    }
    Ok(people)
}

/// What of a received field can be written to.
fn usable(names: &[String]) -> Vec<Mailbox> {
    names
        .iter()
        .filter_map(|name| Mailbox::parse(name).ok())
        .collect()
}

/// The original as it is quoted below an answer.
fn original(parent: &Parent) -> Original<'_> {
    let message = &parent.message;
    Original {
        from: &message.from,
        to: message.people.to.first().map_or("", String::as_str),
        cc: message.people.cc.first().map_or("", String::as_str),
        date: message.at,
        subject: message.subject.as_deref(),
        text: parent.content.text.as_deref(),
        html: parent.content.html.as_deref(),
    }
}

/// The ancestors of an answer: those of its parent and the parent.
fn chain(parent: &Parent) -> Vec<MessageId> {
    let mut chain = parent.message.references.clone();
    if chain.is_empty() {
        chain.extend(parent.message.in_reply_to.clone());
    }
    chain.retain(|id| *id != parent.message_id);
    chain.push(parent.message_id.clone());
    if chain.len() > MAX_REFERENCES {
        // The first names the conversation; of the rest the newest matter most.
        chain.drain(1..chain.len() - (MAX_REFERENCES - 1));
    }
    chain
}

/// The letter that answers `parent`: the new words above the quoted original, in its thread.
fn answer(parent: &Parent, people: Recipients, mut letter: Letter) -> Letter {
    let original = original(parent);
    letter.to = people.to;
    letter.cc = people.cc;
    letter.bcc = people.bcc;
    if letter.subject.is_none() {
        letter.subject = Some(quote::reply_subject(parent.message.subject.as_deref()));
    }
    letter.text = letter
        .new_text
        .as_deref()
        .map(|new| quote::reply_text(new, &original));
    letter.html = letter
        .new_html
        .as_deref()
        .map(|new| quote::reply_html(new, &original));
    letter.in_reply_to = Some(parent.message_id.clone());
    letter.references = chain(parent);
    letter.thread = Some(parent.message.thread_id);
    letter
}
