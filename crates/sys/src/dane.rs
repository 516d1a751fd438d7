//! Certificates that the DNS names: TLSA records (RFC 6698) as mail uses them (RFC 7672).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;

/// A TLSA record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlsa {
    /// 3: the server's own certificate; 2: one above it. 0 and 1 mean nothing for mail
    /// (RFC 7672 §3.1.3).
    pub usage: u8,
    /// 0: the whole certificate; 1: its public key.
    pub selector: u8,
    /// 0: as it is; 1: its SHA-256; 2: its SHA-512.
    pub matching: u8,
    /// What is compared.
    pub data: Vec<u8>,
}

/// `3 1 1`, without the data.
impl fmt::Display for Tlsa {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {} {}", self.usage, self.selector, self.matching)
    }
}

impl Tlsa {
    /// Whether the record can vouch for a mail server at all. One that cannot counts as absent
    /// (RFC 7672 §2.2).
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let fits = match self.matching {
            0 => !self.data.is_empty(),
            1 => self.data.len() == 32,
            2 => self.data.len() == 64,
            _ => false,
        };
        fits && matches!(self.usage, 2 | 3) && self.selector <= 1
    }

    /// Whether it is about this certificate.
    fn names(&self, certificate: &[u8]) -> bool {
        let der = CertificateDer::from(certificate);
        let key;
        let selected: &[u8] = match self.selector {
            0 => certificate,
            1 => match ParsedCertificate::try_from(&der) {
                Ok(parsed) => {
                    key = parsed.subject_public_key_info();
                    key.as_ref()
                }
                Err(_) => return false,
            },
            _ => return false,
        };
        match self.matching {
            0 => selected == self.data,
            1 => digest::digest(&digest::SHA256, selected).as_ref() == self.data,
            2 => digest::digest(&digest::SHA512, selected).as_ref() == self.data,
            _ => false,
        }
    }

    /// Whether it vouches for what a server showed: its own certificate first, then those between
    /// that and the root.
    fn vouches(&self, chain: &[Vec<u8>], host: &str) -> bool {
        let Some((own, above)) = chain.split_first() else {
            return false;
        };
        match self.usage {
            // Names and dates of the certificate do not count (RFC 7672 §3.1.1): the record says
            // both.
            3 => self.names(own),
            // Here they do (§3.1.2).
            2 => above
                .iter()
                .filter(|one| self.names(one))
                .any(|anchor| is_below(own, above, anchor, host)),
            _ => false,
        }
    }
}

/// The first of `records` that vouches for the certificates which a server showed, in DER, its own
/// first. `host` is the name that the records were found at.
#[must_use]
pub fn vouching<'a>(records: &'a [Tlsa], chain: &[Vec<u8>], host: &str) -> Option<&'a Tlsa> {
    records
        .iter()
        .find(|record| record.is_usable() && record.vouches(chain, host))
}

/// Whether a certificate is good for `host` now when `anchor` alone is trusted.
fn is_below(own: &[u8], above: &[Vec<u8>], anchor: &[u8], host: &str) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(CertificateDer::from(anchor.to_vec())).is_err() {
        return false;
    }
    let provider = Arc::new(default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let name = ServerName::try_from(host.trim_end_matches('.').to_owned());
    let (Ok(verifier), Ok(name)) = (verifier, name) else {
        return false;
    };
    let own = CertificateDer::from(own);
    let above: Vec<CertificateDer<'_>> = above
        .iter()
        .map(|one| CertificateDer::from(one.as_slice()))
        .collect();
    let checked = verifier.verify_server_cert(&own, &above, &name, &[], UnixTime::now());
    checked.is_ok()
}
