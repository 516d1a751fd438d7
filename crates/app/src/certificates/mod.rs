//! Certificates from an authority (ACME, RFC 8555): one for the server's own names, and one for the
//! MTA-STS policy of each domain whose `mta-sts` name leads here.
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

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use model::domain::{Domain, DomainName, Purpose, RecordStatus};
use model::{Error, Kind, Result, perm};
use store::{
    CertificateOrder, CertificateTries, ClaimedJob, Finish, Grant, NewJob, Reason,
    StoredCertificate, View,
};
use sys::dial::{Dialer, Policy, SystemResolver};
use sys::{Clock, TlsClient};
use tokio::sync::watch;
use url::Url;

use crate::jobs::renew_certificate::RenewCertificate;
use crate::{App, jobs};
use order::{Issued, Refused};
use web::Web;

/// Where the policy of a domain is.
const POLICY_HOST: &str = "mta-sts";

/// Certificates that are shown at most.
const MOST_SHOWN: usize = 10_000;

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
    /// Those for the policy of a domain, which others fetch from a name below it (RFC 8461 §3.3).
    fn for_policy_of(&self, domain: &str) -> Self {
        Self {
            names: vec![format!("{POLICY_HOST}.{domain}")],
            ..self.clone()
        }
    }

    fn order(&self) -> CertificateOrder {
        CertificateOrder {
            directory: self.directory.clone(),
            names: self.names.join(","),
        }
    }
}

/// A certificate to be shown.
pub struct IssuedCertificate {
    /// The names that were ordered, with commas between them.
    pub names: String,
    /// Whether it is the server's own, for whoever names nobody.
    pub is_own: bool,
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

