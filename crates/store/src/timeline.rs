//! What is stored of the way of one message, found by its row.

use mail::Timestamp;
use model::message::Origin;
use model::{EventId, MessageKey, Result};

use crate::db::args;
use crate::label_changes::LabelChange;
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
            "select seq, event_id, kind, at from event {by event_message} \
             where {scope:row} and {seen} and message_key = $1 order by seq limit $2",
            args![message, limit],
            |row| {
                Ok(MessageEvent {
                    seq: row.get(0)?,
                    event_id: row.get(1)?,
                    kind: row.get(2)?,
                    at: row.get(3)?,
                })
            },
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
