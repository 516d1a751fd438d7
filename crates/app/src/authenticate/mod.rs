//! Who sent an arriving message.
//!
//! SPF, DKIM, DMARC and ARC are asked at once, with one limit of time for all of them; what has no
//! answer by then is `temperror`, and the message is filed like any other. [`verdict`] makes one
//! judgement of the results.

mod arc;
mod crypto;
mod dkim;
mod dmarc;
mod owner;
mod spf;
mod verdict;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use mail::authentication::dkim::ByName;
use mail::authentication::fields;
use mail::authentication::results::{self, Entry};
use mail::{Address, Correspondent, Timestamp};
use model::Result;
use model::authentication::{Authentication, Dkim, Reason, Spf, Verdict};
use smtp::Envelope;
use sys::dial::Net;

pub(crate) use self::owner::organization;

use self::arc::Received;
use self::dkim::{Bodies, Claim};
use self::verdict::{Findings, From};
use crate::inbound::elsewhere;
use crate::{App, Mode};

/// How arriving mail is judged.
#[derive(Clone, Debug)]
pub struct Judging {
    /// Whether mail from this machine is checked like any other also in laptop mode.
    pub check_local: bool,
    /// How long all look-ups together may take.
    pub patience: Duration,
    /// Forwarders whose word is taken, by the domain of their seals in lower case.
    pub trusted_sealers: Vec<String>,
    /// Servers of the operator's own that hand mail over. Their addresses say nothing about the
    /// sender.
    pub trusted_relays: Vec<Net>,
    /// Whether mail whose domain asks for it is refused instead of labelled.
    pub refuse_on_dmarc_reject: bool,
}

impl Default for Judging {
    fn default() -> Self {
        Self {
            check_local: false,
            patience: Duration::from_secs(10),
            trusted_sealers: Vec::new(),
            trusted_relays: Vec::new(),
            refuse_on_dmarc_reject: false,
        }
    }
}

/// Everything the bytes of a message tell, before anything is looked up.
struct Prepared {
    from: From,
    dkim: Vec<std::result::Result<Claim, Dkim>>,
    arc: Received,
}

impl Prepared {
    fn of(raw: &[u8], authors: &[Correspondent], now: Timestamp) -> Self {
        let split = fields::split(raw);
        let from = From::of(&split, authors);
        let by_name = ByName::of(&split.fields);
        let mut bodies = Bodies::new(split.body);
        Self {
            dkim: dkim::claims(&split, &by_name, &mut bodies, from.domain(), now),
            arc: arc::read(&split, &by_name, &mut bodies, now),
            from,
        }
    }
}

impl App {
    /// Judges mail handed in by a client. `authors` is what readers are shown of From.
    ///
    /// # Errors
    /// Only for faults of ours; what cannot be looked up is a result.
    pub(crate) async fn authenticate_arrival(
        &self,
        envelope: &Envelope,
        raw: &Bytes,
        authors: &[Correspondent],
    ) -> Result<Authentication> {
        if self.is_own_machine(envelope) {
            return Ok(Authentication::without_lookups(Reason::LocalMachine));
        }
        let (copy, authors, now) = (raw.clone(), authors.to_vec(), self.now());
        let prepare = move || Prepared::of(&copy, &authors, now);
        let prepared = elsewhere(raw.len(), prepare).await?;
        Ok(verdict::judge(
            Box::pin(self.look_up(envelope, prepared)).await,
        ))
    }

    /// Whether it is handed in on a developer's own machine, where there is nobody to ask.
    pub(crate) fn is_own_machine(&self, envelope: &Envelope) -> bool {
        let settings = self.settings();
        settings.mode == Mode::Laptop && !settings.judging.check_local && is_here(envelope.peer)
    }

    async fn look_up(&self, envelope: &Envelope, prepared: Prepared) -> Findings {
        let (judging, clock) = (&self.settings().judging, &*self.env().clock);
        let resolver = self.strangers();
        let until = self.now().plus(judging.patience);
        let spf = async {
            let found = sys::timeout_at(clock, until, self.check_spf(envelope)).await;
            found.unwrap_or_else(|_| spf_of(envelope, Verdict::TempError, None))
        };
        let dkim = async {
            let checking = dkim::check(&prepared.dkim, resolver);
            let found = sys::timeout_at(clock, until, checking).await;
            found.unwrap_or_else(|_| dkim::late(&prepared.dkim))
        };
        let policy = async {
            let Some(domain) = prepared.from.domain() else {
                return dmarc::Found::Nothing;
            };
            let found = sys::timeout_at(clock, until, dmarc::find(resolver, domain)).await;
            found.unwrap_or(dmarc::Found::Unanswered)
        };
        let arc = async {
            let found = sys::timeout_at(clock, until, prepared.arc.check(resolver)).await;
            found.unwrap_or_else(|_| prepared.arc.late())
        };
        let (spf, dkim, policy, arc) = tokio::join!(spf, dkim, policy, arc);
        let vouched = prepared
            .from
            .domain()
            .is_some_and(|domain| prepared.arc.vouches_for(domain, &judging.trusted_sealers));
        Findings {
            from: prepared.from,
            spf,
            dkim,
            policy,
            arc,
            vouched,
        }
    }

