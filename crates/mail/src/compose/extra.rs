//! Values a caller may choose freely, made safe for a header.

use std::fmt;

/// Octets of a header's name and of its value.
const MAX_NAME: usize = 76;
const MAX_VALUE: usize = 16 * 1024;

/// Fields this crate writes itself, or that only a mail system may write.
const OWNED: &[&str] = &[
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "received",
    "return-path",
    "delivered-to",
    "dkim-signature",
    "authentication-results",
    "received-spf",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-bcc",
    "resent-date",
    "resent-message-id",
    "resent-reply-to",
    "x-original-to",
];

/// Beginnings of names that are owned altogether.
const OWNED_FAMILIES: &[&str] = &["content-", "arc-", "resent-"];

/// A header a caller adds to a message. It cannot be, replace or end one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraHeader {
    name: String,
    value: String,
}

/// Why a header cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The name is empty, too long or has a character names cannot have (RFC 5322 §2.2).
    Name,
    /// The message already says this in a field of its own, or only a mail system may say it.
    Owned,
    /// The value has a line break, NUL or other control character.
    Value,
    /// The value has more than 16 KiB.
    TooLong,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the header's name is not valid",
            Self::Owned => "the server writes this header itself",
            Self::Value => "the header's value holds a line break or another control character",
            Self::TooLong => "the header's value is longer than 16 KiB",
        })
    }
}

impl std::error::Error for HeaderError {}

impl ExtraHeader {
    /// Checks a header.
    ///
    /// # Errors
    /// See [`HeaderError`].
    pub fn new(name: &str, value: &str) -> Result<Self, HeaderError> {
        let valid = !name.is_empty()
            && name.len() <= MAX_NAME
            && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        if !valid {
            return Err(HeaderError::Name);
        }
        let lower = name.to_ascii_lowercase();
        let family = OWNED_FAMILIES
            .iter()
            .any(|family| lower.starts_with(family));
        if family || OWNED.contains(&lower.as_str()) {
            return Err(HeaderError::Owned);
        }
        if value.len() > MAX_VALUE {
            return Err(HeaderError::TooLong);
        }
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(HeaderError::Value);
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.trim().to_owned(),
        })
    }

    /// The name as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the value is links for programs (RFC 2369): a long one must stand as it is.
    pub(super) fn has_links(&self) -> bool {
        const LONGEST: usize = 900;
        let named = self.name.get(..5).unwrap_or_default();
        named.eq_ignore_ascii_case("list-") && self.value.is_ascii() && self.value.len() < LONGEST
    }

    /// The value, trimmed.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// A content type that is safe to write: `type/subtype` in lower case and those parameters that
/// are plain tokens. `name` and `boundary` are ours to write.
pub(super) fn content_type(given: &str) -> String {
    let mut pieces = given.split(';');
    let value = pieces
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let valid = value
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if !valid || value.len() > 127 || value.starts_with("multipart/") {
        return "application/octet-stream".to_owned();
    }
    let mut out = value;
    for piece in pieces.take(10) {
        let Some((name, value)) = piece.split_once('=') else {
            continue;
        };
        let (name, value) = (
            name.trim().to_ascii_lowercase(),
            value.trim().trim_matches('"'),
        );
        let ours = name == "name" || name == "boundary" || name.contains('*');
        if !ours && is_token(&name) && is_token(value) && name.len() + value.len() < 60 {
            out.push_str(&format!("; {name}={value}"));
        }
    }
    out
}

/// A `token` of RFC 2045 §5.1.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b))
}

/// A Content-ID without brackets and without what a reader would stumble over.
pub(super) fn content_id(given: &str) -> String {
    given
        .chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>'))
        .take(200)
        .collect()
}
