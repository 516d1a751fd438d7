//! The event log as it is read: page by page, waiting, as a stream, and resumed on the WebSocket.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::client::{connect, request_head};
use crate::database::{Data, Engine};
use crate::listener::Listener;
use crate::running::{ADMIN_KEY, Running, soon};
use crate::world::{World, column, each_engine, letter};

async fn received(world: &World, inbox: &str, id: &str) {
    world.mail(inbox, letter(inbox, id, "S", "Hello.")).await;
}

fn id_of(event: &Value) -> &str {
    event["message"]["message_id"].as_str().unwrap()
}

fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| id_of(event).to_owned()).collect()
}

fn event_id(event: &Value) -> String {
    event["event_id"].as_str().unwrap().to_owned()
}

fn is_message(n: usize) -> String {
    format!("<{n}@outside.test>")
}

/// Everything after `after`, page by page.
async fn all_after(world: &World, query: &str, after: &str) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), after.to_owned());
    loop {
        let page = world
            .get(&format!("/v0/events?{query}&after={after}"))
            .await;
        let found = page["events"].as_array().unwrap();
        assert_eq!(page["count"], found.len());
        events.extend(found.clone());
        after = page["next_after"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            return events;
        }
    }
}

#[tokio::test]
async fn pages_have_every_event_once_in_order_from_any_place() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let mut live = Listener::to(world, json!({})).await;
        for n in 0..10 {
            let inbox = if n % 2 == 0 { &a } else { &b };
            received(world, inbox, &format!("{n}@outside.test")).await;
        }
        let all: Vec<String> = (0..10).map(is_message).collect();
        let only_a = format!("limit=2&inbox_ids={a}");
        for (query, expected) in [
            ("limit=3", all.clone()),
            ("limit=100", all.clone()),
            ("event_types=message.received&limit=1", all.clone()),
            ("event_types=message.sent", Vec::new()),
            (
                only_a.as_str(),
                (0..10).step_by(2).map(is_message).collect(),
            ),
        ] {
            let events = all_after(world, query, "start").await;
            assert_eq!(ids(&events), expected, "{query}");
        }
        let events = world.get("/v0/events").await["events"]
            .as_array()
            .unwrap()
            .clone();
        for event in &events {
            assert_eq!(*event, live.event().await);
        }
        let fifth = event_id(&events[4]);
        assert_eq!(ids(&all_after(world, "limit=2", &fifth).await), all[5..]);
        let now = world.get("/v0/events?after=now").await;
        assert_eq!(
            (&now["count"], &now["has_more"]),
            (&json!(0), &json!(false))
        );
        received(world, &a, "10@outside.test").await;
        let now = now["next_after"].as_str().unwrap();
        assert_eq!(ids(&all_after(world, "", now).await), [is_message(10)]);
    })
    .await;
}

#[tokio::test]
async fn the_log_has_the_same_bytes_as_the_socket() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut live = Listener::to(world, json!({})).await;
        let text = "\u{1}é\u{2028}\" ".repeat(300);
        world
            .mail(&inbox, letter(&inbox, "a@outside.test", "Sübject", &text))
            .await;
        let frame = live.text().await.unwrap();
        let mut stream =
            Stream::open(world.server.http, "/v0/events?after=start", ADMIN_KEY, "").await;
        assert_eq!(stream.next().await.unwrap().1, frame);
        let answer = world.call("GET", "/v0/events", &Value::Null).await;
        let body = String::from_utf8(answer.body).unwrap();
        assert!(body.contains(&format!("[{frame}]")), "{body}");
    })
    .await;
}

