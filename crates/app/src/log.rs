//! The event log over HTTP.
