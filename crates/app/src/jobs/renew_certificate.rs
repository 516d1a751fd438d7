//! Orders a certificate and renews it in time: the server's own, or one for the MTA-STS policy of a
//! domain.

use model::Result;
use serde::{Deserialize, Serialize};
use store::ClaimedJob;

use crate::App;

/// Which one.
#[derive(Serialize, Deserialize)]
pub(crate) struct RenewCertificate {
    /// The domain whose policy it is for; the server's own names without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) domain: Option<String>,
}

impl RenewCertificate {
    pub(crate) const KIND: &'static str = "renew_certificate/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let RenewCertificate { domain } = super::read(job)?;
    app.renew_certificate(job, domain).await
}
