//! Allow and block lists.

use crate::router::Row;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    Vec::new()
}
