//! Turns the checked configuration into the pieces of the server.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use app::App;
use store::{Engine, OpenError, Store};
use sys::dial::Policy;
use sys::{Env, Tasks};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use crate::certificate::CertificateStore;
use crate::config::Settings;
use crate::data_folder::DataFolder;
use crate::restore;

/// Opens the store. With SQLite it takes the data folder for this process.
///
/// # Errors
/// One line: the folder is in use, the database is unreachable, and so on.
pub async fn open_store(
    settings: &Settings,
    folder: &DataFolder,
    env: &Env,
) -> anyhow::Result<Store> {
    open_with(settings, folder.path(), env, Store::open).await
}

/// Opens the store only to look at it: also beside a server that has it open.
///
/// # Errors
/// As [`open_store`], and when the data is of another version.
pub async fn look_at_store(settings: &Settings, env: &Env) -> anyhow::Result<Store> {
    open_with(settings, &settings.data, env, Store::look).await
}

async fn open_with(
    settings: &Settings,
    folder: &Path,
    env: &Env,
    open: fn(&Engine, &Path, Env) -> Result<Store, OpenError>,
) -> anyhow::Result<Store> {
    restore::refuse_half_done(folder)?;
    let engine = engine(settings, folder);
    let (blobs, env) = (blobs_folder(folder), env.clone());
    // Opening runs migrations and waits for the disk or the database.
    let opened = spawn_blocking(move || open(&engine, &blobs, env)).await?;
    let server = settings.database.as_ref().and_then(|url| host_of(&url.0));
    match (opened, server) {
        (Ok(store), _) => Ok(store),
        (Err(error), Some(server)) => {
            Err(error).with_context(|| format!("MAILROOST_DATABASE ({server})"))
        }
        (Err(error), None) => Err(error.into()),
    }
}

/// Which database holds the data of this folder.
pub fn engine(settings: &Settings, folder: &Path) -> Engine {
    match &settings.database {
        Some(url) => Engine::Postgres { url: url.0.clone() },
        None => Engine::Sqlite {
            folder: folder.to_owned(),
        },
    }
}

/// Where large mail lies.
pub fn blobs_folder(folder: &Path) -> PathBuf {
    folder.join("blobs")
}

/// Ends the store's threads once their last transaction has reached the disk. Does nothing while
/// other clones are in use.
pub async fn close_store(store: Store) {
    match spawn_blocking(move || store.close()).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(
            "another program reads the database, so a part of it is still in its log: whoever copies \
             mailroost.db must copy mailroost.db-wal with it"
        ),
        Err(error) => tracing::error!(%error, "the store did not close"),
    }
}

/// Host and port of a database URL, for messages. `None` when it cannot be told for sure where the
/// password ends.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = match rest.split_once('@') {
        Some((user, host)) if !user.contains('?') && !host.contains('@') => host,
        Some(_) => return None,
        None => rest,
    };
    host.split(['/', '?'])
        .next()
        .filter(|host| !host.is_empty())
}

/// Starts the use cases and their workers on an open store.
///
/// # Errors
/// When the master key cannot be had or the store refuses.
pub async fn start_app(
    settings: &Settings,
    folder: &DataFolder,
    store: Store,
    env: &Env,
    tasks: &Tasks,
) -> anyhow::Result<App> {
    let master_key = match &settings.master_key {
        Some(key) => key.0,
        None => folder.master_key(env.ids.bytes())?.0,
    };
    let mode = if settings.is_public() {
        app::Mode::Public
    } else {
        app::Mode::Laptop
    };
    let settings = app::Settings {
        mode,
        default_domain: settings.domain.clone(),
        hostname: settings.hostname.clone(),
        public_url: public_url(settings),
        mta_sts: settings.mta_sts,
        auto_submitted: settings.auto_submitted,
        max_message_bytes: settings.max_message_bytes,
        suppress_repeats: settings.suppress_repeats,
        keep_events: settings.keep_events,
        gate: settings.gate.clone(),
        limits: settings.limits,
        loop_limits: settings.loop_limits,
        leaks: settings.leaks.clone(),
        agent_sign_ups: settings.agent_sign_ups,
        delivery: settings.delivery.clone(),
        master_key,
        judging: settings.judging.clone(),
        filtering: settings.filtering.clone(),
        acme: settings.acme.clone(),
        document_reader: this_program()?,
        egress: Policy {
            loopback: mode == app::Mode::Laptop,
            plain: mode == app::Mode::Laptop,
            allowed: settings.egress_allow.clone(),
        },
    };
    App::start(store, settings, env.clone(), tasks)
        .await
        .context("the server cannot start its workers")
}

