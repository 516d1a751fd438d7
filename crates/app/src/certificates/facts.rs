//! What a certificate says of itself: for which names, and from when until when.

use mail::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// Tags of DER (X.690 §8).
mod tag {
    pub const INTEGER: u8 = 0x02;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const SEQUENCE: u8 = 0x30;
    /// `[0] EXPLICIT`, the version of a certificate.
    pub const VERSION: u8 = 0xa0;
}

/// What is known of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The DNS names in lower case, wildcards included.
    pub names: Vec<String>,
    /// From when it is good.
    pub from: Timestamp,
    /// Until when it is good.
    pub until: Timestamp,
}

impl Facts {
    /// Reads the first certificate of a PEM text; `None` when there is none that can be understood.
    #[must_use]
    pub fn of_pem(text: &[u8]) -> Option<Self> {
        let first = CertificateDer::pem_slice_iter(text).next()?.ok()?;
        Self::of(&first)
    }

    /// Reads a certificate; `None` when it is not one of X.509 version 3.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let parsed = webpki::EndEntityCert::try_from(certificate).ok()?;
        let names = parsed.valid_dns_names().map(str::to_ascii_lowercase);
        let names = names.collect();
        let (from, until) = validity(certificate)?;
        Some(Self { names, from, until })
    }
}

/// RFC 5280 §4.1: the fifth or sixth field of what is signed.
fn validity(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (outer, _) = expect(certificate, tag::SEQUENCE)?;
    let (mut signed, _) = expect(outer, tag::SEQUENCE)?;
    if let Some((_, rest)) = expect(signed, tag::VERSION) {
        signed = rest;
    }
    // Serial number, algorithm, issuer.
    for field in [tag::INTEGER, tag::SEQUENCE, tag::SEQUENCE] {
        (_, signed) = expect(signed, field)?;
    }
    let (dates, _) = expect(signed, tag::SEQUENCE)?;
    let (from, rest) = time(dates)?;
    let (until, _) = time(rest)?;
    Some((from, until))
}

/// The content of the first element, which must have this tag, and what follows it.
fn expect(input: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(input)?;
    (tag == wanted).then_some((content, rest))
}

fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = input else {
        return None;
    };
    let (length, rest) = match *first {
        short @ ..=0x7f => (usize::from(short), rest),
        // Certificates are far below what three octets can say.
        long @ 0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(long - 0x80))?;
            let length = octets
                .iter()
                .fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// RFC 5280 §4.1.2.5: `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` from then on.
fn time(input: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (tag, content, rest) = element(input)?;
    let text = std::str::from_utf8(content).ok()?;
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let full = match (tag, digits.len()) {
        (tag::UTC_TIME, 12) if digits < "50" => format!("20{digits}"),
        (tag::UTC_TIME, 12) => format!("19{digits}"),
        (tag::GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return None,
    };
    // `9999…` means "for ever"; it is a date as well.
    let (date, clock) = full.split_at_checked(8)?;
    let at = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &clock[..2],
        &clock[2..4],
        &clock[4..]
    );
    Some((Timestamp::parse_rfc3339(&at)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str], from: i32, until: i32) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 2, 3);
        params.not_after = rcgen::date_time_ymd(until, 11, 30);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn names_and_dates_are_those_of_the_certificate() {
        for (from, until) in [(1999, 2027), (2026, 2049), (2026, 2051), (2050, 2150)] {
            let facts = Facts::of(&made(&["Mail.Test", "*.mail.test"], from, until)).unwrap();
            assert_eq!(facts.names, ["mail.test", "*.mail.test"]);
            assert_eq!(
                facts.from.to_string(),
                format!("{from}-02-03T00:00:00.000Z")
            );
            assert_eq!(
                facts.until.to_string(),
                format!("{until}-11-30T00:00:00.000Z")
            );
        }
    }

    #[test]
    fn a_certificate_that_is_cut_or_changed_does_no_harm() {
        let whole = made(&["mail.test"], 2026, 2027);
        for end in 0..whole.len() {
            assert_eq!(Facts::of(&CertificateDer::from(&whole[..end])), None);
        }
        for at in 0..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 0xff;
            // It may be understood, for the signature is not looked at; it must not panic.
            let _ = Facts::of(&CertificateDer::from(bytes));
        }
    }
}
