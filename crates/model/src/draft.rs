//! Drafts: messages that are not sent yet.
