//! Mail domains.

use mail::Timestamp;
use model::{OrgId, PodId, Result};

use crate::db::{Conn, args};
use crate::txn::Txn;
use crate::view::View;

/// A mail domain as stored.
#[derive(Clone, Debug)]
pub struct DomainRow {
    /// The name, in lower case and ASCII.
    pub domain: String,
    /// The organisation it belongs to; `None` for one that everybody may open inboxes under.
    pub org_id: Option<OrgId>,
    /// The pod it belongs to.
    pub pod_id: Option<PodId>,
    /// When it was added.
    pub created_at: Timestamp,
}

impl View<'_> {
    /// A domain under which this caller may open inboxes.
    ///
    /// # Errors
    /// When the store fails.
    pub fn usable_domain(&mut self, domain: &str) -> Result<Option<DomainRow>> {
        let found = self.first(
            "select domain, org_id, pod_id, created_at from domain \
             where domain = $1 and (org_id is null or {scope:org})",
            args![domain],
            |row| {
                Ok(DomainRow {
                    domain: row.get(0)?,
                    org_id: row.get(1)?,
                    pod_id: row.get(2)?,
                    created_at: row.get(3)?,
                })
            },
        )?;
        Ok(found)
    }
}

impl Txn<'_> {
    /// Adds the domain that every organisation of this server may use.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add_shared_domain(&mut self, domain: &str) -> Result<()> {
        let now = self.now;
        self.exec(
            "insert into domain (domain, created_at, updated_at) values ($1, $2, $2) \
             on conflict (domain) do nothing -- unscoped: belongs to the operator",
            args![domain, now],
        )?;
        Ok(())
    }
}

/// Whether mail for any address of `domain` is this server's business.
pub(crate) fn is_ours(conn: &mut dyn Conn, domain: &str) -> Result<bool> {
    let sql = conn
        .dialect()
        .plain("select 1 from domain where domain = $1 -- unscoped: routing of mail");
    let mut ours = false;
    conn.query(&sql, args![domain], &mut |_| {
        ours = true;
        Ok(())
    })?;
    Ok(ours)
}
