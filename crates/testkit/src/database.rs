//! A place for a test's data, removed when the test is over.

use std::path::{Path, PathBuf};

use postgres::{Client, NoTls};
use tempfile::TempDir;

/// Names the PostgreSQL server that tests may create databases on.
const SERVER: &str = "MAILROOST_TEST_POSTGRES";

/// The data of one test: a folder, and for PostgreSQL a database of its own.
#[derive(Debug)]
pub struct TempDb {
    folder: TempDir,
    database: Option<Database>,
}

#[derive(Debug)]
struct Database {
    server: String,
    name: String,
}

impl TempDb {
    /// A folder for SQLite.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn sqlite() -> Self {
        Self {
            folder: new_folder(),
            database: None,
        }
    }

    /// A fresh database on the server named by `MAILROOST_TEST_POSTGRES`, and a folder for blobs.
    /// `None`, and a line that says so, when the variable is not set.
    ///
    /// # Panics
    /// When the variable is set and the server cannot be used.
    #[must_use]
    pub fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var(SERVER) else {
            #[expect(clippy::print_stdout, reason = "whoever runs the tests should see it")]
            {
                println!("skipped: {SERVER} is not set");
            }
            return None;
        };
        let folder = new_folder();
        // Unique on the server: the folder's name is random, and so is the process that made it.
        let random: String = folder
            .path()
            .to_string_lossy()
            .bytes()
            .map(|b| format!("{b:02x}"))
            .rev()
            .take(16)
            .collect();
        let name = format!("mailroost_{}_{random}", std::process::id());
        run(
            &server,
            &format!("create database {name} template template0 encoding 'UTF8'"),
        );
        Some(Self {
            folder,
            database: Some(Database { server, name }),
        })
    }

    /// The folder for data.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder for large mail; it may not exist yet.
    #[must_use]
    pub fn blobs(&self) -> PathBuf {
        self.folder.path().join("blobs")
    }

    /// The URL of the database, on PostgreSQL.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let database = self.database.as_ref()?;
        let (start, _) = database.server.rsplit_once('/')?;
        Some(format!("{start}/{}", database.name))
    }
}

impl Drop for TempDb {
    fn drop(&mut self) {
        if let Some(database) = &self.database {
            let drop = format!("drop database if exists {} with (force)", database.name);
            run(&database.server, &drop);
        }
    }
}

#[expect(clippy::expect_used, reason = "a test cannot go on without it")]
fn new_folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("mailroost-test-")
        .tempdir()
        .expect("a temporary folder")
}

/// Runs one statement on the server. The synchronous client panics on a runtime's thread, so it
/// gets one of its own.
#[expect(clippy::expect_used, reason = "a test cannot go on without it")]
fn run(server: &str, statement: &str) {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let mut client = Client::connect(server, NoTls).expect("the test database server");
                client
                    .batch_execute(statement)
                    .expect("the right to create databases");
            })
            .join()
            .expect("the database client");
    });
}
