//! The verbs of the product and its background work.
//!
//! Every door — SMTP, REST, the WebSocket — ends here. Mail arrives through one function
//! (`inbound`) and leaves through one (`outbound`); read those two first. A verb takes a
//! [`Grant`] of exactly the right it needs, opens its transactions here and nowhere else, and never
//! waits for the network inside one.

mod approvals;
mod audit;
mod authenticate;
mod batch;
mod bounces;
mod certificates;
mod codes;
mod deliveries;
mod delivery;
mod documents;
mod domains;
mod download;
mod drafts;
mod extraction;
mod facts;
mod fetch;
mod gate;
mod halts;
mod inbound;
mod inboxes;
mod jobs;
mod keys;
mod leak_values;
mod limits;
mod lists;
mod log;
mod messages;
mod metrics;
mod moves;
mod onboarding;
mod operator;
mod operator_key;
mod orgs;
mod outbound;
mod page;
mod paging;
mod pods;
mod policies;
mod polling;
mod render;
mod screen;
mod seal;
mod search;
mod sign;
mod spam;
mod start;
mod submission;
mod tail;
mod threads;
mod tickets;
mod timeline;
mod unsubscribe;
mod view;
mod wait;
mod webhooks;
mod worker;

use std::sync::Arc;

pub use approvals::{
    operator_token as approval_token, waiting as approvals_waiting, waiting_one as approval_waiting,
};
pub use audit::{AuditReport, verify_audit};
pub use authenticate::Judging;
pub use certificates::{AcmeSettings, Facts as CertificateFacts, IssuedCertificate};
pub use delivery::{DaneMode, DeliverySettings, Patience, Relay, RelayTls, Way};
pub use domains::look_up;
pub use download::Download;
pub use gate::budgets::LoopLimits;
pub use gate::leaks::LeakRules;
pub use gate::{GateSettings, Tainting};
pub use inbound::Inbound;
pub use limits::{Limits, Rate, Standing, TooEarly};
pub use log::EventsQuery;
pub use model::domain::MtaSts;
pub use model::inbox::AutoSubmitted;
pub use model::preset::KeyPreset;
pub use operator::marked_order;
pub use operator_key::OperatorKey;
pub use polling::Poller;
pub use spam::{Filtering, reversed};
pub use start::{Bootstrap, Mode, NewOrganization, Settings};
pub use store::{Access, Grant};
pub use submission::Submission;
pub use tail::{Event, Tail};
pub use tickets::TICKET_PREFIX;
pub use timeline::trace;
pub use view::Form;
pub use wait::{Claim, WaitQuery};

use mail::Timestamp;
use model::{InboxId, PodId, Result, perm};
use store::Store;
use sys::Env;

/// The product. Clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    /// Where HTTPS reaches this server, for records of domains.
    web_host: String,
    store: Store,
    env: Env,
    settings: Settings,
    /// Signs links that decide; derived from the master key.
    decision_key: approvals::LinkKey,
    /// Recognises orders of the operator.
    order_key: operator::OrderKey,
    /// The organisation that no key belongs to.
    own_org: Option<model::OrgId>,
    /// Makes the tokens that answers to mail about approvals show.
    answer_key: approvals::AnswerKey,
    /// Signs download links; derived from the master key.
    link_key: [u8; 32],
    /// Seals page tokens to the list they came from; derived from the master key.
    page_key: [u8; 32],
    /// Seals what must not lie in the database as it is; its key is derived from the master key.
    seal: seal::Seal,
    /// Asks about strangers' names, and remembers what it heard.
    strangers: sys::Resolver,
    rspamd: Option<spam::Rspamd>,
    judge: Option<screen::judge::Judge>,
    /// Looks at what arrives for attempts to steer its reader.
    screen: Arc<mail::screen::Screen>,
    /// Makes and recognises the addresses that reports come back to.
    return_paths: bounces::ReturnPaths,
    /// The only way to servers that callers name.
    dialer: sys::dial::Dialer,
    /// Makes and seals the signing keys of domains.
    key_maker: domains::signing_key::KeyMaker,
    open_keys: sign::OpenKeys,
    buckets: limits::AllBuckets,
    /// Hashes values that must not leave.
    values: gate::leaks::ValueHasher,
    /// Makes and recognises the marks that count answers of machines.
    loop_marks: gate::loops::LoopMarks,
    /// What the codes that are mailed to humans follow from; derived from the master key.
    code_key: onboarding::CodeKey,
    sign_ups: onboarding::SignUpDoor,
    /// Which keys are known to be tainted, so that a reader does not write that again.
    tainted: gate::Tainted,
    tails: tail::Tails,
    indexing: search::Indexing,
    tasks: sys::Tasks,
    /// Processes that read attached documents.
    readers: sys::Helpers,
    /// Certificates for this server.
    orders: certificates::Orders,
    /// Mail on its way to its recipients.
    departures: delivery::Departures,
}

impl App {
    fn store(&self) -> &Store {
        &self.0.store
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn env(&self) -> &Env {
        &self.0.env
    }

    fn strangers(&self) -> &sys::Resolver {
        &self.0.strangers
    }

    fn now(&self) -> Timestamp {
        self.0.env.clock.now()
    }

    /// The access of whoever holds the API key `secret`.
    ///
    /// # Errors
    /// `unknown_api_key` when it is not a key of this server, was revoked or has expired.
    pub async fn authenticate(&self, secret: &str) -> Result<Access> {
        self.store()
            .authenticate(store::Credential::new(secret))
            .await
    }

    /// The access of the same caller to what a path names alone: a pod, an inbox, or an inbox of a
    /// pod. Verbs then need not be told where to look, and cannot look anywhere else.
    ///
    /// # Errors
    /// `not_found` for the pod or the inbox.
    pub async fn narrowed(
        &self,
        access: &Access,
        pod: Option<PodId>,
        inbox: Option<&InboxId>,
    ) -> Result<Access> {
        let mut access = access.clone();
        if let Some(pod) = pod {
            access = self.store().within_pod(&access, pod).await?;
        }
        if let Some(inbox) = inbox {
            access = self.store().within_inbox(&access, inbox).await?;
        }
        Ok(access)
    }

    /// Whether the server can do its work: its store answers.
    ///
    /// # Errors
    /// `service_unavailable` when it does not.
    pub async fn ready(&self) -> Result<()> {
        self.store().first_org().await.map(|_| ())
    }

    /// Lets go the mail that a restore has held back; how many entries that were. For the operator.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release_held_back(&self) -> Result<u64> {
        self.store().release_held_back().await
    }

    /// Who the caller is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn identity(&self, grant: &Grant<perm::Authenticated>) -> Result<wire::Identity> {
        orgs::identity(self, grant).await
    }

    /// The caller's organisation.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization(
        &self,
        grant: &Grant<perm::OrganizationRead>,
    ) -> Result<wire::Organization> {
        orgs::organization(self, grant).await
    }
}
