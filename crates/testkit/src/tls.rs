//! Certificates that nobody trusts, those of an authority that a test trusts, and a client that does not mind.

use std::error::Error;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme};

/// A server configuration with a fresh self-signed certificate for `name`.
///
/// # Errors
/// When the key or the certificate cannot be made.
pub fn self_signed(name: &str) -> Result<Arc<ServerConfig>, Box<dyn Error + Send + Sync>> {
    let made = rcgen::generate_simple_self_signed([name.to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    Ok(Arc::new(config))
}

/// A server and the certificates that it shows, in DER, its own first.
pub type Chain = (Arc<ServerConfig>, Vec<Vec<u8>>);

/// An authority of the test's own, whose certificates are good for whoever has its root.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: String,
    root_der: Vec<u8>,
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// When a key or certificate cannot be made.
    pub fn new() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key)?;
        let (root, root_der) = (root.pem(), root.der().to_vec());
        let issuer = Issuer::new(params, key);
        Ok(Self {
            issuer,
            root,
            root_der,
        })
    }

    /// The root certificate, in PEM.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// A server with a good certificate for `name`.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn good(&self, name: &str) -> Result<Arc<ServerConfig>, Box<dyn Error + Send + Sync>> {
        self.issue(&CertificateParams::new([name.to_owned()])?)
    }

    /// A server whose certificate for `name` was good until 2001.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn expired(&self, name: &str) -> Result<Arc<ServerConfig>, Box<dyn Error + Send + Sync>> {
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        self.issue(&params)
    }

    /// A server that shows a certificate for `name` and the root above it, and both in DER. The
    /// certificate is good now, or was until 2001.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn chain(&self, name: &str, good: bool) -> Result<Chain, Box<dyn Error + Send + Sync>> {
        let mut params = CertificateParams::new([name.to_owned()])?;
        if !good {
            params.not_before = rcgen::date_time_ymd(2000, 1, 1);
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        }
        let key = KeyPair::generate()?;
        let own = params.signed_by(&key, &self.issuer)?.der().clone();
        let root = CertificateDer::from(self.root_der.clone());
        let certificates = vec![own.to_vec(), root.to_vec()];
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![own, root], key.into())?;
        Ok((Arc::new(config), certificates))
    }

    /// A certificate for `names` and its private key, both in PEM, for the files of a server.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn files(&self, names: &[&str]) -> Result<(String, String), Box<dyn Error + Send + Sync>> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate()?;
        let cert = CertificateParams::new(names)?.signed_by(&key, &self.issuer)?;
        Ok((cert.pem(), key.serialize_pem()))
    }

    fn issue(
        &self,
        params: &CertificateParams,
    ) -> Result<Arc<ServerConfig>, Box<dyn Error + Send + Sync>> {
        let key = KeyPair::generate()?;
        let cert = params.signed_by(&key, &self.issuer)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())?;
        Ok(Arc::new(config))
    }
}

/// A client configuration that takes any certificate.
///
/// # Errors
/// When the provider lacks a protocol version.
pub fn trusting_client() -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TakesAny(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

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
