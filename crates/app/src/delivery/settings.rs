//! What the operator decides about mail to other servers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use smtp::client::Credentials;

/// Which way mail for other servers takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// None: it is held on this machine.
    Sandbox,
    /// To the servers that the DNS names.
    Direct,
    /// To this relay.
    Relay(String),
}

/// What the TLSA records of mail servers are looked up for (DANE, RFC 7672).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaneMode {
    /// Nothing: nobody asks for them.
    Off,
    /// To be told with each try; mail goes as it would without.
    Report,
    /// A server whose records DNSSEC has proven gets mail only with a certificate that they name.
    Enforce,
}

/// How to protect the connection to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayTls {
    /// STARTTLS with a good certificate, or no mail.
    Required,
    /// TLS from the first octet, with a good certificate.
    Implicit,
    /// STARTTLS where it is offered, with whatever certificate.
    Opportunistic,
    /// None.
    Never,
}

/// A server that takes all our mail and brings it further.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How to protect the connection.
    pub tls: RelayTls,
    /// Whom to log in as.
    pub credentials: Option<Credentials>,
}

/// Everything that the operator decides about mail to other servers.
#[derive(Clone, Debug)]
pub struct DeliverySettings {
    /// The way of mail from each sending domain and what lies below it.
    pub routes: BTreeMap<String, Way>,
    /// The way of all other mail.
    pub otherwise: Way,
    /// The relays by their names.
    pub relays: BTreeMap<String, Relay>,
    /// The port of the servers that the DNS names.
    pub port: u16,
    /// How long mail is tried.
    pub patience: Patience,
    /// Connections to one destination at once.
    pub connections: usize,
    /// Messages to one destination in a minute; 0 is without limit.
    pub per_minute: u32,
    /// Our own addresses, where the machine has several and not all are to be used.
    pub sources: Vec<IpAddr>,
    /// What TLSA records are looked up for, when mail goes to the servers that the DNS names.
    pub dane: DaneMode,
    /// Roots that are trusted beside those of browsers, in PEM.
    pub roots: Vec<u8>,
}

/// How long mail is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The shortest pause, which is the one before the second try.
    pub first_pause: Duration,
    /// After this the message is labelled `delayed`.
    pub delay_notice: Duration,
    /// After this what was put off is given up.
    pub keep_trying: Duration,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            routes: BTreeMap::new(),
            otherwise: Way::Sandbox,
            relays: BTreeMap::new(),
            port: 25,
            patience: Patience {
                first_pause: Duration::from_secs(120),
                delay_notice: Duration::from_secs(4 * 3600),
                keep_trying: Duration::from_secs(5 * 86_400),
            },
            connections: 20,
            per_minute: 0,
            sources: Vec::new(),
            dane: DaneMode::Report,
            roots: Vec::new(),
        }
    }
}

impl DeliverySettings {
    /// The way of mail that an inbox at `domain` sends: that of the longest name of the list which
    /// is the domain or above it.
    #[must_use]
    pub fn way(&self, domain: &str) -> &Way {
        let mut name = domain;
        loop {
            if let Some(way) = self.routes.get(name) {
                return way;
            }
            match name.split_once('.') {
                Some((_, above)) => name = above,
                None => return &self.otherwise,
            }
        }
    }

    /// Whether any mail may leave the machine.
    #[must_use]
    pub fn is_real(&self) -> bool {
        let ways = self.routes.values().chain([&self.otherwise]);
        ways.into_iter().any(|way| *way != Way::Sandbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_sending_domain_decides() {
        let settings = DeliverySettings {
            routes: BTreeMap::from([
                ("acme.dev".to_owned(), Way::Direct),
                ("eu.acme.dev".to_owned(), Way::Relay("eu".to_owned())),
            ]),
            ..DeliverySettings::default()
        };
        for (domain, way) in [
            ("acme.dev", Way::Direct),
            ("a.acme.dev", Way::Direct),
            ("eu.acme.dev", Way::Relay("eu".to_owned())),
            ("b.eu.acme.dev", Way::Relay("eu".to_owned())),
            ("notacme.dev", Way::Sandbox),
            ("dev", Way::Sandbox),
        ] {
            assert_eq!(settings.way(domain), &way, "{domain}");
        }
        assert!(settings.is_real());
        assert!(!DeliverySettings::default().is_real());
    }
}
