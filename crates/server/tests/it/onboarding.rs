//! Agents that sign up, and what is not offered.

use serde_json::{Value, json};

use crate::permissions::Foreign;

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let case = match operation {
        "organizations.get_labs" => (Value::Null, Foreign::Forbidden),
        off if is_off(off) => {
            let place = off.starts_with("inboxes.") || off.starts_with("pods.");
            let foreign = if place {
                Foreign::Hidden
            } else {
                Foreign::Forbidden
            };
            (json!({}), foreign)
        }
        _ => return None,
    };
    Some(case)
}

/// Whether a route is known and not offered.
pub fn is_off(operation: &str) -> bool {
    let off = [
        "accounts.",
        "api_keys.public_keys.",
        "apps.",
        "inboxes.accounts.",
        "inboxes.authorize",
        "inboxes.calendar.",
        "inboxes.files.",
        "inboxes.messages.create_agent_armor_feedback",
        "inboxes.messages.release_agent_armor_message",
        "organizations.join_labs",
        "pods.accounts.",
        "providers.",
    ];
    off.iter().any(|start| operation.starts_with(start))
}