#[tokio::test]
async fn a_narrow_key_reads_its_part_of_the_log_and_no_other_place_of_it() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        received(world, &a, "a@outside.test").await;
        received(world, &b, "b@outside.test").await;
        let pod = world.get(&format!("/v0/inboxes/{a}")).await["pod_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let (key, _) = world.key(Some(&b), json!({})).await;
        let read = async |path: &str| world.call_as(&key, "GET", path, &Value::Null).await;
        let list = read("/v0/events").await.json();
        assert_eq!(
            ids(list["events"].as_array().unwrap()),
            ["<b@outside.test>"]
        );
        assert_eq!(list["has_more"], false);
        assert_eq!(read(&format!("/v0/events?inbox_ids={a}")).await.status, 404);
        assert_eq!(read(&format!("/v0/pods/{pod}/events")).await.status, 404);
        let whole = world.get(&format!("/v0/pods/{pod}/events")).await;
        let whole = whole["events"].as_array().unwrap();
        assert_eq!(ids(whole), ["<a@outside.test>", "<b@outside.test>"]);
        let foreign = read(&format!("/v0/events?after={}", event_id(&whole[0]))).await;
        assert_eq!(foreign.json()["code"], "validation_error");
        let own = read(&format!("/v0/events?after={}", event_id(&whole[1]))).await;
        assert_eq!(own.json()["count"], 0);
        // Kinds that show hidden mail take the right to see it.
        let rights = json!({"permissions": {"message_read": true}});
        let (blind, _) = world.key(None, rights).await;
        let spam = "/v0/events?event_types=message.received.spam";
        let told = world.call_as(&blind, "GET", spam, &Value::Null).await;
        assert_eq!(
            (told.status, &told.json()["code"]),
            (403, &json!("missing_permission"))
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_place_in_the_log_is_said_on_every_way() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        received(world, &inbox, "a@outside.test").await;
        let list = world.get("/v0/events").await;
        let real = event_id(&list["events"][0]);
        let forged = format!(
            "{}{}",
            &real[..real.len() - 1],
            if real.ends_with('0') { '1' } else { '0' }
        );
        let cursor = list["next_after"].as_str().unwrap();
        let broken = format!("A{}", &cursor[1..]).replacen("AA", "AB", 1);
        let ahead = "ffffffff-ffff-8fff-bfff-ffffffffffff";
        let mut socket = Listener::connect(world, ADMIN_KEY).await.ok().unwrap();
        for after in [&forged, &broken, ahead, "yesterday", "0"] {
            let path = format!("/v0/events?after={after}");
            let told = world
                .refused("GET", &path, Value::Null, (400, "validation_error"))
                .await;
            assert_eq!(told["errors"][0]["path"], json!(["after"]));
            let told = socket.subscribe(json!({"after": after})).await;
            assert_eq!(
                (&told["type"], &told["code"]),
                (&json!("error"), &json!("validation_error"))
            );
            let answer = open_stream(
                world.server.http,
                "/v0/events",
                ADMIN_KEY,
                &format!("Last-Event-ID: {after}\r\n"),
            )
            .await;
            assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        }
        for query in [
            "wait=61",
            "wait=-1",
            "wait=x",
            "limit=0",
            "event_types=message.lost",
        ] {
            let path = format!("/v0/events?{query}");
            world
                .refused("GET", &path, Value::Null, (400, "validation_error"))
                .await;
        }
        // The socket goes on.
        assert_eq!(
            socket.subscribe(json!({"after": real})).await["type"],
            "subscribed"
        );
    })
    .await;
}

#[tokio::test]
async fn a_request_that_waits_is_answered_by_the_next_event_or_by_nothing() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let path = format!("/v0/events?inbox_ids={a}&after=now&wait=60");
        let answered = std::cell::Cell::new(false);
        let waiting = async {
            let page = world.get(&path).await;
            answered.set(true);
            page
        };
        let pouring = async {
            // It may come after the first of them: until it answers, there is always a next one.
            // None is broken off, which would arrive whenever it likes.
            for n in 0.. {
                received(world, &b, &format!("b{n}@outside.test")).await;
                received(world, &a, &format!("{n}@outside.test")).await;
                if answered.get() {
                    break;
                }
            }
        };
        let (page, ()) = tokio::join!(waiting, pouring);
        let events = page["events"].as_array().unwrap();
        assert!(!events.is_empty());
        for event in events {
            assert_eq!(event["message"]["inbox_id"], json!(a));
        }
        let next = page["next_after"].as_str().unwrap();
        let rest = all_after(world, &format!("inbox_ids={a}"), next).await;
        let from = id_of(&events[0])
            .trim_start_matches('<')
            .split('@')
            .next()
            .unwrap();
        let from: usize = from.parse().unwrap();
        let mut heard = ids(events);
        heard.extend(ids(&rest));
        let expected: Vec<String> = (from..from + heard.len()).map(is_message).collect();
        assert_eq!(heard, expected, "each once, in order");

        let path = format!("/v0/events?inbox_ids={a}&after=now&wait=1");
        let empty = world.get(&path).await;
        assert_eq!(
            (&empty["count"], &empty["has_more"]),
            (&json!(0), &json!(false))
        );
        let next = empty["next_after"].as_str().unwrap();
        received(world, &a, "last@outside.test").await;
        let after = world
            .get(&format!("/v0/events?inbox_ids={a}&after={next}&wait=30"))
            .await;
        assert_eq!(
            ids(after["events"].as_array().unwrap()),
            ["<last@outside.test>"]
        );
    })
    .await;
}

