//! `mailroost backup`: everything in one folder, also while the server runs.
//!
//! The folder is written under a name of its own and gets the asked one last: a backup that is there
//! is whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use store::Contents;
use sys::Env;

use crate::config::Settings;
use crate::data_folder::{read_master_key, write_master_key};
use crate::{welcome, wiring};

/// The shape of the folder. A change that older servers cannot read raises it.
pub const FORMAT: u32 = 1;

/// What a backup says of itself, in `manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The shape of the folder.
    pub format: u32,
    /// The version of the server that made it.
    pub version: String,
    /// Everything that was answered before this is in it (RFC 3339).
    pub begun_at: String,
    /// When it was whole.
    pub ended_at: String,
    /// Whether `master.key` is part of it. If not, the operator keeps the key in
    /// `MAILROOST_MASTER_KEY`.
    pub has_master_key: bool,
    /// Which master key the data needs; says nothing about the key.
    pub master_key_mark: String,
    /// The files.
    #[serde(flatten)]
    pub contents: Contents,
}

/// Makes a backup and says what is in it.
///
/// # Errors
/// When there is no data, the target exists, or something fails; then nothing is left of it.
pub fn run(settings: &Settings, target: &Path) -> anyhow::Result<()> {
    let key = master_key(settings)?;
    let (partial, shown) = (partial_name(target)?, target.display());
    if target.exists() {
        bail!("{shown} exists; a backup goes into a folder of its own");
    }
    match DirBuilder::new().mode(0o700).create(&partial) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(
            "{} exists: another backup is being made there, or one was cut; wait for it or remove \
             the folder",
            partial.display()
        ),
        made => made.with_context(|| format!("{} cannot be made", partial.display()))?,
    }
    let made = fill(settings, &key, &partial).and_then(|manifest| {
        fs::rename(&partial, target).with_context(|| format!("{shown} cannot be made"))?;
        Ok(manifest)
    });
    let manifest = match made {
        Ok(manifest) => manifest,
        Err(error) => {
            if let Err(error) = fs::remove_dir_all(&partial) {
                tracing::warn!(%error, folder = %partial.display(), "a failed backup was left behind");
            }
            return Err(error);
        }
    };
    sync_folder_of(target)?;
    let contents = &manifest.contents;
    let rows: u64 = contents.tables.iter().map(|table| table.rows).sum();
    let key = if manifest.has_master_key {
        "It holds the master key and all mail: keep it secret.\n"
    } else {
        "The master key is not in it: keep MAILROOST_MASTER_KEY elsewhere.\n"
    };
    welcome::print(&format!(
        "Backed up to {shown}: {rows} rows, {} files of large mail, as of {}.\n{key}",
        contents.objects.count, manifest.begun_at
    ));
    Ok(())
}

/// The master key, and whether it lies in the data folder.
struct MasterKey {
    key: [u8; 32],
    is_file: bool,
}

fn master_key(settings: &Settings) -> anyhow::Result<MasterKey> {
    let path = settings.data.join("master.key");
    match &settings.master_key {
        Some(key) if settings.data.is_dir() => Ok(MasterKey {
            key: key.0,
            is_file: false,
        }),
        None if path.exists() => Ok(MasterKey {
            key: read_master_key(&path)?,
            is_file: true,
        }),
        _ => bail!(
            "there is no Mailroost data in {}; name its folder with --data",
            settings.data.display()
        ),
    }
}

fn partial_name(target: &Path) -> anyhow::Result<PathBuf> {
    let name = target.file_name();
    let name = name.with_context(|| format!("{} is no name for a folder", target.display()))?;
    let mut name = name.to_owned();
    name.push(".partial");
    Ok(target.with_file_name(name))
}

fn fill(settings: &Settings, key: &MasterKey, folder: &Path) -> anyhow::Result<Manifest> {
    let clock = Env::system().clock;
    let begun_at = clock.now();
    let data = fs::canonicalize(&settings.data)?;
    let engine = wiring::engine(settings, &data);
    let blobs = wiring::blobs_folder(&data);
    let contents = store::back_up(&engine, &blobs, folder).context("the backup failed")?;
    if key.is_file {
        write_master_key(&folder.join("master.key"), &key.key)?;
    }
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        begun_at: begun_at.to_string(),
        ended_at: clock.now().to_string(),
        has_master_key: key.is_file,
        master_key_mark: store::key_mark(&key.key),
        contents,
    };
    let path = folder.join("manifest.json");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()?;
    Ok(manifest)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
