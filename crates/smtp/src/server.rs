//! The only socket loop.
//!
//! A session is one task: it reads, lets [`crate::session`] decide, asks the [`Handler`], and
//! writes. Replies to pipelined commands go out together (RFC 2920 §3.2). When the server stops,
//! a session between commands hears 421 and ends; one inside a message reads it to its end, gives
//! the handler's real answer, and ends then.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mail::Address;
use sys::{Env, Tasks};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::{Envelope, Proof, Reply, Secret, SessionId, Settings};

mod conversation;
mod memory;
mod seats;
mod stream;

use conversation::Conversation;
use seats::Seats;

/// Answers what the conversation cannot know.
///
/// A handler that panics or takes too long makes the session answer 451. A reply of 421 from any
/// of these ends the session.
pub trait Handler: Send + Sync + 'static {
    /// A client has connected. A refusal is sent in place of the greeting and ends the session; its
    /// code should be 421 or 554 (RFC 5321 §3.1).
    fn connected(&self, peer: SocketAddr) -> impl Future<Output = Result<(), Reply>> + Send;

    /// A client logs in ([`Settings::auth`]). The proof comes back in the envelope of each message;
    /// a refusal is 535.
    ///
    /// Takes as long whether or not there is such a user: the answer must not tell.
    fn log_in(
        &self,
        _peer: SocketAddr,
        _user: &str,
        _password: &Secret,
    ) -> impl Future<Output = Result<Proof, Reply>> + Send {
        async { Err(Reply::never(535, (7, 8), "Nobody logs in here")) }
    }

    /// MAIL was given. The envelope has no recipients yet.
    fn mail_from(&self, envelope: &Envelope) -> impl Future<Output = Result<(), Reply>> + Send;

    /// RCPT was given; `envelope` has the recipients accepted before.
    fn rcpt_to(
        &self,
        envelope: &Envelope,
        to: &Address,
    ) -> impl Future<Output = Result<(), Reply>> + Send;

    /// Takes a message, without stuffed dots and final dot, as received: every line ends in CRLF.
    ///
    /// [`Reply::ok`] makes the server responsible for the message (RFC 5321 §6.1), so it must be
    /// durable by then. The work runs to its end even when the client is gone or was told 451
    /// because it took too long; the client then sends the message again.
    fn message(&self, envelope: Envelope, raw: Vec<u8>) -> impl Future<Output = Reply> + Send;
}

/// An SMTP server.
pub struct Server<H> {
    handler: Arc<H>,
    settings: Arc<Settings>,
    env: Env,
    seats: Arc<Seats>,
    /// Permits for the memory of messages, one per [`memory::UNIT`] bytes.
    memory: Arc<Semaphore>,
}

impl<H: Handler> Server<H> {
    /// A server that is not listening yet.
    #[must_use]
    pub fn new(handler: Arc<H>, settings: Settings, env: Env) -> Self {
        let limits = &settings.limits;
        Self {
            handler,
            seats: Seats::new(limits.connections, limits.connections_per_peer),
            memory: memory::budget(&settings),
            settings: Arc::new(settings),
            env,
        }
    }

    /// Accepts connections until the shutdown of `tasks` is requested. Sessions are tasks of the
    /// same set, so [`sys::Running::stop`] waits for them. May be called once per listener; the
    /// limits hold over all of them.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, tasks: Tasks) {
        let mut shutdown = tasks.shutdown();
        loop {
            let accepted = tokio::select! {
                biased;
                () = shutdown.requested() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, &tasks),
                Err(error) => {
                    // Mostly a lack of file descriptors: wait until sessions have ended.
                    tracing::warn!(%error, "cannot accept an SMTP connection");
                    let retry_at = self.env.clock.now().plus(Duration::from_millis(100));
                    tokio::select! {
                        () = shutdown.requested() => return,
                        () = self.env.clock.sleep_until(retry_at) => {}
                    }
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, tasks: &Tasks) {
        match self.seats.take(peer.ip()) {
            Ok(seat) => {
                let id = SessionId(self.env.ids.bytes());
                let conversation =
                    Conversation::new(Arc::clone(self), stream, peer, id, tasks.clone());
                tasks.spawn(async move {
                    Box::pin(conversation.run()).await;
                    drop(seat);
                });
            }
            Err(reply) => {
                tracing::info!(%peer, %reply, "SMTP connection turned away");
                let mut line = Vec::new();
                reply.write_to(&mut line, false);
                // A courtesy: a fresh socket takes one line without waiting. If not, closing says
                // enough.
                let _ = stream.try_write(&line);
            }
        }
    }
}
