//! New signing keys in place of those in use.

use model::domain::{DomainName, SigningKey, Stage};
use model::{Result, perm};
use store::Grant;

use super::{checking, within};
use crate::App;

impl App {
    /// Makes new signing keys for a domain. The keys in use go on signing until the records of the
    /// new ones are seen in the DNS, and their records must stay for a week after that. Keys that
    /// still waited for their records are given up for the new ones.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn rotate_signing_keys(
        &self,
        grant: &Grant<perm::DomainUpdate>,
        name: &DomainName,
    ) -> Result<wire::Domain> {
        within(grant.access())?;
        let known = self.find_domain(grant, name).await?;
        let (ids, now) = (&self.env().ids, self.now());
        let made = self
            .0
            .key_maker
            .make(name.as_str(), &known.keys, ids, now)
            .await?;
        let (name, job_id) = (name.clone(), ids.ordered(now));
        let rotated = self.store().write(grant, move |txn| {
            let domain = txn.lock_domain(&name)?;
            txn.settle_keys(&domain.keys, &without_waiting(&domain.keys))?;
            txn.add_signing_keys(name.as_str(), domain.pod_id, &made)?;
            if domain.started_at.is_some() {
                txn.enqueue(&checking::recheck(job_id, &domain, now)?)?;
            }
            txn.domain(&name)
        });
        Ok(self.render_domain(&rotated.await?))
    }
}

/// The keys that sign or have signed.
pub(super) fn without_waiting(keys: &[SigningKey]) -> Vec<SigningKey> {
    let kept = keys.iter().filter(|key| key.stage() != Stage::Waiting);
    kept.cloned().collect()
}
