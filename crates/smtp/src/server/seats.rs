//! How many connections there are, in all and per peer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Reply;

/// Counts the open connections.
pub(super) struct Seats {
    taken: Mutex<Taken>,
    most: usize,
    most_per_peer: usize,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_peer: HashMap<IpAddr, usize>,
}

/// One open connection; dropping it frees the seat.
pub(super) struct Seat {
    seats: Arc<Seats>,
    peer: IpAddr,
}

impl Seats {
    pub(super) fn new(most: usize, most_per_peer: usize) -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            most,
            most_per_peer,
        })
    }

    /// A seat for `peer`, or what to tell it.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Seat, Reply> {
        let peer = network(peer);
        let mut taken = self.lock();
        if taken.all >= self.most {
            return Err(Reply::later(
                421,
                (3, 2),
                "Too many connections, please try again later",
            ));
        }
        let mine = taken.by_peer.entry(peer).or_default();
        if *mine >= self.most_per_peer {
            return Err(Reply::later(
                421,
                (7, 0),
                "Too many connections from your address",
            ));
        }
        *mine += 1;
        taken.all += 1;
        Ok(Seat {
            seats: Arc::clone(self),
            peer,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        taken.all = taken.all.saturating_sub(1);
        if let Some(mine) = taken.by_peer.get_mut(&self.peer) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                taken.by_peer.remove(&self.peer);
            }
        }
    }
}

/// One customer has a whole IPv6 /64; counting single addresses would be no limit.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_peer_has_its_share_and_gets_it_back() {
        let seats = Seats::new(10, 2);
        let first = seats.take(ip("192.0.2.1")).ok().unwrap();
        let _second = seats.take(ip("::ffff:192.0.2.1")).ok().unwrap();
        assert_eq!(seats.take(ip("192.0.2.1")).err().unwrap().code(), 421);
        assert!(seats.take(ip("192.0.2.2")).is_ok());
        drop(first);
        assert!(seats.take(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn an_ipv6_network_is_one_peer() {
        let seats = Seats::new(10, 1);
        let _seat = seats.take(ip("2001:db8::1")).ok().unwrap();
        assert!(seats.take(ip("2001:db8::ffff:2")).is_err());
        assert!(seats.take(ip("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn there_is_a_limit_over_all_and_nothing_is_left_behind() {
        let seats = Seats::new(2, 2);
        let both = [seats.take(ip("192.0.2.1")), seats.take(ip("192.0.2.2"))];
        assert!(both.iter().all(Result::is_ok));
        assert!(seats.take(ip("192.0.2.3")).is_err());
        drop(both);
        assert_eq!(seats.lock().all, 0);
        assert!(seats.lock().by_peer.is_empty());
    }
}
