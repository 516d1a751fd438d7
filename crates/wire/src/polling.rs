//! Polling webhooks.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `webhooks.polling.create` at its three levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePollingWebhookRequest {
    /// The creator's own id for it; the same again gives the same webhook with a new token.
    pub client_id: String,
    /// The kinds of events.
    pub event_types: Vec<String>,
    /// Only of these pods, or of `inbox_ids`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_ids: Option<Vec<String>>,
    /// Only of these inboxes, or of `pod_ids`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_ids: Option<Vec<String>>,
}

/// A subscription that is read with a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollingWebhook {
    /// The organisation; sent though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// Its id.
    pub webhook_id: String,
    /// Its creator's id for it.
    pub client_id: String,
    /// Where it is read; beyond what the SDKs declare.
    pub url: String,
    /// The kinds of events.
    pub event_types: Vec<String>,
    /// The pods that it was narrowed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pod_ids: Vec<String>,
    /// The inboxes that it was narrowed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inbox_ids: Vec<String>,
    /// The pod that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
    /// When its token was last issued.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// What creating gives: the only answer with the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePollingWebhookResponse {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: PollingWebhook,
    /// Opens its events and nothing else.
    pub token: String,
}

/// `webhooks.polling.list` at its three levels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPollingWebhooksResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub polling_webhooks: Vec<PollingWebhook>,
}

/// What a poll gives.
#[derive(Debug, Serialize)]
pub struct PollResponse {
    /// The events, oldest first, each exactly as webhooks and the WebSocket carry it.
    pub data: Vec<Box<RawValue>>,
    /// Where the next poll goes on.
    pub iterator: String,
    /// Whether there is nothing more for now.
    pub done: bool,
}
