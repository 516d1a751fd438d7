//! The clients of a running server: HTTP, WebSocket and SMTP, as small as tests need them.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::running::{ADMIN_KEY, Running, soon};

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    /// The status line and the headers.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Running {
    /// `GET` with the admin key.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, ADMIN_KEY, b"").await
    }

    /// `POST` of JSON with the admin key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.request("POST", path, ADMIN_KEY, body.as_bytes()).await
    }

    /// Any request with any key.
    pub async fn request(&self, method: &str, path: &str, key: &str, body: &[u8]) -> Answer {
        self.request_with(method, path, key, "", body).await
    }

    /// The same with further header lines, each with its line end.
    pub async fn request_with(
        &self,
        method: &str,
        path: &str,
        key: &str,
        more: &str,
        body: &[u8],
    ) -> Answer {
        let mut stream = connect(self.http).await;
        let head = request_head(method, path, key, body.len(), more);
        soon(stream.write_all(head.as_bytes())).await.unwrap();
        soon(stream.write_all(body)).await.unwrap();
        read_answer(&mut stream).await
    }

    /// A WebSocket on `/v0` with the admin key.
    pub async fn socket(&self) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
        let mut request = format!("ws://{}/v0", self.http)
            .into_client_request()
            .unwrap();
        let credential = format!("Bearer {ADMIN_KEY}").parse().unwrap();
        request.headers_mut().insert("authorization", credential);
        let connected = soon(tokio_tungstenite::connect_async(request)).await;
        connected.unwrap().0
    }

    /// An SMTP session whose greeting has been read.
    pub async fn smtp(&self) -> Smtp {
        let mut smtp = Smtp(BufReader::new(connect(self.smtp).await));
        smtp.expect("220").await;
        smtp
    }
}

/// The head of a request that asks for the end of the connection.
pub fn request_head(method: &str, path: &str, key: &str, length: usize, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{more}\r\n"
    )
}

/// A connection to a door.
pub async fn connect(address: SocketAddr) -> TcpStream {
    try_connect(address).await.unwrap()
}

/// A connection to a door that may be closed.
#[expect(clippy::disallowed_methods, reason = "the server under test")]
pub async fn try_connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    soon(TcpStream::connect(address)).await
}

/// Reads an answer to its end.
pub async fn read_answer(stream: &mut TcpStream) -> Answer {
    read_whole(stream).await
}

/// The same on any stream.
pub async fn read_whole(stream: &mut (impl AsyncRead + Unpin)) -> Answer {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let body = &bytes[end + 4..];
    let mut answer = Answer {
        status: head[9..12].parse().unwrap(),
        body: body.to_vec(),
        head,
    };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = unchunked(body);
    }
    answer
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let end = body.iter().position(|byte| *byte == b'\r').unwrap();
        let size = std::str::from_utf8(&body[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return out;
        }
        out.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
}

/// An SMTP session.
pub struct Smtp(BufReader<TcpStream>);

impl Smtp {
    /// Sends a line and expects a reply that begins with `code`.
    pub async fn say(&mut self, line: &str, code: &str) -> String {
        let line = format!("{line}\r\n");
        soon(self.0.get_mut().write_all(line.as_bytes()))
            .await
            .unwrap();
        self.expect(code).await
    }

    /// Reads a reply, all its lines, which must begin with `code`; gives the last line.
    pub async fn expect(&mut self, code: &str) -> String {
        loop {
            let mut line = String::new();
            soon(self.0.read_line(&mut line)).await.unwrap();
            assert!(line.starts_with(code), "expected {code}, got {line:?}");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    /// Hands in one message; `raw` without the final dot.
    pub async fn send(&mut self, from: &str, to: &[&str], raw: &str) -> String {
        self.say("EHLO client.test", "250").await;
        self.say(&format!("MAIL FROM:<{from}>"), "250").await;
        for each in to {
            self.say(&format!("RCPT TO:<{each}>"), "250").await;
        }
        self.say("DATA", "354").await;
        self.say(&format!("{raw}\r\n."), "250").await
    }
}
