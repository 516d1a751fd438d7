//! Files that are whole and on the disk when they are there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::BackupError;

/// How much of a file is in memory at once.
const CHUNK: usize = 256 << 10;

/// Says which file an error is about.
pub(super) fn file_error(path: &Path) -> impl Fn(io::Error) -> BackupError + '_ {
    |source| BackupError::File {
        path: path.to_owned(),
        source,
    }
}

/// Makes a private folder with those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), BackupError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(file_error(path))
}

/// A private file that must not exist yet.
pub(super) fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Moves a file or folder to a place that is free, so that it is there after a crash.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::rename(from, to).map_err(file_error(to))?;
    match to.parent() {
        Some(folder) => sync_folder(folder),
        None => Ok(()),
    }
}

/// Makes the names in a folder last.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file_error(folder))
}

/// The hash of a file in hexadecimal digits.
pub(super) fn hash_file(path: &Path) -> Result<String, BackupError> {
    let hash = File::open(path).and_then(|file| pour(file, io::sink()));
    hash.map(|(hash, _)| hash).map_err(file_error(path))
}

/// Copies a file that must not exist yet, and syncs it; its hash and length.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(String, u64), BackupError> {
    let source = File::open(from).map_err(file_error(from))?;
    let target = create_file(to).map_err(file_error(to))?;
    let poured = pour(source, &target).map_err(file_error(from))?;
    target.sync_all().map_err(file_error(to))?;
    Ok(poured)
}

fn pour(mut from: impl Read, mut to: impl Write) -> io::Result<(String, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    let mut length = 0;
    loop {
        let read = from.read(&mut chunk)?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok((hasher.finalize().to_hex().to_string(), length));
        };
        hasher.update(bytes);
        to.write_all(bytes)?;
        length += bytes.len() as u64;
    }
}

/// Writes to a file and hashes what it writes.
pub(super) struct Hashing<W> {
    inner: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Hashing<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: blake3::Hasher::new(),
        }
    }

    /// The writer, and the hash of what went to it.
    pub(super) fn finish(self) -> (W, String) {
        (self.inner, self.hasher.finalize().to_hex().to_string())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
