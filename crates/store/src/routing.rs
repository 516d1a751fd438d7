//! Where mail for an address goes, remembered for a moment.
//!
//! A busy inbox is looked up twice for each message it gets. A remembered answer may be a second
//! old: an inbox that was deleted meanwhile is noticed when the message is filed, under the lock of
//! its row.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mail::Timestamp;

use crate::inboxes::Addressed;

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(1);

/// How many addresses are remembered at most.
const CAPACITY: usize = 10_000;

/// Routes that were looked up lately.
#[derive(Clone, Default)]
pub(crate) struct Routes(Arc<Mutex<HashMap<String, (Addressed, Timestamp)>>>);

impl Routes {
    /// The routes of all `addresses`, if each is remembered well enough.
    pub(crate) fn all(
        &self,
        addresses: &[String],
        now: Timestamp,
    ) -> Option<Vec<Option<Addressed>>> {
        let known = self.lock();
        addresses
            .iter()
            .map(|address| {
                let (route, at) = known.get(address)?;
                // A clock that was set back must not keep an answer alive.
                (*at <= now && now.since(*at) < FRESH).then(|| Some(route.clone()))
            })
            .collect()
    }

    /// Remembers what was found for `addresses` at `now`.
    pub(crate) fn learn(&self, addresses: &[String], found: &[Option<Addressed>], now: Timestamp) {
        let mut known = self.lock();
        if known.len() >= CAPACITY {
            known.clear();
        }
        for (address, route) in addresses.iter().zip(found) {
            match route {
                // What is caught today may be an inbox of its own at the next moment.
                Some(route) if !route.caught => known.insert(address.clone(), (route.clone(), now)),
                _ => known.remove(address),
            };
        }
    }

    /// Forgets everything, because an inbox of this process was removed.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Addressed, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
