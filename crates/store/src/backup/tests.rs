//! What the doors cannot show: data of servers that are no more.

use model::DomainKey;
use testkit::TempDb;
use uuid::Uuid;

use super::*;

#[test]
fn a_backup_of_an_older_server_is_brought_to_the_newest_shape() {
    let old = TempDb::sqlite();
    std::fs::create_dir(old.blobs()).unwrap();
    let fill = |conn: &mut dyn Conn| -> model::Result<()> {
        // Domains had one key each, in their own row.
        migrate::run_to(conn, 11)?;
        let insert = conn.dialect().plain(
            "insert into domain (domain, org_id, domain_key, selector, public_key, private_key, \
             created_at, updated_at) values ('acme.dev', $1, $1, 's', 'AAAA', $2, 5, 5) \
             -- unscoped: a test",
        );
        let key = DomainKey::new(Uuid::from_u128(7));
        conn.exec(&insert, args![key, [0_u8, 255, 2].as_slice()])?;
        Ok(())
    };
    let file = old.folder().join("mailroost.db");
    Sqlite::once(&file, Mode::Write, fill).unwrap();
    let engine = |db: &TempDb| match db.url() {
        Some(url) => Engine::Postgres { url },
        None => Engine::Sqlite {
            folder: db.folder().to_owned(),
        },
    };
    let to = old.folder().join("backup");
    let contents = back_up(&engine(&old), &old.blobs(), &to).unwrap();
    assert_eq!(contents.schema, 11);
    verify(&contents, &to).unwrap();
    for new in [Some(TempDb::sqlite()), TempDb::postgres()]
        .into_iter()
        .flatten()
    {
        let staging = new.folder().join("staging");
        std::fs::create_dir(&staging).unwrap();
        let target = engine(&new);
        let done = restore(&contents, &to, &target, &new.blobs(), &staging, false);
        assert_eq!(done.unwrap().rows, 1);
        let look = |conn: &mut dyn Conn| -> model::Result<(i64, Vec<u8>)> {
            let mut found = Vec::new();
            conn.query(
                "select private_key from signing_key -- unscoped: a test",
                &[],
                &mut |row| {
                    found = row.get(0)?;
                    Ok(())
                },
            )?;
            Ok((migrate::version(conn)?, found))
        };
        let seen = match &target {
            Engine::Sqlite { folder } => {
                Sqlite::once(&folder.join("mailroost.db"), Mode::Read, look)
            }
            Engine::Postgres { url } => Postgres::once(url, Mode::Read, look),
        };
        assert_eq!(seen.unwrap(), (migrate::newest(), vec![0, 255, 2]));
    }
}

#[test]
fn every_table_is_in_a_backup() {
    let names: Vec<String> = shape::tables(migrate::newest())
        .unwrap()
        .into_iter()
        .map(|table| table.name)
        .collect();
    for name in [
        "org",
        "message",
        "blob",
        "event",
        "job",
        "search_leaf",
        "webhook_cursor",
    ] {
        assert!(
            names.iter().any(|known| known == name),
            "{name} of {names:?}"
        );
    }
}

#[test]
fn a_list_of_objects_leads_nowhere_else() {
    let folder = TempDb::sqlite();
    let path = folder.folder().join("list");
    for (path_in_list, good) in [
        ("org/ab/0123-ef", true),
        ("org/../../etc/passwd", false),
        ("/etc/passwd", false),
        ("org//x", false),
        ("", false),
    ] {
        std::fs::write(&path, format!("00  {path_in_list}\n")).unwrap();
        assert_eq!(objects::read_list(&path).is_ok(), good, "{path_in_list}");
    }
}
