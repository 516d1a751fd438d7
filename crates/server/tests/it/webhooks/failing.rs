//! Receivers that fail, and a server that does.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use testkit::Reaction;

use super::{delivery, path, signed, sink, webhook};
use crate::database::{Data, Engine, engines};
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, each_engine, letter};

#[tokio::test]
async fn a_delivery_that_failed_comes_again_under_the_same_id() {
    each_engine(async |world| {
        let (mut sink, inbox) = (sink().await, world.inbox().await);
        let hook = webhook(world, &sink, json!({})).await;
        sink.then([Reaction::answer(503, "", "not now\0")]);
        world
            .mail(&inbox, letter(&inbox, "1@outside.test", "S", "x"))
            .await;
        let (first, _) = signed(&mut sink, &hook["secret"]).await;
        let failed = delivery(world, &hook, |one| one["attempt_count"] == 1).await;
        assert_eq!(
            (&failed["status"], &failed["last_http_status"]),
            (&json!("pending"), &json!(503))
        );
        assert!(failed["next_attempt_at"].is_string(), "{failed}");
        assert_eq!(failed["attempts"][0]["response"], "not now\u{fffd}");
        // The schedule's first pause is 5 to 6 seconds.
        let (second, _) = signed(&mut sink, &hook["secret"]).await;
        assert_eq!(first.header("svix-id"), second.header("svix-id"));
        assert_ne!(
            first.header("svix-timestamp"),
            second.header("svix-timestamp")
        );
        assert_eq!(first.body, second.body);
        let done = delivery(world, &hook, |one| one["status"] == "delivered").await;
        assert_eq!(done["attempt_count"], 2);
    })
    .await;
}

#[tokio::test]
async fn every_bad_answer_is_survived_and_told() {
    each_engine(async |world| {
        let mut tricked = sink().await;
        for (reaction, status, error) in [
            (
                Reaction::answer(302, &format!("Location: {}\r\n", tricked.url("/")), ""),
                json!(302),
                "redirects",
            ),
            (Reaction::Reset, Value::Null, "the answer failed"),
            (
                Reaction::Answer(b"220 smtp.test ESMTP\r\n".to_vec()),
                Value::Null,
                "the answer failed",
            ),
            (
                Reaction::answer(500, "", &"e".repeat(1 << 20)),
                json!(500),
                "the answer was 500",
            ),
            (
                Reaction::Answer(vec![b'x'; 1 << 20]),
                Value::Null,
                "the answer failed",
            ),
        ] {
            let mut sink = sink().await;
            sink.always(reaction.clone());
            let hook = webhook(world, &sink, json!({})).await;
            world.post(&path(&hook, "/test"), json!({})).await;
            signed(&mut sink, &hook["secret"]).await;
            let failed = delivery(world, &hook, |one| one["attempt_count"] == 1).await;
            let attempt = &failed["attempts"][0];
            assert_eq!(attempt["http_status"], status, "{failed}");
            let told = attempt["error"].as_str().unwrap_or_default();
            assert!(told.contains(error), "{failed:.500}");
            assert_eq!(failed["status"], "pending");
            let kept = attempt["response"].as_str().unwrap_or_default().len();
            assert!(kept <= 1024, "{kept}");
            world.delete(&path(&hook, "")).await;
        }
        assert!(tricked.waiting().is_none());
        // A success is one however much is said after it.
        let mut endless = sink().await;
        endless.always(Reaction::Endless);
        let hook = webhook(world, &endless, json!({})).await;
        world.post(&path(&hook, "/test"), json!({})).await;
        signed(&mut endless, &hook["secret"]).await;
        let done = delivery(world, &hook, |one| one["status"] == "delivered").await;
        assert_eq!(
            done["attempts"][0]["response"].as_str().unwrap().len(),
            1024
        );
    })
    .await;
}

#[tokio::test]
async fn who_does_not_answer_has_failed_after_fifteen_seconds() {
    each_engine(async |world| {
        let mut sink = sink().await;
        sink.always(Reaction::Hang);
        let hook = webhook(world, &sink, json!({})).await;
        world.post(&path(&hook, "/test"), json!({})).await;
        signed(&mut sink, &hook["secret"]).await;
        let failed = delivery(world, &hook, |one| one["attempt_count"] == 1).await;
        let attempt = &failed["attempts"][0];
        assert_eq!(
            attempt["error"],
            "the time ran out while waiting for the answer"
        );
        let took = attempt["duration_ms"].as_i64().unwrap();
        assert!((15_000..20_000).contains(&took), "{took}");
    })
    .await;
}

