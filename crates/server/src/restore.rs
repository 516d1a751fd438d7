//! `mailroost restore`: an empty data folder, and an empty database if there is one, filled from a
//! backup.
//!
//! Everything is checked before anything is written. What is written waits in a folder of its own
//! beside its place, which also keeps a server from starting on half of it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::backup::{FORMAT, Manifest};
use crate::config::Settings;
use crate::data_folder::{DataFolder, read_master_key, write_master_key};
use crate::{welcome, wiring};

/// Where a restore keeps what it has not put into its place yet.
const STAGING: &str = ".restoring";

/// Restores a backup and says what was in it.
///
/// # Errors
/// When the backup is damaged, or the target is not empty; then nothing was changed.
pub fn run(settings: &Settings, from: &Path, hold_outbound: bool) -> anyhow::Result<()> {
    let manifest = read_manifest(from)?;
    let key = master_key(settings, &manifest, from)?;
    let was_there = settings.data.is_dir();
    if was_there {
        refuse_half_done(&settings.data)?;
        refuse_used(&settings.data)?;
    }
    store::verify(&manifest.contents, from).context("the backup cannot be restored")?;
    let folder = DataFolder::open(&settings.data)?;
    let staging = folder.path().join(STAGING);
    // Fails when another restore was faster, which must not be disturbed.
    let made = DirBuilder::new().mode(0o700).create(&staging);
    made.with_context(|| format!("{} cannot be made", staging.display()))?;
    let restored = place(settings, &manifest, from, &folder, key, hold_outbound);
    let restored = match restored {
        Ok(restored) => restored,
        Err(error) => {
            clear(folder.path(), was_there);
            return Err(error);
        }
    };
    let mut text = format!(
        "Restored {} rows and {} files of large mail as of {} to {}.\n",
        restored.rows,
        restored.objects,
        manifest.begun_at,
        folder.path().display()
    );
    text.push_str(&if hold_outbound {
        format!(
            "{} entries that would send mail are kept back; `mailroost queue release` lets them \
             go.\n",
            restored.held_back
        )
    } else {
        "Mail that waited to leave will leave when the server starts, also if it left since.\n"
            .to_owned()
    });
    welcome::print(&text);
    Ok(())
}

/// Refuses a data folder in which a restore was cut.
///
/// # Errors
/// One line that says what to do.
pub fn refuse_half_done(folder: &Path) -> anyhow::Result<()> {
    if folder.join(STAGING).exists() {
        bail!(
            "a restore into {} did not come to its end; empty the folder, and the database if \
             there is one, and restore again",
            folder.display()
        );
    }
    Ok(())
}

fn read_manifest(from: &Path) -> anyhow::Result<Manifest> {
    let path = from.join("manifest.json");
    let text = fs::read(&path)
        .with_context(|| format!("{} is no backup: no manifest.json", from.display()))?;
    let told: serde_json::Value = serde_json::from_slice(&text)
        .with_context(|| format!("{} is damaged; use another backup", path.display()))?;
    if told.get("format").and_then(serde_json::Value::as_u64) != Some(u64::from(FORMAT)) {
        bail!(
            "{} is of another format than this version reads ({FORMAT}); restore it with the \
             version that made it",
            from.display()
        );
    }
    serde_json::from_value(told)
        .with_context(|| format!("{} is damaged; use another backup", path.display()))
}

/// The master key that is to be written, if one is. It must be the one that the data needs.
fn master_key(
    settings: &Settings,
    manifest: &Manifest,
    from: &Path,
) -> anyhow::Result<Option<[u8; 32]>> {
    let (key, write) = match &settings.master_key {
        Some(key) => (key.0, false),
        None if manifest.has_master_key => (read_master_key(&from.join("master.key"))?, true),
        None => {
            bail!("the backup was made without its master key; give it in MAILROOST_MASTER_KEY")
        }
    };
    if store::key_mark(&key) != manifest.master_key_mark {
        let which = if write {
            "master.key in the backup"
        } else {
            "MAILROOST_MASTER_KEY"
        };
        bail!("{which} is not the key of this backup: what it sealed could not be opened");
    }
    Ok(write.then_some(key))
}

fn refuse_used(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name != "lost+found" {
            bail!(
                "{} is not empty ({}); restore into an empty folder, named with --data",
                folder.display(),
                name.display()
            );
        }
    }
    Ok(())
}

fn place(
    settings: &Settings,
    manifest: &Manifest,
    from: &Path,
    folder: &DataFolder,
    key: Option<[u8; 32]>,
    hold_outbound: bool,
) -> anyhow::Result<store::Restored> {
    let data = folder.path();
    let staging = data.join(STAGING);
    if let Some(key) = key {
        write_master_key(&data.join("master.key"), &key)?;
    }
    let engine = wiring::engine(settings, data);
    let blobs = wiring::blobs_folder(data);
    let contents = &manifest.contents;
    let restored = store::restore(contents, from, &engine, &blobs, &staging, hold_outbound);
    let restored = restored.context("the backup was not restored")?;
    fs::remove_dir_all(&staging)?;
    Ok(restored)
}

/// Takes away what a failed restore has written; the folder was empty before.
fn clear(folder: &Path, keep: bool) {
    let files = ["master.key", "mailroost.lock"].map(|name| folder.join(name));
    for path in files.iter().filter(|path| path.exists()) {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(%error, path = %path.display(), "left behind by a failed restore");
        }
    }
    // The last: while it is there, no server starts on the rest.
    let staging = folder.join(STAGING);
    if let Err(error) = fs::remove_dir_all(&staging) {
        tracing::warn!(%error, path = %staging.display(), "left behind by a failed restore");
    } else if !keep && let Err(error) = fs::remove_dir(folder) {
        tracing::warn!(%error, path = %folder.display(), "left behind by a failed restore");
    }
}
