//! One-time codes and links of a message, and waiting for the mail that brings them.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::permissions::Foreign;
use crate::running::soon;
use crate::senders::{each_public, from_client, good_client};
use crate::world::{World, column, each_engine, letter, message_path};

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let own = [
        "inboxes.messages.get_codes",
        "inboxes.messages.get_extraction",
        "inboxes.messages.get_page",
        "inboxes.wait",
    ];
    own.contains(&operation)
        .then_some((Value::Null, Foreign::Hidden))
}

/// Hands in a mail with a code.
async fn code(world: &World, inbox: &str, id: &str, code: &str) {
    let text = format!("Your verification code is {code}. It expires in 10 minutes.");
    let raw = letter(inbox, id, "Your code", &text);
    world.mail(inbox, raw).await;
}

async fn wait(world: &World, inbox: &str, query: &str) -> Value {
    let path = format!("/v0/inboxes/{inbox}/wait?{query}");
    soon(world.get(&path)).await
}

fn value(answer: &Value) -> &str {
    assert_eq!(answer["timed_out"], false, "{answer}");
    answer["codes"]["code"]["value"]
        .as_str()
        .unwrap_or_default()
}

#[tokio::test]
async fn codes_and_links_are_told_verbatim_with_their_place_their_expiry_and_their_sender() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let html = "<p>Hello,</p><p>Please <a href=\"https://site.example/verify?token=a&amp;b=%2F\">verify your \
            email address</a> or type the code <b>48</b><b>2913</b>.</p><p>Both expire in 2 hours.</p>";
        let raw = format!(
            "From: Site <no-reply@site.example>\r\nTo: {inbox}\r\nSubject: Verify your email\r\n\
             Message-ID: <a@site.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
        );
        world.mail(&inbox, raw).await;
        let path = message_path(&inbox, "<a@site.example>");
        let told = world.get(&format!("{path}/codes")).await;
        assert_eq!(told["code"]["value"], "482913", "{told}");
        assert_eq!(told["code"]["place"], "body");
        assert!(told["code"].get("origin").is_none(), "{told}");
        assert_eq!(told["link"]["url"], "https://site.example/verify?token=a&b=%2F");
        assert_eq!(told["link"]["kind"], "verify");
        assert_eq!(told["sender_proven"], true);
        assert_eq!(told["authentication"]["reason"], "local_machine");
        assert_eq!(told["from"], "Site <no-reply@site.example>");
        assert!(told["expires_at"].as_str().unwrap() > told["timestamp"].as_str().unwrap());
        // The message and its event say the same.
        let message = world.get(&path).await;
        for field in ["code", "link", "expires_at", "sender_proven"] {
            assert_eq!(message["codes"][field], told[field], "{field}");
        }
        let log = world.get("/v0/events").await;
        assert_eq!(log["events"][0]["message"]["codes"], message["codes"]);

        world.mail(&inbox, letter(&inbox, "b@x.test", "Lunch", "See you at 12.")).await;
        let none = world.get(&format!("{}/codes", message_path(&inbox, "<b@x.test>"))).await;
        assert!(none.get("code").is_none() && none.get("link").is_none(), "{none}");
        let message = world.message(&inbox, "<b@x.test>").await;
        assert!(message.get("codes").is_none(), "{message}");
        // What is sent was not looked at, so it is looked at when somebody asks.
        let sent = json!({"to": "bob@outside.test", "subject": "Code", "text": "Your login code is 551902."});
        let id = world.send(&inbox, sent).await;
        let told = world.get(&format!("{}/codes", message_path(&inbox, &id))).await;
        assert_eq!(told["code"]["value"], "551902");
        assert_eq!(told["sender_proven"], false);
    })
    .await;
}

