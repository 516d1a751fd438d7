//! Messages: filing, reading, listing.

mod batch;
mod earlier;
pub(crate) mod filing;
pub(crate) mod listing;
mod regroup;

use mail::MessageId;
use model::authentication::Authentication;
use model::fact::Fact;
use model::identity::Identity;
use model::label::Labels;
use model::message::{Attachment, Codes, Content, Direction, Message, People, Spam};
use model::screened::Screened;
use model::{Error, Hidden, InboxKey, MessageKey, Result, ThreadId};

use serde::Serialize;

pub use self::batch::WithoutBodies;
pub use self::filing::{Filed, NewMessage, Received};
pub use self::listing::Position;
pub use self::regroup::ThreadMove;

use crate::blobs::{BlobId, Stored};
use crate::codec::{Codec, Packed};
use crate::db::{DbError, DbResult, Row, args};
use crate::txn::Txn;
use crate::view::{View, from_json};

/// The columns of a message, with `m` the message and `i` its inbox.
pub(crate) const COLUMNS: &str = "m.message_key, m.org_id, m.pod_id, m.inbox_id, i.address, m.thread_id, \
    m.message_id, m.direction, m.at, m.labels, m.sender, m.people, m.subject, m.preview, m.in_reply_to, \
    m.refs, m.attachments, m.size, m.created_at, m.updated_at, m.envelope";

/// The readable part of a message, packed for the store.
#[derive(Clone, Debug)]
pub struct Body(Vec<u8>);

/// What the readable part has beside its texts.
#[derive(Serialize)]
struct Beside<'a> {
    headers: &'a [(String, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<&'a Authentication>,
    #[serde(skip_serializing_if = "<[Fact]>::is_empty")]
    facts: &'a [Fact],
    #[serde(skip_serializing_if = "Option::is_none")]
    spam: Option<&'a Spam>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<&'a Codes>,
}

impl Body {
    pub(crate) fn pack(codec: &Codec, content: &Content) -> Result<Self> {
        let json = serde_json::to_vec(content).map_err(Error::internal)?;
        Self::of(&codec.pack(&json))
    }

    /// The readable part of `content`, whose texts, JSON members each after a comma, are packed
    /// already.
    pub(crate) fn join(codec: &Codec, content: &Content, texts: &Packed) -> Result<Self> {
        let mut beside = serde_json::to_vec(&Beside {
            headers: &content.headers,
            authentication: content.authentication.as_ref(),
            facts: &content.facts,
            spam: content.spam.as_ref(),
            codes: content.codes.as_ref(),
        })
        .map_err(Error::internal)?;
        // The texts go on in the same object.
        beside.pop();
        let headers = codec.pack(&beside);
        let end = Packed::plain(b"}".to_vec());
        Self::of(&Packed::join(&[&headers, texts, &end])?)
    }

