//! Requests that nobody would send by accident get a clear answer and never a fault.

use serde_json::{Value, json};

use crate::client::connect;
use crate::running::{ADMIN_KEY, soon};
use crate::world::{each_engine, letter};

#[tokio::test]
async fn a_hostile_path_segment_is_refused_cleanly_in_every_place() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let long = "a".repeat(10_000);
        let segments = [
            "..",
            "%2e%2e",
            ".",
            "%00",
            "a%00b",
            "%2F",
            "..%2F..%2Fetc%2Fpasswd",
            "%ff%fe",
            "%",
            "%zz",
            "%0d%0aSet-Cookie:x",
            "'%20or%201=1--",
            "%25",
            "%F0%9F%92%A9",
            "*",
            "$1",
            "%7Bscope%7D",
            "+",
            "%5C",
            "%3C%3E",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "%E2%80%AE",
            long.as_str(),
        ];
        for segment in segments {
            for path in [
                format!("/v0/inboxes/{segment}"),
                format!("/v0/inboxes/{segment}/messages"),
                format!("/v0/inboxes/{inbox}/messages/{segment}"),
                format!("/v0/inboxes/{inbox}/messages/{segment}/raw"),
                format!("/v0/inboxes/{inbox}/messages/x@y/attachments/{segment}"),
                format!("/v0/inboxes/{inbox}/threads/{segment}"),
                format!("/v0/threads/{segment}"),
                format!("/v0/threads/{segment}/attachments/{segment}"),
                format!("/v0/api-keys/{segment}"),
                format!("/v0/downloads/{segment}"),
                format!("/{segment}"),
            ] {
                for method in ["GET", "DELETE", "PATCH", "POST"] {
                    let answer = world.call(method, &path, &Value::Null).await;
                    // A fault, 500, is what none of them may be.
                    assert!(
                        [400, 404, 405].contains(&answer.status),
                        "{method} {path:.80}: {answer:?}"
                    );
                    assert!(answer.json()["code"].is_string(), "{answer:?}");
                }
            }
        }
        assert_eq!(world.get("/v0/inboxes").await["count"], 1);
    })
    .await;
}

/// A route, a body with a value of the wrong type, and the field that has it.
type WrongType = (&'static str, String, Value, &'static str);

/// Every route that takes a body.
fn wrong_types(inbox: &str, thread: &str) -> Vec<WrongType> {
    let inboxes = "/v0/inboxes".to_owned();
    let own = format!("/v0/inboxes/{inbox}");
    let send = format!("{own}/messages/send");
    let message = format!("{own}/messages/one@outside.test");
    let wrong = |method, path: &str, body: Value, field| (method, path.to_owned(), body, field);
    let to = "a@b.test";
    let headers = json!({"to": to, "headers": {"A": null}});
    let attachments = json!({"to": to, "attachments": [{"content": 1}]});
    let rights = json!({"permissions": {"inbox_read": "yes"}});
    vec![
        wrong("POST", &inboxes, json!({"username": 7}), "username"),
        wrong(
            "POST",
            &inboxes,
            json!({"metadata": {"a": [1]}}),
            "metadata",
        ),
        wrong("PATCH", &own, json!({"display_name": {}}), "display_name"),
        wrong("POST", &send, json!({"to": [{"a": 1}]}), "to"),
        wrong("POST", &send, headers, "headers"),
        wrong("POST", &send, attachments, "attachments"),
        wrong("PATCH", &message, json!({"add_labels": 3}), "add_labels"),
        wrong(
            "POST",
            &format!("{message}/reply"),
            json!({"text": ["x"]}),
            "text",
        ),
        wrong(
            "POST",
            &format!("{message}/reply-all"),
            json!({"html": 4}),
            "html",
        ),
        wrong(
            "POST",
            &format!("{message}/forward"),
            json!({"to": 5}),
            "to",
        ),
        wrong(
            "PATCH",
            &format!("{own}/threads/{thread}"),
            json!({"remove_labels": {"a": "b"}}),
            "remove_labels",
        ),
        wrong(
            "PATCH",
            &format!("/v0/threads/{thread}"),
            json!({"add_labels": [[]]}),
            "add_labels",
        ),
        wrong("POST", "/v0/api-keys", json!({"name": false}), "name"),
        wrong("POST", &format!("{own}/api-keys"), rights, "permissions"),
    ]
}

