//! The client's side of TLS for mail: certificates that must be good, and certificates that are
//! only looked at.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Which certificates a handshake accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Any: the connection is safe from listeners, not from somebody in the middle. What would be
    /// wrong with the certificate is still told in [`TlsUsed::doubt`].
    Any,
    /// One that a root certificate vouches for, with the host's name, valid now.
    WebPki,
}

/// What a handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsUsed {
    /// `TLSv1.3`.
    pub version: String,
    /// `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// Why the certificate would not pass under [`Trust::WebPki`]; `None` when it does.
    pub doubt: Option<String>,
    /// The certificates that were shown, in DER, the peer's own first.
    pub chain: Vec<Vec<u8>>,
}

impl TlsUsed {
    /// Whether the certificate is good for the host that was asked for.
    #[must_use]
    pub fn verified(&self) -> bool {
        self.doubt.is_none()
    }
}

/// A handshake that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate is not good: expired, for another name, not vouched for.
    #[error("the certificate was refused: {0}")]
    Certificate(String),
    /// No common version or cipher, or not TLS at all.
    #[error("the handshake failed: {0}")]
    Handshake(String),
}

/// Makes TLS connections as a client. Clones share the roots.
#[derive(Clone)]
pub struct TlsClient {
    verifier: Arc<WebPkiServerVerifier>,
    strict: Arc<ClientConfig>,
    lenient: Arc<ClientConfig>,
}

impl TlsClient {
    /// With the root certificates that browsers trust.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, rustls::Error> {
        Self::with_roots(&[])
    }

    /// The same, and the roots of `pem` beside them: an authority of the operator's own. Nothing
    /// but certificates is looked for in it.
    ///
    /// # Errors
    /// When TLS cannot be set up or a certificate of `pem` cannot be read.
    pub fn with_roots(pem: &[u8]) -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for root in CertificateDer::pem_slice_iter(pem) {
            roots.add(root.map_err(|error| rustls::Error::General(error.to_string()))?)?;
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
        let builder = || {
            ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
        };
        let strict = builder()?
            .with_webpki_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        let lenient = builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TakesAny(Arc::clone(&provider))))
            .with_no_client_auth();
        Ok(Self {
            verifier,
            strict: Arc::new(strict),
            lenient: Arc::new(lenient),
        })
    }

    /// What connections with good certificates are made with.
    pub(crate) fn strict(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.strict)
    }

    /// The handshake with `host`, a DNS name or the text of an IP address.
    ///
    /// # Errors
    /// [`TlsError`]; the stream is gone.
    pub async fn handshake<S>(
        &self,
        stream: S,
        host: &str,
        trust: Trust,
    ) -> Result<(TlsStream<S>, TlsUsed), TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let bare = host.trim_end_matches('.').to_owned();
        let name = ServerName::try_from(bare)
            .map_err(|_| TlsError::Certificate(format!("{host} is not a host name")))?;
        let config = match trust {
            Trust::Any => &self.lenient,
            Trust::WebPki => &self.strict,
        };
        let connecting = TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream);
        let stream = connecting.await.map_err(|error| read(&error))?;
        let used = self.used(stream.get_ref().1, &name);
        Ok((stream, used))
    }

    fn used(&self, connection: &rustls::ClientConnection, name: &ServerName<'_>) -> TlsUsed {
        let version = connection
            .protocol_version()
            .and_then(|version| version.as_str())
            .unwrap_or("TLS");
        let cipher = connection
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or("unknown");
        let shown = connection.peer_certificates();
        let doubt = match shown {
            Some([own, others @ ..]) => self
                .verifier
                .verify_server_cert(own, others, name, &[], UnixTime::now())
                .err()
                .map(|error| error.to_string()),
            Some([]) | None => Some("no certificate was shown".to_owned()),
        };
        TlsUsed {
            // rustls writes an underscore; everybody else, and the logs of other servers, a dot.
            version: version.replace('_', "."),
            cipher: cipher.to_owned(),
            doubt,
            chain: shown
                .unwrap_or_default()
                .iter()
                .map(|one| one.to_vec())
                .collect(),
        }
    }
}

fn read(error: &std::io::Error) -> TlsError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => TlsError::Certificate(why.to_string()),
        Some(other) => TlsError::Handshake(other.to_string()),
        None => TlsError::Handshake(error.kind().to_string()),
    }
}

/// Proves that the peer has the key of the certificate that it shows, and asks for nothing else.
#[derive(Debug)]
struct TakesAny(Arc<CryptoProvider>);

impl ServerCertVerifier for TakesAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
