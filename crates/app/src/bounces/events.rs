//! The payloads of `message.complained` and `message.rejected`.

use model::message::Message;
use model::{Error, Result};
use serde_json::{Value, json};

/// `message.complained`: everybody who may have complained.
pub(super) fn complaint_event(
    message: &Message,
    kind: &str,
    recipients: &[String],
) -> Result<String> {
    let more = [
        ("type", json!(kind)),
        ("sub_type", json!("General")),
        ("recipients", json!(recipients)),
    ];
    payload("complaint", message, more)
}

/// `message.rejected`: recipients that this server did not write to after all.
pub(crate) fn reject_event(
    message: &Message,
    reason: &str,
    recipients: &[String],
) -> Result<String> {
    let more = [("reason", json!(reason)), ("recipients", json!(recipients))];
    payload("reject", message, more)
}

fn payload(
    key: &str,
    message: &Message,
    more: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<String> {
    let mut event = serde_json::Map::new();
    for (name, value) in [
        ("organization_id", message.org_id.to_string()),
        ("pod_id", message.pod_id.to_string()),
        ("inbox_id", message.inbox_id.to_string()),
        ("thread_id", message.thread_id.to_string()),
        ("message_id", message.message_id.to_string()),
        ("timestamp", message.updated_at.to_string()),
    ] {
        event.insert(name.to_owned(), Value::String(value));
    }
    event.extend(
        more.into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    let event = serde_json::to_string(&event).map_err(Error::internal)?;
    Ok(format!("\"{key}\":{event}"))
}
