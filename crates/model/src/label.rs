//! Labels: the state of a message that its readers and the server write on it.

use std::collections::BTreeSet;

use crate::Permission;
use crate::error::{Error, Result};

/// One label: lower case, trimmed, 1 to 256 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

/// Labels only the server may set or clear.
const PROTECTED: [&str; 11] = [
    "received",
    "sent",
    "bounced",
    "complained",
    "delayed",
    "delivered",
    "rejected",
    "opened",
    "scheduled",
    crate::armor::HELD,
    "approval-pending",
];

/// How many labels a message may carry.
pub const MAX_LABELS: usize = 256;

impl Label {
    /// Reads a label as a caller wrote it.
    ///
    /// # Errors
    /// `validation_error` when it is empty, longer than 256 characters or has control characters.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim().to_lowercase();
        let length = text.chars().count();
        if length == 0 || length > 256 || text.chars().any(char::is_control) {
            return Err(Error::invalid(
                "labels",
                "invalid_value",
                "A label has 1 to 256 characters and no control characters",
            ));
        }
        Ok(Self(text))
    }

    /// Reads a label that a caller wants to set or clear, which must not be the server's own.
    ///
    /// # Errors
    /// `validation_error` as for [`Label::parse`], or naming the system label.
    pub fn parse_settable(text: &str) -> Result<Self> {
        let label = Self::parse(text)?;
        if PROTECTED.contains(&label.as_str()) {
            return Err(Error::invalid(
                "labels",
                "invalid_value",
                format!("Cannot use system label: {label}", label = label.0),
            )
            .fix("Choose another name; this one follows from what happens to the message."));
        }
        Ok(label)
    }

    /// One of the server's own labels.
    #[must_use]
    pub fn system(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The labels of one message or thread: a sorted set.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Labels(BTreeSet<Label>);

impl Labels {
    /// Reads the stored form, one label a line.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.lines().map(|line| Label(line.to_owned())).collect())
    }

    /// The stored form, one label a line.
    #[must_use]
    pub fn to_stored(&self) -> String {
        let lines: Vec<&str> = self.0.iter().map(Label::as_str).collect();
        lines.join("\n")
    }

    /// Adds a label; whether it was new.
    pub fn insert(&mut self, label: Label) -> bool {
        self.0.insert(label)
    }

    /// Takes a label away; whether it was there.
    pub fn remove(&mut self, label: &Label) -> bool {
        self.0.remove(label)
    }

    /// Whether the label is there.
    #[must_use]
    pub fn contains(&self, label: &Label) -> bool {
        self.0.contains(label)
    }

    /// The labels in order.
    pub fn iter(&self) -> impl Iterator<Item = &Label> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why a reader who did not ask for it does not see a message with these labels.
    #[must_use]
    pub fn hidden(&self) -> Hidden {
        Hidden::ALL
            .iter()
            .filter(|(label, _, _)| self.0.iter().any(|own| own.as_str() == *label))
            .fold(self.held(), |set, (_, bit, _)| set.with(*bit))
    }

    fn held(&self) -> Hidden {
        let is_held = self.0.iter().any(|own| own.as_str() == crate::armor::HELD);
        if is_held { Hidden::HELD } else { Hidden::NONE }
    }
}

impl FromIterator<Label> for Labels {
    fn from_iter<T: IntoIterator<Item = Label>>(labels: T) -> Self {
        Self(labels.into_iter().collect())
    }
}

/// A set of the five reasons for which lists leave a message out unless asked:
/// spam, blocked, unauthenticated, trash, held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Hidden(i64);

impl Hidden {
    /// Not hidden.
    pub const NONE: Self = Self(0);
    /// Label `spam`.
    pub const SPAM: Self = Self(1);
    /// Label `blocked`.
    pub const BLOCKED: Self = Self(2);
    /// Label `unauthenticated`.
    pub const UNAUTHENTICATED: Self = Self(4);
    /// Label `trash`.
    pub const TRASH: Self = Self(8);
    /// Label `agent-armor-held`. Every reader may see it, and is shown it where they ask for the
    /// label.
    pub const HELD: Self = Self(16);
    /// Every reason.
    pub const EVERY: Self = Self(31);

    /// Each reason that takes a right to see, with its label and the right.
    pub const ALL: [(&'static str, Self, Permission); 4] = [
        ("spam", Self::SPAM, Permission::LabelSpamRead),
        ("blocked", Self::BLOCKED, Permission::LabelBlockedRead),
        (
            "unauthenticated",
            Self::UNAUTHENTICATED,
            Permission::LabelUnauthenticatedRead,
        ),
        ("trash", Self::TRASH, Permission::LabelTrashRead),
    ];

    /// Reads the stored bits.
    #[must_use]
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits & Self::EVERY.0)
    }

    /// The stored bits.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set but for what is in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is shown where these labels are asked for: what is held hides from no one who asks.
    #[must_use]
    pub fn asked_for(self, labels: &[String]) -> Self {
        if labels.iter().any(|label| label == crate::armor::HELD) {
            self.with(Self::HELD)
        } else {
            self
        }
    }

    /// Whether every reason of this set is also in `other`.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_folded_and_bounded() {
        assert_eq!(Label::parse("  Follow-Up ").unwrap().as_str(), "follow-up");
        for bad in ["", "   ", "a\nb", "a\0", &"x".repeat(257)] {
            assert!(Label::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_servers_own_labels_cannot_be_set() {
        let error = Label::parse_settable("Sent").unwrap_err();
        assert_eq!(error.detail(), "Cannot use system label: sent");
        assert!(Label::parse_settable("unread").is_ok());
        assert!(Label::parse_settable("trash").is_ok());
    }

    #[test]
    fn the_stored_form_reads_back() {
        let labels: Labels = ["b", "a b", "trash"]
            .map(|l| Label::parse(l).unwrap())
            .into_iter()
            .collect();
        assert_eq!(Labels::from_stored(&labels.to_stored()), labels);
        assert_eq!(Labels::from_stored(""), Labels::default());
        assert_eq!(labels.hidden(), Hidden::TRASH);
    }
}
