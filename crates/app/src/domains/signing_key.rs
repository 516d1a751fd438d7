//! The signing keys of domains: made away from the threads that serve, kept sealed.
//!
//! RSA with 2048 bits, because every receiver verifies it (RFC 8301 §3.2). Signing itself comes with
//! delivery to other servers.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use data_encoding::BASE64;
use model::domain::DomainName;
use model::{Error, Result};
use sys::Ids;
use tokio::sync::Semaphore;

/// The form of what is sealed: this octet, the nonce, the ciphertext with its tag.
const FORM: u8 = 1;

/// Makes and seals signing keys.
#[derive(Clone)]
pub(crate) struct KeyMaker {
    /// Derived from the master key.
    seal_key: [u8; 32],
    /// Making a key takes a processor for a tenth of a second; one at a time leaves the others.
    seat: Arc<Semaphore>,
}

/// A new key as it is kept.
pub(crate) struct SigningKey {
    /// A SubjectPublicKeyInfo in base64, as in a key record.
    pub(crate) public: String,
    /// The private half, sealed to its domain.
    pub(crate) sealed: Vec<u8>,
}

impl KeyMaker {
    pub(crate) fn new(seal_key: [u8; 32]) -> Self {
        Self {
            seal_key,
            seat: Arc::new(Semaphore::new(1)),
        }
    }

    /// A new key for `domain`.
    ///
    /// # Errors
    /// When the machine cannot make one.
    pub(crate) async fn make(&self, domain: &DomainName, ids: &Ids) -> Result<SigningKey> {
        let seat = self.seat.acquire().await.map_err(Error::internal)?;
        let pair = tokio::task::spawn_blocking(|| KeyPair::generate(KeySize::Rsa2048));
        let pair = pair.await.map_err(Error::internal)?;
        drop(seat);
        let failed = |_| Error::internal("a signing key could not be made");
        let pair = pair.map_err(failed)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(failed)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        Ok(SigningKey {
            public: BASE64.encode(public.as_ref()),
            sealed: self.seal(domain, private.as_ref(), ids.bytes())?,
        })
    }

    fn seal(&self, domain: &DomainName, private: &[u8], nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>> {
        let mut text = private.to_vec();
        let failed = |_| Error::internal("a signing key could not be sealed");
        self.cipher()?
            .seal_in_place_append_tag(Nonce::from(&nonce), bound_to(domain), &mut text)
            .map_err(failed)?;
        let mut sealed = vec![FORM];
        sealed.extend(nonce);
        sealed.extend(text);
        Ok(sealed)
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &self.seal_key);
        key.map(LessSafeKey::new)
            .map_err(|_| Error::internal("the sealing key has the wrong length"))
    }
}

/// A sealed key opens only as the key of its own domain: rows that were swapped sign nothing.
fn bound_to(domain: &DomainName) -> Aad<&[u8]> {
    Aad::from(domain.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(maker: &KeyMaker, domain: &DomainName, sealed: &[u8]) -> Option<Vec<u8>> {
        let (form, rest) = sealed.split_first()?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let plain = maker
            .cipher()
            .ok()?
            .open_in_place(Nonce::from(nonce), bound_to(domain), &mut text)
            .ok()?;
        (*form == FORM).then(|| plain.to_vec())
    }

    #[tokio::test]
    async fn a_key_opens_with_the_same_secret_for_its_own_domain_alone() {
        let maker = KeyMaker::new([7; 32]);
        let domain = DomainName::parse("acme.dev").unwrap();
        let key = maker.make(&domain, &Ids::system()).await.unwrap();
        let private = open(&maker, &domain, &key.sealed).unwrap();
        let pair = KeyPair::from_pkcs8(&private).unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        assert_eq!(BASE64.encode(public.as_ref()), key.public);
        // What a key record of 2048 bits begins with.
        assert!(key.public.starts_with("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"));
        assert!(!key.sealed.windows(16).any(|part| part == &private[..16]));

        let other = DomainName::parse("evil.dev").unwrap();
        assert!(open(&maker, &other, &key.sealed).is_none());
        assert!(open(&KeyMaker::new([8; 32]), &domain, &key.sealed).is_none());
    }
}
