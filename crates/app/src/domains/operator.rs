//! The operator's own domain, which every organisation may use. It has signing keys and records as
//! those of tenants do, and no owner who could ask for them over the API: they are printed by
//! `mailroost domain`.

use std::time::Duration;

use model::domain::{self, Expected, Purpose, Subject, Switches, keys};
use model::{Code, Error, OrgId, Result, perm};
use store::{ClaimedJob, Finish, Grant, Reason, SharedDomain};

use super::checking::{checks_after, seen};
use super::render;
use super::rotation::without_waiting;
use crate::App;

/// How long a look at the records may take.
const LIMIT: Duration = Duration::from_secs(10);

/// When the records are looked at again: while nothing can be signed, while a new key waits for its
/// record, and otherwise.
const UNSIGNED: Duration = Duration::from_secs(5 * 60);
const WAITING: Duration = Duration::from_secs(60 * 60);
const USUAL: Duration = Duration::from_secs(24 * 60 * 60);

impl App {
    /// The records that the operator's own domain needs, with what the last look at them found.
    ///
    /// # Errors
    /// `not_found` before the first start, or when the store fails.
    pub async fn operator_records(&self) -> Result<Vec<wire::VerificationRecord>> {
        self.equip_shared_domain().await?;
        let shared = self.shared_domain().await?;
        let wanted = self.wanted(&shared);
        Ok(render::records(wanted, &shared.checks))
    }

    /// The same as a zone file.
    ///
    /// # Errors
    /// `not_found` before the first start, or when the store fails.
    pub async fn operator_zone_file(&self) -> Result<String> {
        self.equip_shared_domain().await?;
        let shared = self.shared_domain().await?;
        let wanted = self.wanted(&shared);
        Ok(domain::zone_file(&shared.domain, &wanted))
    }

    /// Makes new signing keys for the operator's own domain, as [`App::rotate_signing_keys`] does
    /// for others.
    ///
    /// # Errors
    /// `not_found` before the first start, or when the store fails.
    pub async fn rotate_operator_keys(&self) -> Result<()> {
        let shared = self.shared_domain().await?;
        let (ids, now) = (&self.env().ids, self.now());
        let made = self
            .0
            .key_maker
            .make(&shared.domain, &shared.keys, ids, now)
            .await?;
        let grant = self.operator().await?;
        let name = shared.domain;
        self.store()
            .write(&grant, move |txn| {
                let shared = txn.lock_shared_domain(&name)?;
                txn.settle_keys(&shared.keys, &without_waiting(&shared.keys))?;
                txn.add_shared_keys(&name, &made)
            })
            .await
    }

    /// Makes sure that the operator's domain has signing keys.
    pub(crate) async fn equip_shared_domain(&self) -> Result<()> {
        let shared = self.shared_domain().await?;
        if !shared.keys.is_empty() {
            return Ok(());
        }
        let (ids, now) = (&self.env().ids, self.now());
        let made = self.0.key_maker.make(&shared.domain, &[], ids, now).await?;
        let grant = self.operator().await?;
        let name = shared.domain;
        self.store()
            .write(&grant, move |txn| {
                // Another process may have been faster.
                if txn.lock_shared_domain(&name)?.keys.is_empty() {
                    txn.add_shared_keys(&name, &made)?;
                }
                Ok(())
            })
            .await
    }

    /// Looks at the records of the operator's domain, uses the keys whose records are there, and
    /// plans the next look.
    pub(crate) async fn check_shared_domain(&self, job: &ClaimedJob) -> Result<()> {
        self.equip_shared_domain().await?;
        let shared = self.shared_domain().await?;
        let looks = self.look_at(self.wanted(&shared), LIMIT).await;
        let (name, now, app, job) = (shared.domain, self.now(), self.clone(), job.clone());
        let grant: Grant<perm::Authenticated> =
            self.store().system(job.org_id, Reason::Operation).grant()?;
        self.store()
            .write(&grant, move |txn| {
                let mut shared = txn.lock_shared_domain(&name)?;
                let after = keys::advance(&shared.keys, &seen(&looks), now);
                txn.settle_keys(&shared.keys, &after)?;
                shared.keys = after;
                let wanted = app.wanted(&shared);
                let checks = checks_after(&wanted, &looks, &shared.checks);
                txn.end_shared_check(&name, &checks)?;
                let next = now.plus(pause(&shared));
                txn.finish_job(&job, &Finish::RetryAt(next, String::new()))
            })
            .await
    }

    async fn shared_domain(&self) -> Result<SharedDomain> {
        let (grant, name) = (
            self.operator().await?,
            self.settings().default_domain.clone(),
        );
        self.store()
            .read(&grant, move |view| view.shared_domain(&name))
            .await
    }

    async fn operator(&self) -> Result<Grant<perm::Authenticated>> {
        let org: Option<OrgId> = self.store().first_org().await?;
        let org = org.ok_or_else(|| {
            Error::new(Code::NotFound, "The server was never started").fix("Start the server once.")
        })?;
        self.store().system(org, Reason::Operation).grant()
    }

    fn wanted(&self, shared: &SharedDomain) -> Vec<Expected> {
        let subject = Subject {
            name: &shared.domain,
            switches: Switches {
                feedback: true,
                inbound: true,
                subdomains: false,
                tracking: false,
            },
            keys: &shared.keys,
            mta_sts: None,
        };
        domain::expected(&subject, &self.server())
    }
}

fn pause(shared: &SharedDomain) -> Duration {
    let signs = keys::needed(&shared.keys).is_some_and(|key| key.seen_at.is_some());
    let waits = shared.keys.iter().any(|key| key.seen_at.is_none());
    let needs = |purpose| {
        let check = shared.checks.iter().find(|check| check.purpose == purpose);
        check.is_none_or(|check| check.status != domain::RecordStatus::Valid)
    };
    if !signs || needs(Purpose::Inbound) {
        UNSIGNED
    } else if waits {
        WAITING
    } else {
        USUAL
    }
}
