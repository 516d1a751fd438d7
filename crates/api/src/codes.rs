//! What a mail says beyond its text: one-time codes and links, waiting for them, and the parts of the
//! text. Beyond AgentMail.

use std::sync::Arc;
use std::time::Duration;

use app::{Claim, WaitQuery};
use axum::extract::State;
use mail::MessageId;
use mail::facts::Kind;
use model::{Error, InboxId, Result, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};
use crate::settings::Settings;

/// How long a request waits when nobody says, in seconds: less than the minute after which most
/// proxies give up.
const DEFAULT_TIMEOUT: u64 = 50;
/// The longest, in seconds.
const MAX_TIMEOUT: u64 = 300;
/// The longest claim that ends, in seconds: a day.
const MAX_CLAIM: u64 = 24 * 60 * 60;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/codes",
            "inboxes.messages.get_codes",
            get_codes,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/extraction",
            "inboxes.messages.get_extraction",
            get_extraction,
        ),
        router::get("/v0/inboxes/{inbox_id}/wait", "inboxes.wait", wait),
    ]
}

pub(crate) async fn get_codes(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
) -> Outcome<wire::MessageCodes> {
    let found = auth.app.message_codes(&auth.grant, &inbox, &message);
    Ok(Answer(found.await?))
}

pub(crate) async fn get_extraction(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
) -> Outcome<wire::Extraction> {
    let found = auth.app.extraction(&auth.grant, &inbox, &message);
    Ok(Answer(found.await?))
}

/// A claim takes the right to change messages: it decides what others are given.
pub(crate) async fn wait(
    auth: Authorized<perm::MessageRead>,
    params: Params,
    State(settings): State<Arc<Settings>>,
) -> Outcome<wire::WaitResponse> {
    let query = WaitQuery {
        from: params.list("from")?,
        subject: params.list("subject")?,
        include: params.include()?,
        has_code: params.flag("has_code")?,
        has_link: params.flag("has_link")?,
        facts: facts(&params)?,
        after: params.text("after").map(str::to_owned),
        timeout: seconds(&params, "timeout", 0, MAX_TIMEOUT)?
            .unwrap_or(Duration::from_secs(DEFAULT_TIMEOUT)),
    };
    let ttl = seconds(&params, "claim_ttl", 1, MAX_CLAIM)?;
    let claim = if params.flag("claim")?.unwrap_or(ttl.is_some()) {
        let grant = auth.access.grant()?;
        Some(Claim { grant, ttl })
    } else {
        None
    };
    let stop = settings.stopping.clone();
    let found = auth.app.wait(&auth.grant, claim, query, stop);
    Ok(Answer(found.await?))
}

fn facts(params: &Params) -> Result<Vec<Kind>> {
    let kind = |name: String| {
        Kind::parse(&name).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.map(Kind::name).to_vec();
            let message = format!("fact is one of {}", known.join(", "));
            Error::invalid("fact", "invalid_value", message)
        })
    };
    params.list("fact")?.into_iter().map(kind).collect()
}

fn seconds(params: &Params, name: &str, least: u64, most: u64) -> Result<Option<Duration>> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    match text.trim().parse::<u64>() {
        Ok(seconds) if (least..=most).contains(&seconds) => Ok(Some(Duration::from_secs(seconds))),
        _ => {
            let message = format!("{name} must be a number of seconds from {least} to {most}");
            Err(Error::invalid(name, "invalid_value", message))
        }
    }
}
