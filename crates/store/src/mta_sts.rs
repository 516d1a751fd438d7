//! Policies of other domains on how mail is to be brought to them (RFC 8461), kept so that a
//! later attacker cannot make them disappear.

use mail::Timestamp;
use model::Result;

use crate::db::{Conn, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::open::Store;

/// A policy as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPolicy {
    /// The `id` of its record in the DNS.
    pub id: String,
    /// Its text.
    pub text: String,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// It must not be used after this.
    pub expires_at: Timestamp,
}

impl Store {
    /// The policy that is remembered for a domain, unless it has expired.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mta_sts(&self, domain: String) -> Result<Option<StoredPolicy>> {
        let now = self.now();
        let find = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "select policy_id, policy, fetched_at, expires_at from mta_sts \
                 where domain = $1 and expires_at > $2 -- unscoped: it belongs to nobody here",
            );
            let mut found = None;
            conn.query(&sql, args![&domain, now], &mut |row| {
                found = Some(StoredPolicy {
                    id: row.get(0)?,
                    text: row.get(1)?,
                    fetched_at: row.get(2)?,
                    expires_at: row.get(3)?,
                });
                Ok(())
            })?;
            Ok((found, Wake::default()))
        };
        self.run(find, Running::read).await
    }

    /// Remembers the policy of a domain in place of an earlier one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_mta_sts(&self, domain: String, policy: StoredPolicy) -> Result<()> {
        let keep = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "insert into mta_sts (domain, policy_id, policy, fetched_at, expires_at) \
                 values ($1, $2, $3, $4, $5) on conflict (domain) do update set \
                 policy_id = excluded.policy_id, policy = excluded.policy, \
                 fetched_at = excluded.fetched_at, expires_at = excluded.expires_at \
                 -- unscoped: it belongs to nobody here",
            );
            let args = args![
                &domain,
                &policy.id,
                &policy.text,
                policy.fetched_at,
                policy.expires_at
            ];
            conn.exec(&sql, args)?;
            Ok(((), Wake::default()))
        };
        self.run(keep, Running::write).await
    }
}
