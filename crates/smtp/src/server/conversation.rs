//! One session: bytes in, steps, bytes out.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt;
use mail::{Address, Timestamp};
use sys::{Clock, Elapsed, Shutdown, Tasks};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::memory::Held;
use super::stream::Stream;
use super::{Handler, Server};
use crate::session::{Session, Step};
use crate::{Envelope, Reply, SessionId};

/// Room for the next read between commands, and inside a message.
const SMALL_READ: usize = 8 << 10;
const LARGE_READ: usize = 64 << 10;
/// Replies are sent at the latest when this many bytes wait.
const OUTPUT: usize = 16 << 10;
/// How much is still read after the last reply, so that the client gets to see it.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;

pub(super) struct Conversation<H> {
    server: Arc<Server<H>>,
    session: Session,
    stream: Stream,
    input: BytesMut,
    output: Vec<u8>,
    held: Held,
    tasks: Tasks,
    shutdown: Shutdown,
    id: SessionId,
    peer: SocketAddr,
    ends_at: Timestamp,
    accepted: u64,
    refused: u64,
}

/// Why a session ended.
enum End {
    /// The server closed it with this reply.
    Closed(Reply),
    /// The client closed it; said whether it had begun a message.
    Left { inside_message: bool },
    /// The client took too long to take a reply.
    Stuck,
    /// The TLS handshake failed.
    Handshake(io::Error),
    /// The connection broke.
    Broken(io::Error),
}

