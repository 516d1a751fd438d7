//! Mail as it may be put before a model. Ours: AgentMail has nothing like it.
//!
//! Every text that a stranger wrote stands between the marks that `boundary` names, in JSON too.

use serde::{Deserialize, Serialize};

/// `inboxes.messages.get_view`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// The name of the marks, drawn anew for this answer.
    pub boundary: String,
    /// What they mean, for the model.
    pub notice: String,
    /// The message.
    pub message: ViewedMessage,
}

/// `threads.get_view`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadView {
    /// The name of the marks, drawn anew for this answer.
    pub boundary: String,
    /// What they mean, for the model.
    pub notice: String,
    /// The inbox.
    pub inbox_id: String,
    /// The thread.
    pub thread_id: String,
    /// Its subject, between marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How many messages it has.
    pub message_count: i64,
    /// How many older ones are not in this view.
    pub omitted_messages: i64,
    /// The newest, oldest first.
    pub messages: Vec<ViewedMessage>,
}

/// A message as a model sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewedMessage {
    /// The inbox.
    pub inbox_id: String,
    /// The thread.
    pub thread_id: String,
    /// The Message-ID, which its sender chose: between marks.
    pub message_id: String,
    /// `received` or `sent`.
    pub direction: String,
    /// When.
    pub timestamp: String,
    /// The author, between marks.
    #[serde(rename = "from")]
    pub from_: String,
    /// Each between marks.
    pub to: Vec<String>,
    /// Each between marks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Between marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the server knows of who sent it, of received mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<ViewedSender>,
    /// `clear`, `review` or `unavailable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Why it is to be reviewed, as codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Text that a person does not see, which is left out here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<HiddenParts>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<ViewedAttachment>,
    /// Whether the message has more text than is here.
    pub truncated: bool,
    /// What is new in it and seen by a person, between marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What the server knows of a sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewedSender {
    /// Whether the address in From is that of who sent it.
    pub proven: bool,
    /// Why that is believed or not, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `suspicious`, `unproven`, `in_thread`, `new` or `known`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<String>,
    /// Somebody known whom they may be taken for, between marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_alike: Option<String>,
}

/// Text that was left out because a person does not see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiddenParts {
    /// How many pieces, at most eight.
    pub count: usize,
    /// How they were hidden, as codes.
    pub techniques: Vec<String>,
}

/// An attachment as a model sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewedAttachment {
    /// Its id.
    pub attachment_id: String,
    /// Between marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Between marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Octets.
    pub size: i64,
}
