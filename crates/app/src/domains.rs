//! Domains of tenants: added with their records and signing key, verified against the DNS.

mod checking;
mod operator;
mod policy;
mod render;
mod rotation;
pub(crate) mod signing_key;

use model::api_key::Scope;
use model::domain::{
    self, Domain, DomainName, MtaSts, Server, Switches, VerificationStatus, expected,
};
use model::page::Page;
use model::{Code, DomainKey, Error, InboxId, InboxKey, PodId, Result, inbox, perm};
use store::{Access, DomainChange, Grant, NewDomain, NewDomainOutcome, Position, Standing, View};
use wire::{CreateDomainRequest, Patch, UpdateDomainRequest};

pub use self::checking::look_up;
use self::render::item;
use crate::paging::Listing;
use crate::{App, Mode};

/// Hosts of providers that take the mail of whole companies. A domain that receives there and is
/// pointed here loses its mailboxes.
const PROVIDERS: [(&str, &str); 5] = [
    ("google.com", "Google Workspace"),
    ("googlemail.com", "Google Workspace"),
    ("outlook.com", "Microsoft 365"),
    ("mx.microsoft", "Microsoft 365"),
    ("office365.us", "Microsoft 365"),
];

/// How long the question for the present provider may hold up an answer.
const PROVIDER_LIMIT: std::time::Duration = std::time::Duration::from_secs(3);

impl App {
    /// Adds a domain, for one pod or for the whole organisation, as the grant reaches. The same
    /// `client_id` again gives the first domain.
    ///
    /// # Errors
    /// `validation_error`, `unprocessable` for a name that cannot be had or whose mail goes to a
    /// large provider, `already_exists` for one's own, `resource_taken` for another's.
    pub async fn create_domain(
        &self,
        grant: &Grant<perm::DomainCreate>,
        request: CreateDomainRequest,
    ) -> Result<wire::Domain> {
        let pod_id = pod_of(grant.access())?;
        let name = domain::registrable(&request.domain)?;
        let client_id = request.client_id.as_deref().map(inbox::client_id);
        let client_id = client_id.transpose()?;
        let switches = Switches {
            feedback: request.feedback_enabled.unwrap_or(true),
            inbound: request.inbound_enabled.unwrap_or(true),
            subdomains: request.subdomains_enabled.unwrap_or(false),
            tracking: request.tracking_enabled.unwrap_or(false),
        };
        let (wanted, same) = (name.clone(), client_id.clone());
        let before = self.store().read(grant, move |view| {
            let known = same
                .as_deref()
                .map(|id| view.domain_of_client(id))
                .transpose()?;
            Ok(match known.flatten() {
                Some(known) => Some(NewDomainOutcome::Known(Box::new(known))),
                None => view.domain_taken(&wanted)?,
            })
        });
        if let Some(outcome) = before.await? {
            return self.outcome(&name, outcome);
        }
        self.is_allowed(&name)?;
        if switches.inbound && request.allow_conflicting_provider != Some(true) {
            self.refuse_provider(&name).await?;
        }
        let mta_sts = request.mta_sts_mode.as_deref().map(mta_sts).transpose()?;
        let caught = request.catch_all_inbox_id.as_deref();
        let caught = caught.map(catch_all_id).transpose()?;
        let catch_all = match caught {
            Some(id) => Some(
                self.store()
                    .read(grant, move |view| catch_all(view, &id, pod_id))
                    .await?,
            ),
            None => None,
        };
        let (ids, now) = (&self.env().ids, self.now());
        let keys = self.0.key_maker.make(name.as_str(), &[], ids, now).await?;
        let new = NewDomain {
            key: DomainKey::new(ids.ordered(now)),
            pod_id,
            domain: name.clone(),
            client_id,
            switches,
            keys,
            mta_sts,
            catch_all,
            // It cannot be verified by anybody, and nothing leaves this machine.
            usable: self.settings().mode == Mode::Laptop && domain::is_reserved(name.as_str()),
        };
        let made = self
            .store()
            .write(grant, move |txn| txn.create_domain(&new))
            .await?;
        self.outcome(&name, made)
    }

