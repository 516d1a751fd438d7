//! `mailroost approvals`: what waits for a decision, and the operator's own.
//!
//! Looking needs no server and disturbs none. A decision is handed to the running server, by a token
//! made from the master key; where none runs, the data is opened and the decision made here. With a
//! message that is approved then, the server that starts next sends it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};
use sys::Env;

use crate::config::Settings;
use crate::data_folder::read_master_key;
use crate::operator::{harmless, must_have_data, on_data};
use crate::{welcome, wiring};

/// What the operator wants of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// What waits, a line for each.
    List,
    /// One of them.
    Show(String),
    /// Let it leave.
    Approve(String),
    /// Keep it.
    Decline(String),
}

/// How long the server may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Octets of its answer that are read.
const MOST: u64 = 64 << 10;

/// Does what the operator wants and prints what came of it.
///
/// # Errors
/// When there is no Mailroost data or no such approval, or it cannot be decided.
pub async fn run(settings: Settings, wish: Wish) -> anyhow::Result<()> {
    must_have_data(&settings)?;
    match wish {
        Wish::List => list(&settings).await,
        Wish::Show(id) => show(&settings, &id).await,
        Wish::Approve(id) => Box::pin(decide(settings, &id, true)).await,
        Wish::Decline(id) => Box::pin(decide(settings, &id, false)).await,
    }
}

async fn list(settings: &Settings) -> anyhow::Result<()> {
    let store = wiring::look_at_store(settings, &Env::system()).await?;
    let found = app::approvals_waiting(&store).await;
    wiring::close_store(store).await;
    for one in found.context("what waits cannot be read")? {
        let rules: Vec<&str> = one.findings.iter().map(|one| one.rule.as_str()).collect();
        let to: Vec<&str> = [&one.to, &one.cc, &one.bcc]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let line = format!(
            "{}  {}  {} to {}: {}  ({})",
            one.approval_id,
            one.created_at,
            one.inbox_id,
            to.join(", "),
            one.subject.as_deref().unwrap_or("(no subject)"),
            rules.join(", ")
        );
        welcome::print(&(harmless(&line) + "\n"));
    }
    Ok(())
}

async fn show(settings: &Settings, id: &str) -> anyhow::Result<()> {
    let store = wiring::look_at_store(settings, &Env::system()).await?;
    let found = app::approval_waiting(&store, id).await;
    wiring::close_store(store).await;
    let found = found.context("this approval cannot be shown")?;
    // JSON escapes what a terminal would obey.
    welcome::print(&(serde_json::to_string_pretty(&found)? + "\n"));
    Ok(())
}

async fn decide(settings: Settings, id: &str, approve: bool) -> anyhow::Result<()> {
    let master_key = match &settings.master_key {
        Some(key) => key.0,
        None => read_master_key(&settings.data.join("master.key"))?,
    };
    let store = wiring::look_at_store(&settings, &Env::system()).await?;
    let token = app::approval_token(&store, &master_key, id).await;
    wiring::close_store(store).await;
    let token = token.context("this approval cannot be decided")?;
    let done = if approve { "approved\n" } else { "declined\n" };
    match ask_server(&settings, &token, approve)? {
        true => welcome::print(done),
        false => {
            on_data(settings, async |app| {
                let decided = app.decide(&token, approve).await;
                decided.map_err(|error| anyhow::anyhow!("{}", error.detail().to_owned()))?;
                Ok(done.to_owned())
            })
            .await?;
        }
    }
    Ok(())
}

/// Hands the decision to the running server; `false` when none answers at its address.
fn ask_server(settings: &Settings, token: &str, approve: bool) -> anyhow::Result<bool> {
    let address = welcome::reachable(settings.http);
    let Ok(mut stream) = TcpStream::connect_timeout(&address, LIMIT) else {
        return Ok(false);
    };
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let verb = if approve { "approve" } else { "decline" };
    let request = format!(
        "POST /v0/decide/{token}/{verb} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream
        .take(MOST)
        .read_to_end(&mut answer)
        .with_context(|| format!("no answer from {address}"))?;
    let answer = String::from_utf8_lossy(&answer);
    if answer.starts_with("HTTP/1.1 200") {
        return Ok(true);
    }
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let told = body.find('{').and_then(|at| {
        let end = body.rfind('}')?;
        serde_json::from_str::<serde_json::Value>(body.get(at..=end)?).ok()
    });
    let message = told.as_ref().and_then(|told| told["message"].as_str());
    bail!(
        "{}",
        harmless(message.unwrap_or("the server did not take the decision"))
    );
}
