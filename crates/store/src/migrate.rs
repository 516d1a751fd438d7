//! Forward-only migrations: numbered files, one text for both engines.

use model::{Code, Error, Result};

use crate::db::{Conn, args};

const MIGRATIONS: [(i64, &str); 16] = [
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
    (16, include_str!("migrations/0016_doors.sql")),
];

/// Brings the database to the newest shape, inside the caller's transaction.
///
/// # Errors
/// When the database was made by a newer server, or a statement fails.
pub(crate) fn run(conn: &mut dyn Conn) -> Result<()> {
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
    let mut done = 0;
    conn.query(
        "select coalesce(max(version), 0) from schema_version",
        &[],
        &mut |row| {
            done = row.get(0)?;
            Ok(())
        },
    )?;
    let newest = MIGRATIONS.last().map_or(0, |(version, _)| *version);
    if done > newest {
        return Err(Error::new(
            Code::ServiceUnavailable,
            format!(
                "the data was written by a newer server (schema {done}, this one knows {newest})"
            ),
        )
        .fix("Start the newer version, or restore a backup made by this one."));
    }
    for (version, text) in MIGRATIONS.iter().filter(|(version, _)| *version > done) {
        for statement in statements(text) {
            conn.exec(&dialect.plain(&statement), &[])?;
        }
        conn.exec(
            &dialect.plain("insert into schema_version (version) values ($1)"),
            args![*version],
        )?;
    }
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
