//! The life of an inbox.

use serde_json::{Value, json};

use crate::world::{World, column, each_engine, letter};

const INVALID: (u16, &str) = (400, "validation_error");

#[tokio::test]
async fn an_inbox_is_made_without_arguments_read_changed_and_removed() {
    each_engine(async |world| {
        let made = world.post("/v0/inboxes", json!({})).await;
        let id = made["inbox_id"].as_str().unwrap();
        assert_eq!(made["email"], id);
        assert_eq!(made["display_name"], "AgentMail");
        assert!(made["pod_id"].is_string() && made["created_at"].is_string());
        for absent in ["client_id", "metadata", "status"] {
            assert!(made.get(absent).is_none(), "{absent} of {made}");
        }
        let path = format!("/v0/inboxes/{id}");
        assert_eq!(world.get(&path).await, made);
        assert_eq!(
            world
                .get(&path.to_uppercase().replace("/V0/INBOXES", "/v0/inboxes"))
                .await,
            made
        );

        let changed = world
            .patch(
                &path,
                json!({"display_name": "Support", "status": "paused"}),
            )
            .await;
        assert_eq!(
            (&changed["display_name"], &changed["status"]),
            (&json!("Support"), &json!("paused"))
        );
        let changed = world.patch(&path, json!({"display_name": null})).await;
        assert!(changed.get("display_name").is_none(), "{changed}");
        assert_eq!(changed["status"], "paused");

        world.delete(&path).await;
        for method in ["GET", "PATCH", "DELETE"] {
            let body = if method == "PATCH" {
                json!({"status": "active"})
            } else {
                Value::Null
            };
            world.refused(method, &path, body, (404, "not_found")).await;
        }
        assert_eq!(world.get("/v0/inboxes").await["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_client_id_makes_creation_repeatable() {
    each_engine(async |world| {
        let body = json!({"client_id": "crm-7.a_b~c", "username": "first"});
        let first = world.post("/v0/inboxes", body.clone()).await;
        assert_eq!(first["client_id"], "crm-7.a_b~c");
        let again = json!({"client_id": "crm-7.a_b~c", "username": "second", "display_name": "X"});
        assert_eq!(world.post("/v0/inboxes", again).await, first);
        // Two first calls at once end in one inbox.
        let body = json!({"client_id": "twins"});
        let (a, b) = tokio::join!(
            world.call("POST", "/v0/inboxes", &body),
            world.call("POST", "/v0/inboxes", &body),
        );
        for answer in [&a, &b] {
            assert!([200, 409].contains(&answer.status), "{answer:?}");
        }
        let known = world.post("/v0/inboxes", body).await;
        assert!(
            [a, b]
                .iter()
                .any(|one| one.status == 200 && one.json() == known)
        );
        assert_eq!(world.get("/v0/inboxes").await["count"], 2);
        for bad in ["", "a@b", "a b", "é", &"x".repeat(257)] {
            world
                .refused("POST", "/v0/inboxes", json!({"client_id": bad}), INVALID)
                .await;
        }
        // A deleted inbox gives its id back.
        let path = format!("/v0/inboxes/{}", first["inbox_id"].as_str().unwrap());
        world.delete(&path).await;
        let body = json!({"client_id": "crm-7.a_b~c", "username": "second"});
        let new = world.post("/v0/inboxes", body).await;
        assert_eq!(new["inbox_id"], "second@mailroost.localhost");
    })
    .await;
}

#[tokio::test]
async fn a_taken_address_is_told_with_free_ones_that_work() {
    each_engine(async |world| {
        world
            .post("/v0/inboxes", json!({"username": "Sales"}))
            .await;
        let body = json!({"username": "sALES"});
        let told = world
            .refused("POST", "/v0/inboxes", body, (403, "resource_taken"))
            .await;
        assert_eq!(told["name"], "IsTakenError");
        let free = told["suggestions"].as_array().unwrap();
        assert!((1..=3).contains(&free.len()), "{told}");
        for name in free {
            world.post("/v0/inboxes", json!({"username": name})).await;
        }
    })
    .await;
}

#[tokio::test]
async fn names_that_mail_could_not_carry_are_refused_with_their_field() {
    each_engine(async |world| {
        let long = "a".repeat(65);
        let names = [
            "",
            " ",
            ".a",
            "a.",
            "a..b",
            "a b",
            "a@b",
            "a\r\nb",
            "a\u{0}",
            "é",
            "\"q\"",
            "<a>",
            "a/b",
            "a,b",
            long.as_str(),
        ];
        for name in names {
            let told = world
                .refused("POST", "/v0/inboxes", json!({"username": name}), INVALID)
                .await;
            assert_eq!(told["errors"][0]["path"][0], "username", "{name:?}: {told}");
        }
        for domain in ["", "a b", "a..b", "-", "\r\n", "[127.0.0.1]"] {
            let answer = world
                .call("POST", "/v0/inboxes", &json!({"domain": domain}))
                .await;
            assert!(
                [400, 404].contains(&answer.status),
                "{domain:?}: {answer:?}"
            );
        }
        let body = json!({"domain": "example.com"});
        let told = world
            .refused("POST", "/v0/inboxes", body, (404, "not_found"))
            .await;
        assert_eq!(told["message"], "Domain not found");
        let names = [
            "a<b",
            "a@b",
            "a\"b",
            "a,b",
            "a\r\nBcc: x",
            "\u{0}",
            &"n".repeat(257),
        ];
        for name in names {
            let body = json!({"display_name": name});
            let told = world.refused("POST", "/v0/inboxes", body, INVALID).await;
            assert_eq!(
                told["errors"][0]["path"][0], "display_name",
                "{name:?}: {told}"
            );
        }
        assert_eq!(world.get("/v0/inboxes").await["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn metadata_is_merged_key_by_key_and_null_clears() {
    each_engine(async |world| {
        let inbox = world
            .post(
                "/v0/inboxes",
                json!({"metadata": {"a": "1", "b": 2, "c": true}}),
            )
            .await;
        let path = format!("/v0/inboxes/{}", inbox["inbox_id"].as_str().unwrap());
        let changed = world
            .patch(&path, json!({"metadata": {"a": null, "b": 2.5, "d": "é"}}))
            .await;
        assert_eq!(changed["metadata"], json!({"b": 2.5, "c": true, "d": "é"}));
        // What was not named stays.
        let changed = world.patch(&path, json!({"display_name": "N"})).await;
        assert_eq!(changed["metadata"], json!({"b": 2.5, "c": true, "d": "é"}));
        let many: serde_json::Map<String, Value> =
            (0..257).map(|n| (n.to_string(), json!(n))).collect();
        for bad in [
            json!({}),
            json!(many),
            json!({"k": "v".repeat(257)}),
            json!({"k".repeat(257): 1}),
        ] {
            world
                .refused("PATCH", &path, json!({"metadata": bad}), INVALID)
                .await;
        }
        world.refused("PATCH", &path, json!({}), INVALID).await;
        world
            .refused("PATCH", &path, json!({"status": "asleep"}), INVALID)
            .await;
        let changed = world.patch(&path, json!({"metadata": null})).await;
        assert!(changed.get("metadata").is_none(), "{changed}");
    })
    .await;
}

#[tokio::test]
async fn keys_bound_to_an_inbox_keep_it_and_a_new_one_at_its_address_is_empty() {
    each_engine(async |world| {
        world
            .post("/v0/inboxes", json!({"username": "agent"}))
            .await;
        let inbox = "agent@mailroost.localhost";
        world
            .mail(inbox, letter(inbox, "old@outside.test", "Old", "x"))
            .await;
        world
            .mail(inbox, letter(inbox, "old2@outside.test", "Old", "x"))
            .await;
        let old = world.messages(inbox, "").await;
        let thread = old[0]["thread_id"].as_str().unwrap();
        let raw = world
            .get(&format!(
                "/v0/inboxes/{inbox}/messages/old@outside.test/raw"
            ))
            .await;

        let path = format!("/v0/inboxes/{inbox}");
        let (_, key) = world.key(Some(inbox), json!({"name": "bound"})).await;
        world
            .refused("DELETE", &path, Value::Null, (409, "cannot_delete"))
            .await;
        world
            .delete(&format!("/v0/inboxes/{inbox}/api-keys/{key}"))
            .await;
        world.delete(&path).await;
        world
            .post("/v0/inboxes", json!({"username": "agent"}))
            .await;

        nothing_of(world, inbox, thread).await;
        let link = raw["download_url"].as_str().unwrap();
        assert_eq!(world.download(link).await.status, 404);
        // The id of an old message is free again.
        world
            .mail(inbox, letter(inbox, "old@outside.test", "New", "y"))
            .await;
        let list = world.messages(inbox, "").await;
        assert_eq!(column(&list, "subject"), ["New"]);
        assert_eq!(list[0]["message_id"], "<old@outside.test>");
        assert_ne!(list[0]["thread_id"], thread);
    })
    .await;
}

async fn nothing_of(world: &World, inbox: &str, thread: &str) {
    let lists = [
        format!("/v0/inboxes/{inbox}/messages"),
        format!("/v0/inboxes/{inbox}/messages?labels=unread"),
        format!("/v0/inboxes/{inbox}/threads"),
        "/v0/threads".to_owned(),
        "/v0/threads?labels=unread".to_owned(),
    ];
    for list in lists {
        assert_eq!(world.get(&list).await["count"], 0, "{list}");
    }
    let missing = [
        format!("/v0/inboxes/{inbox}/messages/old@outside.test"),
        format!("/v0/inboxes/{inbox}/threads/{thread}"),
        format!("/v0/threads/{thread}"),
    ];
    for path in missing {
        world
            .refused("GET", &path, Value::Null, (404, "not_found"))
            .await;
    }
}

#[tokio::test]
async fn a_paused_inbox_sends_nothing_and_keeps_what_arrives() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let path = format!("/v0/inboxes/{inbox}");
        world.patch(&path, json!({"status": "paused"})).await;
        let send = format!("{path}/messages/send");
        let body = json!({"to": "bob@outside.test", "text": "x"});
        world
            .refused("POST", &send, body.clone(), (403, "inbox_paused"))
            .await;
        // The hosted service throws this away; here nothing that was accepted is lost.
        world
            .mail(
                &inbox,
                letter(&inbox, "while@outside.test", "While paused", "x"),
            )
            .await;
        let changed = world.patch(&path, json!({"status": "active"})).await;
        assert!(changed.get("status").is_none(), "{changed}");
        world
            .mail(&inbox, letter(&inbox, "after@outside.test", "After", "x"))
            .await;
        assert_eq!(
            column(&world.messages(&inbox, "").await, "subject"),
            ["After", "While paused"]
        );
        world.post(&send, body).await;
    })
    .await;
}

#[tokio::test]
async fn pages_of_inboxes_hold_each_once_in_both_directions() {
    each_engine(async |world| {
        let mut made = Vec::new();
        for _ in 0..7 {
            made.push(world.inbox().await);
        }
        for ascending in [true, false] {
            let mut seen = Vec::new();
            let mut token = String::new();
            loop {
                let page = world
                    .get(&format!("/v0/inboxes?limit=3&ascending={ascending}{token}"))
                    .await;
                assert_eq!(page["limit"], 3);
                seen.extend(column(page["inboxes"].as_array().unwrap(), "inbox_id"));
                match page["next_page_token"].as_str() {
                    Some(next) => token = format!("&page_token={next}"),
                    None => break,
                }
            }
            if !ascending {
                seen.reverse();
            }
            assert_eq!(seen, made, "ascending={ascending}");
        }
    })
    .await;
}

#[tokio::test]
async fn changes_at_once_do_not_undo_each_other() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let path = format!("/v0/inboxes/{inbox}");
        let changes = (0..20).map(async |n: usize| {
            let key = format!("k{n}");
            world.patch(&path, json!({"metadata": {key: n}})).await;
        });
        let name = world.patch(&path, json!({"display_name": "Named"}));
        tokio::join!(futures_util::future::join_all(changes), name);
        let inbox = world.get(&path).await;
        assert_eq!(inbox["display_name"], "Named");
        assert_eq!(inbox["metadata"].as_object().unwrap().len(), 20, "{inbox}");
    })
    .await;
}
