//! Who is asking and what they may do: the only way into a transaction.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use mail::Timestamp;
use model::api_key::{ApiKey, Scope};
use model::polling::PollingWebhook;
use model::{ApiKeyId, Code, Error, Hidden, InboxKey, Need, OrgId, PermissionSet, PodId, Result};

/// An authenticated caller: an organisation, how much of it, and the rights. It comes only from
/// [`crate::Store::authenticate`] and [`crate::Store::system`].
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    org_id: OrgId,
    scope: Scope,
    reach: Scope,
    permissions: PermissionSet,
    restricted: bool,
    unseen: Hidden,
    actor: Actor,
    expires_at: Option<Timestamp>,
    request: Option<Arc<str>>,
    /// Whose decision it is, where the server acts for somebody.
    name: Option<Arc<str>>,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The holder of an API key.
    Key(ApiKeyId),
    /// The server itself, for a named reason.
    System(Reason),
}

/// Why the server acts without a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Mail arrives.
    Reception,
    /// Mail leaves, or its outcome is recorded.
    Delivery,
    /// The operator starts or repairs the server.
    Operation,
    /// Data is removed that its owner gave up.
    Purge,
    /// A signed link is followed.
    Download,
    /// The index of words is kept up to date.
    Indexing,
    /// A polling token is shown.
    Polling,
}

/// A secret somebody showed, hashed at once so that it cannot end in a log.
pub struct Credential(pub(crate) [u8; 32]);

impl Credential {
    /// The credential for `secret`. Keys are stored and compared as their SHA-256: they carry 256
    /// random bits, so a slow hash would add nothing.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(secret.as_bytes()).into())
    }

    /// The credential whose [`Credential::digest`] this is: for a session that asks again with each
    /// message whether its key still holds.
    #[must_use]
    pub fn of_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// What stands for the secret here. Whoever has it can act as this server's own code alone:
    /// no door takes it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

impl Access {
    pub(crate) fn of_key(key: &ApiKey) -> Self {
        let permissions = key.rights();
        let unseen = Hidden::ALL
            .iter()
            .filter(|(_, _, right)| !permissions.has(*right))
            .fold(Hidden::NONE, |set, (_, bit, _)| set.with(*bit));
        Self(Arc::new(Inner {
            org_id: key.org_id,
            scope: key.scope,
            reach: key.scope,
            permissions,
            restricted: key.permissions.is_some(),
            unseen,
            actor: Actor::Key(key.api_key_id),
            expires_at: key.expires_at,
            request: None,
            name: None,
        }))
    }

    pub(crate) fn of_system(org_id: OrgId, reason: Reason) -> Self {
        Self(Arc::new(Inner {
            org_id,
            scope: Scope::Org,
            reach: Scope::Org,
            permissions: PermissionSet::everything(),
            restricted: false,
            unseen: Hidden::NONE,
            actor: Actor::System(reason),
            expires_at: None,
            request: None,
            name: None,
        }))
    }

    /// What the token of a polling webhook opens: reading messages of its scope, and nothing that
    /// its creator could not see.
    pub(crate) fn of_polling(webhook: &PollingWebhook) -> Self {
        let seen = Hidden::ALL
            .iter()
            .filter(|(_, bit, _)| webhook.unseen.bits() & bit.bits() == 0);
        let permissions: PermissionSet = seen.map(|(_, _, right)| *right).collect();
        Self(Arc::new(Inner {
            org_id: webhook.org_id,
            scope: webhook.scope,
            reach: webhook.scope,
            permissions: permissions.with(model::Permission::MessageRead),
            restricted: true,
            unseen: webhook.unseen,
            actor: Actor::System(Reason::Polling),
            expires_at: None,
            request: None,
            name: None,
        }))
    }

    /// Permission to do what needs the right `P`.
    ///
    /// # Errors
    /// `missing_permission` when this caller does not have it.
    pub fn grant<P: Need>(&self) -> Result<Grant<P>> {
        if self.0.permissions.has(P::PERMISSION) {
            return Ok(Grant {
                access: self.clone(),
                right: PhantomData,
            });
        }
        let name = P::PERMISSION.name();
        Err(
            Error::new(Code::MissingPermission, "Forbidden").fix(format!(
                "This key lacks the permission {name}; use a key that has it, or ask its owner."
            )),
        )
    }

