//! Signing keys of domains: kept with their private halves sealed, and chosen for what leaves.

use mail::dkim::Algorithm;
use model::domain::{Check, MtaSts, SigningKey};
use model::{Error, PodId, Result, SigningKeyId};

use crate::db::{DbError, DbResult, Row, args};
use crate::domains::{COVERING, Cover, domain_of, names};
use crate::inboxes::Route;
use crate::txn::Txn;
use crate::view::{View, from_json, to_json};

/// A signing key to be kept.
#[derive(Clone)]
pub struct NewSigningKey {
    /// What everybody may know of it.
    pub key: SigningKey,
    /// The private half, sealed.
    pub sealed: Vec<u8>,
}

/// A key that signs mail.
#[derive(Clone)]
pub struct KeyInUse {
    /// Its row; another key never has the same.
    pub key_id: SigningKeyId,
    /// The domain that answers for what it signs.
    pub domain: String,
    /// The name of its record.
    pub selector: String,
    /// Its type.
    pub algorithm: Algorithm,
    /// The private half, sealed.
    pub sealed: Vec<u8>,
}

/// The operator's own domain, which every organisation may use.
#[derive(Clone, Debug)]
pub struct SharedDomain {
    /// Its name.
    pub domain: String,
    /// Its signing keys, oldest first.
    pub keys: Vec<SigningKey>,
    /// The last look at each of its records.
    pub checks: Vec<Check>,
}

fn algorithm(row: &Row<'_>, column: usize) -> DbResult<Algorithm> {
    Algorithm::of_key_type(row.text(column)?).ok_or_else(|| DbError::shape(column))
}

fn read(row: &Row<'_>) -> DbResult<SigningKey> {
    Ok(SigningKey {
        key_id: row.get(0)?,
        algorithm: algorithm(row, 1)?,
        selector: row.get(2)?,
        public: row.get(3)?,
        created_at: row.get(4)?,
        seen_at: row.get(5)?,
        replaced_at: row.get(6)?,
    })
}

impl View<'_> {
    /// The signing keys of a domain within reach, oldest first.
    pub(crate) fn signing_keys(&mut self, domain: &str) -> Result<Vec<SigningKey>> {
        Ok(self.all(
            "select k.key_id, k.algorithm, k.selector, k.public_key, k.created_at, k.seen_at, k.replaced_at \
             from signing_key k where {scope:pod k} and k.domain = $1 order by k.created_at, k.key_id",
            args![domain],
            read,
        )?)
    }

    /// The keys that sign what leaves an inbox: those of the domain that covers it whose records
    /// were seen, at most one of each type. None where that domain has no such key.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keys_in_use(&mut self, inbox: &Route) -> Result<Vec<KeyInUse>> {
        let domain = domain_of(&inbox.inbox_id);
        let rows = self.all(COVERING, &names(domain), Cover::read)?;
        let cover = Cover::of(&rows, domain).filter(|row| row.is_for(inbox.org_id, inbox.pod_id));
        let Some(cover) = cover else {
            return Ok(Vec::new());
        };
        let name = cover.domain.clone();
        Ok(self.all(
            "select key_id, selector, algorithm, private_key from signing_key where domain = $1 \
             and seen_at is not null and replaced_at is null order by algorithm desc \
             -- unscoped: the operator's domain signs for everybody, and the name was looked up above",
            args![&name],
            |row| {
                Ok(KeyInUse {
                    key_id: row.get(0)?,
                    domain: name.clone(),
                    selector: row.get(1)?,
                    algorithm: algorithm(row, 2)?,
                    sealed: row.get(3)?,
                })
            },
        )?)
    }

    /// The operator's own domain of this name.
    ///
    /// # Errors
    /// `not_found` when it is not the operator's.
    pub fn shared_domain(&mut self, domain: &str) -> Result<SharedDomain> {
        let checks = self.first(
            "select checks from domain where domain = $1 and org_id is null \
             -- unscoped: belongs to the operator",
            args![domain],
            |row| row.get::<Option<String>>(0),
        )?;
        let checks = checks.ok_or_else(|| Error::not_found("Domain"))?;
        let keys = self.all(
            "select k.key_id, k.algorithm, k.selector, k.public_key, k.created_at, k.seen_at, k.replaced_at \
             from signing_key k where k.domain = $1 and k.org_id is null order by k.created_at, k.key_id \
             -- unscoped: belongs to the operator",
            args![domain],
            read,
        )?;
        Ok(SharedDomain {
            domain: domain.to_owned(),
            keys,
            checks: match checks {
                Some(text) => from_json(&text, 0)?,
                None => Vec::new(),
            },
        })
    }

    /// The MTA-STS policy that a domain of exactly this name offers, where mail for it comes here
    /// and its owner is known to own it: its own choice, or `None` within for the operator's.
    ///
    /// # Errors
    /// When the store fails.
    pub fn mta_sts_of(&mut self, domain: &str) -> Result<Option<Option<MtaSts>>> {
        let found = self.first(
            "select mta_sts from domain where domain = $1 \
             and (org_id is null or inbound = 1 and verified_at is not null) \
             -- unscoped: policies are for everybody",
            args![domain],
            |row| row.get::<Option<String>>(0),
        )?;
        Ok(found.map(|own| own.as_deref().and_then(MtaSts::parse)))
    }
}

