//! Starting the product on an open store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mail::Address;
use model::org::Org;
use model::{Code, Error, OrgId, Result, perm};
use store::{Grant, Lane, Position, Reason, Store};
use sys::dial::{Dialer, Policy};
use sys::{Env, Tasks};

use crate::bounces::ReturnPaths;
use crate::certificates::{AcmeSettings, Orders};
use crate::delivery::{self, DeliverySettings, Departures};
use crate::domains::signing_key::KeyMaker;
use crate::gate::budgets::LoopLimits;
use crate::gate::leaks::{LeakRules, ValueHasher};
use crate::gate::loops::LoopMarks;
use crate::metrics::counting;
use crate::onboarding::{CodeKey, SignUpDoor};
use crate::{
    App, Filtering, GateSettings, Inner, Judging, Limits, approvals, documents, gate, keys, limits,
    operator, outbound, screen, seal, search, sign, spam, tail, webhooks, worker,
};

/// How far the server trusts its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A developer's machine: no DNS to ask, so mail from a loopback peer counts as authenticated.
    Laptop,
    /// A server with a public domain: nothing is taken on trust.
    Public,
}

/// What the operator chose.
#[derive(Clone)]
pub struct Settings {
    /// How far the server trusts its surroundings.
    pub mode: Mode,
    /// The domain of inboxes for which none is named.
    pub default_domain: String,
    /// The name of this machine in trace fields.
    pub hostname: String,
    /// Where clients and everybody else reach the API: scheme, host and port.
    pub public_url: String,
    /// What others do when a connection does not fit the MTA-STS policy of a domain that does not
    /// choose itself.
    pub mta_sts: model::domain::MtaSts,
    /// Which mail says that no person sent it, of inboxes that do not choose.
    pub auto_submitted: model::inbox::AutoSubmitted,
    /// Octets of the largest message that is sent.
    pub max_message_bytes: usize,
    /// Whether the same message to the same people within a minute is sent only once, also without
    /// an Idempotency-Key.
    pub suppress_repeats: bool,
    /// How long events, and what happened to labels, are kept; `None` keeps them for ever. No
    /// shorter than two days: a webhook is tried again for as long as that.
    pub keep_events: Option<Duration>,
    /// How often callers may come.
    pub limits: Limits,
    /// How often machines may answer one another.
    pub loop_limits: LoopLimits,
    /// What is done about secrets in departures.
    pub leaks: LeakRules,
    /// How many agents one network address may sign up in an hour; 0 for none at all.
    pub agent_sign_ups: u32,
    /// The secret from which all others of this server are derived.
    pub master_key: [u8; 32],
    /// Where requests of the server's own may go.
    pub egress: Policy,
    /// How mail to other servers leaves.
    pub delivery: DeliverySettings,
    /// How arriving mail is judged.
    pub judging: Judging,
    /// How unwanted mail is known.
    pub filtering: Filtering,
    /// What the gate does.
    pub gate: GateSettings,
    /// This program, which reads documents when it is started as `read-document`.
    pub document_reader: PathBuf,
    /// Where certificates for this server are ordered, if at all.
    pub acme: Option<AcmeSettings>,
}

/// What the first start made.
#[derive(Clone)]
pub struct Bootstrap {
    /// Whether there was nothing before.
    pub first_start: bool,
    /// The new admin key, shown once; `None` if the operator brought one or it was shown before.
    pub api_key: Option<String>,
    /// The operator's organisation.
    pub organization_id: String,
}

/// An organisation that was made by hand.
pub struct NewOrganization {
    /// Its id.
    pub organization_id: String,
    /// Its admin key, shown once.
    pub api_key: String,
}

/// The name of the key that comes from the operator's environment, by which a changed one replaces
/// it.
const ENVIRONMENT_KEY: &str = "Operator (environment)";

