//! The requests of the ACME client, sent through the guarded dialer.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use sys::dial::{self, BodyEnd, Dialer, Limits};
use url::Url;

/// A chain of certificates is a few kilobytes.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    total: Duration::from_secs(20),
    body: 256 << 10,
};

/// The way to an authority. Clones share what it asked for last.
#[derive(Clone)]
pub(super) struct Web {
    dialer: Dialer,
    asked: Arc<Mutex<Option<Duration>>>,
}

impl Web {
    pub(super) fn new(dialer: Dialer) -> Self {
        let asked = Arc::default();
        Self { dialer, asked }
    }

    /// How long the authority wants to be left alone, if its last refusal said so.
    pub(super) fn asked(&self) -> Option<Duration> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what the authority asked for: another try begins.
    pub(super) fn begin(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let (parts, body) = request.into_parts();
        // A refusal of anything else is read by the client.
        let wants_directory = parts.method == Method::GET;
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        let url = Url::parse(&parts.uri.to_string()).map_err(other)?;
        let answer = self
            .dialer
            .send(dial::Request {
                method: parts.method,
                url: &url,
                headers: parts.headers,
                body,
                limits: LIMITS,
            })
            .await
            .map_err(other)?;
        if answer.end != BodyEnd::Whole {
            return Err(Error::Str("the end of the authority's answer"));
        }
        // RFC 8555 §6.6: a refusal for its number may say when to come again.
        if matches!(answer.status, 429 | 503) {
            *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = seconds(&answer.headers);
        }
        if wants_directory && !(200..300).contains(&answer.status) {
            let status = answer.status;
            return Err(Error::Other(
                format!("the authority's directory answers {status}").into(),
            ));
        }
        let mut response = Response::new(());
        *response.status_mut() = answer.status.try_into().map_err(other)?;
        *response.headers_mut() = answer.headers;
        let (parts, ()) = response.into_parts();
        Ok(BytesResponse {
            parts,
            body: Box::new(Bytes::from(answer.body)),
        })
    }
}

impl HttpClient for Web {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().send(request))
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(error))
}

/// Authorities write seconds; a date is as good as nothing. A week is as long as is believed.
fn seconds(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(Duration::from_secs(7 * 86_400)))
}
