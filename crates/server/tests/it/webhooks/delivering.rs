//! What reaches a receiver that does its work.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use testkit::{HookSink, Reaction};

use super::{checked, delivery, path, signed, sink, webhook};
use crate::running::soon;
use crate::world::{World, each_engine, eventually, letter};

async fn socket_event(world: &World) -> impl AsyncFnMut() -> String {
    use futures_util::SinkExt as _;
    let mut socket = world.server.socket().await;
    let subscribe = json!({"type": "subscribe"}).to_string();
    socket.send(subscribe.into()).await.unwrap();
    soon(socket.next()).await.unwrap().unwrap();
    async move || {
        let frame = soon(socket.next()).await.unwrap().unwrap();
        frame.into_text().unwrap().to_string()
    }
}

#[tokio::test]
async fn a_message_is_posted_signed_as_the_log_has_it_with_from_twice() {
    each_engine(async |world| {
        let (mut sink, inbox) = (sink().await, world.inbox().await);
        let headers = json!({"headers": {"Authorization": "Bearer mine"}});
        let hook = webhook(world, &sink, headers).await;
        let mut heard = socket_event(world).await;
        world
            .mail(&inbox, letter(&inbox, "1@outside.test", "Hi", "Hello"))
            .await;
        let (posted, body) = signed(&mut sink, &hook["secret"]).await;
        assert_eq!(posted.line, "POST /hook HTTP/1.1");
        assert_eq!(posted.header("authorization"), "Bearer mine");
        let mut expected: Value = serde_json::from_str(&heard().await).unwrap();
        assert_eq!(expected["event_type"], "message.received");
        assert!(expected["message"].get("from_").is_none());
        expected["message"]["from_"] = expected["message"]["from"].clone();
        assert_eq!(body, expected);
        let done = delivery(world, &hook, |one| one["status"] == "delivered").await;
        assert_eq!(done["delivery_id"], posted.header("svix-id"));
        assert_eq!(
            (&done["event_id"], &done["attempt_count"]),
            (&body["event_id"], &json!(1))
        );
        let attempt = &done["attempts"][0];
        assert_eq!(
            (&attempt["number"], &attempt["http_status"]),
            (&json!(1), &json!(200))
        );
        assert!(
            attempt.get("error").is_none() && done.get("next_attempt_at").is_none(),
            "{done}"
        );
    })
    .await;
}

