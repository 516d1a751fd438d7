//! The store as a whole: opening it, and handing transactions to its threads.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mail::Timestamp;
use model::message::Content;
use model::org::Org;
use model::{Error, MessageKey, OrgId, Result};
use object_store::local::LocalFileSystem;
use sys::Env;
use tokio::sync::oneshot::error::RecvError;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use crate::access::{Grant, Reason};
use crate::backup::SweepLock;
use crate::blobs::{self, BlobId, Objects, Place, Placed, Stored};
use crate::codec::Codec;
use crate::db::Conn;
use crate::engine::{Job, Postgres, Running, Sqlite};
use crate::events::{EventTail, Hub, Wake};
use crate::inboxes::{self, Addressed, Route};
use crate::jobs::{self, ClaimedJob, Lane};
use crate::messages::{Body, Position};
use crate::search::SegmentCache;
use crate::txn::Txn;
use crate::view::View;
use crate::{agents, domains, idempotency, migrate, orgs, search, webhooks};

/// Which database holds the data.
#[derive(Clone)]
pub enum Engine {
    /// SQLite in this folder; one process at a time.
    Sqlite {
        /// The data folder, which exists.
        folder: PathBuf,
    },
    /// A PostgreSQL server; any number of processes.
    Postgres {
        /// `postgres://user:password@host/database`
        url: String,
    },
}

/// The store could not be opened. The text is one line for the operator; it never holds the
/// database's URL, which has a password in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder.
    #[error(
        "another mailroost is using {}; stop it, or give this one its own folder with --data", .0.display()
    )]
    InUse(PathBuf),
    /// A file or folder cannot be used.
    #[error("{} cannot be used: {source}; choose a writable folder with --data", .path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database refused.
    #[error("the database cannot be used: {0}")]
    Database(String),
}

/// All data at rest. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    running: Running,
    hub: Hub,
    codec: Codec,
    segments: SegmentCache,
    objects: Objects,
    blobs_folder: PathBuf,
    env: Env,
    /// Holds the folder for this process as long as the store is open.
    _lock: Option<File>,
}

impl Store {
    /// Opens the store and brings it to the newest shape. Blocks the calling thread while it does.
    ///
    /// # Errors
    /// [`OpenError`] with one line for the operator.
    pub fn open(engine: &Engine, blobs_folder: &Path, env: Env) -> Result<Self, OpenError> {
        let (running, lock) = match engine {
            Engine::Sqlite { folder } => {
                let lock = lock_folder(folder)?;
                let file = folder.join("mailroost.db");
                (
                    Sqlite::open(&file, prepare_alone).map(Running::Sqlite),
                    Some(lock),
                )
            }
            Engine::Postgres { url } => (
                Postgres::open(url, migrate::run).map(Running::Postgres),
                None,
            ),
        };
        Self::with(running, lock, blobs_folder, env)
    }

    /// Opens the store to look at it beside the server that has it open; nothing is changed, and
    /// with SQLite nothing can be. Blocks the calling thread while it does.
    ///
    /// # Errors
    /// [`OpenError`] with one line for the operator, also when the data is of another version.
    pub fn look(engine: &Engine, blobs_folder: &Path, env: Env) -> Result<Self, OpenError> {
        let running = match engine {
            Engine::Sqlite { folder } => {
                let file = folder.join("mailroost.db");
                Sqlite::look(&file, migrate::check).map(Running::Sqlite)
            }
            Engine::Postgres { url } => Postgres::open(url, migrate::check).map(Running::Postgres),
        };
        Self::with(running, None, blobs_folder, env)
    }

    fn with(
        running: Result<Running>,
        lock: Option<File>,
        blobs_folder: &Path,
        env: Env,
    ) -> Result<Self, OpenError> {
        let running = running.map_err(|error| OpenError::Database(chain(&error)))?;
        let unusable = |source| OpenError::Folder {
            path: blobs_folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(blobs_folder).map_err(unusable)?;
        let objects = LocalFileSystem::new_with_prefix(blobs_folder)
            .map_err(|error| unusable(io::Error::other(error)))?
            // Without this an acknowledged mail can be lost with the power.
            .with_fsync(true);
        let (hub, codec) = (Hub::default(), Codec::default());
        let objects = Objects(Box::new(objects));
        Ok(Self(Arc::new(Inner {
            running,
            hub,
            codec,
            segments: SegmentCache::default(),
            objects,
            blobs_folder: blobs_folder.to_owned(),
            env,
            _lock: lock,
        })))
    }

    /// Finishes what was handed in and ends the threads; while clones are left, they go on. Call it
    /// last. Blocks the calling thread.
    ///
    /// Whether the database is complete: on SQLite, `mailroost.db` without `mailroost.db-wal`.
    /// Another process that reads it for long keeps it from that.
    pub fn close(self) -> bool {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.running.close(),
            Err(shared) => shared.running.fold(),
        }
    }

