//! Counts over time.
//!
//! A background reader counts the event log; its place in the log and the counts change in one
//! transaction, so that every event is counted once. What it has not reached yet is read from the
//! log itself. What inboxes hold is counted where it changes, and sampled now and then.

mod usage;

use std::collections::BTreeMap;

use mail::Timestamp;
use model::api_key::Scope;
use model::{EventKind, InboxKey, OrgId, PodId, Result, metric};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::db::{Conn, DbResult, Row, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::open::Store;
use crate::txn::Txn;
use crate::view::View;

pub use usage::UsageHistory;

/// Seconds of the two grains in which events are counted.
const SECOND: i64 = 1;
const MINUTE: i64 = 60;

/// For how many seconds counts of single seconds are kept, and those of minutes.
const KEEP_SECONDS: i64 = 7 * 86_400;
const KEEP_MINUTES: i64 = 92 * 86_400;

/// Events that may wait to be counted before a question has to wait for that.
const MAX_TAIL: usize = 50_000;

/// A stretch of time and what happened in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its beginning, in seconds.
    pub start: i64,
    /// Its length in seconds.
    pub length: i64,
    /// Events.
    pub events: i64,
    /// Their recipients, or the events where they have none.
    pub people: i64,
}

/// An event that is not counted yet.
#[derive(Clone, Copy, Debug)]
pub struct Uncounted {
    /// What happened.
    pub kind: EventKind,
    /// When, in seconds.
    pub at: i64,
    /// Its recipients, or one where it has none.
    pub people: i64,
}

/// How far an access reaches, as counts are kept.
pub(crate) fn holder(org: OrgId, scope: &Scope) -> (i64, [u8; 16]) {
    match scope {
        Scope::Org => (0, *org.as_bytes()),
        Scope::Pod(pod) => (1, *pod.as_bytes()),
        Scope::Inbox(_, inbox) => (2, *inbox.as_bytes()),
    }
}

impl View<'_> {
    /// Counts of one kind from second `from` up to second `to`, in buckets of `period` seconds that
    /// begin at its multiples. Times more than a week back are known to the minute. Empty buckets
    /// are left out; those of [`View::uncounted`] are not in it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn event_counts(
        &mut self,
        kind: EventKind,
        from: i64,
        to: i64,
        period: i64,
    ) -> Result<Vec<Counted>> {
        let (level, holder) = holder(self.access.org_id(), self.access.scope());
        let fine = (self.now.as_secs() - KEEP_SECONDS).div_euclid(MINUTE) * MINUTE + MINUTE;
        let mut found: BTreeMap<i64, Counted> = BTreeMap::new();
        for (grain, from, to) in parts(from, to, period, fine) {
            let rows = self.all(
                "select at / $7, cast(sum(events) as {int}), cast(sum(people) as {int}) from metric_count \
                 where {scope} and level = $1 and holder = $2 and grain = $3 and kind = $4 \
                 and at >= $5 and at < $6 group by at / $7",
                args![level, holder.as_slice(), grain, kind.name(), from, to, period],
                |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
            )?;
            for (bucket, events, people) in rows {
                let start = bucket * period;
                let sum = found.entry(start).or_insert(Counted {
                    start,
                    length: period.max(grain),
                    events: 0,
                    people: 0,
                });
                sum.events += events;
                sum.people += people;
            }
        }
        Ok(found.into_values().collect())
    }

    /// The events within reach that are not counted yet.
    ///
    /// # Errors
    /// `service_unavailable` when there are too many to look at.
    pub fn uncounted(&mut self) -> Result<Vec<Uncounted>> {
        let seq = self.first(
            "select seq from metric_cursor where {scope:org}",
            &[],
            |row| row.get::<i64>(0),
        )?;
        let limit = i64::try_from(MAX_TAIL).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        let mut seen = 0;
        self.query(
            "select kind, at, case when kind in ('message.sent', 'message.bounced', 'message.complained') \
             then head else '' end from event where {scope} and seq > $1 order by seq limit $2",
            args![seq.unwrap_or(0), limit],
            &mut |row| {
                seen += 1;
                if let Some(kind) = counted_kind(row.text(0)?) {
                    found.push(Uncounted {
                        kind,
                        at: row.get::<Timestamp>(1)?.as_secs(),
                        people: people(row.text(2)?),
                    });
                }
                Ok(())
            },
        )?;
        if seen >= MAX_TAIL {
            return Err(model::Error::unavailable(
                "Older events are still being counted",
            ));
        }
        Ok(found)
    }
}

/// Who an event is counted for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    level: i64,
    holder: [u8; 16],
    pod_id: Option<PodId>,
    inbox_id: Option<InboxKey>,
}

