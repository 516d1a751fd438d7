//! The WebSocket: a skin over `app::Tail`.
//!
//! One task per connection does everything in turn, so that the answer to a subscription is
//! written before any of its events. What a client does not read is not collected here: a write
//! that does not come to an end closes the connection, and the client resumes where it was.

use std::sync::Arc;
use std::time::Duration;

use app::Tail;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use mail::Timestamp;
use model::{Code, Error, Kind, perm};
use serde::Serialize;
use sys::{Clock, Shutdown};
use tokio::sync::oneshot;

use crate::auth::Authorized;
use crate::error::{Refusal, frame, malformed};
use crate::settings::Settings;

/// The largest frame a client may send, in octets; a subscription needs a fraction of it.
const MAX_FRAME: usize = 64 * 1024;
/// What the WebSocket library itself stops at, with less of an explanation.
const HARD_LIMIT: usize = 4 * MAX_FRAME;
/// Read buffer per connection: most connections only ever send pongs.
const READ_BUFFER: usize = 4 * 1024;
/// How often the server asks whether the client is there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// After how long without a frame of any kind the client is given up: two pings went unanswered.
const SILENT_FOR: Duration = Duration::from_secs(75);
/// How long one write may take before the client counts as too slow.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How long the closing handshake may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Where sockets are opened.
pub(crate) const PATH: &str = "/v0";

/// `GET /v0`. A bad key is refused here, with an ordinary 401 before the upgrade.
pub(crate) async fn connect(
    auth: Authorized<perm::Authenticated>,
    State(settings): State<Arc<Settings>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(no_upgrade)?;
    let tail = auth.app.tail(auth.access);
    let (hand_over, arrived) = oneshot::channel();
    let tasks = settings.tasks.clone();
    // The server waits for its own tasks when it stops, not for those of the HTTP library. The
    // session is one before the client hears that it is accepted, so even the youngest is told.
    tasks.spawn(async move {
        let shutdown = settings.tasks.shutdown();
        // Nothing arrives when the client is gone before the upgrade.
        if let Ok(socket) = arrived.await {
            Session::new(socket, &settings).run(tail, shutdown).await;
        }
    });
    let answer = upgrade
        .read_buffer_size(READ_BUFFER)
        .max_message_size(HARD_LIMIT)
        .max_frame_size(HARD_LIMIT)
        .on_upgrade(async move |socket| {
            // A session that ended meanwhile needs no socket.
            let _ = hand_over.send(socket);
        });
    Ok(answer)
}

