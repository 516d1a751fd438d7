//! Webhooks, against receivers of every kind.

mod delivering;
mod failing;
mod gathering;
mod managing;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::{HookSink, Posted};

use crate::permissions::Foreign;
use crate::running::soon;
use crate::world::{World, eventually};

/// What the paths of these routes name, by the name in braces.
pub async fn things(world: &World, inbox: &str) -> Vec<(&'static str, String)> {
    // An organisation has fifty at most; the first ones belong to those that are asked as.
    let all = world.get("/v0/webhooks?limit=100").await;
    let all = all["webhooks"].as_array().unwrap();
    for old in all.iter().take(all.len().saturating_sub(10)) {
        let id = old["webhook_id"].as_str().unwrap();
        world.delete(&format!("/v0/webhooks/{id}")).await;
    }
    let path = format!("/v0/inboxes/{inbox}/webhooks");
    let webhook = world
        .post(&path, json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let id = webhook["webhook_id"].as_str().unwrap().to_owned();
    let sent = world
        .post(&format!("/v0/webhooks/{id}/test"), json!({}))
        .await;
    let delivery = sent["delivery_id"].as_str().unwrap().to_owned();
    vec![("webhook_id", id), ("delivery_id", delivery)]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let make = json!({"url": "http://127.0.0.1:9/"});
    let case = match operation {
        "webhooks.list" => (Value::Null, Foreign::List("webhooks")),
        "webhooks.create" => (make, Foreign::Own),
        "pods.webhooks.create" | "inboxes.webhooks.create" => (make, Foreign::Hidden),
        "webhooks.update" | "pods.webhooks.update" | "inboxes.webhooks.update" => {
            (json!({"event_types": ["message.sent"]}), Foreign::Hidden)
        }
        "webhooks.update_headers"
        | "pods.webhooks.update_headers"
        | "inboxes.webhooks.update_headers" => {
            (json!({"headers": {"X-Token": "x"}}), Foreign::Hidden)
        }
        "webhooks.replay" => (json!({"since": "2026-01-01T00:00:00Z"}), Foreign::Hidden),
        "webhooks.get"
        | "webhooks.delete"
        | "webhooks.get_headers"
        | "webhooks.deliveries.list"
        | "webhooks.deliveries.get"
        | "webhooks.deliveries.redeliver"
        | "webhooks.test"
        | "webhooks.rotate_secret"
        | "pods.webhooks.list"
        | "pods.webhooks.get"
        | "pods.webhooks.delete"
        | "pods.webhooks.get_headers"
        | "inboxes.webhooks.list"
        | "inboxes.webhooks.get"
        | "inboxes.webhooks.delete"
        | "inboxes.webhooks.get_headers" => (Value::Null, Foreign::Hidden),
        _ => return None,
    };
    Some(case)
}

/// A receiver that answers 200.
async fn sink() -> HookSink {
    HookSink::start().await.unwrap()
}

/// A webhook of the organisation.
async fn webhook(world: &World, sink: &HookSink, more: Value) -> Value {
    let mut body = json!({"url": sink.url("/hook")});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    world.post("/v0/webhooks", body).await
}

/// The path of a webhook and what comes after it.
fn path(webhook: &Value, rest: &str) -> String {
    format!(
        "/v0/webhooks/{}{rest}",
        webhook["webhook_id"].as_str().unwrap()
    )
}

/// The next request, whose signature must be that of `secret` under both families of names.
async fn signed(sink: &mut HookSink, secret: &Value) -> (Posted, Value) {
    let posted = soon(sink.next()).await;
    let body = checked(&posted, &[secret]);
    (posted, body)
}

/// The body of a request that is signed with each of these secrets, in their order.
fn checked(posted: &Posted, secrets: &[&Value]) -> Value {
    let (id, at) = (posted.header("svix-id"), posted.header("svix-timestamp"));
    let expected: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let key = secret.as_str().unwrap().strip_prefix("whsec_").unwrap();
            let key = BASE64.decode(key.as_bytes()).unwrap();
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(format!("{id}.{at}.").as_bytes());
            mac.update(&posted.body);
            format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
        })
        .collect();
    assert_eq!(posted.header("svix-signature"), expected.join(" "));
    for name in ["id", "timestamp", "signature"] {
        let (svix, standard) = (format!("svix-{name}"), format!("webhook-{name}"));
        assert_eq!(posted.header(&svix), posted.header(&standard), "{name}");
    }
    assert!(id.starts_with("msg_"), "{id}");
    assert_eq!(posted.header("content-type"), "application/json");
    serde_json::from_slice(&posted.body).unwrap()
}

/// Asks for the newest delivery of a webhook until it stands as wanted.
async fn delivery(world: &World, webhook: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(async || {
        let list = world.get(&path(webhook, "/deliveries")).await;
        let newest = list["deliveries"].as_array().unwrap().first()?.clone();
        let id = newest["delivery_id"].as_str().unwrap().to_owned();
        let one = world
            .get(&path(webhook, &format!("/deliveries/{id}")))
            .await;
        wanted(&one).then_some(one)
    })
    .await
}
