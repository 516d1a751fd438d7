//! The SMTP conversation, seen from the server and, in [`client`], from the client.
//!
//! The core does no input or output: [`command`] reads a line, [`data`] finds the end of a
//! message, [`session`] decides what happens next. [`server`] is the only place that touches a
//! socket; it feeds bytes to the session and asks a [`Handler`] what the session cannot know:
//! who may connect, which recipients exist, and whether a message is stored.
//!
//! The crate knows nothing of inboxes or storage. The answer `250` to a message is the handler's.

pub mod client;
pub mod command;
pub mod data;
mod envelope;
mod login;
mod reply;
pub mod server;
pub mod session;
mod settings;

pub use envelope::{Envelope, SessionId};
pub use login::{Login, Proof, Secret};
pub use reply::Reply;
pub use server::{Handler, Server};
pub use settings::{Auth, Limits, Settings};
