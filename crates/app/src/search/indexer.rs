//! Keeps the index of words up to date: in the background soon after mail is filed, and before a
//! search if more was filed than the search looks through by itself.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of a view does not take every lifetime, a closure does"
)]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Code, OrgId, Result, perm};
use store::{Grant, Merge, Reason, SegmentId, TAIL};
use sys::Shutdown;

use crate::App;

/// Messages indexed together: a few milliseconds of the thread that commits.
const BATCH: usize = 128;
/// Batches that a search waits for. The newest messages come first, so only old ones can be missing
/// from its answer, and only after the server was updated or while it takes in a flood.
const BEFORE_SEARCH: usize = 8;
/// How long mail is gathered, so that a stream of it makes few small segments.
const GATHER: Duration = Duration::from_millis(200);
/// Messages filed in that time that are a flood: they are received first, and indexed when it makes a
/// pause.
const FLOOD: u64 = 100;
/// How long a flood is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// Another process may have filed mail and died.
const POLL: Duration = Duration::from_secs(5);
/// How often every organisation is looked at.
const TIDY: Duration = Duration::from_secs(3_600);
/// Batches for one organisation before the others get their turn.
const TURN: usize = 16;
/// Inboxes that get their words in one transaction.
const INBOXES: usize = 50;

/// One line for each organisation: whoever is in it adds to the index. Nothing breaks if two
/// processes do it at once, but one of them works in vain.
#[derive(Default)]
pub(crate) struct Indexing {
    lines: Mutex<HashMap<OrgId, Arc<tokio::sync::Mutex<()>>>>,
    /// Those whose index grew since their segments were last merged, in the background or by a search.
    grown: Mutex<HashSet<OrgId>>,
    /// Somebody searches in what a flood has left.
    hurry: tokio::sync::Notify,
}

impl Indexing {
    fn line(&self, org: OrgId) -> Arc<tokio::sync::Mutex<()>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lines.entry(org).or_default())
    }

    fn grown(&self) -> MutexGuard<'_, HashSet<OrgId>> {
        self.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Indexes what is filed until the shutdown is requested. What is left then is in the store and
/// indexed by the next process.
pub(crate) async fn run(app: App, mut shutdown: Shutdown) {
    let mut tidy_at = app.now();
    while !shutdown.is_requested() {
        let is_more = app.index_all(&shutdown).await.unwrap_or_else(|error| {
            tracing::error!(error = ?error, "the search index cannot be kept up to date");
            false
        });
        if app.now() >= tidy_at {
            tidy_at = app.now().plus(TIDY);
            if let Err(error) = app.tidy_all(&shutdown).await {
                tracing::error!(error = ?error, "the search index cannot be tidied");
            }
        }
        if is_more {
            continue;
        }
        let clock = &app.env().clock;
        tokio::select! {
            () = shutdown.requested() => return,
            () = app.store().unindexed() => {}
            () = clock.sleep_until(app.now().plus(POLL)) => {}
        }
        app.gather(&mut shutdown).await;
    }
}

impl App {
    /// Waits for more, and for the end of a flood.
    async fn gather(&self, shutdown: &mut Shutdown) {
        let until = self.now().plus(PATIENCE);
        loop {
            let before = self.store().filed();
            tokio::select! {
                () = shutdown.requested() => return,
                () = self.0.indexing.hurry.notified() => return,
                () = self.env().clock.sleep_until(self.now().plus(GATHER)) => {}
            }
            let is_flood = self.store().filed().saturating_sub(before) >= FLOOD;
            if !is_flood || self.now() >= until {
                return;
            }
        }
    }

    /// Brings the index so far up to date that a search finds what was filed before it. A search goes
    /// on without it: it then misses some of the newest mail, which is better than no answer.
    pub(crate) async fn index_now(&self, org: OrgId) {
        if let Err(error) = self.try_index_now(org).await {
            tracing::warn!(error = ?error, "a search could not wait for the index");
        }
    }

    async fn try_index_now(&self, org: OrgId) -> Result<()> {
        let grant = self.indexing_grant(org)?;
        for _ in 0..BEFORE_SEARCH {
            let count = |view: &mut store::View<'_>| view.unindexed_count(TAIL + 1);
            let left = self.store().read(&grant, count).await?;
            if left <= TAIL || !self.index_batch(org, &grant).await? {
                return Ok(());
            }
        }
        self.0.indexing.hurry.notify_one();
        Ok(())
    }

    fn indexing_grant(&self, org: OrgId) -> Result<Grant<perm::Authenticated>> {
        self.store().system(org, Reason::Indexing).grant()
    }

