//! Filing a message: once, in the right thread, together with everything that follows from it.

use std::collections::BTreeSet;

use mail::thread::Exchange;
use mail::{MessageId, Timestamp};
use model::identity::Identity;
use model::label::Labels;
use model::list::{self, Authors};
use model::message::{Attachment, Direction, Message, Origin, People};
use model::screened::Screened;
use model::thread::Thread;
use model::{Hidden, MessageKey, Result, ThreadId};
use serde::Serialize;

use super::regroup::{Hints, clues};
use super::{Body, fold, stored_direction};
use crate::blobs::Placed;
use crate::db::{Value, args};
use crate::inboxes::Route;
use crate::lists::Governed;
use crate::threads::ThreadRow;
use crate::txn::Txn;
use crate::view::to_json;

/// A message to be filed.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its row, in the order of arrival.
    pub key: MessageKey,
    /// The inbox it goes into.
    pub inbox: Route,
    /// Which way it went.
    pub direction: Direction,
    /// When it was received or sent.
    pub at: Timestamp,
    /// Its labels, without the one that follows from the direction.
    pub labels: Labels,
    /// From, as shown.
    pub from: String,
    /// Its other correspondents.
    pub people: People,
    /// The subject.
    pub subject: Option<String>,
    /// The start of the text.
    pub preview: Option<String>,
    /// Its Message-ID, if it has a usable one.
    pub message_id: Option<MessageId>,
    /// The public id it gets if it has none, or if another mail of the inbox has it. Where there
    /// is a `dedup`, this must follow from it, so that a second arrival asks for the same id.
    pub minted: MessageId,
    /// The public id it gets if somebody has guessed the minted one and sent a mail under it.
    pub spare: MessageId,
    /// The parent it names.
    pub in_reply_to: Option<MessageId>,
    /// The ancestors it names, oldest first, as shown.
    pub references: Vec<MessageId>,
    /// The ancestors to look for, best first.
    pub ancestors: Vec<MessageId>,
    /// When it says that it was written.
    pub written_at: Option<Timestamp>,
    /// The Exchange conversation that it names.
    pub exchange: Option<Exchange>,
    /// Its attachments.
    pub attachments: Vec<Attachment>,
    /// Octets of the raw message.
    pub size: i64,
    /// Its raw bytes.
    pub raw: Placed,
    /// Its readable part.
    pub body: Body,
    /// What makes a second arrival of the same mail recognisable; `None` never is one.
    pub dedup: Option<[u8; 32]>,
    /// The thread it belongs to, where that is known.
    pub thread: Option<ThreadId>,
    /// The thread it begins if it belongs to none.
    pub new_thread: ThreadId,
    /// How it came here, for the timeline.
    pub origin: Option<Origin>,
    /// What the screen says of it.
    pub screened: Option<Screened>,
    /// Who wrote it. Whether it answers the inbox is found out when it is filed.
    pub identity: Option<Identity>,
    /// Whom the inbox knows once it has it: traits, each with whose it is. Not if it is hidden.
    pub acquaintance: Vec<(String, String)>,
    /// Trace fields as header lines, kept apart from the raw bytes.
    pub trace: Option<String>,
}

/// What became of a [`NewMessage`].
#[derive(Clone, Debug)]
pub enum Filed {
    /// It is in its thread.
    New(Box<Message>),
    /// It had arrived before; nothing was changed.
    Duplicate,
}

/// What became of a [`NewMessage`] that arrived.
#[derive(Clone, Debug)]
pub enum Received {
    /// It is in its thread, which is as it became.
    New(Box<Message>, Box<Thread>),
    /// It had arrived before; nothing was changed.
    Duplicate,
}

/// What the inbox knows of the ids that a message has and names. One statement asks for all of it:
/// every message pays for it, and on PostgreSQL for each round trip.
#[derive(Default)]
pub(super) struct Known {
    /// Messages that have one of the ids.
    held: Vec<Held>,
    /// Threads by an id that messages in them name.
    named: Vec<(MessageId, ThreadId)>,
    /// Threads by subject or Exchange conversation.
    hinted: Vec<ThreadId>,
    /// Whether the organisation has allow or block lists at all.
    has_lists: bool,
}

struct Held {
    message_id: MessageId,
    thread_id: ThreadId,
    is_sent: bool,
    dedup: Option<Vec<u8>>,
}

