//! Takes due entries out of the store and gives each to its destination.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mail::Timestamp;
use model::Result;
use store::Departure;
use sys::{Shutdown, Tasks};
use uuid::Uuid;

use super::board::{Offer, QUEUE};
use super::target::{self, Known, Target};
use super::verdict::Ending;
use super::{Entry, WINDOW, carrier, lock, settle};
use crate::{App, jobs};

/// Entries of one claim.
const BATCH: usize = 256;

/// With less room than this it is not worth a claim.
const LEAST: usize = 32;

/// How long this process owns an entry, unless it goes on owning it.
const LEASE: Duration = Duration::from_secs(180);

/// How often leases are renewed.
const RENEWAL: Duration = Duration::from_secs(60);

/// Another process may add an entry without our noticing, and a lane may be held by one that died.
const POLL: Duration = Duration::from_secs(1);

/// Entries of a held lane that are taken to find out where they go.
const PROBE: usize = 32;

/// Held lanes that are looked at in one go.
const LANES: usize = 32;

/// Entries that are let go in one go when nothing stops them any more.
const LET_GO: i64 = 500;

/// Slices of a lane that are held in one go, before others get their turn.
const SLICES: usize = 20;

/// Brings mail to its destinations until the shutdown is requested; then waits for what is being
/// brought and gives the rest back.
pub(crate) async fn run(app: App, mut shutdown: Shutdown) {
    settle::start(&app);
    let mut queue = Queue {
        renewed: app.now(),
        swept: app.now(),
        lane: String::new(),
        app: app.clone(),
    };
    while !shutdown.is_requested() {
        let more = match queue.round().await {
            Ok(more) => more,
            Err(error) => {
                tracing::error!(error = ?error, "the queue cannot be read");
                false
            }
        };
        start_carriers(&app);
        if !more {
            tokio::select! {
                () = shutdown.requested() => {}
                () = queue.something() => {}
            }
        }
    }
    app.0.departures.board().clear();
    lock(&app.0.departures.asking).clear();
    ended(&app, &mut shutdown).await;
    let token = app.0.departures.token;
    if let Err(error) = app.store().release_departures(token).await {
        // Their leases end by themselves.
        tracing::warn!(error = ?error, "entries of the queue could not be given back");
    }
}

/// Completes when the server stops and no entry is in memory any more.
pub(super) async fn ended(app: &App, shutdown: &mut Shutdown) {
    shutdown.requested().await;
    let all = u32::try_from(WINDOW).unwrap_or(u32::MAX);
    let _ = app.0.departures.seats.acquire_many(all).await;
}

/// Starts the carriers that destinations need.
pub(super) fn start_carriers(app: &App) {
    let wanted = app.0.departures.board().wanted();
    let tasks: &Tasks = &app.0.tasks;
    for name in wanted {
        tasks.spawn(carrier::run(app.clone(), name));
    }
}

struct Queue {
    app: App,
    renewed: Timestamp,
    swept: Timestamp,
    /// The held lane that was looked at last.
    lane: String,
}

impl Queue {
    /// Takes what there is room for. Whether there may be more.
    async fn round(&mut self) -> Result<bool> {
        let now = self.app.now();
        let departures = &self.app.0.departures;
        if now.since(self.renewed) >= RENEWAL {
            self.renewed = now;
            let renewing = self.app.store().renew_departures(departures.token, LEASE);
            renewing.await?;
        }
        let room = departures.seats.available_permits().min(BATCH);
        let mut more = false;
        if room >= LEAST {
            let claiming = self
                .app
                .store()
                .claim_departures(departures.token, LEASE, room);
            let claimed = claiming.await?;
            more = claimed.len() == room;
            self.place(claimed, false).await?;
        }
        departures
            .starved
            .store(more || room < LEAST, Ordering::Relaxed);
        // Destinations that have taken most of what they had get more of what is held for them.
        let hungry = departures.board().hungry();
        if let Some(lane) = hungry {
            more |= self.take_held(lane, QUEUE / 2).await?;
        }
        if now.since(self.swept) >= POLL {
            self.swept = now;
            self.sweep().await?;
        }
        Ok(more)
    }

    /// Looks at more held lanes: they may be held by a process that is gone.
    async fn sweep(&mut self) -> Result<()> {
        let let_go = self.app.store().sweep_halts(LET_GO).await?;
        if let_go > 0 {
            tracing::info!(entries = let_go, "departures go on");
        }
        for _ in 0..LANES {
            let next = self
                .app
                .store()
                .next_held_lane(std::mem::take(&mut self.lane));
            let Some(lane) = next.await? else {
                return Ok(());
            };
            self.lane.clone_from(&lane);
            if !self.app.0.departures.board().is_held(&lane) {
                self.take_held(lane, PROBE).await?;
            }
        }
        Ok(())
    }

