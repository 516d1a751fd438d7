//! Keys: what each may do on every route, and when it stops.

use serde_json::{Value, json};

use crate::listener::Listener;
use crate::permissions::Things;
use crate::world::{each_engine, eventually};

#[tokio::test]
async fn a_key_is_made_listed_without_its_secret_and_revoked_at_once() {
    each_engine(async |world| {
        let made = world.post("/v0/api-keys", json!({"name": "Worker"})).await;
        let (secret, id) = (
            made["api_key"].as_str().unwrap(),
            made["api_key_id"].as_str().unwrap(),
        );
        assert!(
            secret.starts_with("am_us_") && secret.starts_with(made["prefix"].as_str().unwrap())
        );
        let answer = world
            .call_as(secret, "GET", "/v0/auth/me", &Value::Null)
            .await;
        let me = answer.json();
        assert_eq!(me["scope_type"], "organization", "{me}");
        let path = format!("/v0/api-keys/{id}");
        let shown = world.get(&path).await;
        assert_eq!(shown["name"], "Worker");
        for text in [
            shown.to_string(),
            world.get("/v0/api-keys").await.to_string(),
        ] {
            assert!(!text.contains(secret), "{text}");
        }
        // The note of its use is nobody's business to wait for.
        eventually(async || world.get(&path).await["used_at"].is_string().then_some(())).await;

        // Its sockets fall silent within five seconds; REST stops with the next request.
        let mut listener = Listener::connect(world, secret).await.ok().unwrap();
        listener.subscribe(json!({})).await;
        #[expect(clippy::disallowed_methods, reason = "the limit is on the real clock")]
        let begun = std::time::Instant::now();
        world.delete(&path).await;
        let answer = world
            .call_as(secret, "GET", "/v0/auth/me", &Value::Null)
            .await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (401, Some("unknown_api_key"))
        );
        assert_eq!(listener.frame().await, Err(1008));
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(5),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(Listener::connect(world, secret).await.err(), Some(401));
        world
            .refused("DELETE", &path, Value::Null, (404, "not_found"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn no_key_makes_a_stronger_or_longer_lived_one() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let rights = json!({"inbox_read": true, "api_key_create": true, "message_read": true});
        let body = json!({"permissions": rights, "expires_at": "2199-01-01T00:00:00Z"});
        let (weak, _) = world.key(None, body).await;
        let create = async |body: Value| {
            let answer = world.call_as(&weak, "POST", "/v0/api-keys", &body).await;
            (answer.status, answer.json())
        };
        let escalations = [
            json!({}),
            json!({"permissions": {"message_send": true}}),
            json!({"permissions": {"inbox_read": true, "label_spam_read": true}}),
            json!({"permissions": {"inbox_read": true}, "expires_at": "2199-01-01T00:00:01Z"}),
        ];
        for body in escalations {
            let (status, told) = create(body.clone()).await;
            assert_eq!(
                (status, &told["code"]),
                (403, &json!("permission_escalation")),
                "{body}: {told}"
            );
        }
        let (status, made) = create(json!({"permissions": {"inbox_read": true}})).await;
        assert_eq!(
            (status, &made["expires_at"]),
            (200, &json!("2199-01-01T00:00:00.000Z")),
            "{made}"
        );
        for body in [
            json!({"expires_at": "2001-01-01T00:00:00Z"}),
            json!({"expires_at": "soon"}),
            json!({"name": ""}),
            json!({"name": "a\nb"}),
            json!({"permissions": {"fly": true}}),
        ] {
            world
                .refused("POST", "/v0/api-keys", body, (400, "validation_error"))
                .await;
        }

        // A key of one inbox makes keys of that inbox only, wherever it asks.
        let (own, own_id) = world.key(Some(&inbox), json!({})).await;
        let answer = world
            .call_as(&own, "POST", "/v0/api-keys", &json!({}))
            .await
            .json();
        assert_eq!(answer["inbox_id"], inbox.as_str(), "{answer}");
        let me = world
            .call_as(&own, "GET", "/v0/auth/me", &Value::Null)
            .await
            .json();
        assert_eq!(
            (&me["scope_type"], &me["scope_id"]),
            (&json!("inbox"), &json!(inbox)),
            "{me}"
        );
        let bound = world.get(&format!("/v0/inboxes/{inbox}/api-keys")).await;
        assert_eq!(bound["count"], 2);
        let other = world.inbox().await;
        let wrong = format!("/v0/inboxes/{other}/api-keys/{own_id}");
        world
            .refused("DELETE", &wrong, Value::Null, (404, "not_found"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn hidden_mail_needs_its_own_right() {
    each_engine(async |world| {
        let things = Things::new(world).await;
        let path = things.path("/v0/inboxes/{inbox_id}/messages/{message_id}");
        world.patch(&path, json!({"add_labels": "spam"})).await;
        let link = world.get(&format!("{path}/raw")).await;
        assert!(link["download_url"].is_string());
        let rights = json!({"message_read": true, "inbox_read": true});
        let (key, _) = world.key(None, json!({"permissions": rights})).await;
        for template in [
            "/v0/inboxes/{inbox_id}/messages/{message_id}",
            "/v0/inboxes/{inbox_id}/messages/{message_id}/raw",
            "/v0/inboxes/{inbox_id}/messages/{message_id}/attachments/{attachment_id}",
            "/v0/inboxes/{inbox_id}/threads/{thread_id}",
            "/v0/threads/{thread_id}",
            "/v0/threads/{thread_id}/attachments/{attachment_id}",
        ] {
            let answer = world
                .call_as(&key, "GET", &things.path(template), &Value::Null)
                .await;
            assert_eq!(answer.status, 404, "{template}: {answer:?}");
        }
        for list in ["messages", "threads"] {
            let path = format!("/v0/inboxes/{}/{list}?include_spam=true", things.inbox);
            let answer = world.call_as(&key, "GET", &path, &Value::Null).await;
            match answer.status {
                200 => assert_eq!(answer.json()["count"], 0, "{list}"),
                status => assert_eq!(status, 403, "{list}: {answer:?}"),
            }
        }
        let mut listener = Listener::connect(world, &key).await.ok().unwrap();
        let told = listener
            .subscribe(json!({"event_types": ["message.received.spam"]}))
            .await;
        assert_eq!(told["type"], "error", "{told}");
        assert!(
            told["message"]
                .as_str()
                .unwrap()
                .contains("label_spam_read"),
            "{told}"
        );
    })
    .await;
}
