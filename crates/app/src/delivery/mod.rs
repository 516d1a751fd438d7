//! Mail on its way: from an entry of the queue to the words of the other server.
//!
//! ```text
//! queue     claims due entries and gives each to its destination
//! target      where an entry goes: here, the sandbox, a relay, the servers of the DNS (servers, mta_sts)
//! board       who waits for which destination; what rests because it is down   (pure)
//! carrier   one task for each connection: takes an entry, brings it, waits until that is written down
//! line        the connection, kept for the next message
//! dane        what TLSA records say of the server's certificate
//! verdict     what an answer means for a delivery                                (pure)
//! settle    outcome, attempt, label, event and the end of the job in one transaction
//! ```
//!
//! An entry is in memory only between its claim and its settling, and only so many are; a million
//! others wait in the store at no cost. The one unavoidable double send is described in
//! `docs/delivery.md`: the other server has accepted and we die before that is written down.

mod board;
mod carrier;
mod dane;
mod line;
mod local;
mod mta_sts;
mod queue;
mod reports;
mod schedule;
mod servers;
mod settings;
mod settle;
mod target;
mod verdict;

pub(crate) use self::queue::run;
pub use self::settings::{DaneMode, DeliverySettings, Patience, Relay, RelayTls, Way};

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mail::Timestamp;
use model::{Error, MessageKey, Result};
use smtp::client::{Client, Timeouts};
use store::{BlobId, ClaimedJob};
use sys::dial::{Dialer, Policy};
use sys::{Env, TlsClient};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use uuid::Uuid;

use self::board::{Board, BoardLimits};
use self::settle::Settlement;
use self::target::Target;
use crate::jobs::deliver_mail::DeliverMail;

/// Entries in memory at once.
const WINDOW: usize = 2048;

/// Settlements that wait for one settler. Whoever brings mail waits for its settlement anyway.
const SETTLING: usize = 256;

/// Tasks that write settlements down, each for inboxes of its own. PostgreSQL answers several at once.
const SETTLERS: usize = 4;

/// Everything that is known of mail on its way and is not in the store.
pub(crate) struct Departures {
    board: Mutex<Board<Target, Entry>>,
    /// Where the mail of a domain goes, and until when that is believed.
    targets: Mutex<HashMap<String, (Arc<Target>, Timestamp)>>,
    /// Entries whose domain is being looked up.
    asking: Mutex<HashMap<String, Vec<Entry>>>,
    /// Entries in memory, so that one is never in it twice: the leases of a machine that slept have
    /// ended without its noticing.
    known: Arc<Mutex<HashSet<Uuid>>>,
    seats: Arc<Semaphore>,
    /// There is room for more, or more carriers are allowed.
    changed: Arc<Notify>,
    /// The last claim was bounded by the room there was.
    starved: Arc<AtomicBool>,
    settling: Vec<mpsc::Sender<Settlement>>,
    /// Where the settlers take them from, until they have started.
    settlements: Mutex<Vec<mpsc::Receiver<Settlement>>>,
    dialer: Dialer,
    client: Client,
    /// The leases of this process.
    token: Uuid,
}

/// One entry of the queue: a message on its way to the recipients in one domain.
pub(crate) struct Entry {
    /// Its job.
    job: ClaimedJob,
    /// The message.
    key: MessageKey,
    /// Its bytes.
    blob: BlobId,
    /// The address of the sending inbox.
    from: String,
    /// The recipients' domain.
    domain: String,
    _seat: Seat,
}

/// A job of which no entry can be read, and why.
type Unreadable = Box<(ClaimedJob, Error)>;

/// A place in memory, given back when the entry is gone from it.
struct Seat {
    job_id: Uuid,
    known: Arc<Mutex<HashSet<Uuid>>>,
    changed: Arc<Notify>,
    starved: Arc<AtomicBool>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.known).remove(&self.job_id);
        self.permit = None;
        if self.starved.load(Ordering::Relaxed) {
            self.changed.notify_one();
        }
    }
}

impl Departures {
    /// Nothing on its way yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(
        settings: &DeliverySettings,
        hostname: &str,
        egress: &Policy,
        env: &Env,
    ) -> Result<Self> {
        let tls = TlsClient::with_roots(&settings.roots).map_err(Error::internal)?;
        let mut policy = egress.clone();
        // The operator named them, wherever they are.
        let relays = settings.relays.values();
        policy
            .allowed
            .extend(relays.filter_map(|relay| relay.host.parse().ok()));
        let resolver = Arc::new(mta_sts::ByDns(env.resolver.clone()));
        let clock = Arc::clone(&env.clock);
        let (settling, settlements) = (0..SETTLERS).map(|_| mpsc::channel(SETTLING)).unzip();
        Ok(Self {
            board: Mutex::new(Board::new(BoardLimits {
                connections: settings.connections,
                per_minute: settings.per_minute,
            })),
            targets: Mutex::default(),
            asking: Mutex::default(),
            known: Arc::default(),
            seats: Arc::new(Semaphore::new(WINDOW)),
            changed: Arc::default(),
            starved: Arc::default(),
            settling,
            settlements: Mutex::new(settlements),
            dialer: Dialer::over(policy, Arc::clone(&clock), resolver, &tls),
            client: Client {
                name: Arc::from(hostname),
                tls,
                clock,
                timeouts: Timeouts::default(),
            },
            token: env.ids.random(),
        })
    }

    fn board(&self) -> MutexGuard<'_, Board<Target, Entry>> {
        lock(&self.board)
    }

    /// Takes an entry into memory, unless it is there already.
    fn seat(&self, job: ClaimedJob) -> Option<Result<Entry, Unreadable>> {
        let permit = Arc::clone(&self.seats).try_acquire_owned().ok();
        if !lock(&self.known).insert(job.job_id) {
            return None;
        }
        let seat = Seat {
            job_id: job.job_id,
            known: Arc::clone(&self.known),
            changed: Arc::clone(&self.changed),
            starved: Arc::clone(&self.starved),
            permit,
        };
        Some(Entry::read(job, seat))
    }
}

impl Entry {
    fn read(job: ClaimedJob, seat: Seat) -> Result<Self, Unreadable> {
        let damaged = || Error::internal("the payload of a delivery is damaged");
        let read = |job: &ClaimedJob| {
            let mail: DeliverMail = serde_json::from_str(&job.payload).map_err(Error::internal)?;
            let key: MessageKey = mail.message.parse().map_err(Error::internal)?;
            let blob = BlobId::parse(&mail.raw).ok_or_else(damaged)?;
            Ok((key, blob, mail.from, mail.domain))
        };
        match read(&job) {
            Ok((key, blob, from, domain)) => Ok(Self {
                job,
                key,
                blob,
                from,
                domain,
                _seat: seat,
            }),
            Err(error) => Err(Box::new((job, error))),
        }
    }
}

fn lock<T>(one: &Mutex<T>) -> MutexGuard<'_, T> {
    one.lock().unwrap_or_else(PoisonError::into_inner)
}