    /// Takes held entries of a lane. Whether there were as many as asked for.
    async fn take_held(&self, lane: String, limit: usize) -> Result<bool> {
        let departures = &self.app.0.departures;
        let room = departures.seats.available_permits().min(limit);
        if room == 0 {
            return Ok(false);
        }
        let claiming = self
            .app
            .store()
            .claim_held(lane.clone(), departures.token, LEASE, room);
        let claimed = claiming.await?;
        let full = claimed.len() == room;
        if !full {
            departures.board().emptied(&lane);
        }
        self.place(claimed, full).await?;
        Ok(full)
    }

    /// Gives each entry to its destination. `more` says that the store holds more of their lane, which
    /// a server that has just started does not know.
    async fn place(&self, claimed: Vec<Departure>, more: bool) -> Result<()> {
        let mut local: HashMap<String, bool> = HashMap::new();
        let mut full: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
        for departure in claimed {
            let entry = match self.app.0.departures.seat(departure.job) {
                // It is being brought already.
                None => continue,
                Some(Ok(entry)) => entry,
                Some(Err(unreadable)) => {
                    let (job, error) = *unreadable;
                    jobs::failed(&self.app, &job, &error).await;
                    continue;
                }
            };
            let is_local = match local.get(&entry.domain) {
                Some(known) => *known,
                None => {
                    let asking = self.app.store().is_local_domain(entry.domain.clone());
                    let found = asking.await?;
                    local.insert(entry.domain.clone(), found);
                    found
                }
            };
            match target::known(&self.app, &entry, is_local) {
                Known::Target(target) => {
                    if more {
                        let mut board = self.app.0.departures.board();
                        board.more(&target, &entry.domain);
                    }
                    offer(&self.app, target, entry, &mut full).await;
                }
                Known::Ask => ask(&self.app, entry),
            }
        }
        hold(&self.app, full).await
    }

    /// Completes when there may be something to do.
    async fn something(&self) {
        let departures = &self.app.0.departures;
        let now = self.app.now();
        let poll = now.plus(POLL);
        let crowded = departures.seats.available_permits() < LEAST;
        let due = match self.app.store().next_departure_due().await {
            Ok(due) if !crowded => due,
            _ => None,
        };
        let wake = due.map_or(poll, |due| due.min(poll));
        tokio::select! {
            () = self.app.store().departure_added(), if !crowded => {}
            () = departures.changed.notified() => {}
            () = self.app.env().clock.sleep_until(wake) => {}
        }
    }
}

/// Gives an entry to its destination. One that has enough to do leaves it to `full`, by lane.
async fn offer(
    app: &App,
    target: Arc<Target>,
    entry: Entry,
    full: &mut BTreeMap<String, Vec<Uuid>>,
) {
    let (lane, now) = (entry.domain.clone(), app.now());
    let offered = app.0.departures.board().offer(target, &lane, entry, now);
    match offered {
        Offer::Queued => {}
        Offer::Full(entry) => full.entry(lane).or_default().push(entry.job.job_id),
        Offer::Resting(entry, until, words) => settle::put_off(app, entry, until, &words).await,
    }
}

/// Holds in the store what destinations have no time for.
async fn hold(app: &App, full: BTreeMap<String, Vec<Uuid>>) -> Result<()> {
    let token = app.0.departures.token;
    for (lane, mut claimed) in full {
        for _ in 0..SLICES {
            let claimed = std::mem::take(&mut claimed);
            let holding = app.store().hold_departures(lane.clone(), token, claimed);
            if !holding.await? {
                break;
            }
        }
    }
    Ok(())
}

/// Has the DNS asked about an entry's domain, once for all entries that wait for it.
fn ask(app: &App, entry: Entry) {
    let domain = entry.domain.clone();
    let first = {
        let mut asking = lock(&app.0.departures.asking);
        let waiting = asking.entry(domain.clone()).or_default();
        waiting.push(entry);
        waiting.len() == 1
    };
    if first {
        app.0.tasks.spawn(asked(app.clone(), domain));
    }
}

async fn asked(app: App, domain: String) {
    let mut shutdown = app.0.tasks.shutdown();
    let found: Result<Arc<Target>, Ending> = tokio::select! {
        found = Box::pin(target::ask(&app, &domain)) => found,
        () = shutdown.requested() => return,
    };
    let waiting = lock(&app.0.departures.asking).remove(&domain);
    let mut full = BTreeMap::new();
    for entry in waiting.unwrap_or_default() {
        match &found {
            Ok(target) => offer(&app, Arc::clone(target), entry, &mut full).await,
            Err(ending) => settle::end_untried(&app, entry, ending, None).await,
        }
    }
    if let Err(error) = hold(&app, full).await {
        // Their leases end, and they are taken again.
        tracing::error!(domain, error = ?error, "entries of the queue cannot be held");
    }
    start_carriers(&app);
}
