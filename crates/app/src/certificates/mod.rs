//! Certificates from an authority (ACME, RFC 8555) for the server's own names.
//!
//! ```text
//! facts   names and dates of a certificate          pure
//! plan    when to order, and when to try again      pure
//! order   one order: account, proof, certificate
//! web     the client's requests, through the guarded dialer
//! ```
//!
//! Account and certificate are in the store, their private keys sealed, so that every process on
//! one database shows the same certificate and answers the authority for all. The renewal is a job:
//! one process orders at a time.

mod facts;
mod order;
mod plan;
mod web;

pub use facts::Facts;

use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use model::{Error, Result, perm};
use store::{
    CertificateOrder, CertificateTries, ClaimedJob, Finish, Grant, NewJob, Reason,
    StoredCertificate,
};
use sys::dial::{Dialer, Policy, SystemResolver};
use sys::{Clock, TlsClient};
use tokio::sync::watch;
use url::Url;

use crate::jobs::renew_certificate::RenewCertificate;
use crate::{App, jobs};
use order::{Issued, Refused};
use web::Web;

/// One try may take so long; a job is owned for longer.
const TRY: Duration = Duration::from_secs(90);

/// Where certificates are ordered, and for whom.
#[derive(Clone, Debug)]
pub struct AcmeSettings {
    /// The URL of the authority's directory.
    pub directory: String,
    /// The address that the authority may write to.
    pub contact: Option<String>,
    /// The names, in lower case. Never empty.
    pub names: Vec<String>,
}

impl AcmeSettings {
    fn order(&self) -> CertificateOrder {
        CertificateOrder {
            directory: self.directory.clone(),
            names: self.names.join(","),
        }
    }
}

/// A certificate to be shown.
pub struct IssuedCertificate {
    /// When it was stored; a newer one has a later time.
    pub issued_at: Timestamp,
    /// The chain, in PEM.
    pub chain: String,
    /// The private key, in PEM. Not to be logged.
    pub key: zeroize::Zeroizing<String>,
}

/// What the orders of this process need.
pub(crate) struct Orders {
    web: Option<Web>,
    issued: watch::Sender<()>,
}

impl Orders {
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(
        acme: Option<&AcmeSettings>,
        egress: &Policy,
        roots: &[u8],
        clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        let web = match acme {
            Some(acme) => Some(way_to(acme, egress, roots, clock)?),
            None => None,
        };
        Ok(Self {
            web,
            issued: watch::Sender::new(()),
        })
    }
}

fn way_to(
    acme: &AcmeSettings,
    egress: &Policy,
    roots: &[u8],
    clock: &Arc<dyn Clock>,
) -> Result<Web> {
    let tls = TlsClient::with_roots(roots).map_err(Error::internal)?;
    let mut policy = egress.clone();
    // The operator named it, wherever it is.
    let url = Url::parse(&acme.directory).map_err(Error::internal)?;
    let host = url.host_str().and_then(|host| host.parse().ok());
    policy.allowed.extend(host);
    let resolver = Arc::new(SystemResolver);
    Ok(Web::new(Dialer::over(
        policy,
        Arc::clone(clock),
        resolver,
        &tls,
    )))
}

impl App {
    /// Changes whenever this process has stored a new certificate.
    #[must_use]
    pub fn certificates_issued(&self) -> watch::Receiver<()> {
        self.0.orders.issued.subscribe()
    }

    /// The certificate to show, if it is newer than `known`: the one that the settings order, and
    /// until that is there, the one before it.
    ///
    /// # Errors
    /// When the store fails or the key does not open with this server's master key.
    pub async fn issued_certificate(
        &self,
        known: Option<Timestamp>,
    ) -> Result<Option<IssuedCertificate>> {
        let Some(acme) = &self.settings().acme else {
            return Ok(None);
        };
        let Some(org_id) = self.store().first_org().await? else {
            return Ok(None);
        };
        let access = self.store().system(org_id, Reason::Operation);
        let grant = access.grant::<perm::Authenticated>()?;
        let order = acme.order();
        let found = self
            .store()
            .read(&grant, move |view| match view.certificate(&order)? {
                Some(found) => Ok(Some(found)),
                None => view.last_certificate(),
            })
            .await?;
        let Some(found) = found.filter(|found| known != Some(found.issued_at)) else {
            return Ok(None);
        };
        let place = key_place(&found.order);
        let key = self.0.seal.open(place.as_bytes(), &found.sealed)?;
        Ok(Some(IssuedCertificate {
            issued_at: found.issued_at,
            chain: found.chain,
            key: text(key)?,
        }))
    }

