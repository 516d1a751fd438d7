//! Ids as types, so that a thread id can never be used where a message is meant.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Text that is not an id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid UUID")]
pub struct InvalidId;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this value.
            #[must_use]
            pub const fn new(value: Uuid) -> Self {
                Self(value)
            }

            /// The value as stored: sixteen bytes that sort as the id does.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads a stored value.
            #[must_use]
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }

            /// The value.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )*};
}

uuid_ids! {
    /// An organisation: the outermost tenant.
    OrgId;
    /// A pod: a tenant inside an organisation. The default pod has its organisation's value.
    PodId;
    /// The row of an inbox. Never shown: the public id is the address ([`InboxId`]), which may be
    /// given up and taken by somebody else.
    InboxKey;
    /// A thread inside one inbox.
    ThreadId;
    /// The row of a message; sorts by time. Never shown: the public id is the RFC 5322 Message-ID,
    /// which peers repeat and forge.
    MessageKey;
    /// An attachment of one message.
    AttachmentId;
    /// An API key, without its secret.
    ApiKeyId;
    /// The row of a domain; sorts by time. Never shown: the public id is the name.
    DomainKey;
    /// The row of a signing key of a domain; sorts by time. Never shown: the DNS knows it by its
    /// selector.
    SigningKeyId;
    /// A draft.
    DraftId;
    /// Something that waits for the decision of another identity.
    ApprovalId;
    /// An event; carries its position in the organisation's log.
    EventId;
}

impl OrgId {
    /// The pod that every organisation starts with.
    #[must_use]
    pub const fn default_pod(self) -> PodId {
        PodId(self.0)
    }
}

impl EventId {
    const SEQ_BITS: u32 = 48;

    /// The id of the event at `seq`, made unguessable with `random`. A version 8 UUID
    /// (RFC 9562 §5.8): 48 bits of position, the rest random.
    #[must_use]
    pub fn at(seq: i64, random: u128) -> Self {
        let seq = u128::from(seq.unsigned_abs()) & ((1 << Self::SEQ_BITS) - 1);
        let tail = random & ((1 << 80) - 1);
        let value = seq << 80 | tail;
        let versioned = value & !(0xF << 76) | 0x8 << 76;
        Self(Uuid::from_u128(versioned & !(0b11 << 62) | 0b10 << 62))
    }

    /// The position this id claims. A caller's id may be invented: compare it with the stored one.
    #[must_use]
    pub fn seq(self) -> i64 {
        i64::try_from(self.0.as_u128() >> 80).unwrap_or(0)
    }
}

/// The public id of an inbox: its address in lower case, with an ASCII domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InboxId(String);

impl InboxId {
    /// The inbox at `address`.
    #[must_use]
    pub fn new(address: &mail::Address) -> Self {
        Self(address.key())
    }

    /// Reads the id as a client wrote it; case and a Unicode domain are folded. `None` when it is
    /// not an address, in which case no inbox can have it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        mail::Address::parse(text.trim())
            .ok()
            .map(|address| Self::new(&address))
    }

    /// The id as a stored row holds it, which was parsed before.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for InboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_carries_its_position() {
        for seq in [1, 2, 77, 1 << 40] {
            let id = EventId::at(seq, u128::MAX);
            assert_eq!(id.seq(), seq);
            assert_eq!(id.as_uuid().get_version_num(), 8);
            assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
        }
        assert!(EventId::at(1, u128::MAX) < EventId::at(2, 0));
    }

    #[test]
    fn ids_refuse_what_is_not_a_uuid() {
        for text in [
            "",
            "1",
            "../..",
            "019ab",
            "zz0e8400-e29b-41d4-a716-446655440000",
        ] {
            assert_eq!(text.parse::<ThreadId>(), Err(InvalidId), "{text}");
        }
    }
}