impl Known {
    fn thread_of(&self, id: &MessageId) -> Option<ThreadId> {
        let held = self.held.iter().find(|one| one.message_id == *id);
        held.map(|one| one.thread_id)
            .or_else(|| self.thread_naming(id))
    }

    fn thread_naming(&self, id: &MessageId) -> Option<ThreadId> {
        self.naming(id).min()
    }

    fn naming(&self, id: &MessageId) -> impl Iterator<Item = ThreadId> {
        let named = self.named.iter().filter(move |(known, _)| known == id);
        named.map(|(_, thread)| *thread)
    }

    fn holds(&self, id: &MessageId) -> bool {
        self.held.iter().any(|one| one.message_id == *id)
    }

    /// The public id, or `None` if this very mail is filed already: then its own id or the minted
    /// one, which follows from the same facts as `dedup`, names a message with equal `dedup`.
    fn public_id(&self, new: &NewMessage) -> Option<MessageId> {
        let wanted = new.message_id.as_ref().unwrap_or(&new.minted);
        let own = [wanted, &new.minted];
        let dedup = new.dedup.as_ref().map(<[u8; 32]>::as_slice);
        let is_repetition = self.held.iter().any(|one| {
            own.contains(&&one.message_id) && one.dedup.is_some() && one.dedup.as_deref() == dedup
        });
        if is_repetition {
            return None;
        }
        let free = own.into_iter().find(|id| !self.holds(id));
        Some(free.unwrap_or(&new.spare).clone())
    }

    /// The thread of the best-placed ancestor that is known, if one is.
    pub(super) fn nearest(&self, new: &NewMessage) -> Option<ThreadId> {
        new.ancestors.iter().find_map(|id| self.thread_of(id))
    }

    /// Whether the best-placed ancestor is in the inbox.
    pub(super) fn holds_parent(&self, new: &NewMessage) -> bool {
        new.ancestors.first().is_some_and(|id| self.holds(id))
    }

    /// The thread of a reply that came before its parent and has left the parent's id. Only that
    /// counts here: a mail that repeats the id of one we hold must not be pulled into its thread.
    pub(super) fn of_children(&self, new: &NewMessage) -> Option<ThreadId> {
        let own = new.message_id.as_ref().filter(|id| !self.holds(id));
        own.and_then(|id| self.thread_naming(id))
    }

    /// Every thread that its arrival may change.
    pub(super) fn concerned(&self, new: &NewMessage) -> BTreeSet<ThreadId> {
        let mut threads: BTreeSet<ThreadId> = self.hinted.iter().copied().collect();
        let own = new.message_id.as_ref().filter(|id| !self.holds(id));
        threads.extend(own.into_iter().flat_map(|id| self.naming(id)));
        for id in &new.ancestors {
            match self.held.iter().find(|one| one.message_id == *id) {
                Some(held) => threads.extend([held.thread_id]),
                None => threads.extend(self.naming(id)),
            }
        }
        threads
    }

    /// Whether one of its ancestors is a message that the inbox sent.
    fn is_answer(&self, new: &NewMessage) -> bool {
        let mut sent = self.held.iter().filter(|one| one.is_sent);
        sent.any(|one| new.ancestors.contains(&one.message_id))
    }
}

/// Ancestors that are looked for.
const ANCESTORS: usize = 50;

/// Look-ups by id are padded to one of these lengths, so that few statements need preparing. Two
/// are the mail's own, and the one it may get instead.
const LOOKUP_SIZES: [usize; 3] = [2, 8, ANCESTORS + 2];

/// The column `envelope`: how a message came here, and what was thought of it.
#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(flatten)]
    origin: Option<&'a Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    screened: Option<&'a Screened>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a Identity>,
}

pub(crate) fn envelope(origin: Option<&Origin>, message: &Message) -> Result<Option<String>> {
    let envelope = Envelope {
        origin,
        screened: message.screened.as_ref(),
        identity: message.identity.as_ref(),
    };
    let is_some = origin.is_some() || envelope.screened.is_some() || envelope.identity.is_some();
    is_some.then(|| to_json(&envelope)).transpose()
}

