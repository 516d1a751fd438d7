//! Looks at the DNS records of a domain again.

use model::domain::DomainName;
use model::{Error, Result};
use serde::{Deserialize, Serialize};
use store::ClaimedJob;

use crate::App;

/// The domain whose records are looked at.
#[derive(Serialize, Deserialize)]
pub(crate) struct CheckDomain {
    /// Its name; it may be gone.
    pub(crate) domain: String,
}

impl CheckDomain {
    pub(crate) const KIND: &'static str = "check_domain/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let CheckDomain { domain } = super::read(job)?;
    let name = DomainName::parse(&domain)
        .ok_or_else(|| Error::internal("the payload of a check is damaged"))?;
    app.recheck(job, &name).await
}
