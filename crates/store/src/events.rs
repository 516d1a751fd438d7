//! The event log: appended by the commit step, gapless for each organisation, read by cursor.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{EventId, EventKind, Hidden, InboxKey, MessageKey, OrgId, PodId, Result};
use tokio::sync::{Notify, watch};

use crate::codec::{Codec, Packed};
use crate::db::{Value, args};
use crate::jobs::Lane;
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
    /// The message it happened to.
    pub message_key: Option<MessageKey>,
    /// Why a reader without special rights must not see it.
    pub hidden: Hidden,
    /// The members of the body after the envelope: `"thread":{…},"message":{…}`.
    pub payload: String,
    /// More of the payload, which goes on inside its last object and closes it.
    pub tail: Option<EventTail>,
    /// Random bits for the event's id.
    pub random: u128,
}

/// The large end of a payload, packed before the transaction: the thread that commits should not
/// spend its time on compression.
#[derive(Clone, Debug)]
pub struct EventTail(Packed);

impl EventTail {
    pub(crate) fn pack(codec: &Codec, text: &str) -> Result<Self> {
        Self::of(codec.pack(text.as_bytes()))
    }

    /// The end that begins with `texts`, which are packed already, and goes on with `rest`.
    pub(crate) fn join(codec: &Codec, texts: &Packed, rest: &str) -> Result<Self> {
        let rest = codec.pack(rest.as_bytes());
        Self::of(Packed::join(&[texts, &rest])?)
    }

    fn of(packed: Packed) -> Result<Self> {
        if packed.size > MAX_BODY {
            return Err(too_large());
        }
        Ok(Self(packed))
    }
}

fn too_large() -> model::Error {
    model::Error::internal("an event is too large to be read back")
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

/// Neither half of a body is ever larger; events leave out what would make it so.
pub(crate) const MAX_BODY: usize = 4 << 20;

impl Txn<'_> {
    /// The id that the next event to be emitted will have with these random bits. Keeps everybody
    /// else from adding events to the log until the commit, so only for what is rare.
    ///
    /// # Errors
    /// When the store fails.
    pub fn next_event_id(&mut self, random: u128) -> Result<EventId> {
        let last = self.first(
            "select event_seq from org where {scope:org} {lock}",
            &[],
            |row| row.get::<i64>(0),
        )?;
        let last = last.ok_or_else(|| model::Error::not_found("Organization"))?;
        let buffered = i64::try_from(self.events.len()).map_err(model::Error::internal)?;
        Ok(EventId::at(last + buffered + 1, random))
    }

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
        let now = self.now;
        let mut values: Vec<Value<'_>> = Vec::with_capacity(COLUMNS * events.len());
        for (seq, event) in (last - count + 1..).zip(events) {
            let event_id = EventId::at(seq, event.random);
            let mut head = format!(
                "{{\"type\":\"event\",\"event_type\":\"{}\",\"event_id\":\"{event_id}\",{}",
                event.kind.name(),
                event.payload,
            );
            let (codec, tail) = match event.tail {
                Some(tail) => (Some(tail.0.codec), Some(tail.0.bytes)),
                None => {
                    head.push('}');
                    (None, None)
                }
            };
            if head.len() > MAX_BODY {
                return Err(too_large());
            }
            values.extend([
                org_id.into(),
                event.pod_id.into(),
                event.inbox_key.into(),
                seq.into(),
                event_id.into(),
                event.kind.name().into(),
                event.hidden.into(),
                now.into(),
                head.into(),
                codec.into(),
                tail.into(),
                event.message_key.into(),
            ]);
        }
        // Mail that arrives is two events: itself, and what the screen says of it.
        for some in values.chunks(2 * COLUMNS) {
            self.put(insert(some.len() / COLUMNS), some)?;
        }
        Ok(Some((org_id, last)))
    }
}

/// Values of one event in [`insert`].
const COLUMNS: usize = 12;

/// The statement for one event or two.
const fn insert(events: usize) -> &'static str {
    if events == 1 {
        "insert into event (org_id, pod_id, inbox_id, seq, event_id, kind, hidden, at, head, codec, tail, \
         message_key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         -- unscoped: the row names its organisation"
    } else {
        "insert into event (org_id, pod_id, inbox_id, seq, event_id, kind, hidden, at, head, codec, tail, \
         message_key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12), \
         ($13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) \
         -- unscoped: the rows name their organisation"
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
            "select seq, event_id, kind, pod_id, inbox_id, hidden, head, codec, tail from event \
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
                let tail: Option<Vec<u8>> = row.get(8)?;
                packed.push((
                    entry,
                    row.get::<String>(6)?,
                    row.get::<Option<i64>>(7)?.zip(tail),
                ));
                Ok(())
            },
        )?;
        let full = i64::try_from(packed.len()).unwrap_or(limit) >= limit;
        let mut entries = Vec::with_capacity(packed.len());
        for (mut entry, mut body, tail) in packed {
            if let Some((codec_id, bytes)) = tail {
                let tail = codec.unpack(codec_id, &bytes, MAX_BODY)?;
                body.push_str(str::from_utf8(&tail).map_err(model::Error::internal)?);
                body.push('}');
            }
            entry.body = body.into();
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
    /// The queue of departures.
    pub(crate) departures: bool,
    /// An inbox is gone.
    pub(crate) routes: bool,
    /// Messages wait to be indexed.
    pub(crate) unindexed: bool,
    /// An organisation has a webhook that it did not have.
    pub(crate) hooks: Option<OrgId>,
}

