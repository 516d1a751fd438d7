//! A server that takes mail and does as it is told, and worse: it greylists, defers, hangs, drops
//! the connection after the final dot, and shows bad certificates.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the server does instead of the usual.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answers this; `\n` parts the lines, which carry their codes.
    Say(String),
    /// Answers this and closes.
    SayAndClose(String),
    /// Closes without a word. A message that is complete is not kept.
    Close,
    /// Keeps the message, answers nothing and closes: only for [`MailSink::MESSAGE`].
    KeepAndClose,
    /// Says nothing until [`MailSink::release`], or until the client leaves; then the usual.
    Hang,
    /// Waits this long, then the usual.
    Slow(Duration),
}

impl Act {
    /// [`Act::Say`].
    #[must_use]
    pub fn say(text: &str) -> Self {
        Self::Say(text.to_owned())
    }
}

/// What the server is able to do.
#[derive(Clone)]
pub struct Manners {
    /// The keywords after EHLO, without STARTTLS and AUTH. `None` is a server that knows only HELO.
    pub keywords: Option<Vec<String>>,
    /// The certificate; STARTTLS is offered when there is one.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// TLS from the first octet instead of STARTTLS.
    pub implicit: bool,
    /// The base64 response to AUTH PLAIN that is let in, and asked for before MAIL.
    pub plain: Option<String>,
}

/// A modern server without TLS.
impl Default for Manners {
    fn default() -> Self {
        let keywords = [
            "PIPELINING",
            "SIZE 52428800",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
        ];
        Self {
            keywords: Some(keywords.map(str::to_owned).to_vec()),
            tls: None,
            implicit: false,
            plain: None,
        }
    }
}

/// A message that the server has taken the responsibility for, or kept all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The reverse-path without its brackets.
    pub from: String,
    /// The forward-paths without their brackets, only those that were not refused.
    pub to: Vec<String>,
    /// What came after `MAIL FROM:<…>`.
    pub params: String,
    /// The message, without stuffed dots.
    pub raw: Vec<u8>,
    /// Whether the connection was encrypted.
    pub tls: bool,
    /// The connection, counted from 1.
    pub connection: usize,
}

/// An SMTP server on a loopback address. It ends when this is dropped.
pub struct MailSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    delivered: mpsc::UnboundedReceiver<Delivered>,
    task: JoinHandle<()>,
}

struct Shared {
    manners: Mutex<Manners>,
    rules: Mutex<Vec<Rule>>,
    heard: Mutex<Vec<String>>,
    released: watch::Sender<bool>,
    connections: AtomicUsize,
    open: AtomicUsize,
    most: AtomicUsize,
}

struct Rule {
    begins: String,
    left: usize,
    act: Act,
}

impl MailSink {
    /// Stands for the moment before the greeting in [`MailSink::on`].
    pub const CONNECT: &str = "<connect>";
    /// Stands for the moment after 354.
    pub const CONTENT: &str = "<content>";
    /// Stands for the moment after the final dot.
    pub const MESSAGE: &str = "<message>";

    /// A server on 127.0.0.1 and a free port that takes everything.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::at((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// The same at this address: any of 127.0.0.0/8, port 0 for a free one.
    ///
    /// # Errors
    /// When the address cannot be had.
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of the test's own, which ends with it"
    )]
    pub async fn at(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (sender, delivered) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            manners: Mutex::default(),
            rules: Mutex::default(),
            heard: Mutex::default(),
            released: watch::Sender::new(false),
            connections: AtomicUsize::new(0),
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
            delivered,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the server is able to do, for connections from now on.
    pub fn manners(&self, manners: Manners) {
        *lock(&self.shared.manners) = manners;
    }

    /// What to do about every command that begins so, whatever its case. The first that fits wins.
    pub fn on(&self, begins: &str, act: Act) {
        self.times(usize::MAX, begins, act);
    }

    /// The same for the first such command, on whichever connection: greylisting is
    /// `once("RCPT", Act::say("451 4.7.1 later"))`.
    pub fn once(&self, begins: &str, act: Act) {
        self.times(1, begins, act);
    }

    /// The same for the first `times` such commands.
    pub fn times(&self, times: usize, begins: &str, act: Act) {
        lock(&self.shared.rules).push(Rule {
            begins: begins.to_ascii_lowercase(),
            left: times,
            act,
        });
    }

    /// Forgets what it was told with [`MailSink::on`] and its like.
    pub fn forget(&self) {
        lock(&self.shared.rules).clear();
    }

    /// Goes on with what hangs, and hangs no more.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// The next message, once it has come.
    ///
    /// # Panics
    /// Never while the sink is there.
    pub async fn next(&mut self) -> Delivered {
        match self.delivered.recv().await {
            Some(delivered) => delivered,
            None => unreachable!("the sink holds a sender"),
        }
    }

    /// A message that has come and was not looked at.
    pub fn waiting(&mut self) -> Option<Delivered> {
        self.delivered.try_recv().ok()
    }

    /// Every command so far, with the pseudo-commands [`MailSink::CONNECT`] and its like.
    #[must_use]
    pub fn heard(&self) -> Vec<String> {
        lock(&self.shared.heard).clone()
    }

    /// How many connections there were.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
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

impl Drop for MailSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Wire for T {}

struct Talk<'a> {
    stream: Box<dyn Wire>,
    input: BytesMut,
    shared: &'a Shared,
    manners: Manners,
    sender: &'a mpsc::UnboundedSender<Delivered>,
    tls: bool,
    known: bool,
    connection: usize,
    transaction: Option<Delivered>,
}

