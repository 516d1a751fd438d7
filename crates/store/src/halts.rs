//! Whose departures are stopped: the kill switch of an organisation, a pod or an inbox, and the
//! circuit breaker of an inbox.
//!
//! A halt is asked for twice: in the transaction of a departure, and again before an entry of the
//! queue is brought. An entry that meets one waits in the state `halted`, outside the order of time,
//! until a halt of its organisation ends.

use std::time::Duration;

use mail::Timestamp;
use model::api_key::Scope;
use model::list::Level;
use model::message::Direction;
use model::{ApiKeyId, InboxKey, MessageKey, PodId, Result};

use crate::access::Actor;
use crate::audit::NewAudit;
use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::jobs::ClaimedJob;
use crate::lists::{Governed, own_place, place};
use crate::messages::stored_direction;
use crate::open::Store;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str = "place, pod_id, inbox_id, cause, note, api_key_id, since, until";

/// Why departures are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaltCause {
    /// Somebody wanted it.
    Switch,
    /// Too much of what an inbox sent has failed.
    Bounces,
}

impl HaltCause {
    /// The name in the store and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Bounces => "bounces",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Switch, Self::Bounces]
            .into_iter()
            .find(|one| one.name() == name)
    }
}

/// A halt to be made.
#[derive(Clone, Debug)]
pub struct NewHalt {
    /// Why.
    pub cause: HaltCause,
    /// In words.
    pub note: Option<String>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// A stop of departures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Whose departures: of the organisation, of a pod or of an inbox.
    pub level: Level,
    /// The pod, for a halt of a pod or an inbox.
    pub pod_id: Option<PodId>,
    /// The inbox, for a halt of an inbox.
    pub inbox_key: Option<InboxKey>,
    /// Why.
    pub cause: HaltCause,
    /// In words.
    pub note: Option<String>,
    /// The key that made it; `None` for the server and the operator.
    pub by: Option<ApiKeyId>,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself; `None` for not before somebody ends it.
    pub until: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> DbResult<Halt> {
    Ok(Halt {
        level: crate::lists::level(row.bytes(0)?).ok_or_else(|| DbError::shape(0))?,
        pod_id: row.get(1)?,
        inbox_key: row.get(2)?,
        cause: HaltCause::parse(row.text(3)?).ok_or_else(|| DbError::shape(3))?,
        note: row.get(4)?,
        by: row.get(5)?,
        since: row.get(6)?,
        until: row.get(7)?,
    })
}

impl View<'_> {
    /// What stops the departures of an inbox, the widest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn halt_of(&mut self, inbox: Governed) -> Result<Option<Halt>> {
        let places = [
            place(Level::Org, inbox.org_id.as_bytes()),
            place(Level::Pod, inbox.pod_id.as_bytes()),
            place(Level::Inbox, inbox.inbox_key.as_bytes()),
        ];
        let now = self.now;
        let sql = format!(
            "select {COLUMNS} from halt where {{scope:org}} and place in ($1, $2, $3) \
             and (until is null or until > $4) order by place limit 1"
        );
        Ok(self.first(&sql, args![&places[0], &places[1], &places[2], now], read)?)
    }

    /// What stops a message that is on its way.
    ///
    /// # Errors
    /// When the store fails.
    pub fn halt_of_departure(&mut self, message: MessageKey) -> Result<Option<Halt>> {
        let now = self.now;
        // Mostly there is none at all, and nobody looks any further.
        let any = self.first(
            "select 1 from halt where {scope:org} and (until is null or until > $1) limit 1",
            args![now],
            |row| row.get::<i64>(0),
        )?;
        if any.is_none() {
            return Ok(None);
        }
        let org_id = self.access.org_id();
        let sender = self.first(
            "select pod_id, inbox_id from delivery where {scope} and message_key = $1 limit 1",
            args![message],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((pod_id, inbox_key)) = sender else {
            return Ok(None);
        };
        self.halt_of(Governed {
            org_id,
            pod_id,
            inbox_key,
        })
    }

    /// Whether the departures of what this access reaches are stopped, by itself or by what is around.
    ///
    /// # Errors
    /// When the store fails.
    pub fn is_halted(&mut self) -> Result<bool> {
        let org = place(Level::Org, self.access.org_bytes());
        let (pod, inbox) = match *self.access.scope() {
            Scope::Org => (org.clone(), org.clone()),
            Scope::Pod(pod) => (place(Level::Pod, pod.as_bytes()), org.clone()),
            Scope::Inbox(pod, inbox) => (
                place(Level::Pod, pod.as_bytes()),
                place(Level::Inbox, inbox.as_bytes()),
            ),
        };
        let now = self.now;
        let found = self.first(
            "select 1 from halt where {scope:org} and place in ($1, $2, $3) \
             and (until is null or until > $4) limit 1",
            args![&org, &pod, &inbox, now],
            |row| row.get::<i64>(0),
        )?;
        Ok(found.is_some())
    }

    /// The halts within reach, the widest first; those that are over apart.
    ///
    /// # Errors
    /// When the store fails.
    pub fn halts(&mut self, limit: usize) -> Result<Vec<Halt>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let now = self.now;
        let sql = format!(
            "select {COLUMNS} from halt where {{scope}} and (until is null or until > $1) \
             order by place limit $2"
        );
        Ok(self.all(&sql, args![now, limit], read)?)
    }
}