/// An event as the counting reads it.
struct Logged {
    seq: i64,
    kind: Option<EventKind>,
    pod_id: Option<PodId>,
    inbox_id: Option<InboxKey>,
    at: i64,
    people: i64,
}

impl Logged {
    fn read(row: &Row<'_>) -> DbResult<Self> {
        Ok(Self {
            seq: row.get(0)?,
            kind: counted_kind(row.text(1)?),
            pod_id: row.get(2)?,
            inbox_id: row.get(3)?,
            at: row.get::<Timestamp>(4)?.as_secs(),
            people: people(row.text(5)?),
        })
    }

    fn places(&self, org: OrgId) -> impl Iterator<Item = Place> {
        let of = |level, holder: [u8; 16], pod_id, inbox_id| Place {
            level,
            holder,
            pod_id,
            inbox_id,
        };
        let pod = self
            .pod_id
            .map(|pod| of(1, *pod.as_bytes(), Some(pod), None));
        let inbox = self
            .inbox_id
            .map(|inbox| of(2, *inbox.as_bytes(), self.pod_id, Some(inbox)));
        [Some(of(0, *org.as_bytes(), None, None)), pod, inbox]
            .into_iter()
            .flatten()
    }
}

impl Txn<'_> {
    /// Counts up to `limit` further events of the organisation's log; whether there may be more.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count_events(&mut self, limit: usize) -> Result<bool> {
        let org = self.access.org_id();
        let seq = self.metric_cursor()?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let events = self.all(
            "select seq, kind, pod_id, inbox_id, at, \
             case when kind in ('message.sent', 'message.bounced', 'message.complained') \
             then head else '' end from event where {scope} and seq > $1 order by seq limit $2",
            args![seq, most],
            Logged::read,
        )?;
        let Some(last) = events.last().map(|event| event.seq) else {
            return Ok(false);
        };
        let mut sums: BTreeMap<(Place, i64, &'static str, i64), (i64, i64)> = BTreeMap::new();
        for event in &events {
            let Some(kind) = event.kind else { continue };
            for place in event.places(org) {
                for grain in [SECOND, MINUTE] {
                    let at = event.at.div_euclid(grain) * grain;
                    let sum = sums.entry((place, grain, kind.name(), at)).or_default();
                    sum.0 += 1;
                    sum.1 += event.people;
                }
            }
        }
        for ((place, grain, kind, at), (count, people)) in sums {
            self.exec(
                "insert into metric_count (org_id, pod_id, inbox_id, level, holder, grain, kind, at, events, people) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                 on conflict (org_id, level, holder, grain, kind, at) do update set \
                 events = metric_count.events + excluded.events, people = metric_count.people + excluded.people \
                 -- unscoped: the row names its tenant",
                args![
                    org,
                    place.pod_id,
                    place.inbox_id,
                    place.level,
                    place.holder.as_slice(),
                    grain,
                    kind,
                    at,
                    count,
                    people,
                ],
            )?;
        }
        self.exec(
            "update metric_cursor set seq = $1 where {scope:org}",
            args![last],
        )?;
        Ok(events.len() >= limit)
    }

    /// The place up to which the log is counted, held until the commit: two processes that count
    /// at once wait for each other here.
    fn metric_cursor(&mut self) -> Result<i64> {
        let org = self.access.org_id();
        self.exec(
            "insert into metric_cursor (org_id, seq) values ($1, 0) on conflict (org_id) do nothing \
             -- unscoped: the row names its organisation",
            args![org],
        )?;
        let seq = self.first(
            "select seq from metric_cursor where {scope:org} {lock}",
            &[],
            |row| row.get(0),
        )?;
        Ok(seq.unwrap_or(0))
    }
}

/// The parts of a stretch of time, each with the grain in which it is counted: whole minutes where
/// minutes serve, and single seconds at the edges and for other periods. What lies before `fine` is
/// only there by the minute.
fn parts(from: i64, to: i64, period: i64, fine: i64) -> Vec<(i64, i64, i64)> {
    let floor = |at: i64| at.div_euclid(MINUTE) * MINUTE;
    let mut parts = Vec::new();
    let mut from = from;
    if from < fine {
        parts.push((MINUTE, floor(from), to.min(fine)));
        from = fine;
    }
    if from >= to {
        return parts;
    }
    let (first, last) = (floor(from + MINUTE - 1), floor(to));
    if period % MINUTE == 0 && first < last {
        parts.push((SECOND, from, first));
        parts.push((MINUTE, first, last));
        parts.push((SECOND, last, to));
    } else {
        parts.push((SECOND, from, to));
    }
    parts.retain(|(_, from, to)| from < to);
    parts
}

fn counted_kind(name: &str) -> Option<EventKind> {
    EventKind::parse(name).filter(|kind| metric::EVENTS.contains(kind))
}

