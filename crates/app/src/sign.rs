//! DKIM signatures on what leaves.
//!
//! A message is signed with the keys of the domain that covers its inbox: with each key whose
//! record was seen in the DNS, and with none whose record was not, because a signature that nobody
//! can verify looks worse than none. Once seen a key is used for good: mail does not lose its
//! signatures because a name server is down for an hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use mail::Timestamp;
use mail::dkim::{Claim, Signable};
use model::{Error, Result, SigningKeyId};
use sha2::{Digest as _, Sha256};
use store::KeyInUse;

use crate::App;
use crate::domains::signing_key::Opened;

/// How many opened keys are remembered at most. Opening one takes as long as a few signatures.
const CAPACITY: usize = 1_000;

/// The keys that were opened lately.
#[derive(Default)]
pub(crate) struct OpenKeys(Mutex<HashMap<SigningKeyId, Arc<Opened>>>);

/// A key and the name of its record.
struct Signer {
    domain: String,
    selector: String,
    key: Arc<Opened>,
    algorithm: mail::dkim::Algorithm,
}

/// What signs one message.
pub(crate) struct Signing {
    signers: Vec<Signer>,
    at: Timestamp,
}

impl App {
    /// Makes keys ready to sign at `at`.
    ///
    /// # Errors
    /// When a key does not open with this server's master key. The message must not leave without
    /// its signature: receivers of such domains are told to refuse it.
    pub(crate) fn signing(&self, keys: Vec<KeyInUse>, at: Timestamp) -> Result<Signing> {
        let signers = keys.into_iter().map(|key| {
            Ok(Signer {
                key: self.opened(&key)?,
                algorithm: key.algorithm,
                domain: key.domain,
                selector: key.selector,
            })
        });
        Ok(Signing {
            signers: signers.collect::<Result<_>>()?,
            at,
        })
    }

    fn opened(&self, key: &KeyInUse) -> Result<Arc<Opened>> {
        let lock = || {
            self.0
                .open_keys
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(&key.key_id) {
            return Ok(Arc::clone(known));
        }
        let opened = Arc::new(self.0.key_maker.open(key)?);
        let mut known = lock();
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(key.key_id, Arc::clone(&opened));
        Ok(opened)
    }
}

impl Signing {
    /// Whether nothing signs.
    pub(crate) fn is_empty(&self) -> bool {
        self.signers.is_empty()
    }

    /// The message with a signature by each key in front of it.
    ///
    /// # Errors
    /// When the machine cannot sign.
    pub(crate) fn sign(&self, raw: Vec<u8>) -> Result<Vec<u8>> {
        if self.is_empty() {
            return Ok(raw);
        }
        let signable = Signable::of(&raw);
        let mut hash = Sha256::new();
        signable.body(|piece| hash.update(piece));
        let body_hash: [u8; 32] = hash.finalize().into();
        let mut signed = Vec::with_capacity(raw.len() + 1_024 * self.signers.len());
        for signer in &self.signers {
            let unsigned = signable.sign(&Claim {
                domain: &signer.domain,
                selector: &signer.selector,
                algorithm: signer.algorithm,
                at: self.at,
                body_hash: &body_hash,
            });
            let value = signer.key.sign(unsigned.input())?;
            signed.extend_from_slice(unsigned.finish(&value).as_bytes());
        }
        signed.extend_from_slice(&raw);
        Ok(signed)
    }
}

impl Opened {
    fn sign(&self, input: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Rsa(pair) => {
                let mut value = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut value)
                    .map_err(|_| Error::internal("a message could not be signed"))?;
                Ok(value)
            }
            Self::Ed25519(pair) => Ok(pair.sign(&Sha256::digest(input)).as_ref().to_vec()),
        }
    }
}
