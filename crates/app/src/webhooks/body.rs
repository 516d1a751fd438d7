//! What is posted: the event as the log has it.

use serde::Deserialize;

/// As much of an event as has to be known here.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    event_type: std::borrow::Cow<'a, str>,
    message: Option<Sender>,
}

#[derive(Deserialize)]
struct Sender {
    from: Option<String>,
}

/// The body for webhooks. AgentMail's webhooks say `from_` beside `from` in a received message,
/// which its WebSocket does not. It follows from the entry alone, so it is the same on every try.
pub(crate) fn posted(entry: &str) -> String {
    let Ok(event) = serde_json::from_str::<Event<'_>>(entry) else {
        return entry.to_owned();
    };
    let from = event.message.and_then(|message| message.from);
    let end = entry.strip_suffix("}}");
    match (from, end) {
        // The message is the last member, and has others.
        (Some(from), Some(head)) if event.event_type.starts_with("message.received") => {
            format!("{head},\"from_\":{}}}}}", serde_json::Value::from(from))
        }
        _ => entry.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_received_message_says_from_twice_and_nothing_else_changes() {
        let entry = r#"{"type":"event","event_type":"message.received","event_id":"e","thread":{},"message":{"from":"Ann \"A\" <a@b.test>","text":"x"}}"#;
        let body = posted(entry);
        let (before, after) = (
            serde_json::from_str::<serde_json::Value>(entry).unwrap(),
            serde_json::from_str::<serde_json::Value>(&body).unwrap(),
        );
        assert_eq!(after["message"]["from_"], before["message"]["from"]);
        assert!(body.starts_with(entry.strip_suffix("}}").unwrap()));
        let sent = r#"{"type":"event","event_type":"message.sent","event_id":"e","send":{"inbox_id":"x"}}"#;
        assert_eq!(posted(sent), sent);
    }
}
