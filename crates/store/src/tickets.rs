//! Tickets that open one socket in place of a key: what ends up in a URL opens nothing a minute later.

use std::time::Duration;

use mail::Timestamp;
use model::api_key::Scope;
use model::{Code, Error, InboxKey, PodId, Result, perm};
use subtle::ConstantTimeEq as _;

use crate::access::{Access, Actor, Credential};
use crate::db::{Conn, DbError, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::keys;
use crate::open::Store;
use crate::txn::Txn;

/// Tickets of one key at a time that nobody has used.
const MOST: i64 = 1_000;

impl Store {
    /// The access for which a ticket was made, once: the ticket opens nothing afterwards.
    ///
    /// # Errors
    /// `unknown_api_key` when there is no such ticket any more, or its key is gone or has expired.
    pub async fn redeem_ticket(&self, ticket: Credential) -> Result<Access> {
        let now = self.now();
        let hash = ticket.digest();
        let find = move |conn: &mut dyn Conn| Ok((find(conn, &ticket)?, Wake::default()));
        let access = self.run(find, Running::read).await?;
        let access = access
            .filter(|(_, end)| *end > now)
            .map(|(access, _)| access)
            .filter(|access| access.expires_at().is_none_or(|end| end > now))
            .ok_or_else(unknown)?;
        // Whoever removes it has it: two that bring it at once cannot both.
        let grant = access.grant::<perm::Authenticated>()?;
        self.write(&grant, move |txn| txn.spend_ticket(hash))
            .await?;
        Ok(access)
    }

    /// Removes up to `limit` tickets that nobody used in time; gives how many there were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_tickets(&self, limit: i64) -> Result<u64> {
        let now = self.now();
        let forget = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "delete from socket_ticket where secret_hash in (select secret_hash from socket_ticket \
                 where expires_at <= $1 order by expires_at limit $2) -- unscoped: of every organisation",
            );
            Ok((conn.exec(&sql, args![now, limit])?, Wake::default()))
        };
        self.run(forget, Running::write).await
    }
}

impl Txn<'_> {
    /// Stores a ticket of the caller's key, for as much as the path has narrowed it to.
    ///
    /// # Errors
    /// `limit_exceeded` for too many at once, `forbidden` for who has no key.
    pub fn issue_ticket(&mut self, ticket: &Credential, lifetime: Duration) -> Result<Timestamp> {
        let Actor::Key(key) = self.access.actor() else {
            return Err(Error::new(Code::Forbidden, "Only a key has tickets"));
        };
        let (org_id, now) = (self.access.org_id(), self.now);
        let (pod, inbox) = match *self.access.scope() {
            Scope::Org => (None, None),
            Scope::Pod(pod) => (Some(pod), None),
            Scope::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
        };
        let unused = self.first(
            "select count(*) from (select 1 from socket_ticket where {scope:org} and api_key_id = $1 \
             and expires_at > $2 limit $3) t",
            args![key, now, MOST],
            |row| row.get::<i64>(0),
        )?;
        if unused.unwrap_or_default() >= MOST {
            return Err(Error::new(
                Code::LimitExceeded,
                "This key has a thousand tickets that nobody has used",
            )
            .fix("Use them, or wait a minute until they are over."));
        }
        let end = now.plus(lifetime);
        self.exec(
            "insert into socket_ticket (org_id, pod_id, inbox_id, secret_hash, api_key_id, expires_at) \
             values ($1, $2, $3, $4, $5, $6) -- unscoped: the row names its tenant",
            args![org_id, pod, inbox, ticket.0.as_slice(), key, end],
        )?;
        Ok(end)
    }

    /// Takes a ticket away from everybody else.
    fn spend_ticket(&mut self, hash: [u8; 32]) -> Result<()> {
        let spent = self.exec(
            "delete from socket_ticket where {scope:org} and secret_hash = $1",
            args![hash.as_slice()],
        )?;
        if spent == 0 {
            return Err(unknown());
        }
        Ok(())
    }
}

fn unknown() -> Error {
    Error::new(
        Code::UnknownApiKey,
        "The ticket is unknown, was used or has expired",
    )
    .fix("Ask for a new ticket with your key; each opens one socket within a minute.")
}

/// The ticket with this credential: what it opens, and until when.
fn find(conn: &mut dyn Conn, ticket: &Credential) -> Result<Option<(Access, Timestamp)>> {
    let sql = conn.dialect().plain(&format!(
        "select {}, t.secret_hash, t.expires_at, t.pod_id, t.inbox_id from socket_ticket t \
         join api_key k on k.api_key_id = t.api_key_id where t.secret_hash = $1 \
         -- unscoped: this is how the organisation is found",
        keys::COLUMNS
    ));
    let mut found = None;
    conn.query(&sql, args![ticket.0.as_slice()], &mut |row| {
        // As of keys: the index compared hashes, this compares them in constant time.
        if !bool::from(row.bytes(11)?.ct_eq(&ticket.0)) {
            return Ok(());
        }
        let pod: Option<PodId> = row.get(13)?;
        let inbox: Option<InboxKey> = row.get(14)?;
        let scope = match (pod, inbox) {
            (None, None) => Scope::Org,
            (Some(pod), None) => Scope::Pod(pod),
            (Some(pod), Some(inbox)) => Scope::Inbox(pod, inbox),
            (None, Some(_)) => return Err(DbError::shape(13)),
        };
        let access = Access::of_key(&keys::read(row)?);
        found = Some((access.narrowed(scope), row.get::<Timestamp>(12)?));
        Ok(())
    })?;
    Ok(found)
}
