//! Removes, slice by slice, what a deleted inbox held.

use model::{Error, InboxKey, Result};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish, Reason};

use crate::App;

/// Messages removed in one transaction; others get their turn between two slices.
const SLICE: usize = 50;

/// The inbox whose content goes.
#[derive(Serialize, Deserialize)]
pub(crate) struct PurgeInbox {
    /// Its row, which is gone already.
    pub(crate) inbox: String,
}

impl PurgeInbox {
    pub(crate) const KIND: &'static str = "purge_inbox/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let PurgeInbox { inbox } = super::read(job)?;
    let inbox: InboxKey = inbox.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Purge)?;
    while app
        .store()
        .write(&grant, move |txn| txn.purge_inbox(inbox, SLICE))
        .await?
    {}
    super::finish(app, job, Finish::Done).await
}
