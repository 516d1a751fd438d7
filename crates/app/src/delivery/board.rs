//! Who waits for which destination: the part of the queue that is in memory, without I/O.
//!
//! A *path* is what one connection can serve: the same servers under the same rules. A *destination*
//! is one provider, which may have many paths; limits and rates are the provider's. A path that
//! cannot be reached rests, and what is queued for it is handed back to be put off.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use tokio::sync::Notify;

/// Entries of one destination that wait in memory. More are held in the store.
pub(super) const QUEUE: usize = 256;

/// Entries that are looked at to find one for a connection that is open.
const LOOK: usize = 64;

/// Connections to a destination that nobody knows yet. Each message taken allows one more.
const START: usize = 5;

/// Carriers of all destinations together.
const CARRIERS: usize = 500;

/// A destination that rests longer than this after its last failure is forgotten.
const MEMORY: Duration = Duration::from_secs(4 * 3600);

/// What a path needs to say about itself.
pub(super) trait Path {
    /// Its name: equal for what can use one connection.
    fn key(&self) -> &str;
    /// The destination it belongs to.
    fn destination(&self) -> &str;
}

/// The entries in memory by their destinations, `E` being the entries.
pub(super) struct Board<P, E> {
    destinations: HashMap<String, Destination<P, E>>,
    health: HashMap<String, Health>,
    limits: BoardLimits,
}

/// What the operator allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoardLimits {
    /// Carriers of one destination.
    pub(super) connections: usize,
    /// Messages of one destination in a minute; 0 is without limit.
    pub(super) per_minute: u32,
}

struct Destination<P, E> {
    queue: VecDeque<(Arc<P>, E)>,
    carriers: usize,
    idle: usize,
    allowed: usize,
    /// No message before this.
    next_at: Timestamp,
    /// Lanes that have held entries in the store.
    held: BTreeSet<String>,
    wake: Arc<Notify>,
}

/// How it went with a path lately.
struct Health {
    failures: u32,
    rests_until: Timestamp,
    words: String,
}

/// What became of an entry that was offered.
pub(super) enum Offer<E> {
    /// It waits for a carrier.
    Queued,
    /// The destination has enough to do; the entry is to be held in the store.
    Full(E),
    /// The path rests until then, for this reason; the entry is to be put off.
    Resting(E, Timestamp, String),
}

/// What a carrier does next.
pub(super) enum Next<P, E> {
    /// Bring this.
    Bring(Arc<P>, E),
    /// Wait: not before then.
    NotBefore(Timestamp),
    /// There is nothing.
    Nothing,
}

impl<P: Path, E> Board<P, E> {
    pub(super) fn new(limits: BoardLimits) -> Self {
        Self {
            destinations: HashMap::new(),
            health: HashMap::new(),
            limits,
        }
    }

    /// Takes an entry in.
    pub(super) fn offer(&mut self, path: Arc<P>, lane: &str, entry: E, now: Timestamp) -> Offer<E> {
        if let Some(health) = self.health.get(path.key())
            && health.rests_until > now
        {
            return Offer::Resting(entry, health.rests_until, health.words.clone());
        }
        let destination = self.destination(path.destination());
        if destination.queue.len() >= QUEUE {
            destination.held.insert(lane.to_owned());
            return Offer::Full(entry);
        }
        destination.queue.push_back((path, entry));
        destination.wake.notify_one();
        Offer::Queued
    }

    /// Destinations that need another carrier, each as often as it needs one. The carriers count as
    /// started, and as idle until they say that they are busy.
    pub(super) fn wanted(&mut self) -> Vec<String> {
        let most = self.limits.connections;
        let running: usize = self.destinations.values().map(|one| one.carriers).sum();
        let mut left = CARRIERS.saturating_sub(running);
        let mut wanted = Vec::new();
        for (name, destination) in &mut self.destinations {
            let allowed = destination.allowed.min(most).max(1);
            let waiting = destination.queue.len().saturating_sub(destination.idle);
            let more = waiting
                .min(allowed.saturating_sub(destination.carriers))
                .min(left);
            destination.carriers += more;
            destination.idle += more;
            left -= more;
            wanted.extend(std::iter::repeat_n(name.clone(), more));
        }
        wanted
    }

