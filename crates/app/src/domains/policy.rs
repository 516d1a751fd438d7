//! The MTA-STS policies that others fetch (RFC 8461 §3.2).

use model::{Error, OrgId, Result, perm};
use store::{Grant, Reason};

use crate::App;

/// What stands in front of a domain in the name of its policy's host.
const LABEL: &str = "mta-sts.";

impl App {
    /// The policy that is served under `host`.
    ///
    /// # Errors
    /// `not_found` when that is not the policy's host of a domain whose mail comes here and whose
    /// owner is known to own it.
    pub async fn mta_sts_policy(&self, host: &str) -> Result<String> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let unknown = || Error::not_found("Policy");
        let domain = host.strip_prefix(LABEL).ok_or_else(unknown)?.to_owned();
        // Policies are for everybody, so it does not matter who asks.
        let nobody = OrgId::new(uuid::Uuid::nil());
        let access = self.store().system(nobody, Reason::Operation);
        let grant: Grant<perm::Authenticated> = access.grant()?;
        let found = self
            .store()
            .read(&grant, move |view| view.mta_sts_of(&domain));
        let own = found.await?.ok_or_else(unknown)?;
        let server = self.server();
        Ok(own.unwrap_or(server.mta_sts).policy(server.hostname))
    }
}
