//! Polling webhooks: who makes them, what their tokens open, and what a reader gets.

use serde_json::{Value, json};

use crate::running::ADMIN_KEY;
use crate::world::{World, column, each_engine, letter};

async fn received(world: &World, inbox: &str, id: &str) {
    world.mail(inbox, letter(inbox, id, "S", "Hello.")).await;
}

fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value}"))
        .to_owned()
}

/// A subscription to received mail at `path` under this `client_id`.
async fn subscribed(world: &World, path: &str, client_id: &str) -> Value {
    let request = json!({"client_id": client_id, "event_types": ["message.received"]});
    world
        .post(&format!("{path}/webhooks/polling"), request)
        .await
}

/// The path under which a subscription says it is read.
fn events_path(webhook: &Value) -> String {
    let url = text(webhook, "url");
    format!("/{}", url.splitn(4, '/').nth(3).unwrap())
}

async fn poll(world: &World, webhook: &Value, iterator: Option<&str>) -> Value {
    let path = events_path(webhook);
    let path = iterator.map_or(path.clone(), |at| format!("{path}?iterator={at}"));
    let token = text(webhook, "token");
    let answer = world.call_as(&token, "GET", &path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn ids(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    let id = |event: &Value| text(&event["message"], "message_id");
    data.iter().map(id).collect()
}

#[tokio::test]
async fn a_reader_gets_each_event_once_in_order_and_can_begin_anew() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        received(world, &inbox, "before@outside.test").await;
        let webhook = subscribed(world, "/v0", "reader").await;
        let first = poll(world, &webhook, None).await;
        assert_eq!((&first["data"], &first["done"]), (&json!([]), &json!(true)));
        for n in 0..5 {
            received(world, &inbox, &format!("{n}@outside.test")).await;
        }
        world
            .send(&inbox, json!({"to": "bob@outside.test", "text": "x"}))
            .await;
        let (mut heard, mut at) = (Vec::new(), text(&first, "iterator"));
        let mut path = format!("{}?limit=2&iterator=", events_path(&webhook));
        path.push_str(&at);
        let token = text(&webhook, "token");
        loop {
            let page = world
                .call_as(&token, "GET", &path, &Value::Null)
                .await
                .json();
            heard.extend(ids(&page));
            path = path.replace(&at, &text(&page, "iterator"));
            at = text(&page, "iterator");
            if page["done"] == true {
                break;
            }
            assert_eq!(page["data"].as_array().unwrap().len(), 2);
        }
        let all: Vec<String> = (0..5).map(|n| format!("<{n}@outside.test>")).collect();
        assert_eq!(heard, all);
        let nothing = poll(world, &webhook, Some(&at)).await;
        assert_eq!((ids(&nothing), &nothing["done"]), (vec![], &json!(true)));
        // Whoever lost the iterator begins where the subscription did.
        let anew = poll(world, &webhook, None).await;
        assert_eq!((&anew["data"], &anew["done"]), (&json!([]), &json!(false)));
        let page = poll(world, &webhook, Some(&text(&anew, "iterator"))).await;
        assert_eq!(ids(&page), all);
        let log = world.get("/v0/events?event_types=message.received").await;
        assert_eq!(
            page["data"].as_array().unwrap()[..],
            log["events"].as_array().unwrap()[1..]
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_opens_its_own_subscription_and_nothing_else() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let webhook = subscribed(world, "/v0", "mine").await;
        let other = subscribed(world, "/v0", "other").await;
        let (token, path) = (text(&webhook, "token"), events_path(&webhook));
        let read = async |key: &str, path: &str| {
            let answer = world.call_as(key, "GET", path, &Value::Null).await;
            (
                answer.status,
                answer.json()["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
        };
        assert_eq!(read(&token, &path).await.0, 200);
        assert_eq!(
            read(&token, "/v0/webhooks/polling/mine/events").await.0,
            200
        );
        let unknown = (401, "unknown_api_key".to_owned());
        for key in [ADMIN_KEY, "am_poll_0", &token[..token.len() - 1]] {
            assert_eq!(read(key, &path).await, unknown);
        }
        assert_eq!(
            read("", &path).await,
            (401, "missing_authorization".to_owned())
        );
        assert_eq!(
            read(&token, &events_path(&other)).await,
            (404, "not_found".to_owned())
        );
        for path in [
            "/v0/webhooks/polling".to_owned(),
            "/v0/webhooks/polling/mine".to_owned(),
            "/v0/events".to_owned(),
            "/v0/auth/me".to_owned(),
            format!("/v0/inboxes/{inbox}/messages"),
        ] {
            assert_eq!(read(&token, &path).await, unknown, "{path}");
        }
        // Nor is an iterator of one of them good for another, or one that was made up.
        let at = text(&poll(world, &webhook, None).await, "iterator");
        let forged = format!(
            "{}{}",
            if at.starts_with('B') { 'C' } else { 'B' },
            &at[1..]
        );
        for iterator in [
            text(&poll(world, &other, None).await, "iterator"),
            forged,
            "0".to_owned(),
        ] {
            let path = format!("{path}?iterator={iterator}");
            assert_eq!(
                read(&token, &path).await,
                (400, "validation_error".to_owned())
            );
        }
        world.delete("/v0/webhooks/polling/mine").await;
        assert_eq!(read(&token, &path).await, unknown);
        assert_eq!(
            read(&text(&other, "token"), &events_path(&other)).await.0,
            200
        );
    })
    .await;
}

#[tokio::test]
async fn the_same_client_id_again_gives_the_same_subscription_with_a_new_token() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let first = subscribed(world, "/v0", "same").await;
        let request =
            json!({"client_id": "same", "event_types": ["message.sent"], "inbox_ids": [inbox]});
        let again = world.post("/v0/webhooks/polling", request).await;
        for field in [
            "webhook_id",
            "client_id",
            "event_types",
            "created_at",
            "url",
        ] {
            assert_eq!(first[field], again[field], "{field}");
        }
        assert_ne!(first["token"], again["token"]);
        let answer = world
            .call_as(
                &text(&first, "token"),
                "GET",
                &events_path(&first),
                &Value::Null,
            )
            .await;
        assert_eq!(answer.status, 401);
        assert_eq!(poll(world, &again, None).await["data"], json!([]));
        let one = world.get("/v0/webhooks/polling/same").await;
        let by_id = world
            .get(&format!(
                "/v0/webhooks/polling/{}",
                text(&first, "webhook_id")
            ))
            .await;
        assert_eq!(one, by_id);
        assert_eq!(one.get("token"), None);
        let list = world.get("/v0/webhooks/polling").await;
        assert_eq!(list["polling_webhooks"], json!([one]));
        // Elsewhere the same name is another subscription.
        let of_inbox = subscribed(world, &format!("/v0/inboxes/{inbox}"), "same").await;
        assert_ne!(of_inbox["webhook_id"], first["webhook_id"]);
        assert_eq!(of_inbox["inbox_id"], json!(inbox));
    })
    .await;
}