    fn of(packed: &Packed) -> Result<Self> {
        let mut bytes = Vec::with_capacity(packed.bytes.len() + 9);
        bytes.push(u8::try_from(packed.codec).map_err(Error::internal)?);
        bytes.extend_from_slice(&(packed.size as u64).to_le_bytes());
        bytes.extend_from_slice(&packed.bytes);
        Ok(Self(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn unpack<T: serde::de::DeserializeOwned>(codec: &Codec, bytes: &[u8]) -> Result<T> {
        let damaged = || Error::internal("a stored body is damaged");
        let (head, packed) = bytes.split_at_checked(9).ok_or_else(damaged)?;
        let size = head[1..]
            .try_into()
            .map(u64::from_le_bytes)
            .map_err(|_| damaged())?;
        let size = usize::try_from(size).map_err(Error::internal)?;
        let json = codec.unpack(i64::from(head[0]), packed, size)?;
        serde_json::from_slice(&json).map_err(Error::internal)
    }
}

/// The name by which filters and look-ups compare text: without regard to case.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

pub(crate) fn read(row: &Row<'_>) -> DbResult<Message> {
    let refs: Option<String> = row.get(15)?;
    let attachments: Option<String> = row.get(16)?;
    let shown = shown(row)?;
    Ok(Message {
        key: row.get(0)?,
        org_id: row.get(1)?,
        pod_id: row.get(2)?,
        inbox_key: row.get(3)?,
        inbox_id: row.get(4)?,
        thread_id: row.get(5)?,
        message_id: row.get(6)?,
        direction: direction(row.get(7)?).ok_or_else(|| DbError::shape(7))?,
        at: row.get(8)?,
        labels: row.get(9)?,
        from: row.get(10)?,
        people: from_json::<People>(row.text(11)?, 11)?,
        subject: row.get(12)?,
        preview: row.get(13)?,
        in_reply_to: row.get(14)?,
        references: refs.as_deref().map(ids).unwrap_or_default(),
        attachments: attachments.map_or_else(
            || Ok(Vec::new()),
            |text| from_json::<Vec<Attachment>>(&text, 16),
        )?,
        size: row.get(17)?,
        screened: shown.screened,
        identity: shown.identity,
        created_at: row.get(18)?,
        updated_at: row.get(19)?,
    })
}

/// The part of the column `envelope` that lists show. It lies before the readable part: what lies
/// behind that is slow to read.
#[derive(Default, serde::Deserialize)]
struct Shown {
    #[serde(default)]
    screened: Option<Screened>,
    #[serde(default)]
    identity: Option<Identity>,
}

fn shown(row: &Row<'_>) -> DbResult<Shown> {
    let envelope: Option<String> = row.get(20)?;
    match envelope {
        Some(text) => from_json(&text, 20),
        None => Ok(Shown::default()),
    }
}

fn ids(text: &str) -> Vec<MessageId> {
    text.lines().filter_map(MessageId::parse).collect()
}

fn direction(stored: i64) -> Option<Direction> {
    match stored {
        0 => Some(Direction::Received),
        1 => Some(Direction::Sent),
        _ => None,
    }
}

pub(crate) const fn stored_direction(direction: Direction) -> i64 {
    match direction {
        Direction::Received => 0,
        Direction::Sent => 1,
    }
}

impl View<'_> {
    /// A message by its public id.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn message(&mut self, inbox: InboxKey, id: &MessageId) -> Result<Message> {
        let sql = format!(
            "select {COLUMNS} from message m join inbox i on i.inbox_id = m.inbox_id \
             where {{scope m}} and {{seen m}} and m.inbox_id = $1 and m.message_id = $2"
        );
        let found = self.first(&sql, args![inbox, id], read)?;
        found.ok_or_else(|| Error::not_found("Message"))
    }

    /// A message by its row.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn message_of_key(&mut self, key: MessageKey) -> Result<Message> {
        let sql = format!(
            "select {COLUMNS} from message m join inbox i on i.inbox_id = m.inbox_id \
             where {{scope m}} and {{seen m}} and m.message_key = $1"
        );
        let found = self.first(&sql, args![key], read)?;
        found.ok_or_else(|| Error::not_found("Message"))
    }

    /// The readable part of a message.
    ///
    /// # Errors
    /// `not_found` when it was removed.
    pub fn content(&mut self, key: MessageKey) -> Result<Content> {
        let packed = self.first(
            "select m.content from message m join inbox i on i.inbox_id = m.inbox_id \
             where {scope m} and {seen m} and m.message_key = $1",
            args![key],
            |row| row.get::<Vec<u8>>(0),
        )?;
        let packed = packed.ok_or_else(|| Error::not_found("Message"))?;
        Body::unpack(self.codec, &packed)
    }

    /// The trace fields written when the message arrived, as header lines; empty for sent mail.
    ///
    /// # Errors
    /// When the store fails.
    pub fn trace(&mut self, key: MessageKey) -> Result<String> {
        let found = self.first(
            "select trace from message where {scope} and {seen} and message_key = $1",
            args![key],
            |row| row.get::<Option<String>>(0),
        )?;
        Ok(found.flatten().unwrap_or_default())
    }

    /// Where the raw bytes of a message are.
    pub(crate) fn raw_of(&mut self, key: MessageKey) -> Result<Stored> {
        let blob_id = self.blob_of(key)?;
        let stored = self.stored(blob_id.as_bytes())?;
        stored.ok_or_else(|| Error::internal("a message has lost its raw bytes"))
    }

    /// The name of the raw bytes of a message.
    ///
    /// # Errors
    /// `not_found`.
    pub fn blob_of(&mut self, key: MessageKey) -> Result<BlobId> {
        let blob_id = self.first(
            "select m.blob_id from message m join inbox i on i.inbox_id = m.inbox_id \
             where {scope m} and {seen m} and m.message_key = $1",
            args![key],
            |row| row.get::<Vec<u8>>(0),
        )?;
        let blob_id = blob_id.ok_or_else(|| Error::not_found("Message"))?;
        BlobId::from_bytes(&blob_id).ok_or_else(|| Error::internal("the name of a blob is damaged"))
    }
}

