//! The certificate of STARTTLS: the operator's, or a self-made one.
//!
//! Mail servers that deliver to us do not check who signed it (RFC 7435 §1.2); without one they
//! would send in the clear.

use std::fs;
#[cfg(test)]
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use mail::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::Tls;
use crate::data_folder::{self, DataFolder};

const DAY: Duration = Duration::from_secs(86_400);
/// How long a self-made certificate is good for, in days.
const LIFE_DAYS: u32 = 5 * 365;
/// It is replaced at a start when less than this is left, so a server may run that long.
const RENEW_DAYS: u32 = 2 * 365;
/// The line before the PEM blocks that tells what the file is for, and until when.
const LABEL: &str = "Mailroost self-made certificate, private key included";

/// Makes aws-lc-rs the cryptography of the whole process. Without this rustls panics at its first
/// use when a dependency has switched on a second provider.
pub fn install_provider() {
    // An error means that one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The operator's certificate.
///
/// # Errors
/// One line that names the file and what is wrong with it.
pub fn from_files(tls: &Tls) -> anyhow::Result<Arc<ServerConfig>> {
    let (certificate, key) = (tls.certificate.display(), tls.key.display());
    let chain = fs::read(&tls.certificate)
        .with_context(|| format!("the certificate {certificate} cannot be read"))?;
    let chain = chain_in(&chain)
        .with_context(|| format!("{certificate} does not hold a PEM certificate"))?;
    let secret =
        fs::read(&tls.key).with_context(|| format!("the private key {key} cannot be read"))?;
    let secret = PrivateKeyDer::from_pem_slice(&secret)
        .map_err(|_| anyhow!("{key} does not hold a PEM private key"))?;
    server_config(chain, secret)
        .with_context(|| format!("{certificate} and {key} do not make a certificate"))
}

/// The self-made certificate for `hostname`, kept in the data folder.
///
/// # Errors
/// When it cannot be made or written.
pub fn self_made(
    folder: &DataFolder,
    hostname: &str,
    now: Timestamp,
) -> anyhow::Result<Arc<ServerConfig>> {
    let path = folder.path().join("smtp-certificate.pem");
    let kept = fs::read_to_string(&path).ok();
    let still_good = kept.filter(|text| is_current(text, hostname, now));
    if let Some(config) = still_good.and_then(|text| read_self_made(&text).ok()) {
        return Ok(config);
    }
    let text = make(hostname, now).context("the self-made certificate cannot be made")?;
    data_folder::replace(&path, text.as_bytes())
        .with_context(|| format!("the certificate {} cannot be written", path.display()))?;
    tracing::info!(hostname, "made a certificate for STARTTLS");
    read_self_made(&text)
}

fn read_self_made(text: &str) -> anyhow::Result<Arc<ServerConfig>> {
    let chain = chain_in(text.as_bytes()).context("no certificate")?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| anyhow!("no key"))?;
    server_config(chain, key)
}

fn chain_in(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .ok()?;
    (!chain.is_empty()).then_some(chain)
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}

/// The text of a new file: label, certificate, key.
fn make(hostname: &str, now: Timestamp) -> anyhow::Result<String> {
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
            self_made(&folder, host, at(now)).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text != last, is_new, "{host} {now}");
            last = text;
        }
        fs::write(&path, "host a.test\nuntil 2100-01-01T00:00:00Z\ngarbage").unwrap();
        self_made(&folder, "a.test", at("2026-11-22T10:00:00Z")).unwrap();
    }

    #[test]
    fn wrong_files_are_named() {
        let outer = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(outer.path()).unwrap();
        self_made(&folder, "a.test", at("2026-11-22T10:00:00Z")).unwrap();
        let good = folder.path().join("smtp-certificate.pem");
        let empty = folder.path().join("empty.pem");
        fs::write(&empty, "").unwrap();
        let load = |certificate: &Path, key: &Path| {
            let (certificate, key) = (certificate.to_owned(), key.to_owned());
            from_files(&Tls { certificate, key }).map_err(|error| format!("{error:#}"))
        };
        assert!(load(&good, &good).is_ok());
        assert!(
            load(&empty, &good)
                .unwrap_err()
                .contains("empty.pem does not hold a PEM cert")
        );
        assert!(
            load(&good, &empty)
                .unwrap_err()
                .contains("empty.pem does not hold a PEM private")
        );
        let missing = folder.path().join("missing.pem");
        assert!(
            load(&missing, &good)
                .unwrap_err()
                .contains("missing.pem cannot be read")
        );
        // The key of another certificate.
        let other = folder.path().join("other.pem");
        fs::write(&other, make("b.test", at("2026-11-22T10:00:00Z")).unwrap()).unwrap();
        assert!(
            load(&good, &other)
                .unwrap_err()
                .contains("do not make a certificate")
        );
    }
}