impl Txn<'_> {
    /// Stops the departures of exactly what this access reaches. One that is there already gets the
    /// new reason; a switch stays one when the breaker comes to it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn halt(&mut self, new: &NewHalt) -> Result<Halt> {
        let own = own_place(self.access);
        let (pod, inbox) = match *self.access.scope() {
            Scope::Org => (None, None),
            Scope::Pod(pod) => (Some(pod), None),
            Scope::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
        };
        self.put_halt(&own, pod, inbox, new)
    }

    /// Stops the departures of an inbox.
    ///
    /// # Errors
    /// When the store fails.
    pub fn halt_inbox(&mut self, inbox: Governed, new: &NewHalt) -> Result<Option<Halt>> {
        if self
            .halt_of(inbox)?
            .is_some_and(|halt| halt.level == Level::Inbox)
        {
            return Ok(None);
        }
        let own = place(Level::Inbox, inbox.inbox_key.as_bytes());
        self.put_halt(&own, Some(inbox.pod_id), Some(inbox.inbox_key), new)
            .map(Some)
    }

    fn put_halt(
        &mut self,
        own: &[u8],
        pod: Option<PodId>,
        inbox: Option<InboxKey>,
        new: &NewHalt,
    ) -> Result<Halt> {
        let by = match self.access.actor() {
            Actor::Key(id) => Some(id),
            Actor::System(_) => None,
        };
        let (org_id, now) = (self.access.org_id(), self.now);
        let sql = format!(
            "insert into halt (org_id, pod_id, inbox_id, place, cause, note, api_key_id, since, until) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (org_id, place) do update set \
             cause = excluded.cause, note = excluded.note, api_key_id = excluded.api_key_id, \
             since = case when halt.until is null or halt.until > $8 then halt.since else excluded.since end, \
             until = excluded.until returning {COLUMNS} -- unscoped: the row names its tenant"
        );
        let made = self.first(
            &sql,
            args![
                org_id,
                pod,
                inbox,
                own,
                new.cause.name(),
                new.note.as_deref(),
                by,
                now,
                new.until,
            ],
            read,
        )?;
        let made = made.ok_or_else(|| model::Error::internal("a halt was not made"))?;
        let state = serde_json::json!({"cause": made.cause.name(), "reason": made.note});
        let target = self.halt_target(&made);
        self.audit(NewAudit::new("sending.pause", target).after(&state));
        Ok(made)
    }

    /// Lets the departures of exactly what this access reaches go on; what had stopped them, if
    /// anything had. Entries of the queue go on with [`Txn::release_halted`].
    ///
    /// # Errors
    /// When the store fails.
    pub fn end_halt(&mut self) -> Result<Option<Halt>> {
        let own = own_place(self.access);
        let sql = format!("delete from halt where {{scope}} and place = $1 returning {COLUMNS}");
        let ended = self.first(&sql, args![own], read)?;
        if let Some(ended) = &ended {
            let state = serde_json::json!({"cause": ended.cause.name(), "reason": ended.note});
            let target = self.halt_target(ended);
            self.audit(NewAudit::new("sending.resume", target).before(&state));
        }
        Ok(ended)
    }

    fn halt_target(&self, halt: &Halt) -> String {
        match (halt.inbox_key, halt.pod_id) {
            (Some(inbox), _) => format!("inbox:{inbox}"),
            (None, Some(pod)) => format!("pod:{pod}"),
            (None, None) => format!("organization:{}", self.access.org_id()),
        }
    }

    /// Makes up to `limit` halted entries of the organisation due; whether there may be more. Those
    /// that something else stops will be halted again.
    ///
    /// # Errors
    /// When the store fails.
    pub fn release_halted(&mut self, limit: i64) -> Result<bool> {
        let now = self.now;
        let released = self.exec(
            "update job set state = 'ready', run_at = $1 where job_id in (select job_id from job \
             where {scope:org} and state = 'halted' order by run_at limit $2)",
            args![now, limit],
        )?;
        self.departures |= released > 0;
        Ok(i64::try_from(released).unwrap_or(limit) >= limit)
    }

    /// Takes an entry of the queue out of the order of time until a halt of its organisation ends,
    /// and its lease with it.
    ///
    /// # Errors
    /// `race_condition` when the lease was lost.
    pub fn halt_job(&mut self, job: &ClaimedJob) -> Result<()> {
        let now = self.now;
        // Whoever ends a halt waits for this, and then lets this entry go too.
        self.first(
            "select 1 from halt where {scope:org} order by place limit 1 {lock}",
            &[],
            |row| row.get::<i64>(0),
        )?;
        let (id, token) = (job.job_id.as_bytes().as_slice(), job.token());
        let halted = self.exec(
            "update job set state = 'halted', lease_until = 0, lease_token = null, run_at = $3 \
             where job_id = $1 and lease_token = $2 and {scope:org}",
            args![id, token, now],
        )?;
        if halted == 1 {
            return Ok(());
        }
        Err(model::Error::new(
            model::Code::RaceCondition,
            "the lease of a job was lost",
        ))
    }

    /// Counts a delivery of an inbox that failed for good; how many the window has then.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count_bounce(&mut self, inbox: Governed, window: Duration) -> Result<i64> {
        let now = self.now;
        let start = now.minus(window);
        let counted = self.first(
            "insert into bounce_count (org_id, pod_id, inbox_id, since, bounces) values ($1, $2, $3, $4, 1) \
             on conflict (inbox_id) do update set \
             bounces = case when bounce_count.since <= $5 then 1 else bounce_count.bounces + 1 end, \
             since = case when bounce_count.since <= $5 then excluded.since else bounce_count.since end \
             returning bounces -- unscoped: the row names its tenant",
            args![inbox.org_id, inbox.pod_id, inbox.inbox_key, now, start],
            |row| row.get::<i64>(0),
        )?;
        Ok(counted.unwrap_or(0))
    }

    /// Forgets the failures of an inbox that were counted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_bounces(&mut self) -> Result<()> {
        if let Scope::Inbox(_, inbox) = *self.access.scope() {
            self.exec(
                "delete from bounce_count where {scope} and inbox_id = $1",
                args![inbox],
            )?;
        }
        Ok(())
    }

    /// Messages that an inbox has sent since then, counted up to `most`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn sent_since(&mut self, inbox: InboxKey, since: Timestamp, most: i64) -> Result<i64> {
        let counted = self.first(
            "select count(*) from (select 1 from message where {scope} and inbox_id = $1 \
             and at > $2 and direction = $3 limit $4) as found",
            args![inbox, since, stored_direction(Direction::Sent), most],
            |row| row.get::<i64>(0),
        )?;
        Ok(counted.unwrap_or(0))
    }
}

