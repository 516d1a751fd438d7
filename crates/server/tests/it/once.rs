//! Requests with an Idempotency-Key: carried out once, answered as often as they are asked.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::database::{Data, engines};
use crate::running::{ADMIN_KEY, Running, serve};
use crate::world::{World, each_engine, escaped, eventually, letter, message_path};

/// `POST` with the admin key and an Idempotency-Key, and its answer, whatever it is.
pub async fn call_once(world: &World, key: &str, path: &str, body: &Value) -> Answer {
    let more = format!("Idempotency-Key: {key}\r\n");
    let body = body.to_string();
    world
        .server
        .request_with("POST", path, ADMIN_KEY, &more, body.as_bytes())
        .await
}

/// The same with any API key.
pub async fn call_once_as(
    world: &World,
    api_key: &str,
    key: &str,
    path: &str,
    body: &Value,
) -> Answer {
    let more = format!("Idempotency-Key: {key}\r\n");
    let body = body.to_string();
    world
        .server
        .request_with("POST", path, api_key, &more, body.as_bytes())
        .await
}

async fn answered(world: &World, key: &str, path: &str, body: &Value) -> Value {
    let answer = call_once(world, key, path, body).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

async fn refused(world: &World, key: &str, path: &str, body: &Value, expected: (u16, &str)) {
    let answer = call_once(world, key, path, body).await;
    let told = answer.json();
    assert_eq!(
        (answer.status, told["code"].as_str()),
        (expected.0, Some(expected.1)),
        "{told}"
    );
}

const CONFLICT: (u16, &str) = (409, "conflict");

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_time_and_sends_nothing() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "m@outside.test", "S", "x"))
            .await;
        let message = message_path(&inbox, "<m@outside.test>");
        let draft = world
            .post(
                &format!("/v0/inboxes/{inbox}/drafts"),
                json!({"to": ["bob@outside.test"]}),
            )
            .await;
        let draft = draft["draft_id"].as_str().unwrap();
        let letter = json!({"to": "bob@outside.test", "subject": "Once", "text": "x"});
        let calls = [
            (format!("/v0/inboxes/{inbox}/messages/send"), letter.clone()),
            (format!("{message}/reply"), json!({"text": "x"})),
            (format!("{message}/reply-all"), json!({"text": "x"})),
            (format!("{message}/forward"), letter),
            (
                format!("/v0/inboxes/{inbox}/drafts/{draft}/send"),
                json!({"add_labels": ["x"]}),
            ),
        ];
        for (n, (path, body)) in calls.iter().enumerate() {
            let key = format!("key-{n}");
            let first = answered(world, &key, path, body).await;
            assert_eq!(answered(world, &key, path, body).await, first, "{path}");
            let count = world.messages(&inbox, "?labels=sent&limit=100").await.len();
            assert_eq!(count, n + 1, "{path}");
        }
        // A key stands for one request on one route of one inbox.
        let (path, body) = &calls[0];
        let other = world.inbox().await;
        refused(
            world,
            "key-0",
            path,
            &json!({"to": "eve@outside.test"}),
            CONFLICT,
        )
        .await;
        refused(
            world,
            "key-0",
            &format!("/v0/inboxes/{other}/messages/send"),
            body,
            CONFLICT,
        )
        .await;
        refused(world, "key-0", &calls[3].0, body, CONFLICT).await;
        refused(world, "key-1", &calls[2].0, &calls[2].1, CONFLICT).await;
        // What was sent stays known when what it needed is gone, or could not be sent today.
        world.delete(&message).await;
        world
            .patch(&format!("/v0/inboxes/{inbox}"), json!({"status": "paused"}))
            .await;
        for (n, (path, body)) in calls.iter().enumerate() {
            answered(world, &format!("key-{n}"), path, body).await;
        }
        assert_eq!(
            world.messages(&inbox, "?labels=sent&limit=100").await.len(),
            5
        );
    })
    .await;
}

