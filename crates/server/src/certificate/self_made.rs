//! The self-made certificate, which is shown while there is no other.
//!
//! Mail servers that deliver to us do not check who signed it (RFC 7435 §1.2); without one they
//! would send in the clear.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use mail::Timestamp;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::{Certificate, chain_in};
use crate::data_folder::{self, DataFolder};

const DAY: Duration = Duration::from_secs(86_400);
/// How long a self-made certificate is good for, in days.
const LIFE_DAYS: u32 = 5 * 365;
/// It is replaced at a start when less than this is left, so a server may run that long.
const RENEW_DAYS: u32 = 2 * 365;
/// The line before the PEM blocks that tells what the file is for, and until when.
const LABEL: &str = "Mailroost self-made certificate, private key included";

/// The self-made certificate for `hostname`, kept in the data folder.
///
/// # Errors
/// When it cannot be made or written.
pub fn kept_or_made(
    folder: &DataFolder,
    hostname: &str,
    now: Timestamp,
) -> anyhow::Result<Certificate> {
    let path = folder.path().join("smtp-certificate.pem");
    let kept = fs::read_to_string(&path).ok();
    let still_good = kept.filter(|text| is_current(text, hostname, now));
    if let Some(kept) = still_good.and_then(|text| read_self_made(&text).ok()) {
        return Ok(kept);
    }
    let text = make(hostname, now).context("the self-made certificate cannot be made")?;
    data_folder::replace(&path, text.as_bytes())
        .with_context(|| format!("the certificate {} cannot be written", path.display()))?;
    tracing::info!(hostname, "made a certificate of our own");
    read_self_made(&text)
}

fn read_self_made(text: &str) -> anyhow::Result<Certificate> {
    let chain = chain_in(text.as_bytes()).context("no certificate")?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| anyhow!("no key"))?;
    Certificate::new(chain, key)
}

/// The text of a new file: label, certificate, key.
pub(super) fn make(hostname: &str, now: Timestamp) -> anyhow::Result<String> {
    let until = now.plus(DAY * LIFE_DAYS);
    let mut params = rcgen::CertificateParams::new(vec![hostname.to_owned()])?;
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, common_name(hostname));
    // A peer's clock may be behind ours.
    let (year, month, day) = calendar_day(now.minus(DAY))?;
    params.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = calendar_day(until)?;
    params.not_after = rcgen::date_time_ymd(year, month, day);
    let key = rcgen::KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(format!(
        "{LABEL}\nhost {hostname}\nuntil {until}\n{}{}",
        certificate.pem(),
        key.serialize_pem()
    ))
}

/// A common name holds 64 characters at most (RFC 5280, appendix A); the full name is in the
/// subject alternative names.
fn common_name(hostname: &str) -> &str {
    hostname.get(..64).unwrap_or(hostname)
}

fn is_current(text: &str, hostname: &str, now: Timestamp) -> bool {
    let field = |name: &str| {
        let mut lines = text.lines().take(3);
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    };
    let enough_left = field("until")
        .and_then(Timestamp::parse_rfc3339)
        .is_some_and(|until| until.since(now) > DAY * RENEW_DAYS);
    field("host") == Some(hostname) && enough_left
}

/// Year, month and day of `at` in UTC.
fn calendar_day(at: Timestamp) -> anyhow::Result<(i32, u8, u8)> {
    let text = at.to_string();
    let mut parts = text.split(['-', 'T']);
    let mut next = || parts.next().ok_or_else(|| anyhow!("no date"));
    Ok((next()?.parse()?, next()?.parse()?, next()?.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_self_made_certificate_is_kept_until_it_is_old_or_for_another_host() {
        let outer = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(outer.path()).unwrap();
        let path = folder.path().join("smtp-certificate.pem");
        let long = format!("{}.test", ["abcdefghijklmnop"; 6].join("."));
        let mut last = String::new();
        for (host, now, is_new) in [
            ("a.test", "2026-11-22T10:00:00Z", true),
            ("a.test", "2029-11-01T10:00:00Z", false),
            ("a.test", "2029-12-31T10:00:00Z", true),
            ("b.test", "2029-12-31T10:00:00Z", true),
            (long.as_str(), "2029-12-31T10:00:00Z", true),
        ] {
            kept_or_made(&folder, host, at(now)).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text != last, is_new, "{host} {now}");
            last = text;
        }
        fs::write(&path, "host a.test\nuntil 2100-01-01T00:00:00Z\ngarbage").unwrap();
        kept_or_made(&folder, "a.test", at("2026-11-22T10:00:00Z")).unwrap();
    }
}
