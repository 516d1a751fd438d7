//! How many may sign up from one network address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mail::Timestamp;
use model::{Code, Error, Result};

const HOUR: Duration = Duration::from_secs(3600);

/// The most addresses that are remembered. Beyond, nobody new signs up within the hour: memory is
/// bounded, and so is what a net of many machines gets.
const MAX_PEERS: usize = 10_000;

/// Counts the sign-ups of the last hour by address, in this process.
#[derive(Default)]
pub(crate) struct SignUpDoor(Mutex<HashMap<IpAddr, Count>>);

#[derive(Clone, Copy)]
struct Count {
    since: Timestamp,
    entered: u32,
}

impl SignUpDoor {
    /// Lets one of `most` an hour in.
    ///
    /// # Errors
    /// `rate_limit_exceeded`, with the time until the next is let in.
    pub(crate) fn enter(&self, peer: IpAddr, most: u32, now: Timestamp) -> Result<()> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network(peer);
        if counts.len() >= MAX_PEERS && !counts.contains_key(&network) {
            counts.retain(|_, count| now.since(count.since) < HOUR);
            if counts.len() >= MAX_PEERS {
                return Err(full(HOUR));
            }
        }
        let fresh = Count {
            since: now,
            entered: 0,
        };
        let count = counts.entry(network).or_insert(fresh);
        if now.since(count.since) >= HOUR {
            *count = fresh;
        }
        if count.entered >= most {
            return Err(full(HOUR.saturating_sub(now.since(count.since))));
        }
        count.entered += 1;
        Ok(())
    }
}

fn full(wait: Duration) -> Error {
    Error::new(
        Code::RateLimitExceeded,
        "Too many have signed up from this network address",
    )
    .retry_after(wait)
}

/// Whoever has one IPv6 address has 2^64 of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    #[test]
    fn one_network_gets_so_many_an_hour() {
        let door = SignUpDoor::default();
        let enter = |peer: &str, now| door.enter(peer.parse().unwrap(), 2, now);
        enter("192.0.2.1", START).unwrap();
        enter("::ffff:192.0.2.1", START).unwrap();
        let half = START.plus(HOUR / 2);
        let error = enter("192.0.2.1", half).unwrap_err();
        assert_eq!(error.code(), Code::RateLimitExceeded);
        assert_eq!(error.wait(), Some(HOUR / 2));
        enter("192.0.2.2", half).unwrap();
        enter("192.0.2.1", START.plus(HOUR)).unwrap();
        enter("2001:db8::1", START).unwrap();
        enter("2001:db8::2", START).unwrap();
        assert!(enter("2001:db8::3", START).is_err());
        enter("2001:db8:0:1::3", START).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_comes_free_again() {
        let door = SignUpDoor::default();
        let peer = |n: usize| {
            let n = u32::try_from(n).unwrap();
            IpAddr::V4(std::net::Ipv4Addr::from(0x0a00_0000 + n))
        };
        for n in 0..MAX_PEERS {
            door.enter(peer(n), 1, START).unwrap();
        }
        assert!(door.enter(peer(MAX_PEERS), 1, START).is_err());
        door.enter(peer(MAX_PEERS), 1, START.plus(HOUR)).unwrap();
        assert_eq!(door.0.lock().unwrap().len(), 1);
    }
}
