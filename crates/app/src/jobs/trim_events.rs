//! Deletes events, and the record of labels, that are older than they are kept, once a day.

use std::time::Duration;

use model::Result;
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish, Grant, Reason};

use crate::App;

const EVERY: Duration = Duration::from_secs(86_400);

/// Rows deleted in one transaction; others get their turn between two slices.
const SLICE: usize = 500;

/// Needs to know nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct TrimEvents {}

impl TrimEvents {
    pub(crate) const KIND: &'static str = "trim_events/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let TrimEvents {} = super::read(job)?;
    if let Some(kept) = app.settings().keep_events {
        let end = app.now().minus(kept);
        let mut next = app.store().next_org(None).await?;
        while let Some(org) = next {
            let access = app.store().system(org, Reason::Purge);
            let grant: Grant<model::perm::Authenticated> = access.grant()?;
            let mut full = true;
            while full {
                let trim = app.store().write(&grant, move |txn| {
                    let events = txn.trim_log(end, SLICE)?;
                    Ok(events > 0 || txn.trim_label_changes(end, SLICE)? > 0)
                });
                full = trim.await?;
            }
            next = app.store().next_org(Some(org)).await?;
        }
    }
    let next = Finish::RetryAt(app.now().plus(EVERY), String::new());
    super::finish(app, job, next).await
}
