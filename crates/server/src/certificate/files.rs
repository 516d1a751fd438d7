//! Certificates from the operator's files.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, anyhow};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::{Certificate, chain_in};
use crate::config::Tls;

/// What a look at the files of one certificate found.
pub struct Found {
    /// The certificate, or one line that names the file and what is wrong with it.
    pub certificate: anyhow::Result<Certificate>,
    /// Differs when the files, or what is wrong with reading them, differ.
    pub print: u64,
}

/// Reads both files. Their contents count and not their dates: programs that renew certificates
/// put links in the place of links.
pub fn look(tls: &Tls) -> Found {
    let chain = fs::read(&tls.certificate);
    let key = fs::read(&tls.key);
    let mut hasher = DefaultHasher::new();
    for file in [&chain, &key] {
        match file {
            Ok(bytes) => bytes.hash(&mut hasher),
            Err(error) => error.kind().hash(&mut hasher),
        }
    }
    Found {
        certificate: understand(tls, chain, key),
        print: hasher.finish(),
    }
}

fn understand(
    tls: &Tls,
    chain: std::io::Result<Vec<u8>>,
    secret: std::io::Result<Vec<u8>>,
) -> anyhow::Result<Certificate> {
    let (certificate, key) = (tls.certificate.display(), tls.key.display());
    let chain = chain.with_context(|| format!("the certificate {certificate} cannot be read"))?;
    let chain = chain_in(&chain)
        .with_context(|| format!("{certificate} does not hold a PEM certificate"))?;
    let secret = secret.with_context(|| format!("the private key {key} cannot be read"))?;
    let secret = PrivateKeyDer::from_pem_slice(&secret)
        .map_err(|_| anyhow!("{key} does not hold a PEM private key"))?;
    Certificate::new(chain, secret)
        .with_context(|| format!("{certificate} and {key} do not make a certificate"))
}
