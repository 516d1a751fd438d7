//! The records a domain needs, and the judgement of those that were found.

use super::{Check, Domain, Purpose, RecordKind, RecordStatus, zone_apex};

/// The selector of the signing key.
pub const SELECTOR: &str = "mailroost";

/// The label in front of a domain under which its mail is sent and its bounces come back.
pub const RETURN_PATH: &str = "mail";

/// Where our exchanger stands among others.
const PRIORITY: u16 = 10;

/// How many of the records in the place of the right one are shown, and how much of each.
const SHOWN: usize = 5;
const SHOWN_CHARS: usize = 512;

/// A record as its owner should set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What it is for.
    pub purpose: Purpose,
    /// Its type.
    pub kind: RecordKind,
    /// Its full name, without the final dot.
    pub host: String,
    /// Its name relative to the zone's apex, which is `@`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// For a mail exchanger, its place among others.
    pub priority: Option<u16>,
}

/// What the DNS has under a record's name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Texts.
    Texts(Vec<String>),
    /// Mail exchangers: preference and host.
    Exchangers(Vec<(u16, String)>),
    /// What the name is an alias of.
    Aliases(Vec<String>),
}

/// The records that `domain` needs where the mail host of this server is `hostname`.
#[must_use]
pub fn expected(domain: &Domain, hostname: &str) -> Vec<Expected> {
    let name = domain.domain.as_str();
    let apex = zone_apex(name);
    let below = name
        .strip_suffix(apex)
        .map_or("", |rest| rest.trim_end_matches('.'));
    let record = |purpose, kind, label: &str, value: String| {
        let (host, relative) = match (label, below) {
            ("", "") => (name.to_owned(), "@".to_owned()),
            ("", below) => (name.to_owned(), below.to_owned()),
            (label, "") => (format!("{label}.{name}"), label.to_owned()),
            (label, below) => (format!("{label}.{name}"), format!("{label}.{below}")),
        };
        Expected {
            purpose,
            kind,
            host,
            name: relative,
            value,
            priority: (kind == RecordKind::Mx).then_some(PRIORITY),
        }
    };
    let exchanger = |purpose, label| record(purpose, RecordKind::Mx, label, hostname.to_owned());
    let text = |purpose, label: &str, value| record(purpose, RecordKind::Txt, label, value);
    let mut all = vec![text(
        Purpose::Dkim,
        &format!("{}._domainkey", domain.selector),
        format!("v=DKIM1; k=rsa; p={}", domain.public_key),
    )];
    if domain.switches.inbound {
        all.push(exchanger(Purpose::Inbound, ""));
    }
    all.push(exchanger(Purpose::ReturnPath, RETURN_PATH));
    all.push(text(
        Purpose::Spf,
        RETURN_PATH,
        format!("v=spf1 a:{hostname} -all"),
    ));
    // Reports go to the domain itself: to another's address they would need that domain's consent
    // (RFC 7489 §7.1).
    all.push(text(
        Purpose::Dmarc,
        "_dmarc",
        format!("v=DMARC1; p=reject; rua=mailto:dmarc@{name}"),
    ));
    if domain.switches.subdomains {
        all.push(exchanger(Purpose::Subdomains, "*"));
    }
    if domain.switches.tracking {
        all.push(record(
            Purpose::Tracking,
            RecordKind::Cname,
            "link",
            hostname.to_owned(),
        ));
    }
    all
}

impl Expected {
    /// What to make of what was found.
    #[must_use]
    pub fn judge(&self, found: &Found) -> Check {
        match found {
            Found::Texts(texts) => self.judge_texts(texts),
            Found::Exchangers(all) => {
                let shown = all.iter().map(|(rank, host)| format!("{rank} {host}"));
                let others = all.iter().filter(|(_, host)| *host != self.value).count();
                self.verdict(all.len(), all.len() - others, others == 0, shown.collect())
            }
            Found::Aliases(all) => {
                let right = all.iter().filter(|target| **target == self.value).count();
                self.verdict(all.len(), right, right == all.len(), all.clone())
            }
        }
    }

    /// Other texts may stand under the same name; only those that begin alike are rivals.
    fn judge_texts(&self, texts: &[String]) -> Check {
        let wanted = self.value.split([';', ' ']).next().unwrap_or_default();
        let rivals: Vec<&String> = texts
            .iter()
            .filter(|text| match self.purpose {
                // A key record need not say its version (RFC 6376 §3.6.1).
                Purpose::Dkim => tag(text, "p").is_some(),
                _ => begins(text, wanted),
            })
            .collect();
        let right = rivals.iter().filter(|text| self.is_right(text)).count();
        let shown = if rivals.is_empty() {
            texts.to_vec()
        } else {
            rivals.iter().map(|text| (*text).clone()).collect()
        };
        // Two keys, two policies or two lists of senders are worse than none: receivers take
        // either, or neither.
        self.verdict(rivals.len(), right, rivals.len() == 1, shown)
    }

    fn is_right(&self, text: &str) -> bool {
        match self.purpose {
            Purpose::Dkim => tag(text, "p") == tag(&self.value, "p"),
            // Any policy, as long as somebody reads the reports.
            Purpose::Dmarc => tag(text, "rua").is_some_and(|to| !to.is_empty()),
            Purpose::Spf => {
                let ours = self.value.split(' ').nth(1).unwrap_or_default();
                text.to_ascii_lowercase()
                    .split_whitespace()
                    .map(|term| term.strip_prefix('+').unwrap_or(term).to_owned())
                    // The exchanger of the same name is this server too.
                    .any(|term| term == ours || term == "mx")
            }
            Purpose::Inbound | Purpose::ReturnPath | Purpose::Subdomains | Purpose::Tracking => {
                text == self.value
            }
        }
    }

    fn verdict(&self, rivals: usize, right: usize, alone: bool, found: Vec<String>) -> Check {
        let (status, reason) = match (rivals, right) {
            (0, _) => (RecordStatus::Missing, None),
            (_, 0) => (RecordStatus::Invalid, Some("value_mismatch")),
            _ if !alone => (RecordStatus::Invalid, Some("duplicate_records")),
            _ => (RecordStatus::Valid, None),
        };
        let shorten = |text: String| text.chars().take(SHOWN_CHARS).collect();
        Check {
            purpose: self.purpose,
            status,
            reason: reason.map(str::to_owned),
            found: found.into_iter().take(SHOWN).map(shorten).collect(),
        }
    }
}

/// Whether a text begins with the version of the wanted one, as a word.
fn begins(text: &str, version: &str) -> bool {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let head = text.get(..version.len()).unwrap_or_default();
    head.eq_ignore_ascii_case(version)
}

/// The value of a tag in a list of them (RFC 6376 §3.2), without white space.
fn tag(text: &str, name: &str) -> Option<String> {
    let mut tags = text.split(';').filter_map(|part| part.split_once('='));
    let (_, value) = tags.find(|(own, _)| own.trim().eq_ignore_ascii_case(name))?;
    Some(value.chars().filter(|c| !c.is_whitespace()).collect())
}
