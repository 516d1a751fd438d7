//! Tasks that are waited for when the server stops.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

/// Starts tasks and remembers that they run. Clones share one set.
#[derive(Clone)]
pub struct Tasks {
    stop: Arc<watch::Sender<bool>>,
    /// Every running task holds a clone; the receiver ends when the last is gone.
    alive: mpsc::WeakSender<()>,
}

/// Keeps a set of [`Tasks`] open; [`Running::stop`] ends it.
pub struct Running {
    tasks: Tasks,
    alive: mpsc::Sender<()>,
    done: mpsc::Receiver<()>,
}

/// Tells a task that it should come to an end.
#[derive(Clone)]
pub struct Shutdown(watch::Receiver<bool>);

impl Tasks {
    /// An empty set, and the handle that ends it.
    #[must_use]
    pub fn new() -> (Self, Running) {
        let (alive, done) = mpsc::channel(1);
        let (stop, _) = watch::channel(false);
        let tasks = Self {
            stop: Arc::new(stop),
            alive: alive.downgrade(),
        };
        (tasks.clone(), Running { tasks, alive, done })
    }

    /// Runs `work` in the background. After [`Running::stop`] has finished nothing is started.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Some(alive) = self.alive.upgrade() else {
            return;
        };
        #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
        tokio::spawn(async move {
            work.await;
            drop(alive);
        });
    }

    /// The signal that tasks of this set listen to.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.subscribe())
    }
}

impl Running {
    /// Asks every task to end and waits until all have. Bound the wait with [`crate::timeout`].
    pub async fn stop(mut self) {
        self.tasks.stop.send_replace(true);
        drop(self.alive);
        // Nothing is ever sent: this ends when the last task drops its clone.
        let _ = self.done.recv().await;
    }
}

impl Shutdown {
    /// Completes when the tasks should end.
    pub async fn requested(&mut self) {
        // A dropped sender means the same: nobody is left to wait for us.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Whether the tasks should end.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stop_waits_for_every_task() {
        let (tasks, running) = Tasks::new();
        let (finished, count) = std::sync::mpsc::channel();
        for _ in 0..10 {
            let (mut shutdown, finished) = (tasks.shutdown(), finished.clone());
            tasks.spawn(async move {
                shutdown.requested().await;
                tokio::task::yield_now().await;
                finished.send(()).unwrap();
            });
        }
        running.stop().await;
        assert_eq!(count.try_iter().count(), 10);
        tasks.spawn(async { unreachable!("the set is closed") });
    }
}
