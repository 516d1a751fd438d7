//! The audit log: what was changed by whom, entered in the transaction of the change, as a chain of
//! hashes for each organisation.
//!
//! Whatever changes who may do what enters itself with [`Txn::audit`]; mail that comes and goes never
//! does, so that the end of the chain, which is one row, is in nobody's way. Nothing of a message and
//! no secret is entered.

use mail::Timestamp;
use model::api_key::Scope;
use model::{OrgId, Result};
use sha2::{Digest as _, Sha256};

use crate::access::{Access, Actor, Reason};
use crate::db::{DbError, DbResult, Row, args};
use crate::txn::Txn;
use crate::view::View;

/// Octets of the longest text of an entry.
const LONGEST: usize = 16 << 10;

/// What the first entry of a chain follows.
pub const NO_HASH: [u8; 32] = [0; 32];

/// Something that was changed.
#[derive(Clone, Debug)]
pub struct NewAudit {
    /// What was done, such as `api_key.create`.
    pub action: &'static str,
    /// What it was done to: its public id.
    pub target: String,
    /// How it was, as JSON.
    pub before: Option<String>,
    /// How it is, as JSON.
    pub after: Option<String>,
}

impl NewAudit {
    /// Of this action on this target.
    #[must_use]
    pub fn new(action: &'static str, target: impl Into<String>) -> Self {
        Self {
            action,
            target: target.into(),
            before: None,
            after: None,
        }
    }

    /// With how it was.
    #[must_use]
    pub fn before(mut self, state: &serde_json::Value) -> Self {
        self.before = Some(short(state));
        self
    }

    /// With how it is.
    #[must_use]
    pub fn after(mut self, state: &serde_json::Value) -> Self {
        self.after = Some(short(state));
        self
    }
}

/// A state as it is entered; one that is too long is only named so.
fn short(state: &serde_json::Value) -> String {
    let text = state.to_string();
    if text.len() <= LONGEST {
        return text;
    }
    serde_json::json!({"left_out": text.len()}).to_string()
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The organisation.
    pub org_id: OrgId,
    /// Its place in the chain, from one.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: `key:` and its id, `mail:` and an address, or `operator`, or `server`.
    pub actor: String,
    /// The request, as in the log and in `X-Request-Id`.
    pub request: Option<String>,
    /// How much the actor reached then: `organization`, or `pod:` or `inbox:` and the id.
    pub scope: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// How it was, as JSON.
    pub before: Option<String>,
    /// How it is, as JSON.
    pub after: Option<String>,
    /// The hash of this entry and the one before.
    pub hash: [u8; 32],
}

impl AuditEntry {
    /// The hash that an entry after one with the hash `previous` must have: the SHA-256 of the
    /// previous hash and of each field, as its length in eight octets, most significant first, and
    /// its text; a field that is not there has the length 2^64 - 1. Anybody can check an export with that.
    #[must_use]
    pub fn hash_after(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(previous);
        let (seq, at) = (self.seq.to_string(), self.at.as_micros().to_string());
        let org = self.org_id.to_string();
        for field in [
            Some(org.as_str()),
            Some(seq.as_str()),
            Some(at.as_str()),
            Some(self.actor.as_str()),
            self.request.as_deref(),
            Some(self.scope.as_str()),
            Some(self.action.as_str()),
            Some(self.target.as_str()),
            self.before.as_deref(),
            self.after.as_deref(),
        ] {
            let length = field.map_or(u64::MAX, |text| {
                u64::try_from(text.len()).unwrap_or(u64::MAX)
            });
            hash.update(length.to_be_bytes());
            hash.update(field.unwrap_or_default());
        }
        hash.finalize().into()
    }
}

const COLUMNS: &str = "org_id, seq, at, actor, request, scope, action, target, before, after, hash";

fn read(row: &Row<'_>) -> DbResult<AuditEntry> {
    Ok(AuditEntry {
        org_id: row.get(0)?,
        seq: row.get(1)?,
        at: row.get(2)?,
        actor: row.get(3)?,
        request: row.get(4)?,
        scope: row.get(5)?,
        action: row.get(6)?,
        target: row.get(7)?,
        before: row.get(8)?,
        after: row.get(9)?,
        hash: digest(row, 10)?,
    })
}

fn digest(row: &Row<'_>, column: usize) -> DbResult<[u8; 32]> {
    row.bytes(column)?
        .try_into()
        .map_err(|_| DbError::shape(column))
}

/// Who acts, as it is entered; `None` for what mail and its delivery do.
fn actor(access: &Access) -> Option<String> {
    if let Some(name) = access.name() {
        return Some(name.to_owned());
    }
    match access.actor() {
        Actor::Key(id) => Some(format!("key:{id}")),
        Actor::System(Reason::Operation) => Some("operator".to_owned()),
        Actor::System(Reason::Purge) => Some("server".to_owned()),
        Actor::System(
            Reason::Reception
            | Reason::Delivery
            | Reason::Download
            | Reason::Indexing
            | Reason::Polling,
        ) => None,
    }
}

