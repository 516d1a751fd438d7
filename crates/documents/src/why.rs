//! Why a document has no text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a document has no text. The names are kept and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// Not a kind that is read: a picture, a program, a form of an old Office.
    Unsupported,
    /// It opens with a password only.
    Encrypted,
    /// It is larger than what is read.
    TooLarge,
    /// It is small and becomes huge: made to fill a reader's memory, or as good as.
    Inflates,
    /// Its elements stand deeper in each other than any program writes.
    TooDeep,
    /// Its XML declares entities or a document type, which no Office does.
    Entities,
    /// It is not what it says, or broken before any text.
    Damaged,
    /// It was read and there is no text in it, as in pages that are pictures.
    NoText,
    /// Reading took longer than allowed.
    OutOfTime,
    /// Reading took more memory than allowed, or the reader died of it.
    OutOfMemory,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Unsupported,
        Self::Encrypted,
        Self::TooLarge,
        Self::Inflates,
        Self::TooDeep,
        Self::Entities,
        Self::Damaged,
        Self::NoText,
        Self::OutOfTime,
        Self::OutOfMemory,
    ];

    /// The name, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Encrypted => "encrypted",
            Self::TooLarge => "too_large",
            Self::Inflates => "inflates",
            Self::TooDeep => "too_deep",
            Self::Entities => "entities",
            Self::Damaged => "damaged",
            Self::NoText => "no_text",
            Self::OutOfTime => "out_of_time",
            Self::OutOfMemory => "out_of_memory",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.name() == name)
    }
}

/// A sentence for whoever asked for the text.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "Files of this kind are not read",
            Self::Encrypted => "The document is encrypted and opens with a password only",
            Self::TooLarge => "The document is larger than what is read",
            Self::Inflates => "The document unpacks to far more than its size, so it was not read",
            Self::TooDeep => "The document is nested deeper than what is read",
            Self::Entities => "The document declares entities, which is not allowed in its format",
            Self::Damaged => "The document is damaged, or not of the kind that it claims to be",
            Self::NoText => "The document holds no text; its pages may be pictures",
            Self::OutOfTime => "Reading the document took too long",
            Self::OutOfMemory => "Reading the document took too much memory",
        })
    }
}

impl std::error::Error for Why {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_of_its_own_and_is_read_back() {
        for why in Why::ALL {
            assert_eq!(Why::parse(why.name()), Some(why));
            assert!(!why.to_string().is_empty());
        }
        assert_eq!(Why::parse("else"), None);
    }
}
