//! Frames of the WebSocket. Events are in [`crate::MessageReceivedEvent`] and its neighbours.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ValidationIssue;

/// Any frame of a client, read only as far as its type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Frame {
    /// `subscribe` or `unsubscribe`; anything else is unknown.
    #[serde(default, rename = "type")]
    pub type_: Option<String>,
}

/// What opens one socket in place of a key. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketTicket {
    /// The secret.
    pub ticket: String,
    /// Until when it can be used.
    pub expires_at: String,
}

impl fmt::Debug for SocketTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketTicket")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Asks for events. What is left out is not narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "subscribe")]
pub struct Subscribe {
    /// Only these kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// Only of these inboxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_ids: Option<Vec<String>>,
    /// Only of these pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_ids: Option<Vec<String>>,
    /// Beyond AgentMail: begins after this event id or cursor instead of now, so that what was
    /// missed comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Takes back what an equal [`Subscribe`] asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "unsubscribe")]
pub struct Unsubscribe {
    /// As subscribed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// As subscribed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_ids: Option<Vec<String>>,
    /// As subscribed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_ids: Option<Vec<String>>,
}

/// The answer to [`Subscribe`], with what was asked. It precedes every event of the subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "subscribed")]
pub struct Subscribed {
    /// As asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// As asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_ids: Option<Vec<String>>,
    /// As asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_ids: Option<Vec<String>>,
    /// The caller's organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// Beyond AgentMail: where the subscription begins, to resume from when nothing came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The answer to [`Unsubscribe`], with what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "unsubscribed")]
pub struct Unsubscribed {
    /// As asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// As asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_ids: Option<Vec<String>>,
    /// As asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_ids: Option<Vec<String>>,
    /// The caller's organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
}

/// A refusal of a client's frame. The connection goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "error")]
pub struct ErrorFrame {
    /// The class name that older clients show.
    pub name: String,
    /// The stable code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// What is wrong with the frame, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ValidationIssue>,
}

/// The answer to a frame of an unknown type: a bare `{"message": "Forbidden"}`, as the hosted
/// service's gateway gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// `Forbidden`
    pub message: String,
}
