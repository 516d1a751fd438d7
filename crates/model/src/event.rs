//! What can happen, under the names the SDKs know.

use crate::{InboxKey, PodId};

/// Which events a reader asks for; what is not named is not narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only these kinds; `None` for all that need not be named.
    pub kinds: Option<Vec<EventKind>>,
    /// Only what happened in one of these inboxes, or of `pods`.
    pub inboxes: Vec<InboxKey>,
    /// Only what happened in one of these pods, or of `inboxes`.
    pub pods: Vec<PodId>,
}

impl EventFilter {
    /// Whether it asks for an event of this kind that happened there.
    #[must_use]
    pub fn wants(
        &self,
        kind: Option<EventKind>,
        pod: Option<PodId>,
        inbox: Option<InboxKey>,
    ) -> bool {
        let right_kind = match &self.kinds {
            Some(kinds) => kind.is_some_and(|kind| kinds.contains(&kind)),
            None => kind.is_none_or(|kind| !kind.must_be_named()),
        };
        let anywhere = self.inboxes.is_empty() && self.pods.is_empty();
        right_kind
            && (anywhere
                || inbox.is_some_and(|inbox| self.inboxes.contains(&inbox))
                || pod.is_some_and(|pod| self.pods.contains(&pod)))
    }
}

/// The kind of an event in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// `message.received`
    MessageReceived,
    /// `message.received.spam`
    MessageReceivedSpam,
    /// `message.received.blocked`
    MessageReceivedBlocked,
    /// `message.received.unauthenticated`
    MessageReceivedUnauthenticated,
    /// `message.security.completed`
    MessageSecurityCompleted,
    /// `message.security.review`
    MessageSecurityReview,
    /// `message.security.override`
    MessageSecurityOverride,
    /// `message.sent`
    MessageSent,
    /// `message.delivered`
    MessageDelivered,
    /// `message.bounced`
    MessageBounced,
    /// `message.complained`
    MessageComplained,
    /// `message.rejected`
    MessageRejected,
    /// `message.opened`
    MessageOpened,
    /// `domain.verified`
    DomainVerified,
    /// `webhook.disabled`: ours, not AgentMail's.
    WebhookDisabled,
    /// `approval.requested`: ours.
    ApprovalRequested,
    /// `approval.approved`: ours.
    ApprovalApproved,
    /// `approval.declined`: ours.
    ApprovalDeclined,
    /// `approval.expired`: ours.
    ApprovalExpired,
    /// `thread.paused`: ours.
    ThreadPaused,
    /// `thread.resumed`: ours.
    ThreadResumed,
    /// `thread.moved`: ours.
    ThreadMoved,
    /// `sending.paused`: ours.
    SendingPaused,
    /// `sending.resumed`: ours.
    SendingResumed,
    /// `leak.blocked`: ours.
    LeakBlocked,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 25] = [
        Self::MessageReceived,
        Self::MessageReceivedSpam,
        Self::MessageReceivedBlocked,
        Self::MessageReceivedUnauthenticated,
        Self::MessageSecurityCompleted,
        Self::MessageSecurityReview,
        Self::MessageSecurityOverride,
        Self::MessageSent,
        Self::MessageDelivered,
        Self::MessageBounced,
        Self::MessageComplained,
        Self::MessageRejected,
        Self::MessageOpened,
        Self::DomainVerified,
        Self::WebhookDisabled,
        Self::ApprovalRequested,
        Self::ApprovalApproved,
        Self::ApprovalDeclined,
        Self::ApprovalExpired,
        Self::ThreadPaused,
        Self::ThreadResumed,
        Self::ThreadMoved,
        Self::SendingPaused,
        Self::SendingResumed,
        Self::LeakBlocked,
    ];

    /// The name on the wire and in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MessageReceived => "message.received",
            Self::MessageReceivedSpam => "message.received.spam",
            Self::MessageReceivedBlocked => "message.received.blocked",
            Self::MessageReceivedUnauthenticated => "message.received.unauthenticated",
            Self::MessageSecurityCompleted => "message.security.completed",
            Self::MessageSecurityReview => "message.security.review",
            Self::MessageSecurityOverride => "message.security.override",
            Self::MessageSent => "message.sent",
            Self::MessageDelivered => "message.delivered",
            Self::MessageBounced => "message.bounced",
            Self::MessageComplained => "message.complained",
            Self::MessageRejected => "message.rejected",
            Self::MessageOpened => "message.opened",
            Self::DomainVerified => "domain.verified",
            Self::WebhookDisabled => "webhook.disabled",
            Self::ApprovalRequested => "approval.requested",
            Self::ApprovalApproved => "approval.approved",
            Self::ApprovalDeclined => "approval.declined",
            Self::ApprovalExpired => "approval.expired",
            Self::ThreadPaused => "thread.paused",
            Self::ThreadResumed => "thread.resumed",
            Self::ThreadMoved => "thread.moved",
            Self::SendingPaused => "sending.paused",
            Self::SendingResumed => "sending.resumed",
            Self::LeakBlocked => "leak.blocked",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it says that a message came.
    #[must_use]
    pub const fn is_arrival(self) -> bool {
        matches!(
            self,
            Self::MessageReceived
                | Self::MessageReceivedSpam
                | Self::MessageReceivedBlocked
                | Self::MessageReceivedUnauthenticated
        )
    }

    /// Whether readers hear of it only if they name it: kinds that AgentMail's SDKs do not know, and
    /// the verdict about each message, which the event of its arrival has already.
    #[must_use]
    pub const fn must_be_named(self) -> bool {
        matches!(
            self,
            Self::WebhookDisabled
                | Self::MessageSecurityCompleted
                | Self::ApprovalRequested
                | Self::ApprovalApproved
                | Self::ApprovalDeclined
                | Self::ApprovalExpired
                | Self::ThreadPaused
                | Self::ThreadResumed
                | Self::ThreadMoved
                | Self::SendingPaused
                | Self::SendingResumed
                | Self::LeakBlocked
        )
    }

    /// The right a reader needs beyond reading messages, for kinds that show what lists hide.
    #[must_use]
    pub const fn extra_permission(self) -> Option<crate::Permission> {
        match self {
            Self::MessageReceivedSpam => Some(crate::Permission::LabelSpamRead),
            Self::MessageReceivedBlocked => Some(crate::Permission::LabelBlockedRead),
            Self::ApprovalRequested
            | Self::ApprovalApproved
            | Self::ApprovalDeclined
            | Self::ApprovalExpired => Some(crate::Permission::ApprovalRead),
            Self::MessageReceivedUnauthenticated => {
                Some(crate::Permission::LabelUnauthenticatedRead)
            }
            _ => None,
        }
    }
}
