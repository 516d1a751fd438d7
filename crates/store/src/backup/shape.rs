//! The tables of a schema, as the migrations make them.

use std::path::Path;

use super::BackupError;
use crate::db::{Conn, DbError, DbResult};
use crate::dialect::Dialect;
use crate::engine::{Mode, Sqlite};
use crate::migrate;

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// The three types there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
    Bytes,
}

impl Table {
    /// The columns for a manifest.
    pub(super) fn described(&self) -> Vec<String> {
        let kind = |kind| match kind {
            Kind::Int => "int",
            Kind::Text => "text",
            Kind::Bytes => "bytes",
        };
        let columns = self.columns.iter();
        columns
            .map(|column| format!("{} {}", column.name, kind(column.kind)))
            .collect()
    }

    /// Every row.
    pub(super) fn select(&self) -> String {
        let table = &self.name;
        format!(
            "select {} from \"{table}\" -- unscoped: a backup holds every organisation",
            self.column_list()
        )
    }

    /// One row, in the database's own words.
    pub(super) fn insert_for(&self, dialect: Dialect) -> String {
        let (table, count) = (&self.name, self.columns.len());
        let marks: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
        dialect.plain(&format!(
            "insert into \"{table}\" ({}) values ({}) -- unscoped: a backup holds every organisation",
            self.column_list(),
            marks.join(", ")
        ))
    }

    fn column_list(&self) -> String {
        let quoted = |column: &Column| format!("\"{}\"", column.name);
        let columns: Vec<String> = self.columns.iter().map(quoted).collect();
        columns.join(", ")
    }
}

/// The tables of this schema, in the order of their names.
pub(super) fn tables(schema: i64) -> Result<Vec<Table>, BackupError> {
    Sqlite::once(Path::new(":memory:"), Mode::Write, move |conn| {
        migrate::run_to(conn, schema)?;
        Ok(read(conn)?)
    })
}

fn read(conn: &mut dyn Conn) -> DbResult<Vec<Table>> {
    // The table of migrations is made by them.
    let columns = "select m.name, c.name, lower(c.type) from sqlite_master m \
         join pragma_table_info(m.name) c where m.type = 'table' and m.name <> 'schema_version' \
         and substr(m.name, 1, 7) <> 'sqlite_' order by m.name, c.cid \
         -- unscoped: the shape of an empty database";
    let mut tables: Vec<Table> = Vec::new();
    conn.query(columns, &[], &mut |row| {
        let table = row.text(0)?;
        let kind = match row.text(2)? {
            "integer" => Kind::Int,
            "text" => Kind::Text,
            "blob" => Kind::Bytes,
            _ => return Err(DbError::shape(2)),
        };
        let column = Column {
            name: row.get(1)?,
            kind,
        };
        match tables.last_mut() {
            Some(last) if last.name == table => last.columns.push(column),
            _ => tables.push(Table {
                name: table.to_owned(),
                columns: vec![column],
            }),
        }
        Ok(())
    })?;
    Ok(tables)
}

/// Whether a PostgreSQL database has tables of ours.
pub(super) fn is_used(conn: &mut dyn Conn) -> DbResult<bool> {
    let mut used = false;
    conn.query(
        "select 1 from information_schema.tables where table_schema = current_schema() \
         and (table_name = 'schema_version' or table_name = 'org') -- unscoped: before any tenant",
        &[],
        &mut |_| {
            used = true;
            Ok(())
        },
    )?;
    Ok(used)
}
