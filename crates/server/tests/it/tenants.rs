//! Pods, keys and their walls.

use serde_json::Value;

use crate::permissions::Foreign;
use crate::world::World;

/// What the paths of these routes name, by the name in braces.
pub async fn things(world: &World, inbox: &str) -> Vec<(&'static str, String)> {
    let inbox = world.get(&format!("/v0/inboxes/{inbox}")).await;
    vec![("pod_id", inbox["pod_id"].as_str().unwrap().to_owned())]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(_operation: &str) -> Option<(Value, Foreign)> {
    None
}
