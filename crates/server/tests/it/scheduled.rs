//! Drafts that go by themselves: at their time, once, and never behind anybody's back.

use mail::Timestamp;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;
use sys::{Clock as _, SystemClock};

use crate::database::{Data, Engine, engines};
use crate::running::Running;
use crate::world::{World, each_engine, eventually, has_label};

const PAST: &str = "2020-01-01T00:00:00.000Z";
const FUTURE: &str = "2100-01-01T00:00:00.000Z";

fn drafts(inbox: &str) -> String {
    format!("/v0/inboxes/{inbox}/drafts")
}

fn one(inbox: &str, draft: &Value) -> String {
    format!("{}/{}", drafts(inbox), draft["draft_id"].as_str().unwrap())
}

fn in_millis(millis: u64) -> String {
    let now: Timestamp = SystemClock.now();
    now.plus(Duration::from_millis(millis)).to_string()
}

/// Asks until the inbox has sent something; gives it.
async fn sent(world: &World, inbox: &str) -> Value {
    eventually(async || {
        let list = world.messages(inbox, "?labels=sent").await;
        list.first().cloned()
    })
    .await
}

/// Asks until a draft shows this status.
async fn status(world: &World, path: &str, wanted: &str) -> Value {
    eventually(async || {
        let draft = world.get(path).await;
        (draft["send_status"] == wanted).then_some(draft)
    })
    .await
}

#[tokio::test]
async fn a_scheduled_draft_goes_at_its_time_and_a_past_time_is_now() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let at = in_millis(1_500);
        let body = json!({"to": [other], "subject": "Later", "text": "x", "labels": ["mine"], "send_at": at});
        let made = world.post(&drafts(&inbox), body).await;
        assert_eq!((&made["send_status"], &made["send_at"]), (&json!("scheduled"), &json!(at)));
        assert_eq!(made["labels"], json!(["draft", "mine", "scheduled"]));
        let listed = world.get("/v0/drafts?labels=scheduled").await;
        assert_eq!(listed["drafts"][0]["send_at"], at.as_str());
        let message = sent(world, &inbox).await;
        assert!(message["timestamp"].as_str().unwrap() >= at.as_str(), "not before its time: {message}");
        assert!(has_label(&message, "mine") && !has_label(&message, "scheduled"), "{message}");
        world.refused("GET", &one(&inbox, &made), Value::Null, (404, "not_found")).await;
        assert_eq!(world.arrived(&other, 1).await[0]["subject"], "Later");

        let inbox = world.inbox().await;
        world.post(&drafts(&inbox), json!({"to": ["bob@outside.test"], "subject": "Now", "send_at": PAST})).await;
        assert_eq!(sent(world, &inbox).await["subject"], "Now");
        assert_eq!(world.get(&drafts(&inbox)).await["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_is_moved_taken_back_and_overtaken() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let body = json!({"to": ["bob@outside.test"], "subject": "x", "send_at": FUTURE});
        let made = world.post(&drafts(&inbox), body.clone()).await;
        let path = one(&inbox, &made);
        let kept = world.patch(&path, json!({"subject": "y"})).await;
        assert_eq!(
            (&kept["send_at"], &kept["send_status"]),
            (&json!(FUTURE), &json!("scheduled"))
        );
        let free = world.patch(&path, json!({"send_at": null})).await;
        assert!(
            free.get("send_at").is_none() && free.get("send_status").is_none(),
            "{free}"
        );
        assert_eq!(free["labels"], json!(["draft"]));
        let again = world.patch(&path, json!({"send_at": FUTURE})).await;
        assert_eq!(again["send_status"], "scheduled");
        world.patch(&path, json!({"send_at": PAST})).await;
        assert_eq!(sent(world, &inbox).await["subject"], "y");

        // Sent by hand before its time, or deleted, it does not go again.
        let inbox = world.inbox().await;
        let at = in_millis(700);
        let body = json!({"to": ["bob@outside.test"], "subject": "by hand", "send_at": at});
        let by_hand = world.post(&drafts(&inbox), body.clone()).await;
        let deleted = world.post(&drafts(&inbox), body.clone()).await;
        let taken_back = world.post(&drafts(&inbox), body).await;
        world
            .post(&format!("{}/send", one(&inbox, &by_hand)), json!({}))
            .await;
        world.delete(&one(&inbox, &deleted)).await;
        world
            .patch(&one(&inbox, &taken_back), json!({"send_at": null}))
            .await;
        let later = in_millis(800);
        world
            .post(
                &drafts(&inbox),
                json!({"to": ["bob@outside.test"], "subject": "after", "send_at": later}),
            )
            .await;
        eventually(async || {
            let list = world.messages(&inbox, "?labels=sent").await;
            list.iter()
                .any(|message| message["subject"] == "after")
                .then_some(())
        })
        .await;
        assert_eq!(world.messages(&inbox, "?labels=sent").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_sent_fails_aloud_and_goes_with_a_new_time() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let made = world
            .post(
                &drafts(&inbox),
                json!({"to": ["bob@outside.test"], "send_at": FUTURE}),
            )
            .await;
        let path = one(&inbox, &made);
        world
            .patch(&format!("/v0/inboxes/{inbox}"), json!({"status": "paused"}))
            .await;
        world.patch(&path, json!({"send_at": PAST})).await;
        let failed = status(world, &path, "failed").await;
        let reason = failed["send_error"].as_str().unwrap();
        assert!(reason.contains("inbox_paused"), "{failed}");
        assert!(
            has_label(&failed, "draft") && !has_label(&failed, "scheduled"),
            "{failed}"
        );
        assert_eq!(failed["send_at"], PAST);
        assert!(world.messages(&inbox, "").await.is_empty());
        world
            .patch(&format!("/v0/inboxes/{inbox}"), json!({"status": "active"}))
            .await;
        let again = world.patch(&path, json!({"send_at": PAST})).await;
        assert_eq!(again["send_status"], "scheduled");
        assert!(again.get("send_error").is_none(), "{again}");
        sent(world, &inbox).await;
    })
    .await;
}

#[tokio::test]
async fn a_schedule_survives_a_stop_and_a_crash_and_goes_once() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut world = World {
            server: Running::start(&data).await,
            data,
        };
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let body = |at: String| json!({"to": [other], "text": "x", "send_at": at});
        for n in 0..20 {
            world.post(&drafts(&inbox), body(in_millis(n * 40))).await;
        }
        world.post(&drafts(&inbox), body(FUTURE.to_owned())).await;
        // In the middle of sending. On PostgreSQL, which other processes may share, the jobs of one
        // that died wait until its leases end.
        if engine == Engine::Sqlite {
            world.server.signal(Signal::KILL);
            world.server.ended().await;
        } else {
            world.server.stop().await;
        }
        world.server = Running::start(&world.data).await;
        eventually(async || {
            let left = world.get(&drafts(&inbox)).await;
            (left["count"] == 1).then_some(())
        })
        .await;
        world.server.stop().await;
        world.server = Running::start(&world.data).await;
        let arrived = world.arrived(&other, 20).await;
        assert_eq!(arrived.len(), 20, "each arrives once");
        assert_eq!(
            world.messages(&inbox, "?labels=sent&limit=100").await.len(),
            20,
            "each is sent once"
        );
        let left = world.get(&drafts(&inbox)).await;
        assert_eq!(left["drafts"][0]["send_at"], FUTURE);
        world.server.stop().await;
    }
}
