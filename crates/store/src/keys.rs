//! API keys.

use mail::Timestamp;
use model::api_key::{ApiKey, Scope};
use model::{ApiKeyId, Code, Error, InboxKey, Permission, PermissionSet, PodId, Result};
use subtle::ConstantTimeEq as _;

use crate::access::{Actor, Credential};
use crate::audit::NewAudit;
use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

pub(crate) const COLUMNS: &str = "k.api_key_id, k.org_id, k.pod_id, k.inbox_id, k.prefix, k.name, k.permissions, \
                       k.expires_at, k.used_at, k.created_at, k.updated_at";

/// A key to be stored. The secret itself is never stored.
#[derive(Debug)]
pub struct NewKey {
    /// Its id.
    pub api_key_id: ApiKeyId,
    /// The hash of its secret.
    pub credential: Credential,
    /// The first characters of the secret.
    pub prefix: String,
    /// What people call it.
    pub name: String,
    /// How much it reaches.
    pub scope: Scope,
    /// Its own list of rights, if it has one.
    pub permissions: Option<PermissionSet>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

pub(crate) fn read(row: &Row<'_>) -> DbResult<ApiKey> {
    let pod: Option<PodId> = row.get(2)?;
    let inbox: Option<InboxKey> = row.get(3)?;
    let scope = match (pod, inbox) {
        (None, None) => Scope::Org,
        (Some(pod), None) => Scope::Pod(pod),
        (Some(pod), Some(inbox)) => Scope::Inbox(pod, inbox),
        (None, Some(_)) => return Err(DbError::shape(2)),
    };
    let permissions: Option<String> = row.get(6)?;
    Ok(ApiKey {
        api_key_id: row.get(0)?,
        org_id: row.get(1)?,
        scope,
        prefix: row.get(4)?,
        name: row.get(5)?,
        permissions: permissions.map(|names| names.lines().filter_map(Permission::parse).collect()),
        expires_at: row.get(7)?,
        used_at: row.get(8)?,
        created_at: row.get(9)?,
        updated_at: row.get(10)?,
    })
}

impl View<'_> {
    /// A page of the keys within reach, newest first unless `ascending`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn api_keys(
        &mut self,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<ApiKey>> {
        let (side, order) = if ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        let from = from.unwrap_or_else(|| Position::edge(ascending));
        let sql = format!(
            "select {COLUMNS} from api_key k where {{scope k}} \
             and (k.created_at, k.api_key_id) {side} ($1, $2) \
             order by k.created_at {order}, k.api_key_id {order} limit $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.all(&sql, args![from.at, from.key.as_slice(), limit], read)?)
    }

    /// The caller's own key as it is now, wherever the caller looks; `None` for the server itself.
    ///
    /// # Errors
    /// `unknown_api_key` when it was revoked meanwhile.
    pub fn own_key(&mut self) -> Result<Option<ApiKey>> {
        let Actor::Key(id) = self.access.actor() else {
            return Ok(None);
        };
        let sql =
            format!("select {COLUMNS} from api_key k where {{scope:org k}} and k.api_key_id = $1");
        let found = self.first(&sql, args![id], read)?;
        let ended = || Error::new(Code::UnknownApiKey, "The API key was revoked");
        found.map(Some).ok_or_else(ended)
    }

    /// A key.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn api_key(&mut self, id: ApiKeyId) -> Result<ApiKey> {
        let sql =
            format!("select {COLUMNS} from api_key k where {{scope k}} and k.api_key_id = $1");
        let found = self.first(&sql, args![id], read)?;
        found.ok_or_else(|| Error::not_found("API key"))
    }
}

