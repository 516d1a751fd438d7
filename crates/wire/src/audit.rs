//! The audit log. Its routes are this server's own.

use serde::{Deserialize, Serialize};

/// Something that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place in the chain, from one.
    pub seq: i64,
    /// When.
    pub timestamp: String,
    /// Who: `key:` and its id, `operator` or `server`.
    pub actor: String,
    /// The request, as in `X-Request-Id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How much the actor reached then.
    pub scope: String,
    /// What was done, such as `api_key.create`.
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// How it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<serde_json::Value>,
    /// How it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<serde_json::Value>,
    /// The hash of this entry and the one before, in hexadecimal digits.
    pub hash: String,
}

/// `audit.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListAuditResponse {
    /// How many follow.
    pub count: usize,
    /// How many were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The entries.
    pub entries: Vec<AuditEntry>,
}
