//! Drafts: messages that wait for somebody, or for their time.

use mail::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::label::Labels;
use crate::message::{Attachment, People};
use crate::{DraftId, InboxId, InboxKey, MessageKey, OrgId, PodId, ThreadId};

/// A message that was not sent yet, without its bodies.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id.
    pub draft_id: DraftId,
    /// The organisation.
    pub org_id: OrgId,
    /// The pod.
    pub pod_id: PodId,
    /// The inbox's row.
    pub inbox_key: InboxKey,
    /// The inbox's address.
    pub inbox_id: InboxId,
    /// The caller's own id for it, which makes creating it idempotent within the inbox.
    pub client_id: Option<String>,
    /// Its labels: always `draft`, and `scheduled` while a time is pending.
    pub labels: Labels,
    /// Whom it goes to, and where replies to it go. Every name was checked and can be sent to.
    pub people: People,
    /// The subject.
    pub subject: Option<String>,
    /// The start of the text.
    pub preview: Option<String>,
    /// Its attachments.
    pub files: Vec<DraftFile>,
    /// The message it answers or forwards. Fixed when the draft is made.
    pub source: Option<Source>,
    /// When it goes by itself.
    pub send_at: Option<Timestamp>,
    /// How far its sending by itself has come.
    pub status: Option<SendStatus>,
    /// Why it could not be sent, while the status says so.
    pub send_error: Option<String>,
    /// Counts the changes: whoever writes must have read the newest.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed: its place in lists.
    pub updated_at: Timestamp,
}

/// A file of a draft, whose bytes are kept apart from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftFile {
    /// What is shown of it.
    #[serde(flatten)]
    pub shown: Attachment,
    /// The name of its bytes: 64 hexadecimal digits.
    pub blob: String,
}

/// What a draft does with another message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Answers it.
    Reply,
    /// Sends it on.
    Forward,
}

/// The message that a draft answers or forwards, as it was when the draft was made; it may be gone.
#[derive(Clone, Debug)]
pub struct Source {
    /// What is done with it.
    pub purpose: Purpose,
    /// Its row.
    pub key: MessageKey,
    /// Its public id.
    pub message_id: MessageId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// The ancestors of what will be sent, oldest first; the last is the message itself under the
    /// id that its correspondents know.
    pub references: Vec<MessageId>,
}

/// How far a scheduled draft has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendStatus {
    /// Waits for its time.
    Scheduled,
    /// Is being sent: nobody else may change it.
    Sending,
    /// Could not be sent; a new time makes it try again.
    Failed,
}

impl SendStatus {
    /// The name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Sending => "sending",
            Self::Failed => "failed",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Scheduled, Self::Sending, Self::Failed]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

impl Purpose {
    /// The name in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Forward => "forward",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Reply, Self::Forward]
            .into_iter()
            .find(|purpose| purpose.name() == name)
    }
}
