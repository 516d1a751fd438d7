//! The state of one conversation, without sockets.
//!
//! [`Session::next`] takes bytes and says what to do; some steps are questions for the handler,
//! whose answers come back through [`Session::sender_answered`] and
//! [`Session::recipient_answered`]. How the network cut the bytes makes no difference to the steps.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use mail::{Address, Timestamp};
use memchr::memchr;

use crate::command::{self, Command, MailParams, Origin, Recipient};
use crate::data::{ChunkReader, DataReader, Fault};
use crate::{Envelope, Login, Reply, Secret, SessionId, Settings};

mod auth;

use auth::Exchange;

/// A chunk that is this many times larger than the largest message is not read to its end.
const ABSURD_CHUNK: u64 = 4;

/// The conversation with one client.
#[derive(Debug)]
pub struct Session {
    settings: Arc<Settings>,
    id: SessionId,
    peer: SocketAddr,
    /// Whether the connection is one of a relay that may say whom it speaks for.
    is_relay: bool,
    /// The name of the client that the relay speaks for.
    relayed_helo: Option<String>,
    tls: bool,
    tls_details: Option<String>,
    client: Option<Client>,
    transaction: Option<Transaction>,
    reading: Reading,
    errors: u32,
    refusals: u32,
    transactions: u32,
    login: Option<Login>,
    failed_logins: u32,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Read more bytes; the session has used what it can.
    More,
    /// Send this and go on.
    Reply(Reply),
    /// Send this and close the connection.
    Close(Reply),
    /// DATA is refused: send this. A client that has sent the message already did not wait for the
    /// answer; its text would be taken for commands, so close when bytes are waiting.
    DataRefused(Reply),
    /// Ask the handler about [`Session::envelope`], then call [`Session::sender_answered`].
    Sender,
    /// Ask the handler about this recipient, then call [`Session::recipient_answered`].
    Recipient(Address),
    /// A message is complete: give it to the handler and send its reply.
    Message(Box<Envelope>, Vec<u8>),
    /// A message was read to its end and is refused with this reply.
    Refused(Box<Envelope>, Reply),
    /// Ask the handler whether this is the user's password, then call
    /// [`Session::login_answered`] with the same name.
    LogIn {
        /// The name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Send this, do the handshake, then call [`Session::tls_started`]. Bytes that are waiting were
    /// sent in the clear and must never be used (CVE-2011-0411).
    StartTls(Reply),
}

#[derive(Debug)]
struct Client {
    helo: String,
    esmtp: bool,
}

#[derive(Debug)]
struct Transaction {
    envelope: Envelope,
    /// The message so far, from the first BDAT on.
    chunks: Option<ChunkReader>,
}

#[derive(Debug)]
enum Reading {
    Lines,
    /// The next line is a response of AUTH.
    Response(Exchange),
    Data(DataReader),
    /// Inside a chunk. Its bytes are dropped when `refused` says why.
    Chunk {
        left: u64,
        last: bool,
        refused: Option<Reply>,
    },
}

impl Session {
    /// A conversation that begins, before the greeting.
    #[must_use]
    pub fn new(settings: Arc<Settings>, id: SessionId, peer: SocketAddr) -> Self {
        let mut relays = settings.trusted_relays.iter();
        Self {
            is_relay: relays.any(|net| net.contains(peer.ip())),
            settings,
            id,
            peer,
            relayed_helo: None,
            tls: false,
            tls_details: None,
            client: None,
            transaction: None,
            reading: Reading::Lines,
            errors: 0,
            refusals: 0,
            transactions: 0,
            login: None,
            failed_logins: 0,
        }
    }

    /// The greeting (RFC 5321 §4.2).
    #[must_use]
    pub fn greeting(&self) -> Reply {
        Reply::plain(
            220,
            &[&format!("{} ESMTP Mailroost", self.settings.hostname)],
        )
    }

