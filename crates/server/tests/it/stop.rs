//! SIGTERM drains; nothing is half-answered.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use futures_util::StreamExt as _;
use rustix::process::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{connect, read_answer, request_head, try_connect};
use crate::database::{Data, Engine};
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, letter, well_ended};

const BODY: &[u8] = b"{\"username\": \"under-way\"}";

/// A request whose body the server has begun to wait for.
async fn request_under_way(server: &Running) -> TcpStream {
    let mut stream = connect(server.http).await;
    let more = "Expect: 100-continue\r\n";
    let head = request_head("POST", "/v0/inboxes", ADMIN_KEY, BODY.len(), more);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    let read = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut interim);
    soon(read).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn a_request_under_way_is_answered_and_new_ones_are_not_taken() {
    let data = Data::new(Engine::Sqlite);
    let mut server = Running::start(&data).await;
    let mut stream = request_under_way(&server).await;
    server.terminate().await;
    // The listeners close when their loops notice, which nobody announces.
    while try_connect(server.http).await.is_ok() || try_connect(server.smtp).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(BODY).await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let ended = server.ended().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(!ended.stderr.join("\n").contains("cut"), "{ended:?}");
}

#[tokio::test]
async fn a_second_signal_cuts_at_once() {
    let data = Data::new(Engine::Sqlite);
    let mut server = Running::start(&data).await;
    let _stream = request_under_way(&server).await;
    server.terminate().await;
    server.signal(Signal::INT);
    let ended = server.ended().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.join("\n").contains("told again to stop"));
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut() {
    let data = Data::new(Engine::Sqlite);
    let mut command = serve(&data);
    command.env("MAILROOST_API_KEY", ADMIN_KEY);
    let mut server = Running::from(command.args(["--drain", "1"])).await;
    let _stream = request_under_way(&server).await;
    server.terminate().await;
    let ended = server.ended().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.join("\n").contains("are cut"), "{ended:?}");
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_a_stop() {
    let data = Data::new(Engine::Sqlite);
    let mut server = Running::start(&data).await;
    let mut smtp = server.smtp().await;
    smtp.say("EHLO client.test", "250").await;
    server.terminate().await;
    smtp.expect("421").await;
    let ended = server.ended().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(!ended.stderr.join("\n").contains("cut"), "{ended:?}");
}

#[tokio::test]
async fn a_websocket_is_told_to_come_back() {
    let data = Data::new(Engine::Sqlite);
    let mut server = Running::start(&data).await;
    let mut socket = server.socket().await;
    server.terminate().await;
    let code = loop {
        match soon(socket.next()).await {
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    };
    // RFC 6455 §7.4 and its registry: 1012 is "service restart".
    assert_eq!(code, 1012);
    drop(socket);
    let ended = server.ended().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(!ended.stderr.join("\n").contains("cut"), "{ended:?}");
}

/// A copy of the database file without its log, and the key beside it.
fn copied(data: &Data) -> Data {
    let copy = Data::new(Engine::Sqlite);
    fs::create_dir(copy.folder()).unwrap();
    fs::set_permissions(copy.folder(), fs::Permissions::from_mode(0o700)).unwrap();
    for name in ["mailroost.db", "master.key"] {
        fs::copy(data.folder().join(name), copy.folder().join(name)).unwrap();
    }
    copy
}

#[tokio::test]
async fn after_a_stop_the_database_file_is_complete_alone() {
    let data = Data::new(Engine::Sqlite);
    let log = data.folder().join("mailroost.db-wal");
    let mut world = World {
        server: Running::start(&data).await,
        data,
    };
    let inbox = world.inbox().await;
    for (count, is_read) in [(1, false), (2, true)] {
        let mail = letter(&inbox, &format!("{count}@outside.test"), "S", "Kept.");
        world.mail(&inbox, mail).await;
        assert!(fs::metadata(&log).unwrap().len() > 0);
        // Another program that has it open, as the doctor has.
        let reader = is_read.then(|| {
            let reader = rusqlite::Connection::open(world.data.folder().join("mailroost.db"));
            let reader = reader.unwrap();
            let sql = "select count(*) from message";
            let found: i64 = reader.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(found, 2);
            reader
        });
        well_ended(world.server).await;
        assert_eq!(fs::metadata(&log).map_or(0, |about| about.len()), 0);
        drop(reader);
        let copy = copied(&world.data);
        let other = World {
            server: Running::start(&copy).await,
            data: copy,
        };
        assert_eq!(other.messages(&inbox, "").await.len(), count);
        well_ended(other.server).await;
        world = World {
            server: Running::start(&world.data).await,
            ..world
        };
    }
    well_ended(world.server).await;
}
