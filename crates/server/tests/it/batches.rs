//! Many messages at once, and the record of what happened to their labels.

use serde_json::{Value, json};

use crate::world::{World, column, each_engine, letter};

async fn received(world: &World, inbox: &str, id: &str) {
    world.mail(inbox, letter(inbox, id, "S", "Hello.")).await;
}

async fn batch(world: &World, inbox: &str, what: &str, body: Value) -> Value {
    let path = format!("/v0/inboxes/{inbox}/messages/batch-{what}");
    world.post(&path, body).await
}

/// The record of an inbox, oldest first: `+label` or `-label`, and the message.
async fn record(world: &World, inbox: &str) -> Vec<(String, String)> {
    let path = format!("/v0/inboxes/{inbox}/events?ascending=true&limit=100");
    let list = world.get(&path).await;
    let told = |event: &Value| {
        let sign = match event["event_type"].as_str().unwrap() {
            "label.added" => "+",
            "label.removed" => "-",
            other => panic!("{other}"),
        };
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        (format!("{sign}{}", text("label")), text("message_id"))
    };
    list["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(told)
        .collect()
}

#[tokio::test]
async fn a_batch_comes_in_the_order_asked_without_bodies_and_without_what_is_not_there() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        for n in 0..20 {
            let id = format!("{n}@outside.test");
            let raw = letter(&inbox, &id, "S", "Hello.");
            let raw = raw.replacen("\r\n", "\r\nReply-To: desk@outside.test\r\n", 1);
            world.mail(&inbox, raw).await;
        }
        received(world, &other, "other@outside.test").await;
        let ids: Vec<String> = (0..20)
            .rev()
            .map(|n| format!("<{n}@outside.test>"))
            .collect();
        let mut asked: Vec<String> = ids.clone();
        asked.insert(3, "<ghost@outside.test>".to_owned());
        asked.insert(4, "<other@outside.test>".to_owned());
        asked.insert(5, "no id".to_owned());
        let got = batch(world, &inbox, "get", json!({"message_ids": asked})).await;
        let messages = got["messages"].as_array().unwrap();
        assert_eq!(column(messages, "message_id"), ids);
        assert_eq!((&got["limit"], &got["count"]), (&json!(23), &json!(20)));
        let mut whole = world.message(&inbox, "<7@outside.test>").await;
        for body in ["text", "html", "extracted_text", "extracted_html"] {
            whole.as_object_mut().unwrap().remove(body);
        }
        assert_eq!(whole["reply_to"], json!(["desk@outside.test"]));
        assert_eq!(messages[12], whole);
        // Without brackets, and twice.
        let twice =
            json!({"message_ids": ["3@outside.test", "<4@outside.test>", "3@outside.test"]});
        let got = batch(world, &inbox, "get", twice).await;
        assert_eq!(
            column(got["messages"].as_array().unwrap(), "message_id"),
            ["<3@outside.test>", "<4@outside.test>", "<3@outside.test>"]
        );
    })
    .await;
}

