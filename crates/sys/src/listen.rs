//! Opening listening sockets, with errors that say what to do.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// A door could not be opened. The text is one line, made for the person who started the server.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot listen on {addr}: {}", remedy(.source))]
pub struct ListenError {
    what: &'static str,
    addr: SocketAddr,
    source: io::Error,
}

fn remedy(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program has this port; stop it or choose another port".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have that address; use 127.0.0.1, 0.0.0.0 or one of its own"
                .to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need the right CAP_NET_BIND_SERVICE; choose a higher port or grant it"
                .to_owned()
        }
        _ => error.to_string(),
    }
}

/// Opens a TCP socket for the door called `what` ("HTTP", "SMTP"). Port 0 takes any free port.
///
/// # Errors
/// [`ListenError`] when the address is taken, foreign or forbidden.
pub async fn listen(what: &'static str, addr: SocketAddr) -> Result<TcpListener, ListenError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that opens listening sockets"
    )]
    TcpListener::bind(addr)
        .await
        .map_err(|source| ListenError { what, addr, source })
}
