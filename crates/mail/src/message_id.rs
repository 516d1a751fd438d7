//! The identifier of a message.

use std::fmt;

/// A Message-ID (RFC 5322 §3.6.4) with its angle brackets, as the API shows it.
///
/// Received ids are often not what the grammar asks for; anything without white space, control
/// characters or further angle brackets is taken. Equality is by octet: correspondents compare
/// that way when they thread.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(String);

/// Octets an id may have with its brackets: what fits a line (RFC 5322 §2.1.1).
const MAX_LEN: usize = 998;

impl MessageId {
    /// Reads an id, with or without its angle brackets and with white space around it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let inner = text
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .unwrap_or(text);
        let valid = !inner.is_empty()
            && inner.len() + 2 <= MAX_LEN
            && !inner
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == '<' || c == '>');
        valid.then(|| Self(format!("<{inner}>")))
    }

    /// The id with its angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id without its angle brackets.
    #[must_use]
    pub fn bare(&self) -> &str {
        self.0
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .unwrap_or(&self.0)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_optional_in_and_always_there_out() {
        for text in ["<a@b>", "a@b", " <a@b> "] {
            assert_eq!(MessageId::parse(text).unwrap().as_str(), "<a@b>");
        }
        assert_eq!(MessageId::parse("a@b").unwrap().bare(), "a@b");
    }

    #[test]
    fn ids_that_could_break_a_header_are_refused() {
        for text in [
            "",
            "<>",
            "a b@c",
            "a@b\r\nX: y",
            "a@b\0",
            "<a@b><c@d>",
            "a<b",
        ] {
            assert_eq!(MessageId::parse(text), None, "{text:?}");
        }
        assert!(MessageId::parse(&"a".repeat(996)).is_some());
        assert!(MessageId::parse(&"a".repeat(997)).is_none());
    }
}
