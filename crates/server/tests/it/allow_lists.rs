//! Allow and block lists, on real traffic.

use serde_json::{Value, json};

use crate::listener::Listener;
use crate::once::call_once;
use crate::permissions::Foreign;
use crate::world::{World, column, each_engine, escaped, eventually, has_label, message_path};

/// What the paths of these routes name, by the name in braces.
pub async fn things(world: &World, inbox: &str) -> Vec<(&'static str, String)> {
    let place = world.get(&format!("/v0/inboxes/{inbox}")).await;
    let pod = place["pod_id"].as_str().unwrap();
    let (name, _) = inbox.split_once('@').unwrap();
    let entry = format!("{name}@listed.test");
    for scope in [
        String::new(),
        format!("/pods/{pod}"),
        format!("/inboxes/{inbox}"),
    ] {
        let path = format!("/v0{scope}/lists/receive/block");
        world.post(&path, json!({"entry": entry})).await;
    }
    vec![
        ("direction", "receive".to_owned()),
        ("type", "block".to_owned()),
        ("entry", entry),
    ]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let body = json!({"entry": "somebody@listed.test"});
    Some(match operation {
        // A key of one inbox has that inbox's lists here.
        "lists.list" => (Value::Null, Foreign::List("entries")),
        "lists.create" => (body, Foreign::Own),
        "lists.get" | "lists.delete" => (Value::Null, Foreign::Hidden),
        "pods.lists.create" | "inboxes.lists.create" => (body, Foreign::Hidden),
        "pods.lists.list"
        | "pods.lists.get"
        | "pods.lists.delete"
        | "inboxes.lists.list"
        | "inboxes.lists.get"
        | "inboxes.lists.delete" => (Value::Null, Foreign::Hidden),
        _ => return None,
    })
}

const INVALID: (u16, &str) = (400, "validation_error");
const REJECTED: (u16, &str) = (403, "message_rejected");

/// Puts an entry on a list: `add(world, "", "send/allow", "a.test")` on the organisation's,
/// `add(world, "/inboxes/…", …)` on an inbox's.
async fn add(world: &World, scope: &str, list: &str, entry: &str) -> Value {
    let path = format!("/v0{scope}/lists/{list}");
    world.post(&path, json!({"entry": entry})).await
}

async fn remove(world: &World, scope: &str, list: &str, entry: &str) {
    world
        .delete(&format!("/v0{scope}/lists/{list}/{}", escaped(entry)))
        .await;
}

async fn default_pod(world: &World) -> String {
    let me = world.get("/v0/auth/me").await;
    format!("/pods/{}", me["organization_id"].as_str().unwrap())
}

fn from(author: &str, id: &str, parent: Option<&str>) -> String {
    let parent = parent.map_or(String::new(), |id| format!("In-Reply-To: {id}\r\n"));
    format!("From: {author}\r\nMessage-ID: <{id}@x.test>\r\n{parent}Subject: s\r\n\r\nHello\r\n")
}

