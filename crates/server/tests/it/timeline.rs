//! What is told of the way of one message.

use serde_json::{Value, json};
use testkit::{Act, HookSink, ZoneRecord};

use crate::bounces::report;
use crate::departures::each_net;
use crate::running::{Ended, mailroost, run, soon};
use crate::senders::{each_public, from_client, good_client};
use crate::world::{World, column, each_engine, eventually, letter, message_path};

fn path(inbox: &str, id: &str) -> String {
    format!("{}/timeline", message_path(inbox, id))
}

/// The timeline of a message, which must be in order.
pub async fn of(world: &World, inbox: &str, id: &str) -> Value {
    let told = world.get(&path(inbox, id)).await;
    let entries = told["entries"].as_array().unwrap();
    assert_eq!(told["count"], entries.len());
    assert_eq!(
        (&told["inbox_id"], &told["message_id"], &told["truncated"]),
        (&json!(inbox), &json!(id), &json!(false))
    );
    let times = column(entries, "at");
    assert!(times.is_sorted(), "{times:?}");
    for entry in entries {
        assert!(!entry["summary"].as_str().unwrap().is_empty(), "{entry}");
    }
    told
}

fn entries(told: &Value) -> &[Value] {
    told["entries"].as_array().unwrap()
}

/// The entries of one kind.
fn all<'a>(told: &'a Value, kind: &str) -> Vec<&'a Value> {
    let entries = entries(told).iter();
    entries.filter(|entry| entry["kind"] == kind).collect()
}

/// The only entry of a kind.
fn one<'a>(told: &'a Value, kind: &str) -> &'a Value {
    let found = all(told, kind);
    let [one] = found.as_slice() else {
        panic!("not one {kind}: {told:#}");
    };
    one
}

/// The timeline, once it has `count` entries of a kind.
async fn until(world: &World, inbox: &str, id: &str, kind: &str, count: usize) -> Value {
    eventually(async || {
        let told = of(world, inbox, id).await;
        (all(&told, kind).len() >= count).then_some(told)
    })
    .await
}

fn label<'a>(entry: &'a Value, name: &str) -> &'a Value {
    let labels = entry["labels"].as_array().unwrap();
    let found = labels.iter().find(|label| label["label"] == name);
    found.unwrap_or_else(|| panic!("no label {name}: {entry}"))
}

#[tokio::test]
async fn mail_that_arrives_tells_its_session_its_labels_and_its_events() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut client = world.smtp().await;
        soon(client.starttls()).await.unwrap();
        soon(client.ehlo("mx.outside.test")).await.unwrap();
        let raw = letter(&inbox, "a@outside.test", "Hi", "Hello.");
        let to = inbox.to_uppercase();
        let sent = soon(client.send("ann@outside.test", &[&to], raw.as_bytes())).await;
        assert_eq!(sent.unwrap().code, 250);
        let id = "<a@outside.test>";
        let told = of(world, &inbox, id).await;
        assert_eq!(told["direction"], "received");
        let kinds = column(entries(&told), "kind");
        assert_eq!(kinds, ["session", "authentication", "filed", "event"]);
        let origin = &one(&told, "session")["origin"];
        assert_eq!(
            (&origin["way"], &origin["peer"], &origin["helo"]),
            (
                &json!("smtp"),
                &json!("127.0.0.1"),
                &json!("mx.outside.test")
            )
        );
        assert_eq!(
            (&origin["from"], &origin["recipient"], &origin["protocol"]),
            (&json!("ann@outside.test"), &json!(inbox), &json!("ESMTPS"))
        );
        assert!(origin["tls"].as_str().unwrap().starts_with("TLSv1.3 "));
        let raw_id = origin["session_id"].as_str().unwrap();
        assert_eq!(raw_id.len(), 16);
        assert_eq!(
            one(&told, "authentication")["authentication"]["reason"],
            "local_machine"
        );
        let filed = one(&told, "filed");
        assert_eq!(
            filed["labels"],
            json!([{"label": "received"}, {"label": "unread"}])
        );
        let event = &one(&told, "event")["event"];
        assert_eq!(event["event_type"], "message.received");
        assert_eq!(event["position"], 1);
        let log = world.get("/v0/events?after=start").await;
        assert_eq!(log["events"][0]["event_id"], event["event_id"]);

        let change = json!({"add_labels": ["done"], "remove_labels": ["unread"]});
        world.patch(&message_path(&inbox, id), change).await;
        let told = of(world, &inbox, id).await;
        assert_eq!(one(&told, "label_added")["labels"][0]["label"], "done");
        assert_eq!(one(&told, "label_removed")["labels"][0]["label"], "unread");
        // What it was filed with stays what it was.
        assert_eq!(one(&told, "filed"), filed);
    })
    .await;
}

