//! Secrets at rest: whoever reads the database without the master key learns none.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use model::{Error, Result};

/// Octets of the nonce in front of what is sealed. It is random, which 192 bits bear.
const NONCE: usize = 24;

/// Seals and opens with one key. Clones share it.
#[derive(Clone)]
pub(crate) struct Seal(XChaCha20Poly1305);

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Seals `plain` for one place: only who names the same `place` can open it, so that a sealed
    /// value cannot be moved to another row.
    pub(crate) fn seal(&self, nonce: [u8; NONCE], place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let payload = Payload {
            msg: plain,
            aad: place,
        };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("a secret cannot be sealed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// What was sealed for `place`.
    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let damaged = || Error::internal("a sealed secret does not open with this master key");
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let payload = Payload {
            msg: sealed,
            aad: place,
        };
        let plain = self.0.decrypt(&XNonce::from(*nonce), payload);
        plain.map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_place_open_it_unchanged() {
        let seal = Seal::new(&[1; 32]);
        let sealed = seal.seal([7; 24], b"here", b"secret").unwrap();
        assert_eq!(seal.open(b"here", &sealed).unwrap(), b"secret");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert!(seal.open(b"there", &sealed).is_err());
        assert!(Seal::new(&[2; 32]).open(b"here", &sealed).is_err());
        for index in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[index] ^= 1;
            assert!(seal.open(b"here", &damaged).is_err(), "{index}");
        }
        assert!(seal.open(b"here", &sealed[..20]).is_err());
    }
}
