//! One request and its answer over a connection that stands.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mail::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use url::{Position, Url};

use super::{Answer, BodyEnd, DialError, Request};
use crate::{Clock, timeout_at};

/// The head of an answer; more is no honest server's.
const MAX_HEAD: usize = 64 << 10;

/// Sends the request and reads the answer, until `end` at most.
pub(super) async fn run<S>(
    stream: S,
    request: Request<'_>,
    end: Timestamp,
    clock: &dyn Clock,
) -> Result<Answer, DialError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limit = request.limits.body;
    let message = message(request)?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // The connection does the reading and writing, so it runs beside the exchange. Whatever ends it
    // reaches the exchange too.
    let driver = async {
        let _ = connection.await;
        std::future::pending::<Infallible>().await
    };
    let exchange = async {
        let answer = timeout_at(clock, end, sender.send_request(message))
            .await
            .map_err(|_| DialError::Late("waiting for the answer"))?
            .map_err(broken)?;
        Ok(read(answer, limit, end, clock).await)
    };
    tokio::select! {
        answer = exchange => answer,
        never = driver => match never {},
    }
}

fn message(request: Request<'_>) -> Result<http::Request<Full<Bytes>>, DialError> {
    let target = &request.url[Position::BeforePath..Position::AfterQuery];
    let host = HeaderValue::try_from(authority(request.url)).map_err(|_| DialError::Url)?;
    let mut message = http::Request::builder()
        .method(request.method)
        .uri(target)
        .body(Full::new(request.body))
        .map_err(|_| DialError::Url)?;
    let headers = message.headers_mut();
    *headers = request.headers;
    headers.insert(HOST, host);
    Ok(message)
}

/// Host and port as the URL has them, without credentials.
fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

async fn read(
    answer: Response<Incoming>,
    limit: usize,
    end: Timestamp,
    clock: &dyn Clock,
) -> Answer {
    let (head, mut incoming) = answer.into_parts();
    let mut body = Vec::new();
    let ended = loop {
        match timeout_at(clock, end, incoming.frame()).await {
            Err(_) => break BodyEnd::Late,
            Ok(None) => break BodyEnd::Whole,
            Ok(Some(Err(_))) => break BodyEnd::Broken,
            Ok(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                let room = limit - body.len();
                body.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    break BodyEnd::Limit;
                }
            }
        }
    };
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
        end: ended,
    }
}

fn broken(error: hyper::Error) -> DialError {
    DialError::Http(error.into())
}
