//! Drafts: made, changed, scheduled and sent.

use crate::router::Row;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    Vec::new()
}
