//! Every route, asked by everybody who must not have it.
//!
//! A route without a case fails. The cases of a resource stand in the file of its tests.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::running::ADMIN_KEY;
use crate::world::{World, column, each_engine, escaped};
use crate::{allow_lists, domains, drafts, log_readers, onboarding, search, tenants, webhooks};

/// The routes as crate `api` lists them.
const ROUTES: &str = include_str!("../../../api/tests/routes.txt");

/// One of everything that a path can name.
pub struct Things {
    /// The inbox.
    pub inbox: String,
    thread: String,
    attachment: String,
    key_id: String,
    key: String,
    /// What paths name beyond these, by the name in braces.
    more: Vec<(&'static str, String)>,
}

impl Things {
    /// Makes them.
    pub async fn new(world: &World) -> Self {
        let inbox = world.inbox().await;
        let raw = "From: ann@outside.test\r\nMessage-ID: <m@outside.test>\r\nMIME-Version: 1.0\r\n\
            Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=f.pdf\r\n\r\nPDF\r\n";
        world.mail(&inbox, raw).await;
        let message = world.message(&inbox, "<m@outside.test>").await;
        let (key, key_id) = world.key(Some(&inbox), json!({})).await;
        let mut more = Vec::new();
        more.extend(drafts::things(world, &inbox).await);
        more.extend(allow_lists::things(world, &inbox).await);
        more.extend(webhooks::things(world, &inbox).await);
        more.extend(log_readers::things(world, &inbox).await);
        more.extend(tenants::things(world, &inbox).await);
        more.extend(domains::things(world, &inbox).await);
        Self {
            inbox,
            more,
            thread: message["thread_id"].as_str().unwrap().to_owned(),
            attachment: message["attachments"][0]["attachment_id"]
                .as_str()
                .unwrap()
                .to_owned(),
            key_id,
            key,
        }
    }

    /// A path with the names in braces replaced.
    pub fn path(&self, template: &str) -> String {
        let more = self.more.iter();
        let path = more.fold(template.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
        path.replace("{inbox_id}", &self.inbox)
            .replace("{message_id}", &escaped("<m@outside.test>"))
            .replace("{thread_id}", &self.thread)
            .replace("{attachment_id}", &self.attachment)
            .replace("{api_key_id}", &self.key_id)
    }
}

/// What a key of another inbox is told.
pub enum Foreign {
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
        other => [
            drafts::case,
            allow_lists::case,
            webhooks::case,
            log_readers::case,
            search::case,
            tenants::case,
            domains::case,
            onboarding::case,
        ]
        .into_iter()
        .find_map(|case| case(other))
        .unwrap_or_else(|| panic!("{other} has no case")),
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