impl Txn<'_> {
    /// Files a message. The inbox's row is held first, so two messages of one inbox never choose
    /// their threads at once.
    ///
    /// # Errors
    /// `not_found` when the inbox is gone, or when the store fails.
    pub fn file_message(&mut self, new: &NewMessage) -> Result<Filed> {
        let filed = self.file(new, None)?;
        Ok(filed.map_or(Filed::Duplicate, |(message, _)| Filed::New(message)))
    }

    /// Files a message that arrived. One that the inbox's lists bar gets the label `blocked`: the
    /// `reply` lists judge what answers a message the inbox sent, the `receive` lists all else.
    ///
    /// # Errors
    /// As [`Txn::file_message`].
    pub fn file_received(&mut self, new: &NewMessage, authors: &Authors) -> Result<Received> {
        let Some((message, joined)) = self.file(new, Some(authors))? else {
            return Ok(Received::Duplicate);
        };
        let thread = self.with_attachments(joined)?;
        Ok(Received::New(message, Box::new(thread)))
    }

    fn file(
        &mut self,
        new: &NewMessage,
        authors: Option<&Authors>,
    ) -> Result<Option<(Box<Message>, ThreadRow)>> {
        let inbox = new.inbox.inbox_key;
        // Counting it first also holds the inbox's row. Most mail begins a thread.
        self.count_held(inbox, 1, 1, new.size)?;
        let known = self.known_ids(new)?;
        let Some(message_id) = known.public_id(new) else {
            self.count_held(inbox, -1, -1, -new.size)?;
            return Ok(None);
        };
        self.link(&new.raw)?;
        let labels = self.labels_of(new, authors, &known)?;
        let placing = self.place_message(new, &message_id, labels.hidden(), &known)?;
        let thread = placing.thread;
        let message = Message {
            key: new.key,
            org_id: new.inbox.org_id,
            pod_id: new.inbox.pod_id,
            inbox_key: inbox,
            inbox_id: new.inbox.inbox_id.clone(),
            thread_id: thread.unwrap_or(new.new_thread),
            message_id,
            direction: new.direction,
            at: new.at,
            labels,
            from: new.from.clone(),
            people: new.people.clone(),
            subject: new.subject.clone(),
            preview: new.preview.clone(),
            in_reply_to: new.in_reply_to.clone(),
            references: new.references.clone(),
            attachments: new.attachments.clone(),
            size: new.size,
            screened: new.screened.clone(),
            identity: new.identity.clone().map(|identity| Identity {
                in_thread: known.is_answer(new),
                ..identity
            }),
            created_at: self.now,
            updated_at: self.now,
        };
        self.insert_message(&message, new)?;
        self.remember_unknown(&message, new, &known)?;
        let joined = match thread {
            Some(_) => self.join_thread(&message)?,
            None => None,
        };
        let joined = match joined {
            Some(row) => {
                self.leave_hints(new, message.thread_id, &known, row.subject())?;
                self.count_held(inbox, 0, -1, 0)?;
                row
            }
            None => {
                self.leave_hints(new, message.thread_id, &known, None)?;
                self.begin_thread(&message)?
            }
        };
        let joined = self.remade(joined, &placing.changed)?;
        if message.labels.hidden() == Hidden::NONE {
            self.await_indexing(&message)?;
            self.acquaint(&new.inbox, &new.acquaintance)?;
        }
        Ok(Some((Box::new(message), joined)))
    }

    fn labels_of(
        &mut self,
        new: &NewMessage,
        authors: Option<&Authors>,
        known: &Known,
    ) -> Result<Labels> {
        let mut labels = new.labels.clone();
        labels.insert(model::Label::system(new.direction.label()));
        if let Some(authors) = authors.filter(|_| known.has_lists) {
            let direction = if known.is_answer(new) {
                list::Direction::Reply
            } else {
                list::Direction::Receive
            };
            if !self.admits(Governed::from(&new.inbox), direction, authors)? {
                labels.insert(model::Label::system("blocked"));
            }
        }
        Ok(labels)
    }

    fn known_ids(&mut self, new: &NewMessage) -> Result<Known> {
        let own = new.message_id.as_ref().unwrap_or(&new.minted);
        let ancestors = new.ancestors.iter().take(ANCESTORS);
        let wanted: Vec<&MessageId> = [own, &new.minted].into_iter().chain(ancestors).collect();
        let size = LOOKUP_SIZES.into_iter().find(|size| *size >= wanted.len());
        let size = size.unwrap_or(ANCESTORS + 2);
        let marks: Vec<String> = (2..size + 2).map(|n| format!("${n}")).collect();
        let marks = marks.join(", ");
        let sql = format!(
            "select 1, message_id, thread_id, direction, dedup from message \
             where {{scope}} and inbox_id = $1 and message_id in ({marks}) \
             union all select 2, message_id, thread_id, 0, null from thread_ref \
             where {{scope}} and inbox_id = $1 and message_id in ({marks}) \
             union all select 3, '', null, 0, null \
             where exists (select 1 from list_entry where {{scope:org}}) \
             union all select 4, '', thread_id, 0, null from (select thread_id from thread_hint \
             where {{scope}} and inbox_id = $1 and hint = ${open} order by thread_id desc limit 16) o \
             union all select 4, '', thread_id, 0, null from (select thread_id from thread_hint \
             where {{scope}} and inbox_id = $1 and hint = ${exchange} order by thread_id desc limit 16) x",
            open = size + 2,
            exchange = size + 3,
        );
        let mut values = vec![Value::from(new.inbox.inbox_key)];
        values.extend((0..size).map(|n| Value::from(wanted[n.min(wanted.len() - 1)])));
        values.extend(Hints::of(new).looked_up().map(Value::from));
        let mut known = Known::default();
        self.query(&sql, &values, &mut |row| {
            match row.get::<i64>(0)? {
                1 => known.held.push(Held {
                    message_id: row.get(1)?,
                    thread_id: row.get(2)?,
                    is_sent: row.get::<i64>(3)? == stored_direction(Direction::Sent),
                    dedup: row.get(4)?,
                }),
                2 => known.named.push((row.get(1)?, row.get(2)?)),
                4 => known.hinted.push(row.get(2)?),
                _ => known.has_lists = true,
            }
            Ok(())
        })?;
        Ok(known)
    }

    fn insert_message(&mut self, message: &Message, new: &NewMessage) -> Result<()> {
        let people_fold: Vec<String> = message.people.recipients().map(fold).collect();
        let refs: Vec<&str> = message.references.iter().map(MessageId::as_str).collect();
        let attachments = (!message.attachments.is_empty())
            .then(|| to_json(&message.attachments))
            .transpose()?;
        let envelope = envelope(new.origin.as_ref(), message)?;
        self.put(
            "insert into message (org_id, pod_id, inbox_id, message_key, thread_id, message_id, dedup, \
             direction, at, hidden, labels, sender, people, sender_fold, people_fold, subject, subject_fold, \
             preview, in_reply_to, refs, attachments, size, blob_id, envelope, trace, created_at, updated_at, content, clues) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
             $20, $21, $22, $23, $24, $25, $26, $26, $27, $28) -- unscoped: the row names its tenant",
            args![
                message.org_id,
                message.pod_id,
                message.inbox_key,
                message.key,
                message.thread_id,
                &message.message_id,
                new.dedup.as_ref().map(<[u8; 32]>::as_slice),
                stored_direction(message.direction),
                message.at,
                message.labels.hidden(),
                &message.labels,
                &message.from,
                to_json(&message.people)?,
                fold(&message.from),
                people_fold.join("\n"),
                message.subject.as_deref(),
                fold(message.subject.as_deref().unwrap_or_default()),
                message.preview.as_deref(),
                message.in_reply_to.as_ref(),
                (!refs.is_empty()).then(|| refs.join("\n")),
                attachments,
                message.size,
                new.raw.blob_id.as_bytes().as_slice(),
                envelope,
                new.trace.as_deref(),
                message.created_at,
                &new.body.0,
                clues(new)?,
            ],
        )?;
        let direction = new.direction.label();
        for label in message.labels.iter().map(model::Label::as_str) {
            if label != direction {
                self.index_label(message, label)?;
            }
        }
        Ok(())
    }

    /// Remembers the ancestors that are not in the inbox, so that they find its thread.
    fn remember_unknown(
        &mut self,
        message: &Message,
        new: &NewMessage,
        known: &Known,
    ) -> Result<()> {
        let ancestors = new.ancestors.iter().take(ANCESTORS);
        let thread = message.thread_id;
        let is_new =
            |id: &&MessageId| !known.holds(id) && known.naming(id).all(|one| one != thread);
        for id in ancestors.filter(is_new) {
            self.put(
                "insert into thread_ref (org_id, pod_id, inbox_id, message_id, thread_id) \
                 values ($1, $2, $3, $4, $5) on conflict (inbox_id, message_id, thread_id) do nothing \
                 -- unscoped: the row names its tenant",
                args![
                    message.org_id,
                    message.pod_id,
                    message.inbox_key,
                    id,
                    message.thread_id
                ],
            )?;
        }
        Ok(())
    }
}
