//! The signing keys of a domain and how they follow one another.
//!
//! A key is made and its record is shown; it *waits* until that record was seen in the DNS; then it
//! is *in use*, and the one before it is *leaving*: it signs nothing any more, but its record must
//! stay while mail that it signed may still be on its way.

use std::time::Duration;

use mail::Timestamp;
use mail::dkim::Algorithm;

use crate::SigningKeyId;

/// How long the record of a key that was replaced must stay: longer than mail is tried for, which
/// is five days, and than a reader takes to verify it.
pub const OVERLAP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A signing key, without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its row.
    pub key_id: SigningKeyId,
    /// Its type.
    pub algorithm: Algorithm,
    /// The name of its record (RFC 6376 §3.1).
    pub selector: String,
    /// The `p=` of its record: base64 of a SubjectPublicKeyInfo for RSA, of the 32 octets alone for
    /// Ed25519 (RFC 8463 §4).
    pub public: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its record was first seen in the DNS; before that nothing is signed with it.
    pub seen_at: Option<Timestamp>,
    /// When a newer key of its type took over.
    pub replaced_at: Option<Timestamp>,
}

/// How far a key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its record was not seen yet.
    Waiting,
    /// It signs.
    InUse,
    /// A newer one signs.
    Leaving,
}

impl Stage {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InUse => "in_use",
            Self::Leaving => "leaving",
        }
    }
}

impl SigningKey {
    /// How far it has come.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match (self.seen_at, self.replaced_at) {
            (_, Some(_)) => Stage::Leaving,
            (Some(_), None) => Stage::InUse,
            (None, None) => Stage::Waiting,
        }
    }

    /// Until when the record of a key that is leaving must stay.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.replaced_at.map(|at| at.plus(OVERLAP))
    }

    /// The value of its record (RFC 6376 §3.6.1).
    #[must_use]
    pub fn record(&self) -> String {
        format!(
            "v=DKIM1; k={}; p={}",
            self.algorithm.key_type(),
            self.public
        )
    }

    /// The label of its record below the domain.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}._domainkey", self.selector)
    }
}

/// The keys after the records of those in `seen` were found valid at `now`: the newest seen key of
/// each type signs, older ones leave, and those that have left long enough, or were passed over
/// before they were ever used, are gone.
#[must_use]
pub fn advance(keys: &[SigningKey], seen: &[SigningKeyId], now: Timestamp) -> Vec<SigningKey> {
    let mut keys = keys.to_vec();
    for key in &mut keys {
        if seen.contains(&key.key_id) && key.stage() == Stage::Waiting {
            key.seen_at = Some(now);
        }
    }
    for algorithm in Algorithm::ALL {
        let of_type = |key: &&mut SigningKey| key.algorithm == algorithm;
        let newest = keys
            .iter()
            .filter(|key| key.algorithm == algorithm && key.stage() == Stage::InUse)
            .map(|key| (key.created_at, key.key_id))
            .max();
        let Some(newest) = newest else { continue };
        for key in keys.iter_mut().filter(of_type) {
            if (key.created_at, key.key_id) < newest && key.replaced_at.is_none() {
                key.replaced_at = Some(now);
            }
        }
    }
    keys.retain(|key| {
        let over = key.until().is_some_and(|until| until <= now);
        let passed_over = key.replaced_at.is_some() && key.seen_at.is_none();
        !(over || passed_over)
    });
    keys
}

/// The key whose record a domain cannot do without: the RSA key that signs, or else the newest one
/// that waits.
#[must_use]
pub fn needed(keys: &[SigningKey]) -> Option<&SigningKey> {
    let rsa = |stage| {
        keys.iter()
            .filter(move |key| key.algorithm == Algorithm::Rsa && key.stage() == stage)
            .max_by_key(|key| (key.created_at, key.key_id))
    };
    rsa(Stage::InUse).or_else(|| rsa(Stage::Waiting))
}

/// A selector that says when the key was made, and that no other key of the domain has.
#[must_use]
pub fn selector(algorithm: Algorithm, now: Timestamp, others: &[SigningKey]) -> String {
    let day: String = now
        .to_string()
        .chars()
        .take(10)
        .filter(char::is_ascii_digit)
        .collect();
    let name = |count: usize| match count {
        1 => format!("mr{day}-{}", algorithm.key_type()),
        count => format!("mr{day}-{count}-{}", algorithm.key_type()),
    };
    let is_free = |name: &String| others.iter().all(|key| key.selector != *name);
    // One of so many names must be free.
    let mut names = (1..=others.len() + 1).map(name);
    names
        .find(is_free)
        .unwrap_or_else(|| name(others.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_micros(days * DAY)
    }

    fn key(number: u128, algorithm: Algorithm, seen: Option<i64>) -> SigningKey {
        let created_at = at(i64::try_from(number).unwrap());
        SigningKey {
            key_id: SigningKeyId::new(uuid::Uuid::from_u128(number)),
            algorithm,
            selector: selector(algorithm, created_at, &[]),
            public: "AAAA".to_owned(),
            created_at,
            seen_at: seen.map(at),
            replaced_at: None,
        }
    }

    fn stages(keys: &[SigningKey]) -> Vec<(u128, Stage)> {
        keys.iter()
            .map(|key| (key.key_id.as_uuid().as_u128(), key.stage()))
            .collect()
    }

    #[test]
    fn a_new_key_takes_over_when_its_record_is_seen_and_the_old_one_leaves_in_time() {
        let keys = [
            key(1, Algorithm::Rsa, Some(1)),
            key(2, Algorithm::Ed25519, Some(2)),
            key(3, Algorithm::Rsa, None),
        ];
        let unseen = advance(&keys, &[], at(4));
        assert_eq!(unseen, keys);
        assert_eq!(needed(&unseen).unwrap().key_id, keys[0].key_id);

        let seen = advance(&keys, &[keys[0].key_id, keys[2].key_id], at(4));
        let wanted = [(1, Stage::Leaving), (2, Stage::InUse), (3, Stage::InUse)];
        assert_eq!(stages(&seen), wanted);
        assert_eq!(needed(&seen).unwrap().key_id, keys[2].key_id);
        assert_eq!(seen[0].until(), Some(at(11)));

        assert_eq!(advance(&seen, &[], at(10)), seen);
        let later = advance(&seen, &[keys[0].key_id], at(11));
        assert_eq!(stages(&later), wanted[1..]);
    }

    #[test]
    fn a_key_that_was_never_used_goes_as_soon_as_a_newer_one_signs() {
        let keys = [key(1, Algorithm::Rsa, None), key(2, Algorithm::Rsa, None)];
        assert_eq!(needed(&keys).unwrap().key_id, keys[1].key_id);
        let seen = advance(&keys, &[keys[1].key_id], at(3));
        assert_eq!(stages(&seen), [(2, Stage::InUse)]);
        // The older one may still be used until then.
        let seen = advance(&keys, &[keys[0].key_id], at(3));
        assert_eq!(stages(&seen), [(1, Stage::InUse), (2, Stage::Waiting)]);
    }

    #[test]
    fn selectors_are_dated_and_differ() {
        let now = Timestamp::from_micros(1_767_225_600_000_000);
        let first = selector(Algorithm::Rsa, now, &[]);
        assert_eq!(first, "mr20260101-rsa");
        let mut known = vec![key(1, Algorithm::Rsa, None)];
        known[0].selector = first;
        let second = selector(Algorithm::Rsa, now, &known);
        assert_eq!(second, "mr20260101-2-rsa");
        assert_eq!(
            selector(Algorithm::Ed25519, now, &known),
            "mr20260101-ed25519"
        );
    }
}
