//! Runs due jobs: several at once, each under its lease, until the server stops.

use std::sync::Arc;
use std::time::Duration;

use model::{OrgId, Result, perm};
use store::{Lane, NewJob, Reason};
use sys::Shutdown;
use tokio::sync::Semaphore;

use crate::jobs;
use crate::jobs::check_shared_domain::CheckSharedDomain;
use crate::jobs::forget_answers::ForgetAnswers;
use crate::jobs::sweep_objects::SweepObjects;
use crate::jobs::trim_events::TrimEvents;
use crate::{App, Mode};

/// Jobs of a lane that run at once. They mostly wait for others.
const AT_ONCE: usize = 32;

/// How long a worker owns a job. Longer than any try takes; a crashed one is taken over after it.
const LEASE: Duration = Duration::from_secs(120);

/// Another process may add a job without our noticing.
const POLL: Duration = Duration::from_secs(1);

/// Claims and runs the jobs of a lane until the shutdown is requested. Jobs that run then are tasks of the
/// application's set and are waited for there.
pub(crate) async fn run(app: App, lane: Lane, mut shutdown: Shutdown) {
    let seats = Arc::new(Semaphore::new(AT_ONCE));
    while !shutdown.is_requested() {
        let claimed = match app
            .store()
            .claim_jobs(lane, LEASE, seats.available_permits())
            .await
        {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(error = ?error, "jobs cannot be claimed");
                Vec::new()
            }
        };
        let idle = claimed.is_empty();
        for job in claimed {
            let Ok(seat) = Arc::clone(&seats).acquire_owned().await else {
                return;
            };
            let runner = app.clone();
            app.0.tasks.spawn(async move {
                jobs::run(&runner, job).await;
                drop(seat);
            });
        }
        if idle {
            let due = app.store().next_job_due(lane).await.ok().flatten();
            let poll = app.now().plus(POLL);
            let wake = due.map_or(poll, |due| due.min(poll));
            tokio::select! {
                () = shutdown.requested() => {}
                () = app.store().job_added(lane) => {}
                () = app.env().clock.sleep_until(wake) => {}
            }
        } else if seats.available_permits() == 0 {
            // Wait for a seat rather than claim what nobody has time for.
            let _ = tokio::select! {
                () = shutdown.requested() => None,
                seat = seats.acquire() => seat.ok(),
            };
        }
    }
}

/// Makes sure that the periodic jobs of the server exist.
pub(crate) async fn schedule_upkeep(app: &App, org_id: OrgId) -> Result<()> {
    let access = app.store().system(org_id, Reason::Operation);
    let now = app.now();
    let periodic = |kind, payload| NewJob {
        job_id: app.env().ids.ordered(now),
        kind,
        key: Some("cron".to_owned()),
        run_at: now,
        payload,
    };
    let mut all = vec![
        periodic(SweepObjects::KIND, jobs::payload(&SweepObjects {})?),
        periodic(ForgetAnswers::KIND, jobs::payload(&ForgetAnswers {})?),
        periodic(TrimEvents::KIND, jobs::payload(&TrimEvents {})?),
    ];
    // On a laptop nothing is asked before somebody wants a verification.
    if app.settings().mode == Mode::Public {
        let payload = jobs::payload(&CheckSharedDomain {})?;
        all.push(periodic(CheckSharedDomain::KIND, payload));
    }
    if app.settings().acme.is_some() {
        all.push(app.renewal_job(None, now)?);
    }
    let grant = access.grant::<perm::Authenticated>()?;
    app.store()
        .write(&grant, move |txn| {
            all.iter().try_for_each(|job| txn.enqueue(job))
        })
        .await
}