#[tokio::test]
async fn each_webhook_gets_what_it_asked_for_and_nothing_else() {
    each_engine(async |world| {
        let (one, other) = (world.inbox().await, world.inbox().await);
        let (mut all, mut narrow, mut own, mut sent) =
            (sink().await, sink().await, sink().await, sink().await);
        let all_hook = webhook(world, &all, json!({})).await;
        let narrow_hook = webhook(world, &narrow, json!({"inbox_ids": [one]})).await;
        let own_hook = world
            .post(
                &format!("/v0/inboxes/{other}/webhooks"),
                json!({"url": own.url("/")}),
            )
            .await;
        let sent_hook = webhook(world, &sent, json!({"event_types": ["message.sent"]})).await;
        world
            .mail(&one, letter(&one, "1@outside.test", "One", "x"))
            .await;
        world
            .mail(&other, letter(&other, "2@outside.test", "Other", "x"))
            .await;
        world
            .send(&one, json!({"to": "ann@outside.test", "text": "x"}))
            .await;
        let subject = |body: &Value| body["message"]["subject"].clone();
        let kinds = async |sink: &mut HookSink, hook: &Value, n: usize| {
            let mut kinds = Vec::new();
            for _ in 0..n {
                let (_, body) = signed(sink, &hook["secret"]).await;
                kinds.push(body["event_type"].as_str().unwrap().to_owned());
            }
            kinds.sort_unstable();
            kinds
        };
        let every = [
            "message.delivered",
            "message.received",
            "message.received",
            "message.sent",
        ];
        assert_eq!(kinds(&mut all, &all_hook, 4).await, every);
        let of_one = ["message.delivered", "message.received", "message.sent"];
        assert_eq!(kinds(&mut narrow, &narrow_hook, 3).await, of_one);
        assert_eq!(
            subject(&signed(&mut own, &own_hook["secret"]).await.1),
            "Other"
        );
        assert_eq!(kinds(&mut sent, &sent_hook, 1).await, ["message.sent"]);
        for sink in [&mut all, &mut narrow, &mut own, &mut sent] {
            assert!(sink.waiting().is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn a_test_event_redelivery_replay_and_rotation() {
    each_engine(async |world| {
        let (mut sink, inbox) = (sink().await, world.inbox().await);
        let before = letter(&inbox, "0@outside.test", "Before", "x");
        world.mail(&inbox, before).await;
        let hook = webhook(world, &sink, json!({})).await;
        let test = world.post(&path(&hook, "/test"), json!({})).await;
        let (posted, body) = signed(&mut sink, &hook["secret"]).await;
        assert_eq!(
            (&body["event_type"], &body["type"]),
            (&json!("webhook.test"), &json!("event"))
        );
        assert_eq!(test["delivery_id"], posted.header("svix-id"));

        world
            .mail(&inbox, letter(&inbox, "1@outside.test", "S", "x"))
            .await;
        let (first, event) = signed(&mut sink, &hook["secret"]).await;
        let id = first.header("svix-id").to_owned();
        delivery(world, &hook, |one| {
            one["status"] == "delivered" && one["delivery_id"] == id
        })
        .await;
        let again = world
            .post(
                &path(&hook, &format!("/deliveries/{id}/redeliver")),
                json!({}),
            )
            .await;
        assert_eq!(again["status"], "pending");
        let (second, _) = signed(&mut sink, &hook["secret"]).await;
        assert_eq!(
            (second.header("svix-id"), &second.body),
            (id.as_str(), &first.body)
        );
        let done = delivery(world, &hook, |one| {
            one["attempt_count"] == 2 && one["status"] == "delivered"
        })
        .await;
        assert_eq!(done["attempts"].as_array().unwrap().len(), 2);

        let rotated = world.post(&path(&hook, "/rotate-secret"), json!({})).await;
        assert_ne!(rotated["secret"], hook["secret"]);
        let replay = world
            .post(
                &path(&hook, "/replay"),
                json!({"since": "2026-01-01T00:00:00Z"}),
            )
            .await;
        assert!(replay["events"].as_i64().unwrap() >= 2, "{replay}");
        let mut ids = Vec::new();
        for _ in 0..2 {
            let posted = soon(sink.next()).await;
            let body = checked(&posted, &[&rotated["secret"], &hook["secret"]]);
            ids.push((
                body["message"]["subject"].clone(),
                posted.header("svix-id").to_owned(),
            ));
        }
        ids.sort_by_key(|(subject, _)| subject.to_string());
        assert_eq!(ids[0].0, "Before");
        assert_eq!(ids[1], (json!("S"), id.clone()));
        let after = json!({"after_event_id": event["event_id"]});
        let none = world.post(&path(&hook, "/replay"), after).await;
        // The verdict of the screen, which was not asked for.
        assert_eq!(none["events"], 1);
        assert!(sink.waiting().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_replay_needs_one_place_to_begin_that_is_there() {
    each_engine(async |world| {
        let mut sink = sink().await;
        let hook = webhook(world, &sink, json!({})).await;
        for body in [
            json!({}),
            json!({"since": "yesterday"}),
            json!({"since": "2026-01-01T00:00:00Z", "after_event_id": "x"}),
        ] {
            world
                .refused(
                    "POST",
                    &path(&hook, "/replay"),
                    body,
                    (400, "validation_error"),
                )
                .await;
        }
        world
            .refused(
                "POST",
                &path(&hook, "/replay"),
                json!({"after_event_id": "x"}),
                (404, "not_found"),
            )
            .await;
        assert!(sink.waiting().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_disabled_webhook_is_silent_and_goes_on_without_what_it_missed() {
    each_engine(async |world| {
        let (mut sink, inbox) = (sink().await, world.inbox().await);
        let mut witness = super::sink().await;
        let hook = webhook(world, &sink, json!({})).await;
        let other = webhook(world, &witness, json!({})).await;
        sink.then([Reaction::status(500)]);
        world
            .mail(&inbox, letter(&inbox, "0@outside.test", "Failed", "x"))
            .await;
        signed(&mut sink, &hook["secret"]).await;
        delivery(world, &hook, |one| one["attempt_count"] == 1).await;
        world
            .patch(&path(&hook, ""), json!({"enabled": false}))
            .await;
        let waiting = delivery(world, &hook, |_| true).await;
        assert_eq!(
            (&waiting["status"], waiting.get("next_attempt_at")),
            (&json!("cancelled"), None)
        );
        for rest in [
            "/test".to_owned(),
            format!(
                "/deliveries/{}/redeliver",
                waiting["delivery_id"].as_str().unwrap()
            ),
        ] {
            world
                .refused(
                    "POST",
                    &path(&hook, &rest),
                    json!({}),
                    (422, "unprocessable"),
                )
                .await;
        }
        world
            .mail(&inbox, letter(&inbox, "1@outside.test", "Missed", "x"))
            .await;
        for _ in 0..2 {
            signed(&mut witness, &other["secret"]).await;
        }
        world
            .patch(&path(&hook, ""), json!({"enabled": true}))
            .await;
        world
            .mail(&inbox, letter(&inbox, "2@outside.test", "Heard", "x"))
            .await;
        let (_, body) = signed(&mut sink, &hook["secret"]).await;
        assert_eq!(body["message"]["subject"], "Heard");
        world.delete(&path(&hook, "")).await;
        world
            .mail(&inbox, letter(&inbox, "3@outside.test", "Gone", "x"))
            .await;
        for _ in 0..2 {
            signed(&mut witness, &other["secret"]).await;
        }
        assert!(sink.waiting().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_slow_receiver_holds_four_requests_and_nobody_else() {
    each_engine(async |world| {
        let (slow, mut quick) = (sink().await, sink().await);
        let inbox = world.inbox().await;
        slow.always(Reaction::Hang);
        webhook(world, &slow, json!({})).await;
        let hook = webhook(world, &quick, json!({})).await;
        for n in 0..20 {
            world
                .mail(
                    &inbox,
                    letter(&inbox, &format!("{n}@outside.test"), "S", "x"),
                )
                .await;
        }
        for _ in 0..20 {
            signed(&mut quick, &hook["secret"]).await;
        }
        eventually(async || (slow.open() == 4).then_some(())).await;
        // Sending goes through the same table of jobs.
        let id = world
            .send(&inbox, json!({"to": "ann@outside.test", "text": "x"}))
            .await;
        world.labelled(&inbox, &id, "delivered-in-sandbox").await;
        assert_eq!(slow.most(), 4);
        slow.release();
    })
    .await;
}
