//! The threads that run transactions. One interface, two engines.

mod postgres;
mod queue;
mod sqlite;

#[cfg(test)]
pub(crate) use self::postgres::PLANNING;
pub(crate) use self::postgres::Postgres;
pub(crate) use self::queue::Queue;
pub(crate) use self::sqlite::Sqlite;

use std::panic::{AssertUnwindSafe, catch_unwind};

use model::{Error, Result};
use tokio::sync::oneshot;

use crate::db::Conn;
use crate::events::{Hub, Wake};

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It sees one snapshot and changes nothing.
    Read,
    /// It changes rows.
    Write,
}

/// A transaction that waits for a thread.
pub(crate) trait Task: Send {
    /// Does the work. Called again when another transaction stood in the way.
    fn run(&mut self, conn: &mut dyn Conn) -> Result<()>;

    /// Tells the caller how it ended. `Ok` only after the commit.
    fn finish(self: Box<Self>, outcome: Result<()>);
}

/// A closure and the caller that waits for it.
pub(crate) struct Job<F, T> {
    work: F,
    output: Option<(T, Wake)>,
    hub: Hub,
    reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Job<F, T>
where
    F: FnMut(&mut dyn Conn) -> Result<(T, Wake)> + Send + 'static,
    T: Send + 'static,
{
    /// The task for `work`, and where its outcome will be.
    pub(crate) fn task(work: F, hub: Hub) -> (Box<dyn Task>, oneshot::Receiver<Result<T>>) {
        let (reply, outcome) = oneshot::channel();
        (
            Box::new(Self {
                work,
                output: None,
                hub,
                reply,
            }),
            outcome,
        )
    }
}

impl<F, T> Task for Job<F, T>
where
    F: FnMut(&mut dyn Conn) -> Result<(T, Wake)> + Send + 'static,
    T: Send + 'static,
{
    fn run(&mut self, conn: &mut dyn Conn) -> Result<()> {
        self.output = None;
        let done = catch_unwind(AssertUnwindSafe(|| (self.work)(conn)));
        self.output =
            Some(done.unwrap_or_else(|_| Err(Error::internal("a transaction panicked")))?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<()>) {
        let answer = match (outcome, self.output) {
            (Ok(()), Some((value, wake))) => {
                self.hub.wake(&wake);
                Ok(value)
            }
            (Ok(()), None) => Err(Error::internal("a transaction gave no result")),
            (Err(error), _) => Err(error),
        };
        // The caller may have gone away; the commit stands all the same.
        let _ = self.reply.send(answer);
    }
}

/// Where transactions are handed in.
pub(crate) enum Running {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Running {
    pub(crate) fn read(&self, task: Box<dyn Task>) {
        match self {
            Self::Sqlite(engine) => engine.read(task),
            Self::Postgres(engine) => engine.read(task),
        }
    }

    pub(crate) fn write(&self, task: Box<dyn Task>) {
        match self {
            Self::Sqlite(engine) => engine.write(task),
            Self::Postgres(engine) => engine.write(task),
        }
    }

    /// Finishes what was handed in, then ends the threads. Blocks until they have. Whether what is
    /// stored is where it belongs: SQLite's file complete without its log.
    pub(crate) fn close(self) -> bool {
        match self {
            Self::Sqlite(engine) => engine.close(),
            Self::Postgres(engine) => {
                engine.close();
                true
            }
        }
    }

    /// The same without an end: what was committed so far is where it belongs.
    pub(crate) fn fold(&self) -> bool {
        match self {
            Self::Sqlite(engine) => engine.fold(),
            Self::Postgres(_) => true,
        }
    }
}

/// The answer to a task that came after the engine was closed.
pub(crate) fn refuse(task: Box<dyn Task>) {
    task.finish(Err(Error::unavailable("The server is stopping")));
}
