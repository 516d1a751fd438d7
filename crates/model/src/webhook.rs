//! Webhooks, their deliveries, and polling subscriptions.
