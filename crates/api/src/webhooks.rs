//! Webhooks: where events are posted, and what became of them.

use crate::router::Row;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    Vec::new()
}
