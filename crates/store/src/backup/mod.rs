//! Copies of everything at rest, in a form that both engines read.
//!
//! A backup is a folder: the rows of each table in a file of its own, and the large mail of the
//! object store as it lies there. The rows are those of one snapshot, taken while a server may be
//! running; no writer waits for it. Large mail is copied after the snapshot, which is sound because
//! objects never change and the sweeper waits for whoever makes a backup.
//!
//! The shape of the tables is not asked of the database: it is what the migrations make of an empty
//! one, so that it is the same on both engines, and a backup of either can be restored on the other.

mod files;
mod objects;
mod rows;
mod shape;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Error;
use serde::{Deserialize, Serialize};

use self::files::{create_folder, file_error, hash_file};
use self::objects::Listed;
use self::shape::Table;
use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::dialect::Dialect;
use crate::engine::{Mode, Postgres, Sqlite};
use crate::open::{Engine, chain, lock_folder};
use crate::{OpenError, migrate};

pub(crate) use self::objects::SweepLock;

/// Numbers of the log that a restore passes over: more than any server has given out since its last
/// backup, and few enough for a restore on every day of a century.
const GAP: i64 = 1 << 32;

/// What stands in `last_error` of a job that [`restore`] has held back.
pub(crate) const HELD_BACK: &str = "held back when the backup was restored";

/// What a backup consists of. It says nothing secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Contents {
    /// The version of the tables' shape.
    pub schema: i64,
    /// The engine that the rows come from: `sqlite` or `postgres`.
    pub engine: String,
    /// The tables.
    pub tables: Vec<TableFile>,
    /// The large mail.
    pub objects: ObjectFiles,
}

/// The rows of a table, in `tables/NAME.rows.zst`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFile {
    /// The table.
    pub name: String,
    /// Its columns in the order of the file, each with its type.
    pub columns: Vec<String>,
    /// How many rows there are.
    pub rows: u64,
    /// The hash of the file.
    pub blake3: String,
}

/// The large mail, in `objects`, with a hash for each file in `objects.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectFiles {
    /// How many files there are.
    pub count: u64,
    /// Their octets together.
    pub bytes: u64,
    /// The hash of the list.
    pub blake3: String,
}

/// What became of a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Rows of all tables.
    pub rows: u64,
    /// Files of large mail.
    pub objects: u64,
    /// Entries that are held back, if that was asked for.
    pub held_back: u64,
}

/// A backup could not be made or restored. The text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be used.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database refused.
    #[error("the database: {0}")]
    Database(String),
    /// What is to be read is not what it should be.
    #[error("{0}")]
    Damaged(String),
    /// What is to be written to is in use or not empty.
    #[error("{0}")]
    Refused(String),
}

impl From<Error> for BackupError {
    fn from(error: Error) -> Self {
        Self::Database(chain(&error))
    }
}

impl From<DbError> for BackupError {
    fn from(error: DbError) -> Self {
        Self::from(Error::from(error))
    }
}

impl From<OpenError> for BackupError {
    fn from(error: OpenError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Copies everything that was committed when this begins, and perhaps more, into the empty folder
/// `into`. Whoever uses the store meanwhile goes on. Blocks the calling thread.
///
/// # Errors
/// [`BackupError`]; what was written so far stays.
pub fn back_up(engine: &Engine, blobs: &Path, into: &Path) -> Result<Contents, BackupError> {
    // Before the snapshot: what it refers to must not be swept before it is copied.
    let sweeps = SweepLock::hold_off(blobs).map_err(file_error(blobs))?;
    let tables_folder = into.join("tables");
    create_folder(&tables_folder)?;
    let dump = move |conn: &mut dyn Conn| dump(conn, &tables_folder);
    let dumped = match engine {
        Engine::Sqlite { folder } => {
            let file = folder.join("mailroost.db");
            if !file.exists() {
                let shown = folder.display();
                return Err(BackupError::Refused(format!(
                    "there is no database in {shown}; name the data folder with --data"
                )));
            }
            Sqlite::once(&file, Mode::Read, dump)?
        }
        Engine::Postgres { url } => Postgres::once(url, Mode::Read, dump)?,
    };
    let objects = objects::copy_out(blobs, into, &dumped.objects)?;
    drop(sweeps);
    Ok(Contents {
        schema: dumped.schema,
        engine: name_of(engine).to_owned(),
        tables: dumped.tables,
        objects,
    })
}

/// Reads every file of the backup in `from` and holds it against its hash.
///
/// # Errors
/// [`BackupError::Damaged`] names the first file that is not as it was written.
pub fn verify(contents: &Contents, from: &Path) -> Result<(), BackupError> {
    for table in shaped(contents)?.iter().zip(&contents.tables) {
        let path = table_path(&from.join("tables"), &table.0.name);
        check_hash(&path, &table.1.blake3)?;
    }
    let listed = listed(contents, from)?;
    objects::verify(from, &listed)
}

/// Fills an empty store from the backup in `from`, which was verified, and gives it the shape of this
/// server. All of it is there afterwards or, after an error, nothing. `staging` is an empty folder
/// on the disk of `blobs`, which must not exist yet. With `hold_back` whatever would send mail is
/// kept until `Store::release_held_back`.
///
/// Blocks the calling thread.
///
/// # Errors
/// [`BackupError`]: the store is not empty, is in use, or fails.
pub fn restore(
    contents: &Contents,
    from: &Path,
    engine: &Engine,
    blobs: &Path,
    staging: &Path,
    hold_back: bool,
) -> Result<Restored, BackupError> {
    let tables = shaped(contents)?;
    let listed = listed(contents, from)?;
    let staged_blobs = staging.join("blobs");
    objects::copy_in(from, &staged_blobs, &listed)?;
    let plan = Plan {
        schema: contents.schema,
        tables: tables
            .into_iter()
            .zip(contents.tables.iter().map(|table| table.rows))
            .collect(),
        folder: from.join("tables"),
        hold_back,
    };
    let mut restored = match engine {
        Engine::Sqlite { folder } => into_sqlite(plan, folder, &staged_blobs, blobs, staging)?,
        Engine::Postgres { url } => into_postgres(plan, url, staged_blobs, blobs.to_owned())?,
    };
    restored.objects = contents.objects.count;
    Ok(restored)
}

/// Tells one master key from another without telling anything about either.
#[must_use]
pub fn key_mark(master_key: &[u8; 32]) -> String {
    let mark = blake3::derive_key(
        "mailroost: which master key a backup belongs to",
        master_key,
    );
    blake3::Hash::from_bytes(mark).to_hex().to_string()
}

/// The engine, as a manifest names it.
fn name_of(engine: &Engine) -> &'static str {
    match engine {
        Engine::Sqlite { .. } => "sqlite",
        Engine::Postgres { .. } => "postgres",
    }
}

fn table_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.rows.zst"))
}

