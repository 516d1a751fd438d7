//! Turns the checked configuration into the pieces of the server.

use anyhow::Context as _;
use app::App;
use store::{Engine, Store};
use sys::{Env, Tasks};

use crate::certificate;
use crate::config::Settings;
use crate::data_folder::DataFolder;

/// Opens the store. With SQLite it takes the data folder for this process.
///
/// # Errors
/// One line: the folder is in use, the database is unreachable, and so on.
pub async fn open_store(
    settings: &Settings,
    folder: &DataFolder,
    env: &Env,
) -> anyhow::Result<Store> {
    let engine = match &settings.database {
        Some(url) => Engine::Postgres { url: url.0.clone() },
        None => Engine::Sqlite {
            folder: folder.path().to_owned(),
        },
    };
    let blobs = folder.path().join("blobs");
    Ok(Store::open(&engine, &blobs, env.clone()).await?)
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
        master_key,
    };
    App::start(store, settings, env.clone(), tasks)
        .await
        .context("the server cannot start its workers")
}

/// What the SMTP door is told.
///
/// # Errors
/// When there is no certificate for STARTTLS and none can be made.
pub fn smtp_settings(
    settings: &Settings,
    folder: &DataFolder,
    env: &Env,
) -> anyhow::Result<smtp::Settings> {
    let tls = match &settings.tls {
        Some(files) => certificate::from_files(files)?,
        None => certificate::self_made(folder, &settings.hostname, env.clock.now())?,
    };
    Ok(smtp::Settings {
        hostname: settings.hostname.clone(),
        max_message_bytes: u64::try_from(settings.max_message_bytes)?,
        max_recipients: settings.max_recipients,
        tls: Some(tls),
        limits: smtp::Limits {
            connections: usize::try_from(settings.max_smtp_connections)?,
        },
    })
}

/// What the HTTP door is told.
pub fn api_settings(settings: &Settings) -> api::Settings {
    api::Settings {
        public_base: settings.public_url.clone(),
        max_body_bytes: settings.max_message_bytes,
    }
}
