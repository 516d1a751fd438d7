//! Departures that wait for the decision of another identity than the one that asked for them.

use mail::{MessageId, Timestamp};

use crate::gate::Finding;
use crate::{ApiKeyId, ApprovalId, DraftId, InboxId, InboxKey, OrgId, PodId, ThreadId};

/// A held departure and what became of it.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Its id.
    pub approval_id: ApprovalId,
    /// The organisation.
    pub org_id: OrgId,
    /// The pod.
    pub pod_id: PodId,
    /// The row of the sending inbox.
    pub inbox_key: InboxKey,
    /// The address of the sending inbox.
    pub inbox_id: InboxId,
    /// The draft that waits; it is gone when it was sent or deleted.
    pub draft_id: DraftId,
    /// The version of the draft that the findings are about.
    pub draft_version: i64,
    /// The key that asked for the departure; `None` for the server itself.
    pub asked_by: Option<ApiKeyId>,
    /// The Idempotency-Key of the request, with the hash of the request.
    pub act: Option<(String, Vec<u8>)>,
    /// Why it waits.
    pub findings: Vec<Finding>,
    /// The messages that the asking key had been shown and that made it wait, by their public ids.
    pub tainted_by: Vec<String>,
    /// How it stands.
    pub state: ApprovalState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is declined by itself.
    pub expires_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Who decided, as text: `key:` and the id of a key, `operator`, `link`, or `mail:` and an address.
    pub decided_by: Option<String>,
    /// Why, in the words of whoever decided.
    pub reason: Option<String>,
    /// The message that was sent, and its thread.
    pub sent: Option<(MessageId, ThreadId)>,
}

/// How an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalState {
    /// Nobody has decided.
    Pending,
    /// Somebody let it leave.
    Approved,
    /// Somebody said no; the draft stays, for whoever wants to write it anew.
    Declined,
    /// Nobody decided in time, which is a no.
    Expired,
    /// The draft was deleted before anybody decided.
    Withdrawn,
}

impl ApprovalState {
    const ALL: [Self; 5] = [
        Self::Pending,
        Self::Approved,
        Self::Declined,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// The name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}
