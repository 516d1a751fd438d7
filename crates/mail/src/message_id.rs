//! Message-IDs.

use std::fmt;

/// The value of a Message-ID field, with its angle brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Reads an id with or without its brackets.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.trim().trim_start_matches('<').trim_end_matches('>');
        let bad = inner.is_empty()
            || inner.len() > 996
            || inner
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || "<>".contains(c));
        (!bad).then(|| Self(format!("<{inner}>")))
    }

    /// With brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
