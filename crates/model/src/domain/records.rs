//! The records a domain needs, and the judgement of those that were found.

use super::keys::{self, SigningKey};
use super::{Check, MtaSts, Purpose, RecordKind, RecordStatus, Switches, zone_apex};

/// The label in front of a domain under which its mail is sent and its bounces come back.
pub const RETURN_PATH: &str = "mail";

/// Where our exchanger stands among others.
const PRIORITY: u16 = 10;

/// How many of the records in the place of the right one are shown, and how much of each.
const SHOWN: usize = 5;
const SHOWN_CHARS: usize = 512;

/// What the records of a domain depend on.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is switched on.
    pub switches: Switches,
    /// Its signing keys, oldest first.
    pub keys: &'a [SigningKey],
    /// Its own choice for MTA-STS.
    pub mta_sts: Option<MtaSts>,
}

/// Where this server is found.
#[derive(Clone, Copy, Debug)]
pub struct Server<'a> {
    /// The mail host.
    pub hostname: &'a str,
    /// The host under which HTTPS reaches it.
    pub web: &'a str,
    /// What the operator chose for domains that do not choose.
    pub mta_sts: MtaSts,
}

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
    /// Whether the domain works without it.
    pub recommended: bool,
    /// The key it carries.
    pub key: Option<SigningKey>,
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
    /// The name is no alias but has addresses, and those of the wanted host among them or not.
    Addresses {
        /// The addresses.
        all: Vec<String>,
        /// Whether the wanted host has one of them.
        right: bool,
    },
}

/// Makes the records of one domain.
struct Writer<'a> {
    name: &'a str,
    below: &'a str,
}

impl Writer<'_> {
    fn record(&self, purpose: Purpose, kind: RecordKind, label: &str, value: String) -> Expected {
        let (name, below) = (self.name, self.below);
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
            recommended: false,
            key: None,
        }
    }

    fn text(&self, purpose: Purpose, label: &str, value: String) -> Expected {
        self.record(purpose, RecordKind::Txt, label, value)
    }

    fn key(&self, key: &SigningKey, recommended: bool) -> Expected {
        Expected {
            recommended,
            key: Some(key.clone()),
            ..self.text(Purpose::Dkim, &key.label(), key.record())
        }
    }
}

/// The records of a domain: those it needs, as the hosted service lists them, then those that are
/// recommended.
#[must_use]
pub fn expected(subject: &Subject<'_>, server: &Server<'_>) -> Vec<Expected> {
    let name = subject.name;
    let below = name
        .strip_suffix(zone_apex(name))
        .map_or("", |rest| rest.trim_end_matches('.'));
    let writer = Writer { name, below };
    let exchanger = |purpose, label| {
        let host = server.hostname.to_owned();
        writer.record(purpose, RecordKind::Mx, label, host)
    };
    let needed = keys::needed(subject.keys);
    let mut all: Vec<Expected> = needed.iter().map(|key| writer.key(key, false)).collect();
    let switches = subject.switches;
    if switches.inbound {
        all.push(exchanger(Purpose::Inbound, ""));
    }
    all.push(exchanger(Purpose::ReturnPath, RETURN_PATH));
    let spf = format!("v=spf1 a:{} -all", server.hostname);
    all.push(writer.text(Purpose::Spf, RETURN_PATH, spf));
    // Reports go to the domain itself: to another's address they would need that domain's consent
    // (RFC 7489 §7.1).
    let dmarc = format!("v=DMARC1; p=reject; rua=mailto:dmarc@{name}");
    all.push(writer.text(Purpose::Dmarc, "_dmarc", dmarc));
    if switches.subdomains {
        all.push(exchanger(Purpose::Subdomains, "*"));
    }
    let alias = |purpose, label, host: &str| {
        writer.record(purpose, RecordKind::Cname, label, host.to_owned())
    };
    if switches.tracking {
        all.push(alias(Purpose::Tracking, "link", server.hostname));
    }
    let more = subject.keys.iter().filter(|key| Some(*key) != needed);
    all.extend(more.map(|key| writer.key(key, true)));
    if switches.inbound {
        let mode = subject.mta_sts.unwrap_or(server.mta_sts);
        let id = format!("v=STSv1; id={}", mode.id(server.hostname));
        let reports = format!("v=TLSRPTv1; rua=mailto:tls-reports@{name}");
        let inbound = [
            writer.text(Purpose::MtaSts, "_mta-sts", id),
            alias(Purpose::MtaStsHost, "mta-sts", server.web),
            writer.text(Purpose::TlsReports, "_smtp._tls", reports),
        ];
        all.extend(inbound.map(|record| Expected {
            recommended: true,
            ..record
        }));
    }
    all
}

impl Expected {
    /// Whether a look was at this record.
    #[must_use]
    pub fn is_of(&self, check: &Check) -> bool {
        self.purpose == check.purpose && (check.host.is_empty() || self.host == check.host)
    }

    /// Whether both ask for the same; how much they need it does not matter.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.purpose == other.purpose && self.host == other.host && self.value == other.value
    }

    /// The name under which a record stands that was given its whole name where the form of a DNS
    /// host adds the zone by itself: a mistake that is worth a look.
    #[must_use]
    pub fn doubled(&self) -> String {
        format!("{}.{}", self.host, zone_apex(&self.host))
    }

    /// What to make of a record that is not there but stands under its doubled name.
    #[must_use]
    pub fn judge_doubled(&self) -> Check {
        Check {
            purpose: self.purpose,
            host: self.host.clone(),
            status: RecordStatus::Missing,
            reason: Some("name_doubled".to_owned()),
            found: vec![self.doubled()],
        }
    }

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
            Found::Addresses { all, right } => {
                let right = usize::from(*right && !all.is_empty());
                self.verdict(all.len(), right, true, all.clone())
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
        let mut check = self.verdict(rivals.len(), right, rivals.len() == 1, shown);
        if let (Purpose::Dkim, [only], Some(reason)) =
            (self.purpose, &rivals[..], &mut check.reason)
            && let (Some(found), Some(wanted)) = (tag(only, "p"), tag(&self.value, "p"))
            && found != wanted
            && wanted.starts_with(&found)
        {
            // An empty key says that the key is taken back (RFC 6376 §3.6.1); a beginning of it is
            // what a form leaves that takes 255 characters.
            let why = if found.is_empty() {
                "key_revoked"
            } else {
                "value_truncated"
            };
            why.clone_into(reason);
        }
        check
    }

    fn is_right(&self, text: &str) -> bool {
        match self.purpose {
            Purpose::Dkim => {
                let kind = |text| tag(text, "k").unwrap_or_else(|| "rsa".to_owned());
                tag(text, "p") == tag(&self.value, "p") && kind(text) == kind(&self.value)
            }
            // Any policy, and any place, as long as somebody reads the reports.
            Purpose::Dmarc | Purpose::TlsReports => {
                tag(text, "rua").is_some_and(|to| !to.is_empty())
            }
            Purpose::MtaSts => tag(text, "id") == tag(&self.value, "id"),
            Purpose::Spf => {
                let ours = self.value.split(' ').nth(1).unwrap_or_default();
                text.to_ascii_lowercase()
                    .split_whitespace()
                    .map(|term| term.strip_prefix('+').unwrap_or(term).to_owned())
                    // The exchanger of the same name is this server too.
                    .any(|term| term == ours || term == "mx")
            }
            Purpose::Inbound
            | Purpose::ReturnPath
            | Purpose::Subdomains
            | Purpose::Tracking
            | Purpose::MtaStsHost => text == self.value,
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
            host: self.host.clone(),
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