#[tokio::test]
async fn a_body_of_the_wrong_type_names_the_field_and_changes_nothing() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "one@outside.test", "One", "1"))
            .await;
        let before = world.message(&inbox, "one@outside.test").await;
        let thread = before["thread_id"].as_str().unwrap();
        for (method, path, body, field) in wrong_types(&inbox, thread) {
            let expected = (400, "validation_error");
            let told = world.refused(method, &path, body, expected).await;
            let issue = &told["errors"][0];
            assert_eq!(issue["path"][0], field, "{method} {path}: {told}");
            for body in [
                "[]",
                "7",
                "\"x\"",
                "{",
                "nul",
                "{\"a\":1}x",
                "\u{feff}{}",
                "\0",
            ] {
                let sent = world
                    .server
                    .request(method, &path, ADMIN_KEY, body.as_bytes());
                let answer = sent.await;
                assert_eq!(answer.status, 400, "{method} {path} {body}: {answer:?}");
                assert_eq!(answer.json()["code"], "validation_error");
            }
        }
        assert_eq!(world.message(&inbox, "one@outside.test").await, before);
        assert_eq!(world.messages(&inbox, "").await.len(), 1);
        assert_eq!(world.get("/v0/inboxes").await["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn deep_json_is_refused() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for body in ["[".repeat(200_000), "{\"metadata\":{\"a\":".repeat(50_000)] {
            for path in [
                "/v0/inboxes".to_owned(),
                format!("/v0/inboxes/{inbox}/messages/send"),
            ] {
                let sent = world
                    .server
                    .request("POST", &path, ADMIN_KEY, body.as_bytes());
                let answer = sent.await;
                assert_eq!(answer.status, 400, "{path}: {answer:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_so_even_to_a_client_that_writes_it_all() {
    let world = crate::hostile_mail::small().await;
    let inbox = world.inbox().await;
    let path = format!("/v0/inboxes/{inbox}/messages/send");
    let body = vec![b' '; 1_500_000];
    let answer = world.server.request("POST", &path, ADMIN_KEY, &body).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(answer.json()["code"], "payload_too_large");
    world.server.stop().await;
}

#[tokio::test]
async fn a_page_token_is_good_for_its_own_list_only() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let other = world.inbox().await;
        for n in 0..3 {
            let id = format!("{n}@outside.test");
            world.mail(&inbox, letter(&inbox, &id, "S", "x")).await;
            world.mail(&other, letter(&other, &id, "S", "x")).await;
        }
        let list = format!("/v0/inboxes/{inbox}/messages");
        let page = world.get(&format!("{list}?limit=1&labels=unread")).await;
        let token = page["next_page_token"].as_str().unwrap();
        let same = format!("{list}?limit=2&labels=unread&page_token={token}");
        assert_eq!(world.get(&same).await["count"], 2);

        let mut damaged = token.to_owned();
        damaged.replace_range(..1, if token.starts_with('A') { "B" } else { "A" });
        let cut = &token[..token.len() - 1];
        let tokens = [
            token,
            &damaged,
            cut,
            "x",
            "%00",
            "AAAA",
            &"A".repeat(5_000),
            "eyJhIjoxfQ==",
        ];
        let lists = [
            list.clone(),
            format!("{list}?ascending=true&labels=unread"),
            format!("{list}?labels=other"),
            format!("{list}?labels=unread&subject=s"),
            format!("{list}?labels=unread&include_trash=true"),
            format!("/v0/inboxes/{other}/messages?labels=unread"),
            format!("/v0/inboxes/{inbox}/threads?labels=unread"),
            "/v0/threads?labels=unread".to_owned(),
            "/v0/inboxes".to_owned(),
            "/v0/api-keys".to_owned(),
            format!("/v0/inboxes/{inbox}/api-keys"),
        ];
        for path in &lists {
            for token in tokens {
                let mark = if path.contains('?') { '&' } else { '?' };
                let path = format!("{path}{mark}page_token={token}");
                let expected = (400, "validation_error");
                let told = world.refused("GET", &path, Value::Null, expected).await;
                assert_eq!(told["errors"][0]["path"][0], "page_token", "{path}: {told}");
            }
        }
        // An empty token is no token.
        assert_eq!(world.get(&format!("{list}?page_token=")).await["count"], 3);
    })
    .await;
}

#[tokio::test]
async fn a_limit_that_is_none_is_refused_and_a_large_one_is_bounded() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for limit in ["0", "-1", "x", "1.5", "0x10", "%00"] {
            for path in [
                "/v0/inboxes",
                "/v0/threads",
                &format!("/v0/inboxes/{inbox}/messages"),
            ] {
                let path = format!("{path}?limit={limit}");
                world
                    .refused("GET", &path, Value::Null, (400, "validation_error"))
                    .await;
            }
        }
        let list = world
            .get(&format!("/v0/inboxes/{inbox}/messages?limit=5000"))
            .await;
        assert_eq!(list["count"], 0);
        let filtered = format!("/v0/inboxes/{inbox}/messages?limit=101&subject=x");
        world
            .refused("GET", &filtered, Value::Null, (400, "validation_error"))
            .await;
        for time in [
            "yesterday",
            "2026-13-01T00:00:00Z",
            "2026-01-01",
            "0",
            "%00",
        ] {
            let path = format!("/v0/inboxes/{inbox}/messages?before={time}");
            world
                .refused("GET", &path, Value::Null, (400, "validation_error"))
                .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_before_the_body_leaves_the_connection_usable() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    each_engine(async |world| {
        let mut socket = connect(world.server.http).await;
        for _ in 0..20 {
            let head = "POST /v0/inboxes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer am_us_nobody\r\n\
                        content-length: 2\r\n\r\n";
            socket.write_all(head.as_bytes()).await.unwrap();
            // The body comes in a packet of its own, as from many HTTP libraries.
            socket.flush().await.unwrap();
            tokio::task::yield_now().await;
            socket.write_all(b"{}").await.unwrap();
            let mut seen = Vec::new();
            // The body is one JSON object, the last thing of which is its closing brace.
            while !seen.ends_with(b"}") {
                let read = soon(socket.read_buf(&mut seen)).await.unwrap();
                assert_ne!(read, 0, "closed after {}", String::from_utf8_lossy(&seen));
            }
            assert!(seen.starts_with(b"HTTP/1.1 401"), "{seen:?}");
        }
    })
    .await;
}
