//! The one loop around the conversation.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt as _;
use sys::{Elapsed, TlsUsed, Trust};
use tokio::io::{AsyncRead, AsyncWrite};

use super::opening::{Opening, Told};
use super::stream::Stream;
use super::transaction::{Asked, Transaction};
use super::{
    Cause, Client, Failure, Mail, Offers, Outcome, RemoteReply, ReplyReader, Security, Stage,
    Terms, content,
};

/// Room for one read.
const READ: usize = 4 << 10;
/// The message is written in pieces of about this many octets.
const PIECE: usize = 64 << 10;
/// How long a reply is waited for that the server gave in the middle of the message.
const EARLY_REPLY: Duration = Duration::from_secs(5);

/// A session with a server that takes mail, for one message after the other.
pub struct Connection<S> {
    client: Client,
    wire: Wire<S>,
    offers: Offers,
    tls: Option<TlsUsed>,
    /// The server still thinks itself inside a transaction.
    reset: bool,
    usable: bool,
    messages: u32,
}

/// The stream and what was read of it.
struct Wire<S> {
    stream: Stream<S>,
    input: BytesMut,
    reader: ReplyReader,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Greets the server, agrees on encryption and logs in, as the terms say.
    ///
    /// # Errors
    /// [`Failure`]; the connection is closed. After one with [`Failure::is_tls`] under
    /// [`Security::Opportunistic`] the caller may connect once more with [`Security::Plain`].
    pub async fn open(client: &Client, stream: S, terms: Terms<'_>) -> Result<Self, Failure> {
        let mut wire = Wire {
            stream: Stream::Plain(stream),
            input: BytesMut::new(),
            reader: ReplyReader::default(),
        };
        let mut used = None;
        let trust = match terms.security {
            Security::Implicit(trust) | Security::StartTls(trust) => trust,
            Security::Opportunistic | Security::Plain => Trust::Any,
        };
        let implicit = matches!(terms.security, Security::Implicit(_));
        if implicit {
            used = Some(wire.handshake(client, terms.host, trust).await?);
        }
        let loopback = terms.peer.ip().to_canonical().is_loopback();
        let mut opening = Opening::new(
            &client.name,
            terms.security,
            terms.credentials,
            implicit,
            loopback,
        );
        let mut told = opening.start();
        loop {
            told = match told {
                Told::Read(stage) => opening.replied(wire.reply(client, stage).await?),
                Told::Write(stage, bytes) => {
                    wire.command(client, stage, &bytes).await?;
                    opening.replied(wire.reply(client, stage).await?)
                }
                Told::Handshake => {
                    used = Some(wire.handshake(client, terms.host, trust).await?);
                    opening.encrypted()
                }
                Told::Ready => break,
                Told::Fail(failure) => {
                    wire.quit(client).await;
                    return Err(failure);
                }
            };
        }
        Ok(Self {
            client: client.clone(),
            wire,
            offers: opening.into_offers(),
            tls: used,
            reset: false,
            usable: true,
            messages: 0,
        })
    }

    /// Sends one message. Gives what became of each recipient, in the order of
    /// [`Mail::recipients`].
    ///
    /// When [`Connection::is_usable`] says no afterwards, the connection is over. A server may also
    /// have closed it while it was idle; then nothing was sent, every outcome is
    /// [`Outcome::PutOff`] at [`Stage::Mail`], and the caller connects anew at once.
    pub async fn send(&mut self, mail: Mail<'_>) -> Vec<Outcome> {
        let offers = self.offers.clone();
        let mut transaction = Transaction::new(mail, &offers, self.reset);
        if !self.usable {
            let closed = Cause::Lost("it was closed before".to_owned());
            transaction.failed(Stage::Mail, closed);
        }
        self.messages += 1;
        let mut stage = Stage::Mail;
        loop {
            match transaction.ask() {
                Asked::Write(bytes) => {
                    if let Err(failure) = self.wire.command(&self.client, stage, &bytes).await {
                        self.overtaken(&mut transaction, failure).await;
                    }
                }
                Asked::Read(awaited) => {
                    stage = awaited;
                    match self.wire.reply(&self.client, stage).await {
                        Ok(reply) => transaction.replied(reply),
                        Err(failure) => transaction.failed(failure.stage, failure.cause),
                    }
                }
                Asked::Content => match self.content(&mut transaction, mail.raw).await {
                    Ok(()) => transaction.written(),
                    Err(failure) => self.overtaken(&mut transaction, failure).await,
                },
                Asked::Done { reset } => {
                    self.reset = reset;
                    break;
                }
                Asked::Broken => {
                    self.usable = false;
                    break;
                }
            }
        }
        if self
            .offers
            .mail_max
            .is_some_and(|most| self.messages >= most)
        {
            self.usable = false;
        }
        transaction.into_outcomes()
    }

