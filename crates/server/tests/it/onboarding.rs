//! Agents that sign up, and what is not offered.

use serde_json::{Value, json};

use crate::database::{Data, engines};
use crate::permissions::Foreign;
use crate::running::{ADMIN_KEY, Running, serve};
use crate::world::{World, each_engine, eventually, well_ended};

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let case = match operation {
        "organizations.get_labs" => (Value::Null, Foreign::Forbidden),
        // Closed, as the server of that test is.
        "agent.verify" => (json!({"otp_code": "123456"}), Foreign::Forbidden),
        "agent.attach_human" => (
            json!({"human_email": "ann@outside.test"}),
            Foreign::Forbidden,
        ),
        off if is_off(off) => {
            let place = off.starts_with("inboxes.") || off.starts_with("pods.");
            let foreign = if place {
                Foreign::Hidden
            } else {
                Foreign::Forbidden
            };
            (json!({}), foreign)
        }
        _ => return None,
    };
    Some(case)
}

/// Whether a route is known and not offered.
pub fn is_off(operation: &str) -> bool {
    let off = [
        "accounts.",
        "agent.",
        "api_keys.public_keys.",
        "apps.",
        "inboxes.accounts.",
        "inboxes.authorize",
        "inboxes.calendar.",
        "inboxes.files.",
        "organizations.join_labs",
        "pods.accounts.",
        "providers.",
    ];
    off.iter().any(|start| operation.starts_with(start))
}

/// A server that lets `most` agents an hour sign up.
async fn each_engine_open(most: &str, test: impl AsyncFn(&World)) {
    for engine in engines() {
        let data = Data::new(engine);
        let mut command = serve(&data);
        command.env("MAILROOST_API_KEY", ADMIN_KEY);
        command.args(["--agent-sign-ups", most]);
        let world = World {
            server: Running::from(&mut command).await,
            data,
        };
        Box::pin(test(&world)).await;
        well_ended(world.server).await;
    }
}

/// What came of a sign-up.
struct Agent {
    key: String,
    inbox: String,
    organization: String,
}

