//! Webhooks and the deliveries of events to them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use mail::Timestamp;
use uuid::Uuid;

use crate::api_key::Scope;
use crate::{EventId, EventKind, Hidden, InboxKey, OrgId, PodId};

macro_rules! prefixed_ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this value.
            #[must_use]
            pub const fn new(value: Uuid) -> Self {
                Self(value)
            }

            /// The value as stored: sixteen bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads a stored value.
            #[must_use]
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = crate::id::InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.strip_prefix($prefix).filter(|rest| rest.len() == 32);
                let value = digits.and_then(|rest| Uuid::try_parse(rest).ok());
                value.map(Self).ok_or(crate::id::InvalidId)
            }
        }
    )*};
}

prefixed_ids! {
    /// A webhook: `ep_` and 32 hexadecimal digits.
    WebhookId, "ep_";
    /// The delivery of one event to one webhook: `msg_` and 32 hexadecimal digits. It follows from
    /// both, so an event has one id at a webhook however often it is delivered; receivers see it as
    /// `svix-id` and `webhook-id`.
    DeliveryId, "msg_";
}

/// Somebody's server that events are posted to.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its id.
    pub webhook_id: WebhookId,
    /// The organisation.
    pub org_id: OrgId,
    /// What it belongs to, and ends with.
    pub scope: Scope,
    /// Where events are posted. Never changes: a receiver's secret is for one address.
    pub url: String,
    /// The caller's own id for it, which makes creating it idempotent.
    pub client_id: Option<String>,
    /// Only these kinds; `None` for all that need not be named.
    pub kinds: Option<Vec<EventKind>>,
    /// Only of these pods, or of `inboxes`. Both empty do not narrow.
    pub pods: Vec<PodId>,
    /// Only of these inboxes, or of `pods`. One that was deleted stays here and matches nothing.
    pub inboxes: Vec<InboxKey>,
    /// Mail hidden for one of these reasons is not told: whoever made the webhook could not see it.
    pub unseen: Hidden,
    /// For how many seconds arrivals in one thread are gathered into one delivery; `None` for not at all.
    pub gather: Option<u32>,
    /// Whether events are posted.
    pub enabled: bool,
    /// Why the server disabled it.
    pub disabled_reason: Option<String>,
    /// Since when every attempt has failed.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What decides whether an event is for a webhook.
#[derive(Clone, Copy, Debug)]
pub struct EventFacts {
    /// What happened; `None` for a kind that this server does not know.
    pub kind: Option<EventKind>,
    /// The pod it happened in.
    pub pod_id: Option<PodId>,
    /// The inbox it happened in.
    pub inbox_key: Option<InboxKey>,
    /// Why a reader without special rights must not see it.
    pub hidden: Hidden,
}

impl Webhook {
    /// How long the delivery of an event waits for others of its thread; `None` for one that is posted
    /// at once.
    #[must_use]
    pub fn gathers_for(&self, event: &EventFacts) -> Option<Duration> {
        let seconds = self.gather?;
        let arrives = event.kind.is_some_and(EventKind::is_arrival);
        arrives.then(|| Duration::from_secs(u64::from(seconds)))
    }

    /// Whether an event is for this webhook.
    #[must_use]
    pub fn wants(&self, event: &EventFacts) -> bool {
        let Some(kind) = event.kind else {
            return false;
        };
        let named = match &self.kinds {
            Some(kinds) => kinds.contains(&kind),
            None => !kind.must_be_named(),
        };
        let within = match self.scope {
            Scope::Org => true,
            Scope::Pod(own) => event.pod_id == Some(own),
            Scope::Inbox(_, own) => event.inbox_key == Some(own),
        };
        let anywhere = self.pods.is_empty() && self.inboxes.is_empty();
        let pod = event.pod_id.is_some_and(|pod| self.pods.contains(&pod));
        let inbox = event
            .inbox_key
            .is_some_and(|key| self.inboxes.contains(&key));
        let seen = event.hidden.bits() & self.unseen.bits() == 0;
        named && within && seen && (anywhere || pod || inbox)
    }
}

/// The delivery of one event to one webhook.
#[derive(Clone, Debug)]
pub struct HookDelivery {
    /// Its id, which receivers see.
    pub delivery_id: DeliveryId,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// The event.
    pub event_id: EventId,
    /// Its position in the log; 0 for a test, which is in no log.
    pub seq: i64,
    /// The name of its kind.
    pub kind: String,
    /// How it stands.
    pub state: HookState,
    /// How often it was tried in all.
    pub attempts: i64,
    /// How often since it was last asked for: what the schedule counts.
    pub tries: i64,
    /// When it is tried next.
    pub due_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    pub status: Option<i64>,
    /// What went wrong the last time.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last tried or asked for.
    pub updated_at: Timestamp,
    /// The delivery that tells of this event too.
    pub gathered_in: Option<DeliveryId>,
    /// How many further arrivals it tells of.
    pub gathered: i64,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookState {
    /// It will be tried.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
    /// The webhook was disabled before it was delivered.
    Cancelled,
    /// Another delivery tells of its event.
    Gathered,
}

impl HookState {
    /// The name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Gathered => "gathered",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Pending,
            Self::Delivered,
            Self::Failed,
            Self::Cancelled,
            Self::Gathered,
        ]
        .into_iter()
        .find(|state| state.name() == name)
    }
}

