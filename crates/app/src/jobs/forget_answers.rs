//! Forgets the answers under Idempotency-Keys, the counts of failed deliveries and of turns, and the
//! tickets for sockets, whose time is over, every hour.

use std::time::Duration;

use model::Result;
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish};

use crate::App;
use crate::gate::budgets;

const EVERY: Duration = Duration::from_secs(3600);
const SLICE: i64 = 500;

/// Needs to know nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct ForgetAnswers {}

impl ForgetAnswers {
    pub(crate) const KIND: &'static str = "forget_answers/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let ForgetAnswers {} = super::read(job)?;
    while app.store().forget_answers(SLICE).await? > 0 {}
    while app.store().forget_soft_bounces(SLICE).await? > 0 {}
    while app.store().forget_turns(budgets::WINDOW, SLICE).await? > 0 {}
    while app.store().forget_tickets(SLICE).await? > 0 {}
    let next = Finish::RetryAt(app.now().plus(EVERY), String::new());
    super::finish(app, job, next).await
}