#[tokio::test]
async fn a_subscription_hears_what_it_belongs_to_narrowed_as_it_asked() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let pod = text(&world.get(&format!("/v0/inboxes/{a}")).await, "pod_id");
        let of_a = subscribed(world, &format!("/v0/inboxes/{a}"), "a").await;
        let of_pod = subscribed(world, &format!("/v0/pods/{pod}"), "pod").await;
        assert_eq!((text(&of_a, "inbox_id"), text(&of_a, "pod_id")), (a.clone(), pod.clone()));
        assert_eq!((of_pod.get("inbox_id"), text(&of_pod, "pod_id")), (None, pod.clone()));
        let narrowed = json!({"client_id": "b", "event_types": ["message.received"], "inbox_ids": [b.to_uppercase()]});
        let only_b = world.post("/v0/webhooks/polling", narrowed).await;
        assert_eq!(only_b["inbox_ids"], json!([b]));
        assert_eq!((only_b.get("pod_id"), only_b.get("pod_ids")), (None, None));
        let mut at = Vec::new();
        for webhook in [&of_a, &of_pod, &only_b] {
            at.push(text(&poll(world, webhook, None).await, "iterator"));
        }
        received(world, &a, "a@outside.test").await;
        received(world, &b, "b@outside.test").await;
        for ((webhook, at), expected) in [&of_a, &of_pod, &only_b].into_iter().zip(at).zip([
            &["<a@outside.test>"][..],
            &["<a@outside.test>", "<b@outside.test>"],
            &["<b@outside.test>"],
        ]) {
            assert_eq!(ids(&poll(world, webhook, Some(&at)).await), expected);
        }
        // Each level lists its own.
        for (path, expected) in [
            ("/v0".to_owned(), "b"),
            (format!("/v0/pods/{pod}"), "pod"),
            (format!("/v0/inboxes/{a}"), "a"),
        ] {
            let list = world.get(&format!("{path}/webhooks/polling")).await;
            let list = list["polling_webhooks"].as_array().unwrap();
            assert_eq!(column(list, "client_id"), [expected]);
        }
        // It goes with what it belongs to.
        world.delete(&format!("/v0/inboxes/{a}")).await;
        let answer = world.call_as(&text(&of_a, "token"), "GET", &events_path(&of_a), &Value::Null).await;
        assert_eq!(answer.status, 401, "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn a_token_never_sees_what_its_maker_may_not() {
    each_engine(async |world| {
        let rights = json!({"permissions": {"webhook_create": true, "message_read": true}});
        let (weak, _) = world.key(None, rights).await;
        let make = async |key: &str, kind: &str, name: &str| {
            let request = json!({"client_id": name, "event_types": [kind]});
            let answer = world
                .call_as(key, "POST", "/v0/webhooks/polling", &request)
                .await;
            (
                answer.status,
                answer.json()["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
        };
        let missing = (403, "missing_permission".to_owned());
        assert_eq!(make(&weak, "message.received.spam", "w").await, missing);
        assert_eq!(make(&weak, "message.received", "w").await.0, 200);
        assert_eq!(make(ADMIN_KEY, "message.received.spam", "s").await.0, 200);
        // Not by the detour of a new token either.
        assert_eq!(make(&weak, "message.received", "s").await, missing);
        // Making one shows its maker the messages.
        let (blind, _) = world
            .key(None, json!({"permissions": {"webhook_create": true}}))
            .await;
        assert_eq!(make(&blind, "message.received", "b").await, missing);
    })
    .await;
}

#[tokio::test]
async fn there_are_ten_at_each_place_and_what_is_malformed_is_refused() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let of_inbox = format!("/v0/inboxes/{inbox}");
        for n in 0..10 {
            subscribed(world, "/v0", &format!("c{n}")).await;
            subscribed(world, &of_inbox, &format!("c{n}")).await;
        }
        for place in ["/v0", &of_inbox] {
            let path = format!("{place}/webhooks/polling");
            let more = json!({"client_id": "more", "event_types": ["message.received"]});
            world
                .refused("POST", &path, more, (403, "limit_exceeded"))
                .await;
            subscribed(world, place, "c3").await;
            let page = world.get(&format!("{path}?limit=6")).await;
            let token = text(&page, "next_page_token");
            let rest = world
                .get(&format!("{path}?limit=6&page_token={token}"))
                .await;
            let mut names = column(page["polling_webhooks"].as_array().unwrap(), "client_id");
            names.extend(column(
                rest["polling_webhooks"].as_array().unwrap(),
                "client_id",
            ));
            let expected: Vec<String> = (0..10).rev().map(|n| format!("c{n}")).collect();
            assert_eq!(names, expected);
        }
        let kinds = json!(["message.received"]);
        let many: Vec<&str> = vec![&inbox; 11];
        for (body, told) in [
            (json!({"event_types": kinds}), (400, "validation_error")),
            (json!({"client_id": "x"}), (400, "validation_error")),
            (
                json!({"client_id": "x", "event_types": []}),
                (400, "validation_error"),
            ),
            (
                json!({"client_id": "x", "event_types": ["message.lost"]}),
                (400, "validation_error"),
            ),
            (
                json!({"client_id": "a@b", "event_types": kinds}),
                (400, "validation_error"),
            ),
            (
                json!({"client_id": "x", "event_types": kinds, "inbox_ids": ["no@body.test"]}),
                (404, "not_found"),
            ),
            (
                json!({"client_id": "x", "event_types": kinds, "pod_ids": ["7"]}),
                (404, "not_found"),
            ),
            (
                json!({"client_id": "x", "event_types": kinds, "inbox_ids": many}),
                (403, "limit_exceeded"),
            ),
        ] {
            world
                .refused("POST", "/v0/webhooks/polling", body, told)
                .await;
        }
    })
    .await;
}