    /// The organisation.
    #[must_use]
    pub fn org_id(&self) -> OrgId {
        self.0.org_id
    }

    /// How much of the organisation is within reach.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// How much the credential itself reaches, wherever a path has narrowed the caller to.
    pub(crate) fn reach(&self) -> &Scope {
        &self.0.reach
    }

    /// The rights.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        self.0.permissions
    }

    /// Whether the rights come from a list of the key's own.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        self.0.restricted
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.0.actor
    }

    /// When the credential stops working.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// Whether a row of this pod and inbox is within reach.
    #[must_use]
    pub fn reaches(&self, pod: PodId, inbox: Option<InboxKey>) -> bool {
        match &self.0.scope {
            Scope::Org => true,
            Scope::Pod(own) => *own == pod,
            Scope::Inbox(_, own) => inbox == Some(*own),
        }
    }

    /// Whether what is hidden for these reasons is there for this caller.
    #[must_use]
    pub fn sees(&self, hidden: Hidden) -> bool {
        hidden.bits() & self.0.unseen.bits() == 0
    }

    /// Whether the rights are still those of the caller's key, which was read again.
    #[must_use]
    pub fn has_rights_of(&self, key: &ApiKey) -> bool {
        self.0.permissions == key.rights() && self.0.restricted == key.permissions.is_some()
    }

    /// The same caller, reaching only `scope`, which must lie within reach.
    pub(crate) fn narrowed(&self, scope: Scope) -> Self {
        let inner = &self.0;
        Self(Arc::new(Inner {
            scope,
            reach: inner.reach,
            org_id: inner.org_id,
            permissions: inner.permissions,
            restricted: inner.restricted,
            unseen: inner.unseen,
            actor: inner.actor,
            expires_at: inner.expires_at,
            request: inner.request.clone(),
            name: inner.name.clone(),
        }))
    }

    /// The same caller in the request with this id, which the audit log names.
    #[must_use]
    pub fn in_request(&self, id: &str) -> Self {
        let inner = &self.0;
        Self(Arc::new(Inner {
            scope: inner.scope,
            reach: inner.reach,
            org_id: inner.org_id,
            permissions: inner.permissions,
            restricted: inner.restricted,
            unseen: inner.unseen,
            actor: inner.actor,
            expires_at: inner.expires_at,
            request: Some(Arc::from(id)),
            name: inner.name.clone(),
        }))
    }

    /// The server itself, carrying out what somebody decided who has no key; `name` is who, as the
    /// audit log has it, such as `mail:ann@example.com`.
    #[must_use]
    pub fn in_name_of(&self, name: &str) -> Self {
        let inner = &self.0;
        Self(Arc::new(Inner {
            scope: inner.scope,
            reach: inner.reach,
            org_id: inner.org_id,
            permissions: inner.permissions,
            restricted: inner.restricted,
            unseen: inner.unseen,
            actor: inner.actor,
            expires_at: inner.expires_at,
            request: inner.request.clone(),
            name: Some(Arc::from(name)),
        }))
    }

    /// In whose name the server acts.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The request in which the caller acts.
    pub(crate) fn request(&self) -> Option<&str> {
        self.0.request.as_deref()
    }

    pub(crate) fn org_bytes(&self) -> &[u8; 16] {
        self.0.org_id.as_bytes()
    }

    pub(crate) fn unseen(&self) -> i64 {
        self.0.unseen.bits()
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({:?}, {:?})", self.0.org_id, self.0.actor)
    }
}

/// An [`Access`] that was checked for the right `P`. Verbs ask for it by type, so code that forgot
/// the check does not compile.
pub struct Grant<P> {
    access: Access,
    right: PhantomData<fn() -> P>,
}

impl<P> Grant<P> {
    /// Who asked.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }
}

impl<P> Clone for Grant<P> {
    fn clone(&self) -> Self {
        Self {
            access: self.access.clone(),
            right: PhantomData,
        }
    }
}

impl<P> fmt::Debug for Grant<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({:?})", self.access)
    }
}
