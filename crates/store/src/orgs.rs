//! Organisations and pods.

use model::org::Org;
use model::{OrgId, Result};

use crate::db::{Conn, DbResult, Row, args};
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

fn read(row: &Row<'_>) -> DbResult<Org> {
    Ok(Org {
        org_id: row.get(0)?,
        name: row.get(1)?,
        created_at: row.get(2)?,
        updated_at: row.get(3)?,
    })
}

impl View<'_> {
    /// The caller's organisation.
    ///
    /// # Errors
    /// `not_found` when it was removed.
    pub fn org(&mut self) -> Result<Org> {
        let found = self.first(
            "select org_id, name, created_at, updated_at from org where {scope:org}",
            &[],
            read,
        )?;
        found.ok_or_else(|| model::Error::not_found("Organization"))
    }

    /// How many inboxes and domains the organisation has of its own.
    ///
    /// # Errors
    /// When the store fails.
    pub fn org_counts(&mut self) -> Result<(i64, i64)> {
        let inboxes = self.first("select count(*) from inbox where {scope:org}", &[], |r| {
            r.get(0)
        })?;
        let domains = self.first("select count(*) from domain where {scope:org}", &[], |r| {
            r.get(0)
        })?;
        Ok((inboxes.unwrap_or(0), domains.unwrap_or(0)))
    }
}

impl Txn<'_> {
    /// Makes the caller's organisation with its default pod, if it is not there yet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn create_org(&mut self, name: &str) -> Result<()> {
        let (org_id, now) = (self.access.org_id(), self.now);
        self.exec(
            "insert into org (org_id, name, event_seq, created_at, updated_at) \
             values ($1, $2, 0, $3, $3) on conflict (org_id) do nothing -- unscoped: made here",
            args![org_id, name, now],
        )?;
        self.exec(
            "insert into pod (org_id, pod_id, name, created_at, updated_at) \
             values ($1, $2, $3, $4, $4) on conflict (pod_id) do nothing -- unscoped: made here",
            args![org_id, org_id.default_pod(), "Default Pod", now],
        )?;
        Ok(())
    }
}

/// A slice of all organisations, in the order in which they were made, after `from`.
pub(crate) fn list(conn: &mut dyn Conn, from: Option<Position>, limit: i64) -> Result<Vec<Org>> {
    let from = from.unwrap_or_else(|| Position::edge(true));
    let sql = conn.dialect().plain(
        "select org_id, name, created_at, updated_at from org where (created_at, org_id) > ($1, $2) \
         order by created_at, org_id limit $3 -- unscoped: the operator's list",
    );
    let mut found = Vec::new();
    conn.query(
        &sql,
        args![from.at, from.key.as_slice(), limit],
        &mut |row| {
            found.push(read(row)?);
            Ok(())
        },
    )?;
    Ok(found)
}

/// The organisation that was made first: the one the operator's own key belongs to.
pub(crate) fn first_org(conn: &mut dyn Conn) -> Result<Option<OrgId>> {
    let mut found = None;
    conn.query(
        "select org_id from org order by created_at, org_id limit 1 -- unscoped: first start",
        &[],
        &mut |row| {
            found = Some(row.get(0)?);
            Ok(())
        },
    )?;
    Ok(found)
}
