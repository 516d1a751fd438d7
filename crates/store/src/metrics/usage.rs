//! What tenants use: counted as it changes, sampled when it has changed.

use std::collections::{BTreeMap, HashMap};

use mail::Timestamp;
use model::api_key::Scope;
use model::metric::Usage;
use model::{Error, InboxKey, OrgId, PodId, Result};

use super::Place;
use crate::db::{Conn, args};
use crate::txn::Txn;
use crate::view::View;

/// A series over a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageHistory {
    /// The value when the stretch begins.
    pub before: i64,
    /// The changes within it, in their order.
    pub changes: Vec<(Timestamp, i64)>,
}

impl UsageHistory {
    /// The value at an instant of the stretch.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> i64 {
        let past = self.changes.partition_point(|(when, _)| *when <= at);
        match past.checked_sub(1).and_then(|last| self.changes.get(last)) {
            Some((_, value)) => *value,
            None => self.before,
        }
    }
}

impl View<'_> {
    /// What everything within reach uses now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn usage_now(&mut self) -> Result<BTreeMap<Usage, i64>> {
        let held = self.first(
            "select cast(coalesce(sum(storage_bytes), 0) as {int}), \
             cast(coalesce(sum(message_count), 0) as {int}), \
             cast(coalesce(sum(thread_count), 0) as {int}), count(*) from inbox where {scope}",
            &[],
            |row| Ok([row.get::<i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
        )?;
        let [bytes, messages, threads, inboxes] = held.unwrap_or_default();
        let mut used = BTreeMap::from([
            (Usage::StorageBytes, bytes),
            (Usage::MessageCount, messages),
            (Usage::ThreadCount, threads),
        ]);
        let scope = *self.access.scope();
        if !matches!(scope, Scope::Inbox(..)) {
            used.insert(Usage::InboxCount, inboxes);
            let domains = self.first(
                "select count(*) from domain where {scope:pod}",
                &[],
                |row| row.get(0),
            )?;
            used.insert(Usage::DomainCount, domains.unwrap_or(0));
        }
        if scope == Scope::Org {
            let pods = self.first("select count(*) from pod where {scope:org}", &[], |row| {
                row.get(0)
            })?;
            used.insert(Usage::PodCount, pods.unwrap_or(0));
        }
        Ok(used)
    }

    /// What was sampled of one usage from `start` to `end`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn usage_history(
        &mut self,
        usage: Usage,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<UsageHistory> {
        let (level, holder) = super::holder(self.access.org_id(), self.access.scope());
        let mut history = UsageHistory::default();
        let mut first = None;
        self.query(
            "select at, value, before from metric_usage where {scope} and level = $1 and holder = $2 \
             and kind = $3 and at > $4 and at <= $5 order by at",
            args![level, holder.as_slice(), usage.name(), start, end],
            &mut |row| {
                if first.is_none() {
                    first = Some(row.get(2)?);
                }
                history.changes.push((row.get(0)?, row.get(1)?));
                Ok(())
            },
        )?;
        history.before = match first {
            Some(before) => before,
            None => self.usage_before(usage, end)?,
        };
        Ok(history)
    }

    /// The value of a series that did not change for a while up to `at`: the next change knows it,
    /// or there has been none since.
    fn usage_before(&mut self, usage: Usage, at: Timestamp) -> Result<i64> {
        let (level, holder) = super::holder(self.access.org_id(), self.access.scope());
        let later = self.first(
            "select before from metric_usage where {scope} and level = $1 and holder = $2 \
             and kind = $3 and at > $4 order by at limit 1",
            args![level, holder.as_slice(), usage.name(), at],
            |row| row.get::<i64>(0),
        )?;
        if let Some(value) = later {
            return Ok(value);
        }
        let newest = self.first(
            "select value from metric_usage_now where {scope} and level = $1 and holder = $2 and kind = $3",
            args![level, holder.as_slice(), usage.name()],
            |row| row.get::<i64>(0),
        )?;
        Ok(newest.unwrap_or(0))
    }
}

/// A series of samples.
type Series = (i64, Vec<u8>, String);

