//! Polling webhooks.
