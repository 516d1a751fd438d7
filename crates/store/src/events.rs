//! The event log: appended by the commit step, gapless for each organisation, read by cursor.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{EventId, EventKind, Hidden, InboxKey, OrgId, PodId, Result};
use tokio::sync::{Notify, watch};

use crate::db::args;
use crate::routing::Routes;
use crate::txn::Txn;
use crate::view::View;

/// An event before it has a place in the log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// The pod it happened in.
    pub pod_id: Option<PodId>,
    /// The inbox it happened in.
    pub inbox_key: Option<InboxKey>,
    /// Why a reader without special rights must not see it.
    pub hidden: Hidden,
    /// The members of the body after the envelope: `"message":{…},"thread":{…}`.
    pub payload: String,
    /// Random bits for the event's id.
    pub random: u128,
}

/// An event as it stands in the log.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Its position.
    pub seq: i64,
    /// Its public id.
    pub event_id: EventId,
    /// What happened.
    pub kind: Option<EventKind>,
    /// The pod it happened in.
    pub pod_id: Option<PodId>,
    /// The inbox it happened in.
    pub inbox_key: Option<InboxKey>,
    /// Why a reader without special rights must not see it.
    pub hidden: Hidden,
    /// The exact JSON every reader gets.
    pub body: Arc<str>,
}

/// No body is ever larger once unpacked; events leave out what would make it so.
const MAX_BODY: usize = 4 << 20;

impl Txn<'_> {
    /// Numbers and writes the events. Taken last, the row of the organisation is held only for
    /// the commit itself, and the numbers become visible in their order.
    pub(crate) fn append(&mut self, events: Vec<NewEvent>) -> Result<Option<(OrgId, i64)>> {
        let Ok(count @ 1..) = i64::try_from(events.len()) else {
            return Ok(None);
        };
        let org_id = self.access.org_id();
        let last = self.first(
            "update org set event_seq = event_seq + $1 where {scope:org} returning event_seq",
            args![count],
            |row| row.get::<i64>(0),
        )?;
        let last = last.ok_or_else(|| model::Error::not_found("Organization"))?;
        for (seq, event) in (last - count + 1..).zip(events) {
            let event_id = EventId::at(seq, event.random);
            let body = format!(
                "{{\"type\":\"event\",\"event_type\":\"{}\",\"event_id\":\"{event_id}\",{}}}",
                event.kind.name(),
                event.payload,
            );
            if body.len() > MAX_BODY {
                return Err(model::Error::internal(
                    "an event is too large to be read back",
                ));
            }
            let packed = self.codec.pack(body.as_bytes());
            let now = self.now;
            self.exec(
                "insert into event (org_id, pod_id, inbox_id, seq, event_id, kind, hidden, at, codec, body) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) -- unscoped: the row names its organisation",
                args![
                    org_id, event.pod_id, event.inbox_key, seq, event_id, event.kind.name(),
                    event.hidden, now, packed.codec, &packed.bytes,
                ],
            )?;
        }
        Ok(Some((org_id, last)))
    }
}

impl View<'_> {
    /// The position of the newest event.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_end(&mut self) -> Result<i64> {
        let end = self.first("select event_seq from org where {scope:org}", &[], |row| {
            row.get(0)
        })?;
        Ok(end.unwrap_or(0))
    }

    /// The next events after `seq` that this access may see, at most `limit`, and the position up
    /// to which the log was read: a reader that goes on from there misses nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_after(&mut self, seq: i64, limit: usize) -> Result<(Vec<LogEntry>, i64)> {
        let codec = self.codec.clone();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).max(1);
        let mut packed = Vec::new();
        self.query(
            "select seq, event_id, kind, pod_id, inbox_id, hidden, codec, body from event \
             where {scope} and {seen} and seq > $1 order by seq limit $2",
            args![seq, limit],
            &mut |row| {
                let entry = LogEntry {
                    seq: row.get(0)?,
                    event_id: row.get(1)?,
                    kind: EventKind::parse(row.text(2)?),
                    pod_id: row.get(3)?,
                    inbox_key: row.get(4)?,
                    hidden: row.get(5)?,
                    body: Arc::from(""),
                };
                packed.push((entry, row.get::<i64>(6)?, row.get::<Vec<u8>>(7)?));
                Ok(())
            },
        )?;
        let full = i64::try_from(packed.len()).unwrap_or(limit) >= limit;
        let mut entries = Vec::with_capacity(packed.len());
        for (mut entry, codec_id, bytes) in packed {
            let body = codec.unpack(codec_id, &bytes, MAX_BODY)?;
            entry.body = String::from_utf8(body)
                .map_err(model::Error::internal)?
                .into();
            entries.push(entry);
        }
        let read_to = match entries.last() {
            Some(last) if full => last.seq,
            _ => self.log_end()?.max(seq),
        };
        Ok((entries, read_to))
    }
}

/// What a commit changed that somebody may be waiting for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wake {
    /// An organisation's log, and its new end.
    pub(crate) log: Option<(OrgId, i64)>,
    /// The job table.
    pub(crate) jobs: bool,
    /// An inbox is gone.
    pub(crate) routes: bool,
}

/// Wakes readers after a commit. It carries no data: a lost wake-up costs one poll interval, never
/// an event.
#[derive(Clone, Default)]
pub(crate) struct Hub(Arc<HubState>);

#[derive(Default)]
struct HubState {
    logs: Mutex<HashMap<OrgId, watch::Sender<i64>>>,
    jobs: Notify,
    routes: Routes,
}

impl Hub {
    pub(crate) fn wake(&self, wake: &Wake) {
        if let Some((org_id, seq)) = wake.log
            && let Some(log) = self.logs().get(&org_id)
        {
            log.send_if_modified(|end| {
                let newer = seq > *end;
                *end = seq.max(*end);
                newer
            });
        }
        if wake.routes {
            self.0.routes.forget();
        }
        if wake.jobs {
            self.0.jobs.notify_one();
        }
    }

    /// Changes whenever the log of `org_id` grows.
    pub(crate) fn log(&self, org_id: OrgId) -> watch::Receiver<i64> {
        self.logs()
            .entry(org_id)
            .or_insert_with(|| watch::channel(0).0)
            .subscribe()
    }

    /// Completes when a job was added since the last call.
    pub(crate) async fn job_added(&self) {
        self.0.jobs.notified().await;
    }

    /// What is remembered of where mail goes.
    pub(crate) fn routes(&self) -> &Routes {
        &self.0.routes
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<OrgId, watch::Sender<i64>>> {
        self.0.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
