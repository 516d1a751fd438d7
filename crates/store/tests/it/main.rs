//! The store through its public door, every test on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of a view does not take every lifetime, a closure does"
)]

#[macro_use]
mod world;

mod allow_lists;
mod answers;
mod blobs;
mod commits;
mod conversations;
mod deliveries;
mod document_texts;
mod drafts;
mod durability;
mod events;
mod filing;
mod gathering;
mod inboxes;
mod jobs;
mod keys;
mod lists;
mod log_readers;
mod metrics;
mod model_check;
mod opening;
mod pods;
mod scopes;
mod search;
mod suppressions;
mod threading;
mod tickets;
mod webhooks;