/// This very program, also after its file was replaced by a newer one.
fn this_program() -> anyhow::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().context("the server cannot find its own program")
}

/// Where others reach the API: as the operator says, or, in laptop mode, where it listens.
pub fn public_url(settings: &Settings) -> String {
    match &settings.public_url {
        Some(url) => url.clone(),
        None if settings.is_public() => format!("https://{}", settings.hostname),
        None => format!("http://{}", settings.http),
    }
}

/// What the SMTP door is told.
///
/// # Errors
/// When TLS cannot be set up.
pub fn smtp_settings(
    settings: &Settings,
    certificates: &CertificateStore,
) -> anyhow::Result<smtp::Settings> {
    let tls = certificates.for_mail()?;
    let limits = smtp::Limits {
        connections: usize::try_from(settings.max_smtp_connections)?,
        ..smtp::Limits::default()
    };
    Ok(smtp::Settings {
        max_message_bytes: u64::try_from(settings.max_message_bytes)?,
        max_recipients: settings.max_recipients,
        limits,
        trusted_relays: settings.judging.trusted_relays.clone(),
        tls: Some(tls),
        ..smtp::Settings::new(&settings.hostname)
    })
}

/// A door for submission: where it listens, and what it is told.
pub struct SubmissionDoor {
    /// The socket.
    pub listener: TcpListener,
    /// Its settings.
    pub settings: smtp::Settings,
}

/// Opens the doors for submission that are configured: with STARTTLS first.
///
/// # Errors
/// When a door cannot be opened.
pub async fn submission_doors(
    settings: &Settings,
    smtp: &smtp::Settings,
) -> anyhow::Result<Vec<SubmissionDoor>> {
    let auth = if settings.is_public() {
        smtp::Auth::OverTls
    } else {
        smtp::Auth::OverTlsOrLoopback
    };
    let doors = [
        ("submission", settings.submission, false),
        ("submissions", settings.submissions, true),
    ];
    let mut open = Vec::new();
    for (name, address, implicit_tls) in doors {
        let Some(address) = address else { continue };
        open.push(SubmissionDoor {
            listener: sys::listen(name, address).await?,
            settings: smtp::Settings {
                auth,
                implicit_tls,
                // Whoever logs in speaks for itself.
                trusted_relays: Vec::new(),
                ..smtp.clone()
            },
        });
    }
    Ok(open)
}

/// What the HTTP door is told. WebSockets belong to `tasks`, everything else ends with `doors`.
pub fn api_settings(settings: &Settings, env: &Env, tasks: &Tasks, doors: &Tasks) -> api::Settings {
    api::Settings {
        public_base: settings.public_url.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        max_body_bytes: settings.max_message_bytes,
        stopping: doors.shutdown(),
        ..api::Settings::new(env.clone(), tasks.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_database_is_told_without_its_password() {
        for (url, host) in [
            (
                "postgres://ann:secret@db.test:5433/mail",
                Some("db.test:5433"),
            ),
            ("postgresql://db.test/mail?password=secret", Some("db.test")),
            ("postgres://db.test", Some("db.test")),
            ("postgres://ann:se@cret@db.test/mail", None),
            ("postgres://ann:se?cr@et@db.test/mail", None),
            ("postgres://db.test/mail?password=se@cret", None),
            ("postgres:///mail?host=/run", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
