//! What is known about who sent a message.

use serde::{Deserialize, Serialize};

/// What was found out when a message arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// Whether the address in From is that of who sent it, and why that is believed or not.
    pub reason: Reason,
    /// The domain of the address in From.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_domain: Option<String>,
    /// SPF; absent when nothing was looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spf: Option<Spf>,
    /// DKIM, one for each signature that was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dkim: Vec<Dkim>,
    /// DMARC; absent when nothing was looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dmarc: Option<Dmarc>,
    /// ARC; absent when nothing was looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arc: Option<Arc>,
}

impl Authentication {
    /// A judgement that needed no look-up.
    #[must_use]
    pub const fn without_lookups(reason: Reason) -> Self {
        Self {
            reason,
            from_domain: None,
            spf: None,
            dkim: Vec::new(),
            dmarc: None,
            arc: None,
        }
    }

    /// Whether the address in From is proven.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.reason.is_proof()
    }
}

/// Why the address in From is believed, or is not. Codes of the API; new ones may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It came from an inbox of this server, whose key was checked.
    OwnInbox,
    /// It was handed in on the developer's own machine.
    LocalMachine,
    /// The domain's DMARC policy is met.
    DmarcPass,
    /// The domain has no policy, and a signature of its own is good.
    DkimAligned,
    /// The domain has no policy, and its SPF record names the client.
    SpfAligned,
    /// A trusted forwarder vouches that the policy was met before it.
    ArcTrusted,
    /// There is no From field, or none with an address.
    FromMissing,
    /// There are several From fields, or addresses of several domains in one.
    FromAmbiguous,
    /// The domain's DMARC policy is not met.
    DmarcFail,
    /// The domain has no policy, and what was checked failed.
    Failed,
    /// What was checked is in order, but belongs to another domain than From.
    NotAligned,
    /// There is no signature and no SPF record to check.
    Nothing,
    /// The DNS did not answer, and what did answer proves nothing.
    LookupFailed,
}

impl Reason {
    /// Whether it is one to believe.
    #[must_use]
    pub const fn is_proof(self) -> bool {
        matches!(
            self,
            Self::OwnInbox
                | Self::LocalMachine
                | Self::DmarcPass
                | Self::DkimAligned
                | Self::SpfAligned
                | Self::ArcTrusted
        )
    }

    /// The code.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnInbox => "own_inbox",
            Self::LocalMachine => "local_machine",
            Self::DmarcPass => "dmarc_pass",
            Self::DkimAligned => "dkim_aligned",
            Self::SpfAligned => "spf_aligned",
            Self::ArcTrusted => "arc_trusted",
            Self::FromMissing => "from_missing",
            Self::FromAmbiguous => "from_ambiguous",
            Self::DmarcFail => "dmarc_fail",
            Self::Failed => "failed",
            Self::NotAligned => "not_aligned",
            Self::Nothing => "nothing",
            Self::LookupFailed => "lookup_failed",
        }
    }
}

/// The result of one method, in the words of RFC 8601 §2.7. Not every method has every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// There was nothing to check.
    None,
    /// It is in order.
    Pass,
    /// It is not.
    Fail,
    /// It probably is not (SPF).
    SoftFail,
    /// The domain says nothing either way (SPF).
    Neutral,
    /// It is in order, but not in a way this server accepts (DKIM).
    Policy,
    /// The DNS did not answer.
    TempError,
    /// A record or a signature cannot be read.
    PermError,
}

impl Verdict {
    /// The word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::Policy => "policy",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// What SPF says (RFC 7208).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spf {
    /// The result.
    pub result: Verdict,
    /// The domain that was asked.
    pub domain: String,
    /// Whether it was the client's name that was asked about, because the reverse path is null.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_helo: bool,
    /// Whether the domain is that of From, as far as its policy wants it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub aligned: bool,
    /// The domain's words for refused senders. A stranger wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

/// What one DKIM signature says (RFC 6376).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dkim {
    /// The result.
    pub result: Verdict,
    /// `d=`; absent when the signature cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `s=`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// `a=`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Whether the domain is that of From, as far as its policy wants it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub aligned: bool,
    /// Why it did not pass, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What DMARC says (RFC 7489).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dmarc {
    /// The result.
    pub result: Verdict,
    /// The domain whose record it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What its owner asks for: `none`, `quarantine` or `reject`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// What ARC says (RFC 8617).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arc {
    /// The result for the whole chain.
    pub result: Verdict,
    /// The domains of its seals, first to last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sealers: Vec<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