    /// Runs `work` on a read-only snapshot of what `grant` reaches.
    ///
    /// # Errors
    /// Those of `work`, or `service_unavailable`.
    pub async fn read<P, T, F>(&self, grant: &Grant<P>, mut work: F) -> Result<T>
    where
        F: FnMut(&mut View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (access, now) = (grant.access().clone(), self.now());
        let (codec, segments) = (self.0.codec.clone(), self.0.segments.clone());
        let job = move |conn: &mut dyn Conn| {
            let mut view = View {
                conn,
                access: &access,
                codec: &codec,
                segments: &segments,
                now,
            };
            Ok((work(&mut view)?, Wake::default()))
        };
        self.run(job, Running::read).await
    }

    /// Runs `work` as one transaction on what `grant` reaches. `Ok` means that it is committed and
    /// synced; after an error or a panic nothing of it remains. The closure may be run again.
    ///
    /// # Errors
    /// Those of `work`, or `service_unavailable`.
    pub async fn write<P, T, F>(&self, grant: &Grant<P>, work: F) -> Result<T>
    where
        F: FnMut(&mut Txn<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        answer(self.hand_in_write(grant, work).await)
    }

    /// The organisation that was made first, if there is one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn first_org(&self) -> Result<Option<OrgId>> {
        self.run(
            |conn| Ok((orgs::first_org(conn)?, Wake::default())),
            Running::read,
        )
        .await
    }

    /// The organisation that an agent made for this human, by the folded address.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization_of_human(&self, human: String) -> Result<Option<OrgId>> {
        self.run(
            move |conn| Ok((agents::of_human(conn, &human)?, Wake::default())),
            Running::read,
        )
        .await
    }

    /// A slice of all organisations of this server, in the order in which they were made, beginning
    /// after `from`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organizations(&self, from: Option<Position>, limit: usize) -> Result<Vec<Org>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.run(
            move |conn| Ok((orgs::list(conn, from, limit)?, Wake::default())),
            Running::read,
        )
        .await
    }

    /// Where mail for these addresses goes, in their order; the answer may be a second old.
    /// Addresses are in the form of `mail::Address::key`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn routes(&self, addresses: Vec<String>) -> Result<Vec<Option<Route>>> {
        let found = self.addressed(addresses).await?.into_iter();
        Ok(found
            .map(|found| found.filter(|one| one.receives).map(|one| one.route))
            .collect())
    }

    pub(crate) async fn addressed(&self, addresses: Vec<String>) -> Result<Vec<Option<Addressed>>> {
        let (remembered, now) = (self.0.hub.routes().clone(), self.now());
        if let Some(routes) = remembered.all(&addresses, now) {
            return Ok(routes);
        }
        let find = move |conn: &mut dyn Conn| {
            let found = inboxes::addressed(conn, &addresses)?;
            remembered.learn(&addresses, &found, now);
            Ok((found, Wake::default()))
        };
        self.run(find, Running::read).await
    }

    /// Whether mail for any address of `domain` is this server's business.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_local_domain(&self, domain: String) -> Result<bool> {
        let find =
            move |conn: &mut dyn Conn| Ok((domains::is_ours(conn, &domain)?, Wake::default()));
        self.run(find, Running::read).await
    }

    /// Puts raw mail where a transaction can link it: small mail goes with the transaction, large
    /// mail is synced to the object store first.
    ///
    /// # Errors
    /// `service_unavailable` when it cannot be stored now.
    pub async fn place<P>(&self, grant: &Grant<P>, raw: &[u8]) -> Result<Placed> {
        let blob_id = BlobId::of(raw);
        let size = i64::try_from(raw.len()).map_err(Error::internal)?;
        let packed = self.0.codec.pack(raw);
        if Placed::fits_row(&packed) {
            return Ok(Placed {
                blob_id,
                size,
                at: Place::Row(packed),
            });
        }
        let object = self.0.env.ids.ordered(self.now());
        self.write(grant, move |txn| txn.hold(object)).await?;
        let codec = packed.codec;
        self.0
            .objects
            .put(grant.access().org_id(), object, packed.bytes)
            .await?;
        Ok(Placed {
            blob_id,
            size,
            at: Place::Object { codec, object },
        })
    }

    /// The raw bytes of a message.
    ///
    /// # Errors
    /// `not_found` when the message is not within reach.
    pub async fn raw<P>(&self, grant: &Grant<P>, key: MessageKey) -> Result<Bytes> {
        let stored = self.read(grant, move |view| view.raw_of(key)).await?;
        self.fetch(grant, stored).await
    }

    /// The bytes that a job of this organisation holds, whatever became of the message.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn raw_of_blob<P>(&self, grant: &Grant<P>, blob_id: BlobId) -> Result<Bytes> {
        let stored = self
            .read(grant, move |view| view.stored(blob_id.as_bytes()))
            .await?;
        let stored = stored.ok_or_else(|| Error::internal("held bytes are gone"))?;
        self.fetch(grant, stored).await
    }

    async fn fetch<P>(&self, grant: &Grant<P>, stored: Stored) -> Result<Bytes> {
        match stored {
            Stored::Row(bytes) => Ok(bytes),
            Stored::Object {
                codec,
                object,
                size,
            } => {
                let packed = self.0.objects.get(grant.access().org_id(), object).await?;
                Ok(self.0.codec.unpack(codec, &packed, size)?.into())
            }
        }
    }

    /// Packs the readable part of a message, which is work better done before the transaction.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn pack(&self, content: &Content) -> Result<Body> {
        Body::pack(&self.0.codec, content)
    }

    /// Packs both the readable part of a message and the end of the event about it, which hold the
    /// same texts: those are packed once. `texts` are the bodies of `content` as JSON members, each
    /// after a comma; the event's payload ends with them and `rest`.
    ///
    /// # Errors
    /// When it is larger than an event may be.
    pub fn pack_twice(
        &self,
        content: &Content,
        texts: &str,
        rest: &str,
    ) -> Result<(Body, EventTail)> {
        let codec = &self.0.codec;
        let texts = codec.pack(texts.as_bytes());
        let body = Body::join(codec, content, &texts)?;
        Ok((body, EventTail::join(codec, &texts, rest)?))
    }

    /// Packs the large end of an event's payload, likewise before the transaction.
    ///
    /// # Errors
    /// When it is larger than an event may be.
    pub fn pack_tail(&self, text: &str) -> Result<EventTail> {
        EventTail::pack(&self.0.codec, text)
    }

    /// Takes up to `limit` due jobs for `lease`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim_jobs(
        &self,
        lane: Lane,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<ClaimedJob>> {
        let (now, token) = (self.now(), self.0.env.ids.random());
        let claim = move |conn: &mut dyn Conn| {
            Ok((
                jobs::claim(conn, lane, now, lease, token, limit)?,
                Wake::default(),
            ))
        };
        self.run(claim, Running::write).await
    }

    /// When the next job is due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_job_due(&self, lane: Lane) -> Result<Option<Timestamp>> {
        self.run(
            move |conn| Ok((jobs::next_due(conn, lane)?, Wake::default())),
            Running::read,
        )
        .await
    }

    /// Completes when this process has added a job since the last call.
    pub async fn job_added(&self, lane: Lane) {
        self.0.hub.job_added(lane).await;
    }

    /// Completes when this process has added a departure, or put one off, since the last call.
    pub async fn departure_added(&self) {
        self.0.hub.departure_added().await;
    }

    /// The organisations whose log this process has written to since the last call; waits until
    /// there is one. Only one caller hears of each. Organisations that were found without webhooks
    /// are left out until this process makes one for them.
    pub async fn logs_grown(&self) -> BTreeSet<OrgId> {
        self.0.hub.logs_grown().await
    }

    /// Whether the log of an organisation with webhooks goes on after what was looked at.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hooks_are_behind<P>(&self, grant: &Grant<P>) -> Result<bool> {
        let made = self.0.hub.hooks_made();
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method alone is not general enough over the lifetime of the view"
        )]
        let read = self.read(grant, |view| view.hooks_are_behind());
        let (org_id, behind) = (grant.access().org_id(), read.await?);
        self.0.hub.note_hooks(org_id, made, behind.is_some());
        Ok(behind.unwrap_or(false))
    }

    /// Up to `limit` organisations whose log goes on after what was looked at for their webhooks.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hooks_behind(&self, limit: i64) -> Result<Vec<OrgId>> {
        let find = move |conn: &mut dyn Conn| Ok((webhooks::behind(conn, limit)?, Wake::default()));
        self.run(find, Running::read).await
    }

    /// Completes when this process has filed a message since the last call that is to be indexed.
    pub async fn unindexed(&self) {
        self.0.hub.unindexed().await;
    }

    /// How many transactions of this process have filed messages that are to be indexed.
    #[must_use]
    pub fn filed(&self) -> u64 {
        self.0.hub.filed()
    }

    /// The next organisation after `after` that has messages to be indexed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_unindexed(&self, after: Option<OrgId>) -> Result<Option<OrgId>> {
        let find = move |conn: &mut dyn Conn| {
            let found = search::next_unindexed(conn, after)?;
            Ok((found, Wake::default()))
        };
        self.run(find, Running::read).await
    }

    /// The next organisation after `after`, in no order that means anything.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_org(&self, after: Option<OrgId>) -> Result<Option<OrgId>> {
        let find = move |conn: &mut dyn Conn| {
            let found = search::next_org(conn, after)?;
            Ok((found, Wake::default()))
        };
        self.run(find, Running::read).await
    }

    /// Changes whenever this process writes to the log of `org_id`.
    #[must_use]
    pub fn log_growth(&self, org_id: OrgId) -> watch::Receiver<i64> {
        self.0.hub.log(org_id)
    }

    /// Removes up to `limit` objects that no message refers to; how many were looked at. None while a
    /// backup is being made, which may have to copy them.
    ///
    /// # Errors
    /// `service_unavailable` when the object store fails; what was removed stays removed.
    pub async fn sweep_objects(&self, limit: i64) -> Result<usize> {
        let lock = SweepLock::sweep(&self.0.blobs_folder);
        let Some(_lock) = lock.map_err(Error::internal)? else {
            return Ok(0);
        };
        let now = self.now();
        let find =
            move |conn: &mut dyn Conn| Ok((blobs::ended_holds(conn, now, limit)?, Wake::default()));
        let ended: Vec<(OrgId, Uuid)> = self.run(find, Running::read).await?;
        for (org_id, object) in &ended {
            let access = self.system(*org_id, Reason::Purge);
            let grant = access.grant::<model::perm::Authenticated>()?;
            let object = *object;
            if self.write(&grant, move |txn| txn.give_up(object)).await? {
                self.0.objects.delete(*org_id, object).await?;
            }
            self.write(&grant, move |txn| txn.release(object)).await?;
        }
        Ok(ended.len())
    }

    /// Forgets up to `limit` remembered answers whose time is over; how many there were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_answers(&self, limit: i64) -> Result<u64> {
        let now = self.now();
        let forget = move |conn: &mut dyn Conn| {
            Ok((idempotency::forget(conn, now, limit)?, Wake::default()))
        };
        self.run(forget, Running::write).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.env.clock.now()
    }

    pub(crate) fn hand_in_write<P, T, F>(
        &self,
        grant: &Grant<P>,
        mut work: F,
    ) -> oneshot::Receiver<Result<T>>
    where
        F: FnMut(&mut Txn<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (access, now) = (grant.access().clone(), self.now());
        let (codec, segments) = (self.0.codec.clone(), self.0.segments.clone());
        let job = move |conn: &mut dyn Conn| {
            let mut txn = Txn::new(View {
                conn,
                access: &access,
                codec: &codec,
                segments: &segments,
                now,
            });
            let value = work(&mut txn)?;
            Ok((value, txn.close()?))
        };
        let (task, outcome) = Job::task(job, self.0.hub.clone());
        self.0.running.write(task);
        outcome
    }

    pub(crate) async fn run<T, F>(
        &self,
        job: F,
        hand_in: fn(&Running, Box<dyn crate::engine::Task>),
    ) -> Result<T>
    where
        F: FnMut(&mut dyn Conn) -> Result<(T, Wake)> + Send + 'static,
        T: Send + 'static,
    {
        let (task, outcome) = Job::task(job, self.0.hub.clone());
        hand_in(&self.0.running, task);
        answer(outcome.await)
    }
}

/// A task that is dropped unanswered was cut off by the end of the server.
fn answer<T>(outcome: Result<Result<T>, RecvError>) -> Result<T> {
    outcome.unwrap_or_else(|_| Err(Error::unavailable("The server is stopping")))
}

/// What a database of this process alone needs before the first transaction.
fn prepare_alone(conn: &mut dyn Conn) -> Result<()> {
    migrate::run(conn)?;
    jobs::end_leases(conn)
}

/// Takes the folder for this process; the operating system gives it back when the process ends,
/// however that happens.
pub(crate) fn lock_folder(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join("mailroost.lock");
    let unusable = |source| OpenError::Folder {
        path: folder.to_owned(),
        source,
    };
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// An error and its causes in one line, for the operator's eyes.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.detail().to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.replace('\n', " ")
}