/// One try of a delivery.
#[derive(Clone, Debug)]
pub struct HookAttempt {
    /// Which try of the delivery, from one.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in microseconds.
    pub micros: i64,
    /// The HTTP status, if an answer came.
    pub status: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
    /// The start of the answer's body.
    pub answer: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook() -> Webhook {
        let at = Timestamp::from_micros(0);
        Webhook {
            webhook_id: WebhookId::new(Uuid::from_u128(1)),
            org_id: OrgId::new(Uuid::from_u128(2)),
            scope: Scope::Org,
            url: String::new(),
            client_id: None,
            kinds: None,
            pods: Vec::new(),
            inboxes: Vec::new(),
            unseen: Hidden::NONE,
            gather: None,
            enabled: true,
            disabled_reason: None,
            failing_since: None,
            created_at: at,
            updated_at: at,
        }
    }

    const fn pod(n: u128) -> PodId {
        PodId::new(Uuid::from_u128(n))
    }

    const fn inbox(n: u128) -> InboxKey {
        InboxKey::new(Uuid::from_u128(n))
    }

    const EVENT: EventFacts = EventFacts {
        kind: Some(EventKind::MessageReceived),
        pod_id: Some(pod(1)),
        inbox_key: Some(inbox(1)),
        hidden: Hidden::NONE,
    };

    #[test]
    fn an_event_is_for_those_who_reach_it_and_asked_for_its_kind() {
        let all = webhook();
        assert!(all.wants(&EVENT));
        for (scope, wanted) in [
            (Scope::Pod(pod(1)), true),
            (Scope::Pod(pod(2)), false),
            (Scope::Inbox(pod(1), inbox(1)), true),
            (Scope::Inbox(pod(1), inbox(2)), false),
        ] {
            assert_eq!(Webhook { scope, ..webhook() }.wants(&EVENT), wanted);
        }
        let whole = EventFacts {
            pod_id: None,
            inbox_key: None,
            ..EVENT
        };
        let in_pod = Webhook {
            scope: Scope::Pod(pod(1)),
            ..webhook()
        };
        assert!(all.wants(&whole) && !in_pod.wants(&whole));
        let sent = Webhook {
            kinds: Some(vec![EventKind::MessageSent]),
            ..webhook()
        };
        assert!(!sent.wants(&EVENT));
        assert!(!all.wants(&EventFacts {
            kind: None,
            ..EVENT
        }));
    }

    #[test]
    fn any_pod_or_inbox_of_the_filter_is_enough() {
        for (pods, inboxes, wanted) in [
            (vec![], vec![], true),
            (vec![pod(1)], vec![inbox(9)], true),
            (vec![pod(9)], vec![inbox(1)], true),
            (vec![pod(9)], vec![], false),
            (vec![], vec![inbox(9)], false),
        ] {
            let narrowed = Webhook {
                pods,
                inboxes,
                ..webhook()
            };
            assert_eq!(narrowed.wants(&EVENT), wanted, "{narrowed:?}");
        }
    }

    #[test]
    fn hidden_mail_and_notices_about_webhooks_need_more_than_all() {
        let spam = EventFacts {
            kind: Some(EventKind::MessageReceivedSpam),
            hidden: Hidden::SPAM,
            ..EVENT
        };
        let blind = Webhook {
            unseen: Hidden::SPAM,
            ..webhook()
        };
        assert!(webhook().wants(&spam) && !blind.wants(&spam));
        let notice = EventFacts {
            kind: Some(EventKind::WebhookDisabled),
            ..EVENT
        };
        let asked = Webhook {
            kinds: Some(vec![EventKind::WebhookDisabled]),
            ..webhook()
        };
        assert!(!webhook().wants(&notice) && asked.wants(&notice));
    }

    #[test]
    fn only_arrivals_wait_for_others_of_their_thread() {
        let gathers = Webhook {
            gather: Some(30),
            ..webhook()
        };
        for kind in EventKind::ALL {
            let event = EventFacts {
                kind: Some(kind),
                ..EVENT
            };
            let waits = kind.name().starts_with("message.received");
            let expected = waits.then(|| Duration::from_secs(30));
            assert_eq!(gathers.gathers_for(&event), expected, "{kind:?}");
            assert_eq!(webhook().gathers_for(&event), None);
        }
    }

    #[test]
    fn ids_are_read_as_they_are_written_and_in_no_other_form() {
        let id = WebhookId::new(Uuid::from_u128(77));
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "ep_",
            "ep_1",
            "polling",
            &id.to_string().replace("ep_", "msg_"),
        ] {
            assert!(text.parse::<WebhookId>().is_err(), "{text}");
        }
        let dashed = format!("ep_{}", Uuid::from_u128(77));
        assert!(dashed.parse::<WebhookId>().is_err());
    }
}
