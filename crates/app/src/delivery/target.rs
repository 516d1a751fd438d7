//! Where an entry of the queue goes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use smtp::client::{Credentials, Security};
use sys::Trust;

use super::board::Path;
use super::mta_sts::{self, Mode};
use super::servers::{self, Servers};
use super::settings::{Relay, RelayTls, Way};
use super::verdict::{Ending, Fate};
use super::{Departures, Entry, lock};
use crate::App;

/// How long the answers of the DNS about a domain are believed.
const BELIEVED: Duration = Duration::from_secs(300);

/// Domains whose servers are remembered.
const REMEMBERED: usize = 10_000;

/// Where entries go, and what they need for it.
pub(super) struct Target {
    key: String,
    destination: String,
    /// The way.
    pub(super) kind: Kind,
}

/// The ways.
pub(super) enum Kind {
    /// Into inboxes of this server.
    Local,
    /// Nowhere: held on this machine.
    Sandbox,
    /// To a relay.
    Relay(String, Relay),
    /// To the servers of the DNS.
    Direct(Direct),
}

/// The servers of a domain.
pub(super) struct Direct {
    /// The servers that may be asked.
    pub(super) servers: Servers,
    /// What the domain's policy asks for, when it has one.
    pub(super) policy: Option<Mode>,
    /// Servers that the policy does not name, under [`Mode::Testing`].
    pub(super) unnamed: Vec<String>,
}

impl Path for Target {
    fn key(&self) -> &str {
        &self.key
    }

    fn destination(&self) -> &str {
        &self.destination
    }
}

impl Target {
    fn of(name: &str, kind: Kind) -> Arc<Self> {
        Arc::new(Self {
            key: name.to_owned(),
            destination: name.to_owned(),
            kind,
        })
    }

    fn direct(direct: Direct) -> Self {
        use std::fmt::Write as _;
        let mut key = match direct.policy {
            Some(Mode::Enforce) => "enforce".to_owned(),
            Some(Mode::Testing) => format!("testing {}", direct.unnamed.join(" ")),
            Some(Mode::Off) | None => "mx".to_owned(),
        };
        for one in &direct.servers.hosts {
            let _ = write!(key, " {} {}", one.preference, one.host);
        }
        Self {
            key,
            destination: format!("mx {}", direct.servers.provider),
            kind: Kind::Direct(direct),
        }
    }

    /// The word for it in the record of an attempt.
    pub(super) fn way(&self) -> String {
        match &self.kind {
            Kind::Local => "local".to_owned(),
            Kind::Sandbox => "sandbox".to_owned(),
            Kind::Relay(name, _) => format!("relay {name}"),
            Kind::Direct(_) => "direct".to_owned(),
        }
    }

    /// Whom to log in as.
    pub(super) fn credentials(&self) -> Option<&Credentials> {
        match &self.kind {
            Kind::Relay(_, relay) => relay.credentials.as_ref(),
            Kind::Local | Kind::Sandbox | Kind::Direct(_) => None,
        }
    }

    /// How to protect the connection, and whether it may be tried without when that fails.
    pub(super) fn security(&self) -> (Security, bool) {
        match &self.kind {
            Kind::Relay(_, relay) => match relay.tls {
                RelayTls::Required => (Security::StartTls(Trust::WebPki), false),
                RelayTls::Implicit => (Security::Implicit(Trust::WebPki), false),
                RelayTls::Opportunistic => (Security::Opportunistic, true),
                RelayTls::Never => (Security::Plain, false),
            },
            Kind::Direct(direct) if direct.policy == Some(Mode::Enforce) => {
                (Security::StartTls(Trust::WebPki), false)
            }
            Kind::Direct(_) | Kind::Local | Kind::Sandbox => (Security::Opportunistic, true),
        }
    }
}

/// What is known of an entry's target without asking anybody.
pub(super) enum Known {
    /// This.
    Target(Arc<Target>),
    /// The DNS is to be asked about the domain.
    Ask,
}

/// The target of an entry whose domain is `local`, or is not.
pub(super) fn known(app: &App, entry: &Entry, local: bool) -> Known {
    if local {
        return Known::Target(Target::of("local", Kind::Local));
    }
    let settings = &app.settings().delivery;
    let sender = entry.from.rsplit_once('@').map_or("", |(_, domain)| domain);
    match settings.way(sender) {
        Way::Sandbox => Known::Target(Target::of("sandbox", Kind::Sandbox)),
        Way::Relay(name) => match settings.relays.get(name) {
            Some(relay) => {
                let kind = Kind::Relay(name.clone(), relay.clone());
                Known::Target(Target::of(&format!("relay {name}"), kind))
            }
            // The configuration is checked at the start; nothing leaves by accident.
            None => Known::Target(Target::of("sandbox", Kind::Sandbox)),
        },
        Way::Direct => {
            let now = app.now();
            let targets = lock(&app.0.departures.targets);
            match targets.get(&entry.domain) {
                Some((target, until)) if *until > now => Known::Target(Arc::clone(target)),
                _ => Known::Ask,
            }
        }
    }
}

