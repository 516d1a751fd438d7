//! Making and changing webhooks.

use serde_json::{Value, json};

use super::{path, sink, webhook};
use crate::world::{World, column, each_engine};

const INVALID: (u16, &str) = (400, "validation_error");
const MISSING: (u16, &str) = (404, "not_found");

#[tokio::test]
async fn a_webhook_is_made_read_changed_and_deleted_at_each_level() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let pod = world.get(&format!("/v0/inboxes/{inbox}")).await["pod_id"].clone();
        let pod = pod.as_str().unwrap();
        for (level, own_pod, own_inbox) in [
            ("/v0/webhooks".to_owned(), Value::Null, Value::Null),
            (format!("/v0/pods/{pod}/webhooks"), json!(pod), Value::Null),
            (format!("/v0/inboxes/{inbox}/webhooks"), json!(pod), json!(inbox)),
        ] {
            let body = json!({"url": "http://127.0.0.1:9/a?b=c", "event_types": ["message.received", "message.sent"]});
            let made = world.post(&level, body).await;
            let id = made["webhook_id"].as_str().unwrap();
            assert!(id.starts_with("ep_"), "{made}");
            assert_eq!((&made["pod_id"], &made["inbox_id"]), (&own_pod, &own_inbox));
            assert_eq!(made["url"], "http://127.0.0.1:9/a?b=c");
            assert_eq!(made["event_types"], json!(["message.received", "message.sent"]));
            assert_eq!(made["enabled"], true);
            let secret = made["secret"].as_str().unwrap();
            assert!(secret.starts_with("whsec_") && secret.len() == 38, "{secret}");
            let one = format!("{level}/{id}");
            assert_eq!(world.get(&one).await, made);
            let listed = world.get(&level).await["webhooks"][0].clone();
            assert_eq!((&listed["webhook_id"], &listed["secret"]), (&json!(id), &Value::Null));

            let changed = world.patch(&one, json!({"event_types": ["message.bounced"], "enabled": false})).await;
            assert_eq!(changed["event_types"], json!(["message.bounced"]));
            assert_eq!((&changed["enabled"], &changed["secret"]), (&json!(false), &made["secret"]));
            let same = world.patch(&one, json!({"event_types": []})).await;
            assert_eq!(same["event_types"], json!(["message.bounced"]));
            world.refused("PATCH", &one, json!({}), INVALID).await;
            world.refused("PATCH", &one, json!({"url": "http://127.0.0.1:9/other"}), INVALID).await;

            let names = async || world.get(&format!("{one}/headers")).await["header_names"].clone();
            assert_eq!(names().await, json!([]));
            let headers = json!({"headers": {"Authorization": "Bearer t", "X-B": "1"}});
            world.call("PATCH", &format!("{one}/headers"), &headers).await;
            assert_eq!(names().await, json!(["Authorization", "X-B"]));
            let change = json!({"headers": {"x-b": "2"}, "remove_headers": ["authorization", "X-None"]});
            assert_eq!(world.call("PATCH", &format!("{one}/headers"), &change).await.status, 204);
            assert_eq!(names().await, json!(["x-b"]));
            for body in [json!({}), json!({"headers": {"Host": "x"}}), json!({"headers": {"X": "a\r\nB: c"}}),
                json!({"headers": {"svix-id": "x"}})] {
                world.refused("PATCH", &format!("{one}/headers"), body, INVALID).await;
            }

            world.delete(&one).await;
            world.refused("GET", &one, Value::Null, MISSING).await;
            world.refused("DELETE", &one, Value::Null, MISSING).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_client_id_gives_the_first_webhook() {
    each_engine(async |world| {
        let body = |url: &str| json!({"url": url, "client_id": "mine"});
        let first = world
            .post("/v0/webhooks", body("http://127.0.0.1:9/1"))
            .await;
        let again = world
            .post("/v0/webhooks", body("http://127.0.0.1:9/2"))
            .await;
        assert_eq!(first, again);
        assert_eq!(first["client_id"], "mine");
        let inbox = world.inbox().await;
        let other = format!("/v0/inboxes/{inbox}/webhooks");
        world
            .refused(
                "POST",
                &other,
                body("http://127.0.0.1:9/"),
                (409, "conflict"),
            )
            .await;
        world.delete(&path(&first, "")).await;
        let new = world.post(&other, body("http://127.0.0.1:9/")).await;
        assert_ne!(new["webhook_id"], first["webhook_id"]);
    })
    .await;
}

#[tokio::test]
async fn addresses_kinds_and_filters_are_checked() {
    each_engine(async |world| {
        for url in [
            "",
            "x",
            "ftp://127.0.0.1/",
            "http://10.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[fd00::1]/",
            "http://ann:pw@127.0.0.1/",
            "http://0.0.0.0:8080/",
        ] {
            world
                .refused("POST", "/v0/webhooks", json!({"url": url}), INVALID)
                .await;
        }
        world
            .refused("POST", "/v0/webhooks", json!({}), INVALID)
            .await;
        let make = |more: Value| {
            let mut body = json!({"url": "http://127.0.0.1:9/"});
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            body
        };
        let wrong = make(json!({"event_types": ["message.eaten"]}));
        world.refused("POST", "/v0/webhooks", wrong, INVALID).await;
        for more in [
            json!({"inbox_ids": ["nobody@mailroost.localhost"]}),
            json!({"inbox_ids": ["x"]}),
            json!({"pod_ids": ["x"]}),
            json!({"pod_ids": ["0192f0c1-2b3a-7c4d-8e5f-60718293a4b5"]}),
        ] {
            world
                .refused("POST", "/v0/webhooks", make(more), MISSING)
                .await;
        }
        let mut inboxes = Vec::new();
        for _ in 0..11 {
            inboxes.push(world.inbox().await);
        }
        let limit = (403, "limit_exceeded");
        world
            .refused(
                "POST",
                "/v0/webhooks",
                make(json!({"inbox_ids": inboxes})),
                limit,
            )
            .await;
        let made = world
            .post("/v0/webhooks", make(json!({"inbox_ids": &inboxes[..10]})))
            .await;
        assert_eq!(made["inbox_ids"], json!(&inboxes[..10]));
        let one = path(&made, "");
        world
            .refused(
                "PATCH",
                &one,
                json!({"add_inbox_ids": [inboxes[10]]}),
                limit,
            )
            .await;
        let moved = json!({"add_inbox_ids": [inboxes[10]], "remove_inbox_ids": [inboxes[0]]});
        let moved = world.patch(&one, moved).await;
        assert_eq!(moved["inbox_ids"], json!(&inboxes[1..]));
    })
    .await;
}

#[tokio::test]
async fn a_key_cannot_have_sent_what_it_may_not_see() {
    each_engine(async |world| {
        let rights = json!({"permissions": {"webhook_create": true, "webhook_read": true, "webhook_update": true,
            "message_read": true}});
        let (key, _) = world.key(None, rights).await;
        let blind = json!({"permissions": {"webhook_create": true}});
        let (blind, _) = world.key(None, blind).await;
        for (key, kinds, right) in [
            (&key, json!(["message.received.spam"]), "label_spam_read"),
            (&key, json!(["message.received.blocked"]), "label_blocked_read"),
            (&key, json!(["message.sent", "message.received.unauthenticated"]), "label_unauthenticated_read"),
            (&blind, json!(["message.received"]), "message_read"),
            (&blind, json!([]), "message_read"),
        ] {
            let body = json!({"url": "http://127.0.0.1:9/", "event_types": kinds});
            let answer = world.call_as(key, "POST", "/v0/webhooks", &body).await;
            let told = answer.json();
            assert_eq!((answer.status, &told["code"]), (403, &json!("missing_permission")), "{told}");
            assert_eq!(told["message"], format!("`{right}` is forbidden"));
        }
        let body = json!({"url": "http://127.0.0.1:9/"});
        let made = world.call_as(&key, "POST", "/v0/webhooks", &body).await.json();
        let change = json!({"event_types": ["message.received.spam"]});
        let refused = world.call_as(&key, "PATCH", &path(&made, ""), &change).await;
        assert_eq!(refused.status, 403);
    })
    .await;
}

#[tokio::test]
async fn an_organisation_has_fifty_webhooks_and_pages_of_them() {
    each_engine(async |world| {
        let sink = sink().await;
        let mut made = Vec::new();
        for _ in 0..50 {
            made.push(webhook(world, &sink, json!({})).await);
        }
        let body = json!({"url": sink.url("/")});
        world
            .refused("POST", "/v0/webhooks", body, (403, "limit_exceeded"))
            .await;
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = world
                .get(&format!("/v0/webhooks?limit=20&ascending=true{token}"))
                .await;
            seen.extend(column(page["webhooks"].as_array().unwrap(), "webhook_id"));
            let Some(next) = page["next_page_token"].as_str() else {
                break;
            };
            token = format!("&page_token={next}");
        }
        assert_eq!(seen, column(&made, "webhook_id"));
        world.delete(&path(&made[7], "")).await;
        webhook(world, &sink, json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn the_webhook_of_a_deleted_inbox_ends_and_a_filter_does_not_widen() {
    each_engine(async |world: &World| {
        let (inbox, kept) = (world.inbox().await, world.inbox().await);
        let own = world
            .post(
                &format!("/v0/inboxes/{inbox}/webhooks"),
                json!({"url": "http://127.0.0.1:9/"}),
            )
            .await;
        let sink = sink().await;
        let narrowed = webhook(world, &sink, json!({"inbox_ids": [inbox]})).await;
        world.delete(&format!("/v0/inboxes/{inbox}")).await;
        world
            .refused("GET", &path(&own, ""), Value::Null, MISSING)
            .await;
        let now = world.get(&path(&narrowed, "")).await;
        assert_eq!(now["inbox_ids"], json!([]));
        let same = world
            .patch(&path(&narrowed, ""), json!({"enabled": true}))
            .await;
        assert_eq!(same["inbox_ids"], json!([]));
        let now = world
            .patch(&path(&narrowed, ""), json!({"add_inbox_ids": [kept]}))
            .await;
        assert_eq!(now["inbox_ids"], json!([kept]));
    })
    .await;
}