#[tokio::test]
async fn a_monstrous_link_is_told_by_the_message_alone() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let url = format!("https://site.example/verify?token={}", "a".repeat(5_000));
        let text = format!("Please confirm your email address:\r\n{url}\r\n");
        let raw = letter(&inbox, "a@x.test", "Confirm your address", &text);
        let raw = raw.replace("\r\n\r\n", "\r\nContent-Type: text/plain\r\n\r\n");
        world.mail(&inbox, raw).await;
        let message = world.message(&inbox, "<a@x.test>").await;
        assert!(message.get("codes").is_none());
        let told = world
            .get(&format!("{}/codes", message_path(&inbox, "<a@x.test>")))
            .await;
        assert!(
            told["link"]["url"]
                .as_str()
                .unwrap()
                .starts_with("https://site.example/verify?token=aaa"),
            "{told}"
        );
        assert_eq!(
            wait(world, &inbox, "has_link=true").await["codes"]["link"],
            told["link"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_message_that_hides_from_a_key_keeps_its_codes_to_itself() {
    each_public(&[], async |world, zone| {
        good_client(zone);
        let inbox = world.inbox().await;
        let raw = letter(
            &inbox,
            "a@outside.test",
            "Code",
            "Your verification code is 482913.",
        );
        let reply = from_client(world, "ann@outside.test", &inbox, &raw).await;
        assert_eq!(reply.code, 250, "{reply}");
        let path = format!("{}/codes", message_path(&inbox, "<a@outside.test>"));
        let told = world.get(&path).await;
        assert_eq!(told["code"]["value"], "482913");
        let proven = told["sender_proven"] == true;
        let labels = &world.message(&inbox, "<a@outside.test>").await["labels"];
        let is_labelled = labels
            .as_array()
            .unwrap()
            .contains(&json!("unauthenticated"));
        assert_eq!(proven, !is_labelled, "{told}");
        assert!(is_labelled, "{told}");
        // By default only mail whose sender is proven is waited for.
        let answer = wait(world, &inbox, "has_code=true&timeout=0").await;
        assert_eq!(answer["timed_out"], true, "{answer}");
        let answer = wait(
            world,
            &inbox,
            "has_code=true&timeout=0&include_unauthenticated=true",
        )
        .await;
        assert_eq!(value(&answer), "482913");
        assert_eq!(answer["codes"]["sender_proven"], false);
        let rights = json!({"permissions": {"message_read": true}});
        let (narrow, _) = world.key(None, rights).await;
        let answer = world.call_as(&narrow, "GET", &path, &Value::Null).await;
        assert_eq!(answer.status, 404, "{answer:?}");
        let waiting = format!("/v0/inboxes/{inbox}/wait?timeout=0");
        for (query, status) in [
            ("", 200),
            ("&include_unauthenticated=true", 403),
            ("&claim=true", 403),
        ] {
            let answer = world
                .call_as(&narrow, "GET", &format!("{waiting}{query}"), &Value::Null)
                .await;
            assert_eq!(answer.status, status, "{query}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_waits_is_given_the_first_message_that_fits() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let other = world.inbox().await;
        let waiting = wait(
            world,
            &inbox,
            "from=site.example&subject=code&has_code=true&timeout=30",
        );
        let sending = async {
            code(world, &other, "0@x.test", "000111").await;
            code(world, &inbox, "1@x.test", "111222").await;
            let raw = letter(&inbox, "2@x.test", "Your code", "There is none.");
            world
                .mail(&inbox, raw.replace("outside.test", "site.example"))
                .await;
            let text = "Your verification code is 222333.";
            let raw = letter(&inbox, "3@x.test", "Your CODE is here", text);
            world
                .mail(
                    &inbox,
                    raw.replace("ann@outside.test", "no-reply@Site.Example"),
                )
                .await;
            code(world, &inbox, "4@x.test", "444555").await;
        };
        let (answer, ()) = tokio::join!(waiting, sending);
        assert_eq!(value(&answer), "222333", "{answer}");
        assert_eq!(answer["message"]["message_id"], "<3@x.test>");
        assert_eq!(answer["message"]["codes"], answer["codes"]);
        assert!(
            answer["message"]["text"]
                .as_str()
                .unwrap()
                .contains("222333")
        );
        assert_eq!(answer["claimed"], false);
        // Where it ends the next one begins.
        let after = answer["next_after"].as_str().unwrap();
        let answer = wait(
            world,
            &inbox,
            &format!("has_code=true&timeout=30&after={after}"),
        )
        .await;
        assert_eq!(value(&answer), "444555");
        let after = answer["next_after"].as_str().unwrap();
        let answer = wait(world, &inbox, &format!("timeout=0&after={after}")).await;
        assert_eq!(answer["timed_out"], true);
        assert!(
            answer.get("message").is_none() && answer.get("codes").is_none(),
            "{answer}"
        );
        // From the start, and from an event.
        let answer = wait(world, &inbox, "timeout=0&after=start&has_code=false").await;
        assert_eq!(answer["message"]["message_id"], "<2@x.test>");
        let log = world.get(&format!("/v0/events?inbox_ids={inbox}")).await;
        let first = log["events"][0]["event_id"].as_str().unwrap();
        let answer = wait(
            world,
            &inbox,
            &format!("timeout=0&has_code=true&after={first}"),
        )
        .await;
        assert_eq!(value(&answer), "222333");
    })
    .await;
}

#[tokio::test]
async fn what_has_just_arrived_serves_and_the_newest_comes_first() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        code(world, &inbox, "1@x.test", "111222").await;
        code(world, &inbox, "2@x.test", "222333").await;
        let answer = wait(world, &inbox, "has_code=true").await;
        assert_eq!(value(&answer), "222333");
        let answer = wait(world, &inbox, "has_code=true&after=now&timeout=0").await;
        assert_eq!(answer["timed_out"], true);
        // What is gone is not given.
        world.delete(&message_path(&inbox, "<2@x.test>")).await;
        assert_eq!(value(&wait(world, &inbox, "has_code=true").await), "111222");
        let answer = wait(world, &inbox, "has_code=true&after=start&timeout=0").await;
        assert_eq!(value(&answer), "111222");
        let path = message_path(&inbox, "<1@x.test>");
        world.patch(&path, json!({"add_labels": ["trash"]})).await;
        let answer = wait(world, &inbox, "has_code=true&after=start&timeout=0").await;
        assert_eq!(answer["timed_out"], true);
    })
    .await;
}

#[tokio::test]
async fn who_claims_is_given_what_nobody_else_was() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        const WAITERS: usize = 12;
        let waiting =
            (0..WAITERS).map(|_| wait(world, &inbox, "has_code=true&claim=true&timeout=60"));
        let sending = async {
            for n in 0..WAITERS {
                code(world, &inbox, &format!("{n}@x.test"), &format!("{n:03}777")).await;
            }
        };
        let (answers, ()) = tokio::join!(join_all(waiting), sending);
        let codes: BTreeSet<&str> = answers.iter().map(value).collect();
        assert_eq!(codes.len(), WAITERS, "{codes:?}");
        assert!(answers.iter().all(|answer| answer["claimed"] == true));
        let answer = wait(
            world,
            &inbox,
            "has_code=true&claim=true&timeout=0&after=start",
        )
        .await;
        assert_eq!(answer["timed_out"], true);
        // Who does not claim sees what others have.
        let answer = wait(world, &inbox, "has_code=true&timeout=0&after=start").await;
        assert_eq!(answer["claimed"], false);
        assert_eq!(answer["message"]["message_id"], "<0@x.test>");
    })
    .await;
}

