//! What the conversation says about a message, apart from the message.

use std::fmt;
use std::net::SocketAddr;

use mail::{Address, Timestamp};

use crate::Login;

/// Names one session in log lines. Random, without meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SessionId(pub [u8; 8]);

/// Sixteen hexadecimal digits.
impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The envelope of one mail transaction (RFC 5321 §2.3.1) and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where failures are reported (RFC 5321 §4.1.1.2). `None` is `<>`: a bounce or other notice
    /// that must never be answered automatically.
    pub reverse_path: Option<Address>,
    /// The accepted recipients in the order of their RCPT commands, each as often as it was given.
    pub forward_paths: Vec<Address>,
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// What the client called itself in EHLO or HELO. Never checked; at most 255 bytes, and every
    /// character that has no place in a name is a `?`, so it can stand in a trace field.
    pub helo: String,
    /// Whether the client greeted with EHLO.
    pub esmtp: bool,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// Version and cipher of the encryption, for people; known only once the server has said it.
    pub tls_details: Option<String>,
    /// Whether MAIL carried SMTPUTF8 (RFC 6531 §3.4): headers and addresses may be UTF-8.
    pub smtputf8: bool,
    /// Whether MAIL carried BODY=8BITMIME (RFC 6152 §3).
    pub body_8bit: bool,
    /// Who the client is, where clients log in.
    pub login: Option<Login>,
    /// The session, for log lines.
    pub session: SessionId,
    /// When the last byte of the message was read; before that, when MAIL was.
    pub received_at: Timestamp,
}
