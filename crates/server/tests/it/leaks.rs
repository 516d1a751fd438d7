//! What must not leave does not, by no door, and is never shown.

use serde_json::{Value, json};

use crate::permissions::Foreign;
use crate::running::ADMIN_KEY;
use crate::world::{World, each_engine, letter, message_path};

/// What the paths of these routes name.
pub fn things() -> Vec<(&'static str, String)> {
    let id = "00000000-0000-0000-0000-000000000000";
    vec![("value_id", id.to_owned())]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let body = json!({"name": "Plan", "value": "Project Nightingale"});
    Some(match operation {
        "leak_values.list" => (Value::Null, Foreign::Own),
        "pods.leak_values.list" | "inboxes.leak_values.list" => (Value::Null, Foreign::Hidden),
        one if one.ends_with("leak_values.create") => (body, Foreign::Forbidden),
        one if one.ends_with("leak_values.delete") => (Value::Null, Foreign::Forbidden),
        _ => return None,
    })
}

/// Whether a route takes a right that no key has which did not ask for it by name.
pub fn needs_a_name(operation: &str) -> bool {
    operation.ends_with("leak_values.create") || operation.ends_with("leak_values.delete")
}

async fn keeper(world: &World) -> String {
    let rights = json!({"permissions": {"policy_read": true, "policy_update": true}});
    world.key(None, rights).await.0
}

async fn blocked(world: &World, inbox: &str, text: &str, secret: &str) -> Value {
    let path = format!("/v0/inboxes/{inbox}/messages/send");
    let body = json!({"to": "bob@outside.test", "subject": "Hi", "text": text});
    let told = world
        .refused("POST", &path, body, (403, "message_rejected"))
        .await;
    assert!(!told.to_string().contains(secret), "{told}");
    told
}

#[tokio::test]
async fn keys_of_this_server_and_private_keys_do_not_leave_and_an_event_says_so() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let (key, _) = world.key(None, json!({})).await;
        for (text, secret) in [
            (format!("Here: {key}."), key.clone()),
            (
                format!("https://x.test/?k={ADMIN_KEY}"),
                ADMIN_KEY.to_owned(),
            ),
            (format!("a{}b", data(&key)), key.clone()),
        ] {
            blocked(world, &inbox, &text, &secret).await;
        }
        assert!(world.messages(&inbox, "").await.is_empty());
        let list = world.get("/v0/events?event_types=leak.blocked").await;
        let list = list["events"].as_array().unwrap();
        assert_eq!(list.len(), 3, "{list:?}");
        assert!(!format!("{list:?}").contains(&key), "{list:?}");
        // A key that was revoked is no secret of ours any more; a word that only looks like one never was.
        let body =
            json!({"to": "bob@outside.test", "text": "Order am-2026-000123456789 is on its way"});
        world.send(&inbox, body).await;
    })
    .await;
}

/// As base64, with blanks around so that it stands alone.
fn data(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from(" ");
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for index in 0..4 {
            if index <= chunk.len() {
                out.push(char::from(ALPHABET[bits >> (18 - 6 * index) & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out + " "
}

#[tokio::test]
async fn registered_values_and_canaries_do_not_leave_where_they_are_registered() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let keeper = keeper(world).await;
        let body = json!({"name": "Plan", "value": "Project Nightingale"});
        let made = world
            .call_as(&keeper, "POST", "/v0/leak-values", &body)
            .await;
        assert_eq!(made.status, 200, "{made:?}");
        let made = made.json();
        assert!(made.get("value").is_none(), "{made}");
        let canary = format!("/v0/inboxes/{inbox}/leak-values");
        let body = json!({"name": "Trap", "canary": true});
        let canary = world.call_as(&keeper, "POST", &canary, &body).await.json();
        let bait = canary["value"].as_str().unwrap();

        let told = blocked(
            world,
            &inbox,
            "About PROJECT\nnightingale: go",
            "nightingale: go",
        )
        .await;
        assert!(told.to_string().contains("Plan"), "{told}");
        blocked(world, &other, "project-nightingale", "nightingale").await;
        blocked(world, &inbox, &format!("See {bait}"), bait).await;
        world
            .send(
                &other,
                json!({"to": "bob@outside.test", "text": format!("See {bait}")}),
            )
            .await;

        let list = world
            .call_as(&keeper, "GET", "/v0/leak-values", &Value::Null)
            .await
            .json();
        assert_eq!(list["count"], 1, "{list}");
        assert!(
            !list.to_string().to_lowercase().contains("nightingale"),
            "{list}"
        );
        let one = format!("/v0/leak-values/{}", made["value_id"].as_str().unwrap());
        assert_eq!(
            world
                .call_as(&keeper, "DELETE", &one, &Value::Null)
                .await
                .status,
            204
        );
        world
            .send(
                &other,
                json!({"to": "bob@outside.test", "text": "project nightingale"}),
            )
            .await;
        for bad in [
            json!({"name": "x", "value": "short"}),
            json!({"name": "x"}),
            json!({"name": "x", "value": "long enough", "canary": true}),
            json!({"name": "x", "value": "long enough", "action": "burn"}),
        ] {
            let answer = world
                .call_as(&keeper, "POST", "/v0/leak-values", &bad)
                .await;
            assert_eq!(answer.json()["code"], "validation_error", "{bad}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_held_but_not_from_whoever_sent_it_in_this_thread() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        // Made up; in two pieces, so that no scanner takes this file for a leak.
        let token = format!("ghp_{}", "n8Qw3Zt6Lk1Xc9Vb2Ms5Rf7Hd4Jy0Gp3Ta8U");
        let raw = letter(
            &inbox,
            "m@outside.test",
            "Token",
            &format!("token: {token}"),
        );
        world.mail(&inbox, raw).await;
        world.arrived(&inbox, 1).await;
        let path = format!("{}/reply", message_path(&inbox, "<m@outside.test>"));
        let text = json!({"text": format!("Did you mean token: {token} ?")});
        let answer = world.call("POST", &path, &text).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        let body = json!({"to": "eve@outside.test", "text": format!("token: {token}")});
        let held = world.call("POST", &send, &body).await;
        assert_eq!(held.json()["code"], "approval_required", "{held:?}");
        assert!(!held.json().to_string().contains(&token), "{held:?}");
        // Among inboxes of the organization it may be told.
        let other = world.inbox().await;
        world
            .send(
                &inbox,
                json!({"to": other, "text": format!("token: {token}")}),
            )
            .await;
    })
    .await;
}