#[tokio::test]
async fn gone_disables_at_once_and_those_who_asked_hear_of_it() {
    each_engine(async |world| {
        let (mut sink, mut watcher, mut plain) = (sink().await, sink().await, sink().await);
        let hook = webhook(world, &sink, json!({})).await;
        let asked = webhook(
            world,
            &watcher,
            json!({"event_types": ["webhook.disabled"]}),
        )
        .await;
        webhook(world, &plain, json!({})).await;
        let mut socket = world.server.socket().await;
        let subscribe =
            json!({"type": "subscribe", "event_types": ["webhook.disabled"]}).to_string();
        socket.send(subscribe.into()).await.unwrap();
        soon(socket.next()).await.unwrap().unwrap();

        sink.then([Reaction::status(410)]);
        world.post(&path(&hook, "/test"), json!({})).await;
        let (_, notice) = signed(&mut watcher, &asked["secret"]).await;
        assert_eq!(notice["event_type"], "webhook.disabled");
        let told = &notice["webhook"];
        assert_eq!(
            (&told["webhook_id"], &told["enabled"]),
            (&hook["webhook_id"], &json!(false))
        );
        assert!(told.get("secret").is_none(), "{notice}");
        let frame = soon(socket.next())
            .await
            .unwrap()
            .unwrap()
            .into_text()
            .unwrap();
        let frame: Value = serde_json::from_str(&frame).unwrap();
        assert_eq!(frame["event_id"], notice["event_id"]);
        let now = world.get(&path(&hook, "")).await;
        assert_eq!(
            (&now["enabled"], &now["disabled_reason"]),
            (&json!(false), &told["disabled_reason"])
        );
        let failed = delivery(world, &hook, |_| true).await;
        assert_eq!(
            (&failed["status"], &failed["last_http_status"]),
            (&json!("failed"), &json!(410))
        );
        let back = world
            .patch(&path(&hook, ""), json!({"enabled": true}))
            .await;
        assert!(back.get("disabled_reason").is_none(), "{back}");
        signed(&mut sink, &hook["secret"]).await;
        assert!(plain.waiting().is_none());
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_delivered_after_a_restart_and_nothing_twice() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut world = World {
            server: Running::start(&data).await,
            data,
        };
        let (mut sink, inbox) = (sink().await, world.inbox().await);
        let hook = webhook(&world, &sink, json!({"event_types": ["message.received"]})).await;
        sink.always(Reaction::status(503));
        for n in 0..5 {
            world
                .mail(
                    &inbox,
                    letter(&inbox, &format!("{n}@outside.test"), "S", "x"),
                )
                .await;
        }
        let mut ids = std::collections::BTreeSet::new();
        for _ in 0..5 {
            let (posted, _) = signed(&mut sink, &hook["secret"]).await;
            ids.insert(posted.header("svix-id").to_owned());
        }
        assert_eq!(ids.len(), 5);
        if engine == Engine::Sqlite {
            world.server.signal(rustix::process::Signal::KILL);
            world.server.ended().await;
        } else {
            // Others could work on this database: what a killed process had leased stays its own for
            // two minutes.
            world.server.stop().await;
        }
        while sink.waiting().is_some() {}
        sink.always(Reaction::status(200));
        world.server = Running::start(&world.data).await;
        let mut again = std::collections::BTreeSet::new();
        while again.len() < 5 {
            let (posted, _) = signed(&mut sink, &hook["secret"]).await;
            again.insert(posted.header("svix-id").to_owned());
        }
        assert_eq!(again, ids);
        let list = world.get(&path(&hook, "/deliveries")).await;
        assert_eq!(list["count"], 5);
        let ended = world.server.stop().await;
        assert!(ended.status.success());
    }
}

#[tokio::test]
async fn a_public_server_posts_to_the_public_internet_and_where_the_operator_allows() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut command = serve(&data);
        command.env("MAILROOST_API_KEY", ADMIN_KEY);
        let server = Running::from(command.args(["--domain", "agents.acme-mail.com"])).await;
        let mut world = World { server, data };
        let mut sink = sink().await;
        let body = json!({"url": sink.url("/")});
        for url in [
            sink.url("/"),
            "https://127.0.0.1/".to_owned(),
            "http://hooks.acme-mail.com/".to_owned(),
        ] {
            world
                .refused(
                    "POST",
                    "/v0/webhooks",
                    json!({"url": url}),
                    (400, "validation_error"),
                )
                .await;
        }
        world
            .post(
                "/v0/webhooks",
                json!({"url": "https://hooks.acme-mail.com/"}),
            )
            .await;
        // A name that leads here shows only when it is asked for.
        let here = world
            .post("/v0/webhooks", json!({"url": "https://localhost:1/"}))
            .await;
        world.post(&path(&here, "/test"), json!({})).await;
        let failed = delivery(&world, &here, |one| one["attempt_count"] == 1).await;
        assert_eq!(failed["last_error"], "the host's address is not public");
        world.server.stop().await;

        let mut command = serve(&world.data);
        command.env("MAILROOST_API_KEY", ADMIN_KEY);
        command.args([
            "--domain",
            "agents.acme-mail.com",
            "--egress-allow",
            "127.0.0.0/8",
        ]);
        world.server = Running::from(&mut command).await;
        let hook = world.post("/v0/webhooks", body).await;
        world.post(&path(&hook, "/test"), json!({})).await;
        signed(&mut sink, &hook["secret"]).await;
        world.server.stop().await;
    }
}
