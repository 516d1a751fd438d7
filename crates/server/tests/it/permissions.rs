//! Every route, asked by everybody who must not have it.
//!
//! A route without a case fails. The cases of a resource stand in the file of its tests.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::running::ADMIN_KEY;
use crate::world::{World, column, each_engine_with_another_organization, escaped};
use crate::{
    allow_lists, audit, bounces, codes, domains, drafts, gate, leaks, log_readers, loops,
    onboarding, screened, search, tenants, tickets, webhooks,
};

/// The routes as crate `api` lists them.
const ROUTES: &str = include_str!("../../../api/tests/routes.txt");

/// One of everything that a path can name, in a pod of its own.
pub struct Things {
    /// The inbox.
    pub inbox: String,
    thread: String,
    attachment: String,
    key_id: String,
    key: String,
    /// A key of the pod.
    pod_key: String,
    /// What paths name beyond these, by the name in braces.
    more: Vec<(&'static str, String)>,
}

impl Things {
    /// Makes them.
    pub async fn new(world: &World) -> Self {
        let pod = world.post("/v0/pods", json!({})).await;
        let pod = pod["pod_id"].as_str().unwrap();
        let inbox = world
            .post(&format!("/v0/pods/{pod}/inboxes"), json!({}))
            .await;
        let inbox = inbox["inbox_id"].as_str().unwrap().to_owned();
        let raw = "From: ann@outside.test\r\nMessage-ID: <m@outside.test>\r\nMIME-Version: 1.0\r\n\
            Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=f.pdf\r\n\r\nPDF\r\n";
        world.mail(&inbox, raw).await;
        let message = world.message(&inbox, "<m@outside.test>").await;
        let (key, key_id) = world.key(Some(&inbox), json!({})).await;
        let pod_key = world
            .post(&format!("/v0/pods/{pod}/api-keys"), json!({}))
            .await;
        let mut more = Vec::new();
        more.extend(drafts::things(world, &inbox).await);
        more.extend(allow_lists::things(world, &inbox).await);
        bounces::things(world, &inbox).await;
        more.extend(webhooks::things(world, &inbox).await);
        more.extend(log_readers::things(world, &inbox).await);
        more.extend(tenants::things(world, &inbox).await);
        more.extend(domains::things(world, &inbox).await);
        more.extend(leaks::things());
        more.extend(gate::things(world, &inbox).await);
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
            pod_key: pod_key["api_key"].as_str().unwrap().to_owned(),
        }
    }

    /// A path with the names in braces replaced.
    pub fn path(&self, template: &str) -> String {
        // Where two resources have the same name in braces, one stands with the segment before it
        // and with its own braces.
        let (longer, plain): (Vec<_>, Vec<_>) =
            self.more.iter().partition(|(name, _)| name.ends_with('}'));
        let path = longer
            .iter()
            .fold(template.to_owned(), |path, (name, value)| {
                path.replace(name, value)
            });
        let path = plain.iter().fold(path, |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
        path.replace("{inbox_id}", &self.inbox)
            .replace("{message_id}", &escaped("<m@outside.test>"))
            .replace("{thread_id}", &self.thread)
            .replace("{attachment_id}", &self.attachment)
            .replace("{api_key_id}", &self.key_id)
    }

    /// What anybody could have changed, in one text.
    async fn state(&self, world: &World) -> String {
        let mut state = String::new();
        for path in [
            "/v0/pods/{pod_id}",
            "/v0/inboxes/{inbox_id}",
            "/v0/inboxes/{inbox_id}/messages",
            "/v0/inboxes/{inbox_id}/threads/{thread_id}",
            "/v0/pods/{pod_id}/inboxes",
            "/v0/pods/{pod_id}/lists/{direction}/{type}",
            "/v0/inboxes/{inbox_id}/lists/{direction}/{type}",
        ] {
            state.push_str(&world.get(&self.path(path)).await.to_string());
        }
        let keys = world.get(&self.path("/v0/pods/{pod_id}/api-keys")).await;
        for key in keys["api_keys"].as_array().unwrap() {
            // The time of last use changes by being asked.
            state.push_str(&format!("{} {}", key["api_key_id"], key["permissions"]));
        }
        state
    }

    /// Whether an answer speaks of any of them.
    fn are_named_in(&self, answer: &Answer) -> bool {
        let text = String::from_utf8_lossy(&answer.body);
        let pod = self.path("{pod_id}");
        [&self.inbox, &self.thread, &self.key_id, &pod]
            .into_iter()
            .any(|id| text.contains(id.as_str()))
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
        "api_keys.update" | "inboxes.api_keys.update" => (json!({"name": "x"}), Foreign::Hidden),
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
            bounces::case,
            codes::case,
            webhooks::case,
            log_readers::case,
            search::case,
            tenants::case,
            domains::case,
            onboarding::case,
            screened::case,
            gate::case,
            loops::case,
            audit::case,
            leaks::case,
            tickets::case,
        ]
        .into_iter()
        .find_map(|case| case(other))
        .unwrap_or_else(|| panic!("{other} has no case")),
    }
}