fn check_hash(path: &Path, wanted: &str) -> Result<(), BackupError> {
    if hash_file(path)? == wanted {
        return Ok(());
    }
    let shown = path.display();
    Err(BackupError::Damaged(format!(
        "{shown} is not as it was written; use another backup"
    )))
}

/// The tables of the backup's schema, once its own list agrees.
fn shaped(contents: &Contents) -> Result<Vec<Table>, BackupError> {
    let newest = migrate::newest();
    let schema = contents.schema;
    if schema > newest {
        return Err(BackupError::Refused(format!(
            "the backup was made by a newer server (schema {schema}, this one knows {newest}); \
             restore it with that version"
        )));
    }
    let tables = shape::tables(schema)?;
    let wanted = tables.iter().map(|table| (&table.name, table.described()));
    let told = contents.tables.iter();
    if wanted.eq(told.map(|table| (&table.name, table.columns.clone()))) {
        return Ok(tables);
    }
    Err(BackupError::Damaged(format!(
        "the manifest does not list the tables of schema {schema}; use another backup"
    )))
}

fn listed(contents: &Contents, from: &Path) -> Result<Vec<Listed>, BackupError> {
    let path = from.join("objects.list");
    check_hash(&path, &contents.objects.blake3)?;
    objects::read_list(&path)
}

struct Dumped {
    schema: i64,
    tables: Vec<TableFile>,
    objects: Vec<String>,
}

/// Writes the rows of every table, as one snapshot shows them.
fn dump(conn: &mut dyn Conn, folder: &Path) -> Result<Dumped, BackupError> {
    let (schema, newest) = (migrate::version(conn)?, migrate::newest());
    if schema > newest {
        return Err(BackupError::Refused(format!(
            "the data was written by a newer server (schema {schema}, this one knows {newest}); \
             back it up with that version"
        )));
    }
    let mut tables = Vec::new();
    for table in shape::tables(schema)? {
        tables.push(dump_table(conn, &table, folder)?);
    }
    let mut objects = Vec::new();
    let select = "select org_id, object from blob where object is not null \
         -- unscoped: a backup holds every organisation";
    stream(conn, "backup_objects", select, &mut |row| {
        objects.push(objects::path_of(row)?);
        Ok(())
    })?;
    Ok(Dumped {
        schema,
        tables,
        objects,
    })
}

fn dump_table(conn: &mut dyn Conn, table: &Table, folder: &Path) -> Result<TableFile, BackupError> {
    let path = table_path(folder, &table.name);
    let mut writer = rows::Writer::create(&path).map_err(file_error(&path))?;
    let mut failed = None;
    let cursor = format!("backup_{}", table.name);
    let read = stream(conn, &cursor, &table.select(), &mut |row| {
        writer.row(&table.columns, row)?.map_err(|error| {
            failed = Some(error);
            DbError::shape(0)
        })
    });
    if let Some(source) = failed {
        return Err(BackupError::File { path, source });
    }
    read?;
    let (rows, blake3) = writer.finish().map_err(file_error(&path))?;
    Ok(TableFile {
        name: table.name.clone(),
        columns: table.described(),
        rows,
        blake3,
    })
}

