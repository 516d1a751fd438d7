//! The operator's own judge: a service of theirs that is asked about each message that arrives.
//!
//! It may raise a verdict and never lower one: whoever gets at it can hold mail, not let it through.
//! A judge that does not answer in time costs nothing but its opinion.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use model::screened::{Finding, Outcome, Screened, THRESHOLD};
use serde::{Deserialize, Serialize};
use sys::dial::{Dialer, Limits, Request};
use url::Url;

use super::{Text, bounded};
use crate::App;
use crate::inbound::Understood;
use crate::spam::dialer_for;

/// How long the sender's server waits for the judge.
const PATIENCE: Duration = Duration::from_secs(5);

/// Octets of an answer that are read.
const MAX_ANSWER: usize = 64 << 10;

/// The code of what it says.
pub(super) const REASON: &str = "external_judge";

/// Where the judge is.
pub(crate) struct Judge {
    dialer: Dialer,
    url: Url,
}

/// What it is told.
#[derive(Serialize)]
struct Question<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    score: u16,
    threshold: u16,
}

/// What is read of its answer.
#[derive(Deserialize)]
struct Answer {
    verdict: String,
}

impl Judge {
    /// The one at `url`, and nothing else at that host's neighbours.
    pub(crate) fn new(url: &Url, clock: Arc<dyn sys::Clock>) -> Option<Self> {
        let dialer = dialer_for(url, clock)?;
        let url = url.clone();
        Some(Self { dialer, url })
    }

    /// Asks about a message, and raises its verdict if the judge wants it reviewed.
    pub(crate) async fn weigh(&self, mail: Text<'_>, screened: &mut Screened) {
        if screened.outcome != Outcome::Review && self.wants_review(mail, screened.score).await {
            raise(screened);
        }
    }

    async fn wants_review(&self, mail: Text<'_>, score: u16) -> bool {
        let mail = bounded(mail);
        let question = serde_json::to_vec(&Question {
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            score,
            threshold: THRESHOLD,
        });
        let Ok(body) = question else {
            return false;
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = Request {
            method: Method::POST,
            url: &self.url,
            headers,
            body: Bytes::from(body),
            limits: Limits {
                connect: PATIENCE / 4,
                total: PATIENCE,
                body: MAX_ANSWER,
            },
        };
        match self.dialer.send(request).await {
            Ok(answer) if answer.status == 200 => read(&answer.body),
            Ok(answer) => {
                tracing::warn!(status = answer.status, "the judge refused a message");
                false
            }
            Err(error) => {
                tracing::warn!(%error, "the judge cannot be asked");
                false
            }
        }
    }
}

impl App {
    /// Lets the operator's judge look at a message that arrived, if there is one.
    pub(crate) async fn ask_judge(&self, understood: &mut Understood) {
        let Some(judge) = &self.0.judge else {
            return;
        };
        let Some(mut screened) = understood.screened.take() else {
            return;
        };
        judge.weigh(understood.text(), &mut screened).await;
        understood.screened = Some(screened);
    }
}

fn read(body: &[u8]) -> bool {
    match serde_json::from_slice::<Answer>(body) {
        Ok(answer) => answer.verdict == "review",
        Err(error) => {
            tracing::warn!(%error, "the judge's answer cannot be read");
            false
        }
    }
}

fn raise(screened: &mut Screened) {
    screened.outcome = Outcome::Review;
    screened.score = screened.score.max(THRESHOLD);
    let finding = Finding {
        reasons: vec![REASON.to_owned()],
        part: "text".to_owned(),
        technique: None,
        at: 0,
        score: THRESHOLD,
    };
    screened.findings.insert(0, finding);
    screened.findings.truncate(model::screened::MOST_FINDINGS);
}

#[cfg(test)]
mod tests {
    use mail::Timestamp;
    use model::screened::Unavailable;

    use super::*;

    #[test]
    fn only_a_clear_word_raises_a_verdict() {
        assert!(read(br#"{"verdict":"review","why":"it asks for keys"}"#));
        for other in [&br#"{"verdict":"clear"}"#[..], b"{}", b"review", b""] {
            assert!(!read(other));
        }
    }

    #[test]
    fn what_it_raises_is_to_be_reviewed_and_says_who_wanted_it() {
        for outcome in [
            Outcome::Clear,
            Outcome::Unavailable(Unavailable::PayloadTooLarge),
        ] {
            let mut seen = Screened::new(outcome, 3, "v", Timestamp::from_micros(1));
            raise(&mut seen);
            assert!(seen.is_suspect() && seen.score >= THRESHOLD);
            assert_eq!(seen.findings[0].reasons, [REASON]);
        }
    }
}
