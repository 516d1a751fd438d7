//! The doors for submission: who is let in, and that mail handed in there leaves like mail sent
//! through the API.

use std::net::SocketAddr;
use std::sync::Arc;

use data_encoding::BASE64;
use mail::Address;
use serde_json::{Value, json};
use smtp::client::{Client, Connection, Credentials, Mail, Outcome, Security, Terms, Timeouts};
use sys::{SystemClock, TlsClient, Trust};
use testkit::{ClientReply, SmtpClient};

use crate::database::{Data, engines};
use crate::listener::Listener;
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::timeline;
use crate::world::{World, column, has_label, well_ended};

/// Where the two doors are.
struct Doors {
    starttls: SocketAddr,
    tls: SocketAddr,
}

async fn each_engine(test: impl AsyncFn(&World, &Doors)) {
    for engine in engines() {
        let data = Data::new(engine);
        let mut command = serve(&data);
        command.env("MAILROOST_API_KEY", ADMIN_KEY);
        command.args(["--max-message-size", "64 KiB"]);
        command.args(["--submission", "127.0.0.1:0"]);
        command.args(["--submissions", "127.0.0.1:0"]);
        let mut server = Running::from(&mut command).await;
        let mut door = async || {
            let line = server.said(|line| line.contains("Submit")).await;
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let doors = Doors {
            starttls: door().await,
            tls: door().await,
        };
        let world = World { server, data };
        Box::pin(test(&world, &doors)).await;
        well_ended(world.server).await;
    }
}

/// A session after STARTTLS and EHLO.
async fn session(doors: &Doors) -> SmtpClient {
    let mut client = soon(SmtpClient::connect(doors.starttls)).await.unwrap();
    soon(client.ehlo("client.test")).await.unwrap();
    soon(client.starttls()).await.unwrap();
    let hello = soon(client.ehlo("client.test")).await.unwrap();
    assert!(
        hello.lines.contains(&"AUTH PLAIN LOGIN".to_owned()),
        "{hello:?}"
    );
    client
}

async fn log_in(client: &mut SmtpClient, user: &str, password: &str) -> ClientReply {
    let response = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
    soon(client.command(&format!("AUTH PLAIN {response}")))
        .await
        .unwrap()
}

/// A session that has logged in as `inbox`.
async fn logged_in(doors: &Doors, inbox: &str) -> SmtpClient {
    let mut client = session(doors).await;
    let reply = log_in(&mut client, inbox, ADMIN_KEY).await;
    assert_eq!(reply.code, 235, "{reply}");
    client
}

async fn hand_in(client: &mut SmtpClient, from: &str, to: &[&str], raw: &str) -> ClientReply {
    soon(client.send(from, to, raw.as_bytes())).await.unwrap()
}

#[tokio::test]
async fn what_is_handed_in_leaves_like_mail_of_the_api() {
    each_engine(async |world, doors| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let mut listener = Listener::to(world, json!({"event_types": ["message.sent"]})).await;
        let mut client = logged_in(doors, &a.to_uppercase()).await;
        let raw = format!(
            "From: Agent <{a}>\r\nTo: B <{b}>, ann@outside.test\r\nBcc: dan@outside.test\r\n\
             Subject: Plan\r\nMessage-ID: <plan@lib.test>\r\n\r\n.Shall we?\r\n"
        );
        let to = [b.as_str(), "ann@outside.test", "dan@outside.test"];
        let reply = hand_in(&mut client, &a, &to, &raw).await;
        assert_eq!(reply.to_string(), "250 2.0.0 Sent as <plan@lib.test>");

        let event = listener.event().await;
        assert_eq!(event["send"]["message_id"], "<plan@lib.test>");
        assert_eq!(event["send"]["recipients"].as_array().unwrap().len(), 3);
        let sent = world.message(&a, "plan@lib.test").await;
        assert!(has_label(&sent, "sent") && !has_label(&sent, "unread"), "{sent}");
        assert_eq!(sent["bcc"], json!(["dan@outside.test"]));
        assert_eq!(sent["subject"], "Plan");
        let there = world.arrived(&b, 1).await;
        assert!(has_label(&there[0], "unread") && !has_label(&there[0], "unauthenticated"));

        let bytes = world.raw(&a, "plan@lib.test").await;
        assert!(world.raw(&b, "plan@lib.test").await == bytes);
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("dan@") && !text.contains("127.0.0.1"), "{text}");
        assert!(text.contains("Received: from submission") && text.contains("ESMTPSA"), "{text}");
        assert!(text.contains("\r\nDate: ") && text.ends_with("\r\n\r\n.Shall we?\r\n"), "{text}");

        // An answer over SMTP joins the thread.
        let mut client = logged_in(doors, &b).await;
        let raw = format!(
            "From: {b}\r\nTo: {a}\r\nSubject: Re: Plan\r\nIn-Reply-To: <plan@lib.test>\r\n\r\nYes.\r\n"
        );
        assert_eq!(hand_in(&mut client, &b, &[&a], &raw).await.code, 250);
        let back = world.arrived(&a, 2).await;
        assert_eq!(back[0]["thread_id"], back[1]["thread_id"]);
        let own = world.messages(&b, "").await;
        assert_eq!(own[0]["thread_id"], own[1]["thread_id"]);
    })
    .await;
}