impl Txn<'_> {
    /// Stores a key.
    ///
    /// # Errors
    /// When the store fails.
    pub fn create_api_key(&mut self, new: &NewKey) -> Result<ApiKey> {
        let (pod, inbox) = match new.scope {
            Scope::Org => (None, None),
            Scope::Pod(pod) => (Some(pod), None),
            Scope::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
        };
        let permissions = new.permissions.map(names);
        let (org_id, now) = (self.access.org_id(), self.now);
        self.exec(
            "insert into api_key (org_id, pod_id, inbox_id, api_key_id, secret_hash, prefix, name, permissions, \
             expires_at, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
             -- unscoped: the row names its organisation",
            args![
                org_id,
                pod,
                inbox,
                new.api_key_id,
                new.credential.0.as_slice(),
                &new.prefix,
                &new.name,
                permissions,
                new.expires_at,
                now,
            ],
        )?;
        let key = self.api_key(new.api_key_id)?;
        self.audit(NewAudit::new("api_key.create", key.api_key_id.to_string()).after(&told(&key)));
        Ok(key)
    }

    /// Keeps the caller's own key from being revoked or changed until the commit, so that no other
    /// is made with rights that were just taken away. Nothing for the server itself.
    ///
    /// # Errors
    /// `unknown_api_key` when it was revoked, `race_condition` when its rights have changed.
    pub fn hold_own_key(&mut self) -> Result<()> {
        let Actor::Key(id) = self.access.actor() else {
            return Ok(());
        };
        self.first(
            "select 1 from api_key where {scope:org} and api_key_id = $1 {lock}",
            args![id],
            |row| row.get::<i64>(0),
        )?;
        match self.own_key()? {
            Some(key) if !self.access.has_rights_of(&key) => Err(Error::new(
                Code::RaceCondition,
                "The rights of the API key have just changed",
            )),
            _ => Ok(()),
        }
    }

    /// Changes a key's name, and its own list of rights or that it has one.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn change_api_key(
        &mut self,
        id: ApiKeyId,
        name: Option<&str>,
        permissions: Option<Option<PermissionSet>>,
    ) -> Result<ApiKey> {
        self.first(
            "select 1 from api_key where {scope} and api_key_id = $1 {lock}",
            args![id],
            |row| row.get::<i64>(0),
        )?;
        let key = self.api_key(id)?;
        let before = told(&key);
        let name = name.map_or(key.name, str::to_owned);
        let permissions = permissions.unwrap_or(key.permissions).map(names);
        let now = self.now;
        self.exec(
            "update api_key set name = $2, permissions = $3, updated_at = $4 \
             where {scope} and api_key_id = $1",
            args![id, name, permissions, now],
        )?;
        let key = self.api_key(id)?;
        let audit = NewAudit::new("api_key.update", id.to_string());
        self.audit(audit.before(&before).after(&told(&key)));
        Ok(key)
    }

    /// Removes a key; from the commit on it opens nothing.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn delete_api_key(&mut self, id: ApiKeyId) -> Result<()> {
        let before = self.api_key(id)?;
        let gone = self.exec(
            "delete from api_key where {scope} and api_key_id = $1",
            args![id],
        )?;
        if gone == 0 {
            return Err(Error::not_found("API key"));
        }
        self.audit(NewAudit::new("api_key.delete", id.to_string()).before(&told(&before)));
        Ok(())
    }

    /// Removes the organisation-wide keys of this name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn delete_api_keys_named(&mut self, name: &str) -> Result<()> {
        self.exec(
            "delete from api_key where {scope} and name = $1 and pod_id is null and inbox_id is null",
            args![name],
        )?;
        Ok(())
    }

    /// Remembers that a key was used.
    ///
    /// # Errors
    /// When the store fails.
    pub fn touch_api_key(&mut self, id: ApiKeyId) -> Result<()> {
        let now = self.now;
        self.exec(
            "update api_key set used_at = $2 where {scope} and api_key_id = $1",
            args![id, now],
        )?;
        Ok(())
    }
}

/// A key as the audit log has it.
fn told(key: &ApiKey) -> serde_json::Value {
    let rights = key
        .permissions
        .map(|set| set.iter().map(Permission::name).collect::<Vec<_>>());
    serde_json::json!({
        "name": key.name,
        "prefix": key.prefix,
        "permissions": rights,
        "expires_at": key.expires_at.map(|at| at.to_string()),
    })
}

/// A list of rights as stored.
fn names(set: PermissionSet) -> String {
    let names: Vec<&str> = set.iter().map(Permission::name).collect();
    names.join("\n")
}

/// The key with this credential.
pub(crate) fn find(conn: &mut dyn Conn, credential: &Credential) -> Result<Option<ApiKey>> {
    let sql = conn.dialect().plain(&format!(
        "select {COLUMNS}, k.secret_hash from api_key k where k.secret_hash = $1 \
         -- unscoped: this is how the organisation is found"
    ));
    let mut found = None;
    conn.query(&sql, args![credential.0.as_slice()], &mut |row| {
        // The index compared hashes of the secret; comparing them again in constant time keeps
        // this true whatever the engine does.
        if bool::from(row.bytes(11)?.ct_eq(&credential.0)) {
            found = Some(read(row)?);
        }
        Ok(())
    })?;
    Ok(found)
}
