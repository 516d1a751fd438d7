//! Keys: what each may do on every route, and when it stops.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::listener::Listener;
use crate::running::ADMIN_KEY;
use crate::world::{World, column, each_engine, escaped, eventually};

/// The routes as crate `api` lists them.
const ROUTES: &str = include_str!("../../../api/tests/routes.txt");

/// One of everything that a path can name.
struct Things {
    inbox: String,
    thread: String,
    attachment: String,
    key_id: String,
    key: String,
}

impl Things {
    async fn new(world: &World) -> Self {
        let inbox = world.inbox().await;
        let raw = "From: ann@outside.test\r\nMessage-ID: <m@outside.test>\r\nMIME-Version: 1.0\r\n\
            Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=f.pdf\r\n\r\nPDF\r\n";
        world.mail(&inbox, raw).await;
        let message = world.message(&inbox, "<m@outside.test>").await;
        let (key, key_id) = world.key(Some(&inbox), json!({})).await;
        Self {
            inbox,
            thread: message["thread_id"].as_str().unwrap().to_owned(),
            attachment: message["attachments"][0]["attachment_id"]
                .as_str()
                .unwrap()
                .to_owned(),
            key_id,
            key,
        }
    }

    fn path(&self, template: &str) -> String {
        template
            .replace("{inbox_id}", &self.inbox)
            .replace("{message_id}", &escaped("<m@outside.test>"))
            .replace("{thread_id}", &self.thread)
            .replace("{attachment_id}", &self.attachment)
            .replace("{api_key_id}", &self.key_id)
    }
}

/// What a key of another inbox is told.
enum Foreign {
    /// What the path names is not there.
    Hidden,
    /// A list, in which nothing of the other inbox is.
    List(&'static str),
    /// Its scope is too small whatever is named.
    Forbidden,
    /// It concerns the caller only.
    Own,
}

/// A body that the route takes, and what a key of another inbox is told. A new route needs a line.
fn case(operation: &str) -> (Value, Foreign) {
    let letter = json!({"to": "bob@outside.test", "text": "x"});
    let label = json!({"add_labels": "x"});
    match operation {
        "websockets.connect" | "auth.me" => (Value::Null, Foreign::Own),
        "api_keys.create" => (json!({}), Foreign::Own),
        "organizations.get" => (Value::Null, Foreign::Forbidden),
        "inboxes.create" => (json!({}), Foreign::Forbidden),
        "inboxes.list" => (Value::Null, Foreign::List("inboxes")),
        "threads.list" => (Value::Null, Foreign::List("threads")),
        "api_keys.list" => (Value::Null, Foreign::List("api_keys")),
        "api_keys.get"
        | "api_keys.delete"
        | "inboxes.get"
        | "inboxes.delete"
        | "inboxes.api_keys.list"
        | "inboxes.api_keys.delete"
        | "inboxes.messages.list"
        | "inboxes.messages.get"
        | "inboxes.messages.delete"
        | "inboxes.messages.get_attachment"
        | "inboxes.messages.get_raw"
        | "inboxes.threads.list"
        | "inboxes.threads.get"
        | "inboxes.threads.delete"
        | "inboxes.threads.get_attachment"
        | "threads.get"
        | "threads.delete"
        | "threads.get_attachment" => (Value::Null, Foreign::Hidden),
        "inboxes.update" => (json!({"display_name": "x"}), Foreign::Hidden),
        "inboxes.api_keys.create" => (json!({}), Foreign::Hidden),
        "inboxes.messages.send" | "inboxes.messages.forward" => (letter, Foreign::Hidden),
        "inboxes.messages.reply" | "inboxes.messages.reply_all" => {
            (json!({"text": "x"}), Foreign::Hidden)
        }
        "inboxes.messages.update" | "inboxes.threads.update" | "threads.update" => {
            (label, Foreign::Hidden)
        }
        other => panic!("{other} has no case here"),
    }
}

#[tokio::test]
async fn every_route_turns_away_nobody_strangers_and_keys_without_the_right() {
    each_engine(async |world| {
        let rights = every_right(world).await;
        let stranger = Things::new(world).await;
        for line in ROUTES.lines() {
            let [method, template, operation, right] =
                line.split_whitespace().collect::<Vec<_>>()[..]
            else {
                panic!("not a route: {line}");
            };
            if right == "-" {
                continue;
            }
            let things = Things::new(world).await;
            let path = things.path(template);
            let (body, foreign) = case(operation);
            for (key, code) in [
                ("", "missing_authorization"),
                ("am_us_nobody", "unknown_api_key"),
            ] {
                let answer = world.call_as(key, method, &path, &body).await;
                assert_eq!(
                    (answer.status, answer.json()["code"].as_str()),
                    (401, Some(code)),
                    "{line}"
                );
            }
            if operation == "websockets.connect" {
                continue;
            }
            let answer = world.call_as(&stranger.key, method, &path, &body).await;
            told_a_stranger(&stranger, line, &foreign, &answer);
            if rights.iter().any(|name| name == right) {
                let others: serde_json::Map<String, Value> = rights
                    .iter()
                    .map(|name| (name.clone(), json!(name != right)))
                    .collect();
                let (key, _) = world.key(None, json!({"permissions": others})).await;
                let answer = world.call_as(&key, method, &path, &body).await;
                let code = answer.json()["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                assert_eq!(
                    (answer.status, code.as_str()),
                    (403, "missing_permission"),
                    "{line}"
                );
            } else {
                assert!(
                    ["authenticated", "organization_read"].contains(&right),
                    "{line}"
                );
            }
            // None of them has changed anything: the owner's key still does it.
            let answer = world.call_as(ADMIN_KEY, method, &path, &body).await;
            let expected: &[u16] = if operation == "inboxes.delete" {
                &[409]
            } else {
                &[200, 204]
            };
            assert!(expected.contains(&answer.status), "{line}: {answer:?}");
        }
    })
    .await;
}

fn told_a_stranger(stranger: &Things, line: &str, foreign: &Foreign, answer: &Answer) {
    let told = if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()
    };
    match foreign {
        Foreign::Hidden => assert_eq!(
            (answer.status, &told["code"]),
            (404, &json!("not_found")),
            "{line}: {told}"
        ),
        Foreign::Forbidden => assert_eq!(answer.status, 403, "{line}: {told}"),
        Foreign::Own => assert_eq!(answer.status, 200, "{line}: {told}"),
        Foreign::List(items) => {
            assert_eq!(answer.status, 200, "{line}: {told}");
            let own = told[items].as_array().unwrap();
            assert!(!own.is_empty(), "{line}: {told}");
            for item in column(own, "inbox_id") {
                assert_eq!(item, stranger.inbox, "{line}: {told}");
            }
        }
    }
}

/// The names of all rights that can be given.
async fn every_right(world: &World) -> Vec<String> {
    let made = world
        .post("/v0/api-keys", json!({"permissions": {"inbox_read": true}}))
        .await;
    let names = made["permissions"].as_object().unwrap();
    assert!(names.len() > 10, "{made}");
    names.keys().cloned().collect()
}

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
