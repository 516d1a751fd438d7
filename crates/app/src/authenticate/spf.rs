//! The `check_host()` function of SPF (RFC 7208 §4).

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use mail::authentication::spf::{Directive, Hosts, Mechanism, Qualifier, Record, is_record};
use mail::authentication::spf_macro::{DomainSpec, MacroString, Values};
use model::authentication::Verdict;
use sys::{Answer, Resolver, Unanswered};

/// Terms that may ask the DNS, in all records together (§4.6.4).
const MOST_LOOKUPS: u32 = 10;
/// Questions that may bring nothing (§4.6.4).
const MOST_VOID: u32 = 2;
/// Hosts of one `mx` and names of one `ptr` (§4.6.4).
const MOST_NAMES: usize = 10;
/// Characters of the words for a refused sender that are kept.
const MOST_WORDS: usize = 500;

/// Who sends, and who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender<'a> {
    /// The client's address.
    pub(super) ip: IpAddr,
    /// The name the client gave.
    pub(super) helo: &'a str,
    /// The local part of the reverse path, or `postmaster`.
    pub(super) local: &'a str,
    /// The domain that is asked about.
    pub(super) domain: &'a str,
    /// This server.
    pub(super) receiver: &'a str,
    /// Seconds since 1970.
    pub(super) seconds: i64,
}

/// A result, and for `fail` the domain's words, if it has any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) result: Verdict,
    pub(super) explanation: Option<String>,
}

/// The record cannot be followed: the result is this, whatever else it says.
enum Stop {
    Temporary,
    Permanent,
}

type Tried<T> = Result<T, Stop>;

/// One check with what it has used up.
struct Check<'a> {
    resolver: &'a Resolver,
    sender: Sender<'a>,
    lookups: u32,
    void: u32,
}

/// Whether the domain lets the client use its name.
pub(super) async fn check(resolver: &Resolver, sender: Sender<'_>) -> Outcome {
    let plain = |result| Outcome {
        result,
        explanation: None,
    };
    if !is_host_name(sender.domain) {
        return plain(Verdict::None);
    }
    let mut check = Check {
        resolver,
        sender,
        lookups: 0,
        void: 0,
    };
    match check.host(sender.domain.to_owned(), true).await {
        Ok(outcome) => outcome,
        Err(Stop::Temporary) => plain(Verdict::TempError),
        Err(Stop::Permanent) => plain(Verdict::PermError),
    }
}

/// Two labels or more, none too long (§4.3). More is not asked: a name nobody could register has no
/// record either.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| (1..=63).contains(&label.len());
    name.len() <= 253
        && name.contains('.')
        && !name.starts_with('[')
        && name.is_ascii()
        && name.split('.').all(label)
}

impl From<Unanswered> for Stop {
    fn from(_: Unanswered) -> Self {
        Self::Temporary
    }
}

