//! Reads the log as it grows, for the webhooks of every organisation that has some.

use std::collections::BTreeSet;
use std::time::Duration;

use model::{OrgId, Result, perm};
use store::{Grant, Reason};
use sys::Shutdown;

use crate::App;
use crate::jobs::post_hook;

/// Events looked at in one transaction.
const SLICE: i64 = 200;

/// Deliveries opened in one transaction, but for those of the last event.
const MOST: usize = 500;

/// Another process may have written to a log without our noticing.
const POLL: Duration = Duration::from_secs(1);

/// Organisations that are looked at in one go.
const AT_ONCE: i64 = 100;

/// Opens deliveries until the shutdown is requested.
pub(crate) async fn run(app: App, mut shutdown: Shutdown) {
    let mut poll_at = app.now();
    let mut orgs = BTreeSet::new();
    while !shutdown.is_requested() {
        for org_id in std::mem::take(&mut orgs) {
            if let Err(error) = app.fan_out(org_id).await {
                // The log stays as it is: the next poll finds the organisation behind.
                tracing::error!(error = ?error, "events cannot be handed to webhooks");
            }
        }
        if app.now() >= poll_at {
            match app.store().hooks_behind(AT_ONCE).await {
                Ok(behind) => orgs.extend(behind),
                Err(error) => {
                    tracing::error!(error = ?error, "the webhooks' cursors cannot be read");
                }
            }
            poll_at = app.now().plus(POLL);
            continue;
        }
        tokio::select! {
            () = shutdown.requested() => {}
            grown = app.store().logs_grown() => orgs = grown,
            () = app.env().clock.sleep_until(poll_at) => {}
        }
    }
}

impl App {
    async fn fan_out(&self, org_id: OrgId) -> Result<()> {
        let access = self.store().system(org_id, Reason::Delivery);
        let grant: Grant<perm::Authenticated> = access.grant()?;
        if !self.store().hooks_are_behind(&grant).await? {
            return Ok(());
        }
        loop {
            let (ids, now) = (self.env().ids.clone(), self.now());
            let moved = self.store().write(&grant, move |txn| {
                let out = txn.fan_out(SLICE, MOST)?;
                for webhook in &out.webhooks {
                    txn.enqueue(&post_hook::job(*webhook, ids.ordered(now), now)?)?;
                }
                Ok(out.more)
            });
            if !moved.await? {
                return Ok(());
            }
        }
    }
}
