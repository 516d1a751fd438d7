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

        // Its sockets fall silent with nothing else happening; REST stops with the next request.
        let mut listener = Listener::connect(world, secret).await.ok().unwrap();
        listener.subscribe(json!({})).await;
        world.delete(&path).await;
        let answer = world
            .call_as(secret, "GET", "/v0/auth/me", &Value::Null)
            .await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (401, Some("unknown_api_key"))
        );
        assert_eq!(listener.frame().await, Err(1008));
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
                // What was sent is there; the mail that is spam is not.
                200 => {
                    let told = answer.json().to_string();
                    assert!(!told.contains("ann@outside.test"), "{list}: {told}");
                }
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

#[tokio::test]
async fn an_unrestricted_key_changes_what_others_may_do_and_nobody_else_does() {
    each_engine(async |world| {
        let body = json!({"name": "Worker", "permissions": {"inbox_read": true}});
        let (worker, id) = world.key(None, body).await;
        let path = format!("/v0/api-keys/{id}");
        let may_create = async || {
            let body = json!({});
            let answer = world.call_as(&worker, "POST", "/v0/inboxes", &body).await;
            answer.status == 200
        };
        assert!(!may_create().await);
        let renamed = world.patch(&path, json!({"name": "Clerk"})).await;
        assert_eq!(
            (&renamed["name"], &renamed["permissions"]["inbox_read"]),
            (&json!("Clerk"), &json!(true))
        );
        let rights = json!({"permissions": {"inbox_read": true, "inbox_create": true}});
        let changed = world.patch(&path, rights).await;
        assert_eq!(
            (&changed["name"], &changed["permissions"]["inbox_create"]),
            (&json!("Clerk"), &json!(true))
        );
        assert_eq!(changed["permissions"]["inbox_delete"], false);
        assert!(may_create().await);
        let open = world.patch(&path, json!({"permissions": null})).await;
        assert!(open.get("permissions").is_none(), "{open}");
        let closed = world.patch(&path, json!({"permissions": {}})).await;
        assert_eq!(closed["permissions"]["inbox_read"], false);
        assert!(!may_create().await);
        for body in [
            json!({}),
            json!({"name": ""}),
            json!({"name": null}),
            json!({"permissions": {"fly": true}}),
            json!({"permissions": {"organization_read": true}}),
        ] {
            world
                .refused("PATCH", &path, body, (400, "validation_error"))
                .await;
        }

        // A key with a list of its own renames, and neither widens itself nor narrows others.
        let list = json!({"permissions": {"api_key_update": true, "inbox_read": true}});
        let (editor, own) = world.key(None, list).await;
        let rename = json!({"name": "By editor"});
        let answer = world.call_as(&editor, "PATCH", &path, &rename).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for (id, permissions) in [
            (&own, json!(null)),
            (&own, json!({"inbox_read": true, "inbox_create": true})),
            (&id, json!({"inbox_read": true})),
        ] {
            let body = json!({"permissions": permissions});
            let path = format!("/v0/api-keys/{id}");
            let answer = world.call_as(&editor, "PATCH", &path, &body).await;
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (403, Some("unrestricted_key_required")),
                "{body}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_of_a_pod_or_an_inbox_makes_and_changes_only_keys_within() {
    each_engine(async |world| {
        let pod = world.post("/v0/pods", json!({})).await;
        let pod = pod["pod_id"].as_str().unwrap().to_owned();
        let pod_keys = format!("/v0/pods/{pod}/api-keys");
        let made = world.post(&pod_keys, json!({"name": "Tenant"})).await;
        assert_eq!(made["pod_id"], pod.as_str());
        assert!(made.get("inbox_id").is_none(), "{made}");
        let key = made["api_key"].as_str().unwrap().to_owned();
        let ask = async |method: &str, path: &str, body: Value| {
            let answer = world.call_as(&key, method, path, &body).await;
            let json = if answer.body.is_empty() {
                Value::Null
            } else {
                answer.json()
            };
            (answer.status, json)
        };
        // Whatever the path, what it makes is the pod's.
        for path in ["/v0/api-keys", pod_keys.as_str()] {
            let (status, made) = ask("POST", path, json!({})).await;
            assert_eq!((status, &made["pod_id"]), (200, &json!(pod)), "{made}");
        }
        let (admin, admin_id) = world.key(None, json!({})).await;
        for (method, body) in [
            ("GET", Value::Null),
            ("PATCH", json!({"name": "x"})),
            ("DELETE", Value::Null),
        ] {
            let (status, told) = ask(method, &format!("/v0/api-keys/{admin_id}"), body).await;
            assert_eq!(
                (status, &told["code"]),
                (404, &json!("not_found")),
                "{method}"
            );
        }
        let answer = world.call_as(&admin, "GET", "/v0/auth/me", &Value::Null);
        assert_eq!(answer.await.json()["api_key_id"], admin_id.as_str());
        // An organization's key is not found under the path of a pod or an inbox.
        let inbox = world.inbox().await;
        for path in [
            format!("{pod_keys}/{admin_id}"),
            format!("/v0/inboxes/{inbox}/api-keys/{admin_id}"),
        ] {
            for (method, body) in [("PATCH", json!({"name": "x"})), ("DELETE", Value::Null)] {
                world.refused(method, &path, body, (404, "not_found")).await;
            }
        }
        // Under the right path it is changed and deleted.
        let id = made["api_key_id"].as_str().unwrap();
        let path = format!("{pod_keys}/{id}");
        let renamed = world.patch(&path, json!({"name": "Renamed"})).await;
        assert_eq!(renamed["name"], "Renamed");
        let listed = world.get(&pod_keys).await;
        assert_eq!(listed["count"], 3);
        let none = world.get(&format!("{pod_keys}?type=public_key")).await;
        assert_eq!(none, json!({"count": 0, "api_keys": []}));
        assert_eq!(
            world.get(&format!("{pod_keys}?type=bearer")).await["count"],
            3
        );
        world.delete(&path).await;
        assert_eq!(ask("GET", "/v0/auth/me", Value::Null).await.0, 401);
    })
    .await;
}

#[tokio::test]
async fn sockets_of_pod_and_inbox_keys_close_when_the_key_goes_or_loses_a_right() {
    each_engine(async |world| {
        let things = Things::new(world).await;
        let pod_keys = things.path("/v0/pods/{pod_id}/api-keys");
        let inbox_keys = things.path("/v0/inboxes/{inbox_id}/api-keys");
        for (keys, change) in [
            (&pod_keys, None),
            (&inbox_keys, None),
            (
                &pod_keys,
                Some(json!({"permissions": {"message_read": true}})),
            ),
        ] {
            let made = world.post(keys, json!({})).await;
            let (secret, id) = (
                made["api_key"].as_str().unwrap(),
                made["api_key_id"].as_str().unwrap(),
            );
            let mut listener = Listener::connect(world, secret).await.ok().unwrap();
            listener.subscribe(json!({})).await;
            let path = format!("{keys}/{id}");
            match &change {
                Some(rights) => drop(world.patch(&path, rights.clone()).await),
                None => world.delete(&path).await,
            }
            assert_eq!(listener.frame().await, Err(1008));
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_may_send_may_reply_and_whoever_may_only_reply_writes_to_nobody_else() {
    each_engine(async |world| {
        let things = Things::new(world).await;
        let reply = things.path("/v0/inboxes/{inbox_id}/messages/{message_id}/reply");
        let send = things.path("/v0/inboxes/{inbox_id}/messages/send");
        let letter = json!({"to": "bob@outside.test", "text": "x"});
        let key = async |right: &str| {
            let rights = json!({"permissions": {(right): true}});
            world.key(Some(&things.inbox), rights).await.0
        };
        let (sender, answerer) = (key("message_send").await, key("message_reply").await);
        let status = async |key: &str, path: &str, body: &Value| {
            world.call_as(key, "POST", path, body).await.status
        };
        let plain = json!({"text": "Thanks"});
        assert_eq!(status(&sender, &reply, &plain).await, 200);
        assert_eq!(status(&sender, &send, &letter).await, 200);
        assert_eq!(status(&answerer, &reply, &plain).await, 200);
        assert_eq!(status(&answerer, &send, &letter).await, 403);
        assert_eq!(status(&answerer, &reply, &letter).await, 403);
    })
    .await;
}
