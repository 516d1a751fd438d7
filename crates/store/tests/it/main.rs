//! The store through its public door, every test on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod world;

mod filing;
mod inboxes;

mod opening;

mod threading;
