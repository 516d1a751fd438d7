//! Departures that wait for the decision of somebody else. These routes are this server's own.

use serde::{Deserialize, Serialize};

use crate::Finding;

/// A held departure and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its id.
    pub approval_id: String,
    /// The organisation.
    pub organization_id: String,
    /// The pod.
    pub pod_id: String,
    /// The sending inbox.
    pub inbox_id: String,
    /// The draft that waits; it is gone when it was sent or deleted.
    pub draft_id: String,
    /// The version of the draft: who has read the draft approves this version of it.
    pub draft_version: i64,
    /// `pending`, `approved`, `declined`, `expired` or `withdrawn`.
    pub state: String,
    /// The key that asked; absent where the server itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    /// Why it waits.
    pub findings: Vec<Finding>,
    /// Mail of strangers that the asking key had been shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tainted_by: Vec<String>,
    /// To of the draft; in lists and events it is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Cc of the draft, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Bcc of the draft, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// The subject of the draft, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The start of its text, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it is declined by itself.
    pub expires_at: String,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<String>,
    /// Who decided: `key:` and the id of a key, `operator`, or `link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// Why, in the words of whoever decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The message that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Its thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// `approvals.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListApprovalsResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub approvals: Vec<Approval>,
}

/// `approvals.approve`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproveRequest {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The version of the draft that was read; the one that was held if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft_version: Option<i64>,
}

/// `approvals.decline`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclineRequest {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `approvals.create_link`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalLink {
    /// What it decides about.
    pub approval_id: String,
    /// Where a person decides, without a key. Whoever has it may decide.
    pub url: String,
    /// Until when it works; it works once.
    pub expires_at: String,
}

/// What the page of such a link shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What waits.
    pub approval: Approval,
    /// The text of its draft; the HTML where there is no text.
    pub text: String,
    /// The names of its files.
    pub attachments: Vec<String>,
}
