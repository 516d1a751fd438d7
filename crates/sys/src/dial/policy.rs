//! What may be dialled: the public internet over TLS, and what the operator adds.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

use super::DialError;
use super::address::{Net, is_public};

/// Where requests of ours may go. The default is the public internet over https.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Loopback is allowed too: for a developer's own machine.
    pub loopback: bool,
    /// Plain http is allowed everywhere: likewise.
    pub plain: bool,
    /// What else the operator allows, also over plain http.
    pub allowed: Vec<Allowed>,
}

/// An exception that the operator made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// These addresses, whatever name leads to them.
    Net(Net),
    /// This host, whatever address it has.
    Host(String),
}

/// The text is neither an address range nor a host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an address range nor a host name")]
pub struct NotAllowed;

impl FromStr for Allowed {
    type Err = NotAllowed;

    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        if let Ok(net) = text.parse() {
            return Ok(Self::Net(net));
        }
        // A mistyped range must not become a host that never matches.
        match Host::parse(text) {
            Ok(Host::Domain(name)) if !text.contains(['/', '*', '%']) => {
                Ok(Self::Host(bare(&name)))
            }
            _ => Err(NotAllowed),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(net) => net.fmt(f),
            Self::Host(name) => f.write_str(name),
        }
    }
}

/// A name without the dot of the root, which names the same host.
fn bare(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

impl Policy {
    /// Checks what a URL says of itself, without asking for its addresses: scheme, credentials and
    /// a literal address.
    ///
    /// # Errors
    /// [`DialError`] with the rule that is broken.
    pub fn check(&self, url: &Url) -> Result<(), DialError> {
        let host = url.host().ok_or(DialError::Url)?;
        if !matches!(url.scheme(), "http" | "https") || url.port() == Some(0) {
            return Err(DialError::Url);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DialError::Credentials);
        }
        let literal = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        match literal {
            Some(address) => self.admit(url, &[address]),
            // Which of the ranges it lies in shows when it is dialled.
            None if self.is_clear(url) && !self.is_named(url) && self.nets().next().is_none() => {
                Err(DialError::Plain)
            }
            None => Ok(()),
        }
    }

    /// Checks every address a host has. One that is not allowed refuses the host as a whole:
    /// nobody has public and private addresses under one name by accident.
    ///
    /// # Errors
    /// [`DialError`] with the rule that is broken.
    pub fn admit(&self, url: &Url, addresses: &[IpAddr]) -> Result<(), DialError> {
        let named = self.is_named(url);
        for address in addresses {
            self.admit_address(named, *address)?;
        }
        let in_net = |address: &IpAddr| self.nets().any(|net| net.contains(*address));
        if self.is_clear(url) && !named && !addresses.iter().all(in_net) {
            return Err(DialError::Plain);
        }
        Ok(())
    }

    /// Checks one address that `host` led to, for protocols other than HTTP. Mail has no URL and
    /// is sent in the clear where there is nothing better, so [`Policy::plain`] is not asked.
    ///
    /// # Errors
    /// [`DialError::Private`].
    pub fn admit_host(&self, host: &str, address: IpAddr) -> Result<(), DialError> {
        self.admit_address(self.is_listed(host), address)
    }

    fn admit_address(&self, named: bool, address: IpAddr) -> Result<(), DialError> {
        let plain = address.to_canonical();
        let own = self.loopback && plain.is_loopback();
        let usable = !address.is_unspecified() && !plain.is_multicast();
        let in_net = || self.nets().any(|net| net.contains(address));
        if is_public(address) || own || in_net() || named && usable {
            Ok(())
        } else {
            Err(DialError::Private)
        }
    }

    fn is_clear(&self, url: &Url) -> bool {
        url.scheme() == "http" && !self.plain
    }

    fn is_named(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(name)) => self.is_listed(name),
            _ => false,
        }
    }

    fn is_listed(&self, host: &str) -> bool {
        let name = bare(host);
        self.allowed
            .iter()
            .any(|one| matches!(one, Allowed::Host(host) if *host == name))
    }

    fn nets(&self) -> impl Iterator<Item = &Net> {
        self.allowed.iter().filter_map(|one| match one {
            Allowed::Net(net) => Some(net),
            Allowed::Host(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allowed: &[&str]) -> Policy {
        Policy {
            allowed: allowed.iter().map(|text| text.parse().unwrap()).collect(),
            ..Policy::default()
        }
    }

    fn check(policy: &Policy, url: &str) -> Option<DialError> {
        policy.check(&Url::parse(url).unwrap()).err()
    }

    fn admit(policy: &Policy, url: &str, addresses: &[&str]) -> Option<DialError> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        policy.admit(&Url::parse(url).unwrap(), &addresses).err()
    }

    #[test]
    fn a_public_server_dials_the_public_internet_over_tls() {
        let strict = policy(&[]);
        assert!(check(&strict, "https://hooks.example.com/x?y=z").is_none());
        assert!(check(&strict, "https://8.8.8.8/").is_none());
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://0/",
        ] {
            assert!(
                matches!(check(&strict, url), Some(DialError::Private)),
                "{url}"
            );
        }
        for url in ["http://hooks.example.com/", "http://8.8.8.8/"] {
            assert!(
                matches!(check(&strict, url), Some(DialError::Plain)),
                "{url}"
            );
        }
        for url in [
            "ftp://x.test/",
            "file:///etc/passwd",
            "data:,x",
            "https://x.test:0/",
        ] {
            assert!(matches!(check(&strict, url), Some(DialError::Url)), "{url}");
        }
        for url in ["https://ann@x.test/", "https://:pw@x.test/"] {
            assert!(
                matches!(check(&strict, url), Some(DialError::Credentials)),
                "{url}"
            );
        }
    }

    #[test]
    fn one_private_address_among_public_ones_refuses_the_host() {
        let strict = policy(&[]);
        let url = "https://hooks.example.com/";
        assert!(admit(&strict, url, &["8.8.8.8", "2606:4700::1"]).is_none());
        for private in ["127.0.0.1", "10.0.0.1", "fd00::1", "::1", "169.254.169.254"] {
            let mixed = admit(&strict, url, &["8.8.8.8", private]);
            assert!(matches!(mixed, Some(DialError::Private)), "{private}");
        }
    }

    #[test]
    fn the_operator_allows_ranges_and_hosts() {
        let open = policy(&["10.1.0.0/16", "Hooks.Internal"]);
        assert!(check(&open, "http://10.1.2.3/").is_none());
        assert!(admit(&open, "http://n8n.lan/", &["10.1.2.3"]).is_none());
        assert!(admit(&open, "http://hooks.internal./", &["192.168.0.1"]).is_none());
        assert!(matches!(
            admit(&open, "https://n8n.lan/", &["10.2.0.1"]),
            Some(DialError::Private)
        ));
        assert!(matches!(
            admit(&open, "http://n8n.lan/", &["8.8.8.8"]),
            Some(DialError::Plain)
        ));
        assert!(matches!(
            admit(&open, "https://hooks.internal/", &["0.0.0.0"]),
            Some(DialError::Private)
        ));
        assert!(matches!(
            admit(&open, "https://not.hooks.internal/", &["192.168.0.1"]),
            Some(DialError::Private)
        ));
    }

    #[test]
    fn a_laptop_may_talk_to_itself_and_nobody_near_it() {
        let laptop = Policy {
            loopback: true,
            plain: true,
            allowed: Vec::new(),
        };
        assert!(check(&laptop, "http://127.0.0.1:3000/hook").is_none());
        assert!(admit(&laptop, "http://localhost:3000/", &["127.0.0.1", "::1"]).is_none());
        for near in ["192.168.0.1", "169.254.169.254", "10.0.0.1"] {
            let asked = admit(&laptop, "http://x.test/", &[near]);
            assert!(matches!(asked, Some(DialError::Private)), "{near}");
        }
    }

    #[test]
    fn a_mail_host_is_checked_like_any_other() {
        let admitted = |policy: &Policy, address: &str| {
            policy
                .admit_host("mx.test", address.parse().unwrap())
                .is_ok()
        };
        assert!(admitted(&policy(&[]), "8.8.8.8"));
        for private in [
            "127.0.0.1",
            "10.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
        ] {
            assert!(!admitted(&policy(&[]), private), "{private}");
        }
        assert!(admitted(&policy(&["10.0.0.0/8"]), "10.0.0.1"));
        assert!(admitted(&policy(&["mx.test"]), "10.0.0.1"));
        assert!(!admitted(&policy(&["mx.test"]), "0.0.0.0"));
    }

    #[test]
    fn what_is_neither_range_nor_host_is_refused() {
        for text in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/40",
            "*.internal",
            "a b",
            "http://x.test",
        ] {
            assert!(text.parse::<Allowed>().is_err(), "{text}");
        }
    }
}
