//! Removes, slice by slice, the deliveries of a webhook that was deleted.

use model::{Error, Result, WebhookId};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish, NewJob, Reason};

use crate::{App, jobs};

/// Deliveries removed in one transaction.
const SLICE: i64 = 100;

/// The webhook, which is gone already.
#[derive(Serialize, Deserialize)]
pub(crate) struct PurgeHook {
    webhook: String,
}

impl PurgeHook {
    pub(crate) const KIND: &'static str = "purge_hook/1";
}

/// The job for a webhook.
pub(crate) fn job(app: &App, webhook: WebhookId) -> Result<NewJob> {
    let (now, webhook) = (app.now(), webhook.to_string());
    Ok(NewJob {
        job_id: app.env().ids.ordered(now),
        kind: PurgeHook::KIND,
        key: Some(webhook.clone()),
        run_at: now,
        payload: jobs::payload(&PurgeHook { webhook })?,
    })
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let PurgeHook { webhook } = super::read(job)?;
    let id: WebhookId = webhook.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Purge)?;
    while app
        .store()
        .write(&grant, move |txn| txn.purge_hook(id, SLICE))
        .await?
    {}
    super::finish(app, job, Finish::Done).await
}
