//! Pods, keys and their walls.

use serde_json::{Value, json};

use crate::permissions::Foreign;
use crate::world::World;

/// What the paths of these routes name, by the name in braces.
pub async fn things(world: &World, inbox: &str) -> Vec<(&'static str, String)> {
    let inbox = world.get(&format!("/v0/inboxes/{inbox}")).await;
    let pod = inbox["pod_id"].as_str().unwrap().to_owned();
    let unknown = "0192f0c1-2b3a-7c4d-8e5f-60718293a4b5".to_owned();
    vec![
        ("pod_id", pod),
        ("event_id", unknown.clone()),
        ("file_id", unknown.clone()),
        ("app_id", unknown.clone()),
        ("provider_id", unknown.clone()),
        ("account_id", unknown),
    ]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let case = match operation {
        "pods.list" => (Value::Null, Foreign::Forbidden),
        "pods.create" => (json!({}), Foreign::Forbidden),
        "pods.get"
        | "pods.delete"
        | "pods.inboxes.list"
        | "pods.inboxes.get"
        | "pods.inboxes.delete"
        | "pods.threads.list"
        | "pods.threads.get"
        | "pods.threads.delete"
        | "pods.threads.get_attachment"
        | "pods.api_keys.list"
        | "pods.api_keys.delete" => (Value::Null, Foreign::Hidden),
        "pods.inboxes.create" | "pods.api_keys.create" => (json!({}), Foreign::Hidden),
        "pods.inboxes.update" => (json!({"display_name": "x"}), Foreign::Hidden),
        "pods.threads.update" => (json!({"add_labels": ["x"]}), Foreign::Hidden),
        "pods.api_keys.update" => (json!({"name": "x"}), Foreign::Hidden),
        _ => return None,
    };
    Some(case)
}
