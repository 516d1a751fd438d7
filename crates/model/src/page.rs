//! What a caller asks of a list.

use mail::Timestamp;

use crate::Hidden;

/// How many items a list gives when nobody says.
pub const DEFAULT_LIMIT: usize = 20;
/// How many items a list gives at most.
pub const MAX_LIMIT: usize = 100;

/// One page of any list.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The number of items asked for; `None` takes [`DEFAULT_LIMIT`].
    pub limit: Option<usize>,
    /// Where the page before ended: the opaque token it gave.
    pub token: Option<String>,
    /// Oldest first.
    pub ascending: bool,
}

impl Page {
    /// The number of items this page holds at most.
    #[must_use]
    pub fn size(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
    }
}

/// Which messages of an inbox a list shows. Every part must hold.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    /// The page.
    pub page: Page,
    /// Labels the message must all carry.
    pub labels: Vec<String>,
    /// Only earlier than this.
    pub before: Option<Timestamp>,
    /// Only at or later than this.
    pub after: Option<Timestamp>,
    /// Which otherwise hidden messages are shown too.
    pub include: Hidden,
    /// Parts of From, each of which must occur.
    pub from: Vec<String>,
    /// Parts of To, Cc and Bcc, each of which must occur.
    pub to: Vec<String>,
    /// Parts of the subject, each of which must occur.
    pub subject: Vec<String>,
}

/// Which threads a list shows. Every part must hold.
#[derive(Clone, Debug, Default)]
pub struct ThreadFilter {
    /// The page.
    pub page: Page,
    /// Labels that messages of the thread must carry between them.
    pub labels: Vec<String>,
    /// Only threads whose place in the list is earlier than this.
    pub before: Option<Timestamp>,
    /// Only threads whose place in the list is at or later than this.
    pub after: Option<Timestamp>,
    /// Which otherwise hidden threads are shown too.
    pub include: Hidden,
    /// Parts of the senders, each of which must occur.
    pub senders: Vec<String>,
    /// Parts of the recipients, each of which must occur.
    pub recipients: Vec<String>,
    /// Parts of the subject, each of which must occur.
    pub subject: Vec<String>,
}

/// A search, of messages or of threads.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The page.
    pub page: Page,
    /// What somebody typed.
    pub q: String,
    /// Only messages earlier than this.
    pub before: Option<Timestamp>,
    /// Only messages at or later than this.
    pub after: Option<Timestamp>,
}

/// Which drafts a list shows. Every part must hold.
#[derive(Clone, Debug, Default)]
pub struct DraftFilter {
    /// The page.
    pub page: Page,
    /// Labels the draft must all carry.
    pub labels: Vec<String>,
    /// Only drafts last changed before this.
    pub before: Option<Timestamp>,
    /// Only drafts last changed at or after this.
    pub after: Option<Timestamp>,
}
