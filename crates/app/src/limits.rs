//! How often callers may come: one token bucket for each API key and each client address, in
//! memory, and how much an inbox may send in an hour, which the store remembers.
//!
//! A bucket holds `burst` requests and gains `per_second` of them each second. Buckets are forgotten
//! when too many others were used since; a forgotten bucket is full again. Several processes on one
//! database count each for itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mail::Timestamp;
use model::{ApiKeyId, Code, Error, MessageKey, Result};
use store::{Access, Actor, Governed, Txn};

use crate::App;

/// How many buckets of one kind are remembered at most.
const CAPACITY: usize = 100_000;

/// What a request with a credential that opens nothing costs beyond an ordinary one, so that
/// guessing is slow.
const PENALTY: u32 = 9;

/// The time in which [`Limits::sends_per_hour`] counts.
const HOUR: Duration = Duration::from_secs(3_600);

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run; 0 is without limit. At most a million.
    pub per_second: u32,
    /// At once, after a pause; at least 1.
    pub burst: u32,
}

impl Rate {
    /// Without limit.
    pub const OFF: Self = Self {
        per_second: 0,
        burst: 1,
    };
}

/// What the operator decides about how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one API key.
    pub per_key: Rate,
    /// Requests of one client address: of one IPv4 address or one IPv6 network of 64 bits.
    pub per_address: Rate,
    /// Messages that one inbox may send in any hour; 0 is without limit.
    pub sends_per_hour: u32,
}

impl Limits {
    /// Without any limit.
    pub const OFF: Self = Self {
        per_key: Rate::OFF,
        per_address: Rate::OFF,
        sends_per_hour: 0,
    };
}

/// How a caller stands with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests a full bucket holds.
    pub limit: u32,
    /// Requests it holds now.
    pub remaining: u32,
    /// Until it is full again, if nothing comes.
    pub reset: Duration,
}

/// A request that comes too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooEarly {
    /// How the caller stands.
    pub standing: Standing,
    /// After which time the same request would be taken.
    pub wait: Duration,
}

impl From<TooEarly> for Error {
    fn from(early: TooEarly) -> Self {
        Self::new(Code::RateLimitExceeded, "Too many requests")
            .retry_after(early.wait)
            .fix(
                "Wait as long as the Retry-After header says; listen on the WebSocket or with \
                 webhooks rather than asking again and again.",
            )
    }
}

impl App {
    /// Counts a request of a client address, before anything else is done for it. `None` when
    /// there is no limit.
    ///
    /// # Errors
    /// [`TooEarly`].
    pub fn admit_address(&self, client: IpAddr) -> Result<Option<Standing>, TooEarly> {
        self.0.buckets.addresses.take(network(client), self.now())
    }

    /// Makes a client address pay for a credential that opened nothing.
    pub fn credential_failed(&self, client: IpAddr) {
        let now = self.now();
        self.0
            .buckets
            .addresses
            .charge(network(client), PENALTY, now);
    }

    /// Counts a request of an API key. `None` when there is no limit.
    ///
    /// # Errors
    /// [`TooEarly`].
    pub fn admit_key(&self, access: &Access) -> Result<Option<Standing>, TooEarly> {
        match access.actor() {
            Actor::Key(key) => self.0.buckets.keys.take(key, self.now()),
            Actor::System(_) => Ok(None),
        }
    }

    /// Counts a message that an inbox sends, inside the transaction that sends it.
    ///
    /// # Errors
    /// `rate_limit_exceeded` when the inbox has sent all it may in the last hour.
    pub(crate) fn count_send(
        &self,
        txn: &mut Txn<'_>,
        inbox: Governed,
        message: MessageKey,
    ) -> Result<()> {
        let most = self.settings().limits.sends_per_hour;
        if most == 0 {
            return Ok(());
        }
        let Some(next) = txn.count_send(inbox, message, most, HOUR)? else {
            return Ok(());
        };
        let detail = format!("This inbox may send {most} messages in an hour, and has");
        Err(Error::new(Code::RateLimitExceeded, detail)
            .retry_after(next.since(txn.now()))
            .fix("Send again after the time in the Retry-After header; nothing was sent."))
    }
}

/// What counts as one client: whoever has an IPv6 address usually has all of its network.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// The buckets of this process.
pub(crate) struct AllBuckets {
    keys: Buckets<ApiKeyId>,
    addresses: Buckets<IpAddr>,
}

impl AllBuckets {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            keys: Buckets::new(limits.per_key, CAPACITY),
            addresses: Buckets::new(limits.per_address, CAPACITY),
        }
    }
}

/// Buckets of one kind. A bucket is one number: the instant at which it will be full.
struct Buckets<K> {
    rate: Rate,
    half: usize,
    known: Mutex<Known<K>>,
}

/// Buckets that were used lately, and those that were used before. When the young ones are half of
/// what is remembered, the old ones are forgotten: each step takes constant time.
struct Known<K> {
    young: HashMap<K, i64>,
    old: HashMap<K, i64>,
}

impl<K: Hash + Eq> Buckets<K> {
    fn new(rate: Rate, capacity: usize) -> Self {
        Self {
            rate,
            half: capacity / 2,
            known: Mutex::new(Known {
                young: HashMap::new(),
                old: HashMap::new(),
            }),
        }
    }

