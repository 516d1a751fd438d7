//! What a key may do. The names are AgentMail's and fixed: they are stored and shown.

/// A right that code asks for by type: `Grant<perm::InboxRead>` cannot be had without it.
pub trait Need: Send + Sync + 'static {
    /// The right.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// One right.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Permission {
            $($(#[$doc])* #[doc = concat!("`", $wire, "`")] $name,)*
        }

        impl Permission {
            /// Every right, in a fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name on the wire and in the store.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }
        }

        /// The rights as types.
        pub mod perm {
            $(
                #[doc = concat!("`", $wire, "`")]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;

                impl super::Need for $name {
                    const PERMISSION: super::Permission = super::Permission::$name;
                }
            )*
        }
    };
}

permissions! {
    InboxRead = "inbox_read",
    InboxCreate = "inbox_create",
    InboxUpdate = "inbox_update",
    InboxDelete = "inbox_delete",
    MessageRead = "message_read",
    MessageReply = "message_reply",
    MessageSend = "message_send",
    MessageUpdate = "message_update",
    MessageDelete = "message_delete",
    AgentArmorRelease = "agent_armor_release",
    LabelSpamRead = "label_spam_read",
    LabelBlockedRead = "label_blocked_read",
    LabelUnauthenticatedRead = "label_unauthenticated_read",
    LabelTrashRead = "label_trash_read",
    DraftRead = "draft_read",
    DraftCreate = "draft_create",
    DraftUpdate = "draft_update",
    DraftDelete = "draft_delete",
    DraftSend = "draft_send",
    WebhookRead = "webhook_read",
    WebhookCreate = "webhook_create",
    WebhookUpdate = "webhook_update",
    WebhookDelete = "webhook_delete",
    DomainRead = "domain_read",
    DomainCreate = "domain_create",
    DomainUpdate = "domain_update",
    DomainDelete = "domain_delete",
    ListEntryRead = "list_entry_read",
    ListEntryCreate = "list_entry_create",
    ListEntryDelete = "list_entry_delete",
    MetricsRead = "metrics_read",
    ApiKeyRead = "api_key_read",
    ApiKeyCreate = "api_key_create",
    ApiKeyUpdate = "api_key_update",
    ApiKeyDelete = "api_key_delete",
    AppConnect = "app_connect",
    AppShareOwner = "app_share_owner",
    AccountUpdate = "account_update",
    PodRead = "pod_read",
    PodCreate = "pod_create",
    PodUpdate = "pod_update",
    PodDelete = "pod_delete",
    CalendarRead = "calendar_read",
    CalendarUpdate = "calendar_update",
    CalendarEventRead = "calendar_event_read",
    CalendarEventCreate = "calendar_event_create",
    CalendarEventUpdate = "calendar_event_update",
    CalendarEventDelete = "calendar_event_delete",
    FileRead = "file_read",
    FileCreate = "file_create",
    FileUpdate = "file_update",
    FileDelete = "file_delete",
    /// Ours, not AgentMail's.
    ApprovalRead = "approval_read",
    /// Ours. To let leave what waits, or not. Asked for by name.
    ApprovalDecide = "approval_decide",
    /// Ours.
    PolicyRead = "policy_read",
    /// Ours. To loosen a policy; whoever may change an inbox may tighten one. Asked for by name.
    PolicyUpdate = "policy_update",
    /// Ours: answer what machines sent, and go on where a loop was found.
    LoopOverride = "loop_override",
    /// Ours: stop departures.
    SendingPause = "sending_pause",
    /// Ours: let departures and threads go on.
    SendingResume = "sending_resume",
    /// Ours: read the audit log.
    AuditRead = "audit_read",
    /// Held by every credential; names routes that need no right beyond being known. Never stored.
    Authenticated = "authenticated",
    /// Held by every key of organisation scope and by no other. Never stored.
    OrganizationRead = "organization_read",
}

impl Permission {
    /// Reads the name of a right that a key can be given; the two that follow from the
    /// credential itself are not among them.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|right| right.name() == name && right.is_grantable())
    }

    /// Whether a key can be given or denied this right.
    #[must_use]
    pub const fn is_grantable(self) -> bool {
        !matches!(self, Self::Authenticated | Self::OrganizationRead)
    }

    /// Whether a key that was shown mail of strangers does not have this right for a time: it changes
    /// who may do what, or what is told to whom, or takes away. What such a key makes anew is as tainted
    /// as the key itself, so making is not among them.
    #[must_use]
    pub const fn is_barred_by_taint(self) -> bool {
        matches!(
            self,
            Self::InboxUpdate
                | Self::InboxDelete
                | Self::WebhookCreate
                | Self::WebhookUpdate
                | Self::WebhookDelete
                | Self::DomainUpdate
                | Self::DomainDelete
                | Self::ListEntryCreate
                | Self::ListEntryDelete
                | Self::ApiKeyUpdate
                | Self::ApiKeyDelete
                | Self::PodUpdate
                | Self::PodDelete
                | Self::PolicyUpdate
                | Self::LoopOverride
                | Self::SendingResume
        )
    }

    /// Whether a key must ask for this right by name: an unrestricted key does not have it.
    #[must_use]
    pub const fn is_opt_in(self) -> bool {
        matches!(
            self,
            Self::AgentArmorRelease
                | Self::AppConnect
                | Self::ApprovalDecide
                | Self::PolicyUpdate
                | Self::LoopOverride
                | Self::SendingResume
                | Self::AuditRead
        )
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PermissionSet(u64);

const _: () = assert!(Permission::ALL.len() <= 64, "PermissionSet holds 64 rights");

impl PermissionSet {
    /// No right.
    pub const NONE: Self = Self(0);

    /// What a key without a list of its own may do: everything that need not be asked for.
    #[must_use]
    pub fn unrestricted() -> Self {
        Permission::ALL
            .iter()
            .filter(|right| right.is_grantable() && !right.is_opt_in())
            .fold(Self::NONE, |set, right| set.with(*right))
    }

    /// Every right there is, for the server's own work.
    #[must_use]
    pub fn everything() -> Self {
        Permission::ALL
            .iter()
            .fold(Self::NONE, |set, right| set.with(*right))
    }

    /// This set and `right`.
    #[must_use]
    pub const fn with(self, right: Permission) -> Self {
        Self(self.0 | 1 << right as u8)
    }

    /// Whether `right` is in the set.
    #[must_use]
    pub const fn has(self, right: Permission) -> bool {
        self.0 & (1 << right as u8) != 0
    }

    /// Whether every right of this set is also in `other`.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The rights, in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |right| self.has(*right))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<T: IntoIterator<Item = Permission>>(rights: T) -> Self {
        rights.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unrestricted_key_lacks_what_must_be_asked_for() {
        let set = PermissionSet::unrestricted();
        assert!(set.has(Permission::InboxDelete));
        assert!(!set.has(Permission::AgentArmorRelease));
        assert!(!set.has(Permission::OrganizationRead));
        assert_eq!(set.iter().collect::<PermissionSet>(), set);
    }

    #[test]
    fn there_are_the_52_rights_of_the_sdks_and_ours() {
        assert_eq!(
            Permission::ALL
                .iter()
                .filter(|right| right.is_grantable())
                .count(),
            52 + 8
        );
        assert_eq!(Permission::parse("organization_read"), None);
        assert_eq!(Permission::parse("inbox_read"), Some(Permission::InboxRead));
    }
}
