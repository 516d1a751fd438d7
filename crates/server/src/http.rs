//! The HTTP doors, plain and with TLS: one port for requests and WebSockets, with our own accept
//! loop.
//!
//! The loop is ours because these must be bounded or awaited: how many connections there are (a
//! WebSocket counts until it closes), how long a client may take for its head or stop in the middle
//! of a body, and the end of every request when the server stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::middleware::AddExtension;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use sys::{Clock, Shutdown, Tasks};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

/// How long a client may take for the handshake of TLS and then for the head of a request; also how
/// long an idle connection is kept.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// A connection on which no byte moves in either direction for this long, or up to twice as long,
/// is closed. A WebSocket never gets there: the server pings it.
const STALL_LIMIT: Duration = Duration::from_secs(90);
/// The most bytes of a request head. Credentials and page tokens fit many times.
const HEAD_BYTES: usize = 64 << 10;
/// The rest after the machine refused us a connection, mostly for want of file descriptors.
const REST: Duration = Duration::from_millis(100);

/// The API as one client sees it.
type Door = AddExtension<Router, ConnectInfo<SocketAddr>>;

/// The connections there may be, and those there are.
#[derive(Clone)]
pub struct Connections {
    permits: Arc<Semaphore>,
    most: u32,
}

impl Connections {
    /// At most `most` at once.
    pub fn new(most: u32) -> Self {
        let permits = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(usize::MAX)));
        Self { permits, most }
    }

    /// Completes when none is left, WebSockets included. Only after [`serve`] has returned: while
    /// it waits for a client it keeps a place for it.
    pub async fn closed(&self) {
        // An error means that the semaphore was closed, which nobody does.
        let _ = self.permits.acquire_many(self.most).await;
    }
}

/// Accepts until the shutdown of `tasks` is requested, then returns; every connection is a task
/// that answers the request it is in and closes. With `tls` every connection begins with its
/// handshake.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    connections: Connections,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
) {
    let mut shutdown = tasks.shutdown();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.requested() => return,
            accepted = accept(&listener, &connections, &clock) => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let door = api::of_peer(router.clone(), peer);
                let shutdown = tasks.shutdown();
                match tls.clone() {
                    None => tasks.spawn(converse(stream, door, shutdown)),
                    Some(tls) => {
                        let clock = Arc::clone(&clock);
                        tasks.spawn(encrypt(stream, tls, door, clock, shutdown));
                    }
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "HTTP cannot accept a connection");
                clock.sleep_until(clock.now().plus(REST)).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Connections,
    clock: &Arc<dyn Clock>,
) -> io::Result<(Counted, SocketAddr)> {
    let permit = Arc::clone(&connections.permits)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are small and written whole; waiting to fill a segment only delays them.
    stream.set_nodelay(true)?;
    let counted = Counted {
        stream,
        stall: Stall {
            clock: Arc::clone(clock),
            timer: None,
            moved: false,
        },
        _permit: permit,
    };
    Ok((counted, peer))
}

/// The client went away between its handshake and our accept.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::NotConnected
    )
}

/// The handshake, in a task of its own so that a slow client keeps nobody waiting.
async fn encrypt(
    stream: Counted,
    tls: TlsAcceptor,
    door: Door,
    clock: Arc<dyn Clock>,
    mut shutdown: Shutdown,
) {
    let handshake = sys::timeout(&*clock, HEAD_LIMIT, tls.accept(stream));
    let done = tokio::select! {
        done = handshake => done,
        () = shutdown.requested() => return,
    };
    match done {
        Ok(Ok(stream)) => converse(stream, door, shutdown).await,
        // Plain HTTP, an ancient client, somebody who scans for ports: their own affair.
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(sys::Elapsed) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn converse<S>(stream: S, door: Door, mut shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(door))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.requested() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that hangs up or stalls: its own affair.
        tracing::debug!(%error, "HTTP connection ended early");
    }
}

/// A stream that holds its place among the connections until it is dropped, also when a WebSocket
/// has taken it over.
struct Counted {
    stream: TcpStream,
    stall: Stall,
    _permit: OwnedSemaphorePermit,
}

/// Tells when a connection has stopped moving.
struct Stall {
    clock: Arc<dyn Clock>,
    /// Made at the first wait: most connections never wait long.
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Whether anything moved since the timer was set.
    moved: bool,
}

impl Stall {
    /// Passes the outcome of a read or write on, or an error when nothing has moved for too long.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.moved = true;
            return outcome;
        }
        loop {
            let clock = &self.clock;
            let timer = self
                .timer
                .get_or_insert_with(|| clock.sleep_until(clock.now().plus(STALL_LIMIT)));
            std::task::ready!(timer.as_mut().poll(context));
            self.timer = None;
            if !std::mem::take(&mut self.moved) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.stall.watch(context, outcome)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.stall.watch(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.stall.watch(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Not watched: it succeeds whenever it is asked, also when nothing moves.
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
