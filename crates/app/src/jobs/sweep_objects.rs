//! Removes objects that no message refers to, every ten minutes.

use std::time::Duration;

use model::Result;
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish};

use crate::App;

const EVERY: Duration = Duration::from_secs(600);
const SLICE: i64 = 100;

/// Needs to know nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct SweepObjects {}

impl SweepObjects {
    pub(crate) const KIND: &'static str = "sweep_objects/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let SweepObjects {} = super::read(job)?;
    while app.store().sweep_objects(SLICE).await? > 0 {}
    let next = Finish::RetryAt(app.now().plus(EVERY), String::new());
    super::finish(app, job, next).await
}
