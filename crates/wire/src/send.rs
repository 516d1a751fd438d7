//! What became of a departure. Beyond AgentMail: "did it go out" is one question.

use serde::{Deserialize, Serialize};

/// A sent message on its way to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The recipient's address.
    pub recipient: String,
    /// `queued`, `deferred`, `delivered`, `sandboxed` or `bounced`.
    pub state: String,
    /// In words, from the last try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was handed in.
    pub created_at: String,
    /// When its state was last written down.
    pub updated_at: String,
}

/// `inboxes.messages.deliveries`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDeliveriesResponse {
    /// The message.
    pub message_id: String,
    /// How many recipients it has; none for a message that was received.
    pub count: usize,
    /// One for each recipient.
    pub deliveries: Vec<Delivery>,
}

/// `sends.get`: the answer that is remembered under an Idempotency-Key, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// The key.
    pub idempotency_key: String,
    /// The sending inbox.
    pub inbox_id: String,
    /// The message; it may have been deleted since.
    pub message_id: String,
    /// Its thread.
    pub thread_id: String,
    /// When it was sent.
    pub created_at: String,
    /// Until when the answer is remembered.
    pub expires_at: String,
    /// One for each recipient.
    pub deliveries: Vec<Delivery>,
}
