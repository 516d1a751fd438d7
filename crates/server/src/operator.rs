//! What the operator does on a stopped server: `mailroost keys create`, the way back when nobody
//! holds an admin key any more, and `mailroost organizations`.
//!
//! Whoever can write the data folder owns the server, so no other proof is asked for. With SQLite
//! the folder's lock keeps this from running beside a server.

use anyhow::{Context as _, bail};
use app::App;
use sys::{Env, Tasks};

use crate::config::Settings;
use crate::data_folder::DataFolder;
use crate::{welcome, wiring};

/// Makes an admin key and prints it, alone on its line, to standard output.
///
/// # Errors
/// When there is no Mailroost data, or a server has it open.
pub async fn create_key(settings: Settings) -> anyhow::Result<()> {
    let make = async |app: App| {
        let key = app.create_operator_key().await;
        Ok(format!("{}\n", key.context("the key cannot be made")?))
    };
    on_data(settings, make).await
}

/// Makes an organisation and prints its id and its admin key, each alone on its line.
///
/// # Errors
/// When there is no Mailroost data, or a server has it open.
pub async fn create_organization(settings: Settings, name: &str) -> anyhow::Result<()> {
    let make = async |app: App| {
        let made = app.create_organization(name).await;
        let made = made.context("the organization cannot be made")?;
        Ok(format!("{}\n{}\n", made.organization_id, made.api_key))
    };
    on_data(settings, make).await
}

/// Prints the id, the time of creation and the name of every organisation, a line for each.
///
/// # Errors
/// When there is no Mailroost data, or a server has it open.
pub async fn list_organizations(settings: Settings) -> anyhow::Result<()> {
    let list = async |app: App| {
        app.each_organization(|org| {
            welcome::print(&format!(
                "{}  {}  {}\n",
                org.org_id, org.created_at, org.name
            ));
        })
        .await
        .context("the organizations cannot be read")?;
        Ok(String::new())
    };
    on_data(settings, list).await
}

/// Prints the DNS records of the server's own domain as a zone file.
///
/// # Errors
/// When there is no Mailroost data, or a server has it open.
pub async fn domain_records(settings: Settings) -> anyhow::Result<()> {
    let show = async |app: App| {
        let file = app.operator_zone_file().await;
        file.context("the records cannot be read")
    };
    on_data(settings, show).await
}

/// Makes new signing keys for the server's own domain and prints its records.
///
/// # Errors
/// When there is no Mailroost data, or a server has it open.
pub async fn rotate_keys(settings: Settings) -> anyhow::Result<()> {
    let rotate = async |app: App| {
        let rotated = app.rotate_operator_keys().await;
        rotated.context("the keys cannot be made")?;
        let file = app.operator_zone_file().await;
        file.context("the records cannot be read")
    };
    on_data(settings, rotate).await
}

/// Lets go the mail that a restore has kept back, and prints how many entries that were.
///
/// # Errors
/// When there is no Mailroost data, or a server has it open.
pub async fn release_queue(settings: Settings) -> anyhow::Result<()> {
    let release = async |app: App| {
        let released = app.release_held_back().await;
        let released = released.context("the queue cannot be released")?;
        Ok(format!("{released}\n"))
    };
    on_data(settings, release).await
}

/// Opens the data, does `work` on it, closes it and prints what `work` gave.
async fn on_data(
    settings: Settings,
    work: impl AsyncFnOnce(App) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    // A mistyped folder must not become a second, empty server with a key to it.
    let has_data = settings.data.join("master.key").exists();
    let key_is_elsewhere = settings.master_key.is_some() && settings.data.is_dir();
    if settings.database.is_none() && !has_data && !key_is_elsewhere {
        bail!(
            "there is no Mailroost data in {}; name its folder with --data",
            settings.data.display()
        );
    }
    let env = Env::system();
    let folder = DataFolder::open(&settings.data)?;
    let store = wiring::open_store(&settings, &folder, &env).await?;
    let (tasks, workers) = Tasks::new();
    let done = async {
        let app = wiring::start_app(&settings, &folder, store.clone(), &env, &tasks).await?;
        work(app).await
    }
    .await;
    workers.stop().await;
    wiring::close_store(store).await;
    welcome::print(&done?);
    Ok(())
}