impl Check<'_> {
    /// The record of `domain` applied. `first` is the sender's own, which alone may have words for a
    /// refused sender (§6.2).
    fn host<'s>(
        &'s mut self,
        domain: String,
        first: bool,
    ) -> Pin<Box<dyn Future<Output = Tried<Outcome>> + Send + 's>> {
        Box::pin(async move {
            let none = |result| Outcome {
                result,
                explanation: None,
            };
            let Some(record) = self.record(&domain).await? else {
                return Ok(none(Verdict::None));
            };
            for Directive {
                qualifier,
                mechanism,
            } in &record.directives
            {
                if !self.matches(&domain, mechanism).await? {
                    continue;
                }
                let result = match qualifier {
                    Qualifier::Pass => Verdict::Pass,
                    Qualifier::Fail => Verdict::Fail,
                    Qualifier::SoftFail => Verdict::SoftFail,
                    Qualifier::Neutral => Verdict::Neutral,
                };
                let explanation = match (&record.explanation, result) {
                    (Some(name), Verdict::Fail) if first => self.explain(&domain, name).await,
                    _ => None,
                };
                return Ok(Outcome {
                    result,
                    explanation,
                });
            }
            let Some(redirect) = &record.redirect else {
                return Ok(none(Verdict::Neutral));
            };
            self.count_lookup()?;
            let target = self.expand(&domain, redirect).await;
            if !is_host_name(&target) {
                return Err(Stop::Permanent);
            }
            let outcome = self.host(target, first).await?;
            if outcome.result == Verdict::None {
                return Err(Stop::Permanent);
            }
            Ok(outcome)
        })
    }

    async fn record(&self, domain: &str) -> Tried<Option<Record>> {
        let texts = self.resolver.txt(domain).await?.records();
        let mut records = texts.iter().filter(|text| is_record(text));
        match (records.next(), records.next()) {
            (None, _) => Ok(None),
            (Some(text), None) => Record::parse(text).map(Some).map_err(|_| Stop::Permanent),
            (Some(_), Some(_)) => Err(Stop::Permanent),
        }
    }

    async fn matches(&mut self, domain: &str, mechanism: &Mechanism) -> Tried<bool> {
        let ip = self.sender.ip;
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Ip4(base, prefix) => Ok(is_within(ip, IpAddr::V4(*base), *prefix)),
            Mechanism::Ip6(base, prefix) => Ok(is_within(ip, IpAddr::V6(*base), *prefix)),
            Mechanism::Include(name) => {
                self.count_lookup()?;
                let target = self.expand(domain, name).await;
                if !is_host_name(&target) {
                    return Err(Stop::Permanent);
                }
                match self.host(target, false).await?.result {
                    Verdict::Pass => Ok(true),
                    Verdict::None => Err(Stop::Permanent),
                    _ => Ok(false),
                }
            }
            Mechanism::A(hosts) => {
                self.count_lookup()?;
                let target = self.target(domain, hosts.name.as_ref()).await;
                if !is_host_name(&target) {
                    return Ok(false);
                }
                let found = self.addresses(&target).await?;
                self.count_void(found.is_empty())?;
                Ok(found.iter().any(|own| near(ip, *own, hosts)))
            }
            Mechanism::Mx(hosts) => self.mx(domain, hosts).await,
            Mechanism::Ptr(name) => {
                self.count_lookup()?;
                let target = self.target(domain, name.as_ref()).await;
                self.ptr(&target).await
            }
            Mechanism::Exists(name) => {
                self.count_lookup()?;
                let target = self.expand(domain, name).await;
                if !is_host_name(&target) {
                    return Ok(false);
                }
                // A records whatever the client's address is (§5.7).
                let found = self.resolver.ipv4(&target).await?;
                let found = matches!(found, Answer::Records(_));
                self.count_void(!found)?;
                Ok(found)
            }
        }
    }

    async fn mx(&mut self, domain: &str, hosts: &Hosts) -> Tried<bool> {
        self.count_lookup()?;
        let target = self.target(domain, hosts.name.as_ref()).await;
        if !is_host_name(&target) {
            return Ok(false);
        }
        let exchangers = self.resolver.mx(&target).await?.records();
        self.count_void(exchangers.is_empty())?;
        if exchangers.len() > MOST_NAMES {
            return Err(Stop::Permanent);
        }
        for exchanger in &exchangers {
            // The null MX of RFC 7505 has no name.
            if !is_host_name(&exchanger.host) {
                continue;
            }
            let found = self.addresses(&exchanger.host).await?;
            self.count_void(found.is_empty())?;
            if found.iter().any(|own| near(self.sender.ip, *own, hosts)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// §5.5: a failed look-up only means that there is no match.
    async fn ptr(&mut self, target: &str) -> Tried<bool> {
        let Ok(names) = self.resolver.names(self.sender.ip).await else {
            return Ok(false);
        };
        let names = names.records();
        self.count_void(names.is_empty())?;
        let target = target.to_ascii_lowercase();
        let within = |name: &&String| {
            name.strip_suffix(target.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        for name in names.iter().take(MOST_NAMES).filter(within) {
            if self.is_own_name(name).await {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the client's address is among those of a name it claims.
    async fn is_own_name(&self, name: &str) -> bool {
        let found = self.addresses(name).await.unwrap_or_default();
        found.contains(&self.sender.ip)
    }

    /// `%{p}`: a name of the client that is its own; the domain's if there is one (§7.3).
    async fn client_name(&self, domain: &str) -> String {
        let unknown = || "unknown".to_owned();
        let Ok(names) = self.resolver.names(self.sender.ip).await else {
            return unknown();
        };
        let mut names = names.records();
        names.truncate(MOST_NAMES);
        let domain = domain.to_ascii_lowercase();
        names.sort_by_key(|name| {
            let rest = name.strip_suffix(domain.as_str());
            match rest {
                Some("") => 0,
                Some(rest) if rest.ends_with('.') => 1,
                _ => 2,
            }
        });
        for name in names {
            if self.is_own_name(&name).await {
                return name;
            }
        }
        unknown()
    }

    /// The addresses of a host of the client's own kind.
    async fn addresses(&self, name: &str) -> Tried<Vec<IpAddr>> {
        let found = match self.sender.ip {
            IpAddr::V4(_) => self.resolver.ipv4(name).await?,
            IpAddr::V6(_) => self.resolver.ipv6(name).await?,
        };
        Ok(found.records())
    }

    async fn target(&self, domain: &str, name: Option<&DomainSpec>) -> String {
        match name {
            Some(name) => self.expand(domain, name).await,
            None => domain.to_owned(),
        }
    }

    async fn expand(&self, domain: &str, name: &DomainSpec) -> String {
        let client = if name.names_client() {
            self.client_name(domain).await
        } else {
            String::new()
        };
        name.expand(&self.values(domain, &client))
    }

    fn values<'v>(&'v self, domain: &'v str, client: &'v str) -> Values<'v> {
        Values {
            local: self.sender.local,
            sender_domain: self.sender.domain,
            domain,
            ip: self.sender.ip,
            client,
            helo: self.sender.helo,
            receiver: self.sender.receiver,
            seconds: self.sender.seconds,
        }
    }

    /// The domain's words. Whatever is wrong with them, there are none then (§6.2).
    async fn explain(&self, domain: &str, name: &DomainSpec) -> Option<String> {
        let target = self.expand(domain, name).await;
        if !is_host_name(&target) {
            return None;
        }
        let texts = self.resolver.txt(&target).await.ok()?.records();
        let [text] = texts.as_slice() else {
            return None;
        };
        let words = MacroString::parse_explanation(text).ok()?;
        let client = if words.names_client() {
            self.client_name(domain).await
        } else {
            String::new()
        };
        let words = words.expand(&self.values(domain, &client));
        let words: String = words
            .chars()
            .filter(|c| !c.is_control())
            .take(MOST_WORDS)
            .collect();
        (!words.is_empty()).then_some(words)
    }

    fn count_lookup(&mut self) -> Tried<()> {
        self.lookups += 1;
        (self.lookups <= MOST_LOOKUPS)
            .then_some(())
            .ok_or(Stop::Permanent)
    }

    fn count_void(&mut self, is_void: bool) -> Tried<()> {
        self.void += u32::from(is_void);
        (self.void <= MOST_VOID)
            .then_some(())
            .ok_or(Stop::Permanent)
    }
}

fn near(ip: IpAddr, own: IpAddr, hosts: &Hosts) -> bool {
    let prefix = if own.is_ipv4() { hosts.four } else { hosts.six };
    is_within(ip, own, prefix)
}

fn is_within(ip: IpAddr, base: IpAddr, prefix: u8) -> bool {
    let differ = match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => (ip.to_bits() ^ base.to_bits()).leading_zeros(),
        (IpAddr::V6(ip), IpAddr::V6(base)) => (ip.to_bits() ^ base.to_bits()).leading_zeros(),
        _ => return false,
    };
    differ >= u32::from(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_its_first_bits() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (one, other, prefix, within) in [
            ("192.0.2.1", "192.0.2.200", 24, true),
            ("192.0.2.1", "192.0.2.200", 25, false),
            ("192.0.2.1", "10.0.0.1", 0, true),
            ("192.0.2.1", "::", 0, false),
            ("2001:db8::1", "2001:db8::2", 126, true),
            ("2001:db8::1", "2001:db8::1", 128, true),
            ("2001:db8::1", "2001:db8::2", 127, false),
        ] {
            assert_eq!(
                is_within(ip(one), ip(other), prefix),
                within,
                "{one} {other}/{prefix}"
            );
        }
    }
}
