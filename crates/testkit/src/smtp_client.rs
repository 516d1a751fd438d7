//! A small SMTP client for tests: it can also be rude.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::tls;

/// A connection to an SMTP server.
pub struct SmtpClient {
    stream: Stream,
    /// Bytes that are read and not yet used.
    input: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Gone,
}

/// A reply, of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientReply {
    /// The three digits.
    pub code: u16,
    /// The text of each line, with the enhanced code where there is one.
    pub lines: Vec<String>,
}

impl ClientReply {
    /// Whether the code is below 400.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.code < 400
    }
}

/// The code and the last line: `250 2.0.0 Ok`.
impl fmt::Display for ClientReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.lines.last().map_or("", String::as_str);
        write!(f, "{} {last}", self.code)
    }
}

impl SmtpClient {
    /// Connects and waits for the greeting, which must be 220.
    ///
    /// # Errors
    /// When the connection fails or the server does not welcome the client.
    pub async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let mut client = Self::open(addr).await?;
        let greeting = client.reply().await?;
        if greeting.code == 220 {
            Ok(client)
        } else {
            Err(io::Error::other(format!("turned away: {greeting}")))
        }
    }

    /// Connects and reads nothing.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn open(addr: SocketAddr) -> io::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "tests dial their own loopback servers"
        )]
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: Stream::Plain(stream),
            input: Vec::new(),
        })
    }

    /// Sends EHLO and gives the lines of the answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn ehlo(&mut self, name: &str) -> io::Result<ClientReply> {
        self.command(&format!("EHLO {name}")).await
    }

    /// STARTTLS and the handshake, with whatever certificate. EHLO has to be said again.
    ///
    /// # Errors
    /// When the server refuses or the handshake fails.
    pub async fn starttls(&mut self) -> io::Result<()> {
        let reply = self.command("STARTTLS").await?;
        if reply.code != 220 {
            return Err(io::Error::other(format!("STARTTLS refused: {reply}")));
        }
        self.handshake().await
    }

    /// The handshake alone.
    ///
    /// # Errors
    /// When it fails or the connection is encrypted already.
    pub async fn handshake(&mut self) -> io::Result<()> {
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(io::Error::other("not a plain connection"));
        };
        let config = tls::trusting_client().map_err(io::Error::other)?;
        let name = "mx.example".try_into().map_err(io::Error::other)?;
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    /// One transaction with DATA. Dots are stuffed, and CRLF is added when the last line lacks it;
    /// other line ends are sent as they are. `from` is empty for `<>`.
    ///
    /// Gives the first refusal, or the answer to the message. After a refusal the transaction is
    /// reset. A message that is not ASCII is sent with BODY=8BITMIME, an address with SMTPUTF8.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(&mut self, from: &str, to: &[&str], raw: &[u8]) -> io::Result<ClientReply> {
        let body = if raw.is_ascii() { "" } else { " BODY=8BITMIME" };
        let ascii = from.is_ascii() && to.iter().all(|to| to.is_ascii());
        let utf8 = if ascii { "" } else { " SMTPUTF8" };
        let mut commands = vec![format!("MAIL FROM:<{from}>{body}{utf8}")];
        commands.extend(to.iter().map(|to| format!("RCPT TO:<{to}>")));
        commands.push("DATA".to_owned());
        for command in commands {
            let reply = self.command(&command).await?;
            if !reply.is_ok() {
                self.command("RSET").await?;
                return Ok(reply);
            }
        }
        self.write(&stuffed(raw)).await?;
        self.reply().await
    }

    /// Sends a line and waits for its reply.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn command(&mut self, line: &str) -> io::Result<ClientReply> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes).await,
            Stream::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            Stream::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Waits for one reply, all lines of it.
    ///
    /// # Errors
    /// When the connection ends before, or what comes is not a reply.
    pub async fn reply(&mut self) -> io::Result<ClientReply> {
        let mut reply = ClientReply {
            code: 0,
            lines: Vec::new(),
        };
        loop {
            let line = self.line().await?;
            let odd = || io::Error::other(format!("not a reply line: {line:?}"));
            let (code, rest) = line.split_at_checked(3).ok_or_else(odd)?;
            let code: u16 = code.parse().map_err(|_| odd())?;
            if !reply.lines.is_empty() && code != reply.code {
                return Err(odd());
            }
            reply.code = code;
            let (last, text) = match rest.split_at_checked(1) {
                None => (true, ""),
                Some((" ", text)) => (true, text),
                Some(("-", text)) => (false, text),
                Some(_) => return Err(odd()),
            };
            reply.lines.push(text.to_owned());
            if last {
                return Ok(reply);
            }
        }
    }

    /// Waits until the server closes the connection, gently or not.
    ///
    /// # Errors
    /// When the server says something more.
    pub async fn closed(&mut self) -> io::Result<()> {
        if self.input.is_empty() && self.read().await.is_ok_and(|more| more) {
            let said = self.input.escape_ascii();
            return Err(io::Error::other(format!("still open, and said {said}")));
        }
        Ok(())
    }

    /// Waits until the server closes the connection, and ignores what it says before.
    pub async fn cut(&mut self) {
        while self.read().await.is_ok_and(|more| more) {
            self.input.clear();
        }
        self.input.clear();
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.input.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.input.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).map_err(io::Error::other);
            }
            if !self.read().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Whether more has come; `false` at the end.
    async fn read(&mut self) -> io::Result<bool> {
        let read = match &mut self.stream {
            Stream::Plain(stream) => stream.read_buf(&mut self.input).await?,
            Stream::Tls(stream) => stream.read_buf(&mut self.input).await?,
            Stream::Gone => 0,
        };
        Ok(read > 0)
    }
}

fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(raw.len() + 64);
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    if !wire.is_empty() && !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}