#[tokio::test]
async fn a_claim_outlives_the_server_and_ends_with_its_time() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        code(world, &inbox, "1@x.test", "111222").await;
        code(world, &inbox, "2@x.test", "222333").await;
        let first = wait(world, &inbox, "claim_ttl=1").await;
        assert_eq!((value(&first), &first["claimed"]), ("222333", &json!(true)));
        assert!(first["claim_expires_at"].is_string(), "{first}");
        let second = wait(world, &inbox, "claim=true&timeout=0").await;
        assert_eq!(value(&second), "111222");
        assert!(second.get("claim_expires_at").is_none(), "{second}");
        let again = crate::world::eventually(async || {
            let answer = wait(world, &inbox, "claim=true&timeout=0").await;
            (answer["timed_out"] == false).then_some(answer)
        })
        .await;
        assert_eq!(value(&again), "222333");
        world.delete(&message_path(&inbox, "<1@x.test>")).await;
        assert_eq!(
            column(&world.messages(&inbox, "").await, "message_id"),
            ["<2@x.test>"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_revoked_waits_no_longer() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let (key, key_id) = world.key(Some(&inbox), json!({})).await;
        let path = format!("/v0/inboxes/{inbox}/wait?timeout=300");
        let waiting = world.call_as(&key, "GET", &path, &Value::Null);
        let key_path = format!("/v0/api-keys/{key_id}");
        let revoking = world.delete(&key_path);
        let (answer, ()) = soon(async { tokio::join!(waiting, revoking) }).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (401, &json!("unknown_api_key"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_bad_request_to_wait_is_told_at_once() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for query in [
            "timeout=301",
            "timeout=x",
            "claim_ttl=0",
            "has_code=perhaps",
            "after=nowhere",
        ] {
            let path = format!("/v0/inboxes/{inbox}/wait?{query}");
            world
                .refused("GET", &path, Value::Null, (400, "validation_error"))
                .await;
        }
    })
    .await;
}