impl Store {
    /// Ends the halts whose time is over, and lets entries of the queue go that nothing of their
    /// organisation stops any more; how many, up to `limit`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep_halts(&self, limit: i64) -> Result<u64> {
        let now = self.now();
        let look = |conn: &mut dyn Conn| {
            let waits = conn.dialect().plain(
                "select 1 from job where state = 'halted' limit 1 \
                 -- unscoped: a worker serves every organisation",
            );
            let mut any = false;
            conn.query(&waits, &[], &mut |_| {
                any = true;
                Ok(())
            })?;
            Ok((any, Wake::default()))
        };
        if !self.run(look, Running::read).await? {
            return Ok(0);
        }
        let sweep = move |conn: &mut dyn Conn| {
            let over = conn.dialect().plain(
                "select org_id, place from halt where until is not null and until <= $1 \
                 -- unscoped: a worker serves every organisation",
            );
            let mut ended: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
            conn.query(&over, args![now], &mut |row| {
                ended.push((row.get(0)?, row.get(1)?));
                Ok(())
            })?;
            let end = conn.dialect().plain(
                "delete from halt where org_id = $1 and place = $2 and until <= $3 \
                 -- unscoped: a worker serves every organisation",
            );
            let free = conn.dialect().plain(
                "update job set state = 'ready', run_at = $2 where state = 'halted' and org_id = $1 \
                 -- unscoped: a worker serves every organisation",
            );
            let mut freed = 0;
            for (org, place) in &ended {
                conn.exec(&end, args![org, place, now])?;
                freed += conn.exec(&free, args![org, now])?;
            }
            let rest = conn.dialect().plain(
                "update job set state = 'ready', run_at = $1 where job_id in (select job_id from job \
                 where state = 'halted' and not exists (select 1 from halt where halt.org_id = job.org_id) \
                 limit $2) -- unscoped: a worker serves every organisation",
            );
            freed += conn.exec(&rest, args![now, limit])?;
            let wake = Wake {
                departures: freed > 0,
                ..Wake::default()
            };
            Ok((freed, wake))
        };
        self.run(sweep, Running::write).await
    }
}
