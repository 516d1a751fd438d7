//! DKIM signatures (RFC 6376) from the signer's side: which octets of a message are hashed, and the
//! field that carries the result. Hashing and signing themselves are the caller's.
//!
//! Both canonical forms are "relaxed", so that a relay that folds a field anew or trims a line does
//! no harm. There is no `l=`: a signature covers the whole body.

mod canonical;
#[cfg(test)]
mod tests;

pub use canonical::relaxed_body;

use crate::Timestamp;
use canonical::{Field, fields, relaxed_field};

/// How a signature is made, and the type of the key that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 over SHA-256, which every receiver verifies (RFC 6376 §3.3.1).
    Rsa,
    /// PureEdDSA over the SHA-256 of what is signed (RFC 8463 §3). Not every receiver knows it, so
    /// it stands beside an RSA signature.
    Ed25519,
}

impl Algorithm {
    /// Both, the one every receiver knows first.
    pub const ALL: [Self; 2] = [Self::Rsa, Self::Ed25519];

    /// The key type, as in the `k=` of a key record.
    #[must_use]
    pub const fn key_type(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Reads a key type.
    #[must_use]
    pub fn of_key_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key_type() == text)
    }

    /// The name in the `a=` of a signature.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }
}

/// Fields that are signed once more than they occur, so that nobody can add another one to the
/// message: a reader shows the first From it finds, a verifier checks the last (RFC 6376 §8.15).
const SEALED: [&str; 12] = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// Fields that are signed where they occur. A mailing list may add the `List-` ones of its own, so
/// their absence is not signed. One-click unsubscription asks for its two fields to be signed
/// (RFC 8058 §4).
const PRESENT: [&str; 7] = [
    "Sender",
    "Content-Disposition",
    "Content-Language",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Importance",
];

/// Octets of a line of the field that is written.
const MAX_LINE: usize = 76;

/// A message as it is signed.
pub struct Signable<'a> {
    body: &'a [u8],
    /// The names of the signed fields, in the order in which they are hashed.
    names: Vec<&'static str>,
    /// Those fields in canonical form.
    header: Vec<u8>,
}

/// What a signature says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The domain that answers for the message, as A-labels.
    pub domain: &'a str,
    /// Which of its keys signs.
    pub selector: &'a str,
    /// How.
    pub algorithm: Algorithm,
    /// When.
    pub at: Timestamp,
    /// The SHA-256 of [`Signable::body`].
    pub body_hash: &'a [u8; 32],
}

/// A signature that waits for its value.
pub struct Unsigned {
    field: String,
    input: Vec<u8>,
}

impl<'a> Signable<'a> {
    /// Takes a message apart. Lines end in CRLF; a message without a body is one too.
    #[must_use]
    pub fn of(raw: &'a [u8]) -> Self {
        let (fields, body) = fields(raw);
        let mut signable = Self {
            body,
            names: Vec::new(),
            header: Vec::new(),
        };
        for name in SEALED {
            signable.cover(name, &fields);
            // The one that is not there.
            signable.names.push(name);
        }
        for name in PRESENT {
            signable.cover(name, &fields);
        }
        signable
    }

    /// Signs every field of a name, the last one first (RFC 6376 §5.4.2).
    fn cover(&mut self, name: &'static str, fields: &[Field<'_>]) {
        for field in fields.iter().rev().filter(|field| field.is(name)) {
            self.names.push(name);
            relaxed_field(field, &mut self.header);
            self.header.extend_from_slice(b"\r\n");
        }
    }

    /// Gives `sink` the body in canonical form, piece by piece.
    pub fn body(&self, sink: impl FnMut(&[u8])) {
        relaxed_body(self.body, sink);
    }

    /// A signature of the message that says `claim`.
    #[must_use]
    pub fn sign(&self, claim: &Claim<'_>) -> Unsigned {
        let hash = data_encoding::BASE64.encode(claim.body_hash);
        let seconds = claim.at.as_micros().div_euclid(1_000_000);
        let mut field = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed;\r\n d={};\r\n s={}; t={seconds};\r\n bh={hash};\r\n h=",
            claim.algorithm.name(),
            claim.domain,
            claim.selector,
        );
        let mut column = 3;
        for (index, name) in self.names.iter().enumerate() {
            let last = index + 1 == self.names.len();
            if index > 0 && column + name.len() + 1 > MAX_LINE {
                field.push_str("\r\n ");
                column = 1;
            }
            field.push_str(name);
            field.push(if last { ';' } else { ':' });
            column += name.len() + 1;
        }
        field.push_str("\r\n b=");
        let mut input = self.header.clone();
        // A signature is signed without its value and without a line break (RFC 6376 §3.7).
        for own in &self::fields(field.as_bytes()).0 {
            relaxed_field(own, &mut input);
        }
        Unsigned { field, input }
    }
}

impl Unsigned {
    /// The octets that are signed.
    #[must_use]
    pub fn input(&self) -> &[u8] {
        &self.input
    }

    /// The field with its value, as it is put in front of the message: with its line break.
    #[must_use]
    pub fn finish(mut self, signature: &[u8]) -> String {
        let value = data_encoding::BASE64.encode(signature);
        let mut rest = value.as_str();
        let mut room = MAX_LINE - 3;
        while !rest.is_empty() {
            let (line, more) = rest.split_at(room.min(rest.len()));
            self.field.push_str(line);
            self.field
                .push_str(if more.is_empty() { "" } else { "\r\n " });
            rest = more;
            room = MAX_LINE - 1;
        }
        self.field.push_str("\r\n");
        self.field
    }
}
