//! What comes with time that no test can wait for: the server is stopped, what it has is made older,
//! and it is started again.

use serde_json::{Value, json};
use testkit::{DnsZone, ZoneRecord};
use tokio::io::AsyncWriteExt as _;

use crate::client::{connect, read_answer, request_head};
use crate::database::{Data, engines};
use crate::listener::Listener;
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, eventually, letter, well_ended};

const DAY: i64 = 86_400 * 1_000_000;

async fn received(world: &World, inbox: &str, id: &str) {
    world.mail(inbox, letter(inbox, id, "S", "Hello.")).await;
}

/// The path under which a subscription says it is read.
fn events_path(webhook: &Value) -> String {
    let url = webhook["url"].as_str().unwrap();
    format!("/{}", url.splitn(4, '/').nth(3).unwrap())
}

fn assert_expired(told: &Value, path: &str) {
    assert_eq!(told["code"], "validation_error", "{told}");
    let fault = &told["errors"][0];
    assert_eq!(
        (&fault["path"], &fault["code"]),
        (&json!([path]), &json!("expired")),
        "{told}"
    );
    let fix = told["fix"].as_str().unwrap();
    assert!(fix.contains("List the messages"), "{told}");
}

/// The same server after a stop, with events that are older than the log keeps them.
async fn forty_days_later(world: World) -> World {
    let World { server, data } = world;
    server.stop().await;
    data.change(&format!("update event set at = at - {}", 40 * DAY));
    // The log is kept for 30 days, but no shorter than until its events are counted.
    data.change("delete from metric_cursor");
    data.change("update job set run_at = 0 where kind = 'trim_events/1'");
    World {
        server: Running::start(&data).await,
        data,
    }
}

#[tokio::test]
async fn a_place_in_the_log_that_is_no_longer_kept_is_named_so_to_every_reader() {
    for engine in engines() {
        let data = Data::new(engine);
        let world = World {
            server: Running::start(&data).await,
            data,
        };
        let inbox = world.inbox().await;
        let request = json!({"client_id": "r", "event_types": ["message.received"]});
        let webhook = world.post("/v0/webhooks/polling", request).await;
        let token = webhook["token"].as_str().unwrap();
        let poll = async |world: &World, query: &str| {
            let path = format!("{}{query}", events_path(&webhook));
            world.call_as(token, "GET", &path, &Value::Null).await
        };
        for n in 0..3 {
            received(&world, &inbox, &format!("{n}@outside.test")).await;
        }
        let first = world.get("/v0/events?limit=1").await;
        let id = first["events"][0]["event_id"].as_str().unwrap();
        let cursor = first["next_after"].as_str().unwrap();
        let polled = poll(&world, "?limit=1").await.json();
        let iterator = polled["iterator"].as_str().unwrap();
        // Until it is gone it is a place like any other.
        let list = world.get(&format!("/v0/events?after={id}")).await;
        assert!(list["count"].as_u64().unwrap() >= 2, "{list}");
        let world = forty_days_later(world).await;

        let path = format!("/v0/events?after={id}");
        let told = eventually(async || {
            let answer = world.call("GET", &path, &Value::Null).await;
            (answer.status == 400).then(|| answer.json())
        })
        .await;
        assert_expired(&told, "after");
        for query in [format!("after={cursor}"), format!("after={id}&wait=5")] {
            let path = format!("/v0/events?{query}");
            let told = world.refused("GET", &path, Value::Null, (400, "validation_error"));
            assert_expired(&told.await, "after");
        }
        let more = format!("Accept: text/event-stream\r\nLast-Event-ID: {id}\r\n");
        let mut stream = connect(world.server.http).await;
        let head = request_head("GET", "/v0/events", ADMIN_KEY, 0, &more);
        soon(stream.write_all(head.as_bytes())).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert_expired(&answer.json(), "after");
        let polled = poll(&world, &format!("?iterator={iterator}")).await;
        assert_eq!(polled.status, 400, "{polled:?}");
        assert_expired(&polled.json(), "iterator");

        let mut socket = Listener::connect(&world, ADMIN_KEY).await.ok().unwrap();
        let told = socket.subscribe(json!({"after": id})).await;
        assert_eq!(
            (&told["type"], &told["code"]),
            (&json!("error"), &json!("validation_error"))
        );
        assert!(told.to_string().contains("no longer kept"), "{told}");
        // Everybody is told how to go on, and can.
        assert_eq!(
            socket.subscribe(json!({"after": "start"})).await["type"],
            "subscribed"
        );
        received(&world, &inbox, "new@outside.test").await;
        let event = socket.event().await;
        assert_eq!(
            event["message"]["message_id"], "<new@outside.test>",
            "{event}"
        );
        let anew = world.get("/v0/events?after=start").await;
        assert_eq!(anew["count"], 1, "{anew}");
        // A first poll only tells where to begin.
        let begin = poll(&world, "").await.json();
        let iterator = begin["iterator"].as_str().unwrap();
        let anew = poll(&world, &format!("?iterator={iterator}")).await.json();
        assert_eq!(
            anew["data"][0]["message"]["message_id"],
            "<new@outside.test>"
        );
        well_ended(world.server).await;
    }
}