/// The head of the answer to a request for a stream, and what came with it.
async fn open_stream(http: std::net::SocketAddr, path: &str, key: &str, more: &str) -> String {
    let stream = Stream::send(http, path, key, more).await;
    let mut lines = stream.0;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(
            soon(lines.read_line(&mut head)).await.unwrap() > 0,
            "{head}"
        );
    }
    head
}

/// A stream of server-sent events.
struct Stream(BufReader<TcpStream>);

impl Stream {
    async fn send(http: std::net::SocketAddr, path: &str, key: &str, more: &str) -> Self {
        let mut stream = connect(http).await;
        let more = format!("Accept: text/event-stream\r\n{more}");
        let head = request_head("GET", path, key, 0, &more);
        soon(stream.write_all(head.as_bytes())).await.unwrap();
        Self(BufReader::new(stream))
    }

    /// Opens it and reads as far as the greeting.
    async fn open(http: std::net::SocketAddr, path: &str, key: &str, more: &str) -> Self {
        let mut stream = Self::send(http, path, key, more).await;
        let mut head = Vec::new();
        while head.last().is_none_or(|line| line != ": connected") {
            head.push(stream.line().await.unwrap_or_else(|| panic!("{head:?}")));
        }
        assert_eq!(head[0], "HTTP/1.1 200 OK");
        assert!(
            head.iter()
                .any(|line| line == "content-type: text/event-stream"),
            "{head:?}"
        );
        stream
    }

    /// The next line; `None` at the end.
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = soon(self.0.read_line(&mut line)).await.unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The id and the data of the next event; `None` when the stream ends.
    async fn next(&mut self) -> Option<(String, String)> {
        let mut id = String::new();
        loop {
            let line = self.line().await?;
            if let Some(text) = line.strip_prefix("id: ") {
                text.clone_into(&mut id);
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((id, data.to_owned()));
            }
        }
    }

    async fn event(&mut self) -> Value {
        let (id, data) = self.next().await.unwrap();
        let event: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(event["event_id"], id);
        event
    }
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_event_that_the_client_heard() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        received(world, &inbox, "before@outside.test").await;
        let mut stream = Stream::open(world.server.http, "/v0/events", ADMIN_KEY, "").await;
        for n in 0..3 {
            received(world, &inbox, &format!("{n}@outside.test")).await;
        }
        let first = stream.event().await;
        assert_eq!(id_of(&first), is_message(0));
        assert_eq!(id_of(&stream.event().await), is_message(1));
        drop(stream);
        for n in 3..6 {
            received(world, &inbox, &format!("{n}@outside.test")).await;
        }
        // The header counts, not the URL of the first time.
        let last = format!("Last-Event-ID: {}\r\n", event_id(&first));
        let mut stream = Stream::open(
            world.server.http,
            "/v0/events?after=start",
            ADMIN_KEY,
            &last,
        )
        .await;
        for n in 1..6 {
            assert_eq!(id_of(&stream.event().await), is_message(n));
        }
        received(world, &inbox, "6@outside.test").await;
        assert_eq!(id_of(&stream.event().await), is_message(6));
    })
    .await;
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the server looks on the real clock"
)]
async fn a_stream_of_a_part_outlives_the_look_at_its_key_and_ends_soon_after_its_revocation() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let pod = world.get(&format!("/v0/inboxes/{inbox}")).await["pod_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let (key, key_id) = world.key(None, json!({})).await;
        let path = format!("/v0/pods/{pod}/events");
        let mut stream = Stream::open(world.server.http, &path, &key, "").await;
        let begun = std::time::Instant::now();
        for n in 0.. {
            received(world, &inbox, &format!("{n}@outside.test")).await;
            assert_eq!(id_of(&stream.event().await), is_message(n));
            if begun.elapsed() > Duration::from_secs(4) {
                break;
            }
        }
        let waiting = world.call_as(&key, "GET", "/v0/events?after=now&wait=60", &Value::Null);
        let revoking = async {
            world.delete(&format!("/v0/api-keys/{key_id}")).await;
            assert_eq!(stream.next().await, None);
        };
        let (answer, ()) = tokio::join!(waiting, revoking);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (401, &json!("unknown_api_key"))
        );
    })
    .await;
}