/// Asks the DNS where mail for a domain goes, and what its policy says.
///
/// # Errors
/// The ending of every delivery to the domain.
pub(super) async fn ask(app: &App, domain: &str) -> Result<Arc<Target>, Ending> {
    if domain.starts_with('[') {
        let words = "addresses with a literal instead of a domain are not delivered to";
        return Err(Ending::own(Fate::Never, "routing", (5, 1, 2), words));
    }
    let resolver = &app.env().resolver;
    let (found, policy) = tokio::join!(resolver.mx(domain), mta_sts::policy(app, domain));
    let answer =
        found.map_err(|error| Ending::own(Fate::Later, "routing", (4, 4, 3), error.to_string()))?;
    let own = &app.settings().hostname;
    let mut servers = servers::servers(domain, answer, own)?;
    let mut unnamed = Vec::new();
    if let Some(policy) = &policy {
        let others = servers.hosts.iter().filter(|one| !policy.names(&one.host));
        unnamed = others.map(|one| one.host.clone()).collect();
        if policy.mode == Mode::Enforce {
            servers.hosts.retain(|one| !unnamed.contains(&one.host));
            if servers.hosts.is_empty() {
                let words = format!(
                    "the policy of {domain} (MTA-STS) names none of its mail servers: {}",
                    unnamed.join(", ")
                );
                return Err(Ending::own(Fate::Later, "routing", (4, 7, 0), words));
            }
        } else if !unnamed.is_empty() {
            tracing::warn!(domain, servers = ?unnamed, "servers are not named by the policy, which is in testing");
        }
    }
    let target = Arc::new(Target::direct(Direct {
        servers,
        policy: policy.map(|policy| policy.mode),
        unnamed,
    }));
    remember(&app.0.departures, domain, &target, app.now());
    Ok(target)
}

fn remember(departures: &Departures, domain: &str, target: &Arc<Target>, now: Timestamp) {
    let mut targets = lock(&departures.targets);
    if targets.len() >= REMEMBERED {
        targets.retain(|_, (_, until)| *until > now);
        if targets.len() >= REMEMBERED {
            targets.clear();
        }
    }
    targets.insert(domain.to_owned(), (Arc::clone(target), now.plus(BELIEVED)));
}

/// The servers to try, in their order, with their addresses as they are asked for.
pub(super) struct Candidates {
    hosts: std::vec::IntoIter<String>,
    host: String,
    addresses: std::vec::IntoIter<SocketAddr>,
    port: u16,
    left: usize,
    relay: bool,
}

/// Addresses of one host that are tried.
const ADDRESSES: usize = 4;

/// Addresses that are tried in one go, however many servers there are.
const TRIES: usize = 10;

impl Candidates {
    /// The servers of a target.
    pub(super) fn of(app: &App, target: &Target) -> Self {
        let (hosts, port, relay) = match &target.kind {
            Kind::Relay(_, relay) => (vec![relay.host.clone()], relay.port, true),
            Kind::Direct(direct) => {
                let dice = || u64::from_be_bytes(app.env().ids.bytes());
                let hosts = servers::order(&direct.servers, dice);
                (hosts, app.settings().delivery.port, false)
            }
            Kind::Local | Kind::Sandbox => (Vec::new(), 0, false),
        };
        Self {
            hosts: hosts.into_iter(),
            host: String::new(),
            addresses: Vec::new().into_iter(),
            port,
            left: TRIES,
            relay,
        }
    }

    /// The next server and its address; what is wrong with servers that have none is told in
    /// `words`. `None` when all were given.
    pub(super) async fn next(
        &mut self,
        app: &App,
        words: &mut Vec<Ending>,
    ) -> Option<(String, SocketAddr)> {
        loop {
            if self.left == 0 {
                return None;
            }
            if let Some(address) = self.addresses.next() {
                self.left -= 1;
                return Some((self.host.clone(), address));
            }
            self.host = self.hosts.next()?;
            match self.look_up(app).await {
                Ok(addresses) => self.addresses = addresses.into_iter(),
                Err(ending) => words.push(ending),
            }
        }
    }

    async fn look_up(&self, app: &App) -> Result<Vec<SocketAddr>, Ending> {
        let host = &self.host;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let (true, Ok(address)) = (self.relay, bare.parse()) {
            return Ok(vec![SocketAddr::new(address, self.port)]);
        }
        let failed = |fate, enhanced, why: &dyn std::fmt::Display| {
            Ending::own(fate, "routing", enhanced, format!("{host}: {why}"))
        };
        let found = app.env().resolver.addresses(host).await;
        let found = found.map_err(|error| failed(Fate::Later, (4, 4, 3), &error))?;
        let mut addresses = found.records();
        if addresses.is_empty() && self.relay {
            // A name of the operator's own may be in the machine's hosts file alone.
            let asking = sys::dial::Resolve::resolve(&sys::dial::SystemResolver, host).await;
            addresses = asking.unwrap_or_default();
        }
        if addresses.is_empty() {
            // A relay without an address is a fault of the configuration, which can be mended.
            let fate = if self.relay { Fate::Later } else { Fate::Never };
            return Err(failed(fate, (5, 4, 4), &"the host has no address"));
        }
        let tried = addresses.into_iter().take(ADDRESSES);
        Ok(tried
            .map(|address| SocketAddr::new(address, self.port))
            .collect())
    }
}
