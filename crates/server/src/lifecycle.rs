//! Start and stop. Start: store, use cases and workers, doors. Stop in reverse, in two phases:
//! first everything is asked to finish, then what has not finished in time is cut.
//!
//! A cut loses nothing that was accepted: a `250` or `200` is only sent after its commit, so a
//! client that was cut has no answer and sends again.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use app::{App, Bootstrap, Inbound, Submission};
use store::Store;
use sys::{Env, Running, Tasks, timeout, timeout_at};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_rustls::TlsAcceptor;

use crate::certificate::CertificateStore;
use crate::config::Settings;
use crate::data_folder::DataFolder;
use crate::http::{self, Connections};
use crate::welcome::{self, AdminKey, Welcome};
use crate::wiring::{self, SubmissionDoor};

/// How long the last transactions may take to reach the disk once everything else has stopped.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// Runs the server until it is told to stop.
///
/// # Errors
/// When it cannot start; one line for the person who started it.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let env = Env {
        resolver: sys::Resolver::at(settings.dns.clone()),
        ..Env::system()
    };
    let mut signals = Signals::listen()?;
    let server = tokio::select! {
        server = start(&settings, &env) => server?,
        // A database that does not answer must not keep the person waiting for it.
        name = signals.next() => {
            tracing::info!(signal = name, "told to stop before the start was complete");
            return Ok(());
        }
    };
    let name = signals.next().await;
    tracing::info!(
        signal = name,
        seconds = settings.drain.as_secs(),
        "stopping: no new connections, finishing what is under way"
    );
    server.stop(settings.drain, &mut signals).await;
    tracing::info!("stopped");
    Ok(())
}

struct Server {
    env: Env,
    store: Store,
    workers: Running,
    doors: Running,
    connections: Connections,
}

async fn start(settings: &Settings, env: &Env) -> anyhow::Result<Server> {
    let folder = DataFolder::open(&settings.data)?;
    let store = wiring::open_store(settings, &folder, env).await?;
    match start_on(settings, &folder, &store, env).await {
        Ok((workers, doors, connections)) => Ok(Server {
            env: env.clone(),
            store,
            workers,
            doors,
            connections,
        }),
        Err(error) => {
            wiring::close_store(store).await;
            Err(error)
        }
    }
}

async fn start_on(
    settings: &Settings,
    folder: &DataFolder,
    store: &Store,
    env: &Env,
) -> anyhow::Result<(Running, Running, Connections)> {
    // The ports are taken before the first key is made: a start that fails on a port must not
    // have made a key that nobody was shown.
    let sockets = Sockets::open(settings).await?;
    let (files, now) = (&settings.tls, env.clock.now());
    let certificates = CertificateStore::open(files, folder, &settings.hostname, now)?;
    let smtp_settings = wiring::smtp_settings(settings, &certificates)?;
    let submission = wiring::submission_doors(settings, &smtp_settings).await?;

    let (tasks, workers) = Tasks::new();
    let app = wiring::start_app(settings, folder, store.clone(), env, &tasks).await?;
    let admin_key = settings.api_key.as_ref().map(|key| key.0.as_str());
    let bootstrap = app
        .bootstrap(admin_key)
        .await
        .context("the organisation cannot be set up")?;

    // Before the first handshake, so that no client of a new start sees a lesser one.
    certificates.take_issued(&app).await;

    let addresses = sockets.addresses()?;
    // WebSockets end with the workers, after the SMTP sessions: what those still take is announced.
    let (doors, running_doors) = Tasks::new();
    let api_settings = wiring::api_settings(settings, env, &tasks, &doors);
    let router = api::router(app.clone(), api_settings);
    let handed_in = open_submission(submission, &app, env, &doors)?;
    let smtp_server = smtp::Server::new(
        Arc::new(Inbound::new(app.clone())),
        smtp_settings,
        env.clone(),
    );
    let connections = Connections::new(settings.max_http_connections);
    doors.spawn(Arc::new(smtp_server).serve(sockets.smtp, doors.clone()));
    let open_http = |listener, tls, router| {
        let (connections, clock) = (connections.clone(), Arc::clone(&env.clock));
        let serve = http::serve(listener, tls, router, connections, clock, doors.clone());
        doors.spawn(serve);
    };
    if let Some(listener) = sockets.https {
        let tls = TlsAcceptor::from(certificates.for_https()?);
        open_http(listener, Some(tls), api::over_tls(router.clone()));
    }
    if let Some(listener) = sockets.acme {
        open_http(listener, None, api::challenge_door(app.clone()));
    }
    open_http(sockets.http, None, router);
    watch_certificates(certificates, settings, app, env, &tasks)?;
    tell_mode(settings);
    tracing::info!(
        http = %addresses.http,
        smtp = %addresses.smtp,
        organization_id = bootstrap.organization_id,
        "ready"
    );
    welcome(settings, folder, &addresses, &handed_in, &bootstrap);
    Ok((workers, running_doors, connections))
}

/// The doors that are opened before anything is made, but for those of submission.
struct Sockets {
    http: TcpListener,
    https: Option<TcpListener>,
    acme: Option<TcpListener>,
    smtp: TcpListener,
}

impl Sockets {
    async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let https = match settings.https {
            Some(address) => Some(sys::listen("HTTPS", address).await?),
            None => None,
        };
        let acme = match settings.acme {
            Some(_) => Some(sys::listen("ACME", settings.acme_http).await?),
            None => None,
        };
        Ok(Self {
            http: sys::listen("HTTP", settings.http).await?,
            https,
            acme,
            smtp: sys::listen("SMTP", settings.smtp).await?,
        })
    }

    fn addresses(&self) -> anyhow::Result<Addresses> {
        let https = self.https.as_ref().map(TcpListener::local_addr);
        Ok(Addresses {
            http: self.http.local_addr()?,
            https: https.transpose()?,
            smtp: self.smtp.local_addr()?,
        })
    }
}

