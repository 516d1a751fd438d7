//! A bare connection, for protocols other than HTTP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};

use super::{DialError, Dialer};
use crate::timeout;

/// A connection to open.
#[derive(Clone, Copy, Debug)]
pub struct Open<'a> {
    /// The name that led to the address. It counts when the operator allowed a host by name.
    pub host: &'a str,
    /// Where to.
    pub address: SocketAddr,
    /// Our own address, where the machine has several.
    pub source: Option<IpAddr>,
    /// How long to wait.
    pub limit: Duration,
}

impl Dialer {
    /// Opens a connection to an address that was already looked up, when the policy allows it.
    ///
    /// # Errors
    /// [`DialError::Private`], [`DialError::Connect`] and [`DialError::Late`].
    pub async fn open(&self, open: Open<'_>) -> Result<TcpStream, DialError> {
        self.0.policy.admit_host(open.host, open.address.ip())?;
        let connecting = connect(open.address, open.source);
        let stream = timeout(&*self.0.clock, open.limit, connecting)
            .await
            .map_err(|_| DialError::Late("connecting"))?
            .map_err(DialError::Connect)?;
        // Commands are small and each waits for its reply.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

async fn connect(address: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.connect(address).await
}
