//! What is stored of the way of one message, found by its row.

use mail::{MessageId, Timestamp};
use model::message::{Message, Origin};
use model::{EventId, InboxKey, MessageKey, Result};

use crate::db::args;
use crate::label_changes::LabelChange;
use crate::messages::{COLUMNS, read};
use crate::view::{View, from_json};

/// An event about one message, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEvent {
    /// Its position in the log of the organisation.
    pub seq: i64,
    /// Its public id.
    pub event_id: EventId,
    /// The name of its kind.
    pub kind: String,
    /// The inbox it happened in.
    pub inbox_key: Option<InboxKey>,
    /// When.
    pub at: Timestamp,
}

impl View<'_> {
    /// How a message came here; `None` where that was not written down.
    ///
    /// # Errors
    /// When the store fails.
    pub fn origin(&mut self, message: MessageKey) -> Result<Option<Origin>> {
        let found = self.first(
            "select envelope from message where {scope} and {seen} and message_key = $1",
            args![message],
            |row| match row.get::<Option<String>>(0)? {
                Some(text) => from_json::<Origin>(&text, 0).map(Some),
                None => Ok(None),
            },
        )?;
        Ok(found.flatten())
    }

    /// The first `limit` events about a message that this access may see and that are still kept,
    /// also when the message is gone.
    ///
    /// # Errors
    /// When the store fails.
    pub fn events_about(&mut self, message: MessageKey, limit: usize) -> Result<Vec<MessageEvent>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.all(
            "select seq, event_id, kind, inbox_id, at from event {by event_message} \
             where {scope:row} and {seen} and message_key = $1 order by seq limit $2",
            args![message, limit],
            |row| {
                Ok(MessageEvent {
                    seq: row.get(0)?,
                    event_id: row.get(1)?,
                    kind: row.get(2)?,
                    inbox_key: row.get(3)?,
                    at: row.get(4)?,
                })
            },
        )?;
        Ok(found)
    }

    /// The messages of this public id in all inboxes within reach, at most `limit`. It asks one inbox
    /// after the other: for the operator, not for a request.
    ///
    /// # Errors
    /// When the store fails.
    pub fn messages_everywhere(&mut self, id: &MessageId, limit: usize) -> Result<Vec<Message>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "select {COLUMNS} from inbox i \
             join message m on m.inbox_id = i.inbox_id and m.message_id = $1 \
             where {{scope i}} and {{seen m}} order by m.at, m.message_key limit $2"
        );
        Ok(self.all(&sql, args![id, limit], read)?)
    }

    /// The messages that events between two positions of the log are about and whose text has
    /// `part`. It reads all of them: for the operator, not for a request.
    ///
    /// # Errors
    /// When the store fails.
    pub fn messages_in_log(
        &mut self,
        part: &str,
        after: i64,
        until: i64,
    ) -> Result<Vec<MessageKey>> {
        let found = self.all(
            "select distinct message_key from event where {scope} and {seen} and message_key is not null \
             and seq > $1 and seq <= $2 and {contains $3 in head}",
            args![after, until, part],
            |row| row.get(0),
        )?;
        Ok(found)
    }

    /// The newest `limit` changes of a message's labels that are still kept, the oldest of them
    /// first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn label_changes_of(
        &mut self,
        message: MessageKey,
        limit: usize,
    ) -> Result<Vec<LabelChange>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut found = self.all(
            "select seq, inbox_id, at, added, message_id, label from label_change {by label_change_message} \
             where {scope:row} and {seen} and message_key = $1 order by seq desc limit $2",
            args![message, limit],
            LabelChange::read,
        )?;
        found.reverse();
        Ok(found)
    }
}
