//! The signing keys of domains: made away from the threads that serve, kept sealed, opened to sign.
//!
//! A domain has two: RSA with 2048 bits, because every receiver verifies it (RFC 8301 §3.2), and
//! Ed25519, whose record is short (RFC 8463).

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::BASE64;
use mail::Timestamp;
use mail::dkim::Algorithm;
use model::domain::{SigningKey, keys};
use model::{Error, Result, SigningKeyId};
use store::{KeyInUse, NewSigningKey};
use sys::Ids;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// The form of what is sealed: this octet, the nonce, the ciphertext with its tag.
const FORM: u8 = 1;

/// Makes, seals and opens signing keys.
#[derive(Clone)]
pub(crate) struct KeyMaker {
    /// Derived from the master key.
    seal_key: [u8; 32],
    /// Making a key takes a processor for a tenth of a second; one at a time leaves the others.
    seat: Arc<Semaphore>,
}

/// A private key that is ready to sign. Its memory is wiped when it is dropped, by the library that
/// holds it.
pub(crate) enum Opened {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A new key as it is before it is sealed.
struct Pair {
    public: String,
    private: Zeroizing<Vec<u8>>,
}

impl KeyMaker {
    pub(crate) fn new(seal_key: [u8; 32]) -> Self {
        Self {
            seal_key,
            seat: Arc::new(Semaphore::new(1)),
        }
    }

    /// A new key of each type for `domain`, which has `others` already.
    ///
    /// # Errors
    /// When the machine cannot make one.
    pub(crate) async fn make(
        &self,
        domain: &str,
        others: &[SigningKey],
        ids: &Ids,
        now: Timestamp,
    ) -> Result<Vec<NewSigningKey>> {
        let mut made = Vec::new();
        for algorithm in Algorithm::ALL {
            let seat = self.seat.acquire().await.map_err(Error::internal)?;
            let pair = tokio::task::spawn_blocking(move || generate(algorithm));
            let pair = pair.await.map_err(Error::internal)??;
            drop(seat);
            let key = SigningKey {
                key_id: SigningKeyId::new(ids.ordered(now)),
                algorithm,
                selector: keys::selector(algorithm, now, others),
                public: pair.public,
                created_at: now,
                seen_at: None,
                replaced_at: None,
            };
            let sealed = self.seal(domain, &pair.private, ids.bytes())?;
            made.push(NewSigningKey { key, sealed });
        }
        Ok(made)
    }

    /// The key, ready to sign.
    ///
    /// # Errors
    /// When it was sealed under another master key or for another domain.
    pub(crate) fn open(&self, key: &KeyInUse) -> Result<Opened> {
        let damaged = || {
            let (selector, domain) = (&key.selector, &key.domain);
            Error::internal(format!(
                "the signing key {selector} of {domain} does not open with this master key"
            ))
        };
        let private = self.unseal(&key.domain, &key.sealed).ok_or_else(damaged)?;
        let opened = match key.algorithm {
            Algorithm::Rsa => RsaKeyPair::from_pkcs8(&private).map(Opened::Rsa),
            Algorithm::Ed25519 => Ed25519KeyPair::from_pkcs8(&private).map(Opened::Ed25519),
        };
        opened.map_err(|_| damaged())
    }

    fn seal(&self, domain: &str, private: &[u8], nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>> {
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

    fn unseal(&self, domain: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let rest = sealed.strip_prefix(&[FORM])?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let cipher = self.cipher().ok()?;
        let plain = cipher.open_in_place(Nonce::from(nonce), bound_to(domain), &mut text);
        let length = plain.ok()?.len();
        text.truncate(length);
        Some(text)
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &self.seal_key);
        key.map(LessSafeKey::new)
            .map_err(|_| Error::internal("the sealing key has the wrong length"))
    }
}

/// A sealed key opens only as the key of its own domain: rows that were swapped sign nothing.
fn bound_to(domain: &str) -> Aad<&[u8]> {
    Aad::from(domain.as_bytes())
}

fn generate(algorithm: Algorithm) -> Result<Pair> {
    let failed = |_| Error::internal("a signing key could not be made");
    match algorithm {
        Algorithm::Rsa => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(failed)?;
            let private: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
            Ok(Pair {
                public: BASE64.encode(public.as_ref()),
                private: Zeroizing::new(private.as_ref().to_vec()),
            })
        }
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(failed)?;
            let private = pair.to_pkcs8().map_err(failed)?;
            Ok(Pair {
                public: BASE64.encode(pair.public_key().as_ref()),
                private: Zeroizing::new(private.as_ref().to_vec()),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_use(new: &NewSigningKey, domain: &str) -> KeyInUse {
        KeyInUse {
            key_id: new.key.key_id,
            domain: domain.to_owned(),
            selector: new.key.selector.clone(),
            algorithm: new.key.algorithm,
            sealed: new.sealed.clone(),
        }
    }

    #[tokio::test]
    async fn keys_open_with_the_same_secret_for_their_own_domain_alone() {
        let maker = KeyMaker::new([7; 32]);
        let now = Timestamp::from_micros(1_767_225_600_000_000);
        let made = maker.make("acme.dev", &[], &Ids::system(), now).await;
        let made = made.unwrap();
        let [rsa, ed25519] = &made[..] else {
            panic!("one key of each type")
        };
        let Opened::Rsa(pair) = maker.open(&in_use(rsa, "acme.dev")).unwrap() else {
            panic!("an RSA key")
        };
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        assert_eq!(BASE64.encode(public.as_ref()), rsa.key.public);
        // What a key record of 2048 bits begins with.
        assert!(
            rsa.key
                .public
                .starts_with("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")
        );
        let Opened::Ed25519(pair) = maker.open(&in_use(ed25519, "acme.dev")).unwrap() else {
            panic!("an Ed25519 key")
        };
        assert_eq!(
            BASE64.encode(pair.public_key().as_ref()),
            ed25519.key.public
        );
        assert_eq!(ed25519.key.public.len(), 44);

        for new in &made {
            assert!(maker.open(&in_use(new, "evil.dev")).is_err());
            let other = KeyMaker::new([8; 32]);
            assert!(other.open(&in_use(new, "acme.dev")).is_err());
            let mut damaged = in_use(new, "acme.dev");
            damaged.sealed[40] ^= 1;
            assert!(maker.open(&damaged).is_err());
        }
    }
}
