//! A clock that stands still until a test moves it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use sys::{Clock, Env, Ids};
use tokio::sync::watch;

/// Tells the time that the test has set. Clones share it.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<watch::Sender<Timestamp>>);

impl FakeClock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        Self(Arc::new(watch::Sender::new(at)))
    }

    /// Moves on and wakes every sleeper whose time has come.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = now.plus(by));
    }

    /// Steps to `at`, also backwards.
    pub fn set(&self, at: Timestamp) {
        self.0.send_replace(at);
    }

    /// How many sleeps are under way. A test that advances waits for the sleep it means first.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.0.receiver_count()
    }

    /// An environment with this clock and ids from `seed`.
    #[must_use]
    pub fn env(&self, seed: u64) -> Env {
        Env::new(Arc::new(self.clone()), Ids::seeded(seed))
    }
}

/// Stands at 2026-01-01T00:00:00Z.
impl Default for FakeClock {
    fn default() -> Self {
        Self::at(Timestamp::from_micros(1_767_225_600_000_000))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let sender = Arc::clone(&self.0);
        Box::pin(async move {
            let mut time = sender.subscribe();
            // It cannot fail: this future holds the sender.
            let _ = time.wait_for(|now| *now >= at).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn advancing_wakes_those_whose_time_has_come() {
        let clock = FakeClock::default();
        let start = clock.now();
        let mut soon = clock.sleep_until(start.plus(Duration::from_secs(1)));
        let mut late = clock.sleep_until(start.plus(Duration::from_secs(9)));
        tokio::select! {
            biased;
            () = &mut soon => panic!("nobody has moved the clock"),
            () = &mut late => panic!("nobody has moved the clock"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(clock.sleepers(), 2);
        clock.advance(Duration::from_secs(1));
        soon.await;
        assert_eq!(clock.sleepers(), 1);
        clock.set(start.plus(Duration::from_secs(10)));
        late.await;
    }
}