#[tokio::test]
async fn mail_that_is_not_believed_says_why_and_only_to_whoever_may_see_it() {
    each_public(&[], async |world, zone| {
        good_client(zone);
        let spf = ZoneRecord::Txt("v=spf1 -all".to_owned());
        zone.add("outside.test", spf);
        let inbox = world.inbox().await;
        let raw = letter(&inbox, "a@outside.test", "Hi", "Hello.");
        let reply = from_client(world, "ann@outside.test", &inbox, &raw).await;
        assert_eq!(reply.code, 250, "{reply}");
        let id = "<a@outside.test>";
        let told = of(world, &inbox, id).await;
        let origin = &one(&told, "session")["origin"];
        assert_eq!(
            (&origin["peer"], &origin["helo"]),
            (&json!("198.51.100.7"), &json!("mx.outside.test"))
        );
        let judged = one(&told, "authentication");
        assert_eq!(judged["authentication"]["sender_proven"], false);
        assert_eq!(judged["authentication"]["spf"]["result"], "fail");
        let summary = judged["summary"].as_str().unwrap();
        assert!(summary.contains("SPF fail for outside.test"), "{summary}");
        assert_eq!(one(&told, "spam_check")["spam"]["threshold"], 10);
        let why = &label(one(&told, "filed"), "unauthenticated")["reason"];
        assert_eq!(why, &judged["summary"]);
        let event = &one(&told, "event")["event"];
        assert_eq!(event["event_type"], "message.received.unauthenticated");

        let rights = json!({"permissions": {"message_read": true, "inbox_read": true}});
        let (key, _) = world.key(Some(&inbox), rights).await;
        let answer = world
            .call_as(&key, "GET", &path(&inbox, id), &Value::Null)
            .await;
        assert_eq!(answer.status, 404);
    })
    .await;
}

#[tokio::test]
async fn mail_that_leaves_tells_every_try_in_the_words_of_the_other_server() {
    each_net(&[], async |net, sink| {
        let world = &net.world;
        let inbox = world.inbox().await;
        sink.once("RCPT", Act::say("451 4.7.1 greylisted, come back"));
        let id = net.send(&inbox, &["bob@x.test"]).await;
        net.settled(&inbox, &id, &["deferred"]).await;
        let waiting = of(world, &inbox, &id).await;
        let last = entries(&waiting).last().unwrap();
        assert_eq!(
            (&last["kind"], &last["state"], &last["recipient"]),
            (&json!("delivery"), &json!("deferred"), &json!("bob@x.test"))
        );
        assert!(last["next_attempt_at"].is_string(), "{last}");

        net.settled(&inbox, &id, &["delivered"]).await;
        let return_path = soon(sink.next()).await.from;
        let dead = report(&[("failed", "bob@x.test", "5.1.1", "550 5.1.1 user unknown")]);
        assert_eq!(world.hand_in("", &[&return_path], &dead).await.code, 250);
        let told = until(world, &inbox, &id, "delivery_report", 1).await;
        assert_eq!(told["direction"], "sent");
        assert_eq!(
            column(entries(&told), "kind"),
            [
                "submitted",
                "filed",
                "delivery",
                "event",
                "delivery_attempt",
                "delivery_attempt",
                "label_added",
                "event",
                "delivery_report",
                "suppressed",
                "label_added",
                "event"
            ]
        );
        let origin = &one(&told, "submitted")["origin"];
        assert_eq!(origin["way"], "api");
        assert!(origin["api_key_id"].is_string(), "{origin}");
        let tries = all(&told, "delivery_attempt");
        assert_eq!(tries[0]["attempt"]["stage"], "rcpt");
        assert_eq!(
            tries[0]["summary"],
            "Try 1 for bob@x.test at mx.x.test (127.0.0.2): deferred: 451 4.7.1 greylisted, come back"
        );
        assert_eq!(
            (&tries[1]["state"], &tries[1]["attempt"]["reply"]),
            (&json!("delivered"), &json!("250 2.0.0 kept"))
        );
        assert_eq!(
            one(&told, "delivery_report")["report"]["class"],
            "invalid_mailbox"
        );
        assert_eq!(one(&told, "suppressed")["recipient"], "bob@x.test");
        let events: Vec<&Value> = all(&told, "event")
            .iter()
            .map(|entry| &entry["event"]["event_type"])
            .collect();
        assert_eq!(
            events,
            ["message.sent", "message.delivered", "message.bounced"]
        );
    })
    .await;
}

