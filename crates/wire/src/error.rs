//! Error bodies.

use serde::{Deserialize, Serialize};

/// The body of every refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// The class name that older clients show (`NotFoundError`).
    pub name: String,
    /// The stable code that clients branch on.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Where the code is explained.
    pub docs: String,
    /// What is wrong with the request, field by field; always there for a `ValidationError`,
    /// because the SDKs declare it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<ValidationIssue>>,
    /// Names that are free instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
    /// What the gate found, where it held or refused a departure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The draft that a held departure became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft_id: Option<String>,
    /// What waits to be decided about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
}

/// Why a departure is held or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The stable code of the rule.
    pub rule: String,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
}

/// One thing wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationIssue {
    /// What kind (`invalid_type`).
    pub code: String,
    /// Where, from the outermost key inward.
    pub path: Vec<String>,
    /// In words.
    pub message: String,
}
