//! `mailroost doctor`: what keeps mail from coming and going, and the exact thing to change.
//!
//! It takes nothing from a running server: the store is read beside it, and no lock is taken. What
//! it asks of the network is the operator's own or was named by the operator. The checks run at once,
//! each within a limit of time.
//!
//! ```text
//! machine        mode, folder, key, disk, clock
//! stored         the store and the queue
//! names          the DNS
//! network        the doors, the relays, port 25
//! certificates   what clients are shown
//! time           the clock, held against another one
//! ```

mod certificates;
mod finding;
mod machine;
mod names;
mod network;
mod stored;
#[cfg(test)]
mod tests;
mod time;

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use finding::{Finding, Status};
use store::Inspection;
use sys::dial::{Dialer, Policy};
use sys::{Answer, Clock, Env, Resolver, TlsClient, Unanswered, timeout};
use tokio::task::spawn_blocking;

use crate::config::Settings;
use crate::{certificate, welcome, wiring};

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(20);

/// The port that the world's mail comes to.
const SMTP: u16 = 25;

/// What every check is given.
struct Doctor {
    settings: Settings,
    clock: Arc<dyn Clock>,
    /// Shows the DNS as others see it.
    resolver: Resolver,
    /// Shows it as this machine does, which may have names of its own for relays.
    inside: Resolver,
    dialer: Dialer,
    tls: TlsClient,
    /// The host of the links to this server.
    web_host: String,
    asked: Asked,
}

/// Whom the operator names to be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// A mail server, or a domain that has one, to see whether mail can leave.
    pub probe: Option<String>,
    /// A server that tells the time (NTP), with or without a port.
    pub time_server: Option<String>,
}

/// Prints the report; whether there is no problem.
///
/// # Errors
/// When the examination itself cannot be made.
pub fn run(settings: Settings, json: bool, asked: Asked) -> anyhow::Result<bool> {
    certificate::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let doctor = Doctor::new(settings, asked)?;
    let findings = runtime.block_on(doctor.examine());
    // What was given up may still be reading.
    runtime.shutdown_background();
    let text = if json {
        finding::json(&findings)?
    } else {
        finding::text(&findings)
    };
    welcome::print(&text);
    Ok(findings.iter().all(|one| one.status != Status::Problem))
}

impl Doctor {
    fn new(settings: Settings, asked: Asked) -> anyhow::Result<Self> {
        let clock = Env::system().clock;
        // The operator's own servers may be anywhere.
        let everywhere = ["0.0.0.0/0", "::/0"].map(str::parse);
        let policy = Policy {
            loopback: true,
            plain: true,
            allowed: everywhere.into_iter().collect::<Result<_, _>>()?,
        };
        let inside = Resolver::at(settings.dns.clone());
        Ok(Self {
            dialer: Dialer::new(policy, Arc::clone(&clock))?,
            tls: TlsClient::with_roots(&settings.delivery.roots)?,
            resolver: inside.as_others_see(),
            inside,
            web_host: web_host(&settings),
            settings,
            clock,
            asked,
        })
    }

    async fn examine(&self) -> Vec<Finding> {
        let mut found = vec![
            machine::mode(&self.settings),
            machine::folder(&self.settings),
            machine::master_key(&self.settings),
        ];
        let data = self.settings.data.clone();
        let is_there = data.is_dir();
        if is_there {
            found.extend(machine::disk(&data, &*self.clock));
        }
        let (inspection, stored) = self.stored().await;
        if is_there {
            let now = self.clock.now();
            found.push(machine::clock(inspection.as_ref(), &data, now));
        }
        found.extend(stored);
        let here = async {
            let inspected = inspection.as_ref();
            let (server, https, relays, certificates, time) = tokio::join!(
                self.within("server", network::server(self)),
                self.within("https", network::https(self)),
                self.within("relay", network::relays(self)),
                self.within("certificate", certificates::certificates(self, inspected)),
                self.within("clock", time::compared(self)),
            );
            [server, https, relays, certificates, time].concat()
        };
        let (here, outside) = tokio::join!(here, self.outside(inspection.as_ref()));
        found.extend(here);
        found.extend(outside);
        found
    }

    /// What the world has to do with a public server.
    async fn outside(&self, inspection: Option<&Inspection>) -> Vec<Finding> {
        if !self.settings.is_public() {
            return Vec::new();
        }
        let records = async {
            match inspection {
                Some(inspection) => names::records(self, inspection).await,
                None => Vec::new(),
            }
        };
        let (dns, host, reverse, records, lists, inbound, outbound) = tokio::join!(
            self.within("dns", names::servers(self)),
            self.within("hostname", names::hostname(self)),
            self.within("reverse_name", names::reverse(self)),
            self.within("records", records),
            self.within("block_lists", names::block_lists(self)),
            self.within("port_25_in", network::inbound(self, SMTP)),
            self.within("port_25_out", network::outbound(self)),
        );
        [dns, host, reverse, records, lists, inbound, outbound].concat()
    }

    async fn stored(&self) -> (Option<Inspection>, Vec<Finding>) {
        let engine = wiring::engine(&self.settings, &self.settings.data);
        let (domain, now) = (self.settings.domain.clone(), self.clock.now());
        let name = match &engine {
            store::Engine::Sqlite { .. } => "SQLite",
            store::Engine::Postgres { .. } => "PostgreSQL",
        };
        let of_file = engine.clone();
        let looking = spawn_blocking(move || store::inspect(&engine, &domain, now));
        let checking = spawn_blocking(move || store::check_integrity(&of_file));
        let (looked, checked) = tokio::join!(
            timeout(&*self.clock, LIMIT, looking),
            timeout(&*self.clock, LIMIT, checking)
        );
        let Ok(Ok(looked)) = looked else {
            return (None, vec![late("store")]);
        };
        let mut found = vec![stored::shape(&looked, name)];
        match checked {
            Ok(Ok(checked)) if name == "SQLite" => found.extend(stored::integrity(&checked)),
            Ok(_) => {}
            Err(_) => found.push(Finding::warning(
                "integrity",
                "the database is too large to be read in this time",
                "Restore a backup elsewhere now and then: that reads all of it.",
            )),
        }
        let inspection = looked.ok().filter(|one| one.schema.0 == one.schema.1);
        if let Some(inspection) = &inspection {
            found.extend(stored::queue(inspection, now));
        }
        (inspection, found)
    }

    /// The addresses of the host name.
    async fn addresses(&self) -> Result<Answer<IpAddr>, Unanswered> {
        self.resolver.addresses(&self.settings.hostname).await
    }

    async fn within(
        &self,
        check: &'static str,
        work: impl Future<Output = Vec<Finding>>,
    ) -> Vec<Finding> {
        let done = timeout(&*self.clock, LIMIT, Box::pin(work)).await;
        done.unwrap_or_else(|_| vec![late(check)])
    }
}

/// The host that names of tenants lead to, which must be a name.
fn web_host(settings: &Settings) -> String {
    let url = wiring::public_url(settings);
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    if host.contains('.') && host.parse::<IpAddr>().is_err() {
        host.to_owned()
    } else {
        settings.hostname.clone()
    }
}

fn late(check: &'static str) -> Finding {
    Finding::warning(
        check,
        format!("given up after {} seconds", LIMIT.as_secs()),
        "Try again; if it stays so, what it asks does not answer.",
    )
}