#[tokio::test]
async fn an_entry_is_made_once_shown_listed_and_deleted_at_each_scope() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let (pod, own) = (default_pod(world).await, format!("/inboxes/{inbox}"));
        for scope in ["", &pod, &own] {
            let list = format!("/v0{scope}/lists/send/block");
            let body = json!({"entry": " Ann@BÜCHER.test ", "reason": "Asked us to stop"});
            let made = world.post(&list, body).await;
            assert_eq!(made["entry"], "ann@xn--bcher-kva.test", "{made}");
            for (field, value) in [
                ("direction", "send"),
                ("list_type", "block"),
                ("entry_type", "email"),
                ("reason", "Asked us to stop"),
            ] {
                assert_eq!(made[field], value, "{made}");
            }
            assert_eq!(made["read_only"], false);
            assert!(made["created_at"].is_string() && made["organization_id"].is_string());
            assert_eq!(made.get("pod_id").is_some(), !scope.is_empty(), "{made}");
            let expected = (scope == own).then_some(json!(inbox));
            assert_eq!(made.get("inbox_id"), expected.as_ref(), "{made}");

            // Again, in another spelling and with another reason: the first stays.
            let body = json!({"entry": "ann@xn--BCHER-kva.test", "reason": "x"});
            assert_eq!(world.post(&list, body).await, made);
            let one = format!("{list}/{}", escaped("ANN@bücher.test"));
            assert_eq!(world.get(&one).await, made);
            let listed = world.get(&list).await;
            assert_eq!(listed["entries"], json!([made]), "{listed}");

            let other = format!("/v0{scope}/lists/send/allow");
            let body = json!({"entry": "ann@bücher.test"});
            let told = world.refused("POST", &other, body, (409, "conflict")).await;
            assert!(
                told["message"].as_str().unwrap().contains("send block"),
                "{told}"
            );
            let missing = format!("{other}/ann@bücher.test");
            world
                .refused("GET", &missing, Value::Null, (404, "not_found"))
                .await;

            world.delete(&one).await;
            for method in ["GET", "DELETE"] {
                world
                    .refused(method, &one, Value::Null, (404, "not_found"))
                    .await;
            }
            world
                .post(&other, json!({"entry": "ann@bücher.test"}))
                .await;
            world.delete(&missing).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_entry_and_no_list_is_named() {
    each_engine(async |world| {
        for entry in [
            json!(""),
            json!("@example.com"),
            json!("Ann <ann@a.test>"),
            json!("a b"),
            json!(7),
            Value::Null,
        ] {
            let body = json!({"entry": entry});
            let told = world
                .refused("POST", "/v0/lists/send/allow", body, INVALID)
                .await;
            assert_eq!(told["errors"][0]["path"], json!(["entry"]), "{told}");
        }
        for reason in ["x".repeat(1025), "a\0b".to_owned()] {
            let body = json!({"entry": "a.test", "reason": reason});
            let told = world
                .refused("POST", "/v0/lists/send/allow", body, INVALID)
                .await;
            assert_eq!(told["errors"][0]["path"], json!(["reason"]), "{told}");
        }
        for (path, field) in [
            ("/v0/lists/sned/allow", "direction"),
            ("/v0/lists/send/alow", "type"),
        ] {
            let told = world.refused("GET", path, Value::Null, INVALID).await;
            assert_eq!(told["errors"][0]["path"], json!([field]), "{told}");
        }
        let gone = "/v0/inboxes/nobody@mailroost.localhost/lists/send/allow";
        world
            .refused("GET", gone, Value::Null, (404, "not_found"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_list_is_paged_in_alphabetical_order_and_each_scope_has_its_own() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let own = format!("/inboxes/{inbox}");
        let entries = ["*.a.test", "a.test", "ann@a.test", "b.test", "zoe@a.test"];
        for entry in entries.iter().rev() {
            add(world, &own, "receive/allow", entry).await;
        }
        add(world, "", "receive/allow", "org.test").await;
        add(world, &own, "receive/block", "blocked.test").await;
        add(world, &own, "reply/allow", "reply.test").await;
        let list = format!("/v0{own}/lists/receive/allow");
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = world.get(&format!("{list}?limit=2{token}")).await;
            assert_eq!(page["limit"], 2);
            let items = page["entries"].as_array().unwrap();
            assert_eq!(page["count"], items.len());
            seen.extend(column(items, "entry"));
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        assert_eq!(seen, entries);
        // A token is good for its own list.
        for other in [
            format!("/v0{own}/lists/receive/block?limit=2{token}"),
            format!("/v0/lists/receive/allow?limit=2{token}"),
            format!("{list}?page_token=x"),
        ] {
            let told = world.refused("GET", &other, Value::Null, INVALID).await;
            assert_eq!(told["errors"][0]["path"], json!(["page_token"]), "{told}");
        }
        let org = world.get("/v0/lists/receive/allow").await;
        assert_eq!(
            column(org["entries"].as_array().unwrap(), "entry"),
            ["org.test"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_barred_recipient_stops_every_kind_of_departure_and_nothing_is_stored() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let own = format!("/inboxes/{inbox}");
        world
            .mail(&inbox, from("ann@blocked.test", "first", None))
            .await;
        add(world, "", "send/block", "blocked.test").await;
        let letter = |to: &str| json!({"to": ["ok@fine.test"], "cc": to, "text": "x"});
        let send = format!("/v0{own}/messages/send");
        let told = world
            .refused("POST", &send, letter("Bob <Bob@Blocked.test>"), REJECTED)
            .await;
        assert_eq!(
            told["message"],
            "Message rejected: Recipient(s) blocked: Bob@blocked.test (in block list)"
        );
        assert_eq!(told["name"], "MessageRejectedError");
        let parent = message_path(&inbox, "<first@x.test>");
        let words = json!({"text": "x"});
        let forward = json!({"to": "carol@blocked.test"});
        for (verb, body) in [
            ("reply", words.clone()),
            ("reply-all", words.clone()),
            ("forward", forward),
        ] {
            world
                .refused("POST", &format!("{parent}/{verb}"), body, REJECTED)
                .await;
        }
        assert_eq!(world.messages(&inbox, "").await.len(), 1);

        // The inbox's own allow entry is narrower, and makes the list exclusive.
        add(world, &own, "send/allow", "ann@blocked.test").await;
        world.post(&format!("{parent}/reply"), words).await;
        let told = world
            .refused("POST", &send, letter("bob@blocked.test"), REJECTED)
            .await;
        let told = told["message"].as_str().unwrap();
        assert!(
            told.contains("ok@fine.test (not in allow list), bob@blocked.test (in block list)"),
            "{told}"
        );
        let other = world.inbox().await;
        world.send(&other, letter("ok@else.test")).await;
        remove(world, &own, "send/allow", "ann@blocked.test").await;
        remove(world, "", "send/block", "blocked.test").await;
        world.send(&inbox, letter("bob@blocked.test")).await;
    })
    .await;
}

#[tokio::test]
async fn a_draft_to_a_barred_recipient_stays_and_what_was_sent_once_is_answered_again() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let own = format!("/inboxes/{inbox}");
        let letter = json!({"to": ["ann@blocked.test"], "text": "x"});
        let send = format!("/v0{own}/messages/send");
        let first = call_once(world, "once", &send, &letter).await;
        assert_eq!(first.status, 200, "{first:?}");
        add(world, &own, "send/block", "blocked.test").await;
        let again = call_once(world, "once", &send, &letter).await;
        assert_eq!((again.status, again.json()), (200, first.json()));
        let other = call_once(world, "other", &send, &letter).await;
        assert_eq!(
            (other.status, &other.json()["code"]),
            (403, &json!("message_rejected"))
        );

        let draft = world.post(&format!("/v0{own}/drafts"), letter).await;
        let draft = format!("/v0{own}/drafts/{}", draft["draft_id"].as_str().unwrap());
        world
            .refused("POST", &format!("{draft}/send"), json!({}), REJECTED)
            .await;
        world.get(&draft).await;
        assert_eq!(world.messages(&inbox, "").await.len(), 1);
        remove(world, &own, "send/block", "blocked.test").await;
        world.post(&format!("{draft}/send"), json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn mail_from_whom_the_lists_bar_is_kept_but_not_shown() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let own = format!("/inboxes/{inbox}");
        add(world, &own, "receive/block", "*.spam.test").await;
        let mut listener = Listener::to(
            world,
            json!({"inbox_ids": [inbox], "event_types": ["message.received", "message.received.blocked"]}),
        )
        .await;
        world
            .mail(&inbox, from("Evil <e@mail.spam.test>", "evil", None))
            .await;
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.received.blocked", "{event}");
        assert_eq!(event["message"]["message_id"], "<evil@x.test>");
        let shown = world.message(&inbox, "<evil@x.test>").await;
        assert!(has_label(&shown, "blocked") && has_label(&shown, "unread"), "{shown}");
        assert!(world.messages(&inbox, "").await.is_empty());
        assert_eq!(world.messages(&inbox, "?include_blocked=true").await.len(), 1);
        assert_eq!(world.messages(&inbox, "?include_blocked=true&labels=blocked").await.len(), 1);
        let threads = world.get(&format!("/v0{own}/threads")).await;
        assert_eq!(threads["count"], 0);

        // The envelope's sender is judged too; the domain above is not the wildcard's.
        let reply = world
            .hand_in("bounce@x.spam.test", &[&inbox], from("a@ok.test", "envelope", None))
            .await;
        assert_eq!(reply.code, 250);
        assert_eq!(listener.event().await["event_type"], "message.received.blocked");
        world.mail(&inbox, from("a@spam.test", "above", None)).await;
        assert_eq!(listener.event().await["event_type"], "message.received");

        // With an allow entry only what is allowed is shown, by From alone.
        add(world, "", "receive/allow", "friend@ok.test").await;
        for (author, shown) in [
            ("friend@ok.test", true),
            ("stranger@ok.test", false),
            ("friend@ok.test, stranger@ok.test", false),
            ("nobody", false),
        ] {
            world
                .mail(&inbox, from(author, &format!("{}", author.len()), None))
                .await;
            let event = listener.event().await;
            let kind = if shown { "message.received" } else { "message.received.blocked" };
            assert_eq!(event["event_type"], kind, "{author}: {event}");
        }
        let mut again = world.smtp().await;
        let repeated = from("friend@ok.test", "14", None);
        let sent = again.send("ann@outside.test", &[&inbox], repeated.as_bytes()).await;
        assert_eq!(sent.unwrap().code, 250);
        assert_eq!(world.messages(&inbox, "?include_blocked=true").await.len(), 7);
    })
    .await;
}

#[tokio::test]
async fn answers_to_what_was_sent_are_the_reply_lists_business_alone() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let own = format!("/inboxes/{inbox}");
        let sent = world
            .send(
                &inbox,
                json!({"to": "ann@a.test", "subject": "Q", "text": "?"}),
            )
            .await;
        add(world, &own, "receive/allow", "nobody.test").await;
        let labels = async |id: &str| world.message(&inbox, &format!("<{id}@x.test>")).await;
        let blocked = async |id: &str| has_label(&labels(id).await, "blocked");

        // Open reply lists take every answer; what only claims to be one is new.
        world
            .mail(&inbox, from("ann@a.test", "answer", Some(&sent)))
            .await;
        world.mail(&inbox, from("ann@a.test", "new", None)).await;
        world
            .mail(&inbox, from("ann@a.test", "lie", Some("<unknown@x.test>")))
            .await;
        world
            .mail(&inbox, from("ann@a.test", "on", Some("<answer@x.test>")))
            .await;
        assert!(!blocked("answer").await);
        assert!(blocked("new").await && blocked("lie").await && blocked("on").await);
        let thread = labels("answer").await["thread_id"].clone();
        let path = format!("/v0/threads/{}", thread.as_str().unwrap());
        assert_eq!(world.get(&path).await["message_count"], 2);

        add(world, "", "reply/block", "ann@a.test").await;
        world
            .mail(&inbox, from("ann@a.test", "second", Some(&sent)))
            .await;
        world
            .mail(&inbox, from("bob@a.test", "third", Some(&sent)))
            .await;
        assert!(blocked("second").await && !blocked("third").await);
        add(world, &own, "reply/allow", "carol@a.test").await;
        world
            .mail(&inbox, from("bob@a.test", "fourth", Some(&sent)))
            .await;
        world
            .mail(&inbox, from("carol@a.test", "fifth", Some(&sent)))
            .await;
        assert!(blocked("fourth").await && !blocked("fifth").await);
    })
    .await;
}

