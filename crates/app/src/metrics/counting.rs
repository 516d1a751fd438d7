//! Counts the event log in the background and samples what is used.
//!
//! It is no job: nothing is lost when it stops, because the store knows how far it came, and what
//! it has not reached is read from the log. It writes only where there is something to count.

use std::time::Duration;

use mail::Timestamp;
use model::{OrgId, Result, perm};
use store::{Grant, Reason};
use sys::Shutdown;

use crate::App;

/// How often it looks. The rest of the log is read by every question, so it should stay short.
const EVERY: Duration = Duration::from_secs(5);

/// How often usage is sampled.
const SAMPLE_EVERY: Duration = Duration::from_secs(600);

/// Events counted in one transaction; others get their turn between two.
const SLICE: usize = 500;

/// Counts and samples until the shutdown is requested.
pub(crate) async fn run(app: App, mut shutdown: Shutdown) {
    let mut sampled: Option<Timestamp> = None;
    while !shutdown.is_requested() {
        let now = app.now();
        let due = sampled.is_none_or(|at| now.since(at) >= SAMPLE_EVERY || at > now);
        if due {
            sampled = Some(now);
        }
        if let Err(error) = round(&app, due, &shutdown).await
            && !shutdown.is_requested()
        {
            // The next round goes on where this one stopped.
            tracing::warn!(error = ?error, "metrics could not be counted");
        }
        tokio::select! {
            () = shutdown.requested() => {}
            () = app.env().clock.sleep_until(app.now().plus(EVERY)) => {}
        }
    }
}

async fn round(app: &App, sample: bool, shutdown: &Shutdown) -> Result<()> {
    for org in app.store().uncounted_logs().await? {
        let grant = counter(app, org)?;
        while !shutdown.is_requested()
            && app
                .store()
                .write(&grant, |txn| txn.count_events(SLICE))
                .await?
        {}
    }
    if !sample {
        return Ok(());
    }
    // Another process may have sampled some of them.
    let since = app.now().minus(SAMPLE_EVERY);
    for org in app.store().unsampled_usage(since).await? {
        let grant = counter(app, org)?;
        app.store()
            .write(&grant, move |txn| txn.sample_usage(since))
            .await?;
    }
    while !shutdown.is_requested() && app.store().sweep_metrics().await? {}
    Ok(())
}

fn counter(app: &App, org: OrgId) -> Result<Grant<perm::Authenticated>> {
    app.store().system(org, Reason::Operation).grant()
}
