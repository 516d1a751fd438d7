//! The time, as something that is handed in.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mail::Timestamp;

/// Tells the time and waits for it. Timeouts, leases and schedules use nothing else.
pub trait Clock: Send + Sync + 'static {
    /// The current instant. It may step when the machine's clock is set.
    fn now(&self) -> Timestamp;

    /// Completes at `at`, or at once if that is past.
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the real clock"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that waits for the real clock"
    )]
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(at.since(self.now())))
    }
}

/// The time ran out before the work was done; the work was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time ran out")]
pub struct Elapsed;

/// Runs `work`, giving up after `limit`.
///
/// # Errors
/// [`Elapsed`] when the limit passes first.
pub async fn timeout<F: Future>(
    clock: &dyn Clock,
    limit: Duration,
    work: F,
) -> Result<F::Output, Elapsed> {
    timeout_at(clock, clock.now().plus(limit), work).await
}

/// Runs `work`, giving up at `deadline`. Work that is ready is finished even past the deadline.
///
/// # Errors
/// [`Elapsed`] when the deadline passes first.
pub async fn timeout_at<F: Future>(
    clock: &dyn Clock,
    deadline: Timestamp,
    work: F,
) -> Result<F::Output, Elapsed> {
    tokio::select! {
        biased;
        output = work => Ok(output),
        () = clock.sleep_until(deadline) => Err(Elapsed),
    }
}
