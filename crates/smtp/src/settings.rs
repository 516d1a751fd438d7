//! What a server is called and how much it takes.

use std::sync::Arc;
use std::time::Duration;

use sys::dial::Net;

/// The settings of one [`crate::Server`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name in the greeting and in the answer to EHLO; a host name (RFC 5321 §4.1.1.1). It is
    /// also the domain of `RCPT TO:<postmaster>`.
    pub hostname: String,
    /// Largest message in bytes, announced as SIZE (RFC 1870). Not zero: that means "no limit" to a
    /// client.
    pub max_message_bytes: u64,
    /// Most recipients of one message; at least 100 (RFC 5321 §4.5.3.1.8).
    pub max_recipients: usize,
    /// Limits that protect the server.
    pub limits: Limits,
    /// Relays in front of this server that may say whom they speak for (XCLIENT).
    pub trusted_relays: Vec<Net>,
    /// Offers STARTTLS when present.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// TLS from the first octet (RFC 8314 §3.3), in place of STARTTLS.
    pub implicit_tls: bool,
    /// Whether clients log in.
    pub auth: Auth,
}

/// Whether clients log in (RFC 4954), and where their password may travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// AUTH is not offered: a server that takes mail from the world.
    Never,
    /// Nobody sends before logging in, and nobody logs in without TLS: a server for submission
    /// (RFC 6409).
    OverTls,
    /// The same, but peers of this machine itself may do without TLS.
    OverTlsOrLoopback,
}

impl Settings {
    /// The defaults: 50 MiB, 1000 recipients, no TLS.
    #[must_use]
    pub fn new(hostname: impl Into<String>) -> Self {
        Self {
            hostname: hostname.into(),
            max_message_bytes: 50 << 20,
            max_recipients: 1000,
            limits: Limits::default(),
            trusted_relays: Vec::new(),
            tls: None,
            implicit_tls: false,
            auth: Auth::Never,
        }
    }
}

/// Limits on time, memory and patience.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections in all. More are turned away with 421.
    pub connections: usize,
    /// Open connections of one peer: an IPv4 address or an IPv6 /64.
    pub connections_per_peer: usize,
    /// Bytes of all messages that are being received or stored. Never less than twice the largest
    /// message is used.
    pub message_memory: u64,
    /// How long a message waits for memory before it is put off with 452.
    pub memory_wait: Duration,
    /// Commands that cannot be understood or do not fit, per session, before 421.
    pub errors: u32,
    /// Senders and recipients that the handler refused, per session, before 421. It slows the
    /// guessing of addresses.
    pub refusals: u32,
    /// Logins that failed, per session, before 421.
    pub failed_logins: u32,
    /// MAIL commands per session before 421.
    pub transactions: u32,
    /// Wait for the next command, and for a reply to be taken (RFC 5321 §4.5.3.2.7).
    pub command: Duration,
    /// Wait for the next piece of a message (RFC 5321 §4.5.3.2.5).
    pub data_block: Duration,
    /// The whole session. A client that still talks then is cut off, also within a message.
    pub session: Duration,
    /// The handler's time for one question or one message. The client hears 451 when it passes;
    /// the storing of a message still runs to its end.
    pub handler: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2000,
            connections_per_peer: 200,
            message_memory: 256 << 20,
            memory_wait: Duration::from_secs(10),
            errors: 10,
            refusals: 100,
            failed_logins: 3,
            transactions: 100_000,
            command: Duration::from_secs(300),
            data_block: Duration::from_secs(180),
            session: Duration::from_secs(3600),
            handler: Duration::from_secs(240),
        }
    }
}
