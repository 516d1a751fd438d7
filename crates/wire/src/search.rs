//! Searches.

use serde::{Deserialize, Serialize};

use crate::{Inbox, MessageItem, ThreadItem};

/// Where the words of a search were found, each match between `**`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchHighlights {
    /// From, if it matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Those of To, Cc and Bcc that match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// The subject, if it matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject: Vec<String>,
    /// Pieces of the text that match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<String>,
}

impl SearchHighlights {
    /// Whether nothing that is shown matches: the words may be in the name of a file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchMessageItem {
    /// The message as in lists.
    #[serde(flatten)]
    pub message: MessageItem,
    /// Where it matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highlights: Option<SearchHighlights>,
}

/// A thread that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchThreadItem {
    /// The thread as in lists.
    #[serde(flatten)]
    pub thread: ThreadItem,
    /// Where its best message matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highlights: Option<SearchHighlights>,
}

/// `inboxes.messages.search`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchMessagesResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page, best first.
    pub messages: Vec<SearchMessageItem>,
}

/// `*.threads.search`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchThreadsResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page, best first.
    pub threads: Vec<SearchThreadItem>,
}

/// `*.inboxes.search`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchInboxesResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub inboxes: Vec<Inbox>,
}
