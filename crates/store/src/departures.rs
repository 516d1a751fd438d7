//! The queue: one durable entry for each message and recipient domain.
//!
//! An entry is a job of the kind [`DELIVER_MAIL`] with a lane, the recipients' domain. Entries have
//! their own indexes and are taken by [`crate::Store::claim_departures`], not by the workers of other
//! jobs. A claim moves the time of an entry to the end of its lease, so that what is being worked on
//! never stands in front of what is due.
//!
//! A destination that has more due entries than it takes would fill every claim. Its further entries
//! are *held*: they leave the order of time and are taken by their lane when there is room.

use std::time::Duration;

use mail::Timestamp;
use model::Result;
use uuid::Uuid;

use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::jobs::{ClaimedJob, NewJob};
use crate::open::Store;
use crate::txn::Txn;

/// The kind of the jobs that bring mail to its recipients. Statements name it literally, so that
/// the indexes on it serve them.
pub const DELIVER_MAIL: &str = "deliver_mail/1";

/// Entries that one transaction holds at most: longer ones keep others waiting.
const SLICE: i64 = 500;

/// An entry of the queue that this process may work on until its lease ends.
#[derive(Clone, Debug)]
pub struct Departure {
    /// The job.
    pub job: ClaimedJob,
    /// The recipients' domain; `None` for entries made by an older server.
    pub lane: Option<String>,
}

impl Txn<'_> {
    /// Adds an entry to the queue, which exists exactly if this transaction commits.
    ///
    /// # Errors
    /// When the store fails.
    pub fn enqueue_departure(&mut self, job: &NewJob, lane: &str) -> Result<()> {
        let org_id = self.access.org_id();
        self.exec(
            "insert into job (job_id, org_id, kind, lane, run_at, attempt, lease_until, payload, state, revision) \
             values ($1, $2, 'deliver_mail/1', $3, $4, 0, 0, $5, 'ready', 0) \
             -- unscoped: the row names its organisation",
            args![job.job_id.as_bytes().as_slice(), org_id, lane, job.run_at, &job.payload],
        )?;
        self.departures = true;
        Ok(())
    }
}

