//! The large mail of a backup.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::files::{copy, create_file, create_folder, file_error, hash_file, sync_folder};
use super::{BackupError, ObjectFiles};
use crate::blobs;
use crate::db::{DbError, DbResult, Row};

/// Keeps the sweeper and backups apart: a lock of the folder itself. The operating system ends it with the process.
pub(crate) struct SweepLock(#[expect(dead_code, reason = "held, never read")] File);

impl SweepLock {
    /// For the sweeper: `None` while a backup is being made.
    pub(crate) fn sweep(blobs: &Path) -> io::Result<Option<Self>> {
        let file = File::open(blobs)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// For a backup: waits for the sweeper, whose turns are short.
    pub(crate) fn hold_off(blobs: &Path) -> io::Result<Self> {
        let file = File::open(blobs)?;
        file.lock_shared()?;
        Ok(Self(file))
    }
}

/// A file of large mail and what it holds.
pub(super) struct Listed {
    /// Its path in the object store.
    path: String,
    blake3: String,
}

/// The path of the object that a row of `org_id, object` names.
pub(super) fn path_of(row: &Row<'_>) -> DbResult<String> {
    let object = Uuid::from_slice(row.bytes(1)?).map_err(|_| DbError::shape(1))?;
    Ok(blobs::name(row.get(0)?, object).to_string())
}

/// Copies these objects out of the object store and lists them.
pub(super) fn copy_out(
    blobs: &Path,
    into: &Path,
    objects: &[String],
) -> Result<ObjectFiles, BackupError> {
    let folder = into.join("objects");
    create_folder(&folder)?;
    let (mut list, mut bytes) = (String::new(), 0);
    for path in objects {
        let (hash, length) = copy_one(&blobs.join(path), &folder.join(path))?;
        let _ = writeln!(list, "{hash}  {path}");
        bytes += length;
    }
    let path = into.join("objects.list");
    let written = create_file(&path).and_then(|mut file| {
        io::Write::write_all(&mut file, list.as_bytes())?;
        file.sync_all()
    });
    written.map_err(file_error(&path))?;
    Ok(ObjectFiles {
        count: objects.len() as u64,
        bytes,
        blake3: hash_file(&path)?,
    })
}

/// Reads the list of a backup. Paths that lead elsewhere are not followed.
pub(super) fn read_list(path: &Path) -> Result<Vec<Listed>, BackupError> {
    let text = fs::read_to_string(path).map_err(file_error(path))?;
    let read = |line: &str| {
        let (blake3, path) = line.split_once("  ")?;
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        path.split('/').all(plain).then(|| Listed {
            path: path.to_owned(),
            blake3: blake3.to_owned(),
        })
    };
    let listed: Option<Vec<Listed>> = text.lines().map(read).collect();
    listed
        .ok_or_else(|| BackupError::Damaged(format!("{} is not a list of objects", path.display())))
}

/// Holds every object of a backup against its hash.
pub(super) fn verify(from: &Path, listed: &[Listed]) -> Result<(), BackupError> {
    for one in listed {
        super::check_hash(&from.join("objects").join(&one.path), &one.blake3)?;
    }
    Ok(())
}

/// Copies the objects of a backup into a new object store.
pub(super) fn copy_in(from: &Path, blobs: &Path, listed: &[Listed]) -> Result<(), BackupError> {
    create_folder(blobs)?;
    for one in listed {
        let source = from.join("objects").join(&one.path);
        let (hash, _) = copy_one(&source, &blobs.join(&one.path))?;
        if hash != one.blake3 {
            let shown = source.display();
            return Err(BackupError::Damaged(format!(
                "{shown} has changed just now"
            )));
        }
    }
    Ok(())
}

fn copy_one(from: &Path, to: &Path) -> Result<(String, u64), BackupError> {
    let folder: PathBuf = to.parent().unwrap_or(to).to_owned();
    create_folder(&folder)?;
    let copied = copy(from, to)?;
    sync_folder(&folder)?;
    Ok(copied)
}
