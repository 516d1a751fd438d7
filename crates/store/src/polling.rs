//! Polling subscriptions.