/// What the right key is told of a route that is known and not offered, or whose object something
/// depends on.
fn granted(operation: &str) -> (u16, &'static str) {
    match operation {
        "inboxes.delete" | "pods.inboxes.delete" | "pods.delete" => (409, "cannot_delete"),
        opt_in if screened::is_opt_in(opt_in) => (403, "missing_permission"),
        "inboxes.messages.create_agent_armor_feedback" => (409, "conflict"),
        decide if gate::is_decision(decide) => (403, "missing_permission"),
        named
            if loops::needs_a_name(named)
                || audit::needs_a_name(named)
                || leaks::needs_a_name(named) =>
        {
            (403, "missing_permission")
        }
        off if onboarding::is_off(off) => (403, "not_enabled"),
        _ => (200, ""),
    }
}

#[tokio::test]
async fn every_route_turns_away_nobody_strangers_and_keys_without_the_right() {
    each_engine_with_another_organization(async |world, another| {
        let rights = every_right(world).await;
        let beside = Things::new(world).await;
        let strangers = [
            ("another pod", beside.pod_key.as_str()),
            ("another organization", another),
        ];
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
            let path = things.path(template) + search::query(operation);
            let (body, foreign) = case(operation);
            let before = things.state(world).await;
            for (key, code) in [
                ("", "missing_authorization"),
                ("am_us_nobody", "unknown_api_key"),
            ] {
                let answer = world.call_as(key, method, &path, &body).await;
                assert_eq!(told(&answer), (401, code.to_owned()), "{line}");
            }
            if operation == "websockets.connect" {
                continue;
            }
            // A key of another inbox; the pod is that of the path.
            let answer = world.call_as(&beside.key, method, &path, &body).await;
            told_another_inbox(&beside, line, &foreign, &answer);
            // What they make without naming anything of ours is theirs.
            if names_an_object(template) || method == "GET" {
                for (who, key) in strangers {
                    let answer = world.call_as(key, method, &path, &body).await;
                    told_a_stranger(&things, &format!("{who}: {line}"), &foreign, &answer);
                }
            }
            if rights.iter().any(|name| name == right) {
                let key = key_without(world, &rights, right).await;
                let answer = world.call_as(&key, method, &path, &body).await;
                assert_eq!(
                    told(&answer),
                    (403, "missing_permission".to_owned()),
                    "{line}"
                );
            } else {
                assert!(
                    ["authenticated", "organization_read"].contains(&right),
                    "{line}"
                );
            }
            assert_eq!(things.state(world).await, before, "{line}");
            // The right key still does it: one of the pod where the path is within it.
            let within = ["/v0/pods/{pod_id}", "/v0/inboxes/{inbox_id}"];
            let within = within.iter().any(|start| template.starts_with(start));
            let key = if within { &things.pod_key } else { ADMIN_KEY };
            let answer = world.call_as(key, method, &path, &body).await;
            let expected = granted(operation);
            let (status, code) = told(&answer);
            let status = if status == 204 { 200 } else { status };
            assert_eq!((status, code.as_str()), expected, "{line}: {answer:?}");
            loops::undo(world, operation).await;
        }
    })
    .await;
}

/// The status and the code of an answer.
fn told(answer: &Answer) -> (u16, String) {
    let code = match answer.status {
        200..400 => String::new(),
        _ => answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    (answer.status, code)
}

/// Whether a path names more than a kind of list.
fn names_an_object(template: &str) -> bool {
    let bare = template.replace("{direction}", "").replace("{type}", "");
    bare.contains('{')
}

/// A key of the organisation that has every right but one.
async fn key_without(world: &World, rights: &[String], right: &str) -> String {
    // Whoever may send may also reply.
    let has = |name: &str| name != right && !(right == "message_reply" && name == "message_send");
    let others: serde_json::Map<String, Value> = rights
        .iter()
        .map(|name| (name.clone(), json!(has(name))))
        .collect();
    world.key(None, json!({"permissions": others})).await.0
}

fn told_another_inbox(beside: &Things, line: &str, foreign: &Foreign, answer: &Answer) {
    let body = if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()
    };
    match foreign {
        Foreign::Hidden => assert_eq!(
            told(answer),
            (404, "not_found".to_owned()),
            "{line}: {body}"
        ),
        Foreign::Forbidden => assert_eq!(answer.status, 403, "{line}: {body}"),
        Foreign::Own => assert_eq!(answer.status, 200, "{line}: {body}"),
        Foreign::List(items) => {
            assert_eq!(answer.status, 200, "{line}: {body}");
            let own = body[items].as_array().unwrap();
            assert!(!own.is_empty(), "{line}: {body}");
            for item in column(own, "inbox_id") {
                assert_eq!(item, beside.inbox, "{line}: {body}");
            }
        }
    }
}

/// A key of another pod or another organisation, which may do everything with what is its own.
fn told_a_stranger(things: &Things, line: &str, foreign: &Foreign, answer: &Answer) {
    let expected: &[u16] = match foreign {
        Foreign::Hidden => &[404],
        Foreign::Own | Foreign::List(_) => &[200],
        Foreign::Forbidden => &[200, 403, 404],
    };
    assert!(expected.contains(&answer.status), "{line}: {answer:?}");
    assert!(!things.are_named_in(answer), "{line}: {answer:?}");
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