impl Txn<'_> {
    /// Adds and removes labels of one message; a label in both is removed. Gives the message as it
    /// is then.
    ///
    /// # Errors
    /// `not_found`, or `validation_error` when there would be too many.
    pub fn relabel(&mut self, message: &Message, add: &Labels, remove: &Labels) -> Result<Message> {
        self.lock_inbox(message.inbox_key)?;
        let mut message = self.message_of_key(message.key)?;
        let was_hidden = message.labels.hidden();
        let added: Vec<_> = add
            .iter()
            .filter(|label| !remove.contains(label) && !message.labels.contains(label))
            .cloned()
            .collect();
        let removed: Vec<_> = remove
            .iter()
            .filter(|label| message.labels.contains(label))
            .cloned()
            .collect();
        if added.is_empty() && removed.is_empty() {
            return Ok(message);
        }
        for label in &removed {
            message.labels.remove(label);
            self.exec(
                "delete from message_label where {scope} and inbox_id = $1 and label = $2 and at = $3 \
                 and message_key = $4",
                args![message.inbox_key, label.as_str(), message.at, message.key],
            )?;
        }
        for label in &added {
            self.index_label(&message, label.as_str())?;
            message.labels.insert(label.clone());
        }
        if message.labels.len() > model::label::MAX_LABELS {
            return Err(Error::invalid(
                "add_labels",
                "too_big",
                "A message has at most 256 labels",
            ));
        }
        message.updated_at = self.now;
        self.exec(
            "update message set labels = $2, hidden = $3, updated_at = $4 where {scope} and message_key = $1",
            args![message.key, &message.labels, message.labels.hidden(), message.updated_at],
        )?;
        let hidden = was_hidden.with(message.labels.hidden());
        self.record_labels(&message, hidden, &added, &removed)?;
        if was_hidden != Hidden::NONE && message.labels.hidden() == Hidden::NONE {
            // Hidden mail is not searched, so it may not be in the index yet.
            self.await_indexing(&message)?;
        }
        if message.labels.hidden() == was_hidden {
            self.refresh_thread_labels(message.thread_id)?;
        } else {
            self.rebuild_thread(message.thread_id)?;
        }
        Ok(message)
    }

    fn index_label(&mut self, message: &Message, label: &str) -> Result<()> {
        self.put(
            "insert into message_label (org_id, pod_id, inbox_id, message_key, label, at) \
             values ($1, $2, $3, $4, $5, $6) on conflict (inbox_id, label, at, message_key) do nothing \
             -- unscoped: the row repeats the tenant of the message just read",
            args![message.org_id, message.pod_id, message.inbox_key, message.key, label, message.at],
        )?;
        Ok(())
    }

    /// Removes a message for good, and its thread with the last one.
    ///
    /// # Errors
    /// `not_found` when it is gone.
    pub fn delete_message(&mut self, message: &Message) -> Result<()> {
        self.lock_inbox(message.inbox_key)?;
        self.erase(message.key, message.inbox_key)?;
        self.rebuild_thread(message.thread_id)
    }

    /// Removes every message of a thread for good.
    ///
    /// # Errors
    /// `not_found` when it is gone.
    pub fn delete_thread(&mut self, inbox: InboxKey, thread_id: ThreadId) -> Result<()> {
        self.lock_inbox(inbox)?;
        let keys = self.all(
            "select message_key from message where {scope} and inbox_id = $1 and thread_id = $2",
            args![inbox, thread_id],
            |row| row.get::<MessageKey>(0),
        )?;
        if keys.is_empty() {
            return Err(Error::not_found("Thread"));
        }
        for key in keys {
            self.erase(key, inbox)?;
        }
        self.rebuild_thread(thread_id)
    }

    fn erase(&mut self, key: MessageKey, inbox: InboxKey) -> Result<()> {
        let gone = self.first(
            "delete from message where {scope} and message_key = $1 returning blob_id, labels, at, size",
            args![key],
            |row| {
                Ok((
                    row.get::<Vec<u8>>(0)?,
                    row.get::<Labels>(1)?,
                    row.get::<i64>(2)?,
                    row.get::<i64>(3)?,
                ))
            },
        )?;
        let (blob_id, labels, at, size) = gone.ok_or_else(|| Error::not_found("Message"))?;
        let now = self.now;
        self.put(
            "insert into gone_stranger (org_id, pod_id, inbox_id, thread_id, message_key, gone_at) \
             select s.org_id, s.pod_id, s.inbox_id, s.thread_id, s.message_key, $2 from stranger_mail s \
             where {scope s} and s.message_key = $1 on conflict (message_key) do nothing",
            args![key, now],
        )?;
        self.put(
            "delete from stranger_mail where {scope} and message_key = $1",
            args![key],
        )?;
        for label in labels.iter() {
            self.exec(
                "delete from message_label where {scope} and inbox_id = $1 and label = $2 and at = $3 \
                 and message_key = $4",
                args![inbox, label.as_str(), at, key],
            )?;
        }
        self.count_gone(at, at, 1)?;
        self.count_held(inbox, -1, 0, -size)?;
        self.forget_deliveries(key.as_bytes())?;
        self.forget_screen_feedback(key.as_bytes())?;
        self.forget_claim(inbox, key)?;
        self.unlink(&blob_id)
    }
}