    fn outcome(&self, name: &DomainName, outcome: NewDomainOutcome) -> Result<wire::Domain> {
        match outcome {
            NewDomainOutcome::Made(domain) | NewDomainOutcome::Known(domain) => {
                Ok(self.render_domain(&domain))
            }
            NewDomainOutcome::Exists => {
                let detail = format!("You have added {name} already");
                Err(Error::new(Code::AlreadyExists, detail)
                    .fix("Read the domain, or delete it before you add it again."))
            }
            NewDomainOutcome::Taken => Err(taken(name)),
        }
    }

    /// Whether a name may be added here at all.
    fn is_allowed(&self, name: &DomainName) -> Result<()> {
        if name.is_within(&self.settings().default_domain) {
            return Err(taken(name));
        }
        if self.settings().mode == Mode::Public && domain::is_reserved(name.as_str()) {
            let detail = format!("{name} is reserved: the DNS has no such name");
            return Err(Error::new(Code::Unprocessable, detail)
                .fix("Add a domain that you have registered."));
        }
        Ok(())
    }

    /// Refuses a domain whose mail goes to a provider of mailboxes. Without an answer it is taken:
    /// the owner sees the wrong exchanger among the records.
    async fn refuse_provider(&self, name: &DomainName) -> Result<()> {
        // On a laptop nothing is asked before somebody wants a verification.
        if self.settings().mode == Mode::Laptop {
            return Ok(());
        }
        let env = self.env();
        let asked = env.resolver.mx(name.as_str());
        let Ok(Ok(answer)) = sys::timeout(&*env.clock, PROVIDER_LIMIT, asked).await else {
            return Ok(());
        };
        let provider = answer.records().into_iter().find_map(|exchanger| {
            let is_of = |suffix: &str| {
                let rest = exchanger.host.strip_suffix(suffix);
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            PROVIDERS.iter().find(|(suffix, _)| is_of(suffix))
        });
        let Some((_, provider)) = provider else {
            return Ok(());
        };
        let detail =
            format!("The mail of {name} goes to {provider}; pointing it here would end that");
        Err(Error::new(Code::Unprocessable, detail).fix(
            "Add a subdomain such as agents of it, or add the domain with inbound_enabled false to \
             send only, or set allow_conflicting_provider if the mailboxes there may stop.",
        ))
    }

    /// A page of domains, newest first.
    ///
    /// # Errors
    /// `forbidden` for a key of one inbox, or `validation_error` for a bad page token.
    pub async fn domains(
        &self,
        grant: &Grant<perm::DomainRead>,
        page: Page,
    ) -> Result<wire::ListDomainsResponse> {
        pod_of(grant.access())?;
        let list = Listing::new(self, "domains", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self
            .store()
            .read(grant, move |view| view.domains(from, ascending, fetch))
            .await;
        let mut found = found?;
        let next_page_token = list.cut(&mut found, |domain| Position {
            at: domain.created_at.as_micros(),
            key: *domain.key.as_bytes(),
        });
        let domains: Vec<_> = found.iter().map(item).collect();
        Ok(wire::ListDomainsResponse {
            count: domains.len(),
            limit: page.limit,
            next_page_token,
            domains,
        })
    }

    /// One domain, its records as the DNS has them now.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn domain(
        &self,
        grant: &Grant<perm::DomainRead>,
        name: &DomainName,
    ) -> Result<wire::Domain> {
        let domain = self.find_domain(grant, name).await?;
        self.glance(&domain).await?;
        let domain = self.find_domain(grant, name).await?;
        Ok(self.render_domain(&domain))
    }

    async fn find_domain<P>(&self, grant: &Grant<P>, name: &DomainName) -> Result<Domain> {
        within(grant.access())?;
        let name = name.clone();
        self.store()
            .read(grant, move |view| view.domain(&name))
            .await
    }

    /// Switches parts of a domain on or off. A part that needs another record makes it wait for
    /// that record; its mail goes on.
    ///
    /// # Errors
    /// `validation_error` when nothing is given, or `not_found`.
    pub async fn update_domain(
        &self,
        grant: &Grant<perm::DomainUpdate>,
        name: &DomainName,
        request: UpdateDomainRequest,
    ) -> Result<wire::Domain> {
        within(grant.access())?;
        if request == UpdateDomainRequest::default() {
            return Err(Error::invalid(
                "",
                "invalid_value",
                "Must provide feedback_enabled, inbound_enabled, subdomains_enabled, tracking_enabled, \
                 catch_all_inbox_id or mta_sts_mode",
            ));
        }
        let mode = match &request.mta_sts_mode {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(text) => Some(Some(mta_sts(text)?)),
        };
        let caught = match &request.catch_all_inbox_id {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(text) => Some(Some(catch_all_id(text)?)),
        };
        let (name, now) = (name.clone(), self.now());
        let job_id = self.env().ids.ordered(now);
        let app = self.clone();
        let changed = self.store().write(grant, move |txn| {
            let mut domain = txn.lock_domain(&name)?;
            let (had, had_mode) = (domain.switches, domain.mta_sts);
            domain.switches = Switches {
                feedback: request.feedback_enabled.unwrap_or(had.feedback),
                inbound: request.inbound_enabled.unwrap_or(had.inbound),
                subdomains: request.subdomains_enabled.unwrap_or(had.subdomains),
                tracking: request.tracking_enabled.unwrap_or(had.tracking),
            };
            domain.mta_sts = mode.unwrap_or(had_mode);
            let catch_all = match &caught {
                None => None,
                Some(None) => Some(None),
                Some(Some(id)) => Some(Some(catch_all(txn, id, domain.pod_id)?)),
            };
            let records_change = domain.switches != had || domain.mta_sts != had_mode;
            if !records_change && catch_all.is_none() {
                return Ok(domain);
            }
            let (mut status, mut reason) = (domain.status, domain.reason.clone());
            if records_change && domain.started_at.is_some() {
                let wanted = expected(&domain.subject(), &app.server());
                let (verdict, why) = domain::verdict(&wanted, &domain.checks);
                // Only a look at the DNS verifies.
                if verdict != VerificationStatus::Verified || domain.verified_at.is_some() {
                    (status, reason) = (verdict, why.map(str::to_owned));
                }
                txn.enqueue(&checking::recheck(job_id, &domain, now)?)?;
            }
            let change = DomainChange {
                switches: domain.switches,
                mta_sts: domain.mta_sts,
                catch_all,
                status,
                reason,
            };
            txn.change_domain(&domain, &change)
        });
        Ok(self.render_domain(&changed.await?))
    }

    /// Removes a domain. Inboxes under it keep what they hold, but neither receive nor send until
    /// somebody of the same tenant adds the domain again.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_domain(
        &self,
        grant: &Grant<perm::DomainDelete>,
        name: &DomainName,
    ) -> Result<()> {
        within(grant.access())?;
        let name = name.clone();
        self.store()
            .write(grant, move |txn| txn.delete_domain(&name).map(|_| ()))
            .await
    }