impl App {
    /// Starts the product and its background work on `store`.
    ///
    /// # Errors
    /// When the default domain is not a domain, or the store fails.
    #[expect(
        clippy::unused_async,
        reason = "starting may come to wait for other processes"
    )]
    pub async fn start(store: Store, settings: Settings, env: Env, tasks: &Tasks) -> Result<Self> {
        if Address::parse(&format!("postmaster@{}", settings.default_domain)).is_err() {
            let domain = &settings.default_domain;
            return Err(Error::invalid(
                "domain",
                "invalid_value",
                format!("{domain} is not a domain"),
            ));
        }
        let derive = |purpose: &str| blake3::derive_key(purpose, &settings.master_key);
        let dialer = Dialer::new(settings.egress.clone(), Arc::clone(&env.clock));
        let departures = Departures::new(
            &settings.delivery,
            &settings.hostname,
            &settings.egress,
            &env,
        );
        let acme = settings.acme.as_ref();
        let orders = Orders::new(acme, &settings.egress, &settings.delivery.roots, &env.clock);
        let inner = Inner {
            orders: orders?,
            readers: documents::readers(settings.document_reader.clone(), Arc::clone(&env.clock)),
            web_host: web_host(&settings),
            departures: departures?,
            rspamd: settings.filtering.rspamd.as_ref().and_then(|url| {
                let dialer = spam::dialer_for(url, Arc::clone(&env.clock))?;
                spam::Rspamd::new(dialer, url)
            }),
            judge: settings
                .filtering
                .judge
                .as_ref()
                .and_then(|url| screen::judge::Judge::new(url, Arc::clone(&env.clock))),
            screen: Arc::default(),
            strangers: env.resolver.remembering(),
            dialer: dialer.map_err(Error::internal)?,
            decision_key: approvals::LinkKey::new(&settings.master_key),
            order_key: operator::OrderKey::new(&settings.master_key),
            own_org: outbound::own::organization(&settings.master_key),
            answer_key: approvals::AnswerKey::new(&settings.master_key),
            link_key: derive("mailroost 2026-11 download links"),
            key_maker: KeyMaker::new(derive("mailroost 2026-11 signing keys of domains")),
            open_keys: sign::OpenKeys::default(),
            seal: seal::Seal::new(&derive("mailroost 2026-11 sealed secrets")),
            page_key: derive("mailroost 2026-11 page tokens"),
            return_paths: ReturnPaths::new(derive("mailroost 2026-11 return paths")),
            values: ValueHasher::new(derive("mailroost 2026-11 registered values")),
            loop_marks: LoopMarks::new(derive("mailroost 2026-11 loop marks")),
            buckets: limits::AllBuckets::new(&settings.limits),
            code_key: CodeKey::new(derive("mailroost 2026-11 codes of agents")),
            sign_ups: SignUpDoor::default(),
            tainted: gate::Tainted::default(),
            tails: tail::Tails::default(),
            indexing: search::Indexing::default(),
            tasks: tasks.clone(),
            store,
            env,
            settings,
        };
        let app = Self(Arc::new(inner));
        tasks.spawn(counting::run(app.clone(), tasks.shutdown()));
        tasks.spawn(search::run(app.clone(), tasks.shutdown()));
        for lane in [Lane::Rest, Lane::Posts] {
            tasks.spawn(worker::run(app.clone(), lane, tasks.shutdown()));
        }
        tasks.spawn(delivery::run(app.clone(), tasks.shutdown()));
        tasks.spawn(webhooks::fan_out::run(app.clone(), tasks.shutdown()));
        Ok(app)
    }

    /// Makes what an empty store lacks: an organisation with its default pod, the shared domain
    /// and one admin key. `admin_key` is the operator's own choice of that key.
    ///
    /// # Errors
    /// When `admin_key` is too weak to be a key, or the store fails.
    pub async fn bootstrap(&self, admin_key: Option<&str>) -> Result<Bootstrap> {
        let known = self.store().first_org().await?;
        let org_id = known.unwrap_or_else(|| OrgId::new(self.env().ids.random()));
        let access = self.store().system(org_id, Reason::Operation);
        let grant = access.grant::<perm::ApiKeyCreate>()?;
        let domain = self.settings().default_domain.clone();
        self.store()
            .write(&grant, move |txn| {
                txn.create_org("Default Organization")?;
                txn.add_shared_domain(&domain)
            })
            .await?;
        worker::schedule_upkeep(self, org_id).await?;
        let api_key = match admin_key {
            Some(secret) => {
                self.adopt_key(&grant, secret).await?;
                None
            }
            None if known.is_none() => Some(self.operator_key(&grant, "Operator").await?),
            None => None,
        };
        Ok(Bootstrap {
            first_start: known.is_none(),
            api_key,
            organization_id: org_id.to_string(),
        })
    }

    /// Makes another organisation with its default pod and an admin key of its own, for the
    /// operator. Nothing of one organisation can be seen from another.
    ///
    /// # Errors
    /// `validation_error` for the name, `not_found` before the first start, or when the store fails.
    pub async fn create_organization(&self, name: &str) -> Result<NewOrganization> {
        let name = keys::name(Some(name), "")?;
        if self.store().first_org().await?.is_none() {
            // The first start makes the operator's own, which must stay the first.
            return Err(Error::not_found("The operator's own organization")
                .fix("Start the server once, then make others."));
        }
        let org_id = OrgId::new(self.env().ids.random());
        let access = self.store().system(org_id, Reason::Operation);
        let grant = access.grant::<perm::ApiKeyCreate>()?;
        let (api_key, new) = keys::mint(self, "Operator", model::api_key::Scope::Org);
        let new = Arc::new(new);
        self.store()
            .write(&grant, move |txn| {
                txn.create_org(&name)?;
                txn.create_api_key(&new).map(|_| ())
            })
            .await?;
        Ok(NewOrganization {
            organization_id: org_id.to_string(),
            api_key,
        })
    }

    /// Calls `each` with every organisation of this server, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn each_organization(&self, mut each: impl FnMut(&Org)) -> Result<()> {
        const SLICE: usize = 100;
        let mut from = None;
        loop {
            let slice = self.store().organizations(from, SLICE).await?;
            slice.iter().for_each(&mut each);
            from = slice.last().map(|org| Position {
                at: org.created_at.as_micros(),
                key: *org.org_id.as_bytes(),
            });
            if slice.len() < SLICE {
                return Ok(());
            }
        }
    }

    async fn operator_key(&self, grant: &Grant<perm::ApiKeyCreate>, name: &str) -> Result<String> {
        let (secret, new) = keys::mint(self, name, model::api_key::Scope::Org);
        let new = Arc::new(new);
        self.store()
            .write(grant, move |txn| txn.create_api_key(&new))
            .await?;
        Ok(secret)
    }

    /// Makes the operator's own secret an admin key, in place of an earlier one of theirs.
    async fn adopt_key(&self, grant: &Grant<perm::ApiKeyCreate>, secret: &str) -> Result<()> {
        let usable = secret.len() >= 16 && secret.bytes().all(|byte| byte.is_ascii_graphic());
        if !usable {
            return Err(Error::new(
                Code::ValidationError,
                "the admin key from the environment needs at least 16 visible ASCII characters",
            )
            .fix("Set MAILROOST_API_KEY to a long random text, for example am_us_ and 64 hex digits."));
        }
        if self.authenticate(secret).await.is_ok() {
            return Ok(());
        }
        let new = keys::adopt(self, ENVIRONMENT_KEY, secret);
        let new = Arc::new(new);
        self.store()
            .write(grant, move |txn| {
                txn.delete_api_keys_named(ENVIRONMENT_KEY)?;
                txn.create_api_key(&new).map(|_| ())
            })
            .await
    }
}

/// The host that names of tenants lead to where others come to this server over HTTPS.
fn web_host(settings: &Settings) -> String {
    let url = url::Url::parse(&settings.public_url);
    let host = url.ok().and_then(|url| match url.host() {
        // A name can be an alias of another name only.
        Some(url::Host::Domain(name)) if name.contains('.') => Some(name.to_owned()),
        _ => None,
    });
    host.unwrap_or_else(|| settings.hostname.clone())
}
