//! Forward-only migrations: numbered files, one text for both engines.

use model::{Code, Error, Result};

use crate::db::{Conn, DbResult, args};

const MIGRATIONS: [(i64, &str); 27] = [
    (1, include_str!("migrations/0001_first.sql")),
    (2, include_str!("migrations/0002_lists.sql")),
    (3, include_str!("migrations/0003_drafts.sql")),
    (4, include_str!("migrations/0004_webhooks.sql")),
    (5, include_str!("migrations/0005_log_readers.sql")),
    (6, include_str!("migrations/0006_search.sql")),
    (7, include_str!("migrations/0007_tenants.sql")),
    (8, include_str!("migrations/0008_domains.sql")),
    (9, include_str!("migrations/0009_search.sql")),
    (10, include_str!("migrations/0010_indexes.sql")),
    (11, include_str!("migrations/0011_delivery.sql")),
    (12, include_str!("migrations/0012_signing.sql")),
    (13, include_str!("migrations/0013_authentication.sql")),
    (14, include_str!("migrations/0014_bounces.sql")),
    (15, include_str!("migrations/0015_timeline.sql")),
    (16, include_str!("migrations/0016_leaves.sql")),
    (17, include_str!("migrations/0017_certificates.sql")),
    (18, include_str!("migrations/0018_codes.sql")),
    (19, include_str!("migrations/0019_gate.sql")),
    (20, include_str!("migrations/0020_screen.sql")),
    (21, include_str!("migrations/0021_budgets.sql")),
    (22, include_str!("migrations/0022_audit.sql")),
    (23, include_str!("migrations/0023_dane_and_gaps.sql")),
    (24, include_str!("migrations/0024_documents.sql")),
    (26, include_str!("migrations/0026_readers.sql")),
    (27, include_str!("migrations/0027_approval_mail.sql")),
    (28, include_str!("migrations/0028_gather.sql")),
];

/// The newest shape this server knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, _)| *version)
}

/// Brings the database to the newest shape, inside the caller's transaction.
///
/// # Errors
/// When the database was made by a newer server, or a statement fails.
pub(crate) fn run(conn: &mut dyn Conn) -> Result<()> {
    run_to(conn, newest())
}

/// The shape that a database has.
///
/// # Errors
/// When it has none.
pub(crate) fn version(conn: &mut dyn Conn) -> DbResult<i64> {
    let mut version = 0;
    conn.query(
        "select coalesce(max(version), 0) from schema_version",
        &[],
        &mut |row| {
            version = row.get(0)?;
            Ok(())
        },
    )?;
    Ok(version)
}

/// Whether the database has the newest shape; nothing is changed.
///
/// # Errors
/// When it was made by a newer server, or by an older one and is to be migrated first.
pub(crate) fn check(conn: &mut dyn Conn) -> Result<()> {
    let (done, newest) = (version(conn)?, newest());
    if done == newest {
        return Ok(());
    }
    let other = if done > newest { "a newer" } else { "an older" };
    let detail = format!(
        "the data was written by {other} server (schema {done}, this one knows {newest}); use the \
         program of the server that runs on it"
    );
    Err(Error::new(Code::ServiceUnavailable, detail))
}

/// Brings the database to the shape `last`, inside the caller's transaction.
///
/// # Errors
/// When the database was made by a newer server, or a statement fails.
pub(crate) fn run_to(conn: &mut dyn Conn, last: i64) -> Result<()> {
    let dialect = conn.dialect();
    if let Some(lock) = dialect.migration_lock() {
        conn.query(lock, &[], &mut |_| Ok(()))?;
    }
    conn.exec(
        &dialect.plain(
            "create table if not exists schema_version (version {int} not null primary key) {strict}",
        ),
        &[],
    )?;
    let (done, newest) = (version(conn)?, newest());
    if done > newest {
        return Err(Error::new(
            Code::ServiceUnavailable,
            format!(
                "the data was written by a newer server (schema {done}, this one knows {newest})"
            ),
        )
        .fix("Start the newer version, or restore a backup made by this one."));
    }
    let missing = done + 1..=last;
    for (version, text) in MIGRATIONS
        .iter()
        .filter(|(version, _)| missing.contains(version))
    {
        step(conn, *version, text)?;
    }
    Ok(())
}

fn step(conn: &mut dyn Conn, version: i64, text: &str) -> Result<()> {
    let dialect = conn.dialect();
    for statement in statements(text) {
        let statement = dialect.plain(&statement);
        // Some are of one engine only.
        if !statement.is_empty() {
            conn.exec(&statement, &[])?;
        }
    }
    conn.exec(
        &dialect.plain("insert into schema_version (version) values ($1)"),
        args![version],
    )?;
    Ok(())
}

/// The statements of a file, without its comment lines.
fn statements(text: &str) -> Vec<String> {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    code.join("\n")
        .split(";\n")
        .map(|statement| statement.trim().trim_end_matches(';').to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use model::DomainKey;
    use testkit::TempDb;
    use uuid::Uuid;

    use super::*;
    use crate::engine::{Postgres, Sqlite};

    /// What ends a look at a store without opening it.
    const SEEN: &str = "seen enough";

    /// A store as it was before domains had two keys, brought to today.
    fn keep_the_old_key(conn: &mut dyn Conn) -> Result<()> {
        let dialect = conn.dialect();
        conn.exec(
            &dialect
                .plain("create table schema_version (version {int} not null primary key) {strict}"),
            &[],
        )?;
        for (version, text) in MIGRATIONS.iter().filter(|(version, _)| *version < 12) {
            step(conn, *version, text)?;
        }
        let insert = dialect.plain(
            "insert into domain (domain, org_id, domain_key, selector, public_key, private_key, \
             verified_at, created_at, updated_at) values ($1, $2, $2, $3, $4, $5, $6, $6, $6) \
             -- unscoped: a test",
        );
        let key = DomainKey::new(Uuid::from_u128(7));
        let sealed = [1_u8, 2, 3].as_slice();
        conn.exec(
            &insert,
            args!["acme.dev", key, "mailroost", "AAAA", sealed, 5_i64],
        )?;
        let shared = dialect.plain(
            "insert into domain (domain, created_at, updated_at) values ($1, $2, $2) -- unscoped: a test",
        );
        conn.exec(&shared, args!["mail.test", 5_i64])?;
        run(conn)?;
        let mut found = Vec::new();
        let select = dialect.plain(
            "select domain, algorithm, selector, public_key, private_key, seen_at from signing_key \
             -- unscoped: a test",
        );
        conn.query(&select, &[], &mut |row| {
            let texts: [String; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
            found.push((
                texts.join(" "),
                row.get::<Vec<u8>>(4)?,
                row.get::<Option<i64>>(5)?,
            ));
            Ok(())
        })?;
        let wanted = (
            "acme.dev rsa mailroost AAAA".to_owned(),
            vec![1, 2, 3],
            Some(5),
        );
        assert_eq!(found, [wanted]);
        Err(Error::unavailable(SEEN))
    }

    #[test]
    fn the_key_of_an_older_domain_goes_on_signing() {
        let db = TempDb::sqlite();
        let file = db.folder().join("old.db");
        let ended = Sqlite::open(&file, keep_the_old_key).err().unwrap();
        assert!(ended.to_string().contains(SEEN), "{ended}");
        if let Some(db) = TempDb::postgres() {
            let ended = Postgres::open(&db.url().unwrap(), keep_the_old_key);
            let ended = ended.err().unwrap();
            assert!(ended.to_string().contains(SEEN), "{ended}");
        }
    }
}
