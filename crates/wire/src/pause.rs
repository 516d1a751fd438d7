//! Where nothing leaves for a while. These routes are this server's own.

use serde::{Deserialize, Serialize};

/// How a thread stands with its budgets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadPause {
    /// The thread.
    pub thread_id: String,
    /// Whether nothing leaves in it now.
    pub paused: bool,
    /// Which budget was used up: `thread`, `peer`, `pair` or `answers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    /// With whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<String>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes_at: Option<String>,
}

/// `sending.pause`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseSendingRequest {
    /// Why, for whoever asks later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A stop of departures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingPause {
    /// `organization`, `pod` or `inbox`.
    pub scope: String,
    /// The organisation.
    pub organization_id: String,
    /// The pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
    /// `switch` when somebody wanted it, `bounces` when too much has failed.
    pub cause: String,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The key that wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<String>,
    /// Since when.
    pub paused_at: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes_at: Option<String>,
}

/// `sending.get`, and what `sending.pause` and `sending.resume` answer: what is stopped within reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingStatus {
    /// Whether departures of what the path names are stopped, by itself or by what is around it.
    pub paused: bool,
    /// How many stops follow.
    pub count: usize,
    /// The stops within reach, the widest first.
    pub pauses: Vec<SendingPause>,
}