    /// The next entry for a carrier, best one of the path whose connection it has open.
    pub(super) fn next(&mut self, name: &str, open: Option<&str>, now: Timestamp) -> Next<P, E> {
        let per_minute = self.limits.per_minute;
        let Some(destination) = self.destinations.get_mut(name) else {
            return Next::Nothing;
        };
        if destination.queue.is_empty() {
            return Next::Nothing;
        }
        if destination.next_at > now {
            return Next::NotBefore(destination.next_at);
        }
        let alike = open.and_then(|open| {
            let mut first = destination.queue.iter().take(LOOK);
            first.position(|(path, _)| path.key() == open)
        });
        let Some((path, entry)) = destination.queue.remove(alike.unwrap_or(0)) else {
            return Next::Nothing;
        };
        if per_minute > 0 {
            let between = Duration::from_secs(60) / per_minute;
            destination.next_at = destination.next_at.max(now).plus(between);
        }
        Next::Bring(path, entry)
    }

    /// Notes that more of a lane is held in the store for a destination.
    pub(super) fn more(&mut self, path: &P, lane: &str) {
        let destination = self.destination(path.destination());
        destination.held.insert(lane.to_owned());
    }

    /// Notes that a carrier waits for something to do, and what will wake it.
    pub(super) fn idle(&mut self, name: &str) -> Arc<Notify> {
        let destination = self.destination(name);
        destination.idle += 1;
        Arc::clone(&destination.wake)
    }

    /// Notes that it waits no longer.
    pub(super) fn busy(&mut self, name: &str) {
        let destination = self.destination(name);
        destination.idle = destination.idle.saturating_sub(1);
    }

    /// Lets a carrier go, unless there is something to do for it.
    pub(super) fn leave(&mut self, name: &str) -> bool {
        let most = self.limits.connections;
        let Some(destination) = self.destinations.get_mut(name) else {
            return true;
        };
        let allowed = destination.allowed.min(most).max(1);
        if !destination.queue.is_empty() && destination.carriers <= allowed {
            return false;
        }
        destination.carriers = destination.carriers.saturating_sub(1);
        if destination.carriers == 0 && destination.queue.is_empty() && destination.held.is_empty()
        {
            self.destinations.remove(name);
        }
        true
    }

    /// Lets a carrier go for good, whatever there is to do.
    pub(super) fn abandon(&mut self, name: &str) {
        let destination = self.destination(name);
        destination.carriers = destination.carriers.saturating_sub(1);
    }

    /// Whether a destination has more carriers than it is allowed by now.
    pub(super) fn is_crowded(&mut self, name: &str) -> bool {
        let most = self.limits.connections;
        let destination = self.destination(name);
        destination.carriers > destination.allowed.min(most).max(1)
    }

    /// A message was taken on this path: it is well, and may have one more connection.
    pub(super) fn works(&mut self, path: &P) {
        self.health.remove(path.key());
        let most = self.limits.connections;
        let destination = self.destination(path.destination());
        destination.allowed = (destination.allowed + 1).min(most.max(START));
    }

    /// The server asks for less at once.
    pub(super) fn slower(&mut self, path: &P) {
        let destination = self.destination(path.destination());
        destination.allowed = (destination.allowed / 2).max(1);
    }

