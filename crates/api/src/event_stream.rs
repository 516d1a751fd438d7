//! Server-sent events (HTML Standard, section 9.2): another skin over `app::Tail`.
//!
//! The stream has no end of its own. It ends when the server stops or the key is no longer valid;
//! a browser then connects again with `Last-Event-ID` and is told what it missed, or why not.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use app::{Event, Tail};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use mail::Timestamp;
use model::Kind;
use sys::{Clock, Shutdown};

/// How long the stream may be silent. Proxies give up a connection after 30 seconds or more, and
/// the server one on which nothing moves after 90.
const BEAT_EVERY: Duration = Duration::from_secs(15);

/// What comes first, so that the client knows at once that it is connected. A client that loses
/// the connection is to come back after two seconds.
const HELLO: &[u8] = b"retry: 2000\n: connected\n\n";

/// A comment, which clients ignore.
const BEAT: &[u8] = b": still here\n\n";

/// The answer to a client that takes a stream.
pub(crate) struct EventStream {
    tail: Tail,
    clock: Arc<dyn Clock>,
    stop: Shutdown,
    beat_at: Timestamp,
    greeted: bool,
}

impl EventStream {
    pub(crate) fn new(tail: Tail, clock: Arc<dyn Clock>, stop: Shutdown) -> Self {
        let beat_at = clock.now().plus(BEAT_EVERY);
        Self {
            tail,
            clock,
            stop,
            beat_at,
            greeted: false,
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(Bytes::from_static(HELLO));
        }
        let said = tokio::select! {
            biased;
            () = self.stop.requested() => return None,
            event = self.tail.next() => match event {
                Ok(event) => block(&event),
                Err(error) => {
                    if error.kind() == Kind::Internal {
                        tracing::error!(?error, "a stream of events failed");
                    }
                    return None;
                }
            },
            () = self.clock.sleep_until(self.beat_at) => Bytes::from_static(BEAT),
        };
        self.beat_at = self.clock.now().plus(BEAT_EVERY);
        Some(said)
    }
}

/// The JSON has no line breaks, so it is one field.
fn block(event: &Event) -> Bytes {
    format!("id: {}\ndata: {}\n\n", event.event_id, event.body).into()
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        let blocks = stream::unfold(self, async |mut stream| {
            let block = stream.next().await?;
            Some((Ok::<_, Infallible>(block), stream))
        });
        let head = [
            (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            // nginx collects answers unless it is told not to.
            (
                HeaderName::from_static("x-accel-buffering"),
                HeaderValue::from_static("no"),
            ),
        ];
        (head, Body::from_stream(blocks)).into_response()
    }
}
