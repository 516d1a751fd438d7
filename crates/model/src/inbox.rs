//! Inboxes.

use mail::Timestamp;

use crate::error::{Error, Result};
use crate::{InboxId, InboxKey, PodId};

/// An address that receives and sends.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// The row that other rows refer to.
    pub key: InboxKey,
    /// The pod it lives in, for ever.
    pub pod_id: PodId,
    /// The address, which is the public id.
    pub inbox_id: InboxId,
    /// The name in the From field of what it sends.
    pub display_name: Option<String>,
    /// The caller's own id for it, which makes creating it idempotent.
    pub client_id: Option<String>,
    /// Whether it may send.
    pub status: InboxStatus,
    /// The caller's notes: a JSON object of scalars, as text.
    pub metadata: Option<String>,
    /// Which of its mail says that no person sent it; `None` follows the operator.
    pub auto_submitted: Option<AutoSubmitted>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Whether an inbox may send. A paused inbox goes on receiving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum InboxStatus {
    /// Sends and receives.
    #[default]
    Active,
    /// Receives only.
    Paused,
}

impl InboxStatus {
    /// The name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Paused]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// Which mail says in `Auto-Submitted` that no person sent it (RFC 3834 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AutoSubmitted {
    /// All but drafts, which are there for a person to look at before they leave.
    #[default]
    Direct,
    /// All.
    Always,
    /// None.
    Never,
}

impl AutoSubmitted {
    /// The name on the wire, in the store and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Direct, Self::Always, Self::Never]
            .into_iter()
            .find(|one| one.name() == name)
    }

    /// The value of the field, if there is to be one.
    #[must_use]
    pub const fn field(self, is_draft: bool, is_answer: bool) -> Option<&'static str> {
        match (self, is_draft, is_answer) {
            (Self::Never, ..) | (Self::Direct, true, _) => None,
            (_, _, true) => Some("auto-replied"),
            (_, _, false) => Some("auto-generated"),
        }
    }
}

/// The display name of an inbox nobody named.
pub const DEFAULT_DISPLAY_NAME: &str = "AgentMail";

/// Checks the name for a From field; the empty name means none.
///
/// # Errors
/// `validation_error` when it is longer than 256 characters or has a character that the hosted
/// service refuses in names.
pub fn display_name(text: &str) -> Result<Option<String>> {
    const REFUSED: &str = "()<>@,;:\\\"[]";
    let text = text.trim();
    if text.chars().count() > 256 {
        return Err(Error::invalid(
            "display_name",
            "too_big",
            "At most 256 characters",
        ));
    }
    if text.chars().any(|c| c.is_control() || REFUSED.contains(c)) {
        return Err(Error::invalid(
            "display_name",
            "invalid_value",
            "A display name must not contain ( ) < > @ , ; : \\ \" [ ] or control characters",
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Checks a caller's own id: 1 to 256 of `A-Z a-z 0-9 - . _ ~`.
///
/// # Errors
/// `validation_error` naming the rule.
pub fn client_id(text: &str) -> Result<String> {
    let fits = (1..=256).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    if fits {
        return Ok(text.to_owned());
    }
    Err(Error::invalid(
        "client_id",
        "invalid_value",
        "client_id has 1 to 256 characters out of A-Z a-z 0-9 - . _ ~",
    ))
}
