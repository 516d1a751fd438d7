//! What an operator is told about the store: read beside a running server, or without one.

use std::path::PathBuf;

use mail::Timestamp;
use model::domain::{Domain, DomainName};
use model::{Error, Kind, OrgId, Result};
use uuid::Uuid;

use crate::access::{Access, Reason};
use crate::backup::HELD_BACK;
use crate::certificates::{CertificateOrder, CertificateTries};
use crate::codec::Codec;
use crate::db::{Conn, DbError, DbResult, args};
use crate::engine::{Mode, Postgres, Sqlite};
use crate::open::Engine;
use crate::search::SegmentCache;
use crate::signing::SharedDomain;
use crate::view::View;
use crate::{BackupError, migrate};

/// Verified domains that are told of at most.
const MAX_DOMAINS: i64 = 50;
/// Orders of certificates that are told of at most.
const MAX_ORDERS: i64 = 100;
/// Destinations that are told of at most.
const MAX_LANES: usize = 5;

/// One look at the store.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The version of the tables' shape, and the newest that this program knows. If they differ,
    /// nothing else was read.
    pub schema: (i64, i64),
    /// What waits to leave, and what went wrong.
    pub queue: QueueState,
    /// The time of the newest event.
    pub newest_event: Option<Timestamp>,
    /// The operator's own domain; `None` before the first start under its name.
    pub shared: Option<SharedDomain>,
    /// Verified domains of organisations, fifty at most.
    pub domains: Vec<Domain>,
    /// Certificates that were ordered from an authority, a hundred at most; those that could not be
    /// had first.
    pub orders: Vec<OrderState>,
}

/// How the order of a certificate goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderState {
    /// What was ordered.
    pub order: CertificateOrder,
    /// Until when the certificate is good; `None` while there is none.
    pub expires_at: Option<Timestamp>,
    /// The last try.
    pub tries: CertificateTries,
}

/// The queue of mail, and the jobs that were given up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueState {
    /// Entries that wait to leave or are leaving.
    pub waiting: i64,
    /// When the oldest of them was made.
    pub oldest: Option<Timestamp>,
    /// Destinations with entries that were tried before, and how many those are; the most first.
    pub deferred: Vec<(String, i64)>,
    /// Entries that a restore has held back.
    pub held_back: i64,
    /// Jobs that were given up, by kind.
    pub parked: Vec<(String, i64)>,
}

/// Looks at the store without taking it: a server may be running. `domain` is the operator's own.
/// Blocks the calling thread.
///
/// # Errors
/// When there is no store, or it cannot be read.
pub fn inspect(engine: &Engine, domain: &str, now: Timestamp) -> Result<Inspection, BackupError> {
    let domain = domain.to_owned();
    let work = move |conn: &mut dyn Conn| look(conn, &domain, now);
    read(engine, work)
}

/// What SQLite finds wrong with its file; nothing when all is well. PostgreSQL looks after itself.
/// Takes as long as reading the whole file. Blocks the calling thread.
///
/// # Errors
/// When the store cannot be read.
pub fn check_integrity(engine: &Engine) -> Result<Vec<String>, BackupError> {
    if let Engine::Postgres { .. } = engine {
        return Ok(Vec::new());
    }
    read(engine, |conn: &mut dyn Conn| {
        let mut told = Vec::new();
        conn.query("pragma quick_check(5)", &[], &mut |row| {
            told.push(row.text(0)?.to_owned());
            Ok(())
        })?;
        told.retain(|line| line != "ok");
        Ok(told)
    })
}

fn read<T: Send + 'static>(
    engine: &Engine,
    work: impl FnOnce(&mut dyn Conn) -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    match engine {
        Engine::Sqlite { folder } => {
            let file: PathBuf = folder.join("mailroost.db");
            if !file.exists() {
                let shown = file.display();
                return Err(BackupError::Refused(format!("{shown} does not exist")));
            }
            Sqlite::once(&file, Mode::Read, work)
        }
        Engine::Postgres { url } => Postgres::once(url, Mode::Read, work),
    }
}

