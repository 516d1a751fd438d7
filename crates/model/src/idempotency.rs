//! The caller's own name for one act, under which its answer is remembered.

use std::fmt;

use crate::error::{Error, Result};

/// The value of an `Idempotency-Key` header: 1 to 256 of `A-Z a-z 0-9 - . _ ~`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a key as a caller wrote it.
    ///
    /// # Errors
    /// `validation_error` naming the rule.
    pub fn parse(text: &str) -> Result<Self> {
        let fits = (1..=256).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid(
            "idempotency-key",
            "invalid_value",
            "An Idempotency-Key has 1 to 256 characters out of A-Z a-z 0-9 - . _ ~",
        )
        .fix("Send a fresh random id such as a UUID for each act, and the same one again when you repeat it."))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_256_unreserved_characters() {
        for good in ["a", "A-z.0_9~", &"x".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", " ", "a b", "a@b", "é", "=x", "a/b", &"x".repeat(257)] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
    }
}
