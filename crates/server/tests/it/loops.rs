//! Machines that answer one another: each such conversation stops within its budget, nothing that
//! arrives is lost, and an event says why.

use serde_json::{Value, json};

use crate::departures::each_net;
use crate::permissions::Foreign;
use crate::running::{ADMIN_KEY, soon};
use crate::world::{World, each_engine, eventually, message_path};

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    Some(match operation {
        "sending.get" => (Value::Null, Foreign::Own),
        "sending.pause" => (json!({}), Foreign::Own),
        "pods.sending.get"
        | "inboxes.sending.get"
        | "threads.get_pause"
        | "inboxes.threads.get_pause" => (Value::Null, Foreign::Hidden),
        "pods.sending.pause" | "inboxes.sending.pause" => (json!({}), Foreign::Hidden),
        one if needs_a_name(one) => (Value::Null, Foreign::Forbidden),
        _ => return None,
    })
}

/// Whether a route takes a right that no key has which did not ask for it by name.
pub fn needs_a_name(operation: &str) -> bool {
    [
        "sending.resume",
        "pods.sending.resume",
        "inboxes.sending.resume",
        "threads.resume",
        "inboxes.threads.resume",
    ]
    .contains(&operation)
}

/// Takes back what the test of every route has stopped, so that its other routes can send.
pub async fn undo(world: &World, operation: &str) {
    if operation == "sending.pause" {
        let key = key_with(world, &["sending_resume"]).await;
        let answer = world
            .call_as(&key, "POST", "/v0/resume", &Value::Null)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// A key of the organisation with these rights.
async fn key_with(world: &World, rights: &[&str]) -> String {
    let rights: serde_json::Map<String, Value> = rights
        .iter()
        .map(|right| ((*right).to_owned(), json!(true)))
        .collect();
    world.key(None, json!({"permissions": rights})).await.0
}

/// The events of a kind so far.
async fn events(world: &World, kind: &str) -> Vec<Value> {
    let list = world.get(&format!("/v0/events?event_types={kind}")).await;
    list["events"].as_array().unwrap().clone()
}

/// A message of `from` to the inbox, answering `parent`, with further fields.
fn arrival(from: &str, inbox: &str, id: &str, parent: Option<&str>, fields: &str) -> String {
    let parent = parent.map_or_else(String::new, |parent| {
        format!("In-Reply-To: {parent}\r\nReferences: {parent}\r\n")
    });
    format!(
        "From: {from}\r\nTo: {inbox}\r\nSubject: Re: Hello\r\nMessage-ID: <{id}@outside.test>\r\n{parent}{fields}\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nText {id}\r\n"
    )
}

/// The newest received message of an inbox once there are `count` of them.
async fn received(world: &World, inbox: &str, count: usize) -> Value {
    eventually(async || {
        let list = world.messages(inbox, "?limit=100&labels=received").await;
        (list.len() >= count).then(|| list[0].clone())
    })
    .await
}

async fn reply_to(world: &World, inbox: &str, message: &Value) -> (u16, Value) {
    let id = message["message_id"].as_str().unwrap();
    let path = format!("{}/reply", message_path(inbox, id));
    let answer = world
        .call("POST", &path, &json!({"text": "As you say."}))
        .await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn two_agents_that_answer_each_other_for_ever_stop_and_an_event_says_why() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        world
            .send(
                &a,
                json!({"to": &b, "subject": "Hello", "text": "Shall we?"}),
            )
            .await;
        let mut got = [(b.clone(), 0), (a.clone(), 0)];
        let mut sent = 1;
        let told = loop {
            let turn = (sent + 1) % 2;
            got[turn].1 += 1;
            let (inbox, count) = got[turn].clone();
            let newest = received(world, &inbox, count).await;
            let (status, told) = reply_to(world, &inbox, &newest).await;
            if status != 200 {
                break told;
            }
            sent += 1;
            assert!(sent <= 10, "it does not stop");
        };
        assert_eq!(sent, 10);
        assert_eq!(told["code"], "loop_detected", "{told}");
        let paused = events(world, "thread.paused").await;
        assert_eq!(paused.len(), 1, "{paused:?}");
        assert_eq!(paused[0]["pause"]["budget"], "answers", "{paused:?}");
        // Everything that left arrived.
        for inbox in [&a, &b] {
            assert_eq!(
                world
                    .messages(inbox, "?limit=100&labels=received")
                    .await
                    .len(),
                5
            );
        }
    })
    .await;
}

