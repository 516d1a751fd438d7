//! Ids, tokens and every other random byte.

use std::sync::{Arc, Mutex, PoisonError};

use mail::Timestamp;
use uuid::Uuid;

/// A source of ids. Clones share one state, so ids stay unique and ordered over all of them.
#[derive(Clone)]
pub struct Ids(Arc<Mutex<Source>>);

struct Source {
    /// `None` asks the operating system; `Some` is a deterministic stream for tests.
    seed: Option<u64>,
    last_ordered: u128,
}

impl Ids {
    /// Randomness of the operating system.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(Source {
            seed: None,
            last_ordered: 0,
        })))
    }

    /// A repeatable stream. Only for tests and simulations: it can be guessed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Source {
            seed: Some(seed),
            last_ordered: 0,
        })))
    }

    /// A UUID version 7 (RFC 9562 §5.7) that sorts after every earlier one of this source, also
    /// within one millisecond. It shows when it was made: use [`Ids::random`] where that matters.
    #[must_use]
    pub fn ordered(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let mut source = self.lock();
        let fresh = uuid::Builder::from_unix_timestamp_millis(millis, &source.bytes())
            .into_uuid()
            .as_u128();
        // A step back of the clock, or a second id in one millisecond: go on from the last.
        let next = if fresh > source.last_ordered {
            fresh
        } else {
            successor(source.last_ordered)
        };
        source.last_ordered = next;
        Uuid::from_u128(next)
    }

    /// A UUID version 4: unguessable and without order.
    #[must_use]
    pub fn random(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.lock().bytes()).into_uuid()
    }

    /// `N` unguessable bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        self.lock().bytes()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Source> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next UUID in order that still carries the version and variant bits.
fn successor(id: u128) -> u128 {
    const VARIANT: u128 = 0b10 << 62;
    const TAIL: u128 = (1 << 62) - 1;
    let tail = id & TAIL;
    if tail < TAIL {
        id + 1
    } else {
        ((id >> 64) + 1) << 64 | VARIANT
    }
}

impl Source {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        match &mut self.seed {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that asks for randomness"
            )]
            #[expect(
                clippy::expect_used,
                reason = "a machine without randomness cannot go on"
            )]
            None => getrandom::fill(&mut out).expect("the operating system gives random bytes"),
            Some(state) => {
                for chunk in out.chunks_mut(8) {
                    chunk.copy_from_slice(&split_mix(state).to_le_bytes()[..chunk.len()]);
                }
            }
        }
        out
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a small generator that passes through every seed.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_ids_rise_even_when_the_clock_steps_back() {
        for ids in [Ids::system(), Ids::seeded(7)] {
            let mut last = Uuid::nil();
            for step in [1_000, 1_000, 1_001, 900, 5_000, 5_000] {
                for _ in 0..100 {
                    let id = ids.ordered(Timestamp::from_micros(step * 1_000));
                    assert!(id > last);
                    assert_eq!(id.get_version_num(), 7);
                    assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
                    last = id;
                }
            }
        }
    }

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        assert_eq!(Ids::seeded(1).bytes::<32>(), Ids::seeded(1).bytes::<32>());
        assert_ne!(Ids::system().bytes::<32>(), Ids::system().bytes::<32>());
    }
}
