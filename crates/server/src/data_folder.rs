//! The data folder and the small secret files in it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use data_encoding::HEXLOWER;

/// A folder that exists and can be written.
#[derive(Clone, Debug)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// Makes the folder, for its owner alone, if it is not there, and makes sure that files can be
    /// created in it. A folder that exists keeps its mode: the files in it are private anyway.
    ///
    /// # Errors
    /// One line that names the folder and what is in the way.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        if path.exists() && !path.is_dir() {
            bail!("the data folder {shown} is a file; choose a folder with --data");
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| cannot(path, "created", &error))?;
        let path = fs::canonicalize(path).map_err(|error| cannot(path, "opened", &error))?;
        // Rights on paper do not tell of read-only disks, so try.
        let probe = path.join(format!(".probe-{}", std::process::id()));
        private_file(&probe)
            .and_then(|_| fs::remove_file(&probe))
            .map_err(|error| cannot(&path, "written", &error))?;
        Ok(Self(path))
    }

    /// The absolute path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The master key: read, or made from `fresh` at the first start. The flag tells whether it
    /// was made now.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn master_key(&self, fresh: [u8; 32]) -> anyhow::Result<([u8; 32], bool)> {
        let path = self.0.join("master.key");
        let made = match write_master_key(&path, &fresh) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            written => written.map(|()| true),
        };
        let made =
            made.with_context(|| format!("the master key {} cannot be written", path.display()))?;
        if made {
            return Ok((fresh, true));
        }
        Ok((read_master_key(&path)?, false))
    }
}

/// The master key in this file, which is never made.
///
/// # Errors
/// When it cannot be read or holds something else.
pub fn read_master_key(path: &Path) -> anyhow::Result<[u8; 32]> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("the master key {} cannot be read", path.display()))?;
    let key = HEXLOWER.decode(text.trim().as_bytes()).ok();
    key.and_then(|bytes| bytes.try_into().ok())
        .with_context(|| {
            format!(
                "{} does not hold 64 hexadecimal digits; restore it from a backup",
                path.display()
            )
        })
}

/// Writes a master key where none is.
///
/// # Errors
/// Those of the file system.
pub fn write_master_key(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let text = format!("{}\n", HEXLOWER.encode(key));
    if write_once(path, text.as_bytes())? {
        return Ok(());
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn cannot(path: &Path, verb: &str, error: &io::Error) -> anyhow::Error {
    anyhow::anyhow!(
        "the data folder {} cannot be {verb}: {error}; choose another with --data",
        path.display()
    )
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Writes a private file so that after a crash it is there as a whole or not at all. `false` if a
/// file of that name exists; it is left as it is.
fn write_once(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    if path.exists() {
        return Ok(false);
    }
    let draft = write_draft(path, bytes)?;
    // A link, unlike a rename, does not replace what another process has made meanwhile.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => sync_folder_of(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a private file as a whole, replacing one of that name.
///
/// # Errors
/// Those of the file system.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = write_draft(path, bytes)?;
    fs::rename(&draft, path)?;
    sync_folder_of(path)
}

fn write_draft(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file = private_file(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(draft)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_and_the_key_are_private_and_the_key_stays() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("a/b");
        let folder = DataFolder::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        assert_eq!(folder.master_key([1; 32]).unwrap(), ([1; 32], true));
        assert_eq!(folder.master_key([2; 32]).unwrap(), ([1; 32], false));
        assert_eq!(mode(&path.join("master.key")), 0o600);
        // Nothing else is left behind.
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    }

    #[test]
    fn a_broken_key_is_never_replaced() {
        let outer = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(outer.path()).unwrap();
        fs::write(outer.path().join("master.key"), "short").unwrap();
        let error = folder.master_key([1; 32]).unwrap_err().to_string();
        assert!(error.contains("restore it from a backup"), "{error}");
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let outer = tempfile::tempdir().unwrap();
        let file = outer.path().join("file");
        fs::write(&file, "").unwrap();
        let error = |path: &Path| DataFolder::open(path).unwrap_err().to_string();
        assert!(error(&file).ends_with("is a file; choose a folder with --data"));
        assert!(error(&file.join("below")).contains("cannot be created"));
    }
}
