//! An SMTP server on a loopback port.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use smtp::{Handler, Server, Settings};
use sys::{Env, Running, Tasks};

/// A running server. Dropping it without [`SmtpServer::stop`] leaves its sessions alone.
pub struct SmtpServer {
    /// Where it listens.
    pub addr: SocketAddr,
    running: Running,
}

impl SmtpServer {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When the loopback address cannot be used.
    pub async fn start<H: Handler>(
        handler: Arc<H>,
        settings: Settings,
        env: Env,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let listener = sys::listen("SMTP", (Ipv4Addr::LOCALHOST, 0).into()).await?;
        let addr = listener.local_addr()?;
        let (tasks, running) = Tasks::new();
        let server = Arc::new(Server::new(handler, settings, env));
        tasks.spawn(server.serve(listener, tasks.clone()));
        Ok(Self { addr, running })
    }

    /// Requests the shutdown and waits until every session has ended.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}
