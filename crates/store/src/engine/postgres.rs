//! PostgreSQL: plain threads, each with one connection and its own prepared statements. A
//! connection has a runtime of its own, which must not run on the threads of the server's.

mod link;

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::BytesMut;
use model::{Error, Result};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{Config, Statement};

use self::link::Link;
use super::{Mode, Queue, Task, refuse};
use crate::db::{Class, Conn, DbError, DbResult, RawRow, Row, Value};
use crate::dialect::Dialect;

/// How many connections, and so threads. Their commits share syncs inside the server.
const CONNECTIONS: usize = 16;

/// A host that swallows packets must not hang the start.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How often a transaction is run again when others stood in its way.
const MAX_RUNS: usize = 10;

/// Statements kept prepared on each connection. Filters make statements of many shapes, so the
/// server would otherwise hold more of them for every caller who thinks of another.
const PREPARED: usize = 256;

/// Every statement is written for an index that has its rows in its order. Left to itself the
/// planner weighs reading and sorting against that, and errs where it has counted nothing yet, or
/// plans once for any value: a list of a large inbox would then be sorted whole for each page.
/// What is off is still done where there is no other way.
pub(crate) const PLANNING: &str = "set jit = off; set enable_seqscan = off; set enable_bitmapscan = off; \
    set enable_sort = off; set enable_hashjoin = off; set enable_mergejoin = off";

/// A running store on a PostgreSQL server.
pub(crate) struct Postgres {
    tasks: Arc<Queue<(Mode, Box<dyn Task>)>>,
    threads: Vec<JoinHandle<()>>,
}

impl Mode {
    const fn begin(self) -> &'static str {
        match self {
            Self::Read => "begin isolation level repeatable read read only",
            Self::Write => "begin isolation level read committed",
        }
    }
}

impl Postgres {
    /// Connects to `url`, running `prepare` (the migrations) on the first connection.
    pub(crate) fn open(
        url: &str,
        prepare: impl FnOnce(&mut dyn Conn) -> Result<()> + Send + 'static,
    ) -> Result<Self> {
        Self::once(url, Mode::Write, prepare)?;
        let config = configured(url)?;
        let tasks = Arc::new(Queue::new());
        let mut threads = Vec::new();
        for _ in 0..CONNECTIONS {
            let (queue, config) = (Arc::clone(&tasks), config.clone());
            let thread = std::thread::Builder::new()
                .name("store-postgres".to_owned())
                .spawn(move || work_loop(&mut PgConn::new(config), &queue))
                .map_err(Error::internal)?;
            threads.push(thread);
        }
        Ok(Self { tasks, threads })
    }

    /// Runs one transaction on a connection of its own. Blocks until it has ended.
    pub(crate) fn once<T, E>(
        url: &str,
        mode: Mode,
        work: impl FnOnce(&mut dyn Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let config = configured(url)?;
        // The client drives an executor of its own, which may not be nested in ours.
        let ran = std::thread::spawn(move || -> Result<T, E> {
            let mut conn = PgConn::new(config);
            conn.begin(mode).map_err(Error::from)?;
            let done = work(&mut conn)?;
            if conn.failed {
                return Err(
                    Error::internal("a transaction went on after a statement had failed").into(),
                );
            }
            conn.end("commit").map_err(Error::from)?;
            Ok(done)
        });
        ran.join()
            .map_err(|_| Error::internal("the database client panicked"))?
    }

    pub(crate) fn read(&self, task: Box<dyn Task>) {
        self.tasks
            .push((Mode::Read, task))
            .unwrap_or_else(|(_, task)| refuse(task));
    }

    pub(crate) fn write(&self, task: Box<dyn Task>) {
        self.tasks
            .push((Mode::Write, task))
            .unwrap_or_else(|(_, task)| refuse(task));
    }

    pub(crate) fn close(self) {
        self.tasks.close();
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

fn configured(url: &str) -> Result<Config> {
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        Error::unavailable("the database URL is not one of PostgreSQL").because(error)
    })?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_WITHIN);
    }
    Ok(config)
}

