//! Webhooks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Patch;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
    /// Its id.
    pub webhook_id: String,
    /// Where events are posted.
    pub url: String,
    /// The kinds it is told; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// The pods it is narrowed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_ids: Option<Vec<String>>,
    /// The inboxes it is narrowed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_ids: Option<Vec<String>>,
    /// The secret its deliveries are signed with; left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// For how many seconds arrivals in one thread are gathered into one delivery; absent for not at
    /// all. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gather: Option<u32>,
    /// Whether events are posted.
    pub enabled: bool,
    /// Why the server disabled it. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
    /// The caller's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// `*.webhooks.create`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateWebhookRequest {
    /// Where events are posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The kinds; none or empty for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// Only of these pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_ids: Option<Vec<String>>,
    /// Only of these inboxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_ids: Option<Vec<String>>,
    /// The caller's own id: the same id again gives the first webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Header fields that go with every request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// For how many seconds arrivals in one thread are gathered into one delivery. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gather: Option<i64>,
}

/// `*.webhooks.update`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateWebhookRequest {
    /// All kinds from now on; empty changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// Whether events are posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The same from now on; `null` to gather no more.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub gather: Patch<i64>,
    /// Inboxes to add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_inbox_ids: Option<Vec<String>>,
    /// Inboxes to take away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_inbox_ids: Option<Vec<String>>,
    /// Pods to add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_pod_ids: Option<Vec<String>>,
    /// Pods to take away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_pod_ids: Option<Vec<String>>,
}

/// `*.webhooks.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListWebhooksResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub webhooks: Vec<Webhook>,
}

/// `*.webhooks.get_headers`: the values stay with the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookHeaderNamesResponse {
    /// The names.
    pub header_names: Vec<String>,
}

/// `*.webhooks.update_headers`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateWebhookHeadersRequest {
    /// Fields to set or replace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// Names of fields to take away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_headers: Option<Vec<String>>,
}

/// The delivery of an event to a webhook. Ours, not AgentMail's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// Its id: what receivers see as `svix-id` and `webhook-id`.
    pub delivery_id: String,
    /// The webhook.
    pub webhook_id: String,
    /// The event.
    pub event_id: String,
    /// Its kind.
    pub event_type: String,
    /// `pending`, `delivered`, `failed`, `cancelled` or `gathered`.
    pub status: String,
    /// The delivery that tells of this event too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gathered_in: Option<String>,
    /// How many further arrivals it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gathered_count: Option<i64>,
    /// How often it was tried.
    pub attempt_count: i64,
    /// The HTTP status of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_http_status: Option<i64>,
    /// What went wrong the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it is tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// The newest attempts, the oldest of them first; only when one delivery is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Vec<WebhookAttempt>>,
    /// When it was last tried or asked for.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// One try of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookAttempt {
    /// Which try, from one.
    pub number: i64,
    /// When it began.
    pub timestamp: String,
    /// How long it took.
    pub duration_ms: i64,
    /// The HTTP status, if an answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<i64>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The start of the answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// `webhooks.deliveries.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListWebhookDeliveriesResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub deliveries: Vec<WebhookDelivery>,
}

/// `webhooks.replay`: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayWebhookRequest {
    /// Every event from this instant on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Every event after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_event_id: Option<String>,
}

/// What `webhooks.replay` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayWebhookResponse {
    /// The webhook.
    pub webhook_id: String,
    /// How many events are looked at; those the webhook wants are posted.
    pub events: i64,
}