#[tokio::test]
async fn mail_held_in_the_sandbox_and_mail_between_inboxes_say_so() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let body = json!({"to": [other, "bob@outside.test"], "subject": "Out", "text": "Hi"});
        let id = world.send(&inbox, body).await;
        world.labelled(&inbox, &id, "delivered-in-sandbox").await;
        world.labelled(&inbox, &id, "delivered").await;
        let told = of(world, &inbox, &id).await;
        let ends: Vec<(&Value, &Value)> = all(&told, "delivery")
            .iter()
            .filter(|entry| entry["state"] != "queued")
            .map(|entry| (&entry["recipient"], &entry["state"]))
            .collect();
        assert_eq!(ends.len(), 2, "{told:#}");
        assert!(ends.contains(&(&json!("bob@outside.test"), &json!("sandboxed"))));
        assert!(ends.contains(&(&json!(other), &json!("delivered"))));

        world.arrived(&other, 1).await;
        let there = of(world, &other, &id).await;
        let session = one(&there, "session");
        assert_eq!(
            session["origin"],
            json!({"way": "inbox", "from": inbox, "recipient": other})
        );

        let draft = json!({"to": ["bob@outside.test"], "subject": "Later", "text": "x",
            "send_at": "2020-01-01T00:00:00Z"});
        let draft = world
            .post(&format!("/v0/inboxes/{inbox}/drafts"), draft)
            .await;
        let sent = eventually(async || {
            let list = world.messages(&inbox, "?labels=sent&subject=Later").await;
            list.first().cloned()
        })
        .await;
        let told = of(world, &inbox, sent["message_id"].as_str().unwrap()).await;
        let origin = &one(&told, "submitted")["origin"];
        assert_eq!(
            *origin,
            json!({"way": "api", "draft_id": draft["draft_id"], "send_at": draft["send_at"]})
        );
    })
    .await;
}

#[tokio::test]
async fn deliveries_to_webhooks_are_told_to_whoever_may_read_those_webhooks() {
    each_engine(async |world| {
        let mut sink = HookSink::start().await.unwrap();
        let inbox = world.inbox().await;
        let other = world.inbox().await;
        let hook = json!({"url": sink.url("/hook")});
        let whole = world.post("/v0/webhooks", hook.clone()).await;
        let own = format!("/v0/inboxes/{inbox}/webhooks");
        let own = world.post(&own, hook.clone()).await;
        let foreign = format!("/v0/inboxes/{other}/webhooks");
        world.post(&foreign, hook).await;
        world
            .mail(&inbox, letter(&inbox, "a@outside.test", "Hi", "Hello."))
            .await;
        let id = "<a@outside.test>";
        soon(sink.next()).await;
        soon(sink.next()).await;
        let told = until(world, &inbox, id, "webhook_attempt", 2).await;
        let event = &one(&told, "event")["event"];
        let mut hooks = Vec::new();
        for entry in all(&told, "webhook_delivery") {
            assert_eq!(entry["event"], *event);
            assert_eq!(entry["webhook"]["status"], "delivered");
            hooks.push(entry["webhook"]["webhook_id"].clone());
        }
        hooks.sort_by_key(ToString::to_string);
        let mut expected = vec![whole["webhook_id"].clone(), own["webhook_id"].clone()];
        expected.sort_by_key(ToString::to_string);
        assert_eq!(hooks, expected);
        let attempt = all(&told, "webhook_attempt")[0];
        assert_eq!(attempt["webhook_attempt"]["http_status"], 200);
        assert_eq!(attempt["webhook"]["attempt_count"], 1);

        // A key of the inbox knows the webhooks of the inbox, and one without the right none.
        let (key, _) = world.key(Some(&inbox), json!({})).await;
        let answer = world
            .call_as(&key, "GET", &path(&inbox, id), &Value::Null)
            .await;
        let seen = answer.json();
        let delivery = one(&seen, "webhook_delivery");
        assert_eq!(delivery["webhook"]["webhook_id"], own["webhook_id"]);
        let rights = json!({"permissions": {"message_read": true, "inbox_read": true}});
        let (key, _) = world.key(None, rights).await;
        let answer = world
            .call_as(&key, "GET", &path(&inbox, id), &Value::Null)
            .await;
        let seen = answer.json();
        assert_eq!(
            column(entries(&seen), "kind"),
            ["session", "authentication", "filed", "event"]
        );
    })
    .await;
}