    /// What an authority gets that asks for `token` (RFC 8555 §8.3).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn acme_answer(&self, token: &str) -> Result<Option<String>> {
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=256).contains(&token.len()) || !token.bytes().all(usual) {
            return Ok(None);
        }
        self.store().acme_answer(token.to_owned()).await
    }

    /// Orders the certificate when it is time for that, and comes back when it will be.
    pub(crate) async fn renew_certificate(&self, job: &ClaimedJob) -> Result<()> {
        let (Some(acme), Some(web)) = (&self.settings().acme, &self.0.orders.web) else {
            return jobs::finish(self, job, Finish::Done).await;
        };
        let access = self.store().system(job.org_id, Reason::Operation);
        let grant = access.grant::<perm::Authenticated>()?;
        let order = acme.order();
        let (tries, certificate) = self
            .store()
            .read(&grant, move |view| {
                Ok((view.certificate_tries(&order)?, view.certificate(&order)?))
            })
            .await?;
        if let Some(at) = plan::wait(self.now(), tries.as_ref(), certificate.as_ref()) {
            return self.come_back(&grant, job, at, Effect::None).await;
        }
        web.begin();
        let trying = Box::pin(order::run(self, acme, web, &grant));
        match sys::timeout(&*self.env().clock, TRY, trying).await {
            Ok(Ok(issued)) => self.keep_issued(&grant, job, acme, issued).await,
            Ok(Err(refused)) => {
                self.keep_refusal(&grant, job, tries, web.asked(), refused)
                    .await
            }
            Err(sys::Elapsed) => {
                let late = Refused::new("the authority took too long");
                self.keep_refusal(&grant, job, tries, web.asked(), late)
                    .await
            }
        }
    }

    async fn keep_issued(
        &self,
        grant: &Grant<perm::Authenticated>,
        job: &ClaimedJob,
        acme: &AcmeSettings,
        issued: Issued,
    ) -> Result<()> {
        let order = acme.order();
        let (nonce, place) = (self.env().ids.bytes(), key_place(&order));
        let new = StoredCertificate {
            sealed: self
                .0
                .seal
                .seal(nonce, place.as_bytes(), issued.key.as_bytes())?,
            chain: issued.chain,
            starts_at: issued.facts.from,
            expires_at: issued.facts.until,
            issued_at: self.now(),
            order,
        };
        let next = plan::renewal(&new);
        tracing::info!(
            names = new.order.names,
            until = %new.expires_at,
            renewal = %next,
            "the authority has issued a certificate"
        );
        self.come_back(grant, job, next, Effect::Issued(new))
            .await?;
        self.0.orders.issued.send_replace(());
        Ok(())
    }

    async fn keep_refusal(
        &self,
        grant: &Grant<perm::Authenticated>,
        job: &ClaimedJob,
        tries: Option<CertificateTries>,
        asked: Option<Duration>,
        refused: Refused,
    ) -> Result<()> {
        let failures = tries.map_or(0, |tries| tries.failures).saturating_add(1);
        let next = self.now().plus(plan::pause(failures, asked));
        tracing::warn!(
            why = refused.why,
            failures,
            next = %next,
            "no certificate could be had from the authority; it is tried again"
        );
        self.come_back(grant, job, next, Effect::Refused(failures, refused))
            .await
    }

    /// Commits the effect of a try together with the time of the next.
    async fn come_back(
        &self,
        grant: &Grant<perm::Authenticated>,
        job: &ClaimedJob,
        at: Timestamp,
        effect: Effect,
    ) -> Result<()> {
        let Some(order) = self.settings().acme.as_ref().map(AcmeSettings::order) else {
            return Ok(());
        };
        let next = self.renewal_job(at)?;
        let (job, effect) = (job.clone(), Arc::new(effect));
        self.store()
            .write(grant, move |txn| {
                match &*effect {
                    Effect::None => {}
                    Effect::Issued(new) => txn.keep_certificate(new)?,
                    Effect::Refused(failures, refused) => {
                        txn.keep_certificate_failure(&order, *failures, &refused.why)?;
                        if refused.account_is_gone {
                            txn.forget_acme_account(&order.directory)?;
                        }
                    }
                }
                // Added again while it runs: it is free for its next time, and its tries count anew.
                txn.enqueue(&next)?;
                txn.finish_job(&job, &Finish::Done)
            })
            .await
    }

    /// The one job that renews.
    pub(crate) fn renewal_job(&self, at: Timestamp) -> Result<NewJob> {
        Ok(NewJob {
            job_id: self.env().ids.ordered(self.now()),
            kind: RenewCertificate::KIND,
            key: Some("cron".to_owned()),
            run_at: at,
            payload: jobs::payload(&RenewCertificate {})?,
        })
    }
}

/// What a try leaves behind.
enum Effect {
    None,
    Issued(StoredCertificate),
    Refused(i64, Refused),
}

/// A private key in PEM. The error does not carry it.
fn text(key: Vec<u8>) -> Result<zeroize::Zeroizing<String>> {
    let text = String::from_utf8(key).map(zeroize::Zeroizing::new);
    text.map_err(|_| Error::internal("the private key of a certificate is damaged"))
}

fn key_place(order: &CertificateOrder) -> String {
    format!("certificate {} {}", order.directory, order.names)
}