    /// Takes bytes from the front of `input`, at most up to the end of one command or message.
    pub fn next(&mut self, input: &mut BytesMut, now: Timestamp) -> Step {
        match &mut self.reading {
            Reading::Lines | Reading::Response(_) => self.next_line(input, now),
            Reading::Data(reader) => match reader.push(input) {
                None => {
                    input.clear();
                    Step::More
                }
                Some(used) => {
                    input.advance(used);
                    self.end_data(now)
                }
            },
            Reading::Chunk { .. } => self.next_of_chunk(input, now),
        }
    }

    /// The envelope so far, after MAIL.
    #[must_use]
    pub fn envelope(&self) -> Option<&Envelope> {
        self.transaction.as_ref().map(|t| &t.envelope)
    }

    /// Whether the client may go on with a command, so that the session can end politely.
    #[must_use]
    pub fn between_commands(&self) -> bool {
        matches!(self.reading, Reading::Lines | Reading::Response(_))
    }

    /// Bytes of memory that a message takes now.
    #[must_use]
    pub fn memory(&self) -> usize {
        match &self.reading {
            Reading::Data(reader) => reader.memory(),
            Reading::Lines | Reading::Response(_) | Reading::Chunk { .. } => self
                .transaction
                .as_ref()
                .and_then(|t| t.chunks.as_ref())
                .map_or(0, ChunkReader::memory),
        }
    }

    /// Frees the memory of the message that is being read. It is read to its end and put off.
    pub fn abandon_message(&mut self) {
        if let Reading::Data(reader) = &mut self.reading {
            reader.abandon();
        } else if let Some(chunks) = self.transaction.as_mut().and_then(|t| t.chunks.as_mut()) {
            chunks.abandon();
        }
    }

    /// The client's name from EHLO or HELO.
    #[must_use]
    pub fn client_name(&self) -> Option<&str> {
        self.client.as_ref().map(|client| client.helo.as_str())
    }

