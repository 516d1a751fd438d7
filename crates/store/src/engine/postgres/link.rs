//! One connection to PostgreSQL, driven by the thread that uses it.
//!
//! The synchronous client sends a statement only when the one before has been answered. Most
//! statements of a transaction need no answer of their own: here they wait, and go out together with
//! the next one that does, in their order. So does what begins a transaction, and the end of one that
//! only read is not waited for. A message that arrives then costs four round trips instead of twelve.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_util::future::{join, join_all};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement};

use crate::db::{Class, DbError, DbResult, Value};

/// Statements that wait at most. They are in memory until they are sent.
const MOST_WAITING: usize = 24;

/// An open connection.
pub(super) struct Link {
    runtime: Runtime,
    /// Gone only while the link is dropped.
    client: Option<Client>,
    /// What moves bytes; gone when the server has closed the connection.
    connection: Option<Driver>,
    waiting: Vec<Waiting>,
}

type Driver = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A statement that is yet to be sent.
enum Waiting {
    Begin(&'static str),
    Put(Statement, Vec<Value<'static>>),
}

impl Waiting {
    async fn send(&self, client: &Client) -> Result<(), Error> {
        match self {
            Self::Begin(sql) => client.batch_execute(sql).await,
            Self::Put(statement, values) => {
                client.execute_raw(statement, values).await?;
                Ok(())
            }
        }
    }
}

impl Link {
    pub(super) fn open(config: &Config) -> DbResult<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| DbError::new(Class::Unavailable, error))?;
        let opened = runtime.block_on(config.connect(NoTls));
        let (client, connection) =
            opened.map_err(|error| DbError::new(Class::Unavailable, error))?;
        Ok(Self {
            runtime,
            client: Some(client),
            connection: Some(Box::pin(connection)),
            waiting: Vec::new(),
        })
    }

    /// Begins a transaction together with its first statement that is waited for.
    pub(super) fn begin(&mut self, sql: &'static str) {
        self.waiting.push(Waiting::Begin(sql));
    }

    /// Ends a transaction that changed nothing, without hearing how.
    pub(super) fn leave(&mut self, sql: &str) -> DbResult<()> {
        if self.forget() {
            return Ok(());
        }
        let Self {
            runtime,
            client,
            connection,
            ..
        } = self;
        let client = client.as_ref().ok_or_else(closed)?;
        let mut ending = pin!(client.batch_execute(sql));
        let done = runtime.block_on(poll_fn(|cx| {
            // The first poll hands it to the connection, which then writes it. The answer is read, and
            // thrown away, before that of the next statement.
            let sent = ending.as_mut().poll(cx);
            if let Some(Poll::Ready(ended)) = connection.as_mut().map(|it| it.as_mut().poll(cx)) {
                *connection = None;
                return Poll::Ready(ended);
            }
            Poll::Ready(match sent {
                Poll::Ready(Err(error)) => Err(error),
                _ => Ok(()),
            })
        }));
        Ok(done?)
    }

    /// Sends what waits and hears how it went.
    pub(super) fn flush(&mut self) -> DbResult<()> {
        self.after_waiting(async |_| Ok(()))
    }

    /// Runs statements that are no part of a transaction, or end one, after those that wait.
    pub(super) fn batch(&mut self, sql: &str) -> DbResult<()> {
        self.after_waiting(async |client| client.batch_execute(sql).await)
    }

    pub(super) fn prepare(&mut self, sql: &str) -> DbResult<Statement> {
        self.wait(async |client, _| client.prepare(sql).await)
    }

    pub(super) fn query(
        &mut self,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> DbResult<Vec<Row>> {
        self.after_waiting(async |client| client.query(statement, values).await)
    }

    pub(super) fn execute(
        &mut self,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> DbResult<u64> {
        self.after_waiting(async |client| client.execute(statement, values).await)
    }

    /// Runs a statement some time before the next one that is waited for.
    pub(super) fn put(&mut self, statement: Statement, values: &[Value<'_>]) -> DbResult<()> {
        let values = values.iter().map(Value::to_static).collect();
        self.waiting.push(Waiting::Put(statement, values));
        if self.waiting.len() < MOST_WAITING {
            return Ok(());
        }
        self.flush()
    }

    /// Forgets what waits: the transaction is given up. Whether it has not even begun.
    pub(super) fn forget(&mut self) -> bool {
        let unsent = matches!(self.waiting.first(), Some(Waiting::Begin(_)));
        self.waiting.clear();
        unsent
    }

    /// Sends what waits and then `last`, without waiting in between. The first error is told: it
    /// is the cause of those after it.
    fn after_waiting<T>(
        &mut self,
        last: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> DbResult<T> {
        let done = self.wait(async |client, waiting| {
            let sent = join_all(waiting.iter().map(|one| one.send(client)));
            // Polled in this order, so they are sent in this order.
            let (sent, last) = join(sent, last(client)).await;
            sent.into_iter().collect::<Result<(), Error>>()?;
            last
        });
        self.waiting.clear();
        done
    }

    /// Completes `work`, moving bytes meanwhile.
    fn wait<T>(
        &mut self,
        work: impl AsyncFnOnce(&Client, &[Waiting]) -> Result<T, Error>,
    ) -> DbResult<T> {
        let Self {
            runtime,
            client,
            connection,
            waiting,
        } = self;
        let client = client.as_ref().ok_or_else(closed)?;
        let mut work = pin!(work(client, waiting));
        let done = runtime.block_on(poll_fn(|cx| {
            let driven = connection.as_mut().map(|driver| driver.as_mut().poll(cx));
            if let Some(Poll::Ready(ended)) = driven {
                *connection = None;
                // Says more than what the statements hear.
                if let Err(error) = ended {
                    return Poll::Ready(Err(error));
                }
            }
            work.as_mut().poll(cx)
        }));
        Ok(done?)
    }
}

fn closed() -> DbError {
    DbError::new(Class::Unavailable, "the connection is closed")
}

/// Takes leave of the server.
impl Drop for Link {
    fn drop(&mut self) {
        self.client = None;
        if let Some(connection) = self.connection.take() {
            // Nobody is left to be told.
            let _ = self.runtime.block_on(connection);
        }
    }
}
