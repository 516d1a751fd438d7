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
    /// When it is tried again, while it is deferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// The tries that asked another server, oldest first; left out when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<DeliveryAttempt>,
    /// When it was handed in.
    pub created_at: String,
    /// When its state was last written down.
    pub updated_at: String,
    /// What was reported of it: bounces, complaints and delays, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<DeliveryReport>,
}

/// What was reported of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// `bounce`, `complaint` or `delay`.
    pub kind: String,
    /// Who said it: `session` for the server that refused, `report` for a report that came later,
    /// `feedback` for a complaint.
    pub source: String,
    /// The state of the delivery before.
    pub before: String,
    /// Why: `invalid_mailbox`, `mailbox_full`, `spam_block` and so on.
    pub class: String,
    /// The `type` of the event.
    #[serde(rename = "type")]
    pub bounce_type: String,
    /// The `sub_type` of the event.
    pub sub_type: String,
    /// The enhanced code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The server that reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// The words of the other side.
    pub detail: String,
    /// When it became known.
    pub at: String,
}

/// One try to bring a message to another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAttempt {
    /// Which try, from one.
    pub number: i64,
    /// When it began.
    pub timestamp: String,
    /// How long it took.
    pub duration_ms: i64,
    /// The state it led to.
    pub state: String,
    /// `direct`, or `relay` and its name.
    pub way: String,
    /// The server that was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How the connection was protected; left out when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// What TLSA records (DANE) said of the server's certificate: `none`, `valid`, `mismatch` or
    /// `unvalidated`; left out where they were not looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dane: Option<String>,
    /// How far the conversation came: `connect`, `greeting`, `rcpt`, `end_of_data` and so on.
    pub stage: String,
    /// The code of the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// The words of the other server, or what went wrong before it had any.
    pub reply: String,
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
