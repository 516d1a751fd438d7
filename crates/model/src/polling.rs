//! Polling webhooks: subscriptions that are read with a token instead of posted to a URL.

use std::fmt;
use std::str::FromStr;

use mail::Timestamp;

use crate::api_key::Scope;
use crate::event::EventFilter;
use crate::id::InvalidId;
use crate::{Hidden, InboxId, OrgId};

/// How many an organisation, a pod and an inbox has at most, each for itself.
pub const MAX_SUBSCRIPTIONS: i64 = 10;

/// How many pods and inboxes one may be narrowed to, together.
pub const MAX_CHANNELS: usize = 10;

/// The id of a polling webhook: `ep_` and 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollingWebhookId([u8; 16]);

impl PollingWebhookId {
    /// The id with this value.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The value as stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for PollingWebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ep_{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for PollingWebhookId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.strip_prefix("ep_").ok_or(InvalidId)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 32 || !digits.bytes().all(is_hex) {
            return Err(InvalidId);
        }
        let value = u128::from_str_radix(digits, 16).map_err(|_| InvalidId)?;
        Ok(Self(value.to_be_bytes()))
    }
}

/// A polling webhook as stored: never its token.
#[derive(Clone, Debug)]
pub struct PollingWebhook {
    /// Its id.
    pub webhook_id: PollingWebhookId,
    /// The organisation.
    pub org_id: OrgId,
    /// What it belongs to: it tells of nothing else.
    pub scope: Scope,
    /// Its creator's own id for it.
    pub client_id: String,
    /// What it asks for.
    pub filter: EventFilter,
    /// The inboxes of the filter by the addresses they had.
    pub inbox_ids: Vec<InboxId>,
    /// Mail hidden for one of these reasons is not there for it.
    pub unseen: Hidden,
    /// The position of the log after which it begins.
    pub begins: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its token was last issued.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is() {
        let id = PollingWebhookId::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(id.to_string(), "ep_000102030405060708090a0b0c0d0eff");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "ep_",
            "ep_000102030405060708090a0b0c0d0ef",
            "ep_000102030405060708090A0B0C0D0EFF",
            "ep_+00102030405060708090a0b0c0d0eff",
            "my-agent",
        ] {
            assert_eq!(text.parse::<PollingWebhookId>(), Err(InvalidId), "{text}");
        }
    }
}
