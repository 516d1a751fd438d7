//! What the operator does on a stopped server: `mailroost keys create`, the way back when nobody
//! holds an admin key any more, and `mailroost organizations`; and `mailroost trace`, which only
//! looks, also while the server runs.
//!
//! Whoever can write the data folder owns the server, so no other proof is asked for. With SQLite
//! the folder's lock keeps whatever writes from running beside a server.

use anyhow::{Context as _, bail};
use app::{App, OperatorKey};
use sys::{Env, Tasks};

use crate::config::Settings;
use crate::data_folder::DataFolder;
use crate::{welcome, wiring};

/// Makes a key and prints it, alone on its line, to standard output.
///
/// # Errors
/// When there is no Mailroost data, or a server has it open.
pub async fn create_key(settings: Settings, wanted: OperatorKey) -> anyhow::Result<()> {
    let make = async |app: App| {
        let key = app.create_operator_key(wanted).await;
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

/// Prints what happened to every message of this public id, or to the one with this key.
///
/// # Errors
/// When there is no Mailroost data, or nothing is known of such a message.
pub async fn trace(settings: Settings, message: &str, json: bool) -> anyhow::Result<()> {
    must_have_data(&settings)?;
    let store = wiring::look_at_store(&settings, &Env::system()).await?;
    let found = app::trace(&store, message).await;
    wiring::close_store(store).await;
    let found = found.context("the message cannot be looked for")?;
    if found.messages.is_empty() {
        bail!("nothing is known of {}", harmless(message));
    }
    let text = if json {
        serde_json::to_string_pretty(&found)? + "\n"
    } else {
        found.messages.iter().map(shown).collect()
    };
    welcome::print(&text);
    Ok(())
}

/// Checks the audit log of every organisation and prints a line for each: its id, how many entries
/// there are, the hash of the last one, and what is wrong.
///
/// # Errors
/// When there is no Mailroost data, or something in a log is not as it was entered.
pub async fn verify_audit(settings: Settings) -> anyhow::Result<()> {
    must_have_data(&settings)?;
    let store = wiring::look_at_store(&settings, &Env::system()).await?;
    let found = app::verify_audit(&store).await;
    wiring::close_store(store).await;
    let found = found.context("the audit log cannot be read")?;
    for one in &found {
        let fault = one.fault.as_deref().unwrap_or("ok");
        welcome::print(&format!(
            "{}  {} entries  {}  {fault}\n",
            one.organization_id, one.entries, one.head
        ));
    }
    if found.iter().any(|one| one.fault.is_some()) {
        bail!("the audit log is not as it was written");
    }
    Ok(())
}

/// A trace as text: what it is about, and a line for each entry.
fn shown(one: &wire::Trace) -> String {
    let or =
        |text: &Option<String>, without: &str| text.clone().unwrap_or_else(|| without.to_owned());
    let mut text = format!(
        "{} in {}: {} (organization {}, key {})\n",
        or(&one.message_id, "a message"),
        or(&one.inbox_id, "an inbox that is gone"),
        or(&one.direction, "deleted"),
        one.organization_id,
        one.message_key,
    );
    for entry in &one.entries {
        text += &format!("  {}  {:<16}  {}\n", entry.at, entry.kind, entry.summary);
    }
    if one.truncated {
        text += "  and more that is not shown\n";
    }
    text.lines().map(|line| harmless(line) + "\n").collect()
}

/// Text of strangers without what a terminal would obey.
pub fn harmless(text: &str) -> String {
    let safe = |c: char| if c.is_control() { '?' } else { c };
    text.chars().map(safe).collect()
}

/// A mistyped folder must not become a second, empty server with a key to it.
///
/// # Errors
/// When there is no Mailroost data.
pub fn must_have_data(settings: &Settings) -> anyhow::Result<()> {
    let has_data = settings.data.join("master.key").exists();
    let key_is_elsewhere = settings.master_key.is_some() && settings.data.is_dir();
    if settings.database.is_none() && !has_data && !key_is_elsewhere {
        bail!(
            "there is no Mailroost data in {}; name its folder with --data",
            settings.data.display()
        );
    }
    Ok(())
}

/// Opens the data, does `work` on it, closes it and prints what `work` gave.
///
/// # Errors
/// When a server has it open, or `work` fails.
pub async fn on_data(
    settings: Settings,
    work: impl AsyncFnOnce(App) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    must_have_data(&settings)?;
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
