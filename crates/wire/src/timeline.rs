//! What happened to one message, in order of time. Ours; AgentMail has nothing like it.

use serde::{Deserialize, Serialize};

use crate::{Authentication, DeliveryAttempt, DeliveryReport, Spam, WebhookAttempt};

/// `inboxes.messages.get_timeline`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageTimeline {
    /// The inbox.
    pub inbox_id: String,
    /// The message.
    pub message_id: String,
    /// Its thread.
    pub thread_id: String,
    /// `received` or `sent`.
    pub direction: String,
    /// How many entries there are.
    pub count: usize,
    /// Whether something had so many entries that some are left out.
    pub truncated: bool,
    /// The entries, oldest first.
    pub entries: Vec<TimelineEntry>,
}

/// What `mailroost trace --json` prints: the same for the operator, over all organizations, and as far
/// as is known of messages that were deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traces {
    /// Every message of that id.
    pub messages: Vec<Trace>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The organization.
    pub organization_id: String,
    /// How log lines name it.
    pub message_key: String,
    /// Whether it was deleted: then only what outlives a message is told.
    pub deleted: bool,
    /// Its public id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The inbox, unless that is gone too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
    /// The thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// `received` or `sent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Whether something had so many entries that some are left out.
    pub truncated: bool,
    /// The entries, oldest first.
    pub entries: Vec<TimelineEntry>,
}

/// One thing that happened. Which of the further fields there are follows from `kind`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: String,
    /// `session`, `submitted`, `authentication`, `spam_check`, `filed`, `delivery`,
    /// `delivery_attempt`, `delivery_report`, `suppressed`, `label_added`, `label_removed`, `event`,
    /// `webhook_delivery` or `webhook_attempt`. New ones may come.
    pub kind: String,
    /// The same in a sentence, for people. Parts of it may come from strangers.
    pub summary: String,
    /// How it came here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<MessageOrigin>,
    /// Who sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// Whether it looks unwanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spam: Option<Spam>,
    /// The labels it was filed with, or the one that was added or removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<TimelineLabel>,
    /// The recipient that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// How its delivery stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When that is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// A try to deliver it, with the words of the other server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<DeliveryAttempt>,
    /// What was reported of its delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<DeliveryReport>,
    /// The event of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<TimelineEvent>,
    /// The delivery of that event to a webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<TimelineWebhook>,
    /// One try of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_attempt: Option<WebhookAttempt>,
}

/// How a message came to this server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageOrigin {
    /// `smtp`, `inbox`, `server`, `api` or `submission`.
    pub way: String,
    /// The reverse path; empty for the null one. Only of mail that arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The recipient that led to the inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The id of the SMTP session, as in log lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The address of the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// What the client called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helo: Option<String>,
    /// Such as `ESMTPS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Version and cipher; left out without encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// The API key that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<String>,
    /// The draft that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft_id: Option<String>,
    /// For when the draft was scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<String>,
}

/// A label, and why it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineLabel {
    /// The label.
    pub label: String,
    /// Why, where the server gave it for a reason that it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// Its id.
    pub event_id: String,
    /// Its kind.
    pub event_type: String,
    /// Its position in the log of the organization.
    pub position: i64,
}

/// The delivery of an event to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineWebhook {
    /// The webhook.
    pub webhook_id: String,
    /// The delivery.
    pub delivery_id: String,
    /// How it stands now.
    pub status: String,
    /// How often it was tried.
    pub attempt_count: i64,
}
