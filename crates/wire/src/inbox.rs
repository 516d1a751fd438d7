//! Inboxes.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

use crate::Patch;

/// A caller's notes on an inbox.
pub type Metadata = BTreeMap<String, MetadataValue>;

/// A change of notes: a key with `None` (`null` on the wire) is deleted.
pub type MetadataPatch = BTreeMap<String, Option<MetadataValue>>;

/// One note: a string, a number or a boolean. Objects, arrays and `null` are refused on reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum MetadataValue {
    /// A string.
    Text(String),
    /// A number, as written.
    Number(Number),
    /// A boolean.
    Bool(bool),
}

impl<'de> Deserialize<'de> for MetadataValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Scalar;

        impl Visitor<'_> for Scalar {
            type Value = MetadataValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number or a boolean")
            }

            fn visit_bool<E>(self, value: bool) -> Result<MetadataValue, E> {
                Ok(MetadataValue::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<MetadataValue, E> {
                Ok(MetadataValue::Number(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<MetadataValue, E> {
                Ok(MetadataValue::Number(value.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<MetadataValue, E> {
                Number::from_f64(value)
                    .map(MetadataValue::Number)
                    .ok_or_else(|| E::custom("a number must be finite"))
            }

            fn visit_str<E>(self, value: &str) -> Result<MetadataValue, E> {
                Ok(MetadataValue::Text(value.to_owned()))
            }
        }

        from.deserialize_any(Scalar)
    }
}

/// An inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod.
    pub pod_id: String,
    /// The address, which is the id.
    pub inbox_id: String,
    /// The address once more.
    pub email: String,
    /// The name in the From field of what it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The caller's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `paused`, or absent when the inbox is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The caller's notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Which of its mail says that no person sent it, where that was chosen for it. Not known to
    /// the hosted service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_submitted: Option<String>,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// `inboxes.create`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateInboxRequest {
    /// The local part; random when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The domain; the server's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The name in the From field; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The caller's own id: the same id again gives the first inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `active` or `paused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// `inboxes.update`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateInboxRequest {
    /// The name in the From field.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub display_name: Patch<String>,
    /// `active` or `paused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Merged into the notes there are; `null` clears them all.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub metadata: Patch<MetadataPatch>,
    /// `direct`, `always` or `never`; `null` for what the operator chose.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub auto_submitted: Patch<String>,
}

/// `inboxes.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInboxesResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub inboxes: Vec<Inbox>,
}
