//! Looks at the DNS records of the operator's own domain again and again.

use model::Result;
use serde::{Deserialize, Serialize};
use store::ClaimedJob;

use crate::App;

/// Needs to know nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct CheckSharedDomain {}

impl CheckSharedDomain {
    pub(crate) const KIND: &'static str = "check_shared_domain/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let CheckSharedDomain {} = super::read(job)?;
    app.check_shared_domain(job).await
}
