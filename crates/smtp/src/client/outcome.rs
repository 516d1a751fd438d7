//! How it ended.

use std::fmt;

use sys::TlsError;

use super::RemoteReply;

/// Where in the conversation something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Opening the TCP connection. This client never says it; it is there for whoever dials.
    Connect,
    /// The greeting.
    Greeting,
    /// EHLO or HELO.
    Ehlo,
    /// STARTTLS and the handshake, also that of implicit TLS.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL, and RSET before it.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The message, before its final dot.
    Content,
    /// After the final dot.
    EndOfData,
}

impl Stage {
    /// The word for a log line and for the record of an attempt.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
            Self::EndOfData => "end_of_data",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has taken the responsibility (RFC 5321 §6.1). The reply is that to the message.
    Accepted(RemoteReply),
    /// Not now: try again later, or with another host.
    PutOff(Failure),
    /// Never: a reply of 5yz to MAIL, RCPT, DATA or the message, or something that this server
    /// cannot take at all.
    Refused(Failure),
    /// The connection was lost, or the time ran out, after the final dot and before the reply. The
    /// server may have taken the message. RFC 5321 §6.1 leaves it with us: send again, perhaps
    /// twice.
    Unknown(Failure),
}

impl Outcome {
    /// Why not; `None` when it was accepted.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Accepted(_) => None,
            Self::PutOff(failure) | Self::Refused(failure) | Self::Unknown(failure) => {
                Some(failure)
            }
        }
    }
}

/// Where and why it did not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{stage}: {cause}")]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// Why.
    pub cause: Cause,
}

/// Why it did not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The server said so.
    #[error("{0}")]
    Reply(RemoteReply),
    /// The connection was closed or broke. The text says how, without addresses.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The server took too long.
    #[error("the server took too long")]
    Late,
    /// The server does not speak SMTP, or no longer.
    #[error("the server broke the protocol: {0}")]
    NotSmtp(&'static str),
    /// The handshake failed, or the certificate was refused.
    #[error("TLS: {0}")]
    Tls(TlsError),
    /// Encryption is asked for and the server does not offer it.
    #[error("the server does not offer STARTTLS")]
    NoTls,
    /// The credentials cannot be used; the text says why.
    #[error("{0}")]
    NoAuth(&'static str),
    /// The server lacks what the message needs, or the message cannot be sent at all. The code is
    /// ours.
    #[error("{}.{}.{} {text}", .enhanced.0, .enhanced.1, .enhanced.2)]
    Unsendable {
        /// The enhanced status code, of class 5.
        enhanced: (u16, u16, u16),
        /// The words.
        text: &'static str,
    },
}

impl Failure {
    /// Whether trying the same again is pointless: the server said 5yz, or it lacks what the
    /// message needs. Before MAIL it speaks of the host, not of the recipients: another host of the
    /// domain may do better.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match &self.cause {
            Cause::Reply(reply) => reply.is_permanent(),
            Cause::Unsendable { .. } => true,
            Cause::Lost(_)
            | Cause::Late
            | Cause::NotSmtp(_)
            | Cause::Tls(_)
            | Cause::NoTls
            | Cause::NoAuth(_) => false,
        }
    }

    /// Whether it was encryption that failed, so that [`super::Security::Plain`] may do better.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.stage == Stage::StartTls
    }

    /// The server's reply, when it gave one.
    #[must_use]
    pub fn reply(&self) -> Option<&RemoteReply> {
        match &self.cause {
            Cause::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    /// The enhanced status code: the server's, or what RFC 3463 has for the cause.
    #[must_use]
    pub fn enhanced(&self) -> (u16, u16, u16) {
        match &self.cause {
            Cause::Reply(reply) => reply.enhanced.unwrap_or((reply.code / 100, 0, 0)),
            Cause::Unsendable { enhanced, .. } => *enhanced,
            Cause::Lost(_) if self.stage == Stage::Connect => (4, 4, 1),
            Cause::Late if self.stage <= Stage::Greeting => (4, 4, 1),
            Cause::Lost(_) | Cause::Late => (4, 4, 2),
            Cause::NotSmtp(_) => (4, 5, 0),
            Cause::Tls(_) => (4, 7, 5),
            Cause::NoTls | Cause::NoAuth(_) => (4, 7, 4),
        }
    }
}