#[tokio::test]
async fn mail_between_inboxes_is_judged_where_it_arrives() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        add(world, &format!("/inboxes/{b}"), "receive/block", &a).await;
        let id = world.send(&a, json!({"to": b, "text": "psst"})).await;
        world.labelled(&a, &id, "delivered").await;
        let there = eventually(async || {
            let list = world.messages(&b, "?include_blocked=true").await;
            list.first().cloned()
        })
        .await;
        assert!(has_label(&there, "blocked"), "{there}");
        assert!(world.messages(&b, "").await.is_empty());
        // Its lists go with an inbox: the address can begin anew.
        world.delete(&format!("/v0/inboxes/{b}")).await;
        let (name, _) = b.split_once('@').unwrap();
        world.post("/v0/inboxes", json!({"username": name})).await;
        let list = world
            .get(&format!("/v0/inboxes/{b}/lists/receive/block"))
            .await;
        assert_eq!(list["count"], 0);
        world.send(&a, json!({"to": b, "text": "again"})).await;
        assert!(!has_label(&world.arrived(&b, 1).await[0], "blocked"));
    })
    .await;
}

#[tokio::test]
async fn a_pod_stands_between_its_inboxes_and_the_organisation() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let (pod, own) = (default_pod(world).await, format!("/inboxes/{inbox}"));
        let send = format!("/v0{own}/messages/send");
        let letter = json!({"to": "ann@a.test", "text": "x"});
        add(world, "", "send/block", "ann@a.test").await;
        world.refused("POST", &send, letter.clone(), REJECTED).await;
        add(world, &pod, "send/allow", "a.test").await;
        world.send(&inbox, letter.clone()).await;
        add(world, &own, "send/block", "*.test").await;
        world.refused("POST", &send, letter.clone(), REJECTED).await;
        remove(world, &own, "send/block", "*.test").await;
        world.send(&inbox, letter).await;
    })
    .await;
}
