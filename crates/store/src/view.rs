//! A read-only snapshot, seen through one access.

use mail::Timestamp;
use model::Result;

use crate::access::Access;
use crate::codec::Codec;
use crate::db::{Conn, DbResult, Row, Value};
use crate::search::SegmentCache;

/// What one caller can see at one moment. Every statement it runs carries the caller's tenant
/// predicate.
pub struct View<'a> {
    pub(crate) conn: &'a mut dyn Conn,
    pub(crate) access: &'a Access,
    pub(crate) codec: &'a Codec,
    pub(crate) segments: &'a SegmentCache,
    pub(crate) now: Timestamp,
}

impl View<'_> {
    /// Who looks.
    #[must_use]
    pub fn access(&self) -> &Access {
        self.access
    }

    /// The instant at which the transaction was asked for; the same on every retry.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
    ) -> DbResult<()> {
        let expanded = self.conn.dialect().scoped(sql, args.len(), self.access);
        if expanded.extra.is_empty() {
            return self.conn.query(&expanded.sql, args, each);
        }
        let all: Vec<Value<'_>> = args.iter().cloned().chain(expanded.extra).collect();
        self.conn.query(&expanded.sql, &all, each)
    }

    pub(crate) fn exec(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64> {
        let expanded = self.conn.dialect().scoped(sql, args.len(), self.access);
        if expanded.extra.is_empty() {
            return self.conn.exec(&expanded.sql, args);
        }
        let all: Vec<Value<'_>> = args.iter().cloned().chain(expanded.extra).collect();
        self.conn.exec(&expanded.sql, &all)
    }

    /// Like `exec` where nobody asks how many rows were changed: see [`Conn::put`].
    pub(crate) fn put(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<()> {
        let expanded = self.conn.dialect().scoped(sql, args.len(), self.access);
        if expanded.extra.is_empty() {
            return self.conn.put(&expanded.sql, args);
        }
        let all: Vec<Value<'_>> = args.iter().cloned().chain(expanded.extra).collect();
        self.conn.put(&expanded.sql, &all)
    }

    /// The first row, if there is one.
    pub(crate) fn first<T>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> DbResult<T>,
    ) -> DbResult<Option<T>> {
        let mut found = None;
        self.query(sql, args, &mut |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// All rows.
    pub(crate) fn all<T>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> DbResult<T>,
    ) -> DbResult<Vec<T>> {
        let mut found = Vec::new();
        self.query(sql, args, &mut |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }
}

/// Reads a JSON column that this server wrote.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str, column: usize) -> DbResult<T> {
    serde_json::from_str(text).map_err(|_| crate::db::DbError::shape(column))
}

/// Writes a JSON column.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(model::Error::internal)
}
