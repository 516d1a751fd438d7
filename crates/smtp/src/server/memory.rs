//! The memory that messages may take, over all sessions.

use std::sync::Arc;
use std::time::Duration;

use sys::Clock;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Settings;

/// Bytes of one permit. Coarse, so that a message grows with few calls.
pub(super) const UNIT: usize = 64 << 10;

/// As many permits as the settings allow, and enough for two messages of the largest size, whose
/// buffer may be twice as large while it grows.
pub(super) fn budget(settings: &Settings) -> Arc<Semaphore> {
    let least = settings.max_message_bytes.saturating_mul(4);
    let bytes = settings.limits.message_memory.max(least);
    let units = usize::try_from(bytes / UNIT as u64).unwrap_or(usize::MAX);
    Arc::new(Semaphore::new(
        units.saturating_add(2).min(Semaphore::MAX_PERMITS),
    ))
}

/// What one message holds of the budget; dropping it gives it back.
#[derive(Default)]
pub(super) struct Held {
    permit: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// Makes sure that `bytes` are covered, waiting at most `wait`. `false` says that they are not.
    pub(super) async fn cover(
        &mut self,
        bytes: usize,
        budget: &Arc<Semaphore>,
        clock: &dyn Clock,
        wait: Duration,
    ) -> bool {
        let held = self
            .permit
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = bytes.div_ceil(UNIT).saturating_sub(held);
        if missing == 0 {
            return true;
        }
        let Ok(missing) = u32::try_from(missing) else {
            return false;
        };
        let more = match Arc::clone(budget).try_acquire_many_owned(missing) {
            Ok(more) => more,
            Err(_) => {
                let waiting = Arc::clone(budget).acquire_many_owned(missing);
                match sys::timeout(clock, wait, waiting).await {
                    Ok(Ok(more)) => more,
                    Ok(Err(_)) | Err(sys::Elapsed) => return false,
                }
            }
        };
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        true
    }
}
