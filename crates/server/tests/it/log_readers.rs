//! Everything that reads the event log: polling, streams, the record of labels.

use serde_json::{Value, json};

use crate::permissions::Foreign;
use crate::world::World;

/// What the paths of these routes name, by the name in braces.
pub async fn things(_world: &World, _inbox: &str) -> Vec<(&'static str, String)> {
    Vec::new()
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let ids = json!(["<m@outside.test>"]);
    Some(match operation {
        "events.list" => (Value::Null, Foreign::Own),
        "pods.events.list" => (Value::Null, Foreign::Hidden),
        "inboxes.events.list" => (Value::Null, Foreign::Hidden),
        "inboxes.messages.batch_get" => (json!({"message_ids": ids}), Foreign::Hidden),
        "inboxes.messages.batch_update" => (
            json!({"message_ids": ids, "add_labels": "x"}),
            Foreign::Hidden,
        ),
        _ => return None,
    })
}
