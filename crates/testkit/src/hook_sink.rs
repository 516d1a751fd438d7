//! A receiver of webhooks that does as it is told, and worse.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// What the receiver does with a request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Answers with these bytes and closes.
    Answer(Vec<u8>),
    /// Says nothing until [`HookSink::release`], then answers 200.
    Hang,
    /// Breaks the connection.
    Reset,
    /// Answers 200 with a body that does not end.
    Endless,
}

impl Reaction {
    /// An answer of this status with header lines (each ending in CRLF) and a body.
    #[must_use]
    pub fn answer(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
        Self::Answer(text.into_bytes())
    }

    /// An empty answer of this status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::answer(status, "", "")
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The request line: `POST /hook HTTP/1.1`.
    pub line: String,
    /// Its header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Posted {
    /// The value of a header field; empty without one.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }
}

/// An HTTP server on loopback. It ends when this is dropped.
pub struct HookSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    posted: mpsc::UnboundedReceiver<Posted>,
    task: JoinHandle<()>,
}

struct Shared {
    script: Mutex<VecDeque<Reaction>>,
    usual: Mutex<Reaction>,
    released: watch::Sender<bool>,
    open: AtomicUsize,
    most: AtomicUsize,
}

impl HookSink {
    /// A receiver that answers 200.
    ///
    /// # Errors
    /// When no port can be had.
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of the test's own, which ends with it"
    )]
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, posted) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            usual: Mutex::new(Reaction::status(200)),
            released: watch::Sender::new(false),
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        let inner = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, sender) = (Arc::clone(&inner), sender.clone());
                tokio::spawn(async move {
                    let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
                    shared.most.fetch_max(open, Ordering::SeqCst);
                    // What breaks off was broken by the other side or on purpose.
                    let _ = serve(stream, &shared, &sender).await;
                    shared.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Ok(Self {
            address,
            shared,
            posted,
            task,
        })
    }

    /// The URL of a path that begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What to do with the next requests, one after the other; then comes the usual.
    pub fn then(&self, reactions: impl IntoIterator<Item = Reaction>) {
        lock(&self.shared.script).extend(reactions);
    }

    /// What to do with every request that nothing else is said about.
    pub fn always(&self, reaction: Reaction) {
        *lock(&self.shared.usual) = reaction;
    }

    /// Answers what hangs, and hangs no more.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// The next request, once its body has come.
    ///
    /// # Panics
    /// Never while the sink is there.
    pub async fn next(&mut self) -> Posted {
        match self.posted.recv().await {
            Some(posted) => posted,
            None => unreachable!("the sink holds a sender"),
        }
    }

    /// A request that has come and was not looked at.
    pub fn waiting(&mut self) -> Option<Posted> {
        self.posted.try_recv().ok()
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// How many connections were open at once.
    #[must_use]
    pub fn most(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }
}

impl Drop for HookSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    shared: &Shared,
    sender: &mpsc::UnboundedSender<Posted>,
) -> io::Result<()> {
    let posted = read(&mut stream).await?;
    let reaction = lock(&shared.script).pop_front();
    let reaction = reaction.unwrap_or_else(|| lock(&shared.usual).clone());
    let _ = sender.send(posted);
    match reaction {
        Reaction::Answer(bytes) => stream.write_all(&bytes).await?,
        Reaction::Hang => {
            let mut released = shared.released.subscribe();
            let mut byte = [0];
            tokio::select! {
                _ = async { released.wait_for(|released| *released).await.is_ok() } => {
                    stream.write_all(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n").await?;
                }
                // The other side lost its patience.
                _ = stream.read(&mut byte) => return Ok(()),
            }
        }
        Reaction::Reset => {
            #[expect(deprecated, reason = "nothing is waited for where nothing lingers")]
            stream.set_linger(Some(std::time::Duration::ZERO))?;
            return Ok(());
        }
        Reaction::Endless => {
            stream.write_all(b"HTTP/1.1 200 X\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'x'; 4096]).await?;
            }
        }
    }
    stream.shutdown().await
}

async fn read(stream: &mut TcpStream) -> io::Result<Posted> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut chunk).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend_from_slice(&chunk[..n]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = bytes.split_off(end + 4);
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    while body.len() < length {
        match stream.read(&mut chunk).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => body.extend_from_slice(&chunk[..n]),
        }
    }
    Ok(Posted {
        line,
        headers,
        body,
    })
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
