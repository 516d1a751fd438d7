//! Messages.

use serde::{Deserialize, Serialize};

use crate::{
    AgentArmorResult, Attachment, Authentication, Codes, Fact, Headers, OneOrMany, Screen,
    SendAttachment, SenderIdentity,
};

/// A message with its bodies, as `get` and events give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox.
    pub inbox_id: String,
    /// The thread.
    pub thread_id: String,
    /// The Message-ID with its angle brackets (RFC 5322 §3.6.4).
    pub message_id: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// When it was received or sent.
    pub timestamp: String,
    /// The author, as `Name <address>` or the bare address.
    #[serde(rename = "from")]
    pub from_: String,
    /// Where replies go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<String>,
    /// To; there even when empty.
    pub to: Vec<String>,
    /// Cc
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Bcc, known only of what the inbox itself sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The start of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// The text as received, quotes included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML as received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The new part of the text, without quotes and signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extracted_text: Option<String>,
    /// The new part of the HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extracted_html: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The Message-ID it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The Message-IDs of its ancestors, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Its header fields.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
    /// Who sent it, of received mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// What kind of mail it says it is, of received mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Whether it looks unwanted, of received mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spam: Option<Spam>,
    /// What Agent Armor says, of received mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_armor: Option<AgentArmorResult>,
    /// What it rests on. Ours: AgentMail shows no findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<Screen>,
    /// Who wrote it, as the inbox saw it when it arrived. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<SenderIdentity>,
    /// What it offers for signing up or in, of received mail that offers something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Codes>,
    /// Octets of the raw message.
    pub size: i64,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// A message without its bodies, as lists give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageItem {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox.
    pub inbox_id: String,
    /// The thread.
    pub thread_id: String,
    /// The Message-ID with its angle brackets (RFC 5322 §3.6.4).
    pub message_id: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// When it was received or sent.
    pub timestamp: String,
    /// The author, as `Name <address>` or the bare address.
    #[serde(rename = "from")]
    pub from_: String,
    /// To; there even when empty.
    pub to: Vec<String>,
    /// Cc
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Bcc, known only of what the inbox itself sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The start of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The Message-ID it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The Message-IDs of its ancestors, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Its header fields.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
    /// What Agent Armor says, of received mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_armor: Option<AgentArmorResult>,
    /// Octets of the raw message.
    pub size: i64,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// `inboxes.messages.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListMessagesResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub messages: Vec<MessageItem>,
}

/// `inboxes.messages.send` and `inboxes.messages.forward`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessageRequest {
    /// Labels for the sent message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<OneOrMany>,
    /// Where replies go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<OneOrMany>,
    /// To
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<OneOrMany>,
    /// Cc
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cc: Option<OneOrMany>,
    /// Bcc
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bcc: Option<OneOrMany>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<SendAttachment>>,
    /// Further header fields. A `null` value is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
    /// Whether to note when it is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track_opens: Option<bool>,
}

/// `inboxes.messages.reply`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyToMessageRequest {
    /// Labels for the sent message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<OneOrMany>,
    /// Where replies go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<OneOrMany>,
    /// To, instead of the derived recipients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<OneOrMany>,
    /// Cc, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cc: Option<OneOrMany>,
    /// Bcc, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bcc: Option<OneOrMany>,
    /// Whether to answer all, as `reply_all` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_all: Option<bool>,
    /// The subject, instead of the derived one. No SDK has it; one of the guides does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<SendAttachment>>,
    /// Further header fields. A `null` value is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
    /// Whether to note when it is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track_opens: Option<bool>,
    /// Whether to answer even what machines sent, and to go on where they answer one another: for
    /// keys with `loop_override`. Ours; no SDK has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// `inboxes.messages.reply_all`; the recipients follow from the message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyAllMessageRequest {
    /// Labels for the sent message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<OneOrMany>,
    /// Where replies go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<OneOrMany>,
    /// The subject, instead of the derived one. No SDK has it; one of the guides does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<SendAttachment>>,
    /// Further header fields. A `null` value is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
    /// Whether to note when it is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track_opens: Option<bool>,
    /// Whether to answer even what machines sent, and to go on where they answer one another: for
    /// keys with `loop_override`. Ours; no SDK has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// What sending gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessageResponse {
    /// The Message-ID of the sent message.
    pub message_id: String,
    /// Its thread.
    pub thread_id: String,
}

/// `inboxes.messages.update`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateMessageRequest {
    /// Labels to add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_labels: Option<OneOrMany>,
    /// Labels to take away; wins over `add_labels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_labels: Option<OneOrMany>,
}

/// What `update` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateMessageResponse {
    /// The message.
    pub message_id: String,
    /// All its labels now.
    pub labels: Vec<String>,
}

/// `inboxes.messages.get_raw`: where the message as received is. The URL needs no credential until
/// it expires, so it is a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawMessageResponse {
    /// The message.
    pub message_id: String,
    /// Octets.
    pub size: i64,
    /// Where they are.
    pub download_url: String,
    /// Until when the URL works.
    pub expires_at: String,
}

/// The members of [`Message`] that can be large, apart from the rest: an event is put together from
/// both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MessageBody {
    /// The text as received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML as received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The new part of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extracted_text: Option<String>,
    /// The new part of the HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extracted_html: Option<String>,
    /// The header fields.
    #[serde(skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
    /// Who sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// What kind of mail it says it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Whether it looks unwanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spam: Option<Spam>,
    /// What it offers for signing up or in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<Codes>,
}

/// What speaks for a message being unwanted. Ours: AgentMail only says it with the label `spam`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spam {
    /// The points of all signals.
    pub score: u32,
    /// How many make the label `spam`.
    pub threshold: u32,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Signal>,
}

/// One thing that speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// A code.
    pub code: String,
    /// How much it counts.
    pub points: u32,
    /// What was found, for people.
    pub detail: String,
}