    /// Looks at the records of a domain now, and goes on doing so until they are right.
    ///
    /// # Errors
    /// `not_found`, or `conflict` while they are being looked at.
    pub async fn verify_domain(
        &self,
        grant: &Grant<perm::DomainUpdate>,
        name: &DomainName,
    ) -> Result<()> {
        within(grant.access())?;
        self.start_check(grant, name).await
    }

    /// The records of a domain as a zone file.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn zone_file(
        &self,
        grant: &Grant<perm::DomainRead>,
        name: &DomainName,
    ) -> Result<String> {
        let domain = self.find_domain(grant, name).await?;
        let records = expected(&domain.subject(), &self.server());
        Ok(domain::zone_file(name.as_str(), &records))
    }

    /// Whether the records can be set by following a link. They cannot: that takes an agreement
    /// with each DNS host.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn setup_link(
        &self,
        grant: &Grant<perm::DomainRead>,
        name: &DomainName,
    ) -> Result<wire::GetSetupLinkResponse> {
        self.find_domain(grant, name).await?;
        Ok(wire::GetSetupLinkResponse { supported: false })
    }

    /// Lets an inbox of `pod` be opened under `domain`, or says why not.
    ///
    /// # Errors
    /// `not_found`, `domain_not_verified`, or `unprocessable` below a domain without subdomains.
    pub(crate) async fn may_open_under<P>(
        &self,
        grant: &Grant<P>,
        pod: PodId,
        domain: String,
    ) -> Result<()> {
        let name = domain.clone();
        let standing = self
            .store()
            .read(grant, move |view| view.standing(&name, pod))
            .await?;
        match standing {
            Standing::Open => Ok(()),
            Standing::Unknown => Err(Error::not_found("Domain")
                .fix("Leave domain out to use the server's own domain, or add this one first.")),
            Standing::Unverified => {
                let detail = format!("The domain {domain} is not verified");
                Err(Error::new(Code::DomainNotVerified, detail)
                    .fix("Set the domain's records and verify it; then try again."))
            }
            Standing::NoSubdomains => {
                let detail = format!("{domain} is below a domain without subdomains");
                Err(Error::new(Code::Unprocessable, detail)
                    .fix("Set subdomains_enabled on the domain, or use the domain itself."))
            }
        }
    }

    fn render_domain(&self, domain: &Domain) -> wire::Domain {
        render::domain(domain, &self.server())
    }

    /// Where this server is found, for the records of domains.
    pub(crate) fn server(&self) -> Server<'_> {
        Server {
            hostname: &self.settings().hostname,
            web: &self.0.web_host,
            mta_sts: self.settings().mta_sts,
        }
    }
}

