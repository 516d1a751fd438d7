//! Bytes to message and message to bytes: addresses, parsing, composing, threading keys and the
//! new text of a reply.
//!
//! Everything here is a pure function over values: no clock, no network, no database, no async.
//! Reading foreign bytes cannot fail; what is wrong with them is listed as defects. Every
//! function takes time linear in its input and recurses on none of it.

mod address;
pub mod authentication;
pub mod codes;
pub mod compose;
pub mod decision;
pub mod dkim;
pub mod dsn;
pub mod facts;
pub mod forward;
pub mod html;
pub mod leaks;
mod literals;
pub mod lookalike;
mod mailbox;
mod message_id;
pub mod page;
pub mod parse;
pub mod quote;
pub mod reply;
pub mod screen;
pub mod search;
mod settled;
mod subject_prefixes;
pub mod submitted;
pub mod thread;
pub mod thread_key;
mod timestamp;
pub mod trace;
mod utf8_header;

pub use address::{Address, AddressError};
pub use mailbox::{Correspondent, Mailbox};
pub use message_id::MessageId;
pub use timestamp::Timestamp;
pub use utf8_header::needs_smtputf8;
