//! Accepts every message and forgets it: the cost of the conversation alone.
//!
//! `cargo run --release -p smtp --example null_server 127.0.0.1:2525`

use std::net::SocketAddr;
use std::sync::Arc;

use mail::Address;
use smtp::{Envelope, Handler, Reply, Server, Settings};

struct Forget;

impl Handler for Forget {
    async fn connected(&self, _peer: SocketAddr) -> Result<(), Reply> {
        Ok(())
    }

    async fn mail_from(&self, _envelope: &Envelope) -> Result<(), Reply> {
        Ok(())
    }

    async fn rcpt_to(&self, _envelope: &Envelope, _to: &Address) -> Result<(), Reply> {
        Ok(())
    }

    async fn message(&self, _envelope: Envelope, raw: Vec<u8>) -> Reply {
        drop(raw);
        Reply::ok(250, (0, 0), "Forgotten")
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:2525").parse()?;
    let listener = sys::listen("SMTP", address).await?;
    let (tasks, running) = sys::Tasks::new();
    let settings = Settings::new("null.example");
    let server = Arc::new(Server::new(Arc::new(Forget), settings, sys::Env::system()));
    tasks.spawn(server.serve(listener, tasks.clone()));
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