fn taken(name: &DomainName) -> Error {
    Error::new(Code::ResourceTaken, format!("{name} is taken"))
        .fix("Add a domain of your own, or one of its subdomains.")
}

/// The pod that a new domain belongs to.
fn pod_of(access: &Access) -> Result<Option<PodId>> {
    match *access.scope() {
        Scope::Org => Ok(None),
        Scope::Pod(pod) => Ok(Some(pod)),
        Scope::Inbox(..) => Err(
            Error::new(Code::Forbidden, "A key of one inbox has no domains")
                .fix("Use a key of the organization or of a pod."),
        ),
    }
}

/// A domain belongs to a pod or an organisation; who reaches only an inbox sees none.
fn within(access: &Access) -> Result<()> {
    match access.scope() {
        Scope::Org | Scope::Pod(_) => Ok(()),
        Scope::Inbox(..) => Err(Error::not_found("Domain")),
    }
}

fn mta_sts(text: &str) -> Result<MtaSts> {
    MtaSts::parse(text).ok_or_else(|| {
        let detail = "mta_sts_mode is testing, enforce or none";
        Error::invalid("mta_sts_mode", "invalid_value", detail)
    })
}

fn catch_all_id(text: &str) -> Result<InboxId> {
    InboxId::parse(text).ok_or_else(|| no_catch_all("This is not an inbox"))
}

fn no_catch_all(detail: &str) -> Error {
    Error::invalid("catch_all_inbox_id", "invalid_value", detail)
        .fix("Name an inbox of the organization; for a domain of a pod, one of that pod.")
}

/// The inbox that is to get the mail of addresses nobody has: one within reach, and of the pod
/// that the domain belongs to.
fn catch_all(view: &mut View<'_>, id: &InboxId, pod: Option<PodId>) -> Result<InboxKey> {
    let inbox = view
        .inbox(id)
        .map_err(|_| no_catch_all("There is no such inbox"))?;
    if pod.is_some_and(|pod| pod != inbox.pod_id) {
        return Err(no_catch_all("The inbox belongs to another pod"));
    }
    Ok(inbox.key)
}
