//! Which keys were shown mail of strangers, and which count as shown it because something without a
//! key was handed it.

use mail::Timestamp;
use model::api_key::Scope;
use model::taint::Taint;
use model::{ApiKeyId, InboxKey, PodId, Result, ThreadId};

use crate::access::Actor;
use crate::db::{DbResult, Row, Value, args};
use crate::gate::Shown;
use crate::txn::Txn;
use crate::view::View;

/// Rows of a taint that are read, the youngest first. Beyond them only the thread in question is looked
/// up.
const MOST: i64 = 1_000;

impl View<'_> {
    /// What taints the caller at this moment: what its key was shown, and what something without a key
    /// was handed of an inbox that the key reaches, wherever the path has narrowed it to. What the
    /// caller does in `thread` is looked for by itself where there is more than is read.
    ///
    /// # Errors
    /// When the store fails.
    pub fn own_taint(&mut self, thread: Option<ThreadId>) -> Result<Taint> {
        let Actor::Key(key) = self.access.actor() else {
            return Ok(Taint::default());
        };
        let mut taint = self.shown_taint(key)?.and(self.handed_taint()?);
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        if let Some(thread) = thread
            && taint.threads.len() >= most
            && taint.since(Some(thread)) == taint.wide_since
        {
            taint.threads.extend(self.taint_in(key, thread)?);
        }
        Ok(taint)
    }

    /// What a key was shown, wherever it was.
    ///
    /// # Errors
    /// When the store fails.
    pub fn shown_taint(&mut self, key: ApiKeyId) -> Result<Taint> {
        let now = self.now;
        let rows = self.all(
            "select thread_id, since, wide_until from taint \
             where {scope:org} and api_key_id = $1 and until_at > $2 order by until_at desc limit $3",
            args![key, now, MOST],
            read,
        )?;
        Ok(taint_of(&rows, now))
    }

    /// What something without a key was handed of the inboxes that the caller's key reaches.
    ///
    /// # Errors
    /// When the store fails.
    pub fn handed_taint(&mut self) -> Result<Taint> {
        let now = self.now;
        let rows = match *self.access.reach() {
            Scope::Org => self.all(
                "select thread_id, since, wide_until from unkeyed_taint \
                 where {scope:org} and until_at > $1 order by until_at desc limit $2",
                args![now, MOST],
                read,
            )?,
            Scope::Pod(pod) => self.all(
                "select thread_id, since, wide_until from unkeyed_taint \
                 where {scope:org} and pod_id = $3 and until_at > $1 order by until_at desc limit $2",
                args![now, MOST, pod],
                read,
            )?,
            Scope::Inbox(pod, inbox) => self.all(
                "select thread_id, since, wide_until from unkeyed_taint \
                 where {scope:org} and pod_id = $3 and inbox_id = $4 and until_at > $1 \
                 order by until_at desc limit $2",
                args![now, MOST, pod, inbox],
                read,
            )?,
        };
        let mut taint = taint_of(&rows, now);
        taint.is_handed = !taint.is_none();
        Ok(taint)
    }

    /// Since when one thread taints a key or whoever reaches it.
    fn taint_in(&mut self, key: ApiKeyId, thread: ThreadId) -> Result<Option<(ThreadId, i64)>> {
        let now = self.now;
        let shown = self.first(
            "select since from taint where {scope:org} and api_key_id = $1 and thread_id = $2 and until_at > $3",
            args![key, thread, now],
            |row| row.get::<i64>(0),
        )?;
        let reach = *self.access.reach();
        let handed = self.first(
            "select since, pod_id, inbox_id from unkeyed_taint \
             where {scope:org} and thread_id = $1 and until_at > $2",
            args![thread, now],
            |row| {
                let of: (PodId, InboxKey) = (row.get(1)?, row.get(2)?);
                let is_reached = match reach {
                    Scope::Org => true,
                    Scope::Pod(pod) => pod == of.0,
                    Scope::Inbox(_, inbox) => inbox == of.1,
                };
                Ok(is_reached.then_some(row.get::<i64>(0)?))
            },
        )?;
        let since = shown.into_iter().chain(handed.flatten()).min();
        Ok(since.map(|since| (thread, since)))
    }
}

