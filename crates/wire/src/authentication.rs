//! Who sent a message. Ours: AgentMail only says it with the label `unauthenticated`.

use serde::{Deserialize, Serialize};

/// What was found out about the sender when a message arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// Whether the address in From is that of who sent the message. Without it the message has the
    /// label `unauthenticated`.
    pub sender_proven: bool,
    /// Why, as a code.
    pub reason: String,
    /// The domain of the address in From.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_domain: Option<String>,
    /// SPF; like the following ones absent when nothing was looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spf: Option<Spf>,
    /// DKIM, one for each signature that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dkim: Option<Vec<Dkim>>,
    /// DMARC
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dmarc: Option<Dmarc>,
    /// ARC
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arc: Option<Arc>,
}

/// RFC 7208
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spf {
    /// `pass`, `fail`, `softfail`, `neutral`, `none`, `temperror` or `permerror`.
    pub result: String,
    /// `mailfrom`, or `helo` for a null reverse path.
    pub identity: String,
    /// The domain that was asked.
    pub domain: String,
    /// Whether the domain is that of From, as far as its policy wants it.
    pub aligned: bool,
    /// The domain's words for refused senders. A stranger wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

/// RFC 6376
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dkim {
    /// `pass`, `fail`, `policy`, `temperror` or `permerror`.
    pub result: String,
    /// The domain that signed; absent when the signature cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Its selector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Its algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Whether the domain is that of From, as far as its policy wants it.
    pub aligned: bool,
    /// Why it did not pass, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// RFC 7489
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dmarc {
    /// `pass`, `fail`, `none`, `temperror` or `permerror`.
    pub result: String,
    /// The domain whose record it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What its owner asks for: `none`, `quarantine` or `reject`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// RFC 8617
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arc {
    /// `pass`, `fail`, `none` or `temperror`.
    pub result: String,
    /// The domains of the seals, first to last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sealers: Vec<String>,
}
