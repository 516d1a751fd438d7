//! The message that is answered or forwarded, and what follows from it: recipients, subject, quote
//! and ancestors.

use std::collections::BTreeSet;

use mail::compose::Part;
use mail::parse::Disposition;
use mail::quote::{self, Original};
use mail::{Mailbox, MessageId};
use model::draft::{Purpose, Source};
use model::inbox::Inbox;
use model::message::{Attachment, Content, Direction, Message};
use model::{Error, InboxId, MessageKey, Result, perm};
use store::{Grant, View};

use super::Letter;
use crate::App;
use crate::gate::loops::Preceding;
use crate::inbound::elsewhere;

/// References grow by one with every answer; the oldest and the newest are what clients thread by.
const MAX_REFERENCES: usize = 50;

/// A message that is answered or forwarded.
pub(crate) struct Parent {
    pub(crate) message: Message,
    pub(crate) content: Content,
    /// Its Message-ID as its author wrote it, which correspondents know it by.
    pub(crate) message_id: MessageId,
    /// What it says of machines that answer one another.
    pub(crate) preceding: Preceding,
}

impl Parent {
    /// Reads what belongs to a message.
    fn read(view: &mut View<'_>, message: Message) -> Result<Self> {
        let content = view.content(message.key)?;
        // Only of mail that went to many does it matter who wrote before.
        let is_bulk = content.facts.iter().any(|fact| fact.kind == "bulk");
        let in_thread = is_bulk
            && view
                .thread(None, message.thread_id)
                .is_ok_and(|thread| thread.sent_at.is_some());
        Ok(Self::new(message, content, in_thread))
    }

    fn new(message: Message, content: Content, in_thread: bool) -> Self {
        let mut fields = content.headers.iter();
        let written = fields.find(|(name, _)| name.eq_ignore_ascii_case("message-id"));
        let written = written.and_then(|(_, value)| MessageId::parse(value));
        Self {
            preceding: Preceding::of(
                &content.headers,
                &content.facts,
                message.direction,
                in_thread,
            ),
            message_id: written.unwrap_or_else(|| message.message_id.clone()),
            message,
            content,
        }
    }

    /// The same as a draft remembers it.
    pub(crate) fn as_source(&self, purpose: Purpose) -> Source {
        Source {
            purpose,
            key: self.message.key,
            message_id: self.message.message_id.clone(),
            thread_id: self.message.thread_id,
            references: chain(self),
        }
    }
}

impl App {
    /// A message of an inbox, as it is answered or forwarded.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn parent<P>(
        &self,
        grant: &Grant<P>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<(Inbox, Parent)> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let found = self.store().read(grant, move |view| {
            let inbox = view.inbox(&inbox)?;
            let message = view.message(inbox.key, &id)?;
            let shown = view.strangers_in(&[message.thread_id])?;
            Ok((inbox, Parent::read(view, message)?, shown))
        });
        let (inbox, parent, shown) = found.await?;
        // Whoever acts on a message has read it, also where it came by a webhook, which no key reads.
        self.taint(grant, shown).await?;
        Ok((inbox, parent))
    }

    /// The same by its row.
    ///
    /// # Errors
    /// `not_found`.
    pub(super) async fn parent_of_key(
        &self,
        grant: &Grant<perm::MessageRead>,
        key: MessageKey,
    ) -> Result<Parent> {
        let found = self.store().read(grant, move |view| {
            let message = view.message_of_key(key)?;
            Parent::read(view, message)
        });
        found.await
    }

    /// The letter that sends `parent` on, with all its attachments.
    pub(super) async fn forwarded<P>(
        &self,
        grant: &Grant<P>,
        parent: &Parent,
        mut letter: Letter,
    ) -> Result<Letter> {
        let original = original(parent);
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
        letter.own_files = Some(letter.attachments.len());
        letter.attachments.extend(taken.await?);
        letter.source = Some(parent.as_source(Purpose::Forward));
        letter.in_reply_to = Some(parent.message_id.clone());
        letter.references = chain(parent);
        letter.thread = Some(parent.message.thread_id);
        // Sending on answers nobody, but it can go round too.
        letter.preceding = Some(parent.preceding.clone().answerable());
        Ok(letter)
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

/// To, Cc and Bcc of an answer.
pub(crate) struct Recipients {
    pub(crate) to: Vec<Mailbox>,
    pub(crate) cc: Vec<Mailbox>,
    pub(crate) bcc: Vec<Mailbox>,
}

/// Whoever wrote a message, or for one of our own, whoever got it: answering it goes on with it.
pub(crate) fn author(parent: &Message) -> Result<Recipients> {
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
pub(crate) fn everybody(inbox: &Inbox, parent: &Message) -> Result<Recipients> {
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
pub(crate) fn chain(parent: &Parent) -> Vec<MessageId> {
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
pub(super) fn answer(parent: &Parent, people: Recipients, mut letter: Letter) -> Letter {
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
    letter.source = Some(parent.as_source(Purpose::Reply));
    letter.preceding = Some(parent.preceding.clone());
    letter
}
