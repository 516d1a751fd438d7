//! One-time codes and links of a message, and waiting for them. Ours; AgentMail has nothing like it.

use serde::{Deserialize, Serialize};

use crate::{Authentication, Message};

/// What a message offers for signing up or in. At most one code and one link: what does not stand
/// out is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<OneTimeCode>,
    /// The link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<ActionLink>,
    /// Until when they hold, where the message says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Whether the address in From is that of who sent it: a code of a stranger who only writes a
    /// known name there is not to be typed anywhere.
    pub sender_proven: bool,
}

/// A code to be typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeCode {
    /// The code as it is to be typed.
    pub value: String,
    /// Where it stood: `header`, `bound`, `subject` or `body`.
    pub place: String,
    /// From 0 to 100.
    pub confidence: u8,
    /// The site it is for, of codes in a form made for machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether a good signature of that site's domain covers it; there where `origin` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_proven: Option<bool>,
}

/// A link to be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionLink {
    /// Its address, verbatim. The server never opens it.
    pub url: String,
    /// What it does: `verify`, `sign_in`, `reset` or `invitation`.
    pub kind: String,
    /// From 0 to 100.
    pub confidence: u8,
}

/// `inboxes.messages.get_codes`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageCodes {
    /// The inbox.
    pub inbox_id: String,
    /// The thread.
    pub thread_id: String,
    /// The message.
    pub message_id: String,
    /// When it was received or sent.
    pub timestamp: String,
    /// The author, as the message says.
    pub from: String,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it offers.
    #[serde(flatten)]
    pub codes: Codes,
    /// Who sent it, of received mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
}

/// `inboxes.wait`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitResponse {
    /// Whether no message came in time.
    pub timed_out: bool,
    /// The message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// What it offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Codes>,
    /// Whether this answer alone has the message, because it was asked to claim it.
    pub claimed: bool,
    /// Until when nobody else is given it; absent for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_expires_at: Option<String>,
    /// Where to go on waiting, as `after`.
    pub next_after: String,
}
