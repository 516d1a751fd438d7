//! Who the caller is, and its organisation.

use serde::{Deserialize, Serialize};

/// `auth.me`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `organization`, `pod` or `inbox`.
    pub scope_type: String,
    /// The id of the narrowest scope.
    pub scope_id: String,
    /// The organisation.
    pub organization_id: String,
    /// The pod, when the scope is a pod or an inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox, when the scope is an inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
    /// The key that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<String>,
}

/// `organizations.get`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub organization_id: String,
    /// What people call it; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many inboxes it has.
    pub inbox_count: i64,
    /// How many domains it has.
    pub domain_count: i64,
    /// How many inboxes it may have; absent for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_limit: Option<i64>,
    /// How many domains it may have; absent for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_limit: Option<i64>,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// `organizations.get_labs`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationLabs {
    /// Whether the organisation tries early features.
    pub enabled: bool,
    /// Since when; documented as `null` when it does not.
    pub enabled_at: Option<String>,
    /// Whether it could.
    pub available: bool,
}
