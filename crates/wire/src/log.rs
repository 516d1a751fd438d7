//! The event log over HTTP, and inbox events.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A label that was added to or removed from a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxEvent {
    /// The organisation.
    pub organization_id: String,
    /// The pod.
    pub pod_id: String,
    /// The inbox.
    pub inbox_id: String,
    /// Sorts as the events of the inbox happened.
    pub event_id: String,
    /// `label.added` or `label.removed`
    pub event_type: String,
    /// The message.
    pub message_id: String,
    /// The label.
    pub label: String,
    /// When it happened.
    pub event_at: String,
    /// When it was recorded.
    pub created_at: String,
}

/// `inboxes.events.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInboxEventsResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page, newest first.
    pub events: Vec<InboxEvent>,
}

/// `events.list` and `pods.events.list`, which AgentMail does not have.
#[derive(Debug, Serialize)]
pub struct ListEventsResponse {
    /// How many events this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The events, oldest first, each exactly as webhooks and the WebSocket carry it.
    pub events: Vec<Box<RawValue>>,
    /// Where the next request goes on, also when there was nothing: its `after`.
    pub next_after: String,
    /// Whether there is more to be read at once.
    pub has_more: bool,
}
