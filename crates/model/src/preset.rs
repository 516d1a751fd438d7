//! Ready-made lists of rights for keys, by what the key is for.

use crate::{Permission, PermissionSet};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPreset {
    /// `read`: to look.
    Read,
    /// `draft`: to write what somebody else sends.
    Draft,
    /// `send`: to do the work of an agent.
    Send,
    /// `approve`: to decide about what waits, without reading the mail that made it wait.
    Approve,
    /// `manage`: to run the place.
    Manage,
}

const READ: &[Permission] = &[
    Permission::InboxRead,
    Permission::MessageRead,
    Permission::DraftRead,
];

const DRAFT: &[Permission] = &[
    Permission::MessageUpdate,
    Permission::DraftCreate,
    Permission::DraftUpdate,
    Permission::DraftDelete,
];

const SEND: &[Permission] = &[
    Permission::MessageSend,
    Permission::MessageReply,
    Permission::DraftSend,
];

/// It may change a draft before it lets it leave, and reads no mail: who was shown the mail that made a
/// departure wait cannot decide about it.
const APPROVE: &[Permission] = &[
    Permission::InboxRead,
    Permission::DraftRead,
    Permission::DraftUpdate,
    Permission::ApprovalRead,
    Permission::ApprovalDecide,
];

/// What whoever manages has beyond a key without a list of its own. To decide about what waits, or
/// about held mail, is not among it.
const MANAGE: &[Permission] = &[
    Permission::PolicyUpdate,
    Permission::LoopOverride,
    Permission::SendingResume,
    Permission::AuditRead,
];

impl KeyPreset {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Draft,
        Self::Send,
        Self::Approve,
        Self::Manage,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Draft => "draft",
            Self::Send => "send",
            Self::Approve => "approve",
            Self::Manage => "manage",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The rights.
    #[must_use]
    pub fn permissions(self) -> PermissionSet {
        let lists: &[&[Permission]] = match self {
            Self::Read => &[READ],
            Self::Draft => &[READ, DRAFT],
            Self::Send => &[READ, DRAFT, SEND],
            Self::Approve => &[APPROVE],
            Self::Manage => &[MANAGE],
        };
        let base = match self {
            Self::Manage => PermissionSet::unrestricted(),
            _ => PermissionSet::NONE,
        };
        let rights = lists.iter().flat_map(|list| list.iter().copied());
        rights.fold(base, PermissionSet::with)
    }

    /// The preset that gives exactly these rights.
    #[must_use]
    pub fn of(rights: PermissionSet) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|one| one.permissions() == rights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_does_its_job_and_nothing_beyond() {
        let has = |preset: KeyPreset, right| preset.permissions().has(right);
        for preset in KeyPreset::ALL {
            assert_eq!(KeyPreset::parse(preset.name()), Some(preset));
            assert_eq!(KeyPreset::of(preset.permissions()), Some(preset));
            // Whoever writes does not decide, and whoever decides neither reads nor writes.
            let decides = preset == KeyPreset::Approve;
            assert_eq!(has(preset, Permission::ApprovalDecide), decides);
            if decides {
                for right in [
                    Permission::MessageRead,
                    Permission::MessageSend,
                    Permission::DraftSend,
                ] {
                    assert!(!has(preset, right), "{right:?}");
                }
            }
            assert!(!has(preset, Permission::AgentArmorRelease));
        }
        let ladder = [
            KeyPreset::Read,
            KeyPreset::Draft,
            KeyPreset::Send,
            KeyPreset::Manage,
        ];
        for pair in ladder.windows(2) {
            assert!(pair[0].permissions().is_within(pair[1].permissions()));
        }
        assert!(!has(KeyPreset::Draft, Permission::DraftSend));
        assert!(!has(KeyPreset::Draft, Permission::MessageReply));
        assert!(!has(KeyPreset::Send, Permission::ApiKeyCreate));
        assert_eq!(KeyPreset::parse("Read"), None);
    }
}
