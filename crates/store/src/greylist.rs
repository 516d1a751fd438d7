//! Clients that are put off at their first try and taken when they come again.

use std::time::Duration;

use mail::Timestamp;
use model::Result;

use crate::db::args;
use crate::txn::Txn;

/// A client that does not come again within this time begins anew.
const SECOND_TRY: Duration = Duration::from_secs(2 * 24 * 60 * 60);
/// One that came again is known for this long after its last message.
const KNOWN: Duration = Duration::from_secs(36 * 24 * 60 * 60);
/// A known one is noted again at most so often.
const NOTED: Duration = Duration::from_secs(24 * 60 * 60);
/// What has expired goes in slices.
const SLICE: i64 = 50;

impl Txn<'_> {
    /// Notes a try to send; `None` when it may go on, otherwise when the next one may. `mark` stands
    /// for the client, the sender and the recipient together.
    ///
    /// # Errors
    /// When the store fails.
    pub fn greylist(&mut self, mark: &[u8; 32], wait: Duration) -> Result<Option<Timestamp>> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let known = self.first(
            "select first_at, passed, expires_at from greylist where {scope:org} and mark = $1",
            args![mark.as_slice()],
            |row| {
                Ok((
                    row.get::<Timestamp>(0)?,
                    row.get::<i64>(1)?,
                    row.get::<Timestamp>(2)?,
                ))
            },
        )?;
        match known {
            Some((_, 1, expires)) if expires > now => {
                if expires.since(now) + NOTED < KNOWN {
                    self.note_passed(mark)?;
                }
                Ok(None)
            }
            Some((first, _, expires)) if expires > now => {
                if now.since(first) < wait {
                    return Ok(Some(first.plus(wait)));
                }
                self.note_passed(mark)?;
                Ok(None)
            }
            _ => {
                self.forget_expired()?;
                self.exec(
                    "insert into greylist (org_id, mark, first_at, passed, expires_at) \
                     values ($1, $2, $3, 0, $4) on conflict (org_id, mark) do update set \
                     first_at = excluded.first_at, passed = 0, expires_at = excluded.expires_at \
                     where greylist.expires_at <= $3 -- unscoped: the row names its tenant",
                    args![org_id, mark.as_slice(), now, now.plus(SECOND_TRY)],
                )?;
                Ok(Some(now.plus(wait)))
            }
        }
    }

    fn note_passed(&mut self, mark: &[u8; 32]) -> Result<()> {
        let expires = self.now.plus(KNOWN);
        self.exec(
            "update greylist set passed = 1, expires_at = $2 where {scope:org} and mark = $1",
            args![mark.as_slice(), expires],
        )?;
        Ok(())
    }

    fn forget_expired(&mut self) -> Result<()> {
        let now = self.now;
        self.exec(
            "delete from greylist where {scope:org} and mark in (select mark from greylist \
             where {scope:org} and expires_at <= $1 order by expires_at limit $2)",
            args![now, SLICE],
        )?;
        Ok(())
    }
}
