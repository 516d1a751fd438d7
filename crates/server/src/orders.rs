//! `mailroost policy`, `halt` and `leak-values`: what the operator orders, also while the server runs.
//!
//! An order goes to the running server with a mark made from the master key. Where none answers, the data
//! is opened and the order carried out here.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};
use data_encoding::HEXLOWER;
use sys::Env;
use wire::{Order, OrderAnswer, OrderPlace, OrderRequest, OrderWish, SetPolicyRequest};

use crate::config::Settings;
use crate::data_folder::read_master_key;
use crate::operator::{harmless, must_have_data, on_data};
use crate::welcome;

/// What the operator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of what.
    pub place: OrderPlace,
    /// What.
    pub wish: Wish,
    /// As JSON.
    pub json: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Show a policy.
    PolicyShow,
    /// Set one.
    PolicySet {
        /// A preset.
        preset: Option<String>,
        /// The rules as JSON; `-` reads them from standard input.
        rules: Option<String>,
    },
    /// Take one away.
    PolicyClear,
    /// Stop departures, for this reason.
    HaltOn(Option<String>),
    /// Let them go on.
    HaltOff,
    /// What is stopped.
    HaltList,
    /// Let inboxes go on that stopped by themselves.
    HaltReset,
    /// Register the value on standard input, or make up a canary.
    LeakValueAdd {
        /// What people call it.
        name: String,
        /// What is done about it.
        action: Option<String>,
        /// Whether the server makes it up.
        canary: bool,
    },
    /// The names of the values.
    LeakValueList,
    /// Forget one.
    LeakValueRemove(String),
}

/// How long the server may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Octets of its answer that are read.
const MOST: u64 = 16 << 20;

/// Octets that are read from standard input.
const MOST_INPUT: u64 = 1 << 20;

/// Does what the operator wants and prints what came of it.
///
/// # Errors
/// When there is no Mailroost data, or it cannot be done.
pub async fn run(settings: Settings, wanted: Wanted) -> anyhow::Result<()> {
    must_have_data(&settings)?;
    let master_key = match &settings.master_key {
        Some(key) => key.0,
        None => read_master_key(&settings.data.join("master.key"))?,
    };
    let env = Env::system();
    let order = Order {
        at: env.clock.now().as_micros(),
        nonce: HEXLOWER.encode(&env.ids.bytes::<16>()),
        place: wanted.place,
        wish: meant(wanted.wish)?,
    };
    let request = app::marked_order(&master_key, &order)?;
    let json = wanted.json;
    match ask_server(&settings, &request)? {
        Some(answer) => welcome::print(&shown(&answer, json)?),
        None => {
            on_data(settings, async |app| {
                let done = app.carry_out_order(order).await;
                let answer =
                    done.map_err(|error| anyhow::anyhow!("{}", error.detail().to_owned()))?;
                shown(&answer, json)
            })
            .await?;
        }
    }
    Ok(())
}

/// The wish as the server takes it, with what standard input has.
fn meant(wish: Wish) -> anyhow::Result<OrderWish> {
    Ok(match wish {
        Wish::PolicyShow => OrderWish::PolicyShow,
        Wish::PolicySet { preset, rules } => {
            let rules = match rules.as_deref() {
                Some("-") => Some(input()?),
                Some(rules) => Some(rules.to_owned()),
                None => None,
            };
            let rules = rules.map(|rules| serde_json::from_str(&rules));
            let policy = rules
                .transpose()
                .context("these are no rules of a policy")?;
            OrderWish::PolicySet {
                request: SetPolicyRequest { preset, policy },
            }
        }
        Wish::PolicyClear => OrderWish::PolicyClear,
        Wish::HaltOn(reason) => OrderWish::HaltOn { reason },
        Wish::HaltOff => OrderWish::HaltOff,
        Wish::HaltList => OrderWish::HaltList,
        Wish::HaltReset => OrderWish::HaltReset,
        Wish::LeakValueAdd {
            name,
            action,
            canary,
        } => OrderWish::LeakValueAdd {
            name,
            action,
            value: if canary { None } else { Some(input()?) },
        },
        Wish::LeakValueList => OrderWish::LeakValueList,
        Wish::LeakValueRemove(value_id) => OrderWish::LeakValueRemove { value_id },
    })
}

/// What stands on standard input, without the line break at its end.
fn input() -> anyhow::Result<String> {
    let mut text = String::new();
    let read = std::io::stdin()
        .lock()
        .take(MOST_INPUT)
        .read_to_string(&mut text);
    read.context("standard input is not text")?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        bail!("there is nothing on standard input");
    }
    Ok(text.to_owned())
}

/// Hands the order to the running server; `None` when none answers at its address.
fn ask_server(settings: &Settings, request: &OrderRequest) -> anyhow::Result<Option<OrderAnswer>> {
    let address = welcome::reachable(settings.http);
    let Ok(mut stream) = TcpStream::connect_timeout(&address, LIMIT) else {
        return Ok(None);
    };
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let body = serde_json::to_string(request)?;
    let head = format!(
        "POST /v0/operator HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes())?;
    let mut answer = Vec::new();
    stream
        .take(MOST)
        .read_to_end(&mut answer)
        .with_context(|| format!("no answer from {address}"))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        let answer = serde_json::from_str(body);
        return answer
            .context("the answer of the server cannot be read")
            .map(Some);
    }
    let told: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let message = told.as_ref().and_then(|told| told["message"].as_str());
    bail!(
        "{}",
        harmless(message.unwrap_or("the server did not take the order"))
    );
}

/// What came of it, for people or for programs.
fn shown(answer: &OrderAnswer, json: bool) -> anyhow::Result<String> {
    if json {
        // JSON escapes what a terminal would obey.
        return Ok(serde_json::to_string_pretty(answer)? + "\n");
    }
    let mut lines = Vec::new();
    if let Some(policy) = &answer.policy {
        let own = match &policy.policy {
            Some(own) => serde_json::to_string(own)?,
            None => "none".to_owned(),
        };
        lines.push(format!("{}: {own}", policy.level));
        lines.push(format!(
            "effective: {}",
            serde_json::to_string(&policy.effective)?
        ));
    }
    for one in answer.pauses.iter().flatten() {
        let whose = [&one.inbox_id, &one.pod_id];
        let whose = whose.into_iter().flatten().next();
        lines.push(format!(
            "{} {}  {}  since {}{}  {}",
            one.scope,
            whose.unwrap_or(&one.organization_id),
            one.cause,
            one.paused_at,
            one.resumes_at
                .as_ref()
                .map(|at| format!(" until {at}"))
                .unwrap_or_default(),
            one.reason.as_deref().unwrap_or_default(),
        ));
    }
    if answer.pauses.as_ref().is_some_and(Vec::is_empty) {
        lines.push("nothing is stopped".to_owned());
    }
    let listed = answer.leak_values.iter().flat_map(|list| &list.leak_values);
    for one in listed.chain(&answer.leak_value) {
        let line = format!(
            "{}  {}  {}  {}",
            one.value_id, one.kind, one.action, one.name
        );
        lines.push(match &one.value {
            Some(canary) => format!("{line}  {canary}"),
            None => line,
        });
    }
    if lines.is_empty() && answer.leak_values.is_none() {
        lines.push("done".to_owned());
    }
    Ok(lines.iter().map(|line| harmless(line) + "\n").collect())
}
