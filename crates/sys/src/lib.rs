//! What only the operating system and the network can give: time, randomness, names, sockets and
//! tasks.
//!
//! Every other crate takes these from an [`Env`] that is passed in at construction, so a test can
//! put its own clock and its own seed in their place. The linter forbids the direct calls
//! elsewhere (`clippy.toml`).

mod clock;
pub mod dane;
pub mod dial;
mod dns;
mod helper;
mod ids;
mod listen;
mod tasks;
mod tls;
mod validated;

pub use clock::{Clock, Elapsed, SystemClock, timeout, timeout_at};
pub use dns::{Answer, MailExchanger, Resolver, Unanswered};
pub use helper::{HelperError, HelperSettings, Helpers};
pub use ids::Ids;
pub use listen::{ListenError, listen};
pub use tasks::{Running, Shutdown, Tasks};
pub use tls::{TlsClient, TlsError, TlsUsed, Trust};
pub use validated::Validated;

use std::sync::Arc;

/// The outside world as one value.
#[derive(Clone)]
pub struct Env {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids, tokens and all other randomness.
    pub ids: Ids,
    /// The DNS.
    pub resolver: Resolver,
}

impl Env {
    /// The real clock, the operating system's randomness and its name servers.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Ids::system())
    }

    /// This clock and these ids; all else is the operating system's.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, ids: Ids) -> Self {
        Self {
            clock,
            ids,
            resolver: Resolver::system(),
        }
    }
}
