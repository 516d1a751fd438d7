//! The record of labels added and removed, which `GET …/events` of an inbox lists.
//!
//! The labels a message is born with are not in it: they follow from the message, and recording
//! them would make receiving mail slower.

use mail::{MessageId, Timestamp};
use model::message::Message;
use model::{Hidden, InboxKey, Label, Result};

use crate::db::{DbResult, Row, args};
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

/// One label, added to or removed from one message.
#[derive(Clone, Debug)]
pub struct LabelChange {
    /// Rises within an inbox and is unique there.
    pub seq: i64,
    /// The inbox.
    pub inbox_key: InboxKey,
    /// When.
    pub at: Timestamp,
    /// Added, or removed.
    pub added: bool,
    /// The message, which may be gone.
    pub message_id: MessageId,
    /// The label.
    pub label: String,
}

impl LabelChange {
    /// Where a page that ends with this change ends.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position {
            at: self.seq,
            key: [0; 16],
        }
    }

    /// Reads `seq, inbox_id, at, added, message_id, label`.
    pub(crate) fn read(row: &Row<'_>) -> DbResult<Self> {
        Ok(Self {
            seq: row.get(0)?,
            inbox_key: row.get(1)?,
            at: row.get(2)?,
            added: row.get::<i64>(3)? != 0,
            message_id: row.get(4)?,
            label: row.get(5)?,
        })
    }
}

impl View<'_> {
    /// A page of the changes within reach, newest first unless `ascending`. The access must be of
    /// one inbox: the numbers of two inboxes say nothing about each other.
    ///
    /// # Errors
    /// When the store fails.
    pub fn label_changes(
        &mut self,
        inbox: InboxKey,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<LabelChange>> {
        let (side, order) = if ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        let from = from.unwrap_or_else(|| Position::edge(ascending));
        let sql = format!(
            "select seq, inbox_id, at, added, message_id, label from label_change \
             where {{scope}} and {{seen}} and inbox_id = $1 and seq {side} $2 order by seq {order} limit $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.all(&sql, args![inbox, from.at, limit], LabelChange::read)?)
    }
}

impl Txn<'_> {
    /// Records what [`Txn::relabel`] did. The row of the inbox is held, so its numbers rise.
    /// `hidden` has the reasons of before and after: who may not see the message in either state
    /// does not learn of the change.
    pub(crate) fn record_labels(
        &mut self,
        message: &Message,
        hidden: Hidden,
        added: &[Label],
        removed: &[Label],
    ) -> Result<()> {
        let last = self.first(
            "select seq from label_change where {scope} and inbox_id = $1 order by seq desc limit 1",
            args![message.inbox_key],
            |row| row.get::<i64>(0),
        )?;
        let now = self.now;
        let first = last.map_or(now.as_micros(), |last| now.as_micros().max(last + 1));
        let changes = added.iter().map(|label| (label, true));
        let changes = changes.chain(removed.iter().map(|label| (label, false)));
        for (seq, (label, is_added)) in (first..).zip(changes) {
            self.exec(
                "insert into label_change (org_id, pod_id, inbox_id, seq, hidden, at, added, message_id, label, \
                 message_key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                 -- unscoped: the row repeats the tenant of the message just read",
                args![
                    message.org_id,
                    message.pod_id,
                    message.inbox_key,
                    seq,
                    hidden,
                    now,
                    is_added,
                    &message.message_id,
                    label.as_str(),
                    message.key,
                ],
            )?;
        }
        Ok(())
    }

    /// Forgets up to `slice` of the organisation's oldest changes from before `end`; how many
    /// there were, which can be more where many have the same time.
    ///
    /// # Errors
    /// When the store fails.
    pub fn trim_label_changes(&mut self, end: Timestamp, slice: usize) -> Result<u64> {
        let limit = i64::try_from(slice).unwrap_or(i64::MAX);
        let oldest = self.all(
            "select at from label_change where {scope:org} and at < $1 order by at limit $2",
            args![end, limit],
            |row| row.get::<i64>(0),
        )?;
        let Some(last) = oldest.last() else {
            return Ok(0);
        };
        Ok(self.exec(
            "delete from label_change where {scope:org} and at <= $1",
            args![*last],
        )?)
    }
}
