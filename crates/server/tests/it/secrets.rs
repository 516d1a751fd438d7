//! No secret is anywhere but where it is meant: not in the log at any level, an error, an answer
//! beyond the one that made it, the audit log, what webhooks are posted, or the database.
//!
//! A new kind of secret is a row of [`secrets`].

use std::net::SocketAddr;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};
use testkit::{HookSink, Posted, SmtpClient};

use crate::client::Answer;
use crate::database::{Data, engines};
use crate::listener::Listener;
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, eventually, letter, message_path};

const LEAK_VALUE: &str = "Project-Nightingale-9273";
const HEADER: &str = "header-value-51077ab3";
const RELAY_PASSWORD: &str = "relay-password-88213c";
const WRONG_PASSWORD: &str = "am_us_f00d0123456789abcdef0123456789abcdef0123456789abcdef01234567";

/// Where a secret could end up. Answers are told apart by what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Standard error and output.
    Log,
    /// What webhooks were posted.
    Hooks,
    /// A value in the database.
    Database,
}

/// A secret of one kind.
struct Secret {
    kind: &'static str,
    /// What it looks like. Of a long one a part stands for it, so that a part is found as well.
    forms: Vec<Vec<u8>>,
    /// What was asked in the answers that are to have it: those and no others.
    told_by: &'static [&'static str],
    /// Where else it is meant to be.
    meant: &'static [Place],
}

