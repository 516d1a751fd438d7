//! Threads.

use serde::{Deserialize, Serialize};

use crate::{Attachment, Message, OneOrMany};

/// A thread with one page of its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox.
    pub inbox_id: String,
    /// Its id, a UUID.
    pub thread_id: String,
    /// The labels its messages carry between them.
    pub labels: Vec<String>,
    /// The newest message, either way.
    pub timestamp: String,
    /// The newest received message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_timestamp: Option<String>,
    /// The newest sent message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_timestamp: Option<String>,
    /// Distinct authors.
    pub senders: Vec<String>,
    /// Distinct To, Cc and Bcc.
    pub recipients: Vec<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The start of the newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What its messages carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Its newest message.
    pub last_message_id: String,
    /// How many messages it has in all.
    pub message_count: i64,
    /// Octets of all its raw messages.
    pub size: i64,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
    /// How many messages this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The page with older messages; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page: the newest messages first page by page, ascending by time inside each.
    pub messages: Vec<Message>,
}

/// A thread without its messages, as lists and events give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadItem {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox.
    pub inbox_id: String,
    /// Its id, a UUID.
    pub thread_id: String,
    /// The labels its messages carry between them.
    pub labels: Vec<String>,
    /// The newest message, either way.
    pub timestamp: String,
    /// The newest received message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_timestamp: Option<String>,
    /// The newest sent message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_timestamp: Option<String>,
    /// Distinct authors.
    pub senders: Vec<String>,
    /// Distinct To, Cc and Bcc.
    pub recipients: Vec<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The start of the newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What its messages carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Its newest message.
    pub last_message_id: String,
    /// How many messages it has in all.
    pub message_count: i64,
    /// Octets of all its raw messages.
    pub size: i64,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// `*.threads.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListThreadsResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub threads: Vec<ThreadItem>,
}

/// `*.threads.update`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateThreadRequest {
    /// Labels to add to every message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_labels: Option<OneOrMany>,
    /// Labels to take away from every message; wins over `add_labels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_labels: Option<OneOrMany>,
}

/// What `update` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateThreadResponse {
    /// The thread.
    pub thread_id: String,
    /// All its labels now.
    pub labels: Vec<String>,
}