#[tokio::test]
async fn only_a_key_that_may_send_from_the_inbox_is_let_in() {
    each_engine(async |world, doors| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let (own, _) = world.key(Some(&inbox), json!({"name": "own"})).await;
        let reading = json!({"name": "reads", "permissions": {"message_read": true}});
        let (reading, _) = world.key(Some(&inbox), reading).await;
        for (user, password, code) in [
            (inbox.as_str(), own.as_str(), "235 2.7.0"),
            (&inbox, ADMIN_KEY, "235 2.7.0"),
            (&other, &own, "535 5.7.8"),
            (&inbox, &reading, "535 5.7.8"),
            (&inbox, "am_us_wrong", "535 5.7.8"),
            ("nobody@mailroost.localhost", ADMIN_KEY, "535 5.7.8"),
            ("admin", ADMIN_KEY, "535 5.7.8"),
        ] {
            let mut client = session(doors).await;
            let reply = log_in(&mut client, user, password).await;
            assert!(reply.to_string().starts_with(code), "{user}: {reply}");
            let mail = soon(client.command(&format!("MAIL FROM:<{user}>")))
                .await
                .unwrap();
            let allowed = code.starts_with('2');
            assert_eq!(mail.code == 250, allowed, "{user}: {mail}");
        }
        // A stranger who knows no key cannot tell which inboxes there are.
        let mut client = session(doors).await;
        let known = log_in(&mut client, &inbox, "am_us_wrong").await;
        assert_eq!(
            log_in(&mut client, "nobody@mailroost.localhost", "am_us_wrong").await,
            known
        );
        // The door for mail from the world has no logins at all.
        let mut outside = world.smtp().await;
        assert_eq!(log_in(&mut outside, &inbox, &own).await.code, 502);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_revoked_sends_nothing_more_over_an_open_session() {
    each_engine(async |world, doors| {
        let inbox = world.inbox().await;
        let (key, id) = world.key(Some(&inbox), json!({"name": "own"})).await;
        let mut client = session(doors).await;
        assert_eq!(log_in(&mut client, &inbox, &key).await.code, 235);
        let raw = format!("From: {inbox}\r\n\r\nx\r\n");
        let to = ["ann@outside.test"];
        assert_eq!(hand_in(&mut client, &inbox, &to, &raw).await.code, 250);
        world
            .delete(&format!("/v0/inboxes/{inbox}/api-keys/{id}"))
            .await;
        let reply = hand_in(&mut client, &inbox, &to, &raw).await;
        assert!(reply.to_string().starts_with("550 5.7.1"), "{reply}");
        assert_eq!(world.messages(&inbox, "").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_inbox_speaks_for_itself_alone_and_obeys_the_rules_of_sending() {
    each_engine(async |world, doors| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let barred = json!({"entry": "bob@barred.test"});
        world.post("/v0/lists/send/block", barred).await;
        let plain = format!("From: {inbox}\r\n\r\nx\r\n");
        let large = format!("From: {inbox}\r\n\r\n{}", "x\r\n".repeat(30_000));
        let to = "ann@outside.test";
        let cases = [
            (other.as_str(), to, plain.clone(), "550 5.7.1"),
            ("ceo@bank.test", to, plain.clone(), "550 5.7.1"),
            ("", to, plain.clone(), "550 5.7.1"),
            (&inbox, to, format!("From: {other}\r\n\r\nx"), "550 5.7.1"),
            (
                &inbox,
                to,
                format!("From: {inbox}, {other}\r\n\r\nx"),
                "550 5.7.1",
            ),
            (
                &inbox,
                to,
                format!("From: {inbox}\r\nSender: {other}\r\n\r\nx"),
                "550 5.7.1",
            ),
            (
                &inbox,
                to,
                format!("From: {inbox}\r\nFrom: {other}\r\n\r\nx"),
                "554 5.6.0",
            ),
            (&inbox, to, "Subject: x\r\n\r\nx".to_owned(), "554 5.6.0"),
            (&inbox, "bob@barred.test", plain.clone(), "550 5.7.1"),
            (
                &inbox,
                "nobody@mailroost.localhost",
                plain.clone(),
                "550 5.1.1",
            ),
            (&inbox, to, large, "552 5.3.4"),
        ];
        let mut client = logged_in(doors, &inbox).await;
        for (from, to, raw, expected) in cases {
            let reply = hand_in(&mut client, from, &[to], &raw).await;
            assert!(
                reply.to_string().starts_with(expected),
                "{from} {raw:.100}: {reply}"
            );
        }
        world
            .patch(&format!("/v0/inboxes/{inbox}"), json!({"status": "paused"}))
            .await;
        let reply = hand_in(&mut client, &inbox, &[to], &plain).await;
        assert!(
            reply.to_string().contains("550 5.7.1 This inbox is paused"),
            "{reply}"
        );
        assert!(world.messages(&inbox, "").await.is_empty());
        world
            .patch(&format!("/v0/inboxes/{inbox}"), json!({"status": "active"}))
            .await;
        assert_eq!(hand_in(&mut client, &inbox, &[to], &plain).await.code, 250);
    })
    .await;
}

#[tokio::test]
async fn a_message_handed_in_again_is_sent_once_and_to_others_again() {
    each_engine(async |world, doors| {
        let inbox = world.inbox().await;
        let raw = format!("From: {inbox}\r\nMessage-ID: <once@lib.test>\r\n\r\nx\r\n");
        let mut client = logged_in(doors, &inbox).await;
        let first = hand_in(&mut client, &inbox, &["ann@outside.test"], &raw).await;
        let again = hand_in(&mut client, &inbox, &["ann@outside.test"], &raw).await;
        assert_eq!(first.to_string(), "250 2.0.0 Sent as <once@lib.test>");
        assert_eq!(again, first);
        assert_eq!(world.messages(&inbox, "").await.len(), 1);
        // A client with many recipients hands in the same message several times.
        let rest = hand_in(&mut client, &inbox, &["bob@outside.test"], &raw).await;
        assert!(rest.is_ok() && rest != first, "{rest}");
        let list: Vec<Value> = world.messages(&inbox, "").await;
        assert_eq!(list.len(), 2);
        assert!(column(&list, "message_id").contains(&"<once@lib.test>".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn our_own_client_hands_in_over_tls_from_the_first_byte() {
    each_engine(async |world, doors| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let client = Client {
            name: "client.test".into(),
            tls: TlsClient::new().unwrap(),
            clock: Arc::new(SystemClock),
            timeouts: Timeouts::default(),
        };
        let credentials = Credentials::new(&a, ADMIN_KEY);
        let terms = Terms {
            host: "mailroost.localhost",
            peer: doors.tls,
            security: Security::Implicit(Trust::Any),
            credentials: Some(&credentials),
        };
        #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
        let stream = soon(tokio::net::TcpStream::connect(doors.tls))
            .await
            .unwrap();
        let mut connection = soon(Connection::open(&client, stream, terms))
            .await
            .unwrap();
        let (from, to) = (Address::parse(&a).unwrap(), Address::parse(&b).unwrap());
        for subject in ["One", "Två"] {
            let raw = format!("From: {a}\r\nTo: {b}\r\nSubject: {subject}\r\n\r\nHello ü.\r\n");
            let mail = Mail {
                reverse_path: Some(&from),
                recipients: std::slice::from_ref(&to),
                raw: raw.as_bytes(),
                smtputf8: !subject.is_ascii(),
            };
            let outcomes = soon(connection.send(mail)).await;
            assert!(
                matches!(&outcomes[..], [Outcome::Accepted(_)]),
                "{outcomes:?}"
            );
        }
        soon(connection.quit()).await;
        let mut subjects = column(&world.arrived(&b, 2).await, "subject");
        subjects.sort();
        assert_eq!(subjects, ["One", "Två"]);
    })
    .await;
}

#[tokio::test]
async fn the_timeline_says_from_where_and_with_which_key() {
    each_engine(async |world, doors| {
        let inbox = world.inbox().await;
        let mut client = logged_in(doors, &inbox).await;
        let raw = format!(
            "From: {inbox}\r\nTo: ann@outside.test\r\nMessage-ID: <way@lib.test>\r\n\r\nHi\r\n"
        );
        let reply = hand_in(&mut client, &inbox, &["ann@outside.test"], &raw).await;
        assert_eq!(reply.code, 250, "{reply}");
        let told = timeline::of(world, &inbox, "<way@lib.test>").await;
        let first = &told["entries"][0];
        assert_eq!(first["kind"], "submitted");
        let origin = &first["origin"];
        assert_eq!(
            (&origin["way"], &origin["peer"], &origin["helo"]),
            (
                &json!("submission"),
                &json!("127.0.0.1"),
                &json!("client.test")
            )
        );
        assert_eq!(origin["protocol"], "ESMTPSA");
        assert!(origin["api_key_id"].is_string(), "{first}");
        let tls = origin["tls"].as_str().unwrap();
        assert!(tls.starts_with("TLSv1.3 TLS13_"), "{first}");
        // The bytes that leave still say nothing of where the agent runs.
        let sent = world.raw(&inbox, "<way@lib.test>").await;
        assert!(!String::from_utf8(sent).unwrap().contains("127.0.0.1"));
    })
    .await;
}
