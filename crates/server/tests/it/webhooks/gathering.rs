//! Webhooks that gather what arrives in a thread. No test waits for the time to be over: what waits is
//! posted at once when it is asked for again, or is made older while the server is stopped.

use serde_json::{Value, json};
use testkit::HookSink;

use super::{path, signed, sink, webhook};
use crate::database::{Data, engines};
use crate::running::Running;
use crate::world::{World, each_engine, eventually, letter, message_path, well_ended};

const INVALID: (u16, &str) = (400, "validation_error");

/// An answer to the first letter, in its thread.
fn answer(to: &str, id: &str) -> String {
    let letter = letter(to, id, "Re: Plans", "More.");
    format!("In-Reply-To: <0@outside.test>\r\n{letter}")
}

/// A burst of three in one thread; what became of it at a webhook, the oldest first, once all is there.
async fn burst(world: &World, inbox: &str, hook: &Value) -> Vec<Value> {
    world
        .mail(inbox, letter(inbox, "0@outside.test", "Plans", "First."))
        .await;
    for n in 1..3 {
        let id = format!("{n}@outside.test");
        world.mail(inbox, answer(inbox, &id)).await;
    }
    eventually(async || {
        let list = world.get(&path(hook, "/deliveries?ascending=true")).await;
        let list = list["deliveries"].as_array().unwrap().clone();
        (list.len() == 3).then_some(list)
    })
    .await
}

fn leader(deliveries: &[Value]) -> &Value {
    let mut waits = deliveries.iter().filter(|one| one["status"] == "pending");
    let first = waits.next().unwrap();
    assert!(waits.next().is_none(), "{deliveries:?}");
    first
}

/// The next request, which tells of all three.
async fn told_of_all(sink: &mut HookSink, hook: &Value) -> Value {
    let (_, body) = signed(sink, &hook["secret"]).await;
    assert_eq!(body["message"]["message_id"], "<0@outside.test>");
    assert_eq!(body["message"]["from_"], body["message"]["from"]);
    let gathered = body["gathered"].as_array().unwrap();
    let ids: Vec<_> = gathered.iter().map(|one| &one["message_id"]).collect();
    assert_eq!(ids, ["<1@outside.test>", "<2@outside.test>"]);
    body
}

#[tokio::test]
async fn a_burst_in_a_thread_is_one_request_and_each_event_can_be_had_by_itself() {
    each_engine(async |world| {
        let (mut sink, mut every, inbox) = (sink().await, super::sink().await, world.inbox().await);
        let kinds = json!({"event_types": ["message.received"]});
        let each = webhook(world, &every, kinds).await;
        let hook = json!({"event_types": ["message.received"], "gather": 300});
        let hook = webhook(world, &sink, hook).await;
        assert_eq!(hook["gather"], 300);
        let deliveries = burst(world, &inbox, &hook).await;
        // Who did not ask for it gets three requests.
        let mut events = Vec::new();
        for _ in 0..3 {
            let (_, body) = signed(&mut every, &each["secret"]).await;
            assert!(body.get("gathered").is_none(), "{body}");
            events.push(body["event_id"].clone());
        }
        let first = leader(&deliveries);
        assert_eq!(first["gathered_count"], 2);
        for one in deliveries.iter().filter(|one| *one != first) {
            assert_eq!(
                (&one["status"], &one["gathered_in"]),
                (&json!("gathered"), &first["delivery_id"])
            );
        }
        // Deleted meanwhile, it is named as the log has it.
        world
            .delete(&message_path(&inbox, "<2@outside.test>"))
            .await;
        assert!(sink.waiting().is_none());
        let again = |one: &Value| {
            let id = one["delivery_id"].as_str().unwrap();
            path(&hook, &format!("/deliveries/{id}/redeliver"))
        };
        world.post(&again(first), json!({})).await;
        let body = told_of_all(&mut sink, &hook).await;
        for one in body["gathered"].as_array().unwrap() {
            assert!(events.contains(&one["event_id"]), "{one}");
        }
        let other = deliveries.iter().find(|one| *one != first).unwrap();
        world.post(&again(other), json!({})).await;
        let (_, alone) = signed(&mut sink, &hook["secret"]).await;
        assert_eq!(alone["event_id"], other["event_id"]);
        assert!(alone.get("gathered").is_none(), "{alone}");
        let since = json!({"since": "2026-01-01T00:00:00Z"});
        world.post(&path(&hook, "/replay"), since).await;
        let mut replayed = Vec::new();
        for _ in 0..3 {
            let (_, body) = signed(&mut sink, &hook["secret"]).await;
            assert!(!replayed.contains(&body["event_id"]));
            replayed.push(body["event_id"].clone());
        }
        assert!(sink.waiting().is_none() && every.waiting().is_none());
    })
    .await;
}

#[tokio::test]
async fn what_was_gathered_is_posted_by_the_next_server() {
    for engine in engines() {
        let data = Data::new(engine);
        let world = World {
            server: Running::start(&data).await,
            data,
        };
        let (mut sink, inbox) = (sink().await, world.inbox().await);
        let more = json!({"event_types": ["message.received"], "gather": 300});
        let hook = webhook(&world, &sink, more).await;
        leader(&burst(&world, &inbox, &hook).await);
        let World { server, data } = world;
        server.stop().await;
        assert!(sink.waiting().is_none());
        data.change("update webhook_delivery set due_at = 1 where state = 'pending'");
        data.change("update job set run_at = 0 where kind = 'post_hook/1'");
        let world = World {
            server: Running::start(&data).await,
            data,
        };
        told_of_all(&mut sink, &hook).await;
        assert!(sink.waiting().is_none());
        well_ended(world.server).await;
    }
}

#[tokio::test]
async fn for_how_long_is_checked_and_changed() {
    each_engine(async |world| {
        for seconds in [json!(0), json!(-1), json!(301), json!("5"), json!(1.5)] {
            let body = json!({"url": "http://127.0.0.1:9/", "gather": seconds});
            world.refused("POST", "/v0/webhooks", body, INVALID).await;
        }
        let plain = json!({"url": "http://127.0.0.1:9/", "gather": null});
        let made = world.post("/v0/webhooks", plain).await;
        assert!(made.get("gather").is_none(), "{made}");
        let one = path(&made, "");
        let told = world
            .refused("PATCH", &one, json!({"gather": 0}), INVALID)
            .await;
        assert!(told["fix"].as_str().unwrap().contains("1 to 300"), "{told}");
        assert_eq!(world.patch(&one, json!({"gather": 1})).await["gather"], 1);
        let kept = world.patch(&one, json!({"enabled": true})).await;
        assert_eq!(kept["gather"], 1);
        assert_eq!(world.get(&one).await["gather"], 1);
        let off = world.patch(&one, json!({"gather": null})).await;
        assert!(off.get("gather").is_none(), "{off}");
    })
    .await;
}