#[tokio::test]
async fn streams_and_waiting_requests_end_when_the_server_stops() {
    let data = Data::new(Engine::Sqlite);
    let server = Running::start(&data).await;
    let mut stream = Stream::open(server.http, "/v0/events", ADMIN_KEY, "").await;
    let mut waiting = connect(server.http).await;
    let head = request_head("GET", "/v0/events?wait=60", ADMIN_KEY, 0, "");
    soon(waiting.write_all(head.as_bytes())).await.unwrap();
    // Another answer says that the one before it has been asked.
    let _ = server.get("/v0/events").await;
    let ended = soon(server.stop()).await;
    assert!(!ended.stderr.join("\n").contains("cut"), "{ended:?}");
    assert_eq!(stream.next().await, None);
    let answer = crate::client::read_answer(&mut waiting).await;
    assert_eq!(answer.json()["count"], 0);
}

#[tokio::test]
async fn a_socket_resumes_with_what_it_missed_and_goes_on_live() {
    each_engine(async |world| {
        const MISSED: usize = 300;
        let inbox = world.inbox().await;
        let mut socket = Listener::connect(world, ADMIN_KEY).await.ok().unwrap();
        let ack = socket.subscribe(json!({})).await;
        let begun = ack["after"].as_str().unwrap().to_owned();
        received(world, &inbox, "0@outside.test").await;
        let last = event_id(&socket.event().await);
        drop(socket);
        for n in 1..MISSED {
            received(world, &inbox, &format!("{n}@outside.test")).await;
        }
        for (after, first) in [(last.clone(), 1), (begun, 0), ("start".to_owned(), 0)] {
            let mut socket = Listener::connect(world, ADMIN_KEY).await.ok().unwrap();
            let request = json!({"after": after, "event_types": ["message.received"]});
            assert_eq!(socket.subscribe(request).await["type"], "subscribed");
            for n in first..MISSED {
                assert_eq!(id_of(&socket.event().await), is_message(n));
            }
        }
        // While mail goes on arriving.
        let mut socket = Listener::connect(world, ADMIN_KEY).await.ok().unwrap();
        let pouring = async {
            for n in MISSED..MISSED + 50 {
                received(world, &inbox, &format!("{n}@outside.test")).await;
            }
        };
        let hearing = async {
            socket.subscribe(json!({"after": last})).await;
            for n in 1..MISSED + 50 {
                assert_eq!(id_of(&socket.event().await), is_message(n));
            }
        };
        tokio::join!(pouring, hearing);
    })
    .await;
}

#[tokio::test]
async fn a_further_subscription_is_told_of_the_past_only_what_no_other_was() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        received(world, &a, "0@outside.test").await;
        received(world, &b, "1@outside.test").await;
        let mut socket = Listener::to(world, json!({"inbox_ids": [a], "after": "start"})).await;
        assert_eq!(id_of(&socket.event().await), is_message(0));
        received(world, &a, "2@outside.test").await;
        received(world, &b, "3@outside.test").await;
        assert_eq!(id_of(&socket.event().await), is_message(2));
        socket
            .say(&json!({"type": "subscribe", "after": "start"}).to_string())
            .await;
        let mut heard = Vec::new();
        while heard.len() < 3 {
            let frame = socket.frame().await.unwrap();
            heard.push(match frame["type"].as_str() {
                Some("event") => id_of(&frame).to_owned(),
                _ => frame["type"].as_str().unwrap().to_owned(),
            });
        }
        assert_eq!(
            heard,
            ["subscribed".to_owned(), is_message(1), is_message(3)]
        );
        received(world, &b, "4@outside.test").await;
        assert_eq!(id_of(&socket.event().await), is_message(4));
    })
    .await;
}

#[tokio::test]
async fn a_list_parameter_takes_every_form() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        for (n, inbox) in [&a, &b].into_iter().enumerate() {
            received(world, inbox, &format!("{n}@outside.test")).await;
        }
        for query in [
            format!("inbox_ids={a},{b}"),
            format!("inbox_ids={a}&inbox_ids={b}"),
            format!("inbox_ids=%5B%22{a}%22,%22{b}%22%5D"),
        ] {
            let page = world.get(&format!("/v0/events?{query}")).await;
            let events = page["events"].as_array().unwrap();
            assert_eq!(column(events, "event_type").len(), 2, "{query}");
        }
    })
    .await;
}
