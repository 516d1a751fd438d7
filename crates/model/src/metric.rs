//! What is counted, and what a caller asks of the counts.

use mail::Timestamp;

use crate::EventKind;
use crate::api_key::Scope;

/// The kinds of event that are counted, as AgentMail counts them.
pub const EVENTS: [EventKind; 10] = [
    EventKind::MessageReceived,
    EventKind::MessageReceivedSpam,
    EventKind::MessageReceivedBlocked,
    EventKind::MessageReceivedUnauthenticated,
    EventKind::MessageSent,
    EventKind::MessageDelivered,
    EventKind::MessageBounced,
    EventKind::MessageComplained,
    EventKind::MessageRejected,
    EventKind::DomainVerified,
];

/// What a tenant uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Usage {
    /// Octets of raw mail.
    StorageBytes,
    /// Messages.
    MessageCount,
    /// Threads.
    ThreadCount,
    /// Inboxes.
    InboxCount,
    /// Pods.
    PodCount,
    /// Domains.
    DomainCount,
}

impl Usage {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::StorageBytes,
        Self::MessageCount,
        Self::ThreadCount,
        Self::InboxCount,
        Self::PodCount,
        Self::DomainCount,
    ];

    /// The name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StorageBytes => "storage_bytes",
            Self::MessageCount => "message_count",
            Self::ThreadCount => "thread_count",
            Self::InboxCount => "inbox_count",
            Self::PodCount => "pod_count",
            Self::DomainCount => "domain_count",
        }
    }

    /// Whether something of this scope can use it: an inbox has no inboxes, a pod no pods.
    #[must_use]
    pub const fn is_of(self, scope: &Scope) -> bool {
        match self {
            Self::StorageBytes | Self::MessageCount | Self::ThreadCount => true,
            Self::InboxCount | Self::DomainCount => !matches!(scope, Scope::Inbox(..)),
            Self::PodCount => matches!(scope, Scope::Org),
        }
    }
}

/// A rate of mail that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Recipients that could not be reached.
    Bounce,
    /// Recipients that complained.
    Complaint,
}

impl Rate {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Bounce, Self::Complaint];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
        }
    }

    /// The events that are set against those of sending.
    #[must_use]
    pub const fn event(self) -> EventKind {
        match self {
            Self::Bounce => EventKind::MessageBounced,
            Self::Complaint => EventKind::MessageComplained,
        }
    }
}

/// What a caller asks, before it is checked.
#[derive(Clone, Debug, Default)]
pub struct MetricQuery {
    /// Names of what is asked for; all when empty.
    pub types: Vec<String>,
    /// The beginning; a day before the end when absent.
    pub start: Option<Timestamp>,
    /// The end; now when absent or later.
    pub end: Option<Timestamp>,
    /// Seconds of a bucket.
    pub period: Option<i64>,
    /// Seconds over which a rate is taken.
    pub window: Option<i64>,
    /// How many points of each series at most.
    pub limit: Option<i64>,
    /// Newest first.
    pub descending: bool,
}