/// Wakes readers after a commit. It carries no data: a lost wake-up costs one poll interval, never
/// an event.
#[derive(Clone, Default)]
pub(crate) struct Hub(Arc<HubState>);

#[derive(Default)]
struct HubState {
    logs: Mutex<HashMap<OrgId, watch::Sender<i64>>>,
    jobs: Notify,
    unindexed: Notify,
    filed: AtomicU64,
    posts: Notify,
    departures: Notify,
    grown: Mutex<Grown>,
    grew: Notify,
    routes: Routes,
}

/// Whose log was written to, for the one who looks at the logs for webhooks.
#[derive(Default)]
struct Grown {
    /// Organisations whose log has grown since somebody asked.
    logs: BTreeSet<OrgId>,
    /// Organisations without webhooks, whose logs nobody needs to look at.
    unhooked: HashSet<OrgId>,
    /// How often this process has made a webhook: what was read before the last time is not to be
    /// relied on.
    made: u64,
}

impl Hub {
    pub(crate) fn wake(&self, wake: &Wake) {
        if let Some((org_id, seq)) = wake.log {
            if let Some(log) = self.logs().get(&org_id) {
                log.send_if_modified(|end| {
                    let newer = seq > *end;
                    *end = seq.max(*end);
                    newer
                });
            }
            let mut grown = self.grown();
            if !grown.unhooked.contains(&org_id) && grown.logs.insert(org_id) {
                self.0.grew.notify_one();
            }
        }
        if let Some(org_id) = wake.hooks {
            let mut grown = self.grown();
            grown.made += 1;
            grown.unhooked.remove(&org_id);
            grown.logs.insert(org_id);
            self.0.grew.notify_one();
        }
        if wake.routes {
            self.0.routes.forget();
        }
        if wake.jobs {
            self.0.jobs.notify_one();
            self.0.posts.notify_one();
        }
        if wake.departures {
            self.0.departures.notify_one();
        }
        if wake.unindexed {
            self.0.filed.fetch_add(1, Ordering::Relaxed);
            self.0.unindexed.notify_one();
        }
    }

    /// Changes whenever the log of `org_id` grows.
    pub(crate) fn log(&self, org_id: OrgId) -> watch::Receiver<i64> {
        self.logs()
            .entry(org_id)
            .or_insert_with(|| watch::channel(0).0)
            .subscribe()
    }

    /// Completes when a job was added since the last call for this lane.
    pub(crate) async fn job_added(&self, lane: Lane) {
        match lane {
            Lane::Posts => self.0.posts.notified().await,
            Lane::Rest => self.0.jobs.notified().await,
        }
    }

    /// Completes when the queue of departures has changed since the last call.
    pub(crate) async fn departure_added(&self) {
        self.0.departures.notified().await;
    }

    /// The organisations whose log has grown since the last call; waits until there is one.
    pub(crate) async fn logs_grown(&self) -> BTreeSet<OrgId> {
        loop {
            let grown = std::mem::take(&mut self.grown().logs);
            if !grown.is_empty() {
                return grown;
            }
            self.0.grew.notified().await;
        }
    }

    /// How often this process has made a webhook.
    pub(crate) fn hooks_made(&self) -> u64 {
        self.grown().made
    }

    /// Takes note of whether an organisation had webhooks when `made` was how often some were made.
    pub(crate) fn note_hooks(&self, org_id: OrgId, made: u64, has_some: bool) {
        let mut grown = self.grown();
        if has_some {
            grown.unhooked.remove(&org_id);
        } else if grown.made == made {
            grown.unhooked.insert(org_id);
        }
    }

    fn grown(&self) -> MutexGuard<'_, Grown> {
        self.0.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes when a message was filed since the last call that is to be indexed.
    pub(crate) async fn unindexed(&self) {
        self.0.unindexed.notified().await;
    }

    /// How many transactions have filed messages that are to be indexed.
    pub(crate) fn filed(&self) -> u64 {
        self.0.filed.load(Ordering::Relaxed)
    }

    /// What is remembered of where mail goes.
    pub(crate) fn routes(&self) -> &Routes {
        &self.0.routes
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<OrgId, watch::Sender<i64>>> {
        self.0.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