fn scope(access: &Access) -> String {
    match access.scope() {
        Scope::Org => "organization".to_owned(),
        Scope::Pod(pod) => format!("pod:{pod}"),
        Scope::Inbox(_, inbox) => format!("inbox:{inbox}"),
    }
}

impl View<'_> {
    /// Entries after `seq`, in the order of the chain.
    ///
    /// # Errors
    /// When the store fails.
    pub fn audit_after(&mut self, seq: i64, limit: usize) -> Result<Vec<AuditEntry>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "select {COLUMNS} from audit where {{scope:org}} and seq > $1 order by seq limit $2"
        );
        Ok(self.all(&sql, args![seq, limit], read)?)
    }

    /// Entries before `seq`, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn audit_before(&mut self, seq: i64, limit: usize) -> Result<Vec<AuditEntry>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "select {COLUMNS} from audit where {{scope:org}} and seq < $1 \
             order by seq desc limit $2"
        );
        Ok(self.all(&sql, args![seq, limit], read)?)
    }

    /// The end of the chain: its last place and hash.
    ///
    /// # Errors
    /// When the store fails.
    pub fn audit_head(&mut self) -> Result<(i64, [u8; 32])> {
        let head = self.first(
            "select seq, hash from audit_head where {scope:org}",
            &[],
            |row| Ok((row.get(0)?, digest(row, 1)?)),
        )?;
        Ok(head.unwrap_or((0, NO_HASH)))
    }
}

impl Txn<'_> {
    /// Enters what this transaction changes. Entries are only buffered: the commit step writes them.
    pub fn audit(&mut self, new: NewAudit) {
        self.audits.push(new);
    }

    /// Writes the buffered entries, among the last statements before the commit.
    pub(crate) fn enter(&mut self, news: Vec<NewAudit>) -> Result<()> {
        let Some(actor) = actor(self.access).filter(|_| !news.is_empty()) else {
            return Ok(());
        };
        let org_id = self.access.org_id();
        self.exec(
            "insert into audit_head (org_id, seq, hash) values ($1, 0, $2) \
             on conflict (org_id) do nothing -- unscoped: the row names its organisation",
            args![org_id, NO_HASH.as_slice()],
        )?;
        let head = self.first(
            "select seq, hash from audit_head where {scope:org} {lock}",
            &[],
            |row| Ok((row.get::<i64>(0)?, digest(row, 1)?)),
        )?;
        let (mut seq, mut hash) = head.unwrap_or((0, NO_HASH));
        let (now, scope) = (self.now, scope(self.access));
        let request = self.access.request().map(str::to_owned);
        for new in news {
            seq += 1;
            let mut entry = AuditEntry {
                org_id,
                seq,
                at: now,
                actor: actor.clone(),
                request: request.clone(),
                scope: scope.clone(),
                action: new.action.to_owned(),
                target: new.target,
                before: new.before,
                after: new.after,
                hash: NO_HASH,
            };
            entry.hash = entry.hash_after(&hash);
            hash = entry.hash;
            self.put(
                "insert into audit (org_id, seq, at, actor, request, scope, action, target, before, after, hash) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                 -- unscoped: the row names its organisation",
                args![
                    org_id,
                    seq,
                    now,
                    &entry.actor,
                    entry.request.as_deref(),
                    &entry.scope,
                    &entry.action,
                    &entry.target,
                    entry.before.as_deref(),
                    entry.after.as_deref(),
                    hash.as_slice(),
                ],
            )?;
        }
        self.exec(
            "update audit_head set seq = $1, hash = $2 where {scope:org}",
            args![seq, hash.as_slice()],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> AuditEntry {
        AuditEntry {
            org_id: OrgId::from_bytes(&[1; 16]).unwrap(),
            seq: 7,
            at: Timestamp::from_micros(1_000),
            actor: "operator".to_owned(),
            request: None,
            scope: "organization".to_owned(),
            action: "api_key.create".to_owned(),
            target: "x".to_owned(),
            before: None,
            after: Some("{}".to_owned()),
            hash: NO_HASH,
        }
    }

    #[test]
    fn every_field_and_the_entry_before_are_in_the_hash() {
        let own = entry().hash_after(&NO_HASH);
        assert_eq!(own, entry().hash_after(&NO_HASH));
        assert_ne!(own, entry().hash_after(&[1; 32]));
        let changes: [fn(&mut AuditEntry); 9] = [
            |one| one.seq = 8,
            |one| one.at = Timestamp::from_micros(1_001),
            |one| one.actor = "server".to_owned(),
            |one| one.request = Some(String::new()),
            |one| one.scope.push('x'),
            |one| one.action = "api_key.delete".to_owned(),
            |one| one.target = String::new(),
            |one| one.before = Some(String::new()),
            |one| one.after = None,
        ];
        for change in changes {
            let mut other = entry();
            change(&mut other);
            assert_ne!(own, other.hash_after(&NO_HASH), "{other:?}");
        }
        // What ends in one field cannot begin the next.
        let (mut one, mut other) = (entry(), entry());
        (one.action, one.target) = ("ab".to_owned(), "c".to_owned());
        (other.action, other.target) = ("a".to_owned(), "bc".to_owned());
        assert_ne!(one.hash_after(&NO_HASH), other.hash_after(&NO_HASH));
    }
}