/// The recipients that an event names; one where it names none.
fn people(body: &str) -> i64 {
    #[derive(Deserialize)]
    struct Body {
        #[serde(alias = "bounce", alias = "complaint")]
        send: Option<Recipients>,
    }
    #[derive(Deserialize)]
    struct Recipients {
        #[serde(default)]
        recipients: Vec<IgnoredAny>,
    }
    let named = serde_json::from_str::<Body>(body).ok();
    let named = named
        .and_then(|body| body.send)
        .map(|of| of.recipients.len());
    named
        .and_then(|count| i64::try_from(count).ok())
        .unwrap_or(0)
        .max(1)
}

impl Store {
    /// The organisations whose log goes on beyond what is counted of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn uncounted_logs(&self) -> Result<Vec<OrgId>> {
        self.run(|conn| Ok((backlog(conn)?, Wake::default())), Running::read)
            .await
    }

    /// The organisations whose usage was not sampled after `since`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unsampled_usage(&self, since: Timestamp) -> Result<Vec<OrgId>> {
        let find = move |conn: &mut dyn Conn| Ok((usage::unsampled(conn, since)?, Wake::default()));
        self.run(find, Running::read).await
    }

    /// Removes a slice of the counts and samples that have grown too old to be asked for; whether
    /// there may be more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep_metrics(&self) -> Result<bool> {
        let now = self.now();
        let sweep = move |conn: &mut dyn Conn| Ok((sweep(conn, now)?, Wake::default()));
        self.run(sweep, Running::write).await
    }
}

/// The organisations whose log goes on beyond what is counted.
fn backlog(conn: &mut dyn Conn) -> Result<Vec<OrgId>> {
    let mut orgs = Vec::new();
    conn.query(
        "select o.org_id from org o left join metric_cursor c on c.org_id = o.org_id \
         where o.event_seq > coalesce(c.seq, 0) -- unscoped: the counting serves every organisation",
        &[],
        &mut |row| {
            orgs.push(row.get(0)?);
            Ok(())
        },
    )?;
    Ok(orgs)
}

/// Removes counts and samples that nobody can ask for any more, a slice of each; whether any may be
/// left.
fn sweep(conn: &mut dyn Conn, now: Timestamp) -> Result<bool> {
    /// What is removed at once: the rows of so many seconds.
    const SLICE: i64 = 3_600;
    let now = now.as_secs();
    let mut more = false;
    for (grain, keep) in [(SECOND, KEEP_SECONDS), (MINUTE, KEEP_MINUTES)] {
        let horizon = now - keep - 2 * MINUTE;
        let oldest = conn.dialect().plain(
            "select at from metric_count where grain = $1 order by at limit 1 \
             -- unscoped: counts of every organisation grow old",
        );
        let mut first: Option<i64> = None;
        conn.query(&oldest, args![grain], &mut |row| {
            first = Some(row.get(0)?);
            Ok(())
        })?;
        if let Some(first) = first.filter(|first| *first < horizon) {
            let old = conn.dialect().plain(
                "delete from metric_count where grain = $1 and at < $2 \
                 -- unscoped: counts of every organisation grow old",
            );
            conn.exec(&old, args![grain, horizon.min(first + SLICE)])?;
            more = true;
        }
    }
    let old = conn.dialect().plain(
        "delete from metric_usage where at < $1 \
         -- unscoped: samples of every organisation grow old",
    );
    conn.exec(&old, args![(now - KEEP_MINUTES) * 1_000_000])?;
    Ok(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_of_a_stretch_is_in_one_part() {
        for (from, to, period, fine) in [
            (30, 1_000, 60, 0),
            (30, 1_000, 7, 0),
            (60, 120, 3_600, 0),
            (30, 50, 60, 0),
            (130, 1_000, 60, 300),
            (120, 250, 60, 300),
        ] {
            let parts = parts(from, to, period, fine);
            let mut at = from.div_euclid(60) * 60;
            if from >= fine {
                at = from;
            }
            for (grain, from, end) in parts {
                assert_eq!(from, at, "grain {grain}");
                assert_eq!(from % grain, 0);
                at = end;
            }
            assert_eq!(at, to);
        }
    }

    #[test]
    fn recipients_are_counted_where_an_event_names_them() {
        for (body, count) in [
            (r#"{"type":"event","send":{"recipients":["a@b","c@d"]}}"#, 2),
            (r#"{"bounce":{"recipients":[{"address":"a@b"}]}}"#, 1),
            (r#"{"complaint":{"recipients":[]}}"#, 1),
            (r#"{"message":{}}"#, 1),
            ("", 1),
        ] {
            assert_eq!(people(body), count, "{body}");
        }
    }
}
