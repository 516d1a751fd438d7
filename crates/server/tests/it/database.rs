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
