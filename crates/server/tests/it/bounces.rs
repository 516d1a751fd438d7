//! What comes back: reports, complaints, and who is not written to any more.

use serde_json::{Value, json};

use crate::permissions::Foreign;
use crate::world::{World, column, each_engine, escaped};

/// What the paths of these routes name: the same entry as the lists.
pub async fn things(world: &World, inbox: &str) {
    let (name, _) = inbox.split_once('@').unwrap();
    let entry = format!("{name}@listed.test");
    world
        .post("/v0/suppressions", json!({"entry": entry}))
        .await;
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    Some(match operation {
        "suppressions.create" => (json!({"entry": "x@listed.test"}), Foreign::Forbidden),
        "suppressions.list" | "suppressions.get" | "suppressions.delete" => {
            (Value::Null, Foreign::Forbidden)
        }
        _ => return None,
    })
}

const ENTRIES: &str = "/v0/lists/send/block";

#[tokio::test]
async fn a_suppressed_address_is_a_read_only_entry_that_outranks_allows_until_it_is_lifted() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let letter = json!({"to": "Ann@Gone.test", "text": "x"});
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        let allow = format!("/v0/inboxes/{inbox}/lists/send/allow");
        world.post(&allow, json!({"entry": "ann@gone.test"})).await;
        world.post(&send, letter.clone()).await;

        let body = json!({"entry": " ANN@gone.test ", "reason": "asked us to stop"});
        let made = world.post("/v0/suppressions", body).await;
        assert_eq!(made["entry"], "ann@gone.test");
        assert_eq!(
            (&made["cause"], &made["entry_type"]),
            (&json!("manual"), &json!("email"))
        );
        assert_eq!(made["reason"], "asked us to stop");
        let again = world
            .post("/v0/suppressions", json!({"entry": "ann@gone.test"}))
            .await;
        assert_eq!(again, made);
        let one = format!("/v0/suppressions/{}", escaped("ann@gone.test"));
        assert_eq!(world.get(&one).await, made);

        let expected = (403, "message_rejected");
        let said = world.refused("POST", &send, letter.clone(), expected).await;
        assert_eq!(
            said["message"],
            "Message rejected: Recipient(s) blocked: Ann@gone.test (suppressed)"
        );

        let entry = format!("{ENTRIES}/{}", escaped("ann@gone.test"));
        let listed = world.get(&entry).await;
        assert_eq!(listed["read_only"], true);
        assert_eq!(listed["reason"], "asked us to stop");
        let kept = (409, "cannot_delete");
        world.refused("DELETE", &entry, Value::Null, kept).await;

        world.delete(&one).await;
        for gone in [&one, &entry] {
            let expected = (404, "not_found");
            world.refused("GET", gone, Value::Null, expected).await;
        }
        world.post(&send, letter).await;
    })
    .await;
}

#[tokio::test]
async fn a_block_entry_of_the_callers_own_outlives_the_suppression() {
    each_engine(async |world| {
        world.post(ENTRIES, json!({"entry": "eve@gone.test"})).await;
        world
            .post("/v0/suppressions", json!({"entry": "eve@gone.test"}))
            .await;
        let entry = format!("{ENTRIES}/{}", escaped("eve@gone.test"));
        assert_eq!(world.get(&entry).await["read_only"], true);
        world.delete("/v0/suppressions/eve%40gone.test").await;
        assert_eq!(world.get(&entry).await["read_only"], false);
        world.delete(&entry).await;
    })
    .await;
}

#[tokio::test]
async fn suppressions_are_paged_in_alphabetical_order_and_whole_domains_are_some_of_them() {
    each_engine(async |world| {
        let all = ["*.c.test", "a@a.test", "b.test", "b@a.test", "c@a.test"];
        for entry in all.iter().rev() {
            world
                .post("/v0/suppressions", json!({"entry": entry}))
                .await;
        }
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = world.get(&format!("/v0/suppressions?limit=2{token}")).await;
            let items = page["suppressions"].as_array().unwrap();
            assert_eq!(page["count"], items.len());
            seen.extend(column(items, "entry"));
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        assert_eq!(seen, all);
        let inbox = world.inbox().await;
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        for to in ["x@b.test", "x@below.c.test"] {
            let body = json!({"to": to, "text": "x"});
            let expected = (403, "message_rejected");
            world.refused("POST", &send, body, expected).await;
        }
        let bad = json!({"entry": "no address"});
        let expected = (400, "validation_error");
        world
            .refused("POST", "/v0/suppressions", bad, expected)
            .await;
    })
    .await;
}
