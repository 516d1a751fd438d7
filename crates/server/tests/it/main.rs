//! The real binary, driven from outside: how it starts, how it stops, what it says.
//!
//! Each test runs on its own folder and ports. Tests that concern the store run on SQLite and, when
//! `MAILROOST_TEST_POSTGRES` names a PostgreSQL server, on a database of their own there.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "an expectation that fails is a test that fails, and a skip is said"
)]

mod client;
mod database;
mod doors;
mod mistakes;
mod running;
mod start;
mod stop;
