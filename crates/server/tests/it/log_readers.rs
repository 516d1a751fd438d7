//! Everything that reads the event log: polling, streams, the record of labels.

use serde_json::{Value, json};

use crate::permissions::Foreign;
use crate::world::World;

/// What the paths of these routes name, by the name in braces.
pub async fn things(world: &World, inbox: &str) -> Vec<(&'static str, String)> {
    let path = format!("/v0/inboxes/{inbox}/webhooks/polling");
    let request = json!({"client_id": "things", "event_types": ["message.received"]});
    let made = world.post(&path, request).await;
    let id = made["webhook_id"].as_str().unwrap();
    vec![("polling/{webhook_id}", format!("polling/{id}"))]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let subscription = json!({"client_id": "x", "event_types": ["message.received"]});
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
        "webhooks.polling.list" => (Value::Null, Foreign::List("polling_webhooks")),
        "webhooks.polling.create" => (subscription, Foreign::Own),
        "inboxes.webhooks.polling.create" | "pods.webhooks.polling.create" => {
            (subscription, Foreign::Hidden)
        }
        "webhooks.polling.get"
        | "webhooks.polling.delete"
        | "inboxes.webhooks.polling.list"
        | "inboxes.webhooks.polling.get"
        | "inboxes.webhooks.polling.delete"
        | "pods.webhooks.polling.list"
        | "pods.webhooks.polling.get"
        | "pods.webhooks.polling.delete" => (Value::Null, Foreign::Hidden),
        _ => return None,
    })
}
