//! Domains and the records they need.

use crate::router::Row;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    Vec::new()
}