fn work_loop(conn: &mut PgConn, queue: &Queue<(Mode, Box<dyn Task>)>) {
    while let Some((mode, mut task)) = queue.pop() {
        let mut outcome = conn.transaction(mode, task.as_mut());
        for _ in 1..MAX_RUNS {
            if outcome.is_ok() || !conn.again {
                break;
            }
            outcome = conn.transaction(mode, task.as_mut());
        }
        task.finish(outcome);
    }
}

/// One connection; made when it is first needed and again after it broke.
struct PgConn {
    config: Config,
    link: Option<Link>,
    prepared: HashMap<String, Statement>,
    /// The last transaction failed only because of others, or before it could begin.
    again: bool,
    /// A statement of this transaction failed. PostgreSQL answers `commit` with success then and
    /// rolls back all the same.
    failed: bool,
    /// The connection has worked since this transaction began. If one that lay idle does not, another
    /// is made, and the transaction runs on that.
    works: bool,
}

impl PgConn {
    fn new(config: Config) -> Self {
        Self {
            config,
            link: None,
            prepared: HashMap::new(),
            again: false,
            failed: false,
            works: false,
        }
    }

    fn transaction(&mut self, mode: Mode, task: &mut dyn Task) -> Result<()> {
        self.again = false;
        self.failed = false;
        self.begin(mode)?;
        let done = match task.run(self) {
            Ok(()) if self.failed => Err(Error::internal(
                "a transaction went on after a statement had failed",
            )),
            done => done,
        };
        match done {
            Ok(()) if mode == Mode::Read => {
                // Everything it wanted is here. A connection that breaks now is made anew next time.
                if self.link()?.leave("commit").is_err() {
                    self.disconnect();
                }
                Ok(())
            }
            Ok(()) => Ok(self.end("commit")?),
            Err(error) => {
                let again = self.again;
                // The first error is the one to tell; a broken connection is made anew next time.
                let unsent = self.link.as_mut().is_none_or(Link::forget);
                if !unsent {
                    let _ = self.end("rollback");
                }
                self.again = again;
                Err(error)
            }
        }
    }

    /// Opens a transaction. What begins it is sent with its first statement.
    fn begin(&mut self, mode: Mode) -> DbResult<()> {
        self.works = self.link.is_none();
        if self.link.is_none() {
            let mut link = Link::open(&self.config)?;
            link.batch("set client_min_messages = warning")?;
            link.batch(PLANNING)?;
            self.link = Some(link);
        }
        self.link()?.begin(mode.begin());
        Ok(())
    }

    fn end(&mut self, how: &str) -> DbResult<()> {
        if !self.works {
            // If the end broke the connection, nobody could tell whether it had come to pass.
            let flushed = self.link().and_then(Link::flush);
            self.note(flushed)?;
        }
        let result = self.link().and_then(|link| link.batch(how));
        self.works = true;
        self.note(result)
    }

    fn link(&mut self) -> DbResult<&mut Link> {
        self.link
            .as_mut()
            .ok_or_else(|| DbError::new(Class::Unavailable, "the connection to the database broke"))
    }

    fn disconnect(&mut self) {
        self.link = None;
        self.prepared.clear();
    }

    /// Remembers what a failure means for the transaction and the connection.
    fn note<T>(&mut self, result: DbResult<T>) -> DbResult<T> {
        self.failed |= result.is_err();
        match &result {
            Err(error) if error.class == Class::Retry => self.again = true,
            Err(error) if error.class == Class::Unavailable => {
                self.again = !self.works;
                self.disconnect();
            }
            _ => self.works = true,
        }
        result
    }

