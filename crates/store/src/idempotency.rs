//! Answers to departures that are remembered, so that a repeated request sends nothing twice.
//!
//! There is no state "in flight": simultaneous requests meet at the unique row inside their
//! transactions. The second waits for the first to commit and then reads its answer, or takes its
//! place when the first came to nothing.

use mail::{MessageId, Timestamp};
use model::{Code, Error, InboxId, MessageKey, Result, ThreadId};

use crate::db::DbResult;
use crate::db::{Conn, Row, args};
use crate::inboxes::Route;
use crate::txn::Txn;
use crate::view::View;

/// An answer to be remembered.
#[derive(Clone, Debug)]
pub struct NewAnswer {
    /// What it is remembered under, unique in the organisation.
    pub key: String,
    /// The hash of the request; the same key with another one is a conflict.
    pub request: [u8; 32],
    /// The sending inbox.
    pub inbox: Route,
    /// The message's row.
    pub message_key: MessageKey,
    /// The message's public id.
    pub message_id: MessageId,
    /// Its thread, as far as it is known before it is filed.
    pub thread_id: ThreadId,
    /// Until when it is remembered.
    pub expires_at: Timestamp,
}

/// A remembered answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The sending inbox.
    pub inbox_id: InboxId,
    /// The message's row; the message may have been deleted.
    pub message_key: MessageKey,
    /// The message's public id.
    pub message_id: MessageId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// When it was sent.
    pub created_at: Timestamp,
    /// Until when it is remembered.
    pub expires_at: Timestamp,
}

fn read(row: &Row<'_>) -> DbResult<Answer> {
    Ok(Answer {
        inbox_id: row.get(0)?,
        message_key: row.get(1)?,
        message_id: row.get(2)?,
        thread_id: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
    })
}

impl View<'_> {
    /// The answer to this very request, if it is remembered.
    ///
    /// # Errors
    /// `conflict` when another request was answered under the key.
    pub fn answer_to(
        &mut self,
        key: &str,
        request: &[u8; 32],
    ) -> Result<Option<(MessageId, ThreadId)>> {
        let now = self.now;
        let found = self.first(
            "select request, message_id, thread_id from send_answer \
             where {scope:org} and answer_key = $1 and expires_at > $2",
            args![key, now],
            |row| Ok((row.get::<Vec<u8>>(0)?, row.get(1)?, row.get(2)?)),
        )?;
        match found {
            None => Ok(None),
            Some((known, message_id, thread_id)) if known == request => {
                Ok(Some((message_id, thread_id)))
            }
            Some(_) => Err(Error::new(
                Code::Conflict,
                "This Idempotency-Key was used for another request",
            )
            .fix("Use a new Idempotency-Key for each act; repeat one only with the same request.")),
        }
    }

    /// What is remembered under a key within reach.
    ///
    /// # Errors
    /// `not_found` when nothing is, or no longer.
    pub fn answer(&mut self, key: &str) -> Result<Answer> {
        let now = self.now;
        let found = self.first(
            "select i.address, a.message_key, a.message_id, a.thread_id, a.created_at, a.expires_at \
             from send_answer a join inbox i on i.inbox_id = a.inbox_id \
             where {scope a} and a.answer_key = $1 and a.expires_at > $2",
            args![key, now],
            read,
        )?;
        found.ok_or_else(|| Error::not_found("Send"))
    }
}

impl Txn<'_> {
    /// Takes the place under a key for the answer of this transaction. `Some` is the answer of an
    /// earlier one to the same request: then nothing may be sent.
    ///
    /// # Errors
    /// `conflict` when another request was answered under the key.
    pub fn claim_answer(&mut self, new: &NewAnswer) -> Result<Option<(MessageId, ThreadId)>> {
        let (org_id, now) = (self.access.org_id(), self.now);
        self.exec(
            "delete from send_answer where {scope:org} and answer_key = $1 and expires_at <= $2",
            args![&new.key, now],
        )?;
        let inbox = &new.inbox;
        if inbox.org_id != org_id || !self.access.reaches(inbox.pod_id, Some(inbox.inbox_key)) {
            return Err(Error::not_found("Inbox"));
        }
        let made = self.exec(
            "insert into send_answer (org_id, pod_id, inbox_id, answer_key, request, message_key, message_id, \
             thread_id, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             on conflict (org_id, answer_key) do nothing -- unscoped: the row names its tenant",
            args![
                org_id,
                inbox.pod_id,
                inbox.inbox_key,
                &new.key,
                new.request.as_slice(),
                new.message_key,
                &new.message_id,
                new.thread_id,
                now,
                new.expires_at,
            ],
        )?;
        if made > 0 {
            return Ok(None);
        }
        match self.answer_to(&new.key, &new.request)? {
            Some(answer) => Ok(Some(answer)),
            // It was there a moment ago and its time has come in between; the next try claims it.
            None => Err(Error::unavailable("The same request is being answered")),
        }
    }

    /// Writes down the thread that the message of a claimed answer was filed in.
    ///
    /// # Errors
    /// When the store fails.
    pub fn complete_answer(&mut self, key: &str, thread_id: ThreadId) -> Result<()> {
        self.exec(
            "update send_answer set thread_id = $2 where {scope:org} and answer_key = $1",
            args![key, thread_id],
        )?;
        Ok(())
    }
}

/// Removes up to `limit` answers whose time is over; how many there were.
pub(crate) fn forget(conn: &mut dyn Conn, now: Timestamp, limit: i64) -> Result<u64> {
    let sql = conn.dialect().plain(
        "delete from send_answer where (org_id, answer_key) in (select org_id, answer_key from send_answer \
         where expires_at <= $1 order by expires_at limit $2) \
         -- unscoped: the sweeper serves every organisation",
    );
    Ok(conn.exec(&sql, args![now, limit])?)
}