    /// Takes one request out of a bucket.
    fn take(&self, key: K, now: Timestamp) -> Result<Option<Standing>, TooEarly> {
        if self.rate.per_second == 0 {
            return Ok(None);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = self.full_at(&mut known, key, now);
        let after = *full_at + self.interval();
        let over = after - nanos(now) - self.room();
        if over > 0 {
            return Err(TooEarly {
                standing: self.standing(*full_at, now),
                wait: Duration::from_nanos(over.unsigned_abs()),
            });
        }
        *full_at = after;
        Ok(Some(self.standing(after, now)))
    }

    /// Takes requests out of a bucket, as many as it has at most.
    fn charge(&self, key: K, requests: u32, now: Timestamp) {
        if self.rate.per_second == 0 {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = self.full_at(&mut known, key, now);
        let after = *full_at + self.interval() * i64::from(requests);
        *full_at = after.min(nanos(now) + self.room());
    }

    fn full_at<'a>(&self, known: &'a mut Known<K>, key: K, now: Timestamp) -> &'a mut i64 {
        let before = known.old.remove(&key);
        if known.young.len() >= self.half && !known.young.contains_key(&key) {
            known.old = std::mem::take(&mut known.young);
        }
        let now = nanos(now);
        let full_at = known.young.entry(key).or_insert(before.unwrap_or(now));
        // It is full from some time on; and a clock that was set back must not lock anybody out.
        *full_at = (*full_at).clamp(now, now + self.room());
        full_at
    }

    /// The time in which one request is gained, in nanoseconds.
    fn interval(&self) -> i64 {
        1_000_000_000 / i64::from(self.rate.per_second)
    }

    /// The time in which an empty bucket becomes full.
    fn room(&self) -> i64 {
        self.interval() * i64::from(self.rate.burst)
    }

    fn standing(&self, full_at: i64, now: Timestamp) -> Standing {
        let missing = (full_at - nanos(now)).max(0);
        let remaining = (self.room() - missing) / self.interval();
        Standing {
            limit: self.rate.burst,
            remaining: u32::try_from(remaining).unwrap_or(0),
            reset: Duration::from_nanos(missing.unsigned_abs()),
        }
    }
}

/// Enough until the year 2262.
fn nanos(at: Timestamp) -> i64 {
    at.as_micros().saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(1_767_225_600_000_000 + millis * 1_000)
    }

    fn buckets(per_second: u32, burst: u32) -> Buckets<u32> {
        Buckets::new(Rate { per_second, burst }, 10)
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let buckets = buckets(2, 3);
        for remaining in [2, 1, 0] {
            let standing = buckets.take(1, at(0)).unwrap().unwrap();
            assert_eq!((standing.limit, standing.remaining), (3, remaining));
        }
        let early = buckets.take(1, at(0)).unwrap_err();
        assert_eq!(early.wait, Duration::from_millis(500));
        assert_eq!(early.standing.remaining, 0);
        assert_eq!(early.standing.reset, Duration::from_millis(1_500));
        assert_eq!(
            buckets.take(1, at(499)).unwrap_err().wait,
            Duration::from_millis(1)
        );
        assert!(buckets.take(2, at(499)).is_ok());
        assert!(buckets.take(1, at(500)).is_ok());
        assert!(buckets.take(1, at(501)).is_err());
        // A long pause fills it, and no more than that.
        for _ in 0..3 {
            assert!(buckets.take(1, at(60_000)).is_ok());
        }
        assert!(buckets.take(1, at(60_000)).is_err());
    }

    #[test]
    fn failures_cost_more_but_never_more_than_there_is() {
        let buckets = buckets(1, 5);
        buckets.charge(1, 3, at(0));
        assert_eq!(buckets.take(1, at(0)).unwrap().unwrap().remaining, 1);
        buckets.charge(1, 100, at(0));
        assert_eq!(
            buckets.take(1, at(0)).unwrap_err().wait,
            Duration::from_secs(1)
        );
        assert!(buckets.take(1, at(1_000)).is_ok());
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let buckets = buckets(0, 1);
        for _ in 0..100 {
            assert_eq!(buckets.take(1, at(0)), Ok(None));
        }
        buckets.charge(1, 9, at(0));
        assert_eq!(buckets.take(1, at(0)), Ok(None));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let buckets = buckets(1, 2);
        assert!(buckets.take(1, at(1_000_000)).is_ok());
        let standing = buckets.take(1, at(0));
        let wait = standing.err().map_or(Duration::ZERO, |early| early.wait);
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert!(buckets.take(1, at(2_000)).is_ok());
    }

    #[test]
    fn the_number_of_buckets_is_bounded_and_those_in_use_stay() {
        let buckets = buckets(1, 2);
        for stranger in 100..1_000 {
            assert!(buckets.take(stranger, at(0)).is_ok());
            // In use all the time: one request gets through, and no other.
            let _ = buckets.take(1, at(0));
        }
        let known = buckets.known.lock().unwrap();
        assert!(known.young.len() + known.old.len() <= 10);
        drop(known);
        assert!(buckets.take(1, at(0)).is_err());
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.2"), of("192.0.2.1"));
    }
}
