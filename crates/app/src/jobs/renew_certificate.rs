//! Orders the server's own certificate and renews it in time.

use model::Result;
use serde::{Deserialize, Serialize};
use store::ClaimedJob;

use crate::App;

/// Needs to know nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct RenewCertificate {}

impl RenewCertificate {
    pub(crate) const KIND: &'static str = "renew_certificate/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let RenewCertificate {} = super::read(job)?;
    app.renew_certificate(job).await
}