impl<H: Handler> Conversation<H> {
    pub(super) fn new(
        server: Arc<Server<H>>,
        stream: TcpStream,
        peer: SocketAddr,
        id: SessionId,
        tasks: Tasks,
    ) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(session = %id, %error, "cannot switch off Nagle's algorithm");
        }
        let ends_at = server.env.clock.now().plus(server.settings.limits.session);
        Self {
            session: Session::new(Arc::clone(&server.settings), id, peer),
            server,
            stream: Stream::Plain(stream),
            input: BytesMut::new(),
            output: Vec::new(),
            held: Held::default(),
            shutdown: tasks.shutdown(),
            tasks,
            id,
            peer,
            ends_at,
            accepted: 0,
            refused: 0,
        }
    }

    /// Talks until one side ends it, and logs why.
    pub(super) async fn run(mut self) {
        let end = match self.talk().await {
            Ok(end) | Err(end) => end,
        };
        if let End::Closed(reply) = &end {
            self.say(reply);
            self.part().await;
        }
        tracing::info!(
            session = %self.id,
            peer = %self.peer,
            helo = self.session.client_name().unwrap_or(""),
            tls = self.session.tls(),
            user = self.session.login().map(|login| login.user.as_str()),
            accepted = self.accepted,
            refused = self.refused,
            reason = %end,
            "SMTP session ended"
        );
    }

    /// `Err` is an end that came from the connection, so that `?` can be used.
    async fn talk(&mut self) -> Result<End, End> {
        if self.server.settings.implicit_tls {
            self.encrypt().await?;
        }
        let welcome = {
            let handler = Arc::clone(&self.server.handler);
            let peer = self.peer;
            self.ask(async move { handler.connected(peer).await }).await
        };
        match welcome {
            Ok(()) => self.say(&self.session.greeting()),
            Err(reply) => return Ok(End::Closed(reply)),
        }
        loop {
            if self.session.between_commands() && self.shutdown.is_requested() {
                return Ok(End::Closed(going_down()));
            }
            let now = self.clock().now();
            match self.session.next(&mut self.input, now) {
                Step::More => {
                    self.cover_message().await;
                    if let Some(end) = self.fill().await? {
                        return Ok(end);
                    }
                }
                Step::DataRefused(reply) => {
                    self.say(&reply);
                    if !self.input.is_empty() {
                        let text = "The message was sent before it was asked for";
                        return Ok(End::Closed(Reply::later(421, (5, 0), text)));
                    }
                }
                Step::StartTls(reply) => {
                    if let Some(end) = self.start_tls(&reply).await? {
                        return Ok(end);
                    }
                }
                step => {
                    if let Some(end) = self.follow(step).await {
                        return Ok(end);
                    }
                }
            }
            if self.output.len() >= OUTPUT {
                self.flush().await?;
            }
        }
    }

    /// The steps that end in a reply.
    async fn follow(&mut self, step: Step) -> Option<End> {
        let mut utf8 = self.session.smtputf8();
        let step = match step {
            Step::Sender => {
                let answer = self.ask_sender().await;
                self.session.sender_answered(answer)
            }
            Step::Recipient(to) => {
                let answer = self.ask_recipient(&to).await;
                self.session.recipient_answered(to, answer)
            }
            Step::LogIn { user, password } => {
                let handler = Arc::clone(&self.server.handler);
                let answer = self.ask(handler.log_in(self.peer, &user, &password)).await;
                if let Err(reply) = &answer {
                    tracing::info!(session = %self.id, peer = %self.peer, user, %reply, "login refused");
                }
                self.session.login_answered(user, answer)
            }
            Step::Message(envelope, raw) => {
                utf8 = envelope.smtputf8;
                Step::Reply(self.deliver(*envelope, raw).await)
            }
            Step::Refused(envelope, reply) => {
                utf8 = envelope.smtputf8;
                self.held = Held::default();
                self.refused += 1;
                log_message(&Summary::of(&envelope, None), &reply);
                Step::Reply(reply)
            }
            step => step,
        };
        match step {
            Step::Close(reply) => Some(End::Closed(reply)),
            Step::Reply(reply) if reply.closes() => Some(End::Closed(reply)),
            Step::Reply(reply) => {
                reply.write_to(&mut self.output, utf8);
                None
            }
            _ => None,
        }
    }

    async fn ask_sender(&self) -> Result<(), Reply> {
        let Some(envelope) = self.session.envelope() else {
            return Err(Reply::local_error());
        };
        self.ask(self.server.handler.mail_from(envelope)).await
    }

    async fn ask_recipient(&self, to: &Address) -> Result<(), Reply> {
        let Some(envelope) = self.session.envelope() else {
            return Err(Reply::local_error());
        };
        self.ask(self.server.handler.rcpt_to(envelope, to)).await
    }

    /// Waits for the handler; a panic or a long silence is a 451.
    async fn ask<T>(&self, question: impl Future<Output = Result<T, Reply>>) -> Result<T, Reply> {
        let limit = self.server.settings.limits.handler;
        let guarded = AssertUnwindSafe(question).catch_unwind();
        match sys::timeout(self.clock(), limit, guarded).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => {
                tracing::error!(session = %self.id, "the SMTP handler panicked");
                Err(Reply::local_error())
            }
            Err(Elapsed) => {
                tracing::error!(session = %self.id, "the SMTP handler took too long");
                Err(Reply::local_error())
            }
        }
    }

    /// Hands the message to a task of its own, which ends whatever becomes of the client.
    async fn deliver(&mut self, envelope: Envelope, raw: Vec<u8>) -> Reply {
        let summary = Summary::of(&envelope, Some(raw.len()));
        let reply = if self.cover(raw.capacity()).await {
            let (answer, answered) = oneshot::channel();
            let handler = Arc::clone(&self.server.handler);
            let held = std::mem::take(&mut self.held);
            self.tasks.spawn(async move {
                let reply = handler.message(envelope, raw).await;
                drop(held);
                if let Err(reply) = answer.send(reply) {
                    tracing::warn!(%reply, "the answer to a message came too late for its client");
                }
            });
            let limit = self.server.settings.limits.handler;
            match sys::timeout(self.clock(), limit, answered).await {
                Ok(Ok(reply)) => reply,
                Ok(Err(_dropped)) => {
                    tracing::error!(session = %self.id, "the SMTP handler panicked");
                    Reply::local_error()
                }
                Err(Elapsed) => {
                    tracing::error!(session = %self.id, "the SMTP handler took too long");
                    Reply::local_error()
                }
            }
        } else {
            Reply::later(452, (3, 1), "Out of memory, please try again later")
        };
        self.held = Held::default();
        if reply.is_ok() {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        log_message(&summary, &reply);
        reply
    }

    /// Counts the memory of a message that is still arriving; without memory it is given up.
    async fn cover_message(&mut self) {
        let bytes = self.session.memory();
        if bytes > 0 && !self.cover(bytes).await {
            self.session.abandon_message();
            self.held = Held::default();
        }
    }

    async fn cover(&mut self, bytes: usize) -> bool {
        let server = &self.server;
        let wait = server.settings.limits.memory_wait;
        self.held
            .cover(bytes, &server.memory, server.env.clock.as_ref(), wait)
            .await
    }

    /// Sends what waits and reads more. `Some` when the session has to end.
    async fn fill(&mut self) -> Result<Option<End>, End> {
        let limits = &self.server.settings.limits;
        let idle = self.session.between_commands();
        let wait = if idle {
            limits.command
        } else {
            limits.data_block
        };
        // Taken before the reply is sent: once a client has seen it, the time is running.
        let deadline = self.clock().now().plus(wait).min(self.ends_at);
        self.flush().await?;
        self.input
            .reserve(if idle { SMALL_READ } else { LARGE_READ });
        let clock = Arc::clone(&self.server.env.clock);
        tokio::select! {
            biased;
            read = self.stream.read(&mut self.input) => match read {
                Ok(0) => Ok(Some(End::Left { inside_message: !idle })),
                Ok(_) => Ok(None),
                Err(error) => Err(End::Broken(error)),
            },
            () = self.shutdown.requested(), if idle => Ok(Some(End::Closed(going_down()))),
            () = clock.sleep_until(deadline) => {
                Ok(Some(End::Closed(Reply::later(421, (4, 2), "You took too long"))))
            }
        }
    }

    fn say(&mut self, reply: &Reply) {
        reply.write_to(&mut self.output, self.session.smtputf8());
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let sent = self.stream.try_write(&self.output);
        if sent < self.output.len() {
            let limit = self.server.settings.limits.command;
            let clock = Arc::clone(&self.server.env.clock);
            let writing = self.stream.write(&self.output[sent..]);
            match sys::timeout(clock.as_ref(), limit, writing).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(End::Broken(error)),
                Err(Elapsed) => return Err(End::Stuck),
            }
        }
        self.output.clear();
        Ok(())
    }

    async fn start_tls(&mut self, reply: &Reply) -> Result<Option<End>, End> {
        if !self.input.is_empty() {
            let text = "Nothing may follow STARTTLS before the handshake";
            return Ok(Some(End::Closed(Reply::later(421, (5, 0), text))));
        }
        self.say(reply);
        self.flush().await?;
        self.encrypt().await.map(|()| None)
    }

    async fn encrypt(&mut self) -> Result<(), End> {
        let Some(config) = self.server.settings.tls.clone() else {
            return Err(End::Closed(Reply::local_error()));
        };
        let clock = Arc::clone(&self.server.env.clock);
        let limit = self.server.settings.limits.command;
        let deadline = clock.now().plus(limit).min(self.ends_at);
        match sys::timeout_at(clock.as_ref(), deadline, self.stream.handshake(config)).await {
            Ok(Ok(())) => {
                self.session.tls_started();
                self.session.tls_is(self.stream.tls_details());
                Ok(())
            }
            Ok(Err(error)) => Err(End::Handshake(error)),
            Err(Elapsed) => Err(End::Handshake(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Sends the last reply and reads on for a moment: closing a socket with unread bytes would
    /// take the reply from the client (TCP RST).
    async fn part(&mut self) {
        if self.flush().await.is_err() {
            return;
        }
        let clock = Arc::clone(&self.server.env.clock);
        let goodbye = async {
            self.stream.shutdown().await?;
            let mut seen = 0;
            while seen < LINGER_BYTES {
                self.input.clear();
                self.input.reserve(SMALL_READ);
                match self.stream.read(&mut self.input).await? {
                    0 => break,
                    read => seen += read,
                }
            }
            Ok::<_, io::Error>(())
        };
        if let Ok(Err(error)) = sys::timeout(clock.as_ref(), LINGER, goodbye).await {
            tracing::debug!(session = %self.id, %error, "the client left without a goodbye");
        }
    }

    fn clock(&self) -> &dyn Clock {
        self.server.env.clock.as_ref()
    }
}

fn going_down() -> Reply {
    Reply::later(
        421,
        (3, 2),
        "The server is going down, please try again later",
    )
}

/// What the log says about a message. Never its content.
struct Summary {
    session: SessionId,
    from: Option<Address>,
    recipients: usize,
    bytes: Option<usize>,
}

impl Summary {
    fn of(envelope: &Envelope, bytes: Option<usize>) -> Self {
        Self {
            session: envelope.session,
            from: envelope.reverse_path.clone(),
            recipients: envelope.forward_paths.len(),
            bytes,
        }
    }
}

fn log_message(summary: &Summary, reply: &Reply) {
    tracing::info!(
        session = %summary.session,
        from = summary.from.as_ref().map(tracing::field::display),
        recipients = summary.recipients,
        bytes = summary.bytes,
        %reply,
        "SMTP message"
    );
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(reply) => write!(f, "closed with {reply}"),
            Self::Left {
                inside_message: false,
            } => f.write_str("the client left"),
            Self::Left {
                inside_message: true,
            } => f.write_str("the client left inside a message"),
            Self::Stuck => f.write_str("the client took no reply"),
            Self::Handshake(error) => write!(f, "TLS handshake failed: {error}"),
            Self::Broken(error) => write!(f, "connection broken: {error}"),
        }
    }
}
