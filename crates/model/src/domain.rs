//! Mail domains of tenants: their names, the DNS records they need, and what is made of the records
//! that are found.

pub mod keys;
mod mta_sts;
mod records;
mod suffix;
mod zone;

use std::fmt;

use mail::Timestamp;
use serde::{Deserialize, Serialize};

pub use keys::{SigningKey, Stage};
pub use mta_sts::MtaSts;
pub use records::{Expected, Found, RETURN_PATH, Server, Subject, expected};
pub use suffix::{is_public_suffix, is_reserved, zone_apex};
pub use zone::zone_file;

use crate::{DomainKey, Error, InboxId, OrgId, PodId, Result};

/// Octets of the longest domain that is taken. Names of up to 21 octets are put in front of it, and
/// the DNS takes 253 in all (RFC 1035 §2.3.4).
const MAX_LEN: usize = 220;

/// The name of a domain: lower case, A-labels, at least two labels, no final dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

impl DomainName {
    /// Reads a name as a person writes it. `None` when it cannot be the name of a mail domain.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix('.').unwrap_or(text);
        let address = mail::Address::parse(&format!("x@{text}")).ok()?;
        let name = address.domain();
        let last = name.rsplit('.').next()?;
        let fits = name.len() <= MAX_LEN
            && name.contains('.')
            && !name.starts_with('[')
            && !last.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(name.to_owned()))
    }

    /// The name as a stored row holds it, which was parsed before.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `other` or a name below it.
    #[must_use]
    pub fn is_within(&self, other: &str) -> bool {
        self.0
            .strip_suffix(other)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// The name on the wire and in the store.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Reads a name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

names! {
    /// How far a domain has come, in AgentMail's words.
    VerificationStatus {
        /// Nobody has asked for a verification yet.
        NotStarted = "NOT_STARTED",
        /// Records are missing.
        Pending = "PENDING",
        /// A record is there but wrong.
        Invalid = "INVALID",
        /// The records did not come in time; they are looked for again when somebody asks.
        Failed = "FAILED",
        /// Known from the hosted service; this server has no state between found and verified.
        Verifying = "VERIFYING",
        /// Every record is as it should be.
        Verified = "VERIFIED",
    }
}

names! {
    /// What became of one record.
    RecordStatus {
        /// It is not there.
        Missing = "MISSING",
        /// It is there but wrong.
        Invalid = "INVALID",
        /// It is as it should be.
        Valid = "VALID",
    }
}

names! {
    /// The type of a record.
    RecordKind {
        /// A text.
        Txt = "TXT",
        /// An alias.
        Cname = "CNAME",
        /// A mail exchanger.
        Mx = "MX",
    }
}

names! {
    /// What a record is for. A domain has at most one of each, but for the keys.
    Purpose {
        /// The public key of signatures.
        Dkim = "dkim",
        /// Mail for the domain comes here.
        Inbound = "inbound",
        /// Bounces of what was sent come here.
        ReturnPath = "return_path",
        /// This server may send under the return path.
        Spf = "spf",
        /// What receivers do with mail that is not proven.
        Dmarc = "dmarc",
        /// Mail for names below the domain comes here.
        Subdomains = "subdomains",
        /// Links that are tracked lead here.
        Tracking = "tracking",
        /// The id of the policy by which others come with TLS.
        MtaSts = "mta_sts",
        /// That policy is fetched here.
        MtaStsHost = "mta_sts_host",
        /// Where others report connections that did not fit that policy.
        TlsReports = "tls_reports",
    }
}

/// What the owner switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Bounces and complaints are also put into inboxes as mail.
    pub feedback: bool,
    /// The domain receives. Without it, it only sends, and its mail exchangers are another's.
    pub inbound: bool,
    /// Inboxes may be opened below the domain.
    pub subdomains: bool,
    /// Opens and links may be tracked.
    pub tracking: bool,
}