fn no_upgrade(problem: WebSocketUpgradeRejection) -> Error {
    Error::new(
        Code::ValidationError,
        "This path takes WebSocket connections only",
    )
    .because(problem)
    .fix("Connect with a WebSocket client to ws:// or wss:// and this path.")
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client closed it or is gone.
    Gone,
    /// We close it, with this code (RFC 6455 §7.4.1) and reason.
    Close(u16, &'static str),
}

/// The key was deleted or has expired.
const REVOKED: End = End::Close(1008, "The API key is no longer valid");
/// What came was no WebSocket frame, or the connection broke.
const UNREADABLE: End = End::Close(1002, "A frame could not be read");
/// A frame was too large.
const TOO_LARGE: End = End::Close(1009, "A frame may have 65536 octets");
/// A fault of ours.
const FAULT: End = End::Close(1011, "The server made a mistake");
/// The server stops. Clients reconnect on any code but 1000.
const RESTART: End = End::Close(1012, "The server restarts");
/// The client does not read as fast as events come.
const SLOW: End = End::Close(
    1013,
    "Too slow; reconnect and subscribe after the last event",
);
/// Nothing was heard for too long.
const SILENT: End = End::Close(1001, "No answer to pings");

struct Session {
    sink: SplitSink<WebSocket, Message>,
    stream: SplitStream<WebSocket>,
    clock: Arc<dyn Clock>,
    heard_at: Timestamp,
}

impl Session {
    fn new(socket: WebSocket, settings: &Settings) -> Self {
        let (sink, stream) = socket.split();
        let clock = Arc::clone(&settings.env.clock);
        let heard_at = clock.now();
        Self {
            sink,
            stream,
            clock,
            heard_at,
        }
    }

    async fn run(mut self, mut tail: Tail, mut shutdown: Shutdown) {
        let mut ping = self.clock.sleep_until(self.clock.now().plus(PING_EVERY));
        let end = loop {
            let step = tokio::select! {
                () = shutdown.requested() => Err(RESTART),
                frame = self.stream.next() => self.receive(frame, &mut tail).await,
                event = tail.next() => match event {
                    Ok(event) => self.write(Message::text(&*event.body)).await,
                    Err(error) => Err(end_for(&error)),
                },
                () = &mut ping => {
                    ping = self.clock.sleep_until(self.clock.now().plus(PING_EVERY));
                    self.ping().await
                }
            };
            if let Err(end) = step {
                break end;
            }
        };
        if let End::Close(code, reason) = end {
            tracing::debug!(code, reason, "closing a WebSocket");
            self.close(code, reason).await;
        }
    }

    async fn receive(
        &mut self,
        frame: Option<Result<Message, axum::Error>>,
        tail: &mut Tail,
    ) -> Result<(), End> {
        self.heard_at = self.clock.now();
        match frame {
            Some(Ok(Message::Text(text))) if text.len() > MAX_FRAME => Err(TOO_LARGE),
            Some(Ok(Message::Text(text))) => self.answer(text.as_bytes(), tail).await,
            Some(Ok(Message::Binary(_))) => {
                let problem = "Frames must be JSON text";
                self.refuse(&Error::new(Code::ValidationError, problem))
                    .await
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_))) | None => Err(End::Gone),
            Some(Err(_)) => Err(UNREADABLE),
        }
    }

    async fn answer(&mut self, text: &[u8], tail: &mut Tail) -> Result<(), End> {
        let kind = match wire::from_slice::<wire::Frame>(text) {
            Ok(frame) => frame.type_,
            Err(problem) => return self.refuse(&malformed(problem)).await,
        };
        match kind.as_deref() {
            Some("subscribe") => match wire::from_slice(text).map_err(malformed) {
                Ok(request) => {
                    let answer = tail.subscribe(request).await;
                    self.reply(answer).await
                }
                Err(error) => self.refuse(&error).await,
            },
            Some("unsubscribe") => match wire::from_slice(text).map_err(malformed) {
                Ok(request) => {
                    let answer = tail.unsubscribe(request).await;
                    self.reply(answer).await
                }
                Err(error) => self.refuse(&error).await,
            },
            _ => {
                let message = "Forbidden".to_owned();
                self.write_json(&wire::Unknown { message }).await
            }
        }
    }

    async fn reply<T: Serialize>(&mut self, answer: Result<T, Error>) -> Result<(), End> {
        match answer {
            Ok(answer) => self.write_json(&answer).await,
            Err(error) => match error.kind() {
                Kind::Unauthenticated | Kind::Unavailable => Err(end_for(&error)),
                _ => self.refuse(&error).await,
            },
        }
    }

    async fn refuse(&mut self, error: &Error) -> Result<(), End> {
        if error.kind() == Kind::Internal {
            tracing::error!(?error, "a WebSocket frame failed");
        }
        self.write_json(&frame(error)).await
    }

    async fn write_json<T: Serialize>(&mut self, value: &T) -> Result<(), End> {
        match serde_json::to_string(value) {
            Ok(text) => self.write(Message::text(text)).await,
            Err(error) => {
                tracing::error!(?error, "a WebSocket answer has no JSON form");
                Err(FAULT)
            }
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.clock.now().since(self.heard_at) > SILENT_FOR {
            return Err(SILENT);
        }
        self.write(Message::Ping(bytes::Bytes::new())).await
    }

    async fn write(&mut self, message: Message) -> Result<(), End> {
        match sys::timeout(&*self.clock, WRITE_WITHIN, self.sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(sys::Elapsed) => Err(SLOW),
        }
    }

    /// Tells the client and waits a little for its answer; without that, what is still on its way
    /// to the client could be lost with the connection.
    async fn close(mut self, code: u16, reason: &'static str) {
        let farewell = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        let handshake = async {
            if self.sink.send(farewell).await.is_ok() {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        if sys::timeout(&*self.clock, CLOSE_WITHIN, handshake)
            .await
            .is_err()
        {
            tracing::debug!("a WebSocket was cut without the client's farewell");
        }
    }
}

/// How a tail's end is told to the client.
fn end_for(error: &Error) -> End {
    match error.kind() {
        Kind::Unauthenticated => REVOKED,
        Kind::Unavailable => RESTART,
        Kind::RateLimited => SLOW,
        _ => {
            tracing::error!(?error, "a WebSocket failed");
            FAULT
        }
    }
}
