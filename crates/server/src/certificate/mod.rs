//! The certificates of every door that speaks TLS: STARTTLS, submission and HTTPS.
//!
//! ```text
//! files        the operator's PEM files, read and checked
//! self_made    what is shown while there is nothing else
//! store        which certificate a handshake gets; looks at the files again
//! ```

mod files;
mod self_made;
mod store;

pub use store::CertificateStore;

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use app::CertificateFacts as Facts;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// Makes aws-lc-rs the cryptography of the whole process. Without this rustls panics at its first
/// use when a dependency has switched on a second provider.
pub fn install_provider() {
    // An error means that one is installed already, which is as good.
    let _ = aws_lc_rs::default_provider().install_default();
}

/// A certificate that can be shown, and what it says.
#[derive(Clone, Debug)]
struct Certificate {
    key: Arc<CertifiedKey>,
    facts: Facts,
}

impl Certificate {
    /// A chain and the key of its first certificate.
    ///
    /// # Errors
    /// When they do not belong together or cannot be understood.
    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> anyhow::Result<Self> {
        let own = chain.first().ok_or_else(|| anyhow!("no certificate"))?;
        let facts = Facts::of(own).context("not an X.509 certificate")?;
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())?;
        Ok(Self {
            key: Arc::new(key),
            facts,
        })
    }
}

/// All certificates of a text, in their order; `None` when there is none, or one cannot be read.
fn chain_in(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .ok()?;
    (!chain.is_empty()).then_some(chain)
}
