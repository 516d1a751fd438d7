//! Search, batches, and what they find.

use serde_json::Value;

use crate::permissions::Foreign;

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(_operation: &str) -> Option<(Value, Foreign)> {
    None
}
