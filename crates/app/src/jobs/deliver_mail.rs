//! The entries of the queue as they are stored. `delivery` takes them out and brings them.

use serde::{Deserialize, Serialize};

/// One entry of the queue: a message and a domain it goes to. The job holds the bytes itself, so
/// that deleting a message that was sent does not keep it from leaving.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeliverMail {
    /// The message's row, which may be gone.
    pub(crate) message: String,
    /// The recipients' domain.
    pub(crate) domain: String,
    /// The bytes.
    pub(crate) raw: String,
    /// The sending inbox: where failures are reported.
    pub(crate) from: String,
}
