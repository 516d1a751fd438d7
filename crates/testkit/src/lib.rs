//! What tests of several crates share: real servers and databases of their own, no mocks.

mod database;

pub use database::TempDb;