    async fn check_spf(&self, envelope: &Envelope) -> Spf {
        let relays = &self.settings().judging.trusted_relays;
        if relays.iter().any(|net| net.contains(envelope.peer.ip())) {
            return spf_of(envelope, Verdict::None, None);
        }
        let (local, domain) = identity(envelope);
        let sender = spf::Sender {
            ip: envelope.peer.ip().to_canonical(),
            helo: &envelope.helo,
            local: &local,
            domain,
            receiver: &self.settings().hostname,
            seconds: envelope.received_at.as_micros() / 1_000_000,
        };
        let outcome = spf::check(self.strangers(), sender).await;
        spf_of(envelope, outcome.result, outcome.explanation)
    }
}

/// The local part and the domain that SPF asks about (RFC 7208 §2.4).
fn identity(envelope: &Envelope) -> (String, &str) {
    match &envelope.reverse_path {
        Some(path) => (unquoted(path), path.domain()),
        None => ("postmaster".to_owned(), &envelope.helo),
    }
}

/// A local part as macros want it.
fn unquoted(path: &Address) -> String {
    let local = path.local();
    let inner = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) => inner.replace('\\', ""),
        None => local.to_owned(),
    }
}

fn spf_of(envelope: &Envelope, result: Verdict, explanation: Option<String>) -> Spf {
    let (_, domain) = identity(envelope);
    Spf {
        result,
        domain: domain.to_owned(),
        is_helo: envelope.reverse_path.is_none(),
        aligned: false,
        explanation,
    }
}

fn is_here(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

/// The Authentication-Results field of a judgement, as a line of the header; `None` when nothing was
/// looked up.
pub(crate) fn field(authentication: &Authentication, hostname: &str) -> Option<String> {
    let spf = authentication.spf.as_ref()?;
    let identity = if spf.is_helo {
        "smtp.helo"
    } else {
        "smtp.mailfrom"
    };
    let mut entries = vec![Entry {
        method: "spf",
        result: spf.result.name(),
        comment: None,
        properties: vec![(identity, spf.domain.clone())],
    }];
    for dkim in &authentication.dkim {
        let properties = [
            ("header.d", &dkim.domain),
            ("header.s", &dkim.selector),
            ("header.a", &dkim.algorithm),
        ];
        entries.push(Entry {
            method: "dkim",
            result: dkim.result.name(),
            comment: dkim.detail.as_ref().map(|detail| detail.replace('_', " ")),
            properties: properties
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.clone()?)))
                .collect(),
        });
    }
    if authentication.dkim.is_empty() {
        entries.push(plain("dkim", Verdict::None));
    }
    if let Some(dmarc) = &authentication.dmarc {
        entries.push(Entry {
            method: "dmarc",
            result: dmarc.result.name(),
            comment: dmarc
                .policy
                .as_ref()
                .map(|policy| format!("policy {policy}")),
            properties: authentication
                .from_domain
                .iter()
                .map(|domain| ("header.from", domain.clone()))
                .collect(),
        });
    }
    if let Some(arc) = &authentication.arc {
        entries.push(plain("arc", arc.result));
    }
    let value = results::value(hostname, &entries);
    Some(format!("{FIELD}: {value}\r\n"))
}

/// The name of the field.
pub(crate) const FIELD: &str = "Authentication-Results";

fn plain(method: &'static str, result: Verdict) -> Entry<'static> {
    Entry {
        method,
        result: result.name(),
        comment: None,
        properties: Vec::new(),
    }
}

/// Puts our own field before the others in what readers are shown, and takes away those that others
/// wrote under our name.
pub(crate) fn show(headers: &mut Vec<(String, String)>, field: Option<&str>, hostname: &str) {
    headers.retain(|(name, value)| {
        !(name.eq_ignore_ascii_case(FIELD) && results::claims(value, hostname))
    });
    if let Some((name, value)) = field.and_then(|line| line.split_once(':')) {
        let value: Vec<&str> = value.split_whitespace().collect();
        headers.insert(0, (name.to_owned(), value.join(" ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_our_results_and_no_forged_ones() {
        let mut headers: Vec<(String, String)> = [
            ("authentication-results", "mx.here.example; dmarc=pass"),
            ("Subject", "x"),
            ("Authentication-Results", "mx.there.example; dmarc=pass"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let ours = "Authentication-Results: mx.here.example;\r\n\tspf=fail\r\n";
        show(&mut headers, Some(ours), "mx.here.example");
        let shown: Vec<&str> = headers.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(
            shown,
            [
                "mx.here.example; spf=fail",
                "x",
                "mx.there.example; dmarc=pass"
            ]
        );
    }
}
