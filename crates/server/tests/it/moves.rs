//! Threads that change when a message arrives late: what readers are told, and what goes along.

use serde_json::{Value, json};

use crate::world::{World, column, each_engine, message_path};

fn mail(inbox: &str, from: &str, id: &str, parent: Option<&str>, subject: &str) -> String {
    let parent = parent.map_or_else(String::new, |parent| {
        format!("In-Reply-To: {parent}\r\nReferences: {parent}\r\n")
    });
    format!(
        "From: {from}@outside.test\r\nTo: {inbox}\r\nSubject: {subject}\r\nMessage-ID: <{id}@outside.test>\r\n{parent}\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nText {id}\r\n"
    )
}

async fn thread_of(world: &World, inbox: &str, id: &str) -> String {
    let message = world.message(inbox, id).await;
    message["thread_id"].as_str().unwrap().to_owned()
}

/// An inbox with an older conversation, and an answer to a message that has not come.
async fn apart(world: &World) -> (String, String, String) {
    let inbox = world.inbox().await;
    let old = mail(&inbox, "old", "old", None, "Deliveries of coal");
    world.mail(&inbox, old).await;
    let orphan = mail(
        &inbox,
        "ann",
        "orphan",
        Some("<missing@outside.test>"),
        "Re: The rain in Spain",
    );
    world.mail(&inbox, orphan).await;
    let older = thread_of(world, &inbox, "<old@outside.test>").await;
    let orphaned = thread_of(world, &inbox, "<orphan@outside.test>").await;
    assert_ne!(older, orphaned);
    (inbox, older, orphaned)
}

/// The message that shows that the two are one.
async fn late(world: &World, inbox: &str) {
    let missing = mail(
        inbox,
        "ben",
        "missing",
        Some("<old@outside.test>"),
        "Re: Deliveries of coal",
    );
    world.mail(inbox, missing).await;
}

#[tokio::test]
async fn who_asks_by_name_is_told_which_messages_went_where_before_the_message_that_moved_them() {
    each_engine(async |world| {
        let (inbox, older, orphaned) = apart(world).await;
        late(world, &inbox).await;
        for id in [
            "<old@outside.test>",
            "<missing@outside.test>",
            "<orphan@outside.test>",
        ] {
            assert_eq!(thread_of(world, &inbox, id).await, older, "{id}");
        }
        let gone = format!("/v0/threads/{orphaned}");
        world
            .refused("GET", &gone, Value::Null, (404, "not_found"))
            .await;
        let log = world
            .get("/v0/events?event_types=thread.moved&event_types=message.received")
            .await;
        let log = log["events"].as_array().unwrap();
        let kinds = column(log, "event_type");
        assert_eq!(
            kinds,
            [
                "message.received",
                "message.received",
                "thread.moved",
                "message.received"
            ]
        );
        let told = &log[2]["move"];
        assert_eq!(told["from_thread_id"], orphaned.as_str(), "{told}");
        assert_eq!(told["to_thread_id"], older.as_str());
        assert_eq!(told["from_thread_gone"], true);
        assert_eq!(told["message_ids"], json!(["<orphan@outside.test>"]));
        assert_eq!(told["message_count"], 1);
        assert_eq!(told["cause_message_id"], "<missing@outside.test>");
        assert_eq!(told["inbox_id"], inbox.as_str());
        assert_eq!(log[3]["message"]["thread_id"], older.as_str());
        // Nobody hears of it who did not ask.
        let plain = world.get("/v0/events").await;
        let plain = column(plain["events"].as_array().unwrap(), "event_type");
        assert!(!plain.contains(&"thread.moved".to_owned()), "{plain:?}");
    })
    .await;
}

/// Answers the newest arrival; gives the answer.
async fn answer(world: &World, inbox: &str, id: &str) -> (u16, Value) {
    let path = format!("{}/reply", message_path(inbox, id));
    let told = world
        .call("POST", &path, &json!({"text": "As you say."}))
        .await;
    (told.status, told.json())
}

#[tokio::test]
async fn a_budget_and_a_pause_go_along_when_the_thread_moves() {
    each_engine(async |world| {
        for pauses_before in [false, true] {
            let (inbox, older, orphaned) = apart(world).await;
            let mut id = "<orphan@outside.test>".to_owned();
            for turn in 1..=10 {
                let (status, told) = answer(world, &inbox, &id).await;
                assert_eq!(status, 200, "{told}");
                let parent = told["message_id"].as_str().unwrap().to_owned();
                // Another address each time, so that no other budget is used up.
                let raw = mail(
                    &inbox,
                    &format!("t{turn}"),
                    &format!("t{turn}"),
                    Some(&parent),
                    "Re: The rain in Spain",
                );
                world.mail(&inbox, raw).await;
                id = format!("<t{turn}@outside.test>");
            }
            let thread = thread_of(world, &inbox, &id).await;
            assert_eq!(thread, orphaned);
            if pauses_before {
                let (status, told) = answer(world, &inbox, &id).await;
                assert_eq!(
                    (status, told["code"].as_str()),
                    (429, Some("thread_paused")),
                    "{told}"
                );
            }
            late(world, &inbox).await;
            assert_eq!(thread_of(world, &inbox, &id).await, older);
            let pause = world.get(&format!("/v0/threads/{older}/pause")).await;
            assert_eq!(pause["paused"], pauses_before, "{pause}");
            let (status, told) = answer(world, &inbox, &id).await;
            assert_eq!(
                (status, told["code"].as_str()),
                (429, Some("thread_paused")),
                "{told}"
            );
            let pause = world.get(&format!("/v0/threads/{older}/pause")).await;
            assert_eq!(pause["budget"], "thread", "{pause}");
        }
    })
    .await;
}
