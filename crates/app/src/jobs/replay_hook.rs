//! Makes events of the past due again for one webhook, slice by slice.

use mail::Timestamp;
use model::{Error, Kind, Result, WebhookId};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish, NewJob, Reason};
use uuid::Uuid;

use super::post_hook;
use crate::{App, jobs};

/// Events looked at in one transaction.
const SLICE: i64 = 200;

/// Events that one replay posts at most.
const MOST: i64 = 10_000;

/// What is left of a replay.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ReplayHook {
    webhook: String,
    after: i64,
    end: i64,
    /// Only events at or after this time, in microseconds.
    since: Option<i64>,
    left: i64,
}

impl ReplayHook {
    pub(crate) const KIND: &'static str = "replay_hook/1";

    /// The events after `after` up to `end` in the log, and not before `since`.
    pub(crate) fn new(webhook: WebhookId, after: i64, end: i64, since: Option<Timestamp>) -> Self {
        Self {
            webhook: webhook.to_string(),
            after,
            end,
            since: since.map(Timestamp::as_micros),
            left: MOST,
        }
    }
}

/// The job for a replay.
pub(crate) fn job(work: &ReplayHook, job_id: Uuid, at: Timestamp) -> Result<NewJob> {
    Ok(NewJob {
        job_id,
        kind: ReplayHook::KIND,
        key: None,
        run_at: at,
        payload: jobs::payload(work)?,
    })
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let work: ReplayHook = super::read(job)?;
    let id: WebhookId = work.webhook.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Delivery)?;
    let (done, now) = (job.clone(), app.now());
    let ids: [Uuid; 2] = std::array::from_fn(|_| app.env().ids.ordered(now));
    app.store()
        .write(&grant, move |txn| {
            let hook = match txn.webhook(id) {
                Ok(hook) if hook.webhook.enabled => hook,
                Err(error) if error.kind() != Kind::NotFound => return Err(error),
                // Nobody wants it any more.
                _ => return txn.finish_job(&done, &Finish::Done),
            };
            let since = work.since.map(Timestamp::from_micros);
            let (count, next) = txn.replay_hook(&hook, (work.after, work.end), since, SLICE)?;
            if count > 0 {
                txn.enqueue(&post_hook::job(id, ids[0], now)?)?;
            }
            let left = work.left - count;
            if let Some(next) = next.filter(|_| left > 0) {
                let rest = ReplayHook {
                    after: next,
                    left,
                    ..work.clone()
                };
                txn.enqueue(&self::job(&rest, ids[1], now)?)?;
            }
            txn.finish_job(&done, &Finish::Done)
        })
        .await
}
