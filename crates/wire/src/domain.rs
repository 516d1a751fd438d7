//! Domains.

use serde::{Deserialize, Serialize};

use crate::Patch;

/// A domain with its records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, for a domain that belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The name, which is the id.
    pub domain_id: String,
    /// The name once more.
    pub domain: String,
    /// `NOT_STARTED`, `PENDING`, `INVALID`, `FAILED`, `VERIFYING` or `VERIFIED`.
    pub status: String,
    /// Why it is not verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether notices of bounces and complaints come into inboxes.
    pub feedback_enabled: bool,
    /// Whether the domain receives.
    pub inbound_enabled: bool,
    /// Whether inboxes may be opened below it.
    pub subdomains_enabled: bool,
    /// Whether opens may be tracked.
    pub tracking_enabled: bool,
    /// The records its owner sets.
    pub records: Vec<VerificationRecord>,
    /// The inbox that gets the mail of addresses nobody has. Not known to the hosted service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_all_inbox_id: Option<String>,
    /// `testing`, `enforce` or `none`, where that was chosen for it. Not known to the hosted
    /// service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mta_sts_mode: Option<String>,
    /// The caller's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was added.
    pub created_at: String,
}

/// One record of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationRecord {
    /// `TXT`, `CNAME` or `MX`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name relative to the apex of the zone, which is `@`.
    pub name: String,
    /// The value.
    pub value: String,
    /// `MISSING`, `INVALID` or `VALID`.
    pub status: String,
    /// For `MX`, its place among others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// Why it is not valid, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the DNS has in its place. The hosted service does not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
    /// What it is for. The hosted service does not tell, nor does it know what follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// `true` for one that the domain works without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended: Option<bool>,
    /// For the record of a signing key: `waiting`, `in_use` or `leaving`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_stage: Option<String>,
    /// Until when the record of a key that is leaving must stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_after: Option<String>,
}

/// A domain in a list: without its records, which take a look at the DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainItem {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, for a domain that belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The name, which is the id.
    pub domain_id: String,
    /// The name once more.
    pub domain: String,
    /// Whether notices of bounces and complaints come into inboxes.
    pub feedback_enabled: bool,
    /// Whether the domain receives.
    pub inbound_enabled: bool,
    /// Whether inboxes may be opened below it.
    pub subdomains_enabled: bool,
    /// Whether opens may be tracked.
    pub tracking_enabled: bool,
    /// The inbox that gets the mail of addresses nobody has. Not known to the hosted service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_all_inbox_id: Option<String>,
    /// `testing`, `enforce` or `none`, where that was chosen for it. Not known to the hosted
    /// service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mta_sts_mode: Option<String>,
    /// The caller's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was added.
    pub created_at: String,
}

/// `domains.create`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateDomainRequest {
    /// The name.
    pub domain: String,
    /// Take it although its mail goes to a large provider, whose records it would replace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_conflicting_provider: Option<bool>,
    /// On unless `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback_enabled: Option<bool>,
    /// On unless `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_enabled: Option<bool>,
    /// Off unless `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subdomains_enabled: Option<bool>,
    /// Off unless `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_enabled: Option<bool>,
    /// The inbox that gets the mail of addresses nobody has; nobody does when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_all_inbox_id: Option<String>,
    /// `testing`, `enforce` or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mta_sts_mode: Option<String>,
    /// The caller's own id: the same id again gives the first domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `domains.update`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateDomainRequest {
    /// Whether notices of bounces and complaints come into inboxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback_enabled: Option<bool>,
    /// Whether the domain receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_enabled: Option<bool>,
    /// Whether inboxes may be opened below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subdomains_enabled: Option<bool>,
    /// Whether opens may be tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_enabled: Option<bool>,
    /// The inbox that gets the mail of addresses nobody has; `null` for none.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub catch_all_inbox_id: Patch<String>,
    /// `testing`, `enforce` or `none`; `null` for what the operator chose.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub mta_sts_mode: Patch<String>,
}

/// `domains.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDomainsResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub domains: Vec<DomainItem>,
}

/// `domains.get_setup_link`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSetupLinkResponse {
    /// Whether the records can be set by a link.
    pub supported: bool,
}