    fn prepare(&mut self, sql: &str) -> DbResult<Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        if self.prepared.len() >= PREPARED {
            self.prepared.clear();
        }
        let statement = self.link()?.prepare(sql)?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn rows(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<Vec<tokio_postgres::Row>> {
        let statement = self.prepare(sql)?;
        let args: Vec<&(dyn ToSql + Sync)> =
            args.iter().map(|v| v as &(dyn ToSql + Sync)).collect();
        self.link()?.query(&statement, &args)
    }

    fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64> {
        if args.is_empty() && !self.prepared.contains_key(sql) {
            // Definitions of tables cannot always be prepared, and run once.
            self.link()?.batch(sql)?;
            return Ok(0);
        }
        let statement = self.prepare(sql)?;
        let args: Vec<&(dyn ToSql + Sync)> =
            args.iter().map(|v| v as &(dyn ToSql + Sync)).collect();
        self.link()?.execute(&statement, &args)
    }
}

impl Conn for PgConn {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
    ) -> DbResult<()> {
        let rows = self.rows(sql, args);
        for row in self.note(rows)? {
            each(&Row(&row))?;
        }
        Ok(())
    }

    fn exec(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64> {
        let changed = self.execute(sql, args);
        self.note(changed)
    }

    fn put(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<()> {
        let put = self
            .prepare(sql)
            .and_then(|statement| self.link()?.put(statement, args));
        // It mostly only waits now, which tells nothing of the connection.
        put.or_else(|error| self.note(Err(error)))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Text(text) => without_nul(text).to_sql(ty, out),
            Self::Bytes(bytes) => bytes.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let fits = match self {
            Self::Null => true,
            Self::Int(_) => matches!(*ty, Type::INT8 | Type::INT4),
            Self::Text(_) => *ty == Type::TEXT,
            Self::Bytes(_) => *ty == Type::BYTEA,
        };
        if fits {
            self.to_sql(ty, out)
        } else {
            Err(format!("a value is not of type {ty}").into())
        }
    }
}

/// PostgreSQL's text cannot hold NUL, which hostile mail has in its fields.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

impl RawRow for tokio_postgres::Row {
    fn int(&self, index: usize) -> DbResult<Option<i64>> {
        // Columns are `bigint`, but a literal such as the 1 of `select 1` is `integer`.
        if self.columns().get(index).map(tokio_postgres::Column::type_) == Some(&Type::INT4) {
            return Ok(self.try_get::<_, Option<i32>>(index)?.map(i64::from));
        }
        Ok(self.try_get(index)?)
    }

    fn text(&self, index: usize) -> DbResult<Option<&str>> {
        Ok(self.try_get(index)?)
    }

    fn bytes(&self, index: usize) -> DbResult<Option<&[u8]>> {
        Ok(self.try_get(index)?)
    }

    fn is_null(&self, index: usize) -> DbResult<bool> {
        let column = self
            .columns()
            .get(index)
            .ok_or_else(|| DbError::shape(index))?;
        match *column.type_() {
            Type::INT8 | Type::INT4 => self.int(index).map(|value| value.is_none()),
            Type::BYTEA => self.bytes(index).map(|value| value.is_none()),
            _ => self.text(index).map(|value| value.is_none()),
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let class = match error.code() {
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => Class::Unique,
            Some(code)
                if *code == SqlState::T_R_SERIALIZATION_FAILURE
                    || *code == SqlState::T_R_DEADLOCK_DETECTED =>
            {
                Class::Retry
            }
            // Classes 53 (no resources), 57 (operator), 58 (system) and 08 (connection).
            Some(code)
                if ["53", "57", "58", "08"]
                    .iter()
                    .any(|class| code.code().starts_with(class)) =>
            {
                Class::Unavailable
            }
            None if error.is_closed()
                || error.as_db_error().is_none() && !is_conversion(&error) =>
            {
                Class::Unavailable
            }
            _ => Class::Other,
        };
        Self::new(class, error)
    }
}

/// Whether a value could not be turned into a column's type or back: a fault of ours, not of the
/// connection.
fn is_conversion(error: &tokio_postgres::Error) -> bool {
    let text_free = error
        .source()
        .is_some_and(|source| source.downcast_ref::<std::io::Error>().is_none());
    text_free && !error.is_closed()
}
