//! Allow and block lists, on real traffic.

use serde_json::Value;

use crate::permissions::Foreign;
use crate::world::World;

/// What the paths of these routes name, by the name in braces.
pub async fn things(_world: &World, _inbox: &str) -> Vec<(&'static str, String)> {
    Vec::new()
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(_operation: &str) -> Option<(Value, Foreign)> {
    None
}
