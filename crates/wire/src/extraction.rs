//! The parts of a message's text. Ours; AgentMail has nothing like it.

use serde::{Deserialize, Serialize};

/// `inboxes.messages.get_extraction`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extraction {
    /// The inbox.
    pub inbox_id: String,
    /// The thread.
    pub thread_id: String,
    /// The message.
    pub message_id: String,
    /// By what its history was known: `nothing_quoted`, `quote_marks`, `attribution`, `header`,
    /// `earlier_messages` or `forward`.
    pub method: String,
    /// From 0 to 100; an order, not a probability.
    pub confidence: u8,
    /// How many messages that it answers were at hand to compare with.
    pub earlier_messages: usize,
    /// The parts of `text`, in its order, with nothing but blank lines between them.
    pub spans: Vec<TextSpan>,
    /// The message that it forwards inside its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<ForwardedMessage>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextSpan {
    /// `reply`, `quote`, `signature`, `disclaimer` or `forwarded`.
    pub kind: String,
    /// Where it begins in `text`, in characters (Unicode code points).
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Its words.
    pub text: String,
}

/// A message inside another one, as the one who forwards it shows it: nobody has checked a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardedMessage {
    /// What was written above it, perhaps nothing.
    pub note: String,
    /// Who is said to have written it, as `Name <address>`, the bare address or a name alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// To
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Cc
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Its date, as written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
    /// What stands below it, where its end shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<String>,
}
