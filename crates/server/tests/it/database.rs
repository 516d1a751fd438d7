//! A place for the data of one test.

use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// In the data folder.
    Sqlite,
    /// On the server that `MAILROOST_TEST_POSTGRES` names.
    Postgres,
}

/// The engines this machine can test; says which one is skipped.
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    if postgres_server().is_some() {
        engines.push(Engine::Postgres);
    } else {
        println!("skipped on PostgreSQL: MAILROOST_TEST_POSTGRES is not set");
    }
    engines
}

fn postgres_server() -> Option<String> {
    std::env::var("MAILROOST_TEST_POSTGRES").ok()
}

/// A data folder and, on PostgreSQL, a database. Both are gone when this is dropped; several
/// servers may be started on it one after the other.
pub struct Data {
    folder: TempDir,
    database: Option<Database>,
}

struct Database {
    server: String,
    name: String,
}

impl Data {
    /// Fresh and empty.
    pub fn new(engine: Engine) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: (engine == Engine::Postgres).then(Database::create),
        }
    }

    /// The folder for `--data`; it does not exist yet.
    pub fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for other files of the test.
    pub fn outside(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs a statement on data that no server has open, to make it look as if time had passed.
    pub fn change(&self, sql: &str) {
        match &self.database {
            Some(database) => run(database.url(), sql.to_owned()),
            None => {
                let file = self.folder().join("mailroost.db");
                let connection = rusqlite::Connection::open(file).unwrap();
                connection.execute_batch(sql).unwrap();
            }
        }
    }

    /// Every value of every column that holds text or bytes, with the name of its table and column, of
    /// data that no server has open.
    pub fn values(&self) -> Vec<(String, Vec<u8>)> {
        match &self.database {
            Some(database) => values_of_postgres(database.url()),
            None => values_of_sqlite(&self.folder().join("mailroost.db")),
        }
    }

    /// The URL for `MAILROOST_DATABASE`.
    pub fn database_url(&self) -> Option<String> {
        self.database.as_ref().map(Database::url)
    }
}

impl Database {
    fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self {
            server: postgres_server().unwrap(),
            name: format!("mailroost_it_{}_{count}", std::process::id()),
        };
        database.on_server(format!("create database {}", database.name));
        database
    }

    /// The server's URL with the database in place of its own.
    fn url(&self) -> String {
        let (base, query) = match self.server.split_once('?') {
            Some((base, query)) => (base, format!("?{query}")),
            None => (self.server.as_str(), String::new()),
        };
        let authority_at = base.find("://").map_or(0, |at| at + 3);
        let end = base[authority_at..]
            .find('/')
            .map_or(base.len(), |at| authority_at + at);
        format!("{}/{}{query}", &base[..end], self.name)
    }

    fn on_server(&self, sql: String) {
        run(self.server.clone(), sql);
    }
}

fn values_of_sqlite(file: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    use rusqlite::types::ValueRef;
    let connection = rusqlite::Connection::open(file).unwrap();
    let mut names = connection
        .prepare("select name from sqlite_master where type = 'table'")
        .unwrap();
    let tables: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut found = Vec::new();
    for table in tables {
        let mut all = connection
            .prepare(&format!("select * from {table}"))
            .unwrap();
        let columns: Vec<String> = all.column_names().map(str::to_owned).collect();
        let mut rows = all.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (index, column) in columns.iter().enumerate() {
                if let ValueRef::Text(value) | ValueRef::Blob(value) = row.get_ref(index).unwrap() {
                    found.push((format!("{table}.{column}"), value.to_vec()));
                }
            }
        }
    }
    found
}

fn values_of_postgres(url: String) -> Vec<(String, Vec<u8>)> {
    let read = move || {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        let columns = client
            .query(
                "select table_name::text, column_name::text, data_type::text from information_schema.columns \
                 where table_schema = 'public' and data_type in ('text', 'bytea')",
                &[],
            )
            .unwrap();
        let mut found = Vec::new();
        for column in columns {
            let (table, name): (String, String) = (column.get(0), column.get(1));
            let sql = format!("select {name} from {table} where {name} is not null");
            for row in client.query(&sql, &[]).unwrap() {
                let value = match column.get::<_, String>(2).as_str() {
                    "text" => row.get::<_, String>(0).into_bytes(),
                    _ => row.get(0),
                };
                found.push((format!("{table}.{name}"), value));
            }
        }
        found
    };
    // As below.
    std::thread::spawn(read).join().unwrap()
}

/// Runs statements in the database at `url`.
fn run(url: String, sql: String) {
    // The client brings its own runtime, which cannot be nested in that of a test.
    std::thread::spawn(move || {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client.batch_execute(&sql).unwrap();
    })
    .join()
    .unwrap();
}

impl Drop for Database {
    fn drop(&mut self) {
        self.on_server(format!(
            "drop database if exists {} with (force)",
            self.name
        ));
    }
}
