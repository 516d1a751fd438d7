//! How often an inbox and the other side took turns, and threads that pause because of it.
//!
//! Counted are turns, not messages: a departure counts when the other side has written since the last
//! one. Ten notices to somebody who never answers are one turn; ten answers to ten answers are ten.

use std::time::Duration;

use mail::Timestamp;
use model::{Code, Error, InboxKey, PodId, Result, ThreadId};

use crate::audit::NewAudit;
use crate::db::{Conn, DbResult, Row, Value, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::messages::ThreadMove;
use crate::open::Store;
use crate::txn::Txn;
use crate::view::View;

/// The time in which turns are counted.
pub const TURN_WINDOW: Duration = Duration::from_secs(3_600);

/// A pause soon after another is longer than that.
const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// Senders of one arrival that are noted at most.
const MOST_PEERS: usize = 5;

/// Whose turns are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnOf {
    /// The inbox and everybody else in one of its threads.
    Thread(ThreadId),
    /// The first address, which is an inbox and writes, and another one, both in the form of
    /// [`mail::Address::key`].
    Peer(String, String),
}

impl TurnOf {
    fn subject(&self) -> String {
        match self {
            Self::Thread(thread) => format!("t:{thread}"),
            Self::Peer(own, peer) => format!("p:{own}\n{peer}"),
        }
    }

    /// The turns of the other side, where it is an inbox of the same organisation.
    #[must_use]
    pub fn mirrored(&self) -> Option<Self> {
        match self {
            Self::Thread(_) => None,
            Self::Peer(own, peer) => Some(Self::Peer(peer.clone(), own.clone())),
        }
    }
}

/// The subject of the other side's turns.
fn mirrored(subject: &str) -> Option<String> {
    let (own, peer) = subject.strip_prefix("p:")?.split_once('\n')?;
    Some(format!("p:{peer}\n{own}"))
}

/// Turns within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnCount {
    /// The thread of the last departure that counted.
    pub thread_id: ThreadId,
    /// When the first of them was.
    pub since: Timestamp,
    /// How many.
    pub turns: i64,
}

/// A thread in which nothing leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadPause {
    /// The thread.
    pub thread_id: ThreadId,
    /// Its pod.
    pub pod_id: PodId,
    /// Its inbox.
    pub inbox_key: InboxKey,
    /// Which budget was used up: `thread`, `peer` or `pair`.
    pub budget: String,
    /// The address it was used up with, where it was one.
    pub peer: Option<String>,
    /// How many pauses there were in a row.
    pub pauses: i64,
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
}

fn count(row: &Row<'_>) -> DbResult<TurnCount> {
    Ok(TurnCount {
        thread_id: row.get(0)?,
        since: row.get(1)?,
        turns: row.get(2)?,
    })
}

fn pause(row: &Row<'_>) -> DbResult<ThreadPause> {
    Ok(ThreadPause {
        thread_id: row.get(0)?,
        pod_id: row.get(1)?,
        inbox_key: row.get(2)?,
        budget: row.get(3)?,
        peer: row.get(4)?,
        pauses: row.get(5)?,
        since: row.get(6)?,
        until: row.get(7)?,
    })
}

impl View<'_> {
    /// The turns so far, whether their window is over or not.
    ///
    /// # Errors
    /// When the store fails.
    pub fn turns(&mut self, of: &TurnOf) -> Result<Option<TurnCount>> {
        let found = self.first(
            "select thread_id, since, turns from turn_count where {scope:org} and subject = $1",
            args![of.subject()],
            count,
        )?;
        Ok(found)
    }

    /// The pause of a thread, whether it is over or not.
    ///
    /// # Errors
    /// When the store fails.
    pub fn thread_pause(&mut self, id: ThreadId) -> Result<Option<ThreadPause>> {
        let found = self.first(
            "select thread_id, pod_id, inbox_id, budget, peer, pauses, since, until from thread_pause \
             where {scope} and thread_id = $1",
            args![id],
            pause,
        )?;
        Ok(found)
    }
}

