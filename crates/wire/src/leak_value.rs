//! Values that must not leave. Their routes are this server's own.

use serde::{Deserialize, Serialize};

/// A registered value, which is shown without itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakValue {
    /// Its id.
    pub value_id: String,
    /// What people call it; shown where it is found.
    pub name: String,
    /// `value` or `canary`.
    pub kind: String,
    /// `block`, `hold` or `note`.
    pub action: String,
    /// A canary, when it is made and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// When it was registered.
    pub created_at: String,
}

/// `leak_values.create`
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateLeakValueRequest {
    /// What people call it.
    pub name: String,
    /// The value; not for a canary, which the server makes up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the server makes it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<bool>,
    /// `block`, which is the default, `hold` or `note`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// `leak_values.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListLeakValuesResponse {
    /// How many there are.
    pub count: usize,
    /// The oldest first.
    pub leak_values: Vec<LeakValue>,
}
