//! Values that an organisation, a pod or an inbox does not let leave, by their hashes; and whether a
//! text is a key of this server.

use mail::Timestamp;
use model::api_key::Scope;
use model::list::Level;
use model::{Code, Error, InboxKey, PodId, Result};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::access::Credential;
use crate::audit::NewAudit;
use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::lists::{Governed, own_place, place};
use crate::open::Store;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str =
    "value_id, pod_id, inbox_id, name, kind, action, length, roll, digest, created_at";

/// Values of one organisation, pod or inbox at most: each departure is looked through for all.
const MOST: i64 = 1_000;

/// A value that must not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakValue {
    /// Its row.
    pub value_id: Uuid,
    /// The pod, for a value of a pod or an inbox.
    pub pod_id: Option<PodId>,
    /// The inbox, for a value of an inbox.
    pub inbox_key: Option<InboxKey>,
    /// What people call it.
    pub name: String,
    /// `value`, or `canary` for one that the server made up.
    pub kind: String,
    /// `block`, `hold` or `note`.
    pub action: String,
    /// Its letters and digits.
    pub length: usize,
    /// The rolling hash of these.
    pub roll: u64,
    /// The keyed hash of these.
    pub digest: [u8; 32],
    /// When it was registered.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> DbResult<LeakValue> {
    let length: i64 = row.get(6)?;
    Ok(LeakValue {
        value_id: Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?,
        pod_id: row.get(1)?,
        inbox_key: row.get(2)?,
        name: row.get(3)?,
        kind: row.get(4)?,
        action: row.get(5)?,
        length: usize::try_from(length).map_err(|_| DbError::shape(6))?,
        roll: row.get::<i64>(7)?.cast_unsigned(),
        digest: row.bytes(8)?.try_into().map_err(|_| DbError::shape(8))?,
        created_at: row.get(9)?,
    })
}

impl View<'_> {
    /// The values that govern the departures of an inbox.
    ///
    /// # Errors
    /// When the store fails.
    pub fn leak_values_of(&mut self, inbox: Governed) -> Result<Vec<LeakValue>> {
        let places = [
            place(Level::Org, inbox.org_id.as_bytes()),
            place(Level::Pod, inbox.pod_id.as_bytes()),
            place(Level::Inbox, inbox.inbox_key.as_bytes()),
        ];
        let sql = format!(
            "select {COLUMNS} from leak_value where {{scope:org}} and place in ($1, $2, $3)"
        );
        Ok(self.all(&sql, args![&places[0], &places[1], &places[2]], read)?)
    }

    /// The values of exactly what this access reaches, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn leak_values(&mut self) -> Result<Vec<LeakValue>> {
        let own = own_place(self.access);
        let sql = format!("select {COLUMNS} from leak_value where {{scope}} and place = $1");
        let mut found = self.all(&sql, args![own], read)?;
        found.sort_by_key(|one| (one.created_at, one.value_id));
        Ok(found)
    }
}

impl Txn<'_> {
    /// Registers a value for exactly what this access reaches; one that is registered there already
    /// gets the new name and action.
    ///
    /// # Errors
    /// `limit_exceeded`.
    pub fn put_leak_value(&mut self, new: &LeakValue) -> Result<LeakValue> {
        let own = own_place(self.access);
        let (pod, inbox) = match *self.access.scope() {
            Scope::Org => (None, None),
            Scope::Pod(pod) => (Some(pod), None),
            Scope::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
        };
        let count = self.first(
            "select count(*) from leak_value where {scope:org} and place = $1",
            args![&own],
            |row| row.get::<i64>(0),
        )?;
        if count.unwrap_or(0) >= MOST {
            return Err(
                Error::new(Code::LimitExceeded, "There are 1000 values already")
                    .fix("Delete those that are no longer secret."),
            );
        }
        let org_id = self.access.org_id();
        let length = i64::try_from(new.length).map_err(Error::internal)?;
        let sql = format!(
            "insert into leak_value (org_id, pod_id, inbox_id, place, value_id, name, kind, action, length, \
             roll, digest, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             on conflict (org_id, place, digest) do update set name = excluded.name, \
             action = excluded.action returning {COLUMNS} -- unscoped: the row names its tenant"
        );
        let made = self.first(
            &sql,
            args![
                org_id,
                pod,
                inbox,
                own,
                new.value_id.as_bytes().as_slice(),
                &new.name,
                &new.kind,
                &new.action,
                length,
                new.roll.cast_signed(),
                new.digest.as_slice(),
                new.created_at,
            ],
            read,
        )?;
        let made = made.ok_or_else(|| Error::internal("a value was not registered"))?;
        let state = serde_json::json!({"kind": made.kind, "action": made.action});
        self.audit(NewAudit::new("leak_value.put", made.value_id.to_string()).after(&state));
        Ok(made)
    }

    /// Forgets a value.
    ///
    /// # Errors
    /// `not_found`.
    pub fn delete_leak_value(&mut self, id: Uuid) -> Result<()> {
        let gone = self.exec(
            "delete from leak_value where {scope} and value_id = $1",
            args![id.as_bytes().as_slice()],
        )?;
        if gone == 0 {
            return Err(Error::not_found("Value"));
        }
        self.audit(NewAudit::new("leak_value.delete", id.to_string()));
        Ok(())
    }
}

impl Store {
    /// Whether one of these is a key of this server: of any organisation, as every key of the server
    /// is a secret to everybody else.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn any_is_key(&self, candidates: Vec<Credential>) -> Result<bool> {
        if candidates.is_empty() {
            return Ok(false);
        }
        let find = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "select secret_hash from api_key where secret_hash = $1 \
                 -- unscoped: a key of any organisation must not leave",
            );
            let mut found = false;
            for candidate in &candidates {
                conn.query(&sql, args![candidate.0.as_slice()], &mut |row| {
                    found |= bool::from(row.bytes(0)?.ct_eq(&candidate.0));
                    Ok(())
                })?;
                if found {
                    break;
                }
            }
            Ok((found, Wake::default()))
        };
        self.run(find, Running::read).await
    }
}
