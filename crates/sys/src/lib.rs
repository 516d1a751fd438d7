//! What only the operating system can give: time, randomness, sockets and tasks.
//!
//! Every other crate takes these from an [`Env`] that is passed in at construction, so a test can
//! put its own clock and its own seed in their place. The linter forbids the direct calls
//! elsewhere (`clippy.toml`).

mod clock;
mod ids;
mod listen;
mod tasks;

pub use clock::{Clock, Elapsed, SystemClock, timeout, timeout_at};
pub use ids::Ids;
pub use listen::{ListenError, listen};
pub use tasks::{Running, Shutdown, Tasks};

use std::sync::Arc;

/// The outside world as one value.
#[derive(Clone)]
pub struct Env {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids, tokens and all other randomness.
    pub ids: Ids,
}

impl Env {
    /// The real clock and the operating system's randomness.
    #[must_use]
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Ids::system(),
        }
    }
}
