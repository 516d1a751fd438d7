//! Events, as webhooks and the WebSocket carry them. Each is one object with `"type": "event"`.

use serde::{Deserialize, Serialize};

use crate::{Message, ThreadItem};

/// `message.received` and its variants for spam, blocked and unauthenticated mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "event")]
pub struct MessageReceivedEvent {
    /// The kind (`message.received`).
    pub event_type: String,
    /// The event; the same when it is told again.
    pub event_id: String,
    /// The message. Its bodies are left out when they are large.
    pub message: Message,
    /// The thread it joined.
    pub thread: ThreadItem,
}

/// `message.sent`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "event")]
pub struct MessageSentEvent {
    /// `message.sent`
    pub event_type: String,
    /// The event; the same when it is told again.
    pub event_id: String,
    /// What was sent.
    pub send: SendEvent,
}

/// What `message.sent` and `message.delivered` say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendEvent {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The sending inbox.
    pub inbox_id: String,
    /// The thread.
    pub thread_id: String,
    /// The message.
    pub message_id: String,
    /// When.
    pub timestamp: String,
    /// To whom.
    pub recipients: Vec<String>,
}
