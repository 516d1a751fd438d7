//! Certificates that are renewed while the server runs, and the HTTPS door.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use futures_util::{SinkExt as _, StreamExt as _};
use rustix::process::Signal;
use serde_json::{Value, json};
use sys::{TlsClient, Trust};
use testkit::tls::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::client::{connect, read_whole, request_head};
use crate::database::{Data, Engine};
use crate::running::{ADMIN_KEY, Running, serve, soon};

const NAME: &str = "mx.agents.test";

/// A server with a certificate for [`NAME`] on all doors.
struct World {
    data: Data,
    authority: Authority,
    client: TlsClient,
}

/// The doors with TLS.
struct Doors {
    https: SocketAddr,
    submission: SocketAddr,
    submissions: SocketAddr,
}

impl World {
    fn new() -> Self {
        let authority = Authority::new().unwrap();
        let client = TlsClient::with_roots(authority.root().as_bytes()).unwrap();
        let data = Data::new(Engine::Sqlite);
        Self {
            data,
            authority,
            client,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.data.outside().join(name)
    }

    fn renew(&self) {
        let (certificate, key) = self.authority.files(&[NAME]).unwrap();
        fs::write(self.file("chain"), certificate).unwrap();
        fs::write(self.file("secret"), key).unwrap();
    }

    async fn start(&self) -> (Running, Doors) {
        self.renew();
        let mut command = serve(&self.data);
        command.env("MAILROOST_API_KEY", ADMIN_KEY);
        command.args(["--https", "127.0.0.1:0"]);
        command.args(["--submission", "127.0.0.1:0"]);
        command.args(["--submissions", "127.0.0.1:0"]);
        command.arg("--tls-certificate").arg(self.file("chain"));
        command.arg("--tls-key").arg(self.file("secret"));
        let mut server = Running::from(&mut command).await;
        let mut door = async |label: &str| {
            let line = server.said(|line| line.contains(label)).await;
            let address = line.split_whitespace().nth(1).unwrap();
            address.trim_start_matches("https://").parse().unwrap()
        };
        let doors = Doors {
            https: door("HTTPS").await,
            submission: door("Submit").await,
            submissions: door("Submit").await,
        };
        (server, doors)
    }

    /// The handshake of a client that wants a good certificate.
    async fn handshake(&self, stream: TcpStream) -> TlsStream<TcpStream> {
        let handshake = self.client.handshake(stream, NAME, Trust::WebPki);
        soon(handshake).await.unwrap().0
    }

    /// The same after STARTTLS.
    async fn starttls(&self, door: SocketAddr) -> TlsStream<TcpStream> {
        let mut stream = connect(door).await;
        line(&mut stream).await;
        for command in ["EHLO client.test\r\n", "STARTTLS\r\n"] {
            stream.write_all(command.as_bytes()).await.unwrap();
            while line(&mut stream).await.as_bytes()[3] == b'-' {}
        }
        self.handshake(stream).await
    }

    /// The certificate that every door shows; they must agree.
    async fn shown(&self, server: &Running, doors: &Doors) -> Vec<u8> {
        let streams = [
            self.handshake(connect(doors.https).await).await,
            self.handshake(connect(doors.submissions).await).await,
            self.starttls(doors.submission).await,
            self.starttls(server.smtp).await,
        ];
        let shown = streams.map(|stream| {
            let chain = stream.get_ref().1.peer_certificates().unwrap();
            chain[0].to_vec()
        });
        assert!(shown.iter().all(|one| *one == shown[0]));
        shown[0].clone()
    }

    async fn request(&self, door: SocketAddr, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = self.handshake(connect(door).await).await;
        let body = body.to_string();
        let head = request_head(method, path, ADMIN_KEY, body.len(), "");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let answer = read_whole(&mut stream).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

/// One line of a reply.
async fn line(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with('\n') {
        let byte = soon(stream.read_u8()).await.unwrap();
        text.push(char::from(byte));
    }
    text
}

#[tokio::test]
async fn all_doors_show_a_renewed_certificate_without_a_restart() {
    let world = World::new();
    let (mut server, doors) = world.start().await;
    let first = world.shown(&server, &doors).await;
    // A session that began before the change goes on after it.
    let mut open = world.handshake(connect(doors.submissions).await).await;

    world.renew();
    server.signal(Signal::HUP);
    server
        .logged(|line| line.contains("a new certificate is shown"))
        .await;
    server
        .logged(|line| line.contains("SIGHUP: looked at the certificate files"))
        .await;
    let second = world.shown(&server, &doors).await;
    assert_ne!(second, first);

    fs::write(world.file("chain"), "-----BEGIN CERTIFICATE-----\nhalf").unwrap();
    server.signal(Signal::HUP);
    let told = server.logged(|line| line.contains("cannot be used")).await;
    assert!(
        told.contains("the one before it is still shown") && told.contains("chain"),
        "{told}"
    );
    // It is told once: the next look says nothing of it.
    server.signal(Signal::HUP);
    let next = server.logged(|line| line.contains("SIGHUP") || line.contains("cannot be used"));
    assert!(next.await.contains("SIGHUP"));
    let next = server.logged(|line| line.contains("SIGHUP") || line.contains("cannot be used"));
    assert!(next.await.contains("SIGHUP"));
    assert_eq!(world.shown(&server, &doors).await, second);

    open.write_all(b"EHLO client.test\r\nQUIT\r\n")
        .await
        .unwrap();
    let mut rest = String::new();
    soon(open.read_to_string(&mut rest)).await.unwrap();
    assert!(rest.contains("\r\n221 "), "{rest}");
    server.stop().await;
}

#[tokio::test]
async fn the_api_is_served_over_tls() {
    let world = World::new();
    let (server, doors) = world.start().await;
    let inbox = world
        .request(doors.https, "POST", "/v0/inboxes", &json!({}))
        .await;
    let inbox = inbox["inbox_id"].as_str().unwrap().to_owned();

    // An event over the WebSocket, for a message with a file.
    let stream = world.handshake(connect(doors.https).await).await;
    let mut request = format!("wss://{NAME}/v0").into_client_request().unwrap();
    let credential = format!("Bearer {ADMIN_KEY}").parse().unwrap();
    request.headers_mut().insert("authorization", credential);
    let connecting = Box::pin(tokio_tungstenite::client_async(request, stream));
    let (mut socket, _) = soon(connecting).await.unwrap();
    let subscribe = json!({"type": "subscribe", "inbox_ids": [inbox]}).to_string();
    socket.send(Message::text(subscribe)).await.unwrap();
    let mut next = async || {
        loop {
            if let Message::Text(text) = soon(socket.next()).await.unwrap().unwrap() {
                return serde_json::from_str::<Value>(&text).unwrap();
            }
        }
    };
    assert_eq!(next().await["type"], "subscribed");
    let message = json!({
        "to": [inbox], "subject": "Hello", "text": "Look.",
        "attachments": [{"filename": "a.txt", "content": "YQ=="}],
    });
    let path = format!("/v0/inboxes/{inbox}/messages/send");
    world.request(doors.https, "POST", &path, &message).await;
    while next().await["event_type"] != "message.received" {}

    // Links begin with the scheme by which the client came.
    let path = format!("/v0/inboxes/{inbox}/messages");
    let list = world.request(doors.https, "GET", &path, &json!({})).await;
    let message = &list["messages"][0];
    let (id, file) = (
        &message["message_id"],
        &message["attachments"][0]["attachment_id"],
    );
    let id = id
        .as_str()
        .unwrap()
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace('@', "%40");
    let path = format!("{path}/{id}/attachments/{}", file.as_str().unwrap());
    let link = world.request(doors.https, "GET", &path, &json!({})).await;
    let url = link["download_url"].as_str().unwrap();
    assert!(url.starts_with("https://"), "{url}");
    let plain = server.get(&path).await.json();
    let url = plain["download_url"].as_str().unwrap();
    assert!(url.starts_with("http://"), "{url}");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_speak_tls_is_let_go() {
    let world = World::new();
    let (server, doors) = world.start().await;
    let mut plain = connect(doors.https).await;
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // The end may come as a reset, with the alert of TLS before it or not.
    let ended = soon(plain.read_to_end(&mut answer)).await;
    assert!(ended.is_err() || !answer.starts_with(b"HTTP"), "{answer:?}");
    // One that says nothing does not hold up the end.
    let _silent = connect(doors.https).await;
    assert_eq!(server.get("/healthz").await.status, 200);
    let ended = server.stop().await;
    assert!(!ended.stderr.join("\n").contains("cut"), "{ended:?}");
}
