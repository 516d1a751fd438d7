//! What the operator decides about this door, and what every handler shares.

use std::sync::{Arc, OnceLock};

use app::App;
use axum::extract::FromRef;
use bytes::Bytes;
use sys::dial::Net;

/// What the operator decides, and the outside world.
#[derive(Clone)]
pub struct Settings {
    /// The URL under which clients reach this server (`https://mail.example.com`), for the links it
    /// gives out. `None` takes the `Host` field of each request.
    pub public_base: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Net>,
    /// The largest request body, in octets.
    pub max_body_bytes: usize,
    /// Time and randomness.
    pub env: sys::Env,
    /// The set that WebSocket sessions belong to; they end when it is stopped.
    pub tasks: sys::Tasks,
    /// Tells answers that have no end of their own when the door closes.
    pub stopping: sys::Shutdown,
}

impl Settings {
    /// Room for 25 MB of attachments, which base64 makes a third larger.
    pub const MAX_BODY_BYTES: usize = 36 * 1024 * 1024;

    /// The defaults. The door closes with `tasks`.
    #[must_use]
    pub fn new(env: sys::Env, tasks: sys::Tasks) -> Self {
        Self {
            public_base: None,
            trusted_proxies: Vec::new(),
            max_body_bytes: Self::MAX_BODY_BYTES,
            stopping: tasks.shutdown(),
            env,
            tasks,
        }
    }
}

/// What handlers and extractors take their parts from.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) app: App,
    pub(crate) settings: Arc<Settings>,
    /// The OpenAPI description, once somebody has asked for it.
    pub(crate) description: Arc<OnceLock<Bytes>>,
}

impl FromRef<Door> for App {
    fn from_ref(door: &Door) -> Self {
        door.app.clone()
    }
}

impl FromRef<Door> for Arc<Settings> {
    fn from_ref(door: &Door) -> Self {
        Self::clone(&door.settings)
    }
}