impl Txn<'_> {
    /// Writes down that a key was shown something of these threads.
    ///
    /// # Errors
    /// When the store fails.
    pub fn taint(
        &mut self,
        key: ApiKeyId,
        shown: &[Shown],
        wide_until: Timestamp,
        until: Timestamp,
    ) -> Result<()> {
        let (org_id, now) = (self.access.org_id(), self.now);
        for one in shown {
            // What is over begins anew; what is not goes on since it began.
            self.exec(
                "delete from taint where {scope:org} and api_key_id = $1 and thread_id = $2 and until_at <= $3",
                args![key, one.thread_id, now],
            )?;
            self.exec(
                "insert into taint (org_id, pod_id, inbox_id, api_key_id, thread_id, since, wide_until, until_at) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (org_id, api_key_id, thread_id) do update \
                 set wide_until = $7, until_at = $8 -- unscoped: the row names its tenant",
                args![
                    org_id,
                    one.pod_id,
                    one.inbox_key,
                    key,
                    one.thread_id,
                    now,
                    wide_until,
                    until,
                ],
            )?;
        }
        Ok(())
    }

    /// Writes down that something without a key is handed mail of these threads: it counts for every
    /// key that reaches them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn taint_readers(
        &mut self,
        handed: &[Shown],
        wide_until: Timestamp,
        until: Timestamp,
    ) -> Result<()> {
        let (org_id, now) = (self.access.org_id(), self.now);
        for one in handed {
            self.exec(
                "delete from unkeyed_taint where {scope:org} and thread_id = $1 and until_at <= $2",
                args![one.thread_id, now],
            )?;
            self.exec(
                "insert into unkeyed_taint (org_id, pod_id, inbox_id, thread_id, since, wide_until, until_at) \
                 values ($1, $2, $3, $4, $5, $6, $7) on conflict (org_id, thread_id) do update \
                 set wide_until = $6, until_at = $7 -- unscoped: the row names its tenant",
                args![
                    org_id,
                    one.pod_id,
                    one.inbox_key,
                    one.thread_id,
                    now,
                    wide_until,
                    until
                ],
            )?;
        }
        Ok(())
    }

    /// Taints a key that the holder of a tainted one has made: otherwise whoever can make keys could
    /// make one that has read nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn inherit_taint(&mut self, from: ApiKeyId, to: ApiKeyId) -> Result<()> {
        let now = self.now;
        self.exec(
            "insert into taint (org_id, pod_id, inbox_id, api_key_id, thread_id, since, wide_until, until_at) \
             select t.org_id, t.pod_id, t.inbox_id, k.api_key_id, t.thread_id, k.created_at, t.wide_until, \
             t.until_at from taint t join api_key k on k.org_id = t.org_id \
             where {scope:org t} and t.api_key_id = $1 and k.api_key_id = $2 and t.until_at > $3",
            args![from, to, now],
        )?;
        // What was handed out without a key goes with the inbox. Where the new key does not reach that,
        // one row makes all it does tainted, for as long as it makes all that its maker does.
        let (only, of): (&str, Vec<Value<'static>>) = match *self.access.reach() {
            Scope::Org => ("", vec![]),
            Scope::Pod(pod) => ("and t.pod_id = $3", vec![pod.into()]),
            Scope::Inbox(pod, inbox) => (
                "and t.pod_id = $3 and t.inbox_id = $4",
                vec![pod.into(), inbox.into()],
            ),
        };
        let sql = format!(
            "insert into taint (org_id, pod_id, inbox_id, api_key_id, thread_id, since, wide_until, until_at) \
             select t.org_id, t.pod_id, t.inbox_id, k.api_key_id, t.thread_id, k.created_at, t.wide_until, \
             t.until_at from unkeyed_taint t join api_key k on k.org_id = t.org_id \
             where {{scope:org t}} and k.api_key_id = $1 and t.until_at > $2 {only} \
             order by t.until_at desc limit 1 on conflict (org_id, api_key_id, thread_id) do nothing"
        );
        let mut values = vec![Value::from(to), Value::from(now)];
        values.extend(of);
        self.exec(&sql, &values)?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> DbResult<(ThreadId, i64, Timestamp)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn taint_of(rows: &[(ThreadId, i64, Timestamp)], now: Timestamp) -> Taint {
    let mut taint = Taint::default();
    for (thread, since, wide_until) in rows {
        taint.threads.push((*thread, *since));
        if *wide_until > now {
            let first = taint.wide_since.map_or(*since, |own| own.min(*since));
            taint.wide_since = Some(first);
        }
    }
    taint
}
