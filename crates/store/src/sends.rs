//! How much an inbox has sent lately.

use std::time::Duration;

use mail::Timestamp;
use model::{MessageKey, Result};

use crate::db::args;
use crate::lists::Governed;
use crate::txn::Txn;

impl Txn<'_> {
    /// Counts a message that an inbox sends, if it has sent fewer than `most` within `window`;
    /// otherwise gives when the next may go. The inbox's row is held first, so that two messages at
    /// once are counted one after the other.
    ///
    /// # Errors
    /// `not_found` when the inbox is gone, or when the store fails.
    pub fn count_send(
        &mut self,
        inbox: Governed,
        message: MessageKey,
        most: u32,
        window: Duration,
    ) -> Result<Option<Timestamp>> {
        self.lock_inbox(inbox.inbox_key)?;
        let now = self.now;
        self.exec(
            "delete from send_log where {scope} and inbox_id = $1 and at <= $2",
            args![inbox.inbox_key, now.minus(window)],
        )?;
        // The oldest of the newest `most`: when it leaves the window there is room again.
        let stands_in_the_way = self.first(
            "select at from send_log where {scope} and inbox_id = $1 \
             order by at desc, send_id desc limit 1 offset $2",
            args![inbox.inbox_key, i64::from(most.saturating_sub(1))],
            |row| row.get::<Timestamp>(0),
        )?;
        if let Some(at) = stands_in_the_way {
            return Ok(Some(at.plus(window)));
        }
        self.exec(
            "insert into send_log (org_id, pod_id, inbox_id, at, send_id) values ($1, $2, $3, $4, $5) \
             -- unscoped: the row names its tenant",
            args![inbox.org_id, inbox.pod_id, inbox.inbox_key, now, message],
        )?;
        Ok(None)
    }
}
