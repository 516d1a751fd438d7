//! Durable background work: leased, fenced, finished in the transaction of its effect.

use std::time::Duration;

use mail::Timestamp;
use model::{Code, Error, OrgId, Result};
use uuid::Uuid;

use crate::backup::HELD_BACK;
use crate::db::{Conn, args};
use crate::departures::DELIVER_MAIL;
use crate::engine::Running;
use crate::events::Wake;
use crate::open::Store;
use crate::txn::Txn;
use crate::view::View;

/// The row of a job.
pub type JobId = Uuid;

/// Work to be done after the commit.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its row, in the order of making.
    pub job_id: JobId,
    /// Stable name and version of the kind: `deliver_mail/1`.
    pub kind: &'static str,
    /// At most one job of a kind has a key in its organisation. Adding it again gives it the new
    /// time and payload, also while it is parked; while it runs, it will run once more.
    pub key: Option<String>,
    /// Not before this.
    pub run_at: Timestamp,
    /// What the kind needs, as JSON.
    pub payload: String,
}

/// A job that this process may run until its lease ends.
#[derive(Clone, Debug)]
pub struct ClaimedJob {
    /// Its row.
    pub job_id: JobId,
    /// The organisation it works for.
    pub org_id: OrgId,
    /// The kind.
    pub kind: String,
    /// Which try this is, from one.
    pub attempt: i64,
    /// What the kind needs, as JSON.
    pub payload: String,
    token: Vec<u8>,
    /// Counts how often the job was added; a change means that it was added again meanwhile.
    revision: i64,
}

impl ClaimedJob {
    /// Under which it was claimed.
    pub(crate) fn token(&self) -> &[u8] {
        &self.token
    }

    /// A departure that was claimed under `token`.
    pub(crate) fn of_departure(
        job_id: JobId,
        org_id: OrgId,
        attempt: i64,
        payload: String,
        token: Uuid,
        revision: i64,
    ) -> Self {
        Self {
            job_id,
            org_id,
            kind: DELIVER_MAIL.to_owned(),
            attempt,
            payload,
            token: token.as_bytes().to_vec(),
            revision,
        }
    }
}

/// How a try ended.
#[derive(Clone, Debug)]
pub enum Finish {
    /// Done: the job is removed.
    Done,
    /// Try again then, for this reason.
    RetryAt(Timestamp, String),
    /// Give up and keep it for the operator, for this reason.
    Park(String),
}

impl Txn<'_> {
    /// Adds a job, which exists exactly if this transaction commits.
    ///
    /// # Errors
    /// When the store fails.
    pub fn enqueue(&mut self, job: &NewJob) -> Result<()> {
        let org_id = self.access.org_id();
        self.exec(
            "insert into job (job_id, org_id, kind, job_key, run_at, attempt, lease_until, payload, state, \
             revision) values ($1, $2, $3, $4, $5, 0, 0, $6, 'ready', 0) \
             on conflict (org_id, kind, job_key) do update set run_at = excluded.run_at, \
             payload = excluded.payload, state = 'ready', revision = job.revision + 1 \
             -- unscoped: the row names its organisation",
            args![
                job.job_id.as_bytes().as_slice(),
                org_id,
                job.kind,
                job.key.as_deref(),
                job.run_at,
                &job.payload,
            ],
        )?;
        self.jobs = true;
        Ok(())
    }

    /// Takes back a job that was added under a key. One that runs right now loses its lease, so its
    /// effect does not happen.
    ///
    /// # Errors
    /// When the store fails.
    pub fn cancel_job(&mut self, kind: &str, key: &str) -> Result<()> {
        self.exec(
            "delete from job where {scope:org} and kind = $1 and job_key = $2",
            args![kind, key],
        )?;
        Ok(())
    }

    /// Ends this try together with its effect.
    ///
    /// # Errors
    /// `race_condition` when the lease was lost: another worker owns the job, and this
    /// transaction must not stand.
    pub fn finish_job(&mut self, job: &ClaimedJob, how: &Finish) -> Result<()> {
        let (id, token) = (job.job_id.as_bytes().as_slice(), job.token.as_slice());
        let revision = job.revision;
        let changed = match how {
            Finish::Done => self.exec(
                "delete from job where job_id = $1 and lease_token = $2 and revision = $3 and {scope:org}",
                args![id, token, revision],
            )?,
            Finish::RetryAt(at, why) => self.exec(
                "update job set run_at = $4, lease_until = 0, lease_token = null, last_error = $5 \
                 where job_id = $1 and lease_token = $2 and revision = $3 and {scope:org}",
                args![id, token, revision, *at, why],
            )?,
            Finish::Park(why) => self.exec(
                "update job set state = 'parked', lease_until = 0, lease_token = null, last_error = $4 \
                 where job_id = $1 and lease_token = $2 and revision = $3 and {scope:org}",
                args![id, token, revision, why],
            )?,
        };
        if changed == 1 {
            // A worker that waits may have to wait for less.
            let again = matches!(how, Finish::RetryAt(..));
            if job.kind == DELIVER_MAIL {
                self.departures |= again;
            } else {
                self.jobs |= again;
            }
            return Ok(());
        }
        // Added again while it ran: this try stands, and the job is free for the next.
        let freed = self.exec(
            "update job set lease_until = 0, lease_token = null, attempt = 0 \
             where job_id = $1 and lease_token = $2 and {scope:org}",
            args![id, token],
        )?;
        if freed == 1 {
            self.jobs = true;
            return Ok(());
        }
        Err(Error::new(
            Code::RaceCondition,
            "the lease of a job was lost",
        ))
    }
}