/// A server that asks the name server of `zone`.
async fn with_dns(data: &Data, zone: &DnsZone) -> Running {
    let mut command = serve(data);
    command
        .env("MAILROOST_API_KEY", ADMIN_KEY)
        .env("MAILROOST_DNS", zone.address().to_string());
    Running::from(&mut command).await
}

#[tokio::test]
async fn a_domain_without_records_fails_after_two_weeks_and_is_looked_at_again_when_asked() {
    for engine in engines() {
        let data = Data::new(engine);
        let zone = DnsZone::start().await;
        let mut world = World {
            server: with_dns(&data, &zone).await,
            data,
        };
        let made = world
            .post("/v0/domains", json!({"domain": "late.dev"}))
            .await;
        world.post("/v0/domains/late.dev/verify", Value::Null).await;
        let waiting = world.get("/v0/domains/late.dev").await;
        assert_eq!(waiting["status"], "PENDING");
        world.server.stop().await;
        let since = 15 * DAY;
        world.data.change(&format!(
            "update domain set started_at = started_at - {since}"
        ));
        world
            .data
            .change("update job set run_at = 0 where kind = 'check_domain/1'");
        world.server = with_dns(&world.data, &zone).await;

        let failed = eventually(async || {
            let now = world.get("/v0/domains/late.dev").await;
            (now["status"] != "PENDING").then_some(now)
        })
        .await;
        assert_eq!(failed["status"], "FAILED", "{failed}");
        assert_eq!(failed["reason"], "dns_records_missing", "{failed}");
        let inbox = json!({"username": "bot", "domain": "late.dev"});
        world
            .refused(
                "POST",
                "/v0/inboxes",
                inbox.clone(),
                (403, "domain_not_verified"),
            )
            .await;
        // Nobody asks the DNS for it any more, also not whoever looks at it.
        let asked = zone.asked().len();
        assert_eq!(world.get("/v0/domains/late.dev").await["status"], "FAILED");
        assert_eq!(zone.asked().len(), asked);

        for record in made["records"].as_array().unwrap() {
            let text = |name: &str| record[name].as_str().unwrap();
            let host = match text("name") {
                "@" => "late.dev".to_owned(),
                name => format!("{name}.late.dev"),
            };
            let value = text("value").to_owned();
            let record = match text("type") {
                "TXT" => ZoneRecord::Txt(value),
                "MX" => ZoneRecord::Mx(10, value),
                _ => ZoneRecord::Cname(value),
            };
            zone.add(&host, record);
        }
        world.post("/v0/domains/late.dev/verify", Value::Null).await;
        let healed = eventually(async || {
            let now = world.get("/v0/domains/late.dev").await;
            (now["status"] != "FAILED").then_some(now)
        })
        .await;
        assert_eq!(healed["status"], "VERIFIED", "{healed}");
        world.post("/v0/inboxes", inbox).await;
        well_ended(world.server).await;
    }
}