/// Where the doors that are always there listen, and HTTPS.
struct Addresses {
    http: SocketAddr,
    https: Option<SocketAddr>,
    smtp: SocketAddr,
}

/// Looks after renewed certificates until the server stops.
fn watch_certificates(
    certificates: CertificateStore,
    settings: &Settings,
    app: App,
    env: &Env,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    let certificates = Arc::new(certificates);
    let hangup = hangup(settings)?;
    if settings.acme.is_some() {
        let (issued, clock) = (Arc::clone(&certificates), Arc::clone(&env.clock));
        tasks.spawn(issued.watch_issued(app, clock, tasks.shutdown()));
    }
    let clock = Arc::clone(&env.clock);
    tasks.spawn(certificates.watch(clock, hangup, tasks.shutdown()));
    Ok(())
}

/// SIGHUP, which asks for the certificate files to be read again. A server in a terminal that has
/// no such files leaves it alone and ends with its terminal; `nohup` works either way.
fn hangup(settings: &Settings) -> anyhow::Result<Option<Signal>> {
    if settings.tls.is_empty() && std::io::stderr().is_terminal() {
        return Ok(None);
    }
    Ok(Some(signal(SignalKind::hangup())?))
}

/// Starts the doors for submission; gives where they listen.
fn open_submission(
    open: Vec<SubmissionDoor>,
    app: &App,
    env: &Env,
    doors: &Tasks,
) -> anyhow::Result<Vec<(&'static str, SocketAddr)>> {
    let mut addresses = Vec::new();
    for SubmissionDoor { listener, settings } in open {
        let how = if settings.implicit_tls {
            "TLS"
        } else {
            "STARTTLS"
        };
        addresses.push((how, listener.local_addr()?));
        let handler = Arc::new(Submission::new(app.clone()));
        let server = smtp::Server::new(handler, settings, env.clone());
        doors.spawn(Arc::new(server).serve(listener, doors.clone()));
    }
    Ok(addresses)
}

fn tell_mode(settings: &Settings) {
    let leaves = settings.delivery.is_real();
    if settings.is_public() {
        let mail = if leaves {
            "mail to other servers leaves as configured"
        } else {
            "mail to other servers is held in the sandbox until `delivery` says otherwise"
        };
        tracing::info!(
            domain = settings.domain,
            "public mode: nobody counts as authenticated without proof; {mail}"
        );
        return;
    }
    let mail = if leaves {
        "mail to other servers leaves as configured"
    } else {
        "nothing leaves this machine. Mail to people outside is held in the sandbox and shown as \
         delivered in the sandbox"
    };
    tracing::info!(
        domain = settings.domain,
        "laptop mode: {mail}; mail from loopback counts as authenticated; there are no rate limits \
         unless you set some. A public --domain ends laptop mode"
    );
    let https = settings.https.map(|address| ("HTTPS", address));
    let doors = [("HTTP", settings.http), ("SMTP", settings.smtp)];
    for (door, address) in doors.into_iter().chain(https) {
        if !address.ip().is_loopback() {
            tracing::warn!(
                %address,
                "laptop mode, but {door} listens beyond this machine: right inside a container \
                 whose ports are published to loopback only. Peers that are not loopback do not \
                 count as authenticated"
            );
        }
    }
}

fn welcome(
    settings: &Settings,
    folder: &DataFolder,
    addresses: &Addresses,
    submission: &[(&'static str, SocketAddr)],
    bootstrap: &Bootstrap,
) {
    let key = match &bootstrap.api_key {
        Some(key) => AdminKey::Made(key),
        None if settings.api_key.is_some() => AdminKey::InEnvironment,
        None => AdminKey::ShownBefore,
    };
    let text = Welcome {
        http: addresses.http,
        https: addresses.https,
        smtp: addresses.smtp,
        submission,
        public_url: settings.public_url.as_deref(),
        data: folder.path(),
        domain: &settings.domain,
        is_public: settings.is_public(),
        key,
    }
    .text();
    welcome::print(&text);
}

impl Server {
    /// Ends everything within `drain`, or at once when a second signal comes.
    async fn stop(self, drain: Duration, signals: &mut Signals) {
        let clock = Arc::clone(&self.env.clock);
        let deadline = clock.now().plus(drain);
        // Sockets and workers, which come second, keep a share of the time.
        let doors_until = deadline.minus((drain / 6).min(Duration::from_secs(5)));
        let orderly = async {
            if timeout_at(&*clock, doors_until, self.doors.stop())
                .await
                .is_err()
            {
                tracing::warn!("some requests or SMTP sessions did not finish in time and are cut");
            }
            let rest = async { tokio::join!(self.workers.stop(), self.connections.closed()) };
            if timeout_at(&*clock, deadline, rest).await.is_err() {
                tracing::warn!("some WebSockets or workers did not finish in time and are cut");
            }
        };
        tokio::select! {
            () = orderly => {}
            name = signals.next() => tracing::warn!(signal = name, "told again to stop: cutting"),
        }
        if timeout(&*clock, CLOSE_LIMIT, wiring::close_store(self.store))
            .await
            .is_err()
        {
            tracing::error!("the store did not close in time");
        }
    }
}

/// The signals that ask the server to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
