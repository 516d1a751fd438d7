//! What can be told without the network: mode, folder, key, disk, clock.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use mail::Timestamp;
use store::Inspection;
use sys::Clock;

use super::Finding;
use crate::config::Settings;
use crate::data_folder::{DataFolder, read_master_key};

/// What a clock may differ by before anybody is told.
const SLACK: Duration = Duration::from_secs(300);

/// Syncs that are timed.
const SYNCS: u32 = 16;

pub fn mode(settings: &Settings) -> Finding {
    let check = "mode";
    let leaves = if settings.delivery.is_real() {
        "mail to other servers leaves as configured"
    } else {
        "mail to other servers stays in the sandbox"
    };
    if !settings.is_public() {
        let detail = format!(
            "laptop mode ({}): {leaves}; nothing is asked about in the DNS",
            settings.domain
        );
        return Finding::ok(check, detail);
    }
    let domain = &settings.domain;
    if !settings.http.ip().is_loopback() {
        return Finding::warning(
            check,
            format!(
                "public mode ({domain}): {leaves}; plain HTTP is open at {}",
                settings.http
            ),
            "Set `http` to 127.0.0.1:8080 and open `https`, or put a proxy with TLS in front and \
             keep others from the port.",
        );
    }
    Finding::ok(check, format!("public mode ({domain}): {leaves}"))
}

pub fn folder(settings: &Settings) -> Finding {
    let (check, shown) = ("data_folder", settings.data.display());
    if !settings.data.is_dir() {
        return Finding::problem(
            check,
            format!("{shown} does not exist"),
            "Start the server once, or name its folder with --data.",
        );
    }
    if let Err(error) = DataFolder::open(&settings.data) {
        return Finding::problem(
            check,
            format!("{error:#}"),
            "Run this as the user that the server runs as, or give that user the folder.",
        );
    }
    match fs::metadata(&settings.data) {
        Ok(about) if about.permissions().mode() & 0o077 != 0 => Finding::warning(
            check,
            format!(
                "{shown} is open to other users (mode {:o})",
                about.permissions().mode() & 0o777
            ),
            format!("chmod 700 {shown}"),
        ),
        Ok(_) => Finding::ok(check, format!("{shown} is private and can be written")),
        Err(error) => Finding::problem(
            check,
            format!("{shown}: {error}"),
            "Run this as the user that the server runs as.",
        ),
    }
}

pub fn master_key(settings: &Settings) -> Finding {
    let check = "master_key";
    if settings.master_key.is_some() {
        return Finding::ok(
            check,
            "from MAILROOST_MASTER_KEY; backups do not hold it, so keep it elsewhere too",
        );
    }
    let path = settings.data.join("master.key");
    if let Err(error) = read_master_key(&path) {
        return Finding::problem(
            check,
            format!("{error:#}"),
            "Put it back from a backup. A new one is made at a start, but cannot open what the old \
             one sealed.",
        );
    }
    match fs::metadata(&path) {
        Ok(about) if about.permissions().mode() & 0o077 != 0 => Finding::problem(
            check,
            format!("{} can be read by other users", path.display()),
            format!("chmod 600 {}", path.display()),
        ),
        _ => Finding::ok(check, "present and private"),
    }
}

pub fn disk(folder: &Path, clock: &dyn Clock) -> Vec<Finding> {
    let shown = folder.display();
    let space = match rustix::fs::statvfs(folder) {
        Ok(about) => space(about.f_bavail.saturating_mul(about.f_frsize), folder),
        Err(error) => Finding::warning(
            "disk_space",
            format!("{shown}: {error}"),
            "Run this as the user that the server runs as.",
        ),
    };
    let speed = match synced_writes(folder, clock) {
        Ok(rate) if rate < 50 => Finding::warning(
            "disk_syncs",
            format!("{rate} synced writes a second"),
            "Every message waits for a sync: put the data folder on a disk that syncs faster.",
        ),
        Ok(rate) => Finding::ok("disk_syncs", format!("{rate} synced writes a second")),
        Err(error) => Finding::problem(
            "disk_syncs",
            format!("{shown} cannot be written: {error}"),
            "Make room, or give the folder to the user that the server runs as.",
        ),
    };
    vec![space, speed]
}

fn space(free: u64, folder: &Path) -> Finding {
    let (check, mib) = ("disk_space", free >> 20);
    let detail = format!("{mib} MiB free in {}", folder.display());
    let fix = "Make room: without any, mail is put off with 452 and requests fail with 503.";
    match mib {
        0..256 => Finding::problem(check, detail, fix),
        256..2048 => Finding::warning(check, detail, fix),
        _ => Finding::ok(check, detail),
    }
}

fn synced_writes(folder: &Path, clock: &dyn Clock) -> std::io::Result<u128> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let timed = File::create_new(&path).and_then(|mut file| {
        let begun = clock.now();
        for _ in 0..SYNCS {
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
        }
        Ok(clock.now().since(begun))
    });
    if path.exists() {
        fs::remove_file(&path)?;
    }
    Ok(u128::from(SYNCS) * 1_000_000 / timed?.as_micros().max(1))
}

/// Holds the clock against what is stored. A clock that is ahead cannot be told without the network.
pub fn clock(inspection: Option<&Inspection>, folder: &Path, now: Timestamp) -> Finding {
    let check = "clock";
    let written = ["mailroost.db", "mailroost.db-wal", "master.key"]
        .iter()
        .filter_map(|name| fs::metadata(folder.join(name)).ok())
        .map(|about| Timestamp::from_micros(about.mtime().saturating_mul(1_000_000)))
        .max();
    let newest = inspection.and_then(|inspection| inspection.newest_event);
    let Some(latest) = written.max(newest) else {
        return Finding::ok(
            check,
            format!("{now}; nothing is stored to hold it against"),
        );
    };
    if latest > now.plus(SLACK) {
        return Finding::problem(
            check,
            format!("it is {now} here, but something was stored at {latest}"),
            "Set the clock and keep it right (`timedatectl set-ntp true`): signatures, links and \
             retries depend on it.",
        );
    }
    Finding::ok(
        check,
        format!("{now}, after everything that is stored; not compared with other clocks"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn little_space_is_told() {
        let status = |mib: u64| space(mib << 20, Path::new("/x")).status;
        assert_eq!(status(100), Status::Problem);
        assert_eq!(status(1000), Status::Warning);
        assert_eq!(status(100_000), Status::Ok);
    }

    #[test]
    fn a_clock_behind_what_is_stored_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("master.key"), "x").unwrap();
        let written = sys::SystemClock.now();
        let status = |now| clock(None, folder.path(), now).status;
        assert_eq!(status(written), Status::Ok);
        assert_eq!(status(written.minus(SLACK * 2)), Status::Problem);
    }
}
