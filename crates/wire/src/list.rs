//! Allow and block lists.

use serde::{Deserialize, Serialize};

/// An entry of a list: the SDKs' `ListEntry`, and with `pod_id` their `PodListEntry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    /// The address or domain.
    pub entry: String,
    /// The organisation.
    pub organization_id: String,
    /// Why, in the words of whoever made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `send`, `receive` or `reply`.
    pub direction: String,
    /// `allow` or `block`.
    pub list_type: String,
    /// `email` or `domain`.
    pub entry_type: String,
    /// When it was made.
    pub created_at: String,
    /// Whether the server made it and it cannot be deleted.
    pub read_only: bool,
    /// The pod it is for; absent on entries of the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
}

/// `*.lists.create`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateListEntryRequest {
    /// The address or domain.
    pub entry: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `*.lists.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListListEntriesResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page, in alphabetical order.
    pub entries: Vec<ListEntry>,
}
