//! SQLite: one thread writes and lets many transactions share a commit, a few threads read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use model::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use super::{Mode, Queue, Task, refuse};
use crate::db::{Class, Conn, DbError, DbResult, RawRow, Row, Value};
use crate::dialect::Dialect;

/// How many transactions share one commit at most. Each is short; the bound keeps the first of a
/// batch from waiting long for the last.
const MAX_BATCH: usize = 64;

/// How many threads read. Reads are short and in memory, so a few suffice.
const READERS: usize = 3;

/// Statements kept prepared on each connection.
const PREPARED: usize = 256;

/// After so many transactions the log is copied into the database in the background. The writing
/// thread does that itself, while everybody waits, only with what is left when the log is long.
const CHECKPOINT_EVERY: usize = 256;

/// Whoever reads the file while the store closes is waited for this long: a backup may take hours.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// A running SQLite store.
pub(crate) struct Sqlite {
    writes: Arc<Queue<Box<dyn Task>>>,
    reads: Arc<Queue<Box<dyn Task>>>,
    checkpoints: Arc<Queue<()>>,
    threads: Vec<JoinHandle<()>>,
    /// The database, when it is this process that writes it.
    written: Option<PathBuf>,
}

impl Sqlite {
    /// Opens the database file, running `prepare` (the migrations) on the writing connection.
    pub(crate) fn open(
        file: &Path,
        prepare: impl FnOnce(&mut dyn Conn) -> Result<()>,
    ) -> Result<Self> {
        let mut writer = SqliteConn::open(file, OpenFlags::default()).map_err(Error::from)?;
        writer.batch("begin immediate")?;
        prepare(&mut writer)?;
        writer.batch("commit")?;
        let (writes, reads) = (Arc::new(Queue::new()), Arc::new(Queue::new()));
        let checkpoints = Arc::new(Queue::new());
        let mut threads = Vec::new();
        let (queue, due) = (Arc::clone(&writes), Arc::clone(&checkpoints));
        threads.push(spawn("store-writer", move || {
            write_loop(&mut writer, &queue, &due);
        })?);
        let copier = SqliteConn::open(file, OpenFlags::default()).map_err(Error::from)?;
        let due = Arc::clone(&checkpoints);
        threads.push(spawn("store-checkpoint", move || {
            while due.pop().is_some() {
                // Readers or the writer may be in its way; then the next one copies more.
                let _ = copier.batch("pragma wal_checkpoint(passive)");
            }
        })?);
        for _ in 0..READERS {
            let mut reader = SqliteConn::open(file, read_only()).map_err(Error::from)?;
            let queue = Arc::clone(&reads);
            threads.push(spawn("store-reader", move || {
                read_loop(&mut reader, &queue);
            })?);
        }
        Ok(Self {
            writes,
            reads,
            checkpoints,
            threads,
            written: Some(file.to_owned()),
        })
    }

    /// Opens the database file beside the process that writes it: only to read. `check` looks at it
    /// first.
    pub(crate) fn look(
        file: &Path,
        check: impl FnOnce(&mut dyn Conn) -> Result<()>,
    ) -> Result<Self> {
        let mut reader = SqliteConn::open(file, read_only()).map_err(Error::from)?;
        check(&mut reader)?;
        let reads = Arc::new(Queue::new());
        let queue = Arc::clone(&reads);
        let thread = spawn("store-reader", move || read_loop(&mut reader, &queue))?;
        let writes = Queue::new();
        // What is handed in to be written is refused.
        writes.close();
        Ok(Self {
            writes: Arc::new(writes),
            reads,
            checkpoints: Arc::new(Queue::new()),
            threads: vec![thread],
            written: None,
        })
    }

