//! Threads as stored.

use mail::{MessageId, Timestamp};

use crate::label::Labels;
use crate::message::Attachment;
use crate::{InboxId, OrgId, PodId, ThreadId};

/// A conversation inside one inbox, without its messages.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its id.
    pub thread_id: ThreadId,
    /// The organisation.
    pub org_id: OrgId,
    /// The pod.
    pub pod_id: PodId,
    /// The inbox's address.
    pub inbox_id: InboxId,
    /// The labels its messages carry between them.
    pub labels: Labels,
    /// The newest message, either way.
    pub at: Timestamp,
    /// The newest received message.
    pub received_at: Option<Timestamp>,
    /// The newest sent message.
    pub sent_at: Option<Timestamp>,
    /// Distinct From values, first seen first.
    pub senders: Vec<String>,
    /// Distinct To, Cc and Bcc values, first seen first.
    pub recipients: Vec<String>,
    /// The subject of its first message.
    pub subject: Option<String>,
    /// The start of its newest message.
    pub preview: Option<String>,
    /// The attachments of all its messages.
    pub attachments: Vec<Attachment>,
    /// Its newest message.
    pub last_message_id: MessageId,
    /// How many messages it holds.
    pub message_count: i64,
    /// Octets of all its raw messages.
    pub size: i64,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When the row was last changed.
    pub updated_at: Timestamp,
}

impl Thread {
    /// How many distinct senders or recipients a thread remembers; a mailing list would otherwise
    /// make every new message rewrite all earlier names.
    pub const MAX_PEOPLE: usize = 100;
}