/// `mailroost trace` beside the server.
async fn trace(world: &World, args: &[&str]) -> Ended {
    let mut command = mailroost(&world.data.folder());
    command.arg("trace").args(args);
    if let Some(url) = world.data.database_url() {
        command.env("MAILROOST_DATABASE", url);
    }
    run(&mut command).await
}

async fn traced(world: &World, name: &str) -> Vec<Value> {
    let ended = trace(world, &[name, "--json"]).await;
    assert!(ended.status.success(), "{ended:?}");
    let told: Value = serde_json::from_str(&ended.stdout.join("\n")).unwrap();
    told["messages"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_operator_traces_a_message_through_all_inboxes_while_the_server_runs() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let sink = HookSink::start().await.unwrap();
        world
            .post("/v0/webhooks", json!({"url": sink.url("/hook")}))
            .await;
        let id = world
            .send(
                &inbox,
                json!({"to": [other], "subject": "Out", "text": "Hi"}),
            )
            .await;
        world.labelled(&inbox, &id, "delivered").await;
        world.arrived(&other, 1).await;
        let told = until(world, &inbox, &id, "webhook_attempt", 2).await;
        let there = until(world, &other, &id, "webhook_attempt", 1).await;
        // The brackets are a nuisance in a shell.
        let bare = id.trim_matches(['<', '>']);
        let found = traced(world, bare).await;
        assert_eq!(found.len(), 2, "{found:#?}");
        assert_eq!(
            (&found[0]["inbox_id"], &found[0]["direction"]),
            (&json!(inbox), &json!("sent"))
        );
        assert_eq!(found[0]["deleted"], false);
        assert_eq!(found[0]["entries"], told["entries"]);
        assert_eq!(found[1]["entries"], there["entries"]);
        let key = found[0]["message_key"].as_str().unwrap();
        assert_eq!(traced(world, key).await, &found[..1]);

        let ended = trace(world, &[&id]).await;
        assert!(ended.status.success(), "{ended:?}");
        assert!(ended.stdout[0].starts_with(&format!("{id} in {inbox}: sent (")));
        let text = ended.stdout.join("\n");
        for part in ["submitted", "webhook_attempt", "session", "Queued for"] {
            assert!(text.contains(part), "{part}: {text}");
        }

        // What outlives a message is still told.
        let key = key.to_owned();
        world.delete(&message_path(&inbox, &id)).await;
        world.delete(&message_path(&other, &id)).await;
        for found in [traced(world, &id).await, traced(world, &key).await] {
            let gone = found.iter().find(|one| one["message_key"] == key.as_str());
            let gone = gone.unwrap();
            assert_eq!(
                (&gone["deleted"], &gone["inbox_id"]),
                (&json!(true), &json!(inbox))
            );
            assert_eq!(gone["message_id"], id);
            let events: Vec<&Value> = all(gone, "event")
                .iter()
                .map(|entry| &entry["event"]["event_type"])
                .collect();
            assert_eq!(events, ["message.sent", "message.delivered"]);
            assert_eq!(one(gone, "label_added")["labels"][0]["label"], "delivered");
        }
        let none = trace(world, &["nobody@nowhere.test"]).await;
        assert_eq!(none.status.code(), Some(1));
        assert!(
            none.stderr.join("").contains("nothing is known"),
            "{none:?}"
        );
    })
    .await;
}