impl Txn<'_> {
    /// Adds keys to a domain of the caller's, or of one of its pods.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add_signing_keys(
        &mut self,
        domain: &str,
        pod_id: Option<PodId>,
        keys: &[NewSigningKey],
    ) -> Result<()> {
        let org_id = self.access.org_id();
        for new in keys {
            let key = &new.key;
            self.exec(
                "insert into signing_key (org_id, pod_id, key_id, domain, algorithm, selector, public_key, \
                 private_key, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 -- unscoped: the row names its organisation",
                args![
                    org_id,
                    pod_id,
                    key.key_id,
                    domain,
                    key.algorithm.key_type(),
                    &key.selector,
                    &key.public,
                    &new.sealed,
                    key.created_at,
                ],
            )?;
        }
        Ok(())
    }

    /// Adds keys to the operator's own domain.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add_shared_keys(&mut self, domain: &str, keys: &[NewSigningKey]) -> Result<()> {
        for new in keys {
            let key = &new.key;
            self.exec(
                "insert into signing_key (key_id, domain, algorithm, selector, public_key, private_key, \
                 created_at) values ($1, $2, $3, $4, $5, $6, $7) -- unscoped: belongs to the operator",
                args![
                    key.key_id,
                    domain,
                    key.algorithm.key_type(),
                    &key.selector,
                    &key.public,
                    &new.sealed,
                    key.created_at,
                ],
            )?;
        }
        Ok(())
    }

    /// Holds the row of the operator's domain until the commit and gives its newest state.
    ///
    /// # Errors
    /// `not_found` when it is not the operator's.
    pub fn lock_shared_domain(&mut self, domain: &str) -> Result<SharedDomain> {
        self.first(
            "select domain from domain where domain = $1 and org_id is null {lock} \
             -- unscoped: belongs to the operator",
            args![domain],
            |row| row.get::<String>(0),
        )?;
        self.shared_domain(domain)
    }

    /// Keeps what a look at the records of the operator's domain brought.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end_shared_check(&mut self, domain: &str, checks: &[Check]) -> Result<()> {
        let (now, checks) = (self.now, to_json(&checks)?);
        self.exec(
            "update domain set checks = $2, checked_at = $3 where domain = $1 and org_id is null \
             -- unscoped: belongs to the operator",
            args![domain, checks, now],
        )?;
        Ok(())
    }

    /// Makes the keys of a domain, whose row this transaction holds, what they are in `after`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn settle_keys(&mut self, before: &[SigningKey], after: &[SigningKey]) -> Result<()> {
        for key in before {
            let Some(kept) = after.iter().find(|one| one.key_id == key.key_id) else {
                self.exec(
                    "delete from signing_key where key_id = $1 \
                     -- unscoped: a key of a domain that the caller holds",
                    args![key.key_id],
                )?;
                continue;
            };
            if kept != key {
                self.exec(
                    "update signing_key set seen_at = $2, replaced_at = $3 where key_id = $1 \
                     -- unscoped: a key of a domain that the caller holds",
                    args![key.key_id, kept.seen_at, kept.replaced_at],
                )?;
            }
        }
        Ok(())
    }
}