    /// Runs one transaction on a connection of its own, and closes it. Does not take the folder: to
    /// read beside a server is sound, to write is for whoever holds the folder's lock.
    pub(crate) fn once<T, E: From<Error>>(
        file: &Path,
        mode: Mode,
        work: impl FnOnce(&mut dyn Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let (flags, begin) = match mode {
            Mode::Read => (read_only(), "begin"),
            Mode::Write => (OpenFlags::default(), "begin immediate"),
        };
        let mut conn = SqliteConn::open(file, flags).map_err(Error::from)?;
        conn.batch(begin).map_err(Error::from)?;
        let done = work(&mut conn)?;
        conn.batch("commit").map_err(Error::from)?;
        Ok(done)
    }

    pub(crate) fn read(&self, task: Box<dyn Task>) {
        self.reads.push(task).unwrap_or_else(refuse);
    }

    pub(crate) fn write(&self, task: Box<dyn Task>) {
        self.writes.push(task).unwrap_or_else(refuse);
    }

    /// Ends the threads; whether the database is complete without its log.
    pub(crate) fn close(mut self) -> bool {
        self.writes.close();
        self.checkpoints.close();
        self.reads.close();
        for thread in std::mem::take(&mut self.threads) {
            // A thread that panicked outside a task has said so on standard error.
            let _ = thread.join();
        }
        self.fold()
    }

    /// Copies the log into the database and empties it, so that the file is complete alone; whether
    /// that was done. Closing does it only where the last connection that goes may write, and no
    /// other process has the file open.
    pub(crate) fn fold(&self) -> bool {
        let Some(file) = &self.written else {
            return true;
        };
        let fold = || {
            let conn = SqliteConn::open(file, OpenFlags::default())?;
            conn.0.busy_timeout(LAST_PATIENCE)?;
            let mut busy = true;
            let mut told = conn.0.prepare("pragma wal_checkpoint(truncate)")?;
            let mut rows = told.raw_query();
            while let Some(row) = rows.next()? {
                busy = row.get::<_, i64>(0)? != 0;
            }
            Ok::<_, DbError>(!busy)
        };
        fold().unwrap_or(false)
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(Error::internal)
}

fn read_only() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// A transaction that was run, and how that ended.
type Ran = (Box<dyn Task>, Result<()>);

/// Takes what is queued, commits all of it together, and only then answers.
fn write_loop(conn: &mut SqliteConn, queue: &Queue<Box<dyn Task>>, checkpoints: &Queue<()>) {
    let mut since_checkpoint = 0;
    while let Some(first) = queue.pop() {
        if let Err(error) = conn.batch("begin immediate") {
            first.finish(Err(error.into()));
            continue;
        }
        let batch = run_batch(conn, first, queue);
        let mut committed = conn.batch("commit");
        if committed.is_err() {
            // A commit that failed may have left the transaction open (a full disk does).
            let _ = conn.batch("rollback");
        }
        since_checkpoint += batch.len();
        if since_checkpoint >= CHECKPOINT_EVERY {
            since_checkpoint = 0;
            // A closed queue means that the server stops, and closing the file checkpoints too.
            let _ = checkpoints.push(());
        }
        for (task, outcome) in batch {
            match (&mut committed, outcome) {
                (_, Err(error)) => task.finish(Err(error)),
                (Ok(()), Ok(())) => task.finish(Ok(())),
                (Err(error), Ok(())) => {
                    let told = std::mem::replace(error, DbError::shape(0));
                    let class = Class::Unavailable;
                    *error = DbError {
                        class,
                        source: None,
                    };
                    task.finish(Err(DbError {
                        class,
                        source: told.source,
                    }
                    .into()));
                }
            }
        }
    }
}

/// Runs the first transaction and those that wait behind it. A transaction that fails leaves
/// nothing behind, and the others stand.
///
/// A savepoint around each would have SQLite copy every page that it changes. Hardly any fails
/// after it has written something; when one does, all of them are run again with savepoints.
fn run_batch(
    conn: &mut SqliteConn,
    first: Box<dyn Task>,
    queue: &Queue<Box<dyn Task>>,
) -> Vec<Ran> {
    let mut batch: Vec<Ran> = Vec::with_capacity(MAX_BATCH);
    let mut next = Some(first);
    while let Some(mut task) = next.take() {
        let before = conn.0.total_changes();
        let outcome = task.run(conn);
        let has_written = conn.0.total_changes() != before;
        // A full disk may have ended the transaction that all of them share.
        let is_spoilt = outcome.is_err() && has_written || conn.0.is_autocommit();
        batch.push((task, outcome));
        if is_spoilt {
            run_apart(conn, &mut batch);
            break;
        }
        if batch.len() < MAX_BATCH {
            next = queue.try_pop();
        }
    }
    batch
}

/// Takes back what the transactions did and runs each under a savepoint.
fn run_apart(conn: &mut SqliteConn, batch: &mut [Ran]) {
    if !conn.0.is_autocommit() {
        // Where that fails, the next one fails too.
        let _ = conn.batch("rollback");
    }
    let begun = conn.batch("begin immediate").map_err(Error::from);
    for (task, outcome) in batch {
        *outcome = match &begun {
            Ok(()) => run_one(conn, task.as_mut()),
            Err(error) => Err(Error::new(error.code(), error.detail().to_owned())),
        };
    }
}

fn run_one(conn: &mut SqliteConn, task: &mut dyn Task) -> Result<()> {
    conn.batch("savepoint one")?;
    match task.run(conn) {
        Ok(()) => conn.batch("release one").map_err(Error::from),
        Err(error) => {
            conn.batch("rollback to one")?;
            conn.batch("release one")?;
            Err(error)
        }
    }
}

fn read_loop(conn: &mut SqliteConn, queue: &Queue<Box<dyn Task>>) {
    while let Some(mut task) = queue.pop() {
        let outcome = match conn.batch("begin") {
            Ok(()) => task.run(conn),
            Err(error) => Err(error.into()),
        };
        // Ends the snapshot; there is nothing to keep.
        let _ = conn.batch("rollback");
        task.finish(outcome);
    }
}

/// One SQLite connection.
pub(crate) struct SqliteConn(Connection);

impl SqliteConn {
    fn open(file: &Path, flags: OpenFlags) -> DbResult<Self> {
        let path: PathBuf = file.to_owned();
        let conn = Connection::open_with_flags(path, flags)?;
        conn.set_prepared_statement_cache_capacity(PREPARED);
        // Plans do not depend on values. Without this SQLite parses and plans a join anew each time it
        // is used, because its bindings were cleared in between.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // FULL syncs the log at every commit: without it the last commits die with the power.
        let settings = "
            pragma busy_timeout = 10000;
            pragma synchronous = full;
            pragma foreign_keys = off;
            pragma temp_store = memory;
            pragma cache_size = -8000;
            pragma wal_autocheckpoint = 16000;
            pragma journal_size_limit = 134217728;";
        if !flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
            conn.execute_batch("pragma journal_mode = wal;")?;
        }
        conn.execute_batch(settings)?;
        Ok(Self(conn))
    }

    fn batch(&self, sql: &str) -> DbResult<()> {
        let mut statement = self.0.prepare_cached(sql)?;
        statement.raw_execute()?;
        Ok(())
    }
}

impl Conn for SqliteConn {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
    ) -> DbResult<()> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            each(&Row(row))?;
        }
        Ok(())
    }

    fn exec(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        let changed = statement.raw_execute()?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, args: &[Value<'_>]) -> DbResult<()> {
    for (index, value) in args.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    Ok(())
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl RawRow for rusqlite::Row<'_> {
    fn int(&self, index: usize) -> DbResult<Option<i64>> {
        match self.get_ref(index)? {
            ValueRef::Integer(value) => Ok(Some(value)),
            ValueRef::Null => Ok(None),
            _ => Err(DbError::shape(index)),
        }
    }

    fn text(&self, index: usize) -> DbResult<Option<&str>> {
        match self.get_ref(index)? {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map(Some)
                .map_err(|_| DbError::shape(index)),
            ValueRef::Null => Ok(None),
            _ => Err(DbError::shape(index)),
        }
    }

    fn bytes(&self, index: usize) -> DbResult<Option<&[u8]>> {
        match self.get_ref(index)? {
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            ValueRef::Null => Ok(None),
            _ => Err(DbError::shape(index)),
        }
    }

    fn is_null(&self, index: usize) -> DbResult<bool> {
        Ok(matches!(self.get_ref(index)?, ValueRef::Null))
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        const UNIQUE: i32 = rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
        const PRIMARY_KEY: i32 = rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY;
        let class = match error.sqlite_error() {
            Some(raw) if matches!(raw.extended_code, UNIQUE | PRIMARY_KEY) => Class::Unique,
            Some(raw) => match raw.code {
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory => Class::Unavailable,
                _ => Class::Other,
            },
            None => Class::Other,
        };
        Self::new(class, error)
    }
}