    /// Whether replies may be UTF-8 (RFC 6531 §3.7.4.2).
    #[must_use]
    pub fn smtputf8(&self) -> bool {
        self.envelope().is_some_and(|envelope| envelope.smtputf8)
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// The handler's answer to [`Step::Sender`].
    pub fn sender_answered(&mut self, answer: Result<(), Reply>) -> Step {
        match answer {
            Ok(()) => Step::Reply(Reply::ok(250, (1, 0), "Sender ok")),
            Err(reply) => {
                self.transaction = None;
                self.refusal(reply)
            }
        }
    }

    /// The handler's answer to [`Step::Recipient`].
    pub fn recipient_answered(&mut self, to: Address, answer: Result<(), Reply>) -> Step {
        match (answer, &mut self.transaction) {
            (Ok(()), Some(transaction)) => {
                transaction.envelope.forward_paths.push(to);
                Step::Reply(Reply::ok(250, (1, 5), "Recipient ok"))
            }
            (Ok(()), None) => Step::Reply(no_transaction()),
            (Err(reply), _) => self.refusal(reply),
        }
    }

    /// Encryption has begun: everything said before is forgotten (RFC 3207 §4.2).
    pub fn tls_started(&mut self) {
        self.tls = true;
        self.client = None;
        self.transaction = None;
        self.login = None;
    }

    /// What the encryption is, in words, for whoever asks later how a message came.
    pub fn tls_is(&mut self, details: Option<String>) {
        self.tls_details = details;
    }

    fn next_line(&mut self, input: &mut BytesMut, now: Timestamp) -> Step {
        let window = &input[..input.len().min(command::HARD_LINE)];
        let Some(end) = memchr(b'\n', window) else {
            if window.len() < command::HARD_LINE {
                return Step::More;
            }
            return Step::Close(Reply::never(500, (5, 2), "Line too long"));
        };
        if let Reading::Response(exchange) = &mut self.reading {
            let exchange = std::mem::take(exchange);
            let line = input.split_to(end + 1);
            self.reading = Reading::Lines;
            return self.response(exchange, &line);
        }
        let parsed = match input[..end].split_last() {
            Some((b'\r', line)) => command::parse(line),
            // Two readings of one line are the root of smuggling, also between commands.
            _ => Err(Reply::never(500, (5, 2), "Lines end with CRLF")),
        };
        input.advance(end + 1);
        match parsed {
            Ok(Command::Bdat { size, last }) => self.bdat(size, last, input, now),
            Ok(command) => self.on(command, now),
            Err(reply) => self.mistake(reply),
        }
    }

    fn on(&mut self, command: Command, now: Timestamp) -> Step {
        match command {
            Command::Ehlo(name) => self.greet(name, true),
            Command::Helo(name) => self.greet(name, false),
            Command::Mail { from, params } => self.mail(from, params, now),
            Command::Rcpt { to, utf8 } => self.rcpt(to, utf8),
            Command::Data => self.data(),
            Command::Bdat { .. } | Command::BdatUnreadable => {
                Step::Close(Reply::never(501, (5, 4), "Write BDAT size [LAST]"))
            }
            Command::Rset => {
                self.transaction = None;
                Step::Reply(Reply::ok(250, (0, 0), "Reset"))
            }
            Command::Noop => Step::Reply(Reply::ok(250, (0, 0), "Ok")),
            Command::Quit => Step::Close(Reply::ok(221, (0, 0), "Bye")),
            Command::Help => Step::Reply(Reply::ok(214, (0, 0), "See RFC 5321")),
            Command::Vrfy => {
                let text = "Send the message and see";
                Step::Reply(Reply::ok(252, (1, 5), text))
            }
            Command::Expn => self.mistake(Reply::never(502, (5, 1), "EXPN is not offered")),
            Command::StartTls => self.start_tls(),
            Command::Xclient(origin) => self.speak_for(origin),
            Command::Auth { mechanism, initial } => self.auth(&mechanism, initial.as_ref()),
        }
    }

    /// EHLO and HELO also reset (RFC 5321 §4.1.4).
    fn greet(&mut self, helo: String, esmtp: bool) -> Step {
        self.transaction = None;
        self.client = Some(Client { helo, esmtp });
        let settings = &self.settings;
        if !esmtp {
            return Step::Reply(Reply::plain(250, &[&settings.hostname]));
        }
        let size = format!("SIZE {}", settings.max_message_bytes);
        // RFC 9422.
        let limits = format!(
            "LIMITS MAILMAX={} RCPTMAX={}",
            settings.limits.transactions, settings.max_recipients
        );
        let mut lines = vec![
            settings.hostname.as_str(),
            "PIPELINING",
            &size,
            "8BITMIME",
            "SMTPUTF8",
            "CHUNKING",
            "ENHANCEDSTATUSCODES",
            &limits,
        ];
        if self.offers_tls() {
            lines.push("STARTTLS");
        }
        if self.is_relay {
            lines.push("XCLIENT NAME ADDR PORT PROTO HELO");
        }
        if self.may_log_in() {
            lines.push("AUTH PLAIN LOGIN");
        }
        Step::Reply(Reply::plain(250, &lines))
    }

    /// From here on the session is that of the relay's client, and begins anew.
    fn speak_for(&mut self, origin: Origin) -> Step {
        if !self.is_relay {
            let text = "You are not one of the operator's relays";
            return self.mistake(Reply::never(550, (7, 0), text));
        }
        if self.transaction.is_some() {
            return self.mistake(Reply::never(503, (5, 1), "A sender is given already"));
        }
        if let Some(address) = origin.address {
            self.peer = SocketAddr::new(address, origin.port.unwrap_or(0));
        }
        self.relayed_helo = origin.helo;
        self.client = None;
        Step::Reply(self.greeting())
    }

    fn offers_tls(&self) -> bool {
        self.settings.tls.is_some() && !self.tls
    }

    fn mail(&mut self, from: Option<Address>, params: MailParams, now: Timestamp) -> Step {
        let Some(client) = &self.client else {
            return self.mistake(Reply::never(503, (5, 1), "Say EHLO first"));
        };
        if self.transaction.is_some() {
            return self.mistake(Reply::never(503, (5, 1), "A sender is given already"));
        }
        if let Err(reply) = self.may_send(params) {
            return self.mistake(reply);
        }
        if params
            .size
            .is_some_and(|size| size > self.settings.max_message_bytes)
        {
            return Step::Reply(too_large());
        }
        if self.transactions >= self.settings.limits.transactions {
            let text = "Too many messages in one session, please connect again";
            return Step::Close(Reply::later(421, (7, 0), text));
        }
        self.transactions += 1;
        self.transaction = Some(Transaction {
            envelope: Envelope {
                reverse_path: from,
                forward_paths: Vec::new(),
                peer: self.peer,
                helo: self.relayed_helo.as_ref().unwrap_or(&client.helo).clone(),
                esmtp: client.esmtp,
                tls: self.tls,
                tls_details: self.tls_details.clone(),
                smtputf8: params.smtputf8,
                body_8bit: params.body_8bit,
                login: self.login.clone(),
                session: self.id,
                received_at: now,
            },
            chunks: None,
        });
        Step::Sender
    }

    fn rcpt(&mut self, to: Recipient, utf8: bool) -> Step {
        let Some(transaction) = &self.transaction else {
            return self.mistake(no_transaction());
        };
        if transaction.chunks.is_some() {
            return self.mistake(Reply::never(503, (5, 1), "The message has begun"));
        }
        if utf8 && !transaction.envelope.smtputf8 {
            return self.mistake(command::needs_utf8());
        }
        if transaction.envelope.forward_paths.len() >= self.settings.max_recipients {
            // RFC 5321 §4.5.3.1.10.
            return Step::Reply(Reply::later(452, (5, 3), "Too many recipients"));
        }
        match to {
            Recipient::Address(to) => Step::Recipient(to),
            Recipient::Postmaster => {
                match Address::parse(&format!("postmaster@{}", self.settings.hostname)) {
                    Ok(to) => Step::Recipient(to),
                    Err(_) => Step::Reply(Reply::local_error()),
                }
            }
        }
    }

    fn data(&mut self) -> Step {
        if let Err(reply) = self.ready_for_message() {
            return self.refuse_data(reply);
        }
        if self
            .transaction
            .as_ref()
            .is_some_and(|t| t.chunks.is_some())
        {
            // RFC 3030 §2: a transaction has either DATA or BDAT.
            return self.refuse_data(Reply::never(503, (5, 1), "The message has begun with BDAT"));
        }
        self.reading = Reading::Data(DataReader::new(self.settings.max_message_bytes));
        Step::Reply(Reply::go_ahead())
    }

    fn refuse_data(&mut self, reply: Reply) -> Step {
        match self.mistake(reply) {
            Step::Reply(reply) => Step::DataRefused(reply),
            step => step,
        }
    }

    fn ready_for_message(&self) -> Result<(), Reply> {
        match self.envelope() {
            None => Err(no_transaction()),
            Some(envelope) if envelope.forward_paths.is_empty() => {
                Err(Reply::never(554, (5, 1), "No valid recipients"))
            }
            Some(_) => Ok(()),
        }
    }

    fn end_data(&mut self, now: Timestamp) -> Step {
        let Reading::Data(reader) = std::mem::replace(&mut self.reading, Reading::Lines) else {
            return Step::Close(Reply::local_error());
        };
        self.end_message(reader.finish(), now)
    }

    fn end_message(&mut self, message: Result<Vec<u8>, Fault>, now: Timestamp) -> Step {
        let Some(transaction) = self.transaction.take() else {
            return Step::Close(Reply::local_error());
        };
        let mut envelope = Box::new(transaction.envelope);
        envelope.received_at = now;
        match message {
            Ok(raw) => Step::Message(envelope, raw),
            Err(fault) => Step::Refused(envelope, refusal_of(fault)),
        }
    }

    /// The bytes of a chunk follow whatever the answer will be (RFC 3030 §2).
    fn bdat(&mut self, size: u64, last: bool, input: &mut BytesMut, now: Timestamp) -> Step {
        let limit = self.settings.max_message_bytes;
        if size > limit.saturating_mul(ABSURD_CHUNK) {
            return Step::Close(too_large());
        }
        let refused = self.ready_for_message().err();
        if refused.is_none()
            && let Some(transaction) = &mut self.transaction
        {
            let reader = || ChunkReader::new(limit);
            transaction.chunks.get_or_insert_with(reader);
        }
        self.reading = Reading::Chunk {
            left: size,
            last,
            refused,
        };
        self.next_of_chunk(input, now)
    }

    fn next_of_chunk(&mut self, input: &mut BytesMut, now: Timestamp) -> Step {
        let Reading::Chunk { left, refused, .. } = &mut self.reading else {
            return Step::More;
        };
        let used = usize::try_from(*left)
            .unwrap_or(usize::MAX)
            .min(input.len());
        *left -= used as u64;
        let more = *left > 0;
        if refused.is_none()
            && let Some(chunks) = self.transaction.as_mut().and_then(|t| t.chunks.as_mut())
        {
            chunks.push(&input[..used]);
        }
        input.advance(used);
        if more {
            Step::More
        } else {
            self.end_chunk(now)
        }
    }

    fn end_chunk(&mut self, now: Timestamp) -> Step {
        let Reading::Chunk { last, refused, .. } =
            std::mem::replace(&mut self.reading, Reading::Lines)
        else {
            return Step::Close(Reply::local_error());
        };
        if let Some(reply) = refused {
            return self.mistake(reply);
        }
        let chunks = self.transaction.as_mut().and_then(|t| t.chunks.take());
        let Some(chunks) = chunks else {
            return self.mistake(no_transaction());
        };
        if last || chunks.fault().is_some() {
            return self.end_message(chunks.finish(), now);
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.chunks = Some(chunks);
        }
        Step::Reply(Reply::ok(250, (0, 0), "Chunk received"))
    }

    fn start_tls(&mut self) -> Step {
        if !self.offers_tls() {
            let text = if self.tls {
                "TLS is active already"
            } else {
                "STARTTLS is not offered"
            };
            return self.mistake(Reply::never(if self.tls { 503 } else { 502 }, (5, 1), text));
        }
        Step::StartTls(Reply::ok(220, (0, 0), "Ready for TLS"))
    }

    /// Answers a command that makes no sense, until it is too much.
    fn mistake(&mut self, reply: Reply) -> Step {
        self.errors += 1;
        let too_many = self.errors > self.settings.limits.errors;
        Self::bounded(reply, too_many, "Too many errors")
    }

    /// Passes on the handler's refusal, until it is too much.
    fn refusal(&mut self, reply: Reply) -> Step {
        self.refusals += 1;
        let too_many = self.refusals > self.settings.limits.refusals;
        Self::bounded(reply, too_many, "Too many refused commands")
    }

    fn bounded(reply: Reply, too_many: bool, why: &'static str) -> Step {
        if reply.closes() {
            Step::Close(reply)
        } else if too_many {
            Step::Close(Reply::later(421, (7, 0), why))
        } else {
            Step::Reply(reply)
        }
    }
}

fn no_transaction() -> Reply {
    Reply::never(503, (5, 1), "Say MAIL first")
}

fn too_large() -> Reply {
    Reply::never(552, (3, 4), "The message is too large")
}

fn refusal_of(fault: Fault) -> Reply {
    match fault {
        Fault::TooLarge => too_large(),
        Fault::BareLineEnd => {
            let text =
                "The message has a CR or LF that is not part of CRLF (RFC 5321 section 2.3.8)";
            Reply::never(554, (6, 0), text)
        }
        Fault::Abandoned => Reply::later(452, (3, 1), "Out of memory, please try again later"),
    }
}

#[cfg(test)]
mod tests;
