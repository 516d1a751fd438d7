//! What becomes of mail after somebody took it, or refused it for ever: reports that come back,
//! who is not written to any more, and what the sender is told.
//!
//! Mail that leaves this server has a return path of its own for each message and recipient domain
//! (`return_path`). What arrives there is read and recorded (`arrival`, `record`) if it is a report,
//! and is given to the inbox if it is not. What a delivery learns in its own session is recorded by
//! the same functions.

mod arrival;
mod events;
mod record;
mod return_path;
mod suppressions;

pub(crate) use self::events::reject_event;
pub(crate) use self::record::{Refusal, is_reporting, learn, notify, of_session};
pub(crate) use self::return_path::ReturnPaths;
