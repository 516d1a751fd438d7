//! Organisations and pods: the tenants.

use mail::Timestamp;

use crate::{OrgId, PodId};

/// The outermost tenant.
#[derive(Clone, Debug)]
pub struct Org {
    /// Its id.
    pub org_id: OrgId,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A tenant inside an organisation.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Its id; the default pod has its organisation's value.
    pub pod_id: PodId,
    /// What people call it.
    pub name: String,
    /// The caller's own id for it, which makes creating it idempotent.
    pub client_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