impl Store {
    /// Lets go what a restore has held back: it is due as if it had never been. How many jobs.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release_held_back(&self) -> Result<u64> {
        let release = |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "update job set state = 'ready', last_error = null \
                 where state = 'parked' and last_error = $1 \
                 -- unscoped: the operator lets go the mail of every organisation",
            );
            Ok((conn.exec(&sql, args![HELD_BACK])?, Wake::default()))
        };
        self.run(release, Running::write).await
    }
}

impl View<'_> {
    /// How many jobs wait or run for this organisation, parked ones apart.
    ///
    /// # Errors
    /// When the store fails.
    pub fn job_counts(&mut self) -> Result<(i64, i64)> {
        let counts = self.all(
            "select state, count(*) from job where {scope:org} group by state",
            &[],
            |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)),
        )?;
        let of = |state: &str| {
            counts
                .iter()
                .find(|(name, _)| name == state)
                .map_or(0, |(_, n)| *n)
        };
        Ok((of("ready"), of("parked")))
    }
}

/// The kind of the jobs that post to webhooks. They wait for servers that may be slow on purpose,
/// so they have workers of their own.
pub const POST_HOOK: &str = "post_hook/1";

/// Which jobs a worker takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Those that post to webhooks.
    Posts,
    /// All others but departures, which are taken by [`crate::Store::claim_departures`].
    Rest,
}

impl Lane {
    /// Written out, so that the indexes of each serve it.
    const fn only(self) -> &'static str {
        match self {
            Self::Posts => "kind = 'post_hook/1'",
            Self::Rest => "kind <> 'post_hook/1' and kind <> 'deliver_mail/1'",
        }
    }
}

/// Takes up to `limit` due jobs for `lease`.
pub(crate) fn claim(
    conn: &mut dyn Conn,
    lane: Lane,
    now: Timestamp,
    lease: Duration,
    token: Uuid,
    limit: usize,
) -> Result<Vec<ClaimedJob>> {
    let only = lane.only();
    let sql = conn.dialect().plain(&format!(
        "update job set lease_until = $2, lease_token = $3, attempt = attempt + 1 \
         where job_id in (select job_id from job where state = 'ready' and {only} and run_at <= $1 \
         and lease_until <= $1 order by run_at limit $4 {{skip locked}}) \
         returning job_id, org_id, kind, attempt, payload, revision \
         -- unscoped: a worker serves every organisation"
    ));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut jobs = Vec::new();
    conn.query(
        &sql,
        args![now, now.plus(lease), token.as_bytes().as_slice(), limit],
        &mut |row| {
            jobs.push(ClaimedJob {
                job_id: Uuid::from_slice(row.bytes(0)?)
                    .map_err(|_| crate::db::DbError::shape(0))?,
                org_id: row.get(1)?,
                kind: row.get(2)?,
                attempt: row.get(3)?,
                payload: row.get(4)?,
                token: token.as_bytes().to_vec(),
                revision: row.get(5)?,
            });
            Ok(())
        },
    )?;
    Ok(jobs)
}

/// When the next job is due that nobody works on, or whose lease ends.
pub(crate) fn next_due(conn: &mut dyn Conn, lane: Lane) -> Result<Option<Timestamp>> {
    let only = lane.only();
    // Leased jobs are few, never parked, and have an index of their own; the others are in the
    // order of theirs.
    let unleased = format!(
        "select run_at from job where state = 'ready' and {only} and lease_until = 0 \
         order by run_at limit 1 -- unscoped: a worker serves every organisation"
    );
    let leased = format!(
        "select case when lease_until > run_at then lease_until else run_at end as due from job \
         where lease_until > 0 and {only} order by due limit 1 \
         -- unscoped: a worker serves every organisation"
    );
    let mut due: Option<Timestamp> = None;
    for sql in [unleased, leased] {
        conn.query(&sql, &[], &mut |row| {
            let at = row.get(0)?;
            due = Some(due.map_or(at, |earlier| earlier.min(at)));
            Ok(())
        })?;
    }
    Ok(due)
}

/// Takes back every lease, where no other process can hold one: those left are of a process that
/// died, and its jobs need not wait for them to end. The time of a departure is the end of its lease.
pub(crate) fn end_leases(conn: &mut dyn Conn) -> Result<()> {
    let sql = conn.dialect().plain(
        "update job set lease_until = 0, lease_token = null, \
         run_at = case when kind = 'deliver_mail/1' then 0 else run_at end where lease_until > 0 \
         -- unscoped: a worker serves every organisation",
    );
    conn.exec(&sql, &[])?;
    Ok(())
}