impl Txn<'_> {
    /// Counts what was added to an inbox, or taken from it, and holds its row until the commit.
    ///
    /// # Errors
    /// `not_found` when the inbox is gone.
    pub(crate) fn count_held(
        &mut self,
        inbox: InboxKey,
        messages: i64,
        threads: i64,
        bytes: i64,
    ) -> Result<()> {
        let counted = self.exec(
            "update inbox set message_count = message_count + $2, thread_count = thread_count + $3, \
             storage_bytes = storage_bytes + $4 where {scope} and inbox_id = $1",
            args![inbox, messages, threads, bytes],
        )?;
        if counted == 0 {
            return Err(Error::not_found("Inbox"));
        }
        Ok(())
    }

    /// Samples what the organisation, its pods and its inboxes use, unless that was done after
    /// `since`. A series gets a row only where it has changed.
    ///
    /// # Errors
    /// When the store fails.
    pub fn sample_usage(&mut self, since: Timestamp) -> Result<()> {
        self.metric_cursor()?;
        let last = self.first(
            "select sampled_at from metric_cursor where {scope:org}",
            &[],
            |row| row.get::<Option<Timestamp>>(0),
        )?;
        if last.flatten().is_some_and(|last| last > since) {
            return Ok(());
        }
        let (org, now) = (self.access.org_id(), self.now);
        let mut known: HashMap<Series, i64> = HashMap::new();
        self.query(
            "select level, holder, kind, value from metric_usage_now where {scope:org}",
            &[],
            &mut |row| {
                known.insert((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?);
                Ok(())
            },
        )?;
        for ((place, usage), value) in self.usage_of_all(org)? {
            let series = (place.level, place.holder.to_vec(), usage.name().to_owned());
            let before = known.remove(&series).unwrap_or(0);
            if before != value {
                self.keep_sample(org, place, usage, before, value)?;
            }
        }
        // What is left belongs to inboxes and pods that are gone.
        for (level, holder, kind) in known.into_keys() {
            self.exec(
                "delete from metric_usage_now where {scope:org} and level = $1 and holder = $2 and kind = $3",
                args![level, holder, kind],
            )?;
        }
        self.exec(
            "update metric_cursor set sampled_at = $1 where {scope:org}",
            args![now],
        )?;
        Ok(())
    }

    fn keep_sample(
        &mut self,
        org: OrgId,
        place: Place,
        usage: Usage,
        before: i64,
        value: i64,
    ) -> Result<()> {
        let now = self.now;
        self.exec(
            "insert into metric_usage (org_id, pod_id, inbox_id, level, holder, kind, at, value, before) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing \
             -- unscoped: the row names its tenant",
            args![
                org,
                place.pod_id,
                place.inbox_id,
                place.level,
                place.holder.as_slice(),
                usage.name(),
                now,
                value,
                before,
            ],
        )?;
        self.exec(
            "insert into metric_usage_now (org_id, pod_id, inbox_id, level, holder, kind, at, value) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (org_id, level, holder, kind) \
             do update set at = excluded.at, value = excluded.value -- unscoped: the row names its tenant",
            args![
                org,
                place.pod_id,
                place.inbox_id,
                place.level,
                place.holder.as_slice(),
                usage.name(),
                now,
                value,
            ],
        )?;
        Ok(())
    }

    /// What each inbox, each pod and the organisation use now.
    fn usage_of_all(&mut self, org: OrgId) -> Result<BTreeMap<(Place, Usage), i64>> {
        let whole = Place {
            level: 0,
            holder: *org.as_bytes(),
            pod_id: None,
            inbox_id: None,
        };
        let of_pod = |pod: PodId| Place {
            level: 1,
            holder: *pod.as_bytes(),
            pod_id: Some(pod),
            inbox_id: None,
        };
        let mut sums: BTreeMap<(Place, Usage), i64> = BTreeMap::new();
        let mut add = |place: Place, usage: Usage, value: i64| {
            *sums.entry((place, usage)).or_default() += value;
        };
        self.query(
            "select pod_id, inbox_id, storage_bytes, message_count, thread_count from inbox where {scope:org}",
            &[],
            &mut |row| {
                let (pod, inbox): (PodId, InboxKey) = (row.get(0)?, row.get(1)?);
                let own = Place {
                    level: 2,
                    holder: *inbox.as_bytes(),
                    pod_id: Some(pod),
                    inbox_id: Some(inbox),
                };
                for (index, usage) in [
                    (2, Usage::StorageBytes),
                    (3, Usage::MessageCount),
                    (4, Usage::ThreadCount),
                ] {
                    for place in [whole, of_pod(pod), own] {
                        add(place, usage, row.get(index)?);
                    }
                }
                for place in [whole, of_pod(pod)] {
                    add(place, Usage::InboxCount, 1);
                }
                Ok(())
            },
        )?;
        self.query(
            "select pod_id, count(*) from domain where {scope:org} group by pod_id",
            &[],
            &mut |row| {
                let count = row.get(1)?;
                add(whole, Usage::DomainCount, count);
                if let Some(pod) = row.get::<Option<PodId>>(0)? {
                    add(of_pod(pod), Usage::DomainCount, count);
                }
                Ok(())
            },
        )?;
        self.query(
            "select pod_id from pod where {scope:org}",
            &[],
            &mut |row| {
                add(whole, Usage::PodCount, 1);
                // What an emptied pod no longer has is nothing, rather than unknown.
                let pod = of_pod(row.get(0)?);
                for usage in Usage::ALL.into_iter().filter(|one| *one != Usage::PodCount) {
                    add(pod, usage, 0);
                }
                Ok(())
            },
        )?;
        for usage in Usage::ALL {
            add(whole, usage, 0);
        }
        Ok(sums)
    }
}

/// The organisations whose usage was not sampled after `since`.
pub(crate) fn unsampled(conn: &mut dyn Conn, since: Timestamp) -> Result<Vec<OrgId>> {
    let sql = conn.dialect().plain(
        "select o.org_id from org o left join metric_cursor c on c.org_id = o.org_id \
         where c.sampled_at is null or c.sampled_at <= $1 \
         -- unscoped: the sampling serves every organisation",
    );
    let mut orgs = Vec::new();
    conn.query(&sql, args![since], &mut |row| {
        orgs.push(row.get(0)?);
        Ok(())
    })?;
    Ok(orgs)
}
