//! Messages as stored.

use mail::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::authentication::Authentication;
use crate::fact::Fact;
use crate::identity::Identity;
use crate::label::Labels;
use crate::screened::Screened;
use crate::{AttachmentId, InboxId, InboxKey, MessageKey, OrgId, PodId, ThreadId};

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the inbox.
    Received,
    /// Out of it.
    Sent,
}

impl Direction {
    /// The label every message of this direction carries.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
        }
    }
}

/// One message in one inbox, without its bodies.
#[derive(Clone, Debug)]
pub struct Message {
    /// The row that other rows refer to; sorts by time.
    pub key: MessageKey,
    /// The organisation.
    pub org_id: OrgId,
    /// The pod.
    pub pod_id: PodId,
    /// The inbox's row.
    pub inbox_key: InboxKey,
    /// The inbox's address.
    pub inbox_id: InboxId,
    /// The thread.
    pub thread_id: ThreadId,
    /// The public id: the mail's Message-ID, or a minted one when the mail has none or another
    /// mail of the inbox has it already.
    pub message_id: MessageId,
    /// Which way it went.
    pub direction: Direction,
    /// When it was received or sent.
    pub at: Timestamp,
    /// Its labels.
    pub labels: Labels,
    /// From, as `Name <address>` or the bare address.
    pub from: String,
    /// Its other correspondents.
    pub people: People,
    /// The subject.
    pub subject: Option<String>,
    /// The start of the text.
    pub preview: Option<String>,
    /// The parent it names.
    pub in_reply_to: Option<MessageId>,
    /// The ancestors it names, oldest first.
    pub references: Vec<MessageId>,
    /// Its attachments.
    pub attachments: Vec<Attachment>,
    /// Octets of the raw message.
    pub size: i64,
    /// What the screen said when it arrived; `None` for sent mail and where it was off.
    pub screened: Option<Screened>,
    /// Who wrote it, as the inbox saw it then; `None` for sent mail.
    pub identity: Option<Identity>,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When the row was last changed.
    pub updated_at: Timestamp,
}

/// Everybody but the author, each as `Name <address>` or the bare address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// To
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Cc
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Bcc, known only of what the inbox itself sent
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// Reply-To
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<String>,
}

impl People {
    /// To, Cc and Bcc together.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        [&self.to, &self.cc, &self.bcc]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// How a message came to this server: what its timeline tells of that. All of it is bounded by the
/// doors; parts of it are what strangers said of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Which way.
    pub way: Way,
    /// The reverse path of mail that arrived; `None` for the null one, and for mail that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The recipient that led to the inbox. Never another one: it may be a blind copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The SMTP session, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// The API key that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The draft that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// For when the draft was scheduled, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<i64>,
    /// What the gate said, where that was more than to let it pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateRecord>,
}

/// What the gate said about a message that left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRecord {
    /// Mail of strangers that the sending key had been shown, by public ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tainted_by: Vec<String>,
    /// That it was held, and who let it leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<ApprovedRecord>,
}

/// That a message was held and approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedRecord {
    /// The id of the approval.
    pub approval: String,
    /// When it was held, in microseconds.
    pub held_at: i64,
    /// The rules that held it.
    pub rules: Vec<String>,
    /// Who approved it.
    pub by: String,
}

impl Origin {
    /// One of which no more is known.
    #[must_use]
    pub const fn of(way: Way) -> Self {
        Self {
            way,
            from: None,
            recipient: None,
            session: None,
            key: None,
            draft: None,
            scheduled_for: None,
            gate: None,
        }
    }
}

/// By which door a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// From another server, over SMTP.
    Smtp,
    /// From another inbox of this server.
    Inbox,
    /// This server wrote it: a notice of a bounce or a delay.
    Server,
    /// A request of the API sent it.
    Api,
    /// A program that logged in over SMTP sent it.
    Submission,
}

impl Way {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Inbox => "inbox",
            Self::Server => "server",
            Self::Api => "api",
            Self::Submission => "submission",
        }
    }
}

/// One SMTP session with a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id, as in log lines and in the `Received` field.
    pub id: String,
    /// The address of the client.
    pub peer: String,
    /// What the client called itself.
    pub helo: String,
    /// Such as `ESMTPS`, as in the `Received` field.
    pub protocol: String,
    /// Version and cipher; `None` without encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
}

/// What is known of an attachment without opening the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its public id, as text.
    #[serde(rename = "id", with = "as_text")]
    pub attachment_id: AttachmentId,
    /// Which part of the raw message it is, for `mail::parse::attachment`.
    pub part: usize,
    /// The name it came with, without folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `inline` or `attachment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// What `cid:` links call it, without brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Decoded octets.
    pub size: i64,
}

mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::AttachmentId;

    pub fn serialize<S: Serializer>(id: &AttachmentId, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AttachmentId, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The readable part of a message: what `get` shows and lists leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The text as received, quotes included; made from the HTML when there was no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML as received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The new part of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extracted_text: Option<String>,
    /// The new part of the HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extracted_html: Option<String>,
    /// Every header field in order, decoded and unfolded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Who sent it, as far as that was found out when it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// What kind of mail it says it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Whether it looks unwanted; absent when nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spam: Option<Spam>,
    /// What it offers for signing up or in; absent when nobody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Codes>,
}

/// One-time codes and links of a message, as they were found when it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    /// The one code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<OneTimeCode>,
    /// The one link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<ActionLink>,
    /// Until when they hold, in microseconds, where the message says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

impl Codes {
    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.code.is_none() && self.link.is_none()
    }
}

/// A code to be typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeCode {
    /// The code.
    pub value: String,
    /// Where it stood, as `mail::codes::Place::name` has it.
    pub place: String,
    /// From 0 to 100.
    pub confidence: u8,
    /// The site it is for, where that is said in a form made for machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether a good signature of that site's domain covers it.
    #[serde(default)]
    pub origin_proven: bool,
}

/// A link to be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionLink {
    /// Its address, verbatim.
    pub url: String,
    /// What it does, as `mail::codes::LinkKind::name` has it.
    pub kind: String,
    /// From 0 to 100.
    pub confidence: u8,
}

/// What speaks for a message being unwanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spam {
    /// The points of all signals.
    pub score: u32,
    /// How many make a message spam.
    pub threshold: u32,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Signal>,
}

impl Spam {
    /// Whether it is spam.
    #[must_use]
    pub const fn is_spam(&self) -> bool {
        self.score >= self.threshold
    }
}

/// One thing that speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// A code.
    pub code: String,
    /// How much it counts.
    pub points: u32,
    /// What was found, for people. Parts of it may come from strangers.
    pub detail: String,
}
