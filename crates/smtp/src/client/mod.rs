//! The SMTP conversation, seen from the client: one connection to one server that takes mail.
//!
//! The core does no input or output: [`RemoteReply`] is read from bytes, the opening (greeting,
//! EHLO, STARTTLS, AUTH) and the transaction (MAIL, RCPT, DATA) are state machines that take
//! replies and say what to write. [`Connection`] is the one loop around them, over any stream.
//!
//! Which server to ask, how often, and what to tell the sender is the caller's affair. It gets for
//! every recipient an [`Outcome`] with the stage and the server's own words, and for a connection
//! that did not come about a [`Failure`].
//!
//! What this client does not do on purpose:
//! - It never changes the content. A message with octets above 127 for a server without 8BITMIME
//!   is refused for ever with 5.6.3, which RFC 6152 §3 allows beside a conversion; converting
//!   would break the signature of whoever signed it, and sending it all the same is what the RFC
//!   forbids.
//! - Lines longer than 998 octets are sent as they are. The server says whether it takes them.
//! - A message with a CR or LF that is not part of CRLF is refused for ever (5.6.0): two servers
//!   could read two different sequences of mail from it.

mod connection;
mod content;
mod credentials;
mod offers;
mod opening;
mod outcome;
mod remote_reply;
mod stream;
mod transaction;

pub use connection::Connection;
pub use credentials::Credentials;
pub use offers::Offers;
pub use opening::{Opening, Told};
pub use outcome::{Cause, Failure, Outcome, Stage};
pub use remote_reply::{NotSmtp, RemoteReply, ReplyReader};
pub use transaction::{Asked, Transaction};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mail::Address;
use sys::{Clock, TlsClient, Trust};

/// What connections of this server have in common. Clones share it.
#[derive(Clone)]
pub struct Client {
    /// What we call ourselves in EHLO: our host name, or an address literal (RFC 5321 §4.1.1.1).
    pub name: Arc<str>,
    /// The roots that certificates are checked with.
    pub tls: TlsClient,
    /// Times the waiting.
    pub clock: Arc<dyn Clock>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

/// Whom a connection leads to, and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The host's name: the name of an MX record or of a relay. Certificates are checked for it.
    pub host: &'a str,
    /// The address that the stream leads to.
    pub peer: SocketAddr,
    /// What to do about encryption.
    pub security: Security,
    /// Whom to log in as. A server that offers no AUTH is then a failure. They are sent over TLS
    /// alone, except to this machine itself.
    pub credentials: Option<&'a Credentials>,
}

/// What to do about encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Never encrypt: for the second try at a server with which TLS failed.
    Plain,
    /// STARTTLS when it is offered, with whatever certificate. Where the server offers it and then
    /// refuses, the mail goes in the clear; a handshake that fails ends the connection with
    /// [`Cause::Tls`], and the caller may connect once more with [`Security::Plain`].
    Opportunistic,
    /// STARTTLS or no mail.
    StartTls(Trust),
    /// TLS from the first octet (RFC 8314 §3.3, port 465).
    Implicit(Trust),
}

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// The reverse-path; `None` is `<>`.
    pub reverse_path: Option<&'a Address>,
    /// The recipients; at least one.
    pub recipients: &'a [Address],
    /// The message, with lines that end in CRLF. Dots are not stuffed.
    pub raw: &'a [u8],
    /// Whether the message itself needs SMTPUTF8: it was submitted or received with it. Addresses
    /// outside ASCII need it whatever is said here.
    pub smtputf8: bool,
}

/// How long to wait for what (RFC 5321 §4.5.3.2).
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The greeting.
    pub greeting: Duration,
    /// The replies to EHLO, HELO, STARTTLS and AUTH, and the handshake.
    pub command: Duration,
    /// The reply to MAIL, and to RSET before it.
    pub mail: Duration,
    /// The reply to each RCPT.
    pub rcpt: Duration,
    /// The reply to DATA.
    pub data: Duration,
    /// Until the server has taken the next piece of the message, and until it has taken a command.
    pub block: Duration,
    /// The reply to the final dot. Giving up early makes doubles.
    pub end_of_data: Duration,
    /// The reply to QUIT.
    pub quit: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            greeting: minutes(5),
            command: minutes(5),
            mail: minutes(5),
            rcpt: minutes(5),
            data: minutes(2),
            block: minutes(3),
            end_of_data: minutes(10),
            quit: Duration::from_secs(10),
        }
    }
}

impl Timeouts {
    /// How long to wait for the reply of this stage.
    pub(crate) fn of(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Connect | Stage::Greeting => self.greeting,
            Stage::Ehlo | Stage::StartTls | Stage::Auth => self.command,
            Stage::Mail => self.mail,
            Stage::Rcpt => self.rcpt,
            Stage::Data => self.data,
            Stage::Content => self.block,
            Stage::EndOfData => self.end_of_data,
        }
    }
}