/// Hands every row of `select` to `each` without holding all of them in memory.
fn stream(
    conn: &mut dyn Conn,
    cursor: &str,
    select: &str,
    each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
) -> DbResult<()> {
    if conn.dialect() == Dialect::Sqlite {
        return conn.query(select, &[], each);
    }
    let declare = format!("declare {cursor} no scroll cursor for {select}");
    conn.exec(&declare, &[])?;
    // Few enough that they fit into memory when each is as long as a row may be.
    let fetch = format!("fetch forward 64 from {cursor}");
    loop {
        let mut any = false;
        conn.query(&fetch, &[], &mut |row| {
            any = true;
            each(row)
        })?;
        if !any {
            break;
        }
    }
    conn.exec(&format!("close {cursor}"), &[])?;
    Ok(())
}

/// What is loaded into an empty database.
struct Plan {
    schema: i64,
    /// Each with the number of its rows.
    tables: Vec<(Table, u64)>,
    folder: PathBuf,
    hold_back: bool,
}

impl Plan {
    /// Makes the tables as they were, fills them, and brings them to the newest shape.
    fn load(&self, conn: &mut dyn Conn) -> Result<Restored, BackupError> {
        migrate::run_to(conn, self.schema)?;
        let mut rows = 0;
        for (table, count) in &self.tables {
            let path = table_path(&self.folder, &table.name);
            let mut reader = rows::Reader::open(&path).map_err(file_error(&path))?;
            let insert = table.insert_for(conn.dialect());
            for _ in 0..*count {
                let values = reader.row(&table.columns).map_err(file_error(&path))?;
                conn.put(&insert, &values)?;
            }
            reader.end().map_err(file_error(&path))?;
            rows += count;
        }
        migrate::run(conn)?;
        leave_gap(conn)?;
        let held_back = if self.hold_back { hold_back(conn)? } else { 0 };
        Ok(Restored {
            rows,
            objects: 0,
            held_back,
        })
    }
}

/// Passes over the numbers of events that were given out after the backup was made, so that whoever
/// remembers one of them is told so and does not take other events for those.
fn leave_gap(conn: &mut dyn Conn) -> DbResult<()> {
    let note = conn.dialect().plain(
        "insert into log_gap (org_id, after_seq, upto_seq) \
         select org_id, event_seq, event_seq + $1 from org \
         -- unscoped: a restore is of every organisation",
    );
    conn.exec(&note, args![GAP])?;
    // Those of the server's own readers who had read everything still have.
    let counted = conn.dialect().plain(
        "update metric_cursor set seq = seq + $1 where exists (select 1 from org o \
         where o.org_id = metric_cursor.org_id and o.event_seq = metric_cursor.seq) \
         -- unscoped: a restore is of every organisation",
    );
    conn.exec(&counted, args![GAP])?;
    let pass = conn.dialect().plain(
        "update org set event_seq = event_seq + $1 -- unscoped: a restore is of every organisation",
    );
    conn.exec(&pass, args![GAP])?;
    Ok(())
}

/// Parks every job that makes mail leave: what waits in the queue, and what would add to it.
fn hold_back(conn: &mut dyn Conn) -> DbResult<u64> {
    let park = conn.dialect().plain(
        "update job set state = 'parked', lease_until = 0, lease_token = null, last_error = $1 \
         where state <> 'parked' and (kind = 'deliver_mail/1' or kind = 'send_draft/1' \
         or kind = 'mail_code/1' or kind = 'notify_sender/1') \
         -- unscoped: the operator holds back the mail of every organisation",
    );
    conn.exec(&park, args![HELD_BACK])
}

fn into_sqlite(
    plan: Plan,
    folder: &Path,
    staged_blobs: &Path,
    blobs: &Path,
    staging: &Path,
) -> Result<Restored, BackupError> {
    let _lock = lock_folder(folder)?;
    let (staged, file) = (staging.join("mailroost.db"), folder.join("mailroost.db"));
    let restored = Sqlite::once(&staged, Mode::Write, move |conn| plan.load(conn))?;
    if staging.join("mailroost.db-wal").exists() {
        return Err(BackupError::Database(
            "the log was not copied into the database".to_owned(),
        ));
    }
    files::rename(staged_blobs, blobs)?;
    // Closing has copied the log into the database, which is therefore whole without it.
    files::rename(&staged, &file).inspect_err(|_| {
        // The error is told; what was moved would be in the way of another try.
        let _ = std::fs::remove_dir_all(blobs);
    })?;
    Ok(restored)
}

fn into_postgres(
    plan: Plan,
    url: &str,
    staged_blobs: PathBuf,
    blobs: PathBuf,
) -> Result<Restored, BackupError> {
    let blobs = Arc::new(blobs);
    let target = Arc::clone(&blobs);
    let load = move |conn: &mut dyn Conn| {
        if shape::is_used(conn)? {
            return Err(BackupError::Refused(
                "the database has Mailroost's tables already; name an empty one".to_owned(),
            ));
        }
        let restored = plan.load(conn)?;
        // Before the commit: rows must not refer to mail that is not there.
        files::rename(&staged_blobs, &target)?;
        Ok(restored)
    };
    Postgres::once(url, Mode::Write, load).inspect_err(|_| {
        // Nothing was committed, or nobody can tell; the error is told either way.
        let _ = std::fs::remove_dir_all(&*blobs);
    })
}
