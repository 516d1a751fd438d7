//! Certificates that an authority issued to this server, the accounts there, and what the authority
//! asks for over HTTP (RFC 8555). All of it belongs to the operator and to no organisation.

use mail::Timestamp;
use model::Result;

use crate::db::{Conn, DbResult, Row, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::open::Store;
use crate::txn::Txn;
use crate::view::View;

/// Which certificate is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateOrder {
    /// The URL of the authority's directory.
    pub directory: String,
    /// The names, with commas between them.
    pub names: String,
}

/// A certificate that was issued.
#[derive(Clone)]
pub struct StoredCertificate {
    /// What was ordered.
    pub order: CertificateOrder,
    /// The chain, in PEM.
    pub chain: String,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// From when it is good.
    pub starts_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When it was stored; a later one has a later time.
    pub issued_at: Timestamp,
}

/// How the tries for a certificate went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateTries {
    /// When the last one ended.
    pub tried_at: Timestamp,
    /// How many in a row have failed.
    pub failures: i64,
    /// Why the last one failed.
    pub last_error: Option<String>,
}

impl StoredCertificate {
    fn read(row: &Row<'_>) -> DbResult<Self> {
        Ok(Self {
            order: CertificateOrder {
                directory: row.get(0)?,
                names: row.get(1)?,
            },
            chain: row.get(2)?,
            sealed: row.get(3)?,
            starts_at: row.get(4)?,
            expires_at: row.get(5)?,
            issued_at: row.get(6)?,
        })
    }
}

impl Store {
    /// What an authority is to be answered that asks for `token`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn acme_answer(&self, token: String) -> Result<Option<String>> {
        let now = self.now();
        let find = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "select answer from acme_answer where token = $1 and expires_at > $2 \
                 -- unscoped: the authority that asks is nobody of ours",
            );
            let mut found = None;
            conn.query(&sql, args![&token, now], &mut |row| {
                found = Some(row.get(0)?);
                Ok(())
            })?;
            Ok((found, Wake::default()))
        };
        self.run(find, Running::read).await
    }
}

impl View<'_> {
    /// The account at an authority, sealed.
    ///
    /// # Errors
    /// When the store fails.
    pub fn acme_account(&mut self, directory: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.first(
            "select credentials from acme_account where directory = $1 \
             -- unscoped: belongs to the operator",
            args![directory],
            |row| row.get(0),
        )?)
    }

    /// The certificate of an order, once it was issued.
    ///
    /// # Errors
    /// When the store fails.
    pub fn certificate(&mut self, order: &CertificateOrder) -> Result<Option<StoredCertificate>> {
        Ok(self.first(
            "select directory, names, chain, private_key, starts_at, expires_at, issued_at \
             from certificate where directory = $1 and names = $2 and chain is not null \
             -- unscoped: belongs to the operator",
            args![&order.directory, &order.names],
            StoredCertificate::read,
        )?)
    }

    /// The names of the orders at an authority that have a certificate which is still good, and when
    /// each was stored; `limit` at most.
    ///
    /// # Errors
    /// When the store fails.
    pub fn certificates_issued(
        &mut self,
        directory: &str,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>> {
        let (now, limit) = (self.now, i64::try_from(limit).unwrap_or(i64::MAX));
        Ok(self.all(
            "select names, issued_at from certificate where directory = $1 and chain is not null \
             and expires_at > $2 order by names limit $3 -- unscoped: belongs to the operator",
            args![directory, now, limit],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    /// The certificate that was issued last, of those of the last thousand orders whose names are
    /// `wanted`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn last_certificate(
        &mut self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<StoredCertificate>> {
        let orders = self.all(
            "select directory, names from certificate where chain is not null \
             order by issued_at desc limit 1000 -- unscoped: belongs to the operator",
            &[],
            |row| {
                Ok(CertificateOrder {
                    directory: row.get(0)?,
                    names: row.get(1)?,
                })
            },
        )?;
        match orders.iter().find(|order| wanted(&order.names)) {
            Some(order) => self.certificate(order),
            None => Ok(None),
        }
    }

    /// How the tries for an order went; `None` before the first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn certificate_tries(
        &mut self,
        order: &CertificateOrder,
    ) -> Result<Option<CertificateTries>> {
        Ok(self.first(
            "select tried_at, failures, last_error from certificate \
             where directory = $1 and names = $2 -- unscoped: belongs to the operator",
            args![&order.directory, &order.names],
            |row| {
                Ok(CertificateTries {
                    tried_at: row.get(0)?,
                    failures: row.get(1)?,
                    last_error: row.get(2)?,
                })
            },
        )?)
    }
}

impl Txn<'_> {
    /// Keeps the account at an authority in place of an earlier one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_acme_account(&mut self, directory: &str, sealed: &[u8]) -> Result<()> {
        let now = self.now;
        self.exec(
            "insert into acme_account (directory, credentials, created_at) values ($1, $2, $3) \
             on conflict (directory) do update set credentials = excluded.credentials, \
             created_at = excluded.created_at -- unscoped: belongs to the operator",
            args![directory, sealed, now],
        )?;
        Ok(())
    }

    /// Forgets an account that the authority no longer knows.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_acme_account(&mut self, directory: &str) -> Result<()> {
        self.exec(
            "delete from acme_account where directory = $1 -- unscoped: belongs to the operator",
            args![directory],
        )?;
        Ok(())
    }

    /// Keeps what an authority is answered until `expires_at`, and forgets what has expired.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_acme_answer(
        &mut self,
        token: &str,
        answer: &str,
        expires_at: Timestamp,
    ) -> Result<()> {
        let now = self.now;
        self.exec(
            "delete from acme_answer where expires_at <= $1 -- unscoped: belongs to the operator",
            args![now],
        )?;
        self.exec(
            "insert into acme_answer (token, answer, expires_at) values ($1, $2, $3) \
             on conflict (token) do update set answer = excluded.answer, \
             expires_at = excluded.expires_at -- unscoped: belongs to the operator",
            args![token, answer, expires_at],
        )?;
        Ok(())
    }

    /// Keeps a certificate in place of the one before it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_certificate(&mut self, new: &StoredCertificate) -> Result<()> {
        let now = self.now;
        self.exec(
            "insert into certificate (directory, names, chain, private_key, starts_at, expires_at, \
             issued_at, tried_at, failures) values ($1, $2, $3, $4, $5, $6, $7, $8, 0) \
             on conflict (directory, names) do update set chain = excluded.chain, \
             private_key = excluded.private_key, starts_at = excluded.starts_at, \
             expires_at = excluded.expires_at, issued_at = excluded.issued_at, \
             tried_at = excluded.tried_at, failures = 0, last_error = null \
             -- unscoped: belongs to the operator",
            args![
                &new.order.directory,
                &new.order.names,
                &new.chain,
                &new.sealed,
                new.starts_at,
                new.expires_at,
                new.issued_at,
                now,
            ],
        )?;
        Ok(())
    }

    /// Keeps that a try has failed; a certificate that is there stays.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_certificate_failure(
        &mut self,
        order: &CertificateOrder,
        failures: i64,
        why: &str,
    ) -> Result<()> {
        let now = self.now;
        self.exec(
            "insert into certificate (directory, names, tried_at, failures, last_error) \
             values ($1, $2, $3, $4, $5) on conflict (directory, names) do update set \
             tried_at = excluded.tried_at, failures = excluded.failures, \
             last_error = excluded.last_error -- unscoped: belongs to the operator",
            args![&order.directory, &order.names, now, failures, why],
        )?;
        Ok(())
    }
}