/// The last look at one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What the record is for.
    pub purpose: Purpose,
    /// Its full name; empty in what was kept before keys had a record each.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// What became of it.
    pub status: RecordStatus,
    /// Why it is not valid, where that is known: `value_mismatch`, `duplicate_records`,
    /// `value_truncated`, `key_revoked`, `name_doubled`, or `lookup_failed` when the DNS gave no
    /// answer.
    pub reason: Option<String>,
    /// What was found in its place, cut to what a person reads.
    pub found: Vec<String>,
}

/// The reason of a record that could not be looked up.
pub const LOOKUP_FAILED: &str = "lookup_failed";

/// A domain of a tenant.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Its row.
    pub key: DomainKey,
    /// The organisation it belongs to.
    pub org_id: OrgId,
    /// The pod it belongs to; `None` for one that every pod of the organisation may use.
    pub pod_id: Option<PodId>,
    /// Its name, which is its id.
    pub domain: DomainName,
    /// The owner's own id for it.
    pub client_id: Option<String>,
    /// What is switched on.
    pub switches: Switches,
    /// How far it has come.
    pub status: VerificationStatus,
    /// Why it is not verified.
    pub reason: Option<String>,
    /// Its signing keys, oldest first. Not read for lists.
    pub keys: Vec<SigningKey>,
    /// What others do when a connection does not fit its policy; `None` follows the operator.
    pub mta_sts: Option<MtaSts>,
    /// The inbox that gets the mail of addresses nobody has.
    pub catch_all: Option<InboxId>,
    /// The last look at each record.
    pub checks: Vec<Check>,
    /// When the records were last looked at.
    pub checked_at: Option<Timestamp>,
    /// Until when somebody is looking at them.
    pub check_until: Timestamp,
    /// When its owner last asked for a verification.
    pub started_at: Option<Timestamp>,
    /// When it was first verified.
    pub verified_at: Option<Timestamp>,
    /// Since when inboxes under it may be opened, receive and send. It stays set when records break
    /// later: mail does not stop for a mistake in a zone.
    pub usable_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}

impl Domain {
    /// What its records depend on.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            name: self.domain.as_str(),
            switches: self.switches,
            keys: &self.keys,
            mta_sts: self.mta_sts,
        }
    }

    /// What is known of a record; one that was never looked at is missing.
    #[must_use]
    pub fn check(&self, record: &Expected) -> Option<&Check> {
        self.checks.iter().find(|check| record.is_of(check))
    }
}

/// What the looks at the records in `wanted` say of the whole domain, and why. Records that are
/// only recommended do not count.
#[must_use]
pub fn verdict(
    wanted: &[Expected],
    checks: &[Check],
) -> (VerificationStatus, Option<&'static str>) {
    let needed: Vec<(RecordStatus, Option<&str>)> = wanted
        .iter()
        .filter(|record| !record.recommended)
        .map(|record| {
            let known = checks.iter().find(|check| record.is_of(check));
            known.map_or((RecordStatus::Missing, None), |check| {
                (check.status, check.reason.as_deref())
            })
        })
        .collect();
    let any = |status| needed.iter().any(|(own, _)| *own == status);
    if any(RecordStatus::Invalid) {
        (VerificationStatus::Invalid, Some("dns_records_invalid"))
    } else if any(RecordStatus::Missing) {
        let unanswered = needed
            .iter()
            .any(|(_, reason)| *reason == Some(LOOKUP_FAILED));
        let reason = if unanswered {
            "dns_lookup_failed"
        } else {
            "dns_records_missing"
        };
        (VerificationStatus::Pending, Some(reason))
    } else {
        (VerificationStatus::Verified, None)
    }
}

/// Reads the name in a request.
///
/// # Errors
/// `validation_error`, or `unprocessable` for a name that many share.
pub fn registrable(text: &str) -> Result<DomainName> {
    let name = DomainName::parse(text).ok_or_else(|| {
        Error::invalid("domain", "invalid_value", "This is not a domain name")
            .fix("Send a name with at least one dot, such as mail.example.com.")
    })?;
    if is_public_suffix(name.as_str()) {
        let detail = format!("{name} is a public suffix: nobody owns it alone");
        return Err(Error::new(crate::Code::Unprocessable, detail)
            .fix("Register a name of your own below it."));
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