#[tokio::test]
async fn hidden_mail_is_in_a_batch_only_for_keys_that_may_see_it() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for id in ["a@outside.test", "b@outside.test"] {
            received(world, &inbox, id).await;
        }
        let ids = json!({"message_ids": ["<a@outside.test>", "<b@outside.test>"]});
        batch(
            world,
            &inbox,
            "update",
            json!({"message_ids": ["<b@outside.test>"], "add_labels": "trash"}),
        )
        .await;
        assert_eq!(batch(world, &inbox, "get", ids.clone()).await["count"], 2);
        let rights = json!({"permissions": {"message_read": true, "message_update": true}});
        let (blind, _) = world.key(None, rights).await;
        let path = format!("/v0/inboxes/{inbox}/messages/batch-get");
        let got = world.call_as(&blind, "POST", &path, &ids).await.json();
        assert_eq!((&got["count"], &got["limit"]), (&json!(1), &json!(2)));
        // Nor does the record tell such a key what it cannot see.
        let path = format!("/v0/inboxes/{inbox}/events");
        let told = world
            .call_as(&blind, "GET", &path, &Value::Null)
            .await
            .json();
        assert_eq!(told["events"], json!([]));
        assert_eq!(record(world, &inbox).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn one_change_is_made_to_all_or_to_none() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for id in ["a@outside.test", "b@outside.test", "c@outside.test"] {
            received(world, &inbox, id).await;
        }
        let ids = ["<b@outside.test>", "<ghost@outside.test>", "<a@outside.test>"];
        let change = json!({"message_ids": ids, "add_labels": ["Seen", "unread"], "remove_labels": "unread"});
        let got = batch(world, &inbox, "update", change).await;
        assert_eq!((&got["limit"], &got["count"]), (&json!(3), &json!(2)));
        assert_eq!(
            got["updates"],
            json!([
                {"message_id": "<b@outside.test>", "labels": ["received", "seen"]},
                {"message_id": "<a@outside.test>", "labels": ["received", "seen"]},
            ])
        );
        // The last of them has no room for another label.
        let many: Vec<String> = (0..254).map(|n| format!("l{n}")).collect();
        let one = json!({"message_ids": ["<c@outside.test>"], "add_labels": many});
        batch(world, &inbox, "update", one).await;
        let before = record(world, &inbox).await.len();
        let path = format!("/v0/inboxes/{inbox}/messages/batch-update");
        let all = json!({"message_ids": ["<a@outside.test>", "<c@outside.test>"], "add_labels": ["one more"]});
        world.refused("POST", &path, all, (400, "validation_error")).await;
        assert_eq!(
            world.message(&inbox, "<a@outside.test>").await["labels"],
            json!(["received", "seen"])
        );
        assert_eq!(record(world, &inbox).await.len(), before);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_batch_is_refused() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let ids = |n: usize| (0..n).map(|n| format!("<{n}@x.test>")).collect::<Vec<_>>();
        let cases = [
            ("get", json!({})),
            ("get", json!({"message_ids": []})),
            ("get", json!({"message_ids": ids(501)})),
            ("get", json!({"message_ids": "<a@b.test>"})),
            ("update", json!({"message_ids": [], "add_labels": "x"})),
            ("update", json!({"message_ids": ids(51), "add_labels": "x"})),
            ("update", json!({"message_ids": ids(2)})),
            (
                "update",
                json!({"message_ids": ids(2), "add_labels": "sent"}),
            ),
            (
                "update",
                json!({"message_ids": ["<a@b.test>", "a@b.test"], "add_labels": "x"}),
            ),
        ];
        for (what, body) in cases {
            let path = format!("/v0/inboxes/{inbox}/messages/batch-{what}");
            world
                .refused("POST", &path, body, (400, "validation_error"))
                .await;
        }
        assert_eq!(
            batch(world, &inbox, "get", json!({"message_ids": ids(500)})).await["limit"],
            500
        );
        let most = json!({"message_ids": ids(50), "add_labels": "x"});
        assert_eq!(batch(world, &inbox, "update", most).await["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn each_effective_change_of_a_label_is_recorded_whoever_made_it() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        received(world, &inbox, "a@outside.test").await;
        let id = "<a@outside.test>";
        // The labels it was born with are not in it.
        assert_eq!(record(world, &inbox).await, []);
        let path = format!("/v0/inboxes/{inbox}/messages/a@outside.test");
        let change = json!({"add_labels": ["vip", "unread"], "remove_labels": ["ghost"]});
        world.patch(&path, change.clone()).await;
        // A second time nothing changes.
        world.patch(&path, change).await;
        batch(
            world,
            &inbox,
            "update",
            json!({"message_ids": [id], "remove_labels": "unread"}),
        )
        .await;
        let thread = world.message(&inbox, id).await["thread_id"]
            .as_str()
            .unwrap()
            .to_owned();
        world
            .patch(
                &format!("/v0/threads/{thread}"),
                json!({"add_labels": ["trash"], "remove_labels": ["vip"]}),
            )
            .await;
        let sent = world
            .send(&inbox, json!({"to": "bob@outside.test", "text": "x"}))
            .await;
        world.labelled(&inbox, &sent, "delivered-in-sandbox").await;
        let expected: Vec<(String, String)> = [
            ("+vip", id),
            ("-unread", id),
            ("+trash", id),
            ("-vip", id),
            ("+delivered-in-sandbox", &sent),
        ]
        .map(|(label, id)| (label.to_owned(), id.to_owned()))
        .to_vec();
        assert_eq!(record(world, &inbox).await, expected);
        let other = world.inbox().await;
        assert_eq!(record(world, &other).await, []);
    })
    .await;
}

#[tokio::test]
async fn the_record_is_paged_newest_first_by_ids_that_sort() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        received(world, &inbox, "a@outside.test").await;
        let path = format!("/v0/inboxes/{inbox}/messages/a@outside.test");
        for n in 0..3 {
            let labels: Vec<String> = (0..5).map(|m| format!("l{n}{m}")).collect();
            world.patch(&path, json!({"add_labels": labels})).await;
        }
        let (mut events, mut token) = (Vec::new(), String::new());
        loop {
            let query = format!("/v0/inboxes/{inbox}/events?limit=4{token}");
            let page = world.get(&query).await;
            assert_eq!(page["limit"], 4);
            events.extend(page["events"].as_array().unwrap().clone());
            let Some(next) = page["next_page_token"].as_str() else {
                break;
            };
            token = format!("&page_token={next}");
        }
        assert_eq!(events.len(), 15);
        let ids = column(&events, "event_id");
        assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
        let labels = column(&events, "label");
        assert_eq!((&*labels[0], &*labels[14]), ("l24", "l00"));
        assert_eq!(events[0]["inbox_id"], inbox);
        let bad = format!("/v0/inboxes/{inbox}/events?page_token=x");
        world
            .refused("GET", &bad, Value::Null, (400, "validation_error"))
            .await;
    })
    .await;
}