impl Secret {
    fn new(kind: &'static str, text: &str, told_by: &'static [&'static str]) -> Self {
        Self::of_bytes(kind, text.as_bytes(), told_by)
    }

    fn of_bytes(kind: &'static str, bytes: &[u8], told_by: &'static [&'static str]) -> Self {
        let encoded = [
            HEXLOWER.encode(bytes),
            BASE64_NOPAD.encode(bytes),
            BASE64URL_NOPAD.encode(bytes),
        ];
        let mut forms: Vec<_> = encoded.into_iter().map(String::into_bytes).collect();
        forms.push(bytes.to_vec());
        Self {
            kind,
            forms,
            told_by,
            meant: &[],
        }
    }

    /// A key, of which the beginning is shown to recognise it by.
    fn key(kind: &'static str, text: &str, told_by: &'static [&'static str]) -> Self {
        let mut secret = Self::new(kind, text, told_by);
        secret.forms.push(text.as_bytes()[16..40].to_vec());
        secret
    }

    /// What private keys of this form begin with, raw or as text.
    fn private_key(kind: &'static str, header: &[u8], text: &str) -> Self {
        let mut secret = Self::of_bytes(kind, header, &[]);
        secret.forms.push(text.as_bytes().to_vec());
        secret
    }

    fn meant(self, meant: &'static [Place]) -> Self {
        Self { meant, ..self }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| stands_in(form, bytes))
    }
}

/// Whether a form stands in these bytes. Digits alone must stand alone: times and sizes have digits too.
fn stands_in(form: &[u8], bytes: &[u8]) -> bool {
    let alone = form.iter().all(u8::is_ascii_digit);
    let is_word = |at: Option<usize>| {
        let byte = at.and_then(|at| bytes.get(at));
        byte.is_some_and(u8::is_ascii_alphanumeric)
    };
    let mut windows = bytes.windows(form.len()).enumerate();
    windows.any(|(at, window)| {
        window == form && !(alone && (is_word(at.checked_sub(1)) || is_word(Some(at + form.len()))))
    })
}

/// What was made in the run.
#[derive(Default)]
struct Made {
    keys: Vec<String>,
    once_key: String,
    sign_up_key: String,
    code: String,
    ticket: String,
    webhook_secret: String,
    new_webhook_secret: String,
    polling_token: String,
    link: String,
    canary: String,
    download: String,
    login: String,
    wrong_login: String,
}

/// Every kind of secret there is.
fn secrets(made: &Made, data: &Data) -> Vec<Secret> {
    let master = std::fs::read_to_string(data.folder().join("master.key")).unwrap();
    let master = HEXLOWER.decode(master.trim().as_bytes()).unwrap();
    let mut all = vec![
        Secret::key("key of the environment", ADMIN_KEY, &[]),
        Secret::key(
            "key under an Idempotency-Key",
            &made.once_key,
            &["create once"],
        ),
        Secret::key(
            "key of an agent that signed up",
            &made.sign_up_key,
            &["sign up"],
        ),
        Secret::new(
            "code of an agent's human",
            &made.code,
            &["mail of the human"],
        )
        .meant(&[Place::Hooks, Place::Database]),
        Secret::key("socket ticket", &made.ticket, &["ticket"]),
        Secret::new(
            "secret of a webhook",
            &made.webhook_secret,
            &["hook", "hook shown"],
        ),
        Secret::new(
            "new secret of a webhook",
            &made.new_webhook_secret,
            &["rotate"],
        ),
        Secret::new("header of a webhook", HEADER, &[]).meant(&[Place::Hooks]),
        Secret::key("polling token", &made.polling_token, &["polling"]),
        Secret::new(
            "link that decides",
            &made.link,
            &["link", "page of the link"],
        ),
        Secret::new("value that must not leave", LEAK_VALUE, &[]),
        Secret::new("canary", &made.canary, &["canary"]),
        Secret::new("link to bytes", &made.download, &["raw"]),
        Secret::new("response of AUTH PLAIN", &made.login, &[]),
        Secret::new("wrong response of AUTH PLAIN", &made.wrong_login, &[]),
        Secret::key("wrong password of AUTH PLAIN", WRONG_PASSWORD, &[]),
        Secret::new("password of the relay", RELAY_PASSWORD, &[]),
        Secret::of_bytes("master key", &master, &[]),
        Secret::private_key(
            "RSA key",
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82",
            "ADANBgkqhkiG9w0BAQEFAASC",
        ),
        Secret::private_key(
            "Ed25519 key",
            b"\x06\x03\x2b\x65\x70\x04\x22\x04\x20",
            "BQYDK2VwBCIEI",
        ),
        Secret::new("private key as PEM", "PRIVATE KEY-----", &[]),
    ];
    const TOLD: [&[&str]; 6] = [
        &["key 0"],
        &["key 1"],
        &["key 2"],
        &["key 3"],
        &["key 4"],
        &["key 5"],
    ];
    for (key, told_by) in made.keys.iter().zip(TOLD) {
        all.push(Secret::key("key", key, told_by));
    }
    if let Some(password) = data.database_url().and_then(|url| password_of(&url)) {
        all.push(Secret::new("password of the database", &password, &[]));
    }
    all
}

/// The password in a URL, if it is long enough to be one that stands nowhere by chance.
fn password_of(url: &str) -> Option<String> {
    let authority = url.split_once("://")?.1.split_once('@')?.0;
    let password = authority.split_once(':')?.1;
    (password.len() >= 8).then(|| password.to_owned())
}

/// A server, and all that it was asked and has answered.
struct Visit<'a> {
    world: &'a World,
    submission: SocketAddr,
    answers: Vec<(&'static str, Answer)>,
}

impl Visit<'_> {
    async fn ask(
        &mut self,
        what: &'static str,
        key: &str,
        (method, path): (&str, &str),
        body: Value,
    ) -> Value {
        let answer = self.world.call_as(key, method, path, &body).await;
        self.keep(what, answer)
    }

    async fn ok(&mut self, what: &'static str, method: &str, path: &str, body: Value) -> Value {
        let told = self.ask(what, ADMIN_KEY, (method, path), body).await;
        let status = self.answers.last().unwrap().1.status;
        assert!(status < 300, "{what}: {told}");
        told
    }

    fn keep(&mut self, what: &'static str, answer: Answer) -> Value {
        let told = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        self.answers.push((what, answer));
        told
    }

    async fn key(&mut self, what: &'static str, path: &str, body: Value) -> String {
        let made = self.ok(what, "POST", path, body).await;
        text(&made, "api_key")
    }

    /// Asks in ways that go wrong, with `secret` where it could be.
    async fn go_wrong(&mut self, secret: &str) {
        let named = json!({"name": secret, "permissions": secret});
        for (method, path, body) in [
            ("GET", format!("/v0/api-keys/{secret}"), Value::Null),
            ("GET", format!("/v0/inboxes/{secret}/messages"), Value::Null),
            (
                "GET",
                format!("/v0/inboxes?api_key={secret}&limit=x"),
                Value::Null,
            ),
            (
                "GET",
                format!("/v0/threads?page_token={secret}"),
                Value::Null,
            ),
            ("GET", format!("/v0/downloads/{secret}"), Value::Null),
            ("GET", format!("/v0/decide/{secret}"), Value::Null),
            (
                "GET",
                format!("/v0/webhooks/polling/x/events?iterator={secret}"),
                Value::Null,
            ),
            ("POST", "/v0/api-keys".to_owned(), named),
            (
                "POST",
                "/v0/agent/verify".to_owned(),
                json!({"otp_code": [secret]}),
            ),
            (
                "POST",
                "/v0/webhooks".to_owned(),
                json!({"url": 1, "headers": {"x": secret}}),
            ),
            ("PUT", "/v0/policy".to_owned(), json!({"preset": [secret]})),
        ] {
            self.ask("wrong", ADMIN_KEY, (method, &path), body).await;
            assert!(
                self.answers.last().unwrap().1.status >= 400,
                "{method} {path}"
            );
        }
        for key in [
            &format!("{secret}x"),
            &format!("{secret} x"),
            &secret.replace("am_", "AM_"),
        ] {
            self.ask("wrong key", key, ("GET", "/v0/inboxes"), Value::Null)
                .await;
            assert_eq!(self.answers.last().unwrap().1.status, 401);
        }
        let url = format!("ws://{}/v0?api_key={secret}x", self.world.server.http);
        assert_eq!(Listener::open(&url, None).await.err(), Some(401));
    }
}

fn text(value: &Value, field: &str) -> String {
    let found = value[field].as_str();
    found
        .unwrap_or_else(|| panic!("no {field} in {value}"))
        .to_owned()
}

/// The path of a URL of this server.
fn path_of(url: &str) -> String {
    format!("/{}", url.splitn(4, '/').nth(3).unwrap())
}

#[tokio::test]
async fn no_secret_is_anywhere_but_where_it_is_meant() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut command = serve(&data);
        command
            .env("MAILROOST_API_KEY", ADMIN_KEY)
            .env("MAILROOST_LOG", "trace")
            .env("MAILROOST_AGENT_SIGN_UPS", "20")
            .env("MAILROOST_RELAY", "smtp://ann@127.0.0.1:9")
            .env("MAILROOST_RELAY_PASSWORD", RELAY_PASSWORD)
            .args(["--submission", "127.0.0.1:0"]);
        let mut server = Running::from(&mut command).await;
        let line = server.said(|line| line.contains("Submit")).await;
        let submission = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        let world = World { server, data };
        let mut sink = HookSink::start().await.unwrap();
        let mut visit = Visit {
            world: &world,
            submission,
            answers: Vec::new(),
        };
        let (made, posted) = Box::pin(live(&mut visit, &mut sink)).await;
        let answers = visit.answers;
        let World { server, data } = world;
        // All lines are wanted, those before the stop too.
        server.signal(rustix::process::Signal::TERM);
        let ended = server.ended().await;
        assert!(ended.status.success(), "{ended:?}");
        let log = [ended.stderr, ended.stdout].concat().join("\n");
        for level in ["DEBUG", "INFO"] {
            assert!(log.contains(level), "{level}: {log:.3000}");
        }