async fn sign_up(world: &World, body: Value) -> Agent {
    let answer = world.call_as("", "POST", "/v0/agent/sign-up", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let made = answer.json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Agent {
        key: text("api_key"),
        inbox: text("inbox_id"),
        organization: text("organization_id"),
    }
}

impl Agent {
    async fn ask(&self, world: &World, method: &str, path: &str, body: Value) -> (u16, Value) {
        let answer = world.call_as(&self.key, method, path, &body).await;
        let json = if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        };
        (answer.status, json)
    }

    async fn send(&self, world: &World, to: &str) -> (u16, String) {
        let path = format!("/v0/inboxes/{}/messages/send", self.inbox);
        let body = json!({"to": to, "text": "x"});
        let (status, told) = self.ask(world, "POST", &path, body).await;
        (status, told["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn verify(&self, world: &World, code: &str) -> (u16, Value) {
        let body = json!({"otp_code": code});
        self.ask(world, "POST", "/v0/agent/verify", body).await
    }
}

/// The codes that were mailed to an inbox, newest first, once there are `count` of them.
async fn codes(world: &World, human: &str, count: usize) -> Vec<String> {
    let mails = world.arrived(human, count).await;
    assert_eq!(mails.len(), count, "{mails:?}");
    let code = |mail: &Value| mail["subject"].as_str().unwrap()[..6].to_owned();
    mails.iter().map(code).collect()
}

#[tokio::test]
async fn sign_up_is_closed_unless_the_operator_opens_it() {
    each_engine(async |world| {
        let body = json!({"username": "agent", "human_email": "ann@outside.test"});
        for key in ["", ADMIN_KEY] {
            let answer = world.call_as(key, "POST", "/v0/agent/sign-up", &body).await;
            let told = answer.json();
            assert_eq!((answer.status, &told["code"]), (403, &json!("not_enabled")));
            assert!(told["fix"].as_str().unwrap().contains("agent_sign_ups"));
        }
    })
    .await;
}

#[tokio::test]
async fn an_agent_signs_up_and_its_human_lifts_the_limits() {
    each_engine_open("20", async |world| {
        let human = world.inbox().await;
        let body = json!({"username": "My-Agent", "human_email": human, "source": "tests"});
        let agent = sign_up(world, body).await;
        assert_eq!(agent.inbox, "my-agent@mailroost.localhost");
        let (_, me) = agent.ask(world, "GET", "/v0/auth/me", Value::Null).await;
        assert_eq!(me["organization_id"], agent.organization.as_str());
        let theirs = world.get("/v0/organizations").await;
        assert_ne!(theirs["organization_id"], agent.organization.as_str());
        world
            .refused(
                "GET",
                &format!("/v0/inboxes/{}", agent.inbox),
                Value::Null,
                (404, "not_found"),
            )
            .await;

        // Before the code: one inbox, and mail to the human only.
        for (method, path) in [
            ("POST", "/v0/inboxes"),
            ("POST", "/v0/api-keys"),
            ("POST", "/v0/pods"),
        ] {
            let (status, told) = agent.ask(world, method, path, json!({})).await;
            assert_eq!((status, &told["code"]), (403, &json!("missing_permission")));
        }
        let rejected = (403, "message_rejected".to_owned());
        assert_eq!(agent.send(world, "bob@outside.test").await, rejected);
        assert_eq!(agent.send(world, &human).await.0, 200);
        let mails = world.arrived(&human, 2).await;
        let code = mails.iter().find_map(|mail| {
            let subject = mail["subject"].as_str().unwrap_or_default();
            subject
                .ends_with("my-agent@mailroost.localhost")
                .then(|| subject[..6].to_owned())
        });
        let code = code.unwrap();
        // The agent cannot read the code in a mailbox of its own.
        let path = format!("/v0/inboxes/{}/messages", agent.inbox);
        let (_, own) = agent.ask(world, "GET", &path, Value::Null).await;
        assert!(!own.to_string().contains(&code), "{own}");

        let wrong = if code == "111111" { "111112" } else { "111111" };
        let (status, told) = agent.verify(world, wrong).await;
        assert_eq!((status, &told["code"]), (400, &json!("validation_error")));
        let (status, told) = agent.verify(world, &code).await;
        assert_eq!((status, told), (200, json!({"verified": true})));
        assert_eq!(agent.verify(world, &code).await.0, 200);
        assert_eq!(agent.send(world, "bob@outside.test").await.0, 200);
        let (status, _) = agent.ask(world, "POST", "/v0/inboxes", json!({})).await;
        assert_eq!(status, 200);
        let again = json!({"human_email": "bob@outside.test"});
        let (status, _) = agent.ask(world, "POST", "/v0/agent/human", again).await;
        assert_eq!(status, 409);
    })
    .await;
}

#[tokio::test]
async fn without_a_human_an_inbox_only_receives_until_one_is_named() {
    each_engine_open("20", async |world| {
        let agent = sign_up(world, json!({"username": "alone"})).await;
        world.mail(&agent.inbox, "Subject: In\r\n\r\nx\r\n").await;
        let path = format!("/v0/inboxes/{}/messages", agent.inbox);
        let (_, list) = agent.ask(world, "GET", &path, Value::Null).await;
        assert_eq!(list["count"], 1, "{list}");
        let rejected = (403, "message_rejected".to_owned());
        assert_eq!(agent.send(world, "bob@outside.test").await, rejected);
        let (status, _) = agent.verify(world, "123456").await;
        assert_eq!(status, 400);

        let humans = [
            world.inbox().await,
            world.inbox().await,
            world.inbox().await,
        ];
        for human in &humans {
            let body = json!({"human_email": human});
            let (status, told) = agent.ask(world, "POST", "/v0/agent/human", body).await;
            assert_eq!(
                (status, &told["human_email"]),
                (200, &json!(human)),
                "{told}"
            );
            assert!(told["instructions"].is_string());
        }
        let body = json!({"human_email": "ann@outside.test"});
        let (status, told) = agent.ask(world, "POST", "/v0/agent/human", body).await;
        assert_eq!((status, &told["code"]), (409, &json!("conflict")));
        // The code of a human who was replaced is not taken, that of the last one is.
        let last = codes(world, &humans[2], 1).await;
        for human in &humans[..2] {
            for mail in world.messages(human, "").await {
                let old = mail["subject"].as_str().unwrap()[..6].to_owned();
                if old != last[0] {
                    assert_eq!(agent.verify(world, &old).await.0, 400);
                }
            }
        }
        assert_eq!(agent.verify(world, &last[0]).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn the_same_human_gets_the_same_organization_and_a_key_that_must_show_the_code() {
    each_engine_open("20", async |world| {
        let human = world.inbox().await;
        let body = json!({"username": "first", "human_email": human});
        let first = sign_up(world, body).await;
        let code = codes(world, &human, 1).await.remove(0);
        assert_eq!(first.verify(world, &code).await.0, 200);

        // Somebody who knows the address gets a key that opens nothing.
        let body = json!({"username": "thief", "human_email": human.to_uppercase()});
        let second = sign_up(world, body).await;
        assert_eq!(
            (&second.organization, &second.inbox),
            (&first.organization, &first.inbox)
        );
        let path = format!("/v0/inboxes/{}/messages", first.inbox);
        for path in [path.as_str(), "/v0/inboxes", "/v0/api-keys"] {
            let (status, told) = second.ask(world, "GET", path, Value::Null).await;
            assert_eq!((status, &told["code"]), (403, &json!("missing_permission")));
        }
        let body = json!({"human_email": "thief@outside.test"});
        let (status, _) = second.ask(world, "POST", "/v0/agent/human", body).await;
        assert_eq!(status, 403);
        assert_eq!(first.ask(world, "GET", &path, Value::Null).await.0, 200);

        // The human's code turns it into the key of the organization, and ends the first one.
        let code = codes(world, &human, 2).await.remove(0);
        assert_eq!(second.verify(world, &code).await.0, 200);
        assert_eq!(second.ask(world, "GET", &path, Value::Null).await.0, 200);
        assert_eq!(second.send(world, "bob@outside.test").await.0, 200);
        assert_eq!(first.ask(world, "GET", &path, Value::Null).await.0, 401);
    })
    .await;
}

#[tokio::test]
async fn guessing_flooding_and_false_humans_lead_nowhere() {
    each_engine_open("6", async |world| {
        for (body, code) in [
            (json!({}), "validation_error"),
            (json!({"username": "a b"}), "validation_error"),
            (
                json!({"username": "x", "human_email": "nobody"}),
                "validation_error",
            ),
            (
                json!({"username": "x", "human_email": "a@example.com"}),
                "validation_error",
            ),
            (
                json!({"username": "x", "human_email": "nobody@mailroost.localhost"}),
                "validation_error",
            ),
            (
                json!({"username": "x", "source": "s".repeat(2_049)}),
                "validation_error",
            ),
        ] {
            let answer = world.call_as("", "POST", "/v0/agent/sign-up", &body).await;
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (400, Some(code)),
                "{body:.100}"
            );
        }
        let human = world.inbox().await;
        let agent = sign_up(world, json!({"username": "one", "human_email": human})).await;
        // Agents do not confirm each other.
        let body = json!({"username": "two", "human_email": agent.inbox});
        let answer = world.call_as("", "POST", "/v0/agent/sign-up", &body).await;
        assert_eq!(answer.status, 400);
        let body = json!({"username": "one"});
        let taken = world.call_as("", "POST", "/v0/agent/sign-up", &body).await;
        assert_eq!(
            (taken.status, taken.json()["code"].as_str()),
            (403, Some("resource_taken"))
        );

        let code = codes(world, &human, 1).await.remove(0);
        let guesses = (0..1_000_000).map(|n| format!("{n:06}"));
        for guess in guesses.filter(|guess| *guess != code).take(10) {
            assert_eq!(agent.verify(world, &guess).await.0, 400);
        }
        let (status, told) = agent.verify(world, &code).await;
        assert_eq!((status, &told["code"]), (403, &json!("limit_exceeded")));
        let body = json!({"human_email": human});
        let (status, _) = agent.ask(world, "POST", "/v0/agent/human", body).await;
        assert_eq!(status, 200);
        eventually(async || (world.messages(&human, "").await.len() == 2).then_some(())).await;

        // Six an hour from one address; one was used, and one for the username that was taken.
        for n in 0..4 {
            sign_up(world, json!({"username": format!("more-{n}")})).await;
        }
        let body = json!({"username": "seventh"});
        let answer = world.call_as("", "POST", "/v0/agent/sign-up", &body).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (429, Some("rate_limit_exceeded"))
        );
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3_600).contains(&wait), "{wait}");
    })
    .await;
}