#[tokio::test]
async fn two_agents_that_begin_a_new_thread_each_time_use_up_the_budget_of_the_pair() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let mut sent = 0_usize;
        let told = loop {
            let (from, to) = if sent.is_multiple_of(2) {
                (&a, &b)
            } else {
                (&b, &a)
            };
            let body = json!({"to": to, "subject": format!("News {sent}"), "text": "Look."});
            let path = format!("/v0/inboxes/{from}/messages/send");
            let answer = world.call("POST", &path, &body).await;
            if answer.status != 200 {
                assert_eq!(answer.status, 429);
                let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!((3_000..=3_600).contains(&wait), "{wait}");
                break answer.json();
            }
            sent += 1;
            received(world, to, sent.div_ceil(2)).await;
            assert!(sent <= 10, "it does not stop");
        };
        assert_eq!(told["code"], "thread_paused", "{told}");
        let paused = events(world, "thread.paused").await;
        assert_eq!(paused.len(), 1, "{paused:?}");
        assert_eq!(paused[0]["pause"]["budget"], "pair", "{paused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_vacation_responder_is_not_answered_and_writing_to_it_anyway_stops() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let first = world
            .send(
                &inbox,
                json!({"to": "ann@outside.test", "subject": "Hello", "text": "Hi"}),
            )
            .await;
        let mut last = first;
        for turn in 1..=10 {
            let away = arrival(
                "ann@outside.test",
                &inbox,
                &format!("away{turn}"),
                Some(&last),
                "Auto-Submitted: auto-replied\r\n",
            );
            world.mail(&inbox, away).await;
            let newest = received(world, &inbox, turn).await;
            let (status, told) = reply_to(world, &inbox, &newest).await;
            assert_eq!(
                (status, told["code"].as_str()),
                (403, Some("automatic_mail")),
                "{told}"
            );
            let body = json!({"to": "ann@outside.test", "subject": "Hello", "text": "Hi again"});
            let path = format!("/v0/inboxes/{inbox}/messages/send");
            let answer = world.call("POST", &path, &body).await;
            if turn < 10 {
                assert_eq!(answer.status, 200, "{answer:?}");
                last = answer.json()["message_id"].as_str().unwrap().to_owned();
            } else {
                assert_eq!(answer.json()["code"], "thread_paused", "{answer:?}");
            }
        }
        let paused = events(world, "thread.paused").await;
        assert_eq!(paused.len(), 1, "{paused:?}");
        assert_eq!(paused[0]["pause"]["peer"], "ann@outside.test", "{paused:?}");
        // What arrives meanwhile is kept.
        world
            .mail(
                &inbox,
                arrival("ann@outside.test", &inbox, "back", Some(&last), ""),
            )
            .await;
        received(world, &inbox, 11).await;
    })
    .await;
}

#[tokio::test]
async fn lists_bounces_and_mass_mail_are_answered_only_by_force_and_with_the_right() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let plain = key_with(world, &["message_send", "message_reply"]).await;
        let may = key_with(world, &["message_send", "message_reply", "loop_override"]).await;
        for (id, fields, answered) in [
            (
                "list",
                "List-Id: <l.outside.test>\r\nPrecedence: list\r\n",
                false,
            ),
            ("bulk", "Precedence: bulk\r\n", false),
            (
                "news",
                "List-Unsubscribe: <https://outside.test/u>\r\n",
                false,
            ),
            ("report", "X-Failed-Recipients: x@outside.test\r\n", false),
            ("alert", "Auto-Submitted: auto-generated\r\n", true),
            ("person", "", true),
        ] {
            let raw = arrival(&format!("{id}@outside.test"), &inbox, id, None, fields);
            world.mail(&inbox, raw).await;
            let path = format!(
                "{}/reply",
                message_path(&inbox, &format!("<{id}@outside.test>"))
            );
            let text = json!({"text": "Hi"});
            let answer = world.call_as(&plain, "POST", &path, &text).await;
            if answered {
                assert_eq!(answer.status, 200, "{id}: {answer:?}");
                continue;
            }
            assert_eq!(answer.json()["code"], "automatic_mail", "{id}: {answer:?}");
            let force = json!({"text": "Hi", "force": true});
            let answer = world.call_as(&plain, "POST", &path, &force).await;
            assert_eq!(
                answer.json()["code"],
                "missing_permission",
                "{id}: {answer:?}"
            );
            let answer = world.call_as(&may, "POST", &path, &force).await;
            assert_eq!(answer.status, 200, "{id}: {answer:?}");
        }
        // The null sender wants no answer, whatever its fields say.
        let raw = arrival("ann@outside.test", &inbox, "null", None, "");
        let reply = world.hand_in("", &[&inbox], raw).await;
        assert_eq!(reply.code, 250, "{reply}");
        let path = format!("{}/reply", message_path(&inbox, "<null@outside.test>"));
        let refused = (403, "automatic_mail");
        world
            .refused("POST", &path, json!({"text": "Hi"}), refused)
            .await;
    })
    .await;
}

