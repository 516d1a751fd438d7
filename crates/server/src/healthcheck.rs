//! `mailroost healthcheck`: asks a running server whether it is ready, for containers.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::welcome;

const LIMIT: Duration = Duration::from_secs(3);

/// `GET /healthz` at the configured address.
///
/// # Errors
/// When nothing answers within three seconds, or something other than 200.
pub fn run(http: SocketAddr) -> anyhow::Result<()> {
    let address = welcome::reachable(http);
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)
        .with_context(|| format!("nothing answers on {address}"))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut status = [0; 12];
    stream
        .read_exact(&mut status)
        .with_context(|| format!("no answer from {address}"))?;
    if &status != b"HTTP/1.1 200" {
        bail!("{address} is not ready");
    }
    Ok(())
}
