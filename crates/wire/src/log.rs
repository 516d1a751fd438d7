//! The event log over HTTP, and inbox events.
