//! What a person sees of a message's HTML, and what not. Ours; AgentMail has nothing like it.

use serde::{Deserialize, Serialize};

/// `inboxes.messages.get_page`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePage {
    /// The inbox.
    pub inbox_id: String,
    /// The thread.
    pub thread_id: String,
    /// The message.
    pub message_id: String,
    /// What `text` was made from: `html`, or `text` where the message has none.
    pub source: String,
    /// `text` or `markdown`.
    pub format: String,
    /// What a person sees.
    pub text: String,
    /// The links that can be seen, in order.
    pub links: Vec<PageLink>,
    /// The pictures that can be seen, in order.
    pub images: Vec<PageImage>,
    /// What a person does not see, in order.
    pub hidden: Vec<PageHidden>,
    /// Whether the text or a list was cut.
    pub truncated: bool,
}

/// A link of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageLink {
    /// Its words.
    pub text: String,
    /// Where it leads. The server never opens it.
    pub target: String,
    /// How words and target disagree: `host`, `redirect`, `mailbox`, `user` or `script`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<String>,
}

/// A picture of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageImage {
    /// The text in its place.
    pub alt: String,
    /// Its address. The server never loads it.
    pub source: String,
    /// The Content-ID of the part that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Whether it is too small to be seen.
    pub tracker: bool,
}

/// A text of a page that a person does not see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHidden {
    /// How it is hidden.
    pub technique: String,
    /// The honest form that the hiding has: `preheader`, `responsive`, `screen_reader` or `outlook`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// Its beginning.
    pub text: String,
    /// Where it begins, in characters of `html`.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}