/// Takes a help desk's thread to the point where its budget is used up; gives the newest message.
async fn help_desk(world: &World, inbox: &str) -> Value {
    let body = json!({"to": "desk@outside.test", "subject": "Hello", "text": "It is broken"});
    let mut last = world.send(inbox, body).await;
    for turn in 1..=20 {
        // A new address for each ticket, and no mark.
        let from = format!("ticket{turn}@outside.test");
        let raw = arrival(&from, inbox, &format!("t{turn}"), Some(&last), "");
        world.mail(inbox, raw).await;
        let newest = received(world, inbox, turn).await;
        let (status, told) = reply_to(world, inbox, &newest).await;
        if status == 429 {
            assert_eq!(told["code"], "thread_paused", "{told}");
            assert_eq!(turn, 10);
            return newest;
        }
        assert_eq!(status, 200, "{told}");
        last = told["message_id"].as_str().unwrap().to_owned();
    }
    panic!("it does not stop");
}

#[tokio::test]
async fn a_help_desk_with_new_addresses_uses_up_the_budget_of_the_thread_which_can_be_resumed() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let newest = help_desk(world, &inbox).await;
        let thread = newest["thread_id"].as_str().unwrap();
        let paused = events(world, "thread.paused").await;
        assert_eq!(paused.len(), 1, "{paused:?}");
        let pause = &paused[0]["pause"];
        assert_eq!(
            (&pause["budget"], &pause["limit"]),
            (&json!("thread"), &json!(10))
        );
        assert_eq!(pause["thread_id"], thread);
        assert!(
            pause["reason"].as_str().unwrap().contains("10 turns"),
            "{pause}"
        );

        let path = format!("/v0/inboxes/{inbox}/threads/{thread}/pause");
        let shown = world.get(&path).await;
        assert_eq!(
            (&shown["paused"], &shown["budget"]),
            (&json!(true), &json!("thread"))
        );
        // Asking again changes nothing and tells nobody twice.
        assert_eq!(reply_to(world, &inbox, &newest).await.0, 429);
        assert_eq!(events(world, "thread.paused").await.len(), 1);
        // Other threads go on.
        world
            .send(
                &inbox,
                json!({"to": "bob@outside.test", "subject": "Else", "text": "x"}),
            )
            .await;

        let resume = format!("/v0/inboxes/{inbox}/threads/{thread}/resume");
        let refused = (403, "missing_permission");
        world.refused("POST", &resume, Value::Null, refused).await;
        let key = key_with(world, &["message_read", "sending_resume"]).await;
        let resumed = world.call_as(&key, "POST", &resume, &Value::Null).await;
        assert_eq!(resumed.status, 200, "{resumed:?}");
        assert_eq!(resumed.json()["paused"], false);
        assert_eq!(events(world, "thread.resumed").await.len(), 1);
        let again = world.call_as(&key, "POST", &resume, &Value::Null).await;
        assert_eq!(again.json()["code"], "conflict", "{again:?}");
        assert_eq!(reply_to(world, &inbox, &newest).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn what_a_person_lets_go_counts_for_no_budget_and_leaves_a_paused_thread() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let agent = key_with(world, &["draft_create", "draft_send", "message_read"]).await;
        let mut last = None;
        let answer = async |key: &str, turn: usize, last: &Option<String>| {
            let id = format!("p{turn}");
            let raw = arrival("ann@outside.test", &inbox, &id, last.as_deref(), "");
            world.mail(&inbox, raw).await;
            received(world, &inbox, turn).await;
            let draft = json!({"in_reply_to": format!("<{id}@outside.test>"), "text": "Yes."});
            let path = format!("/v0/inboxes/{inbox}/drafts");
            let made = world.call_as(&agent, "POST", &path, &draft).await;
            assert_eq!(made.status, 200, "{made:?}");
            let made = made.json();
            let path = format!("{path}/{}/send", made["draft_id"].as_str().unwrap());
            world.call_as(key, "POST", &path, &json!({})).await
        };
        for turn in 1..=13 {
            let sent = answer(ADMIN_KEY, turn, &last).await;
            assert_eq!(sent.status, 200, "{turn}: {sent:?}");
            last = Some(sent.json()["message_id"].as_str().unwrap().to_owned());
        }
        // An agent that sends its own drafts is no person.
        for turn in 14..=23 {
            let sent = answer(&agent, turn, &last).await;
            assert_eq!(sent.status, 200, "{turn}: {sent:?}");
        }
        let sent = answer(&agent, 24, &last).await;
        assert_eq!(sent.json()["code"], "thread_paused", "{sent:?}");
        let sent = answer(ADMIN_KEY, 25, &last).await;
        assert_eq!(sent.status, 200, "{sent:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_answered_is_no_loop() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for turn in 0..25 {
            let body =
                json!({"to": "boss@outside.test", "subject": format!("Alert {turn}"), "text": "x"});
            world.send(&inbox, body).await;
        }
        assert!(events(world, "thread.paused").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_address_that_bounces_is_not_tried_for_ever() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let (_, domain) = inbox.split_once('@').unwrap();
        let dead = format!("nobody-there@{domain}");
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        let mut bounced = 0;
        let told = loop {
            let body = json!({"to": dead, "subject": "Hello", "text": "Are you there?"});
            let answer = world.call("POST", &path, &body).await;
            if answer.status != 200 {
                break answer.json();
            }
            bounced += 1;
            assert!(bounced <= 10, "it does not stop");
            let id = answer.json()["message_id"].as_str().unwrap().to_owned();
            world.labelled(&inbox, &id, "bounced").await;
        };
        assert_eq!(told["code"], "thread_paused", "{told}");
        assert_eq!(events(world, "thread.paused").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_kill_switch_stops_what_waits_to_leave_and_loses_nothing() {
    each_net(&[], async |net, sink| {
        let world = &net.world;
        let inbox = world.inbox().await;
        let key = key_with(world, &["sending_resume", "inbox_read"]).await;
        // It waits for another try.
        sink.on("RCPT", testkit::Act::say("451 4.3.0 later"));
        let waits = net.send(&inbox, &["bob@x.test"]).await;
        net.settled(&inbox, &waits, &["deferred"]).await;

        let stopped = world
            .post("/v0/pause", json!({"reason": "It runs wild"}))
            .await;
        assert_eq!(stopped["paused"], true, "{stopped}");
        assert_eq!(stopped["pauses"][0]["scope"], "organization", "{stopped}");
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        let body = json!({"to": "bob@x.test", "text": "x"});
        let told = world
            .refused("POST", &path, body.clone(), (403, "sending_paused"))
            .await;
        assert!(
            told["message"].as_str().unwrap().contains("It runs wild"),
            "{told}"
        );
        // What comes in is taken.
        world
            .mail(&inbox, arrival("ann@outside.test", &inbox, "in", None, ""))
            .await;
        received(world, &inbox, 1).await;

        sink.forget();
        world
            .refused(
                "POST",
                "/v0/resume",
                Value::Null,
                (403, "missing_permission"),
            )
            .await;
        assert!(sink.waiting().is_none());
        let resumed = world
            .call_as(&key, "POST", "/v0/resume", &Value::Null)
            .await;
        assert_eq!(resumed.json()["paused"], false, "{resumed:?}");
        let came = soon(sink.next()).await;
        assert_eq!(came.to, ["bob@x.test"]);
        net.settled(&inbox, &waits, &["delivered"]).await;
        world.post(&path, body).await;
        let again = world
            .call_as(&key, "POST", "/v0/resume", &Value::Null)
            .await;
        assert_eq!(again.json()["code"], "conflict", "{again:?}");
        let kinds = ["sending.paused", "sending.resumed"];
        for kind in kinds {
            assert_eq!(events(world, kind).await.len(), 1, "{kind}");
        }
    })
    .await;
}
