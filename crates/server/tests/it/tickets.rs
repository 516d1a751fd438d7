//! Tickets for sockets, and the keys that presets make.

use serde_json::{Value, json};

use crate::listener::Listener;
use crate::permissions::Foreign;
use crate::running::ADMIN_KEY;
use crate::world::{World, each_engine, letter};

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    Some(match operation {
        "socket_tickets.create" => (Value::Null, Foreign::Own),
        "pods.socket_tickets.create" | "inboxes.socket_tickets.create" => {
            (Value::Null, Foreign::Hidden)
        }
        _ => return None,
    })
}

async fn ticket(world: &World, key: &str, path: &str) -> String {
    let answer = world.call_as(key, "POST", path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let made = answer.json();
    assert!(made["expires_at"].is_string(), "{made}");
    made["ticket"].as_str().unwrap().to_owned()
}

async fn open(world: &World, query: &str) -> Result<Listener, u16> {
    let url = format!("ws://{}/v0?{query}", world.server.http);
    Listener::open(&url, None).await
}

#[tokio::test]
async fn a_ticket_opens_one_socket_and_nothing_else() {
    each_engine(async |world| {
        const TICKETS: &str = "/v0/socket-tickets";
        for name in ["ticket", "api_key", "auth_token"] {
            let ticket = ticket(world, ADMIN_KEY, TICKETS).await;
            for path in ["/v0/auth/me", "/v0/inboxes", TICKETS] {
                for method in ["GET", "POST"] {
                    let answer = world.call_as(&ticket, method, path, &Value::Null).await;
                    assert!([401, 405].contains(&answer.status), "{answer:?}");
                }
            }
            let query = format!("{name}={ticket}");
            let mut listener = open(world, &query).await.ok().unwrap();
            let ack = listener.subscribe(json!({})).await;
            assert_eq!(ack["type"], "subscribed", "{ack}");
            assert_eq!(open(world, &query).await.err(), Some(401));
        }
        // SDKs put what they are given for a key into the header of the handshake.
        let in_header = ticket(world, ADMIN_KEY, TICKETS).await;
        assert!(Listener::connect(world, &in_header).await.is_ok());
        assert_eq!(open(world, "ticket=am_ticket_00").await.err(), Some(401));
    })
    .await;
}

#[tokio::test]
async fn a_ticket_reaches_what_its_path_named_and_ends_with_its_key() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let (key, id) = world.key(None, json!({"preset": "read"})).await;
        let path = format!("/v0/inboxes/{a}/socket-tickets");
        let narrow = ticket(world, &key, &path).await;
        let unused = ticket(world, &key, &path).await;
        let mut listener = open(world, &format!("ticket={narrow}")).await.ok().unwrap();
        listener.subscribe(json!({})).await;
        for (inbox, id) in [(&b, "b@outside.test"), (&a, "a@outside.test")] {
            world.mail(inbox, letter(inbox, id, "Hi", "x")).await;
        }
        let event = listener.event().await;
        assert_eq!(event["message"]["inbox_id"], a.as_str());
        let (of_b, _) = world.key(Some(&b), json!({})).await;
        let answer = world.call_as(&of_b, "POST", &path, &Value::Null).await;
        assert_eq!(answer.status, 404, "{answer:?}");

        world.delete(&format!("/v0/api-keys/{id}")).await;
        assert_eq!(listener.frame().await, Err(1008));
        assert_eq!(
            open(world, &format!("ticket={unused}")).await.err(),
            Some(401)
        );
    })
    .await;
}

#[tokio::test]
async fn a_preset_makes_a_key_that_says_what_it_may_do() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for preset in ["read", "draft", "send", "approve", "manage"] {
            let body = json!({"name": preset, "preset": preset});
            let made = world.post("/v0/api-keys", body).await;
            assert_eq!(made["preset"], preset);
            let shown = world
                .get(&format!(
                    "/v0/api-keys/{}",
                    made["api_key_id"].as_str().unwrap()
                ))
                .await;
            for field in ["preset", "permissions", "effective_permissions"] {
                assert_eq!(shown[field], made[field], "{field}");
            }
            let key = made["api_key"].as_str().unwrap();
            let send = format!("/v0/inboxes/{inbox}/messages/send");
            let body = json!({"to": "bob@outside.test", "text": "x"});
            for (method, path, body, right) in [
                ("GET", "/v0/inboxes", Value::Null, "inbox_read"),
                ("GET", "/v0/threads", Value::Null, "message_read"),
                ("POST", send.as_str(), body, "message_send"),
                ("GET", "/v0/approvals", Value::Null, "approval_read"),
                ("GET", "/v0/audit", Value::Null, "audit_read"),
            ] {
                let told = shown["effective_permissions"].as_array().unwrap();
                let status = if told.contains(&json!(right)) {
                    200
                } else {
                    403
                };
                let answer = world.call_as(key, method, path, &body).await;
                assert_eq!(answer.status, status, "{preset} {path}: {answer:?}");
            }
        }
        // A key without a list says it as well.
        let (_, id) = world.key(None, json!({})).await;
        let shown = world.get(&format!("/v0/api-keys/{id}")).await;
        let told = shown["effective_permissions"].as_array().unwrap();
        assert!(told.contains(&json!("message_send")), "{shown}");
        assert!(!told.contains(&json!("approval_decide")), "{shown}");
        assert!(shown.get("preset").is_none(), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_preset_gives_no_more_than_its_maker_has() {
    each_engine(async |world| {
        let wrong = (400, "validation_error");
        for body in [
            json!({"preset": "all"}),
            json!({"preset": "read", "permissions": {"inbox_read": true}}),
        ] {
            let told = world.refused("POST", "/v0/api-keys", body, wrong).await;
            assert_eq!(told["errors"][0]["path"], json!(["preset"]), "{told}");
        }
        let manager = world.post("/v0/api-keys", json!({"preset": "manage"})).await;
        let manager = manager["api_key"].as_str().unwrap();
        for (preset, status) in [("send", 200), ("manage", 200), ("approve", 403)] {
            let body = json!({"preset": preset});
            let answer = world.call_as(manager, "POST", "/v0/api-keys", &body).await;
            assert_eq!(answer.status, status, "{preset}: {answer:?}");
        }
        let rights = json!({"permissions": {"api_key_create": true, "inbox_read": true, "message_read": true}});
        let (reader, _) = world.key(None, rights).await;
        let answer = world
            .call_as(&reader, "POST", "/v0/api-keys", &json!({"preset": "read"}))
            .await;
        assert_eq!(answer.json()["code"], "permission_escalation");
    })
    .await;
}
