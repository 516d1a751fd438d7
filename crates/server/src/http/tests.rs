use axum::body::Bytes;
use axum::routing::{get, post};
use sys::{Running, SystemClock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

struct Door {
    address: std::net::SocketAddr,
    connections: Connections,
    running: Running,
}

/// A door with room for `most` connections.
async fn door(most: u32) -> Door {
    let listener = sys::listen("HTTP", "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/", post(|body: Bytes| async move { body }));
    let connections = Connections::new(most);
    let (tasks, running) = Tasks::new();
    tasks.spawn(serve(
        listener,
        None,
        router,
        connections.clone(),
        Arc::new(SystemClock),
        tasks.clone(),
    ));
    Door {
        address,
        connections,
        running,
    }
}

impl Door {
    #[expect(clippy::disallowed_methods, reason = "the door under test")]
    async fn client(&self, sends: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(sends.as_bytes()).await.unwrap();
        stream
    }
}

/// All that comes until the connection ends.
async fn everything(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

async fn hello(stream: &mut TcpStream) {
    let mut text = String::new();
    while !text.ends_with("hello") {
        let mut some = [0; 512];
        let count = stream.read(&mut some).await.unwrap();
        assert_ne!(count, 0, "it ended after {text:?}");
        text.push_str(std::str::from_utf8(&some[..count]).unwrap());
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// In these tests the time stands still while anything can go on, and jumps to the next timer when
// nothing can.

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_ends_the_connection() {
    let door = door(10).await;
    for begun in ["", "GET / HTTP/1.1\r\nHost: h\r\nX-Slow:"] {
        let client = door.client(begun).await;
        assert!(!everything(client).await.contains("200 OK"));
    }
    door.running.stop().await;
    door.connections.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_ends_the_connection() {
    let door = door(10).await;
    let body = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nshort";
    let client = door.client(body).await;
    assert!(!everything(client).await.contains("200 OK"));
    door.running.stop().await;
    door.connections.closed().await;
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_the_most_wait_for_a_place() {
    let door = door(1).await;
    let mut first = door.client(GET).await;
    hello(&mut first).await;
    let mut second = door.client(GET).await;
    let clock = SystemClock;
    let early = sys::timeout(&clock, Duration::from_secs(5), hello(&mut second)).await;
    assert!(early.is_err());
    drop(first);
    hello(&mut second).await;
}

#[tokio::test]
async fn a_stop_closes_idle_connections_and_takes_no_more() {
    let door = door(10).await;
    let mut idle = door.client(GET).await;
    hello(&mut idle).await;
    door.running.stop().await;
    assert_eq!(everything(idle).await, "");
    door.connections.closed().await;
}