fn look(conn: &mut dyn Conn, domain: &str, now: Timestamp) -> Result<Inspection, BackupError> {
    let schema = (migrate::version(conn)?, migrate::newest());
    let mut inspection = Inspection {
        schema,
        queue: QueueState::default(),
        newest_event: None,
        shared: None,
        domains: Vec::new(),
        orders: Vec::new(),
    };
    if schema.0 != schema.1 {
        return Ok(inspection);
    }
    inspection.queue = queue(conn)?;
    inspection.newest_event = newest_event(conn)?;
    inspection.orders = orders(conn)?;
    // The operator's domain belongs to nobody, so that anybody may look.
    let nobody = OrgId::new(Uuid::nil());
    let shared = seen_by(conn, nobody, now, |view| view.shared_domain(domain));
    inspection.shared = match shared {
        Ok(shared) => Some(shared),
        Err(error) if error.kind() == Kind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    for (org_id, name) in verified(conn)? {
        let name = DomainName::from_stored(name);
        let domain = seen_by(conn, org_id, now, |view| view.domain(&name))?;
        inspection.domains.push(domain);
    }
    Ok(inspection)
}

fn seen_by<T>(
    conn: &mut dyn Conn,
    org_id: OrgId,
    now: Timestamp,
    look: impl FnOnce(&mut View<'_>) -> Result<T>,
) -> Result<T> {
    look(&mut View {
        conn,
        access: &Access::of_system(org_id, Reason::Operation),
        codec: &Codec::default(),
        segments: &SegmentCache::default(),
        now,
    })
}

fn queue(conn: &mut dyn Conn) -> DbResult<QueueState> {
    let mut state = QueueState::default();
    conn.query(
        "select count(*) from job where kind = 'deliver_mail/1' and state <> 'parked' \
         -- unscoped: for the operator",
        &[],
        &mut |row| {
            state.waiting = row.get(0)?;
            Ok(())
        },
    )?;
    // Rows are in the order of making.
    conn.query(
        "select job_id from job where kind = 'deliver_mail/1' and state <> 'parked' \
         order by job_id limit 1 -- unscoped: for the operator",
        &[],
        &mut |row| {
            let id = Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?;
            state.oldest = id.get_timestamp().map(|made| {
                let (seconds, nanos) = made.to_unix();
                let micros = i64::try_from(seconds)
                    .unwrap_or(0)
                    .saturating_mul(1_000_000);
                Timestamp::from_micros(micros.saturating_add(i64::from(nanos / 1000)))
            });
            Ok(())
        },
    )?;
    conn.query(
        "select coalesce(lane, '?'), count(*) from job where kind = 'deliver_mail/1' \
         and state <> 'parked' and attempt > 1 group by lane -- unscoped: for the operator",
        &[],
        &mut |row| {
            state.deferred.push((row.get(0)?, row.get(1)?));
            Ok(())
        },
    )?;
    state.deferred.sort_by_key(|(_, count)| -count);
    state.deferred.truncate(MAX_LANES);
    let held = conn.dialect().plain(
        "select count(*) from job where state = 'parked' and last_error = $1 \
         -- unscoped: for the operator",
    );
    conn.query(&held, args![HELD_BACK], &mut |row| {
        state.held_back = row.get(0)?;
        Ok(())
    })?;
    let parked = conn.dialect().plain(
        "select kind, count(*) from job where state = 'parked' \
         and (last_error is null or last_error <> $1) group by kind -- unscoped: for the operator",
    );
    conn.query(&parked, args![HELD_BACK], &mut |row| {
        state.parked.push((row.get(0)?, row.get(1)?));
        Ok(())
    })?;
    state.parked.sort();
    Ok(state)
}

fn orders(conn: &mut dyn Conn) -> DbResult<Vec<OrderState>> {
    let select = conn.dialect().plain(
        "select directory, names, expires_at, tried_at, failures, last_error from certificate \
         order by failures desc, names limit $1 -- unscoped: for the operator",
    );
    let mut found = Vec::new();
    conn.query(&select, args![MAX_ORDERS], &mut |row| {
        found.push(OrderState {
            order: CertificateOrder {
                directory: row.get(0)?,
                names: row.get(1)?,
            },
            expires_at: row.get(2)?,
            tries: CertificateTries {
                tried_at: row.get(3)?,
                failures: row.get(4)?,
                last_error: row.get(5)?,
            },
        });
        Ok(())
    })?;
    Ok(found)
}

fn newest_event(conn: &mut dyn Conn) -> DbResult<Option<Timestamp>> {
    let mut newest: Option<Timestamp> = None;
    conn.query(
        "select e.at from org o join event e on e.org_id = o.org_id and e.seq = o.event_seq \
         -- unscoped: for the operator",
        &[],
        &mut |row| {
            newest = newest.max(Some(row.get(0)?));
            Ok(())
        },
    )?;
    Ok(newest)
}

fn verified(conn: &mut dyn Conn) -> Result<Vec<(OrgId, String)>> {
    let select = conn.dialect().plain(
        "select org_id, domain from domain where org_id is not null and verified_at is not null \
         order by domain limit $1 -- unscoped: for the operator",
    );
    let mut found = Vec::new();
    conn.query(&select, args![MAX_DOMAINS], &mut |row| {
        found.push((row.get(0)?, row.get(1)?));
        Ok(())
    })
    .map_err(Error::from)?;
    Ok(found)
}