#[tokio::test]
async fn twenty_requests_of_one_key_at_once_send_one_message() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        let body = json!({"to": other, "subject": "Once", "text": "x"});
        let calls = join_all((0..20).map(|_| call_once(world, "one", &path, &body))).await;
        let answers: BTreeSet<String> = calls
            .iter()
            .map(|answer| {
                assert_eq!(answer.status, 200, "{answer:?}");
                answer.json().to_string()
            })
            .collect();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(world.messages(&inbox, "").await.len(), 1);
        let sent: Value = serde_json::from_str(answers.first().unwrap()).unwrap();
        world
            .labelled(&inbox, sent["message_id"].as_str().unwrap(), "delivered")
            .await;
        assert_eq!(world.messages(&other, "").await.len(), 1);

        // One draft that twenty want to send goes once; the others find it gone or being changed.
        let draft = world
            .post(
                &format!("/v0/inboxes/{inbox}/drafts"),
                json!({"to": [other]}),
            )
            .await;
        let path = format!(
            "/v0/inboxes/{inbox}/drafts/{}/send",
            draft["draft_id"].as_str().unwrap()
        );
        let calls = join_all((0..20).map(|_| world.call("POST", &path, &Value::Null))).await;
        let done = calls.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1);
        assert!(
            calls
                .iter()
                .all(|answer| [200, 404, 409].contains(&answer.status)),
            "{calls:?}"
        );
        assert_eq!(world.messages(&inbox, "").await.len(), 2);

        // With a key, whoever comes late is answered, though the draft is gone.
        let draft = world
            .post(
                &format!("/v0/inboxes/{inbox}/drafts"),
                json!({"to": [other]}),
            )
            .await;
        let id = draft["draft_id"].as_str().unwrap();
        let path = format!("/v0/inboxes/{inbox}/drafts/{id}/send");
        let body = json!({});
        let calls = join_all((0..20).map(|_| call_once(world, "draft", &path, &body))).await;
        let answers: BTreeSet<String> = calls
            .iter()
            .map(|answer| {
                assert_eq!(answer.status, 200, "{answer:?}");
                answer.json().to_string()
            })
            .collect();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(world.messages(&inbox, "").await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_failed_request_does_not_use_up_its_key() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        let body = json!({"to": "bob@outside.test", "text": "x"});
        world
            .patch(&format!("/v0/inboxes/{inbox}"), json!({"status": "paused"}))
            .await;
        refused(world, "later", &path, &body, (403, "inbox_paused")).await;
        refused(
            world,
            "later",
            &path,
            &json!({"text": "x"}),
            (403, "inbox_paused"),
        )
        .await;
        world
            .patch(&format!("/v0/inboxes/{inbox}"), json!({"status": "active"}))
            .await;
        let sent = answered(world, "later", &path, &body).await;
        world
            .message(&inbox, sent["message_id"].as_str().unwrap())
            .await;
        for key in ["", " ", "a b", "a@b", &"x".repeat(257)] {
            refused(world, key, &path, &body, (400, "validation_error")).await;
        }
        assert_eq!(world.messages(&inbox, "").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn whether_it_went_out_is_one_question() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        let body =
            json!({"to": ["bob@outside.test", other, "ghost@mailroost.localhost"], "text": "x"});
        let sent = answered(world, "ask-me", &path, &body).await;
        let id = sent["message_id"].as_str().unwrap();
        let list = format!("{}/deliveries", message_path(&inbox, id));
        let deliveries = eventually(async || {
            let found = world.get(&list).await;
            let all = found["deliveries"].as_array().unwrap().clone();
            all.iter()
                .all(|one| one["state"] != "queued")
                .then_some(all)
        })
        .await;
        let state = |recipient: &str| {
            let mut all = deliveries.iter();
            all.find(|one| one["recipient"] == recipient).unwrap()["state"].clone()
        };
        assert_eq!(deliveries.len(), 3);
        assert_eq!(state("bob@outside.test"), "sandboxed");
        assert_eq!(state(&other), "delivered");
        assert_eq!(state("ghost@mailroost.localhost"), "bounced");
        assert!(
            deliveries
                .iter()
                .all(|one| one["attempts"] == 1 && one["detail"].is_string()),
            "{deliveries:?}"
        );
        let remembered = world.get("/v0/sends/ask-me").await;
        assert_eq!(
            (&remembered["message_id"], &remembered["thread_id"]),
            (&sent["message_id"], &sent["thread_id"])
        );
        assert_eq!(remembered["deliveries"].as_array().unwrap(), &deliveries);
        for unknown in ["never", &escaped("a b")] {
            world
                .refused(
                    "GET",
                    &format!("/v0/sends/{unknown}"),
                    Value::Null,
                    (404, "not_found"),
                )
                .await;
        }
        let there = world
            .get(&format!("{}/deliveries", message_path(&other, id)))
            .await;
        assert_eq!(
            there["count"], 0,
            "who received it learns nothing of the others"
        );
    })
    .await;
}

#[tokio::test]
async fn an_answer_outlives_a_crash() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut world = World {
            server: Running::start(&data).await,
            data,
        };
        let inbox = world.inbox().await;
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        let body = json!({"to": "bob@outside.test", "text": "x"});
        let first = answered(&world, "crash", &path, &body).await;
        world.server.signal(rustix::process::Signal::KILL);
        world.server.ended().await;
        world.server = Running::start(&world.data).await;
        assert_eq!(answered(&world, "crash", &path, &body).await, first);
        assert_eq!(world.messages(&inbox, "").await.len(), 1);
        world.server.stop().await;
    }
}

#[tokio::test]
async fn equal_messages_are_two_unless_the_operator_wants_one() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut world = World {
            server: Running::start(&data).await,
            data,
        };
        let inbox = world.inbox().await;
        let body = json!({"to": ["a@outside.test", "b@outside.test"], "subject": "S", "text": "x"});
        let two = [
            world.send(&inbox, body.clone()).await,
            world.send(&inbox, body.clone()).await,
        ];
        assert_ne!(two[0], two[1]);
        world.server.stop().await;
        let mut command = serve(&world.data);
        command
            .env("MAILROOST_API_KEY", ADMIN_KEY)
            .env("MAILROOST_SUPPRESS_REPEATS", "true");
        world.server = Running::from(&mut command).await;
        let first = world.send(&inbox, body).await;
        let again = json!({"to": ["B <b@outside.test>", "a@outside.test"], "subject": "S", "text": "x", "labels": ["y"]});
        assert_eq!(
            world.send(&inbox, again).await,
            first,
            "the same words to the same people"
        );
        for other in [
            json!({"to": ["a@outside.test", "b@outside.test"], "subject": "S", "text": "y"}),
            json!({"to": ["a@outside.test"], "subject": "S", "text": "x"}),
            json!({"to": ["a@outside.test", "b@outside.test"], "subject": "T", "text": "x"}),
            json!({"to": ["a@outside.test", "b@outside.test"], "subject": "S", "text": "x",
                "attachments": [{"filename": "f", "content": "Zg=="}]}),
        ] {
            assert_ne!(world.send(&inbox, other).await, first);
        }
        // Whoever names the act is believed.
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        let body = json!({"to": ["a@outside.test", "b@outside.test"], "subject": "S", "text": "x"});
        let named = answered(&world, "named", &path, &body).await;
        assert_ne!(named["message_id"], first.as_str());
        world.server.stop().await;
    }
}
