//! JSON bodies, as tolerantly as the SDKs need and no more.

use std::time::Duration;

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use model::{Code, Error, Result};
use serde::de::DeserializeOwned;
use sys::Clock;

use crate::error::{Refusal, malformed};
use crate::settings::Door;

/// A body read as `T`. The content type does not matter: an SDK that has nothing to send sends
/// neither type nor body, which stands for `{}`.
pub(crate) struct Body<T>(pub(crate) T);

/// How long a client may leave the body unfinished without sending any of it.
const IDLE: Duration = Duration::from_secs(30);

impl<T: DeserializeOwned> FromRequest<Door> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Refusal> {
        let body = request.into_body();
        let announced = body.size_hint().lower();
        let chunks = Box::pin(body.into_data_stream());
        let limit = door.settings.max_body_bytes;
        let bytes = read(chunks, announced, limit, &*door.settings.env.clock).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// A body up to this is taken in before anybody looks at the request.
const SHORT: u64 = 64 << 10;

/// How long a short body may take.
const SHORTLY: Duration = Duration::from_secs(30);

/// Takes in a short body, so that a request which is refused for its key, its path or its right
/// leaves nothing unread: a connection with an unread body has to be closed, and a client that sends
/// its next request on it at that moment sees a failure that is none.
///
/// # Errors
/// `validation_error` when the body does not come, or not whole.
pub(crate) async fn take_in_short(request: Request, clock: &dyn Clock) -> Result<Request> {
    let short = request.body().size_hint().exact();
    let Some(size) = short.filter(|size| (1..=SHORT).contains(size)) else {
        return Ok(request);
    };
    let limit = usize::try_from(size).map_err(Error::internal)?;
    let (head, body) = request.into_parts();
    let chunks = Box::pin(body.into_data_stream());
    let bytes = sys::timeout(clock, SHORTLY, read(chunks, size, limit, clock)).await;
    let late =
        |error| Error::new(Code::ValidationError, "The body did not arrive in time").because(error);
    Ok(Request::from_parts(head, bytes.map_err(late)??.into()))
}

/// Whether a refusal may leave a body of this request unread, so that its connection must end.
pub(crate) fn may_stay_unread(request: &Request) -> bool {
    request
        .body()
        .size_hint()
        .exact()
        .is_none_or(|size| size > SHORT)
}

/// Reads the JSON of a body; one of nothing but space is an empty object.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let is_empty = bytes.trim_ascii().is_empty();
    wire::from_slice(if is_empty { b"{}" } else { bytes }).map_err(malformed)
}

/// Reads a body of at most `limit` octets into memory.
///
/// The rest of a body that is too large is read as well, up to as much again, and thrown away: a
/// client that is still writing when the connection closes does not see the answer.
///
/// # Errors
/// `payload_too_large`, or `validation_error` when the body stops coming.
async fn read<E: std::error::Error + Send + Sync + 'static>(
    mut chunks: impl Stream<Item = Result<Bytes, E>> + Unpin,
    announced: u64,
    limit: usize,
    clock: &dyn Clock,
) -> Result<Vec<u8>> {
    let mut taken = 0_usize;
    let mut body = Vec::new();
    let mut fits = announced <= u64::try_from(limit).unwrap_or(u64::MAX);
    loop {
        let chunk = match next(&mut chunks, clock).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) if fits => return Err(error),
            // Whatever became of the rest, the body was too large.
            Err(_) => break,
        };
        taken = taken.saturating_add(chunk.len());
        fits &= taken <= limit;
        if fits {
            body.extend_from_slice(&chunk);
        } else if taken > limit.saturating_mul(2) {
            break;
        } else {
            body = Vec::new();
        }
    }
    if fits {
        Ok(body)
    } else {
        Err(too_large(limit))
    }
}

async fn next<E: std::error::Error + Send + Sync + 'static>(
    chunks: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    clock: &dyn Clock,
) -> Result<Option<Bytes>> {
    let broken = || Error::new(Code::ValidationError, "The body did not arrive whole");
    match sys::timeout(clock, IDLE, chunks.next()).await {
        Ok(chunk) => chunk.transpose().map_err(|error| broken().because(error)),
        Err(late) => Err(broken().because(late)),
    }
}

fn too_large(limit: usize) -> Error {
    let message = format!("The request body is larger than {limit} octets");
    Error::new(Code::PayloadTooLarge, message)
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures_util::stream;
    use sys::SystemClock;
    use wire::{CreateInboxRequest, SendMessageRequest};

    use super::*;

    async fn read_all(chunks: &[&'static [u8]], announced: u64, limit: usize) -> Result<Vec<u8>> {
        let chunks: Vec<io::Result<Bytes>> =
            chunks.iter().map(|c| Ok(Bytes::from_static(c))).collect();
        read(stream::iter(chunks), announced, limit, &SystemClock).await
    }

    #[test]
    fn nothing_sent_is_an_empty_object() {
        for body in [&b""[..], b" \r\n", b"{}"] {
            let request: CreateInboxRequest = parse(body).unwrap();
            assert_eq!(request, CreateInboxRequest::default());
        }
    }

    #[test]
    fn a_wrong_type_names_its_place_in_the_error() {
        let error = parse::<SendMessageRequest>(br#"{"to": ["a@b", 1]}"#).unwrap_err();
        assert_eq!(error.code(), Code::ValidationError);
        assert_eq!(error.issues()[0].path, ["to", "1"]);
        assert_eq!(error.issues()[0].code, "invalid_type");
        assert!(error.detail().starts_with("to.1: invalid type"), "{error}");
        let error = parse::<SendMessageRequest>(b"not json").unwrap_err();
        assert_eq!(error.issues()[0].code, "invalid_json");
    }

    #[tokio::test]
    async fn a_body_fits_up_to_its_last_octet() {
        assert_eq!(read_all(&[b"ab", b"cd"], 4, 4).await.unwrap(), b"abcd");
        assert_eq!(read_all(&[], 0, 0).await.unwrap(), b"");
        for (chunks, announced, limit) in [
            (&[&b"ab"[..], b"cd"][..], 0, 3),
            (&[b"ab"], 100, 3),
            (&[b"abcdefghijk", b"l"], 0, 3),
        ] {
            let error = read_all(chunks, announced, limit).await.unwrap_err();
            assert_eq!(error.code(), Code::PayloadTooLarge);
        }
    }

    #[tokio::test]
    async fn the_rest_of_a_large_body_is_read_only_so_far() {
        let endless = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[0; 64])));
        let result = read(endless, 0, 1_000, &SystemClock).await;
        assert_eq!(result.unwrap_err().code(), Code::PayloadTooLarge);
    }

    #[tokio::test]
    async fn a_broken_body_is_the_clients_error() {
        let broken = stream::iter([Err(io::Error::other("reset"))]);
        let error = read(broken, 0, 10, &SystemClock).await.unwrap_err();
        assert_eq!(error.code(), Code::ValidationError);
        // One that was announced as too large is too large all the same.
        let broken = stream::iter([Err(io::Error::other("reset"))]);
        let error = read(broken, 11, 10, &SystemClock).await.unwrap_err();
        assert_eq!(error.code(), Code::PayloadTooLarge);
    }
}
