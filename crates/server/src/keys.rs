//! `mailroost keys create`: the way back when nobody holds an admin key any more.
//!
//! Whoever can write the data folder owns the server, so no other proof is asked for. With SQLite
//! the folder's lock keeps this from running beside a server.

use anyhow::{Context as _, bail};
use sys::{Env, Tasks};

use crate::config::Settings;
use crate::data_folder::DataFolder;
use crate::{welcome, wiring};

/// Makes an admin key and prints it, alone on its line, to standard output.
///
/// # Errors
/// When there is no Mailroost data, or a server has it open.
pub async fn create(settings: Settings) -> anyhow::Result<()> {
    // A mistyped folder must not become a second, empty server with a key to it.
    let has_data = settings.data.join("master.key").exists();
    let key_is_elsewhere = settings.master_key.is_some() && settings.data.is_dir();
    if settings.database.is_none() && !has_data && !key_is_elsewhere {
        bail!(
            "there is no Mailroost data in {}; name its folder with --data",
            settings.data.display()
        );
    }
    let env = Env::system();
    let folder = DataFolder::open(&settings.data)?;
    let store = wiring::open_store(&settings, &folder, &env).await?;
    let (tasks, workers) = Tasks::new();
    let made = async {
        let app = wiring::start_app(&settings, &folder, store.clone(), &env, &tasks).await?;
        app.create_operator_key()
            .await
            .context("the key cannot be made")
    }
    .await;
    workers.stop().await;
    wiring::close_store(store).await;
    welcome::print(&format!("{}\n", made?));
    Ok(())
}
