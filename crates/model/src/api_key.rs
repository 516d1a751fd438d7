//! API keys: their form, and what is known of them without the secret.

use mail::Timestamp;

use crate::{ApiKeyId, InboxKey, OrgId, Permission, PermissionSet, PodId};

/// How much of the tenant a credential reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole organisation.
    Org,
    /// One pod.
    Pod(PodId),
    /// One inbox, in its pod.
    Inbox(PodId, InboxKey),
}

/// An API key as stored: never its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its id.
    pub api_key_id: ApiKeyId,
    /// The organisation it belongs to.
    pub org_id: OrgId,
    /// How much it reaches.
    pub scope: Scope,
    /// The first characters of the secret, to recognise it by.
    pub prefix: String,
    /// What people call it.
    pub name: String,
    /// What it may do; `None` for a key without a list of its own.
    pub permissions: Option<PermissionSet>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl ApiKey {
    /// What its holder may do, with what follows from its scope and from its other rights.
    #[must_use]
    pub fn rights(&self) -> PermissionSet {
        let own = self.permissions.unwrap_or_else(PermissionSet::unrestricted);
        let mut rights = own.with(Permission::Authenticated);
        if self.scope == Scope::Org {
            rights = rights.with(Permission::OrganizationRead);
        }
        // Bearer keys reply with message_send; message_reply alone lets a key answer and no more.
        if own.has(Permission::MessageSend) {
            rights = rights.with(Permission::MessageReply);
        }
        rights
    }
}

/// The length of the shown prefix: `am_us_` and six characters.
pub const PREFIX_LEN: usize = 12;