impl Txn<'_> {
    /// Counts a departure in `thread`; how the turns of the window stand then. The inbox's row must
    /// be held, so that everybody takes these rows after it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn take_turn(
        &mut self,
        of: &TurnOf,
        thread: ThreadId,
        window: Duration,
    ) -> Result<TurnCount> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let start = now.minus(window);
        let counted = self.first(
            "insert into turn_count (org_id, subject, thread_id, since, turns, last) \
             values ($1, $2, $3, $4, 1, 'out') on conflict (org_id, subject) do update set \
             turns = case when turn_count.since <= $5 then 1 \
             when turn_count.last <> 'out' then turn_count.turns + 1 \
             else turn_count.turns end, \
             since = case when turn_count.since <= $5 then excluded.since else turn_count.since end, \
             thread_id = excluded.thread_id, last = 'out' \
             returning thread_id, since, turns -- unscoped: the row names its organisation",
            args![org_id, of.subject(), thread, now, start],
            count,
        )?;
        counted.ok_or_else(|| Error::internal("a turn was not counted"))
    }

    /// Notes that the other side has written, so that the next departure is a turn.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_arrival(&mut self, own: &str, thread: ThreadId, peers: &[String]) -> Result<()> {
        let peers = peers.iter().take(MOST_PEERS);
        let peers = peers.map(|peer| TurnOf::Peer(own.to_owned(), peer.clone()).subject());
        let mut subjects: Vec<String> = peers.collect();
        subjects.sort_unstable();
        subjects.push(TurnOf::Thread(thread).subject());
        // One statement for any number, so that few need preparing.
        subjects.resize(MOST_PEERS + 1, TurnOf::Thread(thread).subject());
        let values: Vec<Value<'_>> = subjects.iter().map(Value::from).collect();
        self.put(
            "update turn_count set last = 'in' where {scope:org} \
             and subject in ($1, $2, $3, $4, $5, $6) and last = 'out'",
            &values,
        )?;
        Ok(())
    }

    /// Gives a thread the turns and the pause of the one that messages were moved out of: where that
    /// is gone both together, else whichever are more. A conversation that is divided must not begin
    /// to count anew.
    pub(crate) fn share_turns(&mut self, way: &ThreadMove) -> Result<()> {
        let together = if way.is_gone {
            "turn_count.turns + excluded.turns"
        } else {
            "case when excluded.turns > turn_count.turns then excluded.turns else turn_count.turns end"
        };
        let sql = format!(
            "insert into turn_count (org_id, subject, thread_id, since, turns, last) \
             select org_id, $2, $3, since, turns, last from turn_count \
             where {{scope:org}} and subject = $1 and since > $4 \
             on conflict (org_id, subject) do update set \
             turns = case when turn_count.since <= $4 then excluded.turns else {} end, \
             since = case when turn_count.since > $4 and turn_count.since < excluded.since \
             then turn_count.since else excluded.since end, \
             last = case when excluded.last = 'in' then 'in' else turn_count.last end, \
             thread_id = excluded.thread_id",
            together
        );
        let (now, from, to) = (
            self.now,
            TurnOf::Thread(way.from).subject(),
            TurnOf::Thread(way.to).subject(),
        );
        self.exec(&sql, args![from, to, way.to, now.minus(TURN_WINDOW)])?;
        self.exec(
            "insert into thread_pause (org_id, pod_id, inbox_id, thread_id, budget, peer, pauses, since, until) \
             select org_id, pod_id, inbox_id, $2, budget, peer, pauses, since, until from thread_pause \
             where {scope} and thread_id = $1 and until > $3 \
             on conflict (thread_id) do update set budget = excluded.budget, peer = excluded.peer, \
             pauses = excluded.pauses, since = excluded.since, until = excluded.until \
             where thread_pause.until < excluded.until",
            args![way.from, way.to, now],
        )?;
        Ok(())
    }

    /// Forgets the turns and the pause of a thread that is gone; other turns that ended in it ended
    /// in `to`.
    pub(crate) fn end_turns(&mut self, gone: ThreadId, to: ThreadId) -> Result<()> {
        let subject = TurnOf::Thread(gone).subject();
        self.exec(
            "delete from turn_count where {scope:org} and subject = $1",
            args![subject],
        )?;
        self.exec(
            "update turn_count {by turn_count_thread} set thread_id = $2 where {scope:org} and thread_id = $1",
            args![gone, to],
        )?;
        self.exec(
            "delete from thread_pause where {scope} and thread_id = $1",
            args![gone],
        )?;
        Ok(())
    }

    /// Pauses a thread for `first`, or for twice as long as the pause before if that was not long
    /// ago, up to `most`. Gives the pause, and whether it is new.
    ///
    /// # Errors
    /// When the store fails.
    pub fn pause_thread(
        &mut self,
        new: ThreadPause,
        first: Duration,
        most: Duration,
    ) -> Result<(ThreadPause, bool)> {
        let now = self.now;
        self.lock_inbox(new.inbox_key)?;
        let before = match self.thread_pause(new.thread_id)? {
            Some(before) if before.until > now => return Ok((before, false)),
            before => before,
        };
        let in_a_row = before.filter(|before| now.since(before.until) < MEMORY);
        let pauses = in_a_row.map_or(1, |before| before.pauses.saturating_add(1));
        let doublings = u32::try_from(pauses.saturating_sub(1)).unwrap_or(0).min(16);
        let length = first.saturating_mul(1 << doublings).min(most);
        let new = ThreadPause {
            pauses,
            since: now,
            until: now.plus(length),
            ..new
        };
        let org_id = self.access.org_id();
        self.exec(
            "insert into thread_pause (org_id, pod_id, inbox_id, thread_id, budget, peer, pauses, since, until) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (thread_id) do update set \
             budget = excluded.budget, peer = excluded.peer, pauses = excluded.pauses, \
             since = excluded.since, until = excluded.until \
             -- unscoped: the row names its tenant, and its inbox was just found within reach",
            args![
                org_id,
                new.pod_id,
                new.inbox_key,
                new.thread_id,
                &new.budget,
                new.peer.as_deref(),
                new.pauses,
                new.since,
                new.until,
            ],
        )?;
        Ok((new, true))
    }

    /// Ends the pause of a thread and forgets the turns that led to it.
    ///
    /// # Errors
    /// `conflict` when it does not pause.
    pub fn resume_thread(&mut self, id: ThreadId) -> Result<ThreadPause> {
        let now = self.now;
        let paused = self.thread_pause(id)?.filter(|pause| pause.until > now);
        let Some(mut pause) = paused else {
            return Err(Error::new(Code::Conflict, "The thread is not paused")
                .fix("There is nothing to do: mail leaves in this thread."));
        };
        self.exec(
            "delete from thread_pause where {scope} and thread_id = $1",
            args![id],
        )?;
        let subjects = self.all(
            "select subject from turn_count {by turn_count_thread} where {scope:org} and thread_id = $1",
            args![id],
            |row| row.get::<String>(0),
        )?;
        let others: Vec<String> = subjects.iter().filter_map(|own| mirrored(own)).collect();
        for subject in subjects.iter().chain(&others) {
            self.exec(
                "delete from turn_count where {scope:org} and subject = $1",
                args![subject],
            )?;
        }
        pause.until = now;
        let state = serde_json::json!({"budget": pause.budget, "peer": pause.peer});
        self.audit(NewAudit::new("thread.resume", id.to_string()).before(&state));
        Ok(pause)
    }
}

impl Store {
    /// Forgets turns whose window is over and pauses long past, up to `limit` of each; how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_turns(&self, window: Duration, limit: i64) -> Result<u64> {
        let now = self.now();
        let forget = move |conn: &mut dyn Conn| {
            let turns = conn.dialect().plain(
                "delete from turn_count where (org_id, subject) in (select org_id, subject from turn_count \
                 where since < $1 order by since limit $2) \
                 -- unscoped: the sweeper serves every organisation",
            );
            let pauses = conn.dialect().plain(
                "delete from thread_pause where thread_id in (select thread_id from thread_pause \
                 where until < $1 order by until limit $2) \
                 -- unscoped: the sweeper serves every organisation",
            );
            let gone = conn.exec(&turns, args![now.minus(window), limit])?
                + conn.exec(&pauses, args![now.minus(MEMORY), limit])?;
            Ok((gone, Wake::default()))
        };
        self.run(forget, Running::write).await
    }
}
