//! Removes what is known of deliveries to webhooks after thirty days, every hour.

use std::time::Duration;

use mail::Timestamp;
use model::Result;
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish, NewJob, Reason};

use crate::{App, jobs};

const EVERY: Duration = Duration::from_secs(3600);
const KEEP: Duration = Duration::from_secs(30 * 24 * 3600);
const SLICE: i64 = 100;

/// Needs to know nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct ExpireHooks {}

impl ExpireHooks {
    pub(crate) const KIND: &'static str = "expire_hooks/1";
}

/// The job of an organisation, which goes on for ever.
pub(crate) fn job(app: &App, now: Timestamp) -> Result<NewJob> {
    Ok(NewJob {
        job_id: app.env().ids.ordered(now),
        kind: ExpireHooks::KIND,
        key: Some("cron".to_owned()),
        run_at: now,
        payload: jobs::payload(&ExpireHooks {})?,
    })
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let ExpireHooks {} = super::read(job)?;
    let grant = super::grant(app, job, Reason::Purge)?;
    let now = app.now();
    let end = now.minus(KEEP);
    while app
        .store()
        .write(&grant, move |txn| txn.expire_hooks(end, SLICE))
        .await?
    {}
    let next = Finish::RetryAt(now.plus(EVERY), String::new());
    super::finish(app, job, next).await
}
