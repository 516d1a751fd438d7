//! Mail domains.

/// Who may open inboxes under a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainOwner {
    /// Every organisation of this server: the default domain.
    Everyone,
    /// One organisation.
    Org(crate::OrgId),
}