    /// Whether another message can be sent: nothing has ended the connection so far, the server
    /// takes more messages on it, and it has not closed it or said 421 in the meantime.
    pub fn is_usable(&mut self) -> bool {
        if self.usable {
            self.wire.input.reserve(READ);
            // A server has nothing to say now but goodbye.
            let said = self.wire.stream.read(&mut self.wire.input).now_or_never();
            self.usable = said.is_none() && self.wire.input.is_empty();
        }
        self.usable
    }

    /// What the server offers.
    #[must_use]
    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// The encryption; `None` when there is none.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsUsed> {
        self.tls.as_ref()
    }

    /// How many messages were sent or tried on this connection.
    #[must_use]
    pub fn messages(&self) -> u32 {
        self.messages
    }

    /// Says QUIT, waits a moment for the answer and closes.
    pub async fn quit(mut self) {
        if self.usable {
            self.wire.quit(&self.client).await;
        }
    }

    async fn content(
        &mut self,
        transaction: &mut Transaction<'_>,
        raw: &[u8],
    ) -> Result<(), Failure> {
        let (client, wire) = (&self.client, &mut self.wire);
        let mut piece = Vec::with_capacity(PIECE.min(raw.len() + 64));
        for mut part in content::pieces(raw) {
            while !part.is_empty() {
                if piece.len() == PIECE {
                    wire.command(client, Stage::Content, &piece).await?;
                    piece.clear();
                }
                let (now, later) = part.split_at(part.len().min(PIECE - piece.len()));
                piece.extend_from_slice(now);
                part = later;
            }
        }
        transaction.ending();
        wire.command(client, Stage::Content, &piece).await
    }

    /// Writing failed. The server may have said why before it closed.
    async fn overtaken(&mut self, transaction: &mut Transaction<'_>, failure: Failure) {
        let Failure { stage, cause } = failure;
        let early = self.wire.read_reply();
        let clock = &*self.client.clock;
        match sys::timeout(clock, EARLY_REPLY, early).await {
            Ok(Ok(reply)) if reply.code >= 400 => transaction.cut_short(stage, &reply),
            _ => transaction.failed(stage, cause),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    async fn reply(&mut self, client: &Client, stage: Stage) -> Result<RemoteReply, Failure> {
        let limit = client.timeouts.of(stage);
        let cause = match sys::timeout(&*client.clock, limit, self.read_reply()).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(cause)) => cause,
            Err(Elapsed) => Cause::Late,
        };
        Err(Failure { stage, cause })
    }

    async fn read_reply(&mut self) -> Result<RemoteReply, Cause> {
        loop {
            match self.reader.next(&mut self.input) {
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(odd) => return Err(Cause::NotSmtp(odd.0)),
            }
            self.input.reserve(READ);
            match self.stream.read(&mut self.input).await {
                Ok(0) => return Err(Cause::Lost("the server closed it".to_owned())),
                Ok(_) => {}
                Err(error) => return Err(lost(&error)),
            }
        }
    }

    async fn command(
        &mut self,
        client: &Client,
        stage: Stage,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let limit = client.timeouts.block;
        let cause = match sys::timeout(&*client.clock, limit, self.stream.write(bytes)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => lost(&error),
            Err(Elapsed) => Cause::Late,
        };
        Err(Failure { stage, cause })
    }

    /// Whatever was read ahead was said in the clear, perhaps by somebody in between (RFC 3207 §6,
    /// CVE-2011-0411): it is dropped.
    async fn handshake(
        &mut self,
        client: &Client,
        host: &str,
        trust: Trust,
    ) -> Result<TlsUsed, Failure> {
        if !self.input.is_empty() {
            tracing::warn!(
                host,
                octets = self.input.len(),
                "dropped what came before TLS"
            );
            self.input.clear();
        }
        self.reader = ReplyReader::default();
        let limit = client.timeouts.command;
        let handshake = self.stream.handshake(&client.tls, host, trust);
        let cause = match sys::timeout(&*client.clock, limit, handshake).await {
            Ok(Ok(used)) => return Ok(used),
            Ok(Err(error)) => Cause::Tls(error),
            Err(Elapsed) => Cause::Late,
        };
        Err(Failure {
            stage: Stage::StartTls,
            cause,
        })
    }

    async fn quit(&mut self, client: &Client) {
        let goodbye = async {
            self.stream.write(b"QUIT\r\n").await?;
            // What the server answers changes nothing any more.
            let _ = self.read_reply().await;
            self.stream.shutdown().await
        };
        if let Ok(Err(error)) = sys::timeout(&*client.clock, client.timeouts.quit, goodbye).await {
            tracing::debug!(%error, "the server left without a goodbye");
        }
    }
}

fn lost(error: &io::Error) -> Cause {
    Cause::Lost(error.kind().to_string())
}
