//! Hashes and signatures.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rsa::PublicKey;
use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
};
use mail::authentication::canonical::{self, Form};
use mail::authentication::dkim::{Algorithm, Key, KeyKind};

/// Octets of the shortest RSA key that proves anything (RFC 8301 §3.2).
const SHORTEST_RSA: usize = 1024 / 8;

/// What a key says about a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// It is the key's.
    Good,
    /// It is not.
    Bad,
    /// The key is too short, or the algorithm too old, to prove anything.
    Weak,
    /// The key is of another kind or cannot be read.
    Unusable,
}

/// Checks a signature over `octets`.
pub(super) fn check(key: &Key, algorithm: Algorithm, octets: &[u8], signature: &[u8]) -> Checked {
    match (algorithm, key.kind) {
        (Algorithm::RsaSha1, _) => Checked::Weak,
        (Algorithm::RsaSha256, KeyKind::Rsa) => {
            match PublicKey::from_der(&key.octets) {
                Ok(public) if modulus_octets(public.as_ref()) < Some(SHORTEST_RSA) => {
                    return Checked::Weak;
                }
                Ok(_) => {}
                Err(_) => return Checked::Unusable,
            }
            let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
            let public = UnparsedPublicKey::new(algorithm, &key.octets);
            verdict(public.verify(octets, signature).is_ok())
        }
        (Algorithm::Ed25519Sha256, KeyKind::Ed25519) => {
            // The hash is what is signed (RFC 8463 §3).
            let public = UnparsedPublicKey::new(&ED25519, &key.octets);
            verdict(public.verify(&sha256(octets), signature).is_ok())
        }
        (Algorithm::RsaSha256, KeyKind::Ed25519) | (Algorithm::Ed25519Sha256, KeyKind::Rsa) => {
            Checked::Unusable
        }
    }
}

/// How long the modulus of an RSAPublicKey is (RFC 8017 §A.1.1): the first number in a sequence.
fn modulus_octets(der: &[u8]) -> Option<usize> {
    let number = der_contents(der, 0x30)?;
    let digits = der_contents(number, 0x02)?;
    Some(digits.len() - digits.iter().take_while(|octet| **octet == 0).count())
}

/// What is inside a value of this tag (X.690 §8.1.3, at most four octets of length).
fn der_contents(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, rest) = der.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*short) {
        short if short < 0x80 => (short, rest),
        long => {
            let (octets, rest) = rest
                .split_at_checked(long & 0x7F)
                .filter(|_| long <= 0x84)?;
            let length = octets
                .iter()
                .fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            (length, rest)
        }
    };
    (*first == tag).then(|| rest.get(..length))?
}

fn verdict(good: bool) -> Checked {
    if good { Checked::Good } else { Checked::Bad }
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    hash.update(octets);
    finish(hash)
}

fn finish(hash: Context) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hash.finish().as_ref());
    out
}

/// The hash of a body in its form, and the octets of that form.
pub(super) fn body_hash(body: &[u8], form: Form) -> ([u8; 32], u64) {
    let mut hash = Context::new(&SHA256);
    let mut octets = 0;
    canonical::body(body, form, |piece| {
        hash.update(piece);
        octets += piece.len() as u64;
    });
    (finish(hash), octets)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::KeyPair as _;

    use super::*;

    #[test]
    fn the_length_of_a_key_is_that_of_its_modulus() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key().as_der().unwrap();
        let public = PublicKey::from_der(public.as_ref()).unwrap();
        assert_eq!(modulus_octets(public.as_ref()), Some(256));
        for broken in [
            &[][..],
            &[0x30],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
            &[0x30, 2, 2, 9],
        ] {
            assert_eq!(modulus_octets(broken), None);
        }
    }
}
