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

mod acme;
mod allow_lists;
mod answering;
mod audit;
mod backup;
mod batches;
mod border;
mod bounces;
mod certificates;
mod client;
mod codes;
mod crowd;
mod dane;
mod database;
mod deciders;
mod departures;
mod doctor;
mod documents;
mod domain_names;
mod domains;
mod doors;
mod drafts;
mod event_log;
mod expired;
mod facts;
mod gate;
mod hostile_http;
mod hostile_mail;
mod inboxes;
mod keys;
mod leaks;
mod listener;
mod lists;
mod log_readers;
mod loops;
mod metrics;
mod mistakes;
mod modes;
mod moves;
mod older_sdks;
mod onboarding;
mod once;
mod orders;
mod permissions;
mod polling;
mod races;
mod rate_limits;
mod running;
mod scheduled;
mod screened;
mod search;
mod secrets;
mod sender;
mod senders;
mod sending;
mod signing;
mod smtp_door;
mod sockets;
mod start;
mod stop;
mod submission;
mod survival;
mod tenants;
mod threads;
mod tickets;
mod timeline;
mod unkeyed;
mod views;
mod webhooks;
mod world;