    /// The path cannot be reached. It rests for as long as `rest` says of its failures in a row;
    /// what is queued for it comes back, with the time until which it rests.
    pub(super) fn fails(
        &mut self,
        path: &P,
        words: &str,
        now: Timestamp,
        rest: impl FnOnce(u32) -> Duration,
    ) -> (Timestamp, Vec<E>) {
        self.health
            .retain(|_, health| health.rests_until.plus(MEMORY) > now);
        let known = self.health.get(path.key());
        let resting = known.is_some_and(|health| health.rests_until > now);
        // Several connections that fail together are one failure.
        let failures = known.map_or(0, |health| health.failures) + u32::from(!resting);
        let until = match known {
            Some(health) if resting => health.rests_until,
            _ => now.plus(rest(failures)),
        };
        let health = Health {
            failures,
            rests_until: until,
            words: words.to_owned(),
        };
        self.health.insert(path.key().to_owned(), health);
        let destination = self.destination(path.destination());
        destination.allowed = 1;
        let (gone, left) = std::mem::take(&mut destination.queue)
            .into_iter()
            .partition::<VecDeque<_>, _>(|(other, _)| other.key() == path.key());
        destination.queue = left;
        (until, gone.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Whether a destination has held entries and room for them.
    pub(super) fn is_hungry(&self, name: &str) -> bool {
        self.destinations
            .get(name)
            .is_some_and(|one| one.queue.len() <= QUEUE / 2 && !one.held.is_empty())
    }

    /// Forgets all entries, which stay in the store.
    pub(super) fn clear(&mut self) {
        for destination in self.destinations.values_mut() {
            destination.queue.clear();
        }
    }

    /// A lane with held entries whose destination has room for at least half of its queue.
    pub(super) fn hungry(&mut self) -> Option<String> {
        let hungry = self.destinations.values();
        let mut hungry = hungry.filter(|one| one.queue.len() <= QUEUE / 2 && !one.held.is_empty());
        hungry.next().and_then(|one| one.held.first().cloned())
    }

    /// A lane has nothing held any more.
    pub(super) fn emptied(&mut self, lane: &str) {
        for destination in self.destinations.values_mut() {
            destination.held.remove(lane);
        }
        self.destinations
            .retain(|_, one| one.carriers > 0 || !one.queue.is_empty() || !one.held.is_empty());
    }

    /// Whether a lane is known to wait for a destination that has enough to do.
    pub(super) fn is_held(&self, lane: &str) -> bool {
        let mut all = self.destinations.values();
        all.any(|one| one.queue.len() > QUEUE / 2 && one.held.contains(lane))
    }

    fn destination(&mut self, name: &str) -> &mut Destination<P, E> {
        self.destinations
            .entry(name.to_owned())
            .or_insert_with(|| Destination {
                queue: VecDeque::new(),
                carriers: 0,
                idle: 0,
                allowed: START,
                next_at: Timestamp::from_micros(0),
                held: BTreeSet::new(),
                wake: Arc::default(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Way(&'static str, &'static str);

    impl Path for Way {
        fn key(&self) -> &str {
            self.0
        }

        fn destination(&self) -> &str {
            self.1
        }
    }

    const LIMITS: BoardLimits = BoardLimits {
        connections: 20,
        per_minute: 0,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn way(key: &'static str, destination: &'static str) -> Arc<Way> {
        Arc::new(Way(key, destination))
    }

    fn rest(failures: u32) -> Duration {
        Duration::from_secs(u64::from(failures) * 10)
    }

    fn brought(next: &Next<Way, u32>) -> Option<u32> {
        match next {
            Next::Bring(_, entry) => Some(*entry),
            Next::NotBefore(_) | Next::Nothing => None,
        }
    }

    #[test]
    fn carriers_start_few_and_become_more_as_mail_is_taken() {
        let mut board = Board::new(LIMITS);
        let (big, small) = (way("big", "big"), way("small", "small"));
        for entry in 0..100 {
            board.offer(Arc::clone(&big), "big.test", entry, at(0));
        }
        board.offer(small, "small.test", 100, at(0));
        let mut wanted = board.wanted();
        wanted.sort();
        assert_eq!(wanted, ["big", "big", "big", "big", "big", "small"]);
        assert!(board.wanted().is_empty());
        for _ in 0..30 {
            board.works(&big);
        }
        assert_eq!(board.wanted().len(), 15);
    }

    #[test]
    fn an_open_connection_is_used_for_what_it_can_serve() {
        let mut board = Board::new(LIMITS);
        for (entry, key) in [(1, "a"), (2, "b"), (3, "a")] {
            board.offer(way(key, "one"), "x.test", entry, at(0));
        }
        assert_eq!(brought(&board.next("one", Some("b"), at(0))), Some(2));
        assert_eq!(brought(&board.next("one", Some("b"), at(0))), Some(1));
        assert_eq!(brought(&board.next("one", None, at(0))), Some(3));
        assert_eq!(brought(&board.next("one", None, at(0))), None);
    }

    #[test]
    fn what_cannot_be_reached_rests_longer_each_time_and_gives_back_what_waits() {
        let mut board = Board::new(LIMITS);
        let (down, well) = (way("down", "one"), way("well", "one"));
        for entry in 0..3 {
            board.offer(Arc::clone(&down), "d.test", entry, at(0));
        }
        board.offer(Arc::clone(&well), "w.test", 9, at(0));
        let (until, back) = board.fails(&down, "refused", at(0), rest);
        assert_eq!((until, back), (at(10), vec![0, 1, 2]));
        // A second connection that fails meanwhile is the same failure.
        assert_eq!(board.fails(&down, "refused", at(1), rest).0, at(10));
        match board.offer(Arc::clone(&down), "d.test", 4, at(9)) {
            Offer::Resting(4, until, words) => assert_eq!((until, &*words), (at(10), "refused")),
            _ => panic!("it does not rest"),
        }
        assert_eq!(brought(&board.next("one", None, at(1))), Some(9));
        assert!(matches!(
            board.offer(Arc::clone(&down), "d.test", 5, at(10)),
            Offer::Queued
        ));
        assert_eq!(board.fails(&down, "refused", at(10), rest).0, at(30));
        board.works(&down);
        assert_eq!(board.fails(&down, "refused", at(40), rest).0, at(50));
    }

    #[test]
    fn a_destination_with_enough_to_do_leaves_the_rest_in_the_store() {
        let mut board = Board::new(LIMITS);
        let big = way("big", "big");
        let offers = (0..QUEUE + 2).map(|entry| {
            let offer = board.offer(Arc::clone(&big), "big.test", entry, at(0));
            matches!(offer, Offer::Queued)
        });
        assert_eq!(offers.filter(|queued| *queued).count(), QUEUE);
        assert_eq!(board.hungry(), None);
        assert!(board.is_held("big.test") && !board.is_held("other.test"));
        for _ in 0..QUEUE / 2 {
            board.next("big", None, at(0));
        }
        assert_eq!(board.hungry().as_deref(), Some("big.test"));
        board.emptied("big.test");
        assert_eq!(board.hungry(), None);
    }

    #[test]
    fn a_rate_spaces_messages_of_one_destination() {
        let mut board = Board::new(BoardLimits {
            per_minute: 60,
            ..LIMITS
        });
        for entry in 0..2 {
            board.offer(way("a", "one"), "x.test", entry, at(5));
        }
        assert_eq!(brought(&board.next("one", None, at(5))), Some(0));
        match board.next("one", None, at(5)) {
            Next::NotBefore(when) => assert_eq!(when, at(6)),
            _ => panic!("it did not wait"),
        }
        assert_eq!(brought(&board.next("one", None, at(6))), Some(1));
    }

    #[test]
    fn a_carrier_leaves_when_there_is_nothing_or_too_many_of_them() {
        let mut board = Board::new(LIMITS);
        let path = way("a", "one");
        for entry in 0..4 {
            board.offer(Arc::clone(&path), "x.test", entry, at(0));
        }
        assert_eq!(board.wanted().len(), 4);
        assert!(!board.leave("one"));
        board.slower(&path);
        board.slower(&path);
        assert!(board.is_crowded("one") && board.leave("one"));
        let (_, back) = board.fails(&path, "421", at(0), rest);
        assert_eq!(back.len(), 4);
        for _ in 0..3 {
            assert!(board.leave("one"));
        }
        assert!(board.destinations.is_empty());
    }
}
