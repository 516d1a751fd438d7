//! What is posted: the event as the log has it.

use serde::Deserialize;
use serde_json::json;
use store::Gathered;

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

/// The same with what was gathered, as a last member that no reader of AgentMail's looks at. What is
/// gathered changes no more once a delivery is posted, so this too is the same on every try.
pub(crate) fn with_gathered(posted: String, gathered: &[Gathered]) -> String {
    let Some(head) = posted.strip_suffix('}').filter(|_| !gathered.is_empty()) else {
        return posted;
    };
    let list = gathered.iter().map(
        |one| json!({"event_id": one.event_id.to_string(), "message_id": one.message_id.as_str()}),
    );
    let list: serde_json::Value = list.collect();
    format!("{head},\"gathered\":{list}}}")
}

#[cfg(test)]
mod tests {
    use mail::MessageId;
    use model::EventId;

    use super::*;

    #[test]
    fn what_was_gathered_is_a_last_member_and_nothing_else_changes() {
        let entry = r#"{"type":"event","message":{"from":"a@b.test"}}"#;
        assert_eq!(with_gathered(entry.to_owned(), &[]), entry);
        let more = Gathered {
            seq: 7,
            event_id: EventId::at(7, 9),
            message_id: MessageId::parse("<\"q\"@b.test>").unwrap(),
        };
        let body = with_gathered(entry.to_owned(), std::slice::from_ref(&more));
        assert!(body.starts_with(entry.strip_suffix('}').unwrap()));
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let told = json!([{"event_id": more.event_id.to_string(), "message_id": "<\"q\"@b.test>"}]);
        assert_eq!(body["gathered"], told);
    }

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