        let mut found = Vec::new();
        let values = data.values();
        assert!(
            values
                .iter()
                .any(|(column, _)| column == "api_key.secret_hash")
        );
        for secret in secrets(&made, &data) {
            let mut told: Vec<&str> = answers
                .iter()
                .filter(|(_, answer)| {
                    let head = answer.head().as_bytes();
                    secret.is_in(head) || secret.is_in(&answer.body)
                })
                .map(|(what, _)| *what)
                .collect();
            told.dedup();
            if told != secret.told_by {
                found.push(format!(
                    "{}: told by {told:?}, not {:?}",
                    secret.kind, secret.told_by
                ));
            }
            let mut seen = Vec::new();
            if secret.is_in(log.as_bytes()) {
                let line = log.lines().find(|line| secret.is_in(line.as_bytes()));
                seen.push((Place::Log, line.unwrap_or_default().to_owned()));
            }
            for one in posted.iter().filter(|one| is_posted(&secret, one)) {
                seen.push((Place::Hooks, one.line.clone()));
            }
            for (column, value) in &values {
                if secret.is_in(value) {
                    seen.push((Place::Database, column.clone()));
                }
            }
            seen.retain(|(place, _)| !secret.meant.contains(place));
            if !seen.is_empty() {
                found.push(format!("{}: in {seen:?}", secret.kind));
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

fn is_posted(secret: &Secret, one: &Posted) -> bool {
    let headers = one.headers.iter();
    let headers: String = headers
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    secret.is_in(headers.as_bytes()) || secret.is_in(&one.body)
}

/// Makes every secret there is and uses it.
async fn live(visit: &mut Visit<'_>, sink: &mut HookSink) -> (Made, Vec<Posted>) {
    let mut made = Made::default();
    let (world, inbox) = (visit.world, visit.world.inbox().await);
    make_keys(visit, &inbox, &mut made).await;
    let hook = make_readers(visit, sink, &mut made).await;
    sign_up(visit, &mut made).await;
    hold_and_decide(visit, &inbox, &mut made).await;
    log_in(visit, &inbox, &mut made).await;

    world
        .mail(&inbox, letter(&inbox, "a@outside.test", "Hi", "Hello."))
        .await;
    let raw = format!("{}/raw", message_path(&inbox, "<a@outside.test>"));
    let link = visit.ok("raw", "GET", &raw, Value::Null).await;
    let path = path_of(&text(&link, "download_url"));
    made.download = path.rsplit('/').next().unwrap().to_owned();
    visit.ask("download", "", ("GET", &path), Value::Null).await;
    visit
        .ok(
            "domain",
            "POST",
            "/v0/domains",
            json!({"domain": "secret.example.test"}),
        )
        .await;

    for secret in [
        &made.keys[0],
        &made.polling_token,
        &made.webhook_secret,
        &made.canary,
    ] {
        visit.go_wrong(&secret.replace('+', "-")).await;
    }
    // Everything that could show them again.
    for path in [
        "/v0/api-keys?limit=100".to_owned(),
        "/v0/webhooks".to_owned(),
        format!("{hook}/headers"),
        format!("{hook}/deliveries"),
        "/v0/webhooks/polling".to_owned(),
        "/v0/approvals".to_owned(),
        "/v0/domains".to_owned(),
        "/v0/events?event_types=leak.blocked&event_types=approval.requested".to_owned(),
        "/v0/leak-values".to_owned(),
        format!("/v0/inboxes/{inbox}/messages"),
        format!("/v0/inboxes/{inbox}/leak-values"),
    ] {
        visit.ok("shown again", "GET", &path, Value::Null).await;
    }
    let auditor = made.keys[3].clone();
    visit
        .ask("audit", &auditor, ("GET", "/v0/audit/export"), Value::Null)
        .await;
    let (_, export) = visit.answers.last().unwrap();
    let export = String::from_utf8_lossy(&export.body);
    assert!(
        export.contains("api_key.create") && export.contains("webhook"),
        "{export}"
    );

    let mut posted = Vec::new();
    // The last event that is posted ends the wait.
    while !posted
        .iter()
        .any(|one: &Posted| String::from_utf8_lossy(&one.body).contains("<a@outside.test>"))
    {
        posted.push(soon(sink.next()).await);
    }
    while let Some(one) = sink.waiting() {
        posted.push(one);
    }
    (made, posted)
}

async fn make_keys(visit: &mut Visit<'_>, inbox: &str, made: &mut Made) {
    let of_inbox = format!("/v0/inboxes/{inbox}/api-keys");
    let rules = json!({"permissions": {"policy_read": true, "policy_update": true}});
    for (what, path, body) in [
        ("key 0", "/v0/api-keys", json!({"name": "whole"})),
        ("key 1", of_inbox.as_str(), json!({"name": "agent"})),
        ("key 2", "/v0/api-keys", rules),
        (
            "key 3",
            "/v0/api-keys",
            json!({"permissions": {"audit_read": true}}),
        ),
        ("key 4", "/v0/api-keys", json!({"preset": "approve"})),
        ("key 5", of_inbox.as_str(), json!({"preset": "read"})),
    ] {
        made.keys.push(visit.key(what, path, body).await);
    }
    let body = json!({"name": "once"});
    let once = crate::once::call_once_as(visit.world, ADMIN_KEY, "a-key", "/v0/api-keys", &body);
    let answer = once.await;
    made.once_key = text(&visit.keep("create once", answer), "api_key");

    let agent = made.keys[1].clone();
    let ticket = visit
        .ask(
            "ticket",
            &agent,
            ("POST", "/v0/socket-tickets"),
            Value::Null,
        )
        .await;
    made.ticket = text(&ticket, "ticket");
    let socket = format!("ws://{}/v0", visit.world.server.http);
    for query in [
        format!("ticket={}", made.ticket),
        format!("api_key={agent}"),
    ] {
        let mut listener = Listener::open(&format!("{socket}?{query}"), None)
            .await
            .ok()
            .unwrap();
        listener.subscribe(json!({})).await;
    }
    let used = Listener::open(&format!("{socket}?ticket={}", made.ticket), None).await;
    assert_eq!(used.err(), Some(401));
}

async fn make_readers(visit: &mut Visit<'_>, sink: &HookSink, made: &mut Made) -> String {
    let body = json!({"url": sink.url("/hook"), "headers": {"X-Token": HEADER}});
    let hook = visit.ok("hook", "POST", "/v0/webhooks", body).await;
    made.webhook_secret = text(&hook, "secret");
    let path = format!("/v0/webhooks/{}", text(&hook, "webhook_id"));
    visit.ok("hook shown", "GET", &path, Value::Null).await;
    let rotated = visit
        .ok(
            "rotate",
            "POST",
            &format!("{path}/rotate-secret"),
            Value::Null,
        )
        .await;
    made.new_webhook_secret = text(&rotated, "secret");
    visit
        .ok("hook tested", "POST", &format!("{path}/test"), Value::Null)
        .await;
    let body = json!({"client_id": "reader", "event_types": ["message.received"]});
    let polling = visit
        .ok("polling", "POST", "/v0/webhooks/polling", body)
        .await;
    made.polling_token = text(&polling, "token");
    let token = made.polling_token.clone();
    visit
        .ask(
            "poll",
            &token,
            ("GET", &path_of(&text(&polling, "url"))),
            Value::Null,
        )
        .await;
    path
}

async fn sign_up(visit: &mut Visit<'_>, made: &mut Made) {
    let human = visit.world.inbox().await;
    let body = json!({"username": "signed-up", "human_email": human});
    let agent = visit
        .ask("sign up", "", ("POST", "/v0/agent/sign-up"), body)
        .await;
    made.sign_up_key = text(&agent, "api_key");
    visit.world.arrived(&human, 1).await;
    let list = format!("/v0/inboxes/{human}/messages");
    let mails = visit
        .ok("mail of the human", "GET", &list, Value::Null)
        .await;
    made.code = text(&mails["messages"][0], "subject")[..6].to_owned();
    let key = made.sign_up_key.clone();
    let wrong = if made.code == "111111" {
        "222222"
    } else {
        "111111"
    };
    for code in [wrong, &made.code.clone()] {
        let body = json!({"otp_code": code});
        visit
            .ask("verify", &key, ("POST", "/v0/agent/verify"), body)
            .await;
    }
    assert_eq!(visit.answers.last().unwrap().1.status, 200);
}

async fn hold_and_decide(visit: &mut Visit<'_>, inbox: &str, made: &mut Made) {
    let keeper = made.keys[2].clone();
    let value = json!({"name": "Plan", "value": LEAK_VALUE});
    visit
        .ask("leak value", &keeper, ("POST", "/v0/leak-values"), value)
        .await;
    assert_eq!(visit.answers.last().unwrap().1.status, 200);
    let path = format!("/v0/inboxes/{inbox}/leak-values");
    let canary = json!({"name": "Trap", "canary": true});
    let canary = visit.ask("canary", &keeper, ("POST", &path), canary).await;
    made.canary = text(&canary, "value");
    let send = format!("/v0/inboxes/{inbox}/messages/send");
    for secret in [LEAK_VALUE, &made.canary.clone(), &made.keys[0].clone()] {
        let body = json!({"to": "bob@outside.test", "subject": secret, "text": format!("It is {secret}.")});
        visit.ask("leak", ADMIN_KEY, ("POST", &send), body).await;
        assert_eq!(visit.answers.last().unwrap().1.status, 403, "{secret}");
    }

    let policy = json!({"preset": "human_in_the_loop"});
    visit
        .ok(
            "policy",
            "PUT",
            &format!("/v0/inboxes/{inbox}/policy"),
            policy,
        )
        .await;
    let agent = made.keys[1].clone();
    let body = json!({"to": "bob@outside.test", "text": "x"});
    let held = visit.ask("held", &agent, ("POST", &send), body).await;
    let approver = made.keys[4].clone();
    let path = format!("/v0/approvals/{}/link", text(&held, "approval_id"));
    let link = visit
        .ask("link", &approver, ("POST", &path), json!({}))
        .await;
    let page = path_of(&text(&link, "url"));
    made.link = page.rsplit('/').next().unwrap().to_owned();
    visit
        .ask("page of the link", "", ("GET", &page), Value::Null)
        .await;
    visit
        .ask(
            "decided",
            "",
            ("POST", &format!("{page}/approve")),
            Value::Null,
        )
        .await;
    assert_eq!(visit.answers.last().unwrap().1.status, 200);
    // Used links say so, without themselves.
    visit
        .ask(
            "decided",
            "",
            ("POST", &format!("{page}/approve")),
            Value::Null,
        )
        .await;
    eventually(async || {
        let list = visit.world.messages(inbox, "?labels=sent").await;
        (!list.is_empty()).then_some(())
    })
    .await;
}

async fn log_in(visit: &Visit<'_>, inbox: &str, made: &mut Made) {
    let response = |password: &str| BASE64.encode(format!("\0{inbox}\0{password}").as_bytes());
    (made.login, made.wrong_login) = (response(&made.keys[1]), response(WRONG_PASSWORD));
    for (response, code) in [(&made.wrong_login, 535), (&made.login, 235)] {
        let mut client = soon(SmtpClient::connect(visit.submission)).await.unwrap();
        soon(client.ehlo("client.test")).await.unwrap();
        soon(client.starttls()).await.unwrap();
        soon(client.ehlo("client.test")).await.unwrap();
        let line = format!("AUTH PLAIN {response}");
        assert_eq!(soon(client.command(&line)).await.unwrap().code, code);
    }
    // In the clear too; laptop mode takes it.
    let mut client = soon(SmtpClient::connect(visit.submission)).await.unwrap();
    soon(client.ehlo("client.test")).await.unwrap();
    let line = format!("AUTH PLAIN {}", made.login);
    soon(client.command(&line)).await.unwrap();
}
