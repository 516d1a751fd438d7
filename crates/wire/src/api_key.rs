//! API keys.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::Patch;

/// A key's list of rights: name to `true` or `false`. Rights that are missing are not given.
/// A right that is `null` counts as missing. Names are not checked here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ApiKeyPermissions(pub BTreeMap<String, bool>);

impl<'de> Deserialize<'de> for ApiKeyPermissions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let rights: BTreeMap<String, Option<bool>> = BTreeMap::deserialize(from)?;
        let given = rights
            .into_iter()
            .filter_map(|(name, given)| given.map(|given| (name, given)));
        Ok(Self(given.collect()))
    }
}

/// A key that is shown in the `Authorization` field, without its secret. Carries
/// `"type": "bearer"`, by which the SDKs tell it from a public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "bearer")]
pub struct ApiKey {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// Its id.
    pub api_key_id: String,
    /// The first characters of the secret.
    pub prefix: String,
    /// What people call it.
    pub name: String,
    /// The pod it is confined to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox it is confined to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
    /// When it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<String>,
    /// What it may do; absent for a key without a list of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<ApiKeyPermissions>,
    /// The preset that gives exactly these rights; beyond AgentMail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The names of all it may do, also of what follows from other rights; beyond AgentMail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effective_permissions: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// `*.api_keys.create`. With `public_key` it registers a public key instead of making a bearer key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateApiKeyRequest {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may do; absent for a key without a list of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<ApiKeyPermissions>,
    /// A ready-made list in place of `permissions`: `read`, `draft`, `send`, `approve` or `manage`;
    /// beyond AgentMail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// When it stops working: an RFC 3339 instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The caller's own id, of public keys only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// A P-256 key as a JSON Web Key, unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Value>,
}

/// `*.api_keys.update`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateApiKeyRequest {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may do; `null` takes its list away.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub permissions: Patch<ApiKeyPermissions>,
}

/// The only answer that shows a secret. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateApiKeyResponse {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// Its id.
    pub api_key_id: String,
    /// The secret.
    pub api_key: String,
    /// The first characters of the secret.
    pub prefix: String,
    /// What people call it.
    pub name: String,
    /// The pod it is confined to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox it is confined to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
    /// What it may do; absent for a key without a list of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<ApiKeyPermissions>,
    /// The preset that gives exactly these rights; beyond AgentMail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The names of all it may do, also of what follows from other rights; beyond AgentMail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effective_permissions: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

impl fmt::Debug for CreateApiKeyResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateApiKeyResponse")
            .field("api_key_id", &self.api_key_id)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// `*.api_keys.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListApiKeysResponse {
    /// How many items this page has.
    pub count: usize,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub api_keys: Vec<ApiKey>,
}