    /// The certificates to show that are not `known`, each by its names and when it was stored: the
    /// one that the settings order, until that is there the one before it, and those of domains.
    ///
    /// # Errors
    /// When the store fails or a key does not open with this server's master key.
    pub async fn issued_certificates(
        &self,
        known: HashMap<String, Timestamp>,
    ) -> Result<Vec<IssuedCertificate>> {
        let Some(acme) = &self.settings().acme else {
            return Ok(Vec::new());
        };
        let Some(org_id) = self.store().first_org().await? else {
            return Ok(Vec::new());
        };
        let access = self.store().system(org_id, Reason::Operation);
        let grant = access.grant::<perm::Authenticated>()?;
        let order = acme.order();
        let own = order.names.clone();
        let found = self
            .store()
            .read(&grant, move |view| {
                let issued = view.certificates_issued(&order.directory, MOST_SHOWN)?;
                let mut found = Vec::new();
                if !issued.iter().any(|(names, _)| *names == order.names) {
                    found.extend(view.last_certificate(|names| !is_policy(names))?);
                }
                for (names, at) in issued {
                    let wanted = names == order.names || is_policy(&names);
                    if wanted && known.get(&names) != Some(&at) {
                        let one = CertificateOrder {
                            names,
                            directory: order.directory.clone(),
                        };
                        found.extend(view.certificate(&one)?);
                    }
                }
                found.retain(|one| known.get(&one.order.names) != Some(&one.issued_at));
                Ok(found)
            })
            .await?;
        let opened = found.into_iter().map(|found| {
            let place = key_place(&found.order);
            let key = self.0.seal.open(place.as_bytes(), &found.sealed)?;
            Ok(IssuedCertificate {
                is_own: found.order.names == own || !is_policy(&found.order.names),
                names: found.order.names,
                issued_at: found.issued_at,
                chain: found.chain,
                key: text(key)?,
            })
        });
        opened.collect()
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

    /// Orders a certificate when it is time for that, and comes back when it will be: the server's
    /// own, or the one for the policy of a domain, for as long as its name leads here.
    pub(crate) async fn renew_certificate(
        &self,
        job: &ClaimedJob,
        domain: Option<String>,
    ) -> Result<()> {
        let (Some(acme), Some(web)) = (&self.settings().acme, &self.0.orders.web) else {
            return jobs::finish(self, job, Finish::Done).await;
        };
        let access = self.store().system(job.org_id, Reason::Operation);
        let grant = access.grant::<perm::Authenticated>()?;
        let acme = match &domain {
            Some(domain) => acme.for_policy_of(domain),
            None => acme.clone(),
        };
        let (order, of_domain) = (acme.order(), domain.clone());
        let found = self.store().read(&grant, move |view| {
            let wanted = match &of_domain {
                Some(domain) => leads_here(view, domain)?,
                None => true,
            };
            let tries = view.certificate_tries(&order)?;
            Ok((wanted, tries, view.certificate(&order)?))
        });
        let (wanted, tries, certificate) = found.await?;
        if !wanted {
            // The next look at its records that finds the name adds the job again.
            return jobs::finish(self, job, Finish::Done).await;
        }
        let errand = Errand {
            job,
            domain,
            acme: &acme,
        };
        if let Some(at) = plan::wait(self.now(), tries.as_ref(), certificate.as_ref()) {
            return self.come_back(&grant, &errand, at, Effect::None).await;
        }
        web.begin();
        let trying = Box::pin(order::run(self, &acme, web, &grant));
        match sys::timeout(&*self.env().clock, TRY, trying).await {
            Ok(Ok(issued)) => self.keep_issued(&grant, &errand, issued).await,
            Ok(Err(refused)) => {
                self.keep_refusal(&grant, &errand, tries, web.asked(), refused)
                    .await
            }
            Err(sys::Elapsed) => {
                let late = Refused::new("the authority took too long");
                self.keep_refusal(&grant, &errand, tries, web.asked(), late)
                    .await
            }
        }
    }

    /// The job that orders the certificate for the policy of a domain, if its `mta-sts` name was
    /// just seen to lead here and certificates are ordered at all. Adding it again is harmless: a
    /// certificate that is there is left until it is due.
    pub(crate) fn policy_job(&self, domain: &Domain, at: Timestamp) -> Result<Option<NewJob>> {
        if self.settings().acme.is_none() || !has_policy_name(domain) {
            return Ok(None);
        }
        let name = domain.domain.as_str().to_owned();
        self.renewal_job(Some(name), at).map(Some)
    }

    async fn keep_issued(
        &self,
        grant: &Grant<perm::Authenticated>,
        errand: &Errand<'_>,
        issued: Issued,
    ) -> Result<()> {
        let order = errand.acme.order();
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
        self.come_back(grant, errand, next, Effect::Issued(new))
            .await?;
        self.0.orders.issued.send_replace(());
        Ok(())
    }

    async fn keep_refusal(
        &self,
        grant: &Grant<perm::Authenticated>,
        errand: &Errand<'_>,
        tries: Option<CertificateTries>,
        asked: Option<Duration>,
        refused: Refused,
    ) -> Result<()> {
        let failures = tries.map_or(0, |tries| tries.failures).saturating_add(1);
        let next = self.now().plus(plan::pause(failures, asked));
        tracing::warn!(
            names = errand.acme.names.join(","),
            why = refused.why,
            failures,
            next = %next,
            "no certificate could be had from the authority; it is tried again"
        );
        self.come_back(grant, errand, next, Effect::Refused(failures, refused))
            .await
    }

    /// Commits the effect of a try together with the time of the next.
    async fn come_back(
        &self,
        grant: &Grant<perm::Authenticated>,
        errand: &Errand<'_>,
        at: Timestamp,
        effect: Effect,
    ) -> Result<()> {
        let order = errand.acme.order();
        let next = self.renewal_job(errand.domain.clone(), at)?;
        let (job, effect) = (errand.job.clone(), Arc::new(effect));
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

    /// The one job that renews the server's own certificate, or the one for the policy of a domain.
    pub(crate) fn renewal_job(&self, domain: Option<String>, at: Timestamp) -> Result<NewJob> {
        Ok(NewJob {
            job_id: self.env().ids.ordered(self.now()),
            kind: RenewCertificate::KIND,
            // A domain has a dot.
            key: Some(domain.clone().unwrap_or_else(|| "cron".to_owned())),
            run_at: at,
            payload: jobs::payload(&RenewCertificate { domain })?,
        })
    }
}

/// What a run of the job is about.
struct Errand<'a> {
    job: &'a ClaimedJob,
    /// The domain whose policy the certificate is for.
    domain: Option<String>,
    /// With the names to order.
    acme: &'a AcmeSettings,
}

/// Whether the policy of a domain is still to be had from here.
fn leads_here(view: &mut View<'_>, domain: &str) -> Result<bool> {
    let Some(name) = DomainName::parse(domain) else {
        return Ok(false);
    };
    match view.domain(&name) {
        Ok(domain) => Ok(has_policy_name(&domain)),
        Err(error) if error.kind() == Kind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the domain is verified and the last look at its records saw its `mta-sts` name lead here.
fn has_policy_name(domain: &Domain) -> bool {
    let mut checks = domain.checks.iter();
    domain.verified_at.is_some()
        && checks.any(|check| {
            check.purpose == Purpose::MtaStsHost && check.status == RecordStatus::Valid
        })
}

/// What a try leaves behind.
enum Effect {
    None,
    Issued(StoredCertificate),
    Refused(i64, Refused),
}

/// Whether an order is for the policy of one domain.
fn is_policy(names: &str) -> bool {
    let host = names.split_once('.').map(|(host, _)| host);
    host == Some(POLICY_HOST) && !names.contains(',')
}

/// A private key in PEM. The error does not carry it.
fn text(key: Vec<u8>) -> Result<zeroize::Zeroizing<String>> {
    let text = String::from_utf8(key).map(zeroize::Zeroizing::new);
    text.map_err(|_| Error::internal("the private key of a certificate is damaged"))
}

fn key_place(order: &CertificateOrder) -> String {
    format!("certificate {} {}", order.directory, order.names)
}