impl Store {
    /// Takes up to `limit` due entries under `token`, which is this process's own, until the lease
    /// ends or is renewed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim_departures(
        &self,
        token: Uuid,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Departure>> {
        let now = self.now();
        let (until, limit) = (now.plus(lease), most(limit));
        let claim = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "update job set lease_until = $2, run_at = $2, lease_token = $3, attempt = attempt + 1 \
                 where job_id in (select job_id from job where state = 'ready' and kind = 'deliver_mail/1' \
                 and run_at <= $1 order by run_at limit $4 {skip locked}) \
                 returning job_id, org_id, attempt, payload, revision, lane \
                 -- unscoped: a worker serves every organisation",
            );
            let taken = take(
                conn,
                &sql,
                token,
                args![now, until, token.as_bytes().as_slice(), limit],
            );
            Ok((taken?, Wake::default()))
        };
        self.run(claim, Running::write).await
    }

    /// Takes up to `limit` held entries of a lane, likewise.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim_held(
        &self,
        lane: String,
        token: Uuid,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Departure>> {
        let (until, limit) = (self.now().plus(lease), most(limit));
        let claim = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "update job set state = 'ready', lease_until = $2, run_at = $2, lease_token = $3, \
                 attempt = attempt + 1 \
                 where job_id in (select job_id from job where state = 'held' and kind = 'deliver_mail/1' \
                 and lane = $1 order by run_at limit $4 {skip locked}) \
                 returning job_id, org_id, attempt, payload, revision, lane \
                 -- unscoped: a worker serves every organisation",
            );
            let taken = take(
                conn,
                &sql,
                token,
                args![&lane, until, token.as_bytes().as_slice(), limit],
            );
            Ok((taken?, Wake::default()))
        };
        self.run(claim, Running::write).await
    }

    /// Holds entries of a lane: these, which were claimed under `token`, and a slice of those that
    /// are due. Whether more may be due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hold_departures(
        &self,
        lane: String,
        token: Uuid,
        claimed: Vec<Uuid>,
    ) -> Result<bool> {
        let now = self.now();
        let hold = move |conn: &mut dyn Conn| {
            let one = conn.dialect().plain(
                "update job set state = 'held', lease_until = 0, lease_token = null, run_at = $3 \
                 where job_id = $1 and lease_token = $2 -- unscoped: the lease is this process's own",
            );
            for id in &claimed {
                let (id, token) = (id.as_bytes().as_slice(), token.as_bytes().as_slice());
                conn.exec(&one, args![id, token, now])?;
            }
            let due = conn.dialect().plain(
                "update job set state = 'held' where job_id in (select job_id from job \
                 where state = 'ready' and kind = 'deliver_mail/1' and lane = $1 and run_at <= $2 \
                 order by run_at limit $3 {skip locked}) \
                 -- unscoped: a worker serves every organisation",
            );
            let held = conn.exec(&due, args![&lane, now, SLICE])?;
            let full = i64::try_from(held).unwrap_or(SLICE) >= SLICE;
            Ok((full, Wake::default()))
        };
        self.run(hold, Running::write).await
    }

    /// The next lane after `after` that has held entries.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_held_lane(&self, after: String) -> Result<Option<String>> {
        let find = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "select lane from job where state = 'held' and kind = 'deliver_mail/1' and lane > $1 \
                 order by lane limit 1 -- unscoped: a worker serves every organisation",
            );
            let mut lane = None;
            conn.query(&sql, args![&after], &mut |row| {
                lane = Some(row.get::<String>(0)?);
                Ok(())
            })?;
            Ok((lane, Wake::default()))
        };
        self.run(find, Running::read).await
    }

    /// When the next entry is due, or the next lease ends.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_departure_due(&self) -> Result<Option<Timestamp>> {
        let find = |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "select run_at from job where state = 'ready' and kind = 'deliver_mail/1' \
                 order by run_at limit 1 -- unscoped: a worker serves every organisation",
            );
            let mut due = None;
            conn.query(&sql, &[], &mut |row| {
                due = Some(row.get::<Timestamp>(0)?);
                Ok(())
            })?;
            Ok((due, Wake::default()))
        };
        self.run(find, Running::read).await
    }

    /// Goes on holding everything that was claimed under `token`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn renew_departures(&self, token: Uuid, lease: Duration) -> Result<()> {
        let until = self.now().plus(lease);
        let renew = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "update job set lease_until = $2, run_at = $2 where lease_until > 0 and lease_token = $1 \
                 -- unscoped: the leases are this process's own",
            );
            conn.exec(&sql, args![token.as_bytes().as_slice(), until])?;
            Ok(((), Wake::default()))
        };
        self.run(renew, Running::write).await
    }

    /// Gives back everything that was claimed under `token`: it is due at once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release_departures(&self, token: Uuid) -> Result<()> {
        let now = self.now();
        let release = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "update job set lease_until = 0, lease_token = null, run_at = $2 \
                 where lease_until > 0 and lease_token = $1 -- unscoped: the leases are this process's own",
            );
            conn.exec(&sql, args![token.as_bytes().as_slice(), now])?;
            Ok(((), Wake::default()))
        };
        self.run(release, Running::write).await
    }
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn take(
    conn: &mut dyn Conn,
    sql: &str,
    token: Uuid,
    args: &[crate::db::Value<'_>],
) -> Result<Vec<Departure>> {
    let mut taken = Vec::new();
    conn.query(sql, args, &mut |row| {
        taken.push(departure(row, token)?);
        Ok(())
    })?;
    Ok(taken)
}

fn departure(row: &Row<'_>, token: Uuid) -> DbResult<Departure> {
    let id = Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?;
    let job = ClaimedJob::of_departure(
        id,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        token,
        row.get(4)?,
    );
    Ok(Departure {
        job,
        lane: row.get(5)?,
    })
}
