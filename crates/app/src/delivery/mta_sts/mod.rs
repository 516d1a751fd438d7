//! Policies of other domains (MTA-STS, RFC 8461): found, fetched, and kept until they end.

mod policy;

pub(super) use self::policy::{Mode, Policy};

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Method};
use mail::Timestamp;
use store::StoredPolicy;
use sys::Resolver;
use sys::dial::{BodyEnd, Limits, Request, Resolve};
use url::Url;

use crate::{App, fetch};

/// What fetching a policy may take. Mail waits for it (RFC 8461 §3.3).
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    total: Duration::from_secs(30),
    body: policy::MOST,
};

/// A policy that is older is fetched again although its record is the same, so that it does not end
/// while mail flows (RFC 8461 §5.1).
const FRESH: Duration = Duration::from_secs(86_400);

/// Looks names up as all delivery does, so that the policy and the servers come from one DNS.
pub(super) struct ByDns(pub(super) Resolver);

impl Resolve for ByDns {
    fn resolve<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async move {
            let found = self.0.addresses(host).await;
            Ok(found.map_err(io::Error::other)?.records())
        })
    }
}

/// What is to be done with a remembered policy and the `id` in the DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Use what is remembered; there may be nothing.
    Remembered,
    /// Fetch it, and use what is remembered when that fails.
    Fetch,
}

fn step(id: Option<&str>, known: Option<&StoredPolicy>, now: Timestamp) -> Step {
    match (id, known) {
        // Whoever can remove the record must not be able to remove the policy (RFC 8461 §5.1).
        (None, _) => Step::Remembered,
        (Some(id), Some(known)) if known.id == id && known.fetched_at.plus(FRESH) > now => {
            Step::Remembered
        }
        (Some(_), _) => Step::Fetch,
    }
}

/// The policy of a domain that is to be followed, if it has one.
pub(super) async fn policy(app: &App, domain: &str) -> Option<Policy> {
    let record = app.env().resolver.txt(&format!("_mta-sts.{domain}")).await;
    let id = record
        .ok()
        .and_then(|found| policy::record_id(&found.records()));
    let known = match app.store().mta_sts(domain.to_owned()).await {
        Ok(known) => known,
        Err(error) => {
            tracing::error!(domain, error = ?error, "the remembered policy cannot be read");
            None
        }
    };
    let now = app.now();
    let mut found = known.as_ref().and_then(|known| Policy::parse(&known.text));
    if step(id.as_deref(), known.as_ref(), now) == Step::Fetch {
        match fetch(app, domain).await {
            Ok((text, policy)) => {
                let stored = StoredPolicy {
                    id: id.unwrap_or_default(),
                    text,
                    fetched_at: now,
                    expires_at: now.plus(policy.max_age),
                };
                if let Err(error) = app.store().keep_mta_sts(domain.to_owned(), stored).await {
                    tracing::error!(domain, error = ?error, "a policy cannot be remembered");
                }
                found = Some(policy);
            }
            Err(why) => {
                let used = if found.is_some() {
                    "the remembered one"
                } else {
                    "none"
                };
                tracing::warn!(domain, %why, used, "the policy of a domain (MTA-STS) cannot be fetched");
            }
        }
    }
    found.filter(|policy| policy.mode != Mode::Off)
}

/// Fetches a policy. The certificate must be good, and redirects are not followed (RFC 8461 §3.3).
async fn fetch(app: &App, domain: &str) -> Result<(String, Policy), String> {
    let url = format!("https://mta-sts.{domain}/.well-known/mta-sts.txt");
    let url = Url::parse(&url).map_err(|error| error.to_string())?;
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, fetch::AGENT);
    let request = Request {
        method: Method::GET,
        url: &url,
        headers,
        body: Bytes::new(),
        limits: LIMITS,
    };
    let answer = app.0.departures.dialer.send(request).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let kind = answer.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let plain = kind.split(';').next().unwrap_or_default().trim();
    if answer.status != 200 || !plain.eq_ignore_ascii_case("text/plain") {
        return Err(format!(
            "the answer was {} of the type {kind:?}",
            answer.status
        ));
    }
    if answer.end != BodyEnd::Whole {
        return Err("the answer is too long or incomplete".to_owned());
    }
    let text = String::from_utf8(answer.body).map_err(|_| "it is not text".to_owned())?;
    let policy = Policy::parse(&text).ok_or_else(|| "it is not a policy".to_owned())?;
    Ok((text, policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_fetched_when_it_is_new_or_old_and_otherwise_remembered() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let known = StoredPolicy {
            id: "1".to_owned(),
            text: String::new(),
            fetched_at: at(0),
            expires_at: at(1_000_000),
        };
        for (id, stored, now, expected) in [
            (Some("1"), None, 0, Step::Fetch),
            (Some("1"), Some(&known), 100, Step::Remembered),
            (Some("2"), Some(&known), 100, Step::Fetch),
            (Some("1"), Some(&known), 90_000, Step::Fetch),
            (None, Some(&known), 90_000, Step::Remembered),
            (None, None, 0, Step::Remembered),
        ] {
            assert_eq!(step(id, stored, at(now)), expected, "{id:?} {now}");
        }
    }
}