    /// Gives every organisation with new mail a turn; whether there may be more.
    async fn index_all(&self, shutdown: &Shutdown) -> Result<bool> {
        let (mut after, mut is_more) = (None, false);
        while let Some(org) = self.store().next_unindexed(after).await? {
            match self.index_turn(org, shutdown).await {
                Ok(more) => is_more |= more,
                // The others must not wait for it.
                Err(error) => tracing::error!(
                    organization = %org, error = ?error, "the search index cannot be kept up to date"
                ),
            }
            if shutdown.is_requested() {
                break;
            }
            after = Some(org);
        }
        let grown = std::mem::take(&mut *self.0.indexing.grown());
        for org in grown {
            self.merge(&self.indexing_grant(org)?, shutdown).await?;
        }
        Ok(is_more)
    }

    async fn index_turn(&self, org: OrgId, shutdown: &Shutdown) -> Result<bool> {
        let grant = self.indexing_grant(org)?;
        for _ in 0..TURN {
            if shutdown.is_requested() || !self.index_batch(org, &grant).await? {
                return Ok(false);
            }
            self.merge(&grant, shutdown).await?;
        }
        Ok(true)
    }

    /// Indexes the newest messages that are not yet; whether there may be more.
    async fn index_batch(&self, org: OrgId, grant: &Grant<perm::Authenticated>) -> Result<bool> {
        let line = self.0.indexing.line(org);
        let _place = line.lock().await;
        let read = self.store().read(grant, |view| view.unindexed(BATCH));
        let Some(new) = read.await? else {
            return Ok(false);
        };
        let id = self.env().ids.ordered(self.now());
        let written = self
            .store()
            .write(grant, move |txn| txn.add_segment(id, &new));
        unless_raced(written.await)?;
        self.0.indexing.grown().insert(org);
        Ok(true)
    }

    /// Merges segments as long as there are too many, and removes what is left of them.
    async fn merge(&self, grant: &Grant<perm::Authenticated>, shutdown: &Shutdown) -> Result<()> {
        while !shutdown.is_requested() {
            let read = self.store().read(grant, |view| view.merge_segments());
            let Some(merge) = read.await? else { break };
            let id = self.env().ids.ordered(self.now());
            unless_raced(self.write_merge(grant, id, merge).await)?;
            self.sweep(grant, shutdown).await?;
        }
        Ok(())
    }

    async fn write_merge(
        &self,
        grant: &Grant<perm::Authenticated>,
        id: SegmentId,
        merge: Merge,
    ) -> Result<()> {
        let store = self.store();
        if merge.slices() <= 1 {
            return store
                .write(grant, move |txn| txn.merge_at_once(id, &merge))
                .await;
        }
        let begun = merge.clone();
        store
            .write(grant, move |txn| txn.begin_merge(id, &begun))
            .await?;
        for slice in 0..merge.slices() {
            let merge = merge.clone();
            store
                .write(grant, move |txn| txn.write_merge(id, &merge, slice))
                .await?;
        }
        store
            .write(grant, move |txn| txn.finish_merge(id, &merge))
            .await
    }

    async fn sweep(&self, grant: &Grant<perm::Authenticated>, shutdown: &Shutdown) -> Result<()> {
        while !shutdown.is_requested()
            && self
                .store()
                .write(grant, |txn| txn.sweep_segments())
                .await?
        {}
        Ok(())
    }

    async fn tidy_all(&self, shutdown: &Shutdown) -> Result<()> {
        let mut after = None;
        while let Some(org) = self.store().next_org(after).await? {
            let grant = self.indexing_grant(org)?;
            self.merge(&grant, shutdown).await?;
            self.sweep(&grant, shutdown).await?;
            self.index_inboxes(&grant, shutdown).await?;
            if shutdown.is_requested() {
                break;
            }
            after = Some(org);
        }
        Ok(())
    }

    /// Gives words to inboxes of a time when none were kept.
    async fn index_inboxes(
        &self,
        grant: &Grant<perm::Authenticated>,
        shutdown: &Shutdown,
    ) -> Result<()> {
        while !shutdown.is_requested() {
            let read = self
                .store()
                .read(grant, |view| view.inboxes_without_words(INBOXES));
            let keys = read.await?;
            if keys.is_empty() {
                break;
            }
            let written = self.store().write(grant, move |txn| {
                keys.iter().try_for_each(|key| txn.index_inbox(*key))
            });
            written.await?;
        }
        Ok(())
    }
}

/// Another process was faster: there is nothing left to do.
fn unless_raced(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.code() == Code::RaceCondition => Ok(()),
        outcome => outcome,
    }
}
