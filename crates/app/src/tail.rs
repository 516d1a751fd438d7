//! Live readers of the event log.
//!
//! One task for each organisation with listeners reads the log as it grows and hands each entry to
//! all of them; every listener filters with its own access. A listener that cannot keep up reads
//! the log itself from where it stood, so slowness delays events but never loses one. One that
//! begins in the past does the same until it has caught up.

mod listener;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{OrgId, Result, perm};
use store::{Grant, LogEntry, Reason};
use tokio::sync::broadcast;

pub use self::listener::{Event, Tail};

use crate::App;

/// Entries read from the log at once.
const SLICE: usize = 256;

/// Entries a listener may be behind before it has to read the log itself.
const BEHIND: usize = 1024;

/// Another process may have written to the log without our noticing.
const POLL: Duration = Duration::from_secs(1);

/// The organisations somebody listens to.
#[derive(Clone, Default)]
pub(crate) struct Tails(Arc<Mutex<HashMap<OrgId, broadcast::Sender<Arc<LogEntry>>>>>);

impl Tails {
    fn lock(&self) -> MutexGuard<'_, HashMap<OrgId, broadcast::Sender<Arc<LogEntry>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Joins the readers of an organisation's log, starting its task if nobody reads it yet.
    /// `begin` is a position of the log that was read before: what comes after it is heard.
    fn join(&self, org_id: OrgId, begin: i64) -> broadcast::Receiver<Arc<LogEntry>> {
        let mut tails = self.0.tails.lock();
        if let Some(sender) = tails.get(&org_id) {
            return sender.subscribe();
        }
        let (sender, receiver) = broadcast::channel(BEHIND);
        tails.insert(org_id, sender.clone());
        drop(tails);
        let app = self.clone();
        self.0
            .tasks
            .spawn(async move { app.follow(org_id, sender, begin).await });
        receiver
    }

    /// Reads the log of one organisation from `cursor` on for as long as somebody listens.
    async fn follow(
        &self,
        org_id: OrgId,
        sender: broadcast::Sender<Arc<LogEntry>>,
        mut cursor: i64,
    ) {
        let mut growth = self.store().log_growth(org_id);
        let mut shutdown = self.0.tasks.shutdown();
        loop {
            if let Err(error) = self.hand_out(org_id, &sender, &mut cursor).await {
                tracing::error!(error = ?error, "the event log cannot be read");
            }
            tokio::select! {
                () = shutdown.requested() => break,
                _ = growth.changed() => {}
                () = self.env().clock.sleep_until(self.now().plus(POLL)) => {
                    let mut tails = self.0.tails.lock();
                    if sender.receiver_count() == 0 {
                        tails.remove(&org_id);
                        break;
                    }
                }
            }
        }
        // At shutdown the listeners must see the channel end.
        self.0.tails.lock().remove(&org_id);
    }

    async fn hand_out(
        &self,
        org_id: OrgId,
        sender: &broadcast::Sender<Arc<LogEntry>>,
        cursor: &mut i64,
    ) -> Result<()> {
        let access = self.store().system(org_id, Reason::Operation);
        let grant: Grant<perm::MessageRead> = access.grant()?;
        loop {
            let from = *cursor;
            let read = self
                .store()
                .read(&grant, move |view| view.log_after(from, SLICE));
            let (entries, read_to) = read.await?;
            *cursor = read_to;
            let more = entries.len() == SLICE;
            for entry in entries {
                // Without a listener there is nobody to miss it.
                let _ = sender.send(Arc::new(entry));
            }
            if !more {
                return Ok(());
            }
        }
    }
}