async fn serve(
    stream: TcpStream,
    shared: &Shared,
    sender: &mpsc::UnboundedSender<Delivered>,
) -> io::Result<()> {
    let manners = lock(&shared.manners).clone();
    stream.set_nodelay(true)?;
    let mut talk = Talk {
        stream: Box::new(stream),
        input: BytesMut::new(),
        shared,
        known: manners.plain.is_none(),
        manners,
        sender,
        tls: false,
        connection: shared.connections.fetch_add(1, Ordering::SeqCst) + 1,
        transaction: None,
    };
    if talk.manners.implicit {
        talk.handshake().await?;
    }
    let greeting = "220 sink.test ESMTP".to_owned();
    if !talk.answer(MailSink::CONNECT, || greeting).await? {
        return talk.stream.shutdown().await;
    }
    loop {
        let line = String::from_utf8_lossy(&talk.line().await?).into_owned();
        if !talk.command(&line).await? {
            return talk.stream.shutdown().await;
        }
    }
}

impl Talk<'_> {
    /// Whether the conversation goes on.
    async fn command(&mut self, line: &str) -> io::Result<bool> {
        let upper = line.to_ascii_uppercase();
        let verb = upper.split([' ', ':']).next().unwrap_or_default();
        match verb {
            "STARTTLS" if self.manners.tls.is_some() && !self.tls => {
                let mut go = false;
                let on = self
                    .answer(line, || {
                        go = true;
                        "220 2.0.0 go ahead".to_owned()
                    })
                    .await?;
                if on && go {
                    self.input.clear();
                    self.handshake().await?;
                }
                Ok(on)
            }
            "DATA"
                if self
                    .transaction
                    .as_ref()
                    .is_some_and(|one| !one.to.is_empty()) =>
            {
                let mut go = false;
                let on = self
                    .answer(line, || {
                        go = true;
                        "354 go ahead".to_owned()
                    })
                    .await?;
                if on && go {
                    self.message().await
                } else {
                    Ok(on)
                }
            }
            "QUIT" => {
                self.answer(line, || "221 2.0.0 bye".to_owned()).await?;
                Ok(false)
            }
            _ => {
                let usual = self.usual(verb, line);
                // What is refused by a rule must not be remembered as taken.
                let mut taken = false;
                let on = self
                    .answer(line, || {
                        taken = true;
                        usual
                    })
                    .await?;
                if taken {
                    self.remember(verb, line);
                }
                Ok(on)
            }
        }
    }

    fn usual(&self, verb: &str, line: &str) -> String {
        let inside = self.transaction.is_some();
        match verb {
            "EHLO" => match &self.manners.keywords {
                None => "500 5.5.1 what".to_owned(),
                Some(keywords) => {
                    let mut lines = vec!["sink.test".to_owned()];
                    lines.extend(keywords.iter().cloned());
                    if self.manners.tls.is_some() && !self.tls {
                        lines.push("STARTTLS".to_owned());
                    }
                    if self.manners.plain.is_some() {
                        lines.push("AUTH PLAIN".to_owned());
                    }
                    let last = lines.len() - 1;
                    let coded = lines.iter().enumerate().map(|(at, text)| {
                        format!("250{}{text}", if at == last { ' ' } else { '-' })
                    });
                    coded.collect::<Vec<_>>().join("\n")
                }
            },
            "HELO" => "250 sink.test".to_owned(),
            "RSET" | "NOOP" => "250 2.0.0 ok".to_owned(),
            "AUTH" => match &self.manners.plain {
                Some(plain) if line.split(' ').nth(2) == Some(plain) => "235 2.7.0 welcome",
                Some(_) => "535 5.7.8 no",
                None => "502 5.5.1 no",
            }
            .to_owned(),
            "MAIL" if !self.known => "530 5.7.0 log in".to_owned(),
            "MAIL" if inside => "503 5.5.1 once".to_owned(),
            "MAIL" => "250 2.1.0 ok".to_owned(),
            "RCPT" if !inside => "503 5.5.1 MAIL first".to_owned(),
            "RCPT" => "250 2.1.5 ok".to_owned(),
            "DATA" if inside => "554 5.5.1 no valid recipients".to_owned(),
            "DATA" => "503 5.5.1 MAIL first".to_owned(),
            _ => "502 5.5.1 what".to_owned(),
        }
    }

    /// The usual answer was given: what follows from it.
    fn remember(&mut self, verb: &str, line: &str) {
        let path = |line: &str| {
            let (_, rest) = line.split_once('<')?;
            let (path, params) = rest.split_once('>')?;
            Some((path.to_owned(), params.trim().to_owned()))
        };
        match verb {
            "EHLO" | "HELO" | "RSET" => self.transaction = None,
            "AUTH" => self.known |= self.usual(verb, line).starts_with("235"),
            "MAIL" if self.known && self.transaction.is_none() => {
                let (from, params) = path(line).unwrap_or_default();
                self.transaction = Some(Delivered {
                    from,
                    to: Vec::new(),
                    params,
                    raw: Vec::new(),
                    tls: self.tls,
                    connection: self.connection,
                });
            }
            "RCPT" => {
                if let (Some(one), Some((to, _))) = (&mut self.transaction, path(line)) {
                    one.to.push(to);
                }
            }
            _ => {}
        }
    }

    async fn message(&mut self) -> io::Result<bool> {
        let mut nothing = false;
        let on = self
            .answer(MailSink::CONTENT, || {
                nothing = true;
                String::new()
            })
            .await?;
        if !on || !nothing {
            return Ok(on);
        }
        let mut raw = Vec::new();
        loop {
            let line = self.line().await?;
            if line == b"." {
                break;
            }
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            raw.extend_from_slice(b"\r\n");
        }
        let Some(mut one) = self.transaction.take() else {
            return Ok(false);
        };
        one.raw = raw;
        let keep = matches!(self.rule(MailSink::MESSAGE), Some(Act::KeepAndClose));
        if keep {
            self.take_rule(MailSink::MESSAGE);
            lock(&self.shared.heard).push(MailSink::MESSAGE.to_owned());
            let _ = self.sender.send(one);
            return Ok(false);
        }
        let mut taken = false;
        let on = self
            .answer(MailSink::MESSAGE, || {
                taken = true;
                "250 2.0.0 kept".to_owned()
            })
            .await;
        if taken {
            // Kept whether or not the answer still reached the client.
            let _ = self.sender.send(one);
        }
        on
    }

    /// Answers as the rules say, or as usual. Whether the conversation goes on.
    async fn answer(&mut self, to: &str, usual: impl FnOnce() -> String) -> io::Result<bool> {
        lock(&self.shared.heard).push(to.to_owned());
        let (text, on) = match self.take_rule(to) {
            None => (usual(), true),
            Some(Act::Say(text)) => (text, true),
            Some(Act::SayAndClose(text)) => (text, false),
            Some(Act::Close | Act::KeepAndClose) => return Ok(false),
            Some(Act::Hang) => {
                self.hang().await?;
                (usual(), true)
            }
            Some(Act::Slow(wait)) => {
                pause(wait).await;
                (usual(), true)
            }
        };
        if !text.is_empty() {
            let wire = format!("{}\r\n", text.replace('\n', "\r\n"));
            self.stream.write_all(wire.as_bytes()).await?;
            self.stream.flush().await?;
        }
        Ok(on)
    }

    /// The rule that fits, not used up.
    fn rule(&self, to: &str) -> Option<Act> {
        let to = to.to_ascii_lowercase();
        let rules = lock(&self.shared.rules);
        let fits = |rule: &&Rule| rule.left > 0 && to.starts_with(&rule.begins);
        rules.iter().find(fits).map(|rule| rule.act.clone())
    }

    fn take_rule(&self, to: &str) -> Option<Act> {
        let to = to.to_ascii_lowercase();
        let mut rules = lock(&self.shared.rules);
        let fits = |rule: &&mut Rule| rule.left > 0 && to.starts_with(&rule.begins);
        let rule = rules.iter_mut().find(fits)?;
        rule.left -= 1;
        Some(rule.act.clone())
    }

    /// Until it is released. What the client sends in the meantime waits for its turn.
    async fn hang(&mut self) -> io::Result<()> {
        let mut released = self.shared.released.subscribe();
        loop {
            tokio::select! {
                over = async { released.wait_for(|released| *released).await.is_ok() } => {
                    return if over { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) };
                }
                read = self.stream.read_buf(&mut self.input) => {
                    if read? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }

    async fn handshake(&mut self) -> io::Result<()> {
        let Some(tls) = self.manners.tls.clone() else {
            return Err(io::Error::other("no certificate"));
        };
        let (gone, _) = tokio::io::duplex(1);
        let stream = std::mem::replace(&mut self.stream, Box::new(gone));
        self.stream = Box::new(TlsAcceptor::from(tls).accept(stream).await?);
        self.tls = true;
        self.transaction = None;
        Ok(())
    }

    async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.input.windows(2).position(|pair| pair == b"\r\n") {
                let mut line = self.input.split_to(end + 2);
                line.truncate(end);
                return Ok(line.to_vec());
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a slow server has to be slow")]
async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
