//! Filing a message: once, in the right thread, together with everything that follows from it.

use mail::{MessageId, Timestamp};
use model::label::Labels;
use model::list::{self, Authors};
use model::message::{Attachment, Direction, Message, People};
use model::{Hidden, MessageKey, Result, ThreadId};

use super::{Body, fold, stored_direction};
use crate::blobs::Placed;
use crate::db::{Value, args};
use crate::inboxes::Route;
use crate::lists::Governed;
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
    /// The SMTP envelope as JSON, for the timeline.
    pub envelope: Option<String>,
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

/// Where a message belongs.
struct Place {
    thread_id: ThreadId,
    /// Its ancestors that are not in the inbox.
    unknown: Vec<MessageId>,
    /// Whether one of its ancestors is a message that the inbox sent.
    is_answer: bool,
}

/// Look-ups by id are padded to one of these lengths, so that few statements need preparing.
const LOOKUP_SIZES: [usize; 3] = [1, 8, 51];

impl Txn<'_> {
    /// Files a message. The inbox's row is held first, so two messages of one inbox never choose
    /// their threads at once.
    ///
    /// # Errors
    /// `not_found` when the inbox is gone, or when the store fails.
    pub fn file_message(&mut self, new: &NewMessage) -> Result<Filed> {
        self.file(new, None)
    }

    /// Files a message that arrived. One that the inbox's lists bar gets the label `blocked`: the
    /// `reply` lists judge what answers a message the inbox sent, the `receive` lists all else.
    ///
    /// # Errors
    /// As [`Txn::file_message`].
    pub fn file_received(&mut self, new: &NewMessage, authors: &Authors) -> Result<Filed> {
        self.file(new, Some(authors))
    }

    fn file(&mut self, new: &NewMessage, authors: Option<&Authors>) -> Result<Filed> {
        self.lock_inbox(new.inbox.inbox_key)?;
        let Some(message_id) = self.public_id(new)? else {
            return Ok(Filed::Duplicate);
        };
        let Place {
            thread_id,
            unknown,
            is_answer,
        } = self.choose_thread(new)?;
        self.link(&new.raw)?;
        let mut labels = new.labels.clone();
        if let Some(authors) = authors {
            let direction = if is_answer {
                list::Direction::Reply
            } else {
                list::Direction::Receive
            };
            if !self.admits(Governed::from(&new.inbox), direction, authors)? {
                labels.insert(model::Label::system("blocked"));
            }
        }
        labels.insert(model::Label::system(new.direction.label()));
        let message = Message {
            key: new.key,
            org_id: new.inbox.org_id,
            pod_id: new.inbox.pod_id,
            inbox_key: new.inbox.inbox_key,
            inbox_id: new.inbox.inbox_id.clone(),
            thread_id,
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
            created_at: self.now,
            updated_at: self.now,
        };
        self.insert_message(&message, new)?;
        self.remember_unknown(&message, &unknown)?;
        let began = self.join_thread(&message)?;
        self.count_held(message.inbox_key, 1, i64::from(began), message.size)?;
        if message.labels.hidden() == Hidden::NONE {
            self.await_indexing(&message)?;
        }
        Ok(Filed::New(Box::new(message)))
    }

    /// The public id, or `None` if this very mail is filed already: then its own id or the minted
    /// one, which follows from the same facts as `dedup`, names a message with equal `dedup`.
    fn public_id(&mut self, new: &NewMessage) -> Result<Option<MessageId>> {
        let wanted = new.message_id.as_ref().unwrap_or(&new.minted);
        let mut taken: Vec<MessageId> = Vec::new();
        let mut seen = false;
        self.query(
            "select message_id, dedup from message \
             where {scope} and inbox_id = $1 and message_id in ($2, $3)",
            args![new.inbox.inbox_key, wanted, &new.minted],
            &mut |row| {
                let dedup: Option<Vec<u8>> = row.get(1)?;
                seen |= dedup.is_some()
                    && dedup.as_deref() == new.dedup.as_ref().map(<[u8; 32]>::as_slice);
                taken.push(row.get(0)?);
                Ok(())
            },
        )?;
        if seen {
            return Ok(None);
        }
        let free = [wanted, &new.minted]
            .into_iter()
            .find(|id| !taken.contains(id));
        Ok(Some(free.cloned().unwrap_or_else(|| new.spare.clone())))
    }

    /// The thread of the best-placed ancestor that is known, and the ancestors that are not.
    fn choose_thread(&mut self, new: &NewMessage) -> Result<Place> {
        let own = new.message_id.iter();
        let wanted: Vec<&MessageId> = new.ancestors.iter().take(50).chain(own).collect();
        let Some(size) = LOOKUP_SIZES.into_iter().find(|size| *size >= wanted.len()) else {
            return Ok(Place {
                thread_id: new.thread.unwrap_or(new.new_thread),
                unknown: Vec::new(),
                is_answer: false,
            });
        };
        // Threads by the id of a message in them, and by an id that messages in them name.
        let mut held: Vec<(MessageId, ThreadId)> = Vec::new();
        let mut named: Vec<(MessageId, ThreadId)> = Vec::new();
        let mut is_answer = false;
        if !wanted.is_empty() {
            let marks: Vec<String> = (2..size + 2).map(|n| format!("${n}")).collect();
            let marks = marks.join(", ");
            let sql = format!(
                "select 1, message_id, thread_id, direction from message \
                 where {{scope}} and inbox_id = $1 and message_id in ({marks}) \
                 union all select 2, message_id, thread_id, 0 from thread_ref \
                 where {{scope}} and inbox_id = $1 and message_id in ({marks})"
            );
            let mut values = vec![Value::from(new.inbox.inbox_key)];
            values.extend((0..size).map(|n| Value::from(wanted[n.min(wanted.len() - 1)])));
            self.query(&sql, &values, &mut |row| {
                let entry: (MessageId, ThreadId) = (row.get(1)?, row.get(2)?);
                if row.get::<i64>(0)? == 1 {
                    let sent = row.get::<i64>(3)? == stored_direction(Direction::Sent);
                    is_answer |= sent && new.ancestors.contains(&entry.0);
                    held.push(entry);
                } else {
                    named.push(entry);
                }
                Ok(())
            })?;
        }
        let find = |list: &[(MessageId, ThreadId)], id: &MessageId| {
            list.iter()
                .find(|(key, _)| key == id)
                .map(|(_, thread)| *thread)
        };
        let of = |id: &MessageId| find(&held, id).or_else(|| find(&named, id));
        let by_ancestor = new.ancestors.iter().find_map(of);
        // A reply that came before its parent has left the parent's id. Only that counts here: a
        // mail that repeats the id of one we hold must not be pulled into its thread.
        let by_child = || {
            let own = new.message_id.as_ref();
            own.filter(|id| find(&held, id).is_none())
                .and_then(|id| find(&named, id))
        };
        let thread = new
            .thread
            .or(by_ancestor)
            .or_else(by_child)
            .unwrap_or(new.new_thread);
        let unknown = new
            .ancestors
            .iter()
            .take(50)
            .filter(|id| of(id).is_none())
            .cloned()
            .collect();
        Ok(Place {
            thread_id: thread,
            unknown,
            is_answer,
        })
    }

    fn insert_message(&mut self, message: &Message, new: &NewMessage) -> Result<()> {
        let people_fold: Vec<String> = message.people.recipients().map(fold).collect();
        let refs: Vec<&str> = message.references.iter().map(MessageId::as_str).collect();
        let attachments = (!message.attachments.is_empty())
            .then(|| to_json(&message.attachments))
            .transpose()?;
        self.exec(
            "insert into message (org_id, pod_id, inbox_id, message_key, thread_id, message_id, dedup, \
             direction, at, hidden, labels, sender, people, sender_fold, people_fold, subject, subject_fold, \
             preview, in_reply_to, refs, attachments, size, blob_id, envelope, trace, created_at, updated_at, content) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
             $20, $21, $22, $23, $24, $25, $26, $26, $27) -- unscoped: the row names its tenant",
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
                new.envelope.as_deref(),
                new.trace.as_deref(),
                message.created_at,
                &new.body.0,
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

    fn remember_unknown(&mut self, message: &Message, unknown: &[MessageId]) -> Result<()> {
        for id in unknown {
            self.exec(
                "insert into thread_ref (org_id, pod_id, inbox_id, message_id, thread_id) \
                 values ($1, $2, $3, $4, $5) on conflict (inbox_id, message_id) do nothing \
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
