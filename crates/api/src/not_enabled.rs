//! Routes of the hosted service that this server knows and does not offer.

use crate::router::Row;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    Vec::new()
}
