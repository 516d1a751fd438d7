//! Asking rspamd over HTTP (`/checkv2`).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use model::message::Signal;
use serde::Deserialize;
use smtp::Envelope;
use sys::dial::{Dialer, Limits, Request};
use url::Url;

use super::{Filtering, signal};

/// Octets of an answer that are read.
const MAX_ANSWER: usize = 256 << 10;
/// Messages above this size are not sent there; rspamd itself skips them by default.
const MAX_MESSAGE: usize = 50 << 20;
/// Symbols that are told.
const TOLD: usize = 8;

/// Where rspamd is.
pub(crate) struct Rspamd {
    dialer: Dialer,
    url: Url,
}

/// What is read of its answer.
#[derive(Deserialize)]
struct Verdict {
    action: String,
    #[serde(default)]
    score: f64,
    #[serde(default)]
    symbols: std::collections::BTreeMap<String, Symbol>,
}

#[derive(Deserialize)]
struct Symbol {
    #[serde(default)]
    score: f64,
}

impl Rspamd {
    /// One at `url`, to which `/checkv2` is added.
    pub(crate) fn new(dialer: Dialer, url: &Url) -> Option<Self> {
        Some(Self {
            dialer,
            url: url.join("/checkv2").ok()?,
        })
    }

    /// What it thinks of a message; `None` when that is nothing bad, or it cannot be asked.
    pub(super) async fn judge(
        &self,
        envelope: &Envelope,
        raw: &Bytes,
        filtering: &Filtering,
    ) -> Option<Signal> {
        if raw.len() > MAX_MESSAGE {
            return None;
        }
        let request = Request {
            method: Method::POST,
            url: &self.url,
            headers: headers(envelope),
            body: raw.clone(),
            limits: Limits {
                connect: filtering.patience / 4,
                total: filtering.patience,
                body: MAX_ANSWER,
            },
        };
        let answer = match self.dialer.send(request).await {
            Ok(answer) if answer.status == 200 => answer,
            Ok(answer) => {
                tracing::warn!(status = answer.status, "rspamd refused a message");
                return None;
            }
            Err(error) => {
                tracing::warn!(%error, "rspamd cannot be asked");
                return None;
            }
        };
        match serde_json::from_slice(&answer.body) {
            Ok(verdict) => read(verdict, filtering.threshold),
            Err(error) => {
                tracing::warn!(%error, "rspamd's answer cannot be read");
                None
            }
        }
    }
}

/// Its action decides: what it would mark or reject is spam here, whatever else is known.
fn read(verdict: Verdict, threshold: u32) -> Option<Signal> {
    let is_spam = matches!(
        verdict.action.as_str(),
        "add header" | "rewrite subject" | "reject" | "quarantine"
    );
    if !is_spam {
        return None;
    }
    let mut symbols: Vec<(String, Symbol)> = verdict.symbols.into_iter().collect();
    symbols.sort_by(|(_, one), (_, other)| other.score.total_cmp(&one.score));
    let names: Vec<&str> = symbols
        .iter()
        .take(TOLD)
        .filter(|(_, symbol)| symbol.score > 0.0)
        .map(|(name, _)| name.as_str())
        .collect();
    let detail = format!(
        "rspamd would {} ({:.1}: {})",
        verdict.action,
        verdict.score,
        names.join(", ")
    );
    let detail = detail.chars().filter(|c| !c.is_control()).take(500);
    Some(signal("rspamd", threshold, detail.collect::<String>()))
}

/// What rspamd wants to know of the envelope. A value that is no header value is left out.
fn headers(envelope: &Envelope) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    };
    add("ip", &envelope.peer.ip().to_canonical().to_string());
    add("helo", &envelope.helo);
    let from = envelope.reverse_path.as_ref();
    add("from", &from.map(ToString::to_string).unwrap_or_default());
    for recipient in &envelope.forward_paths {
        add("rcpt", &recipient.to_string());
    }
    add("queue-id", &envelope.session.to_string());
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_it_would_act_on_is_spam() {
        let judged = |text: &str| read(serde_json::from_str(text).unwrap(), 10);
        assert_eq!(judged(r#"{"action":"no action","score":1}"#), None);
        assert_eq!(judged(r#"{"action":"greylist"}"#), None);
        let spam = r#"{"action":"add header","score":7.25,"required_score":15,
            "symbols":{"A":{"score":2},"B":{"score":5.25},"C":{"score":-1}}}"#;
        let spam = judged(spam).unwrap();
        assert_eq!(spam.points, 10);
        assert_eq!(spam.detail, "rspamd would add header (7.2: B, A)");
    }
}
