//! Polling webhooks: subscriptions that are read instead of posted.

use crate::router::Row;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    Vec::new()
}
