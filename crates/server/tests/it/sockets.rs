//! The WebSocket: what is heard, by whom, in which order, and what is never lost.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::listener::Listener;
use crate::running::ADMIN_KEY;
use crate::world::{World, each_engine, letter, message_path};

async fn received(world: &World, inbox: &str, id: &str) {
    world.mail(inbox, letter(inbox, id, "S", "Hello.")).await;
}

fn id_of(event: &Value) -> &str {
    event["message"]["message_id"].as_str().unwrap()
}

#[tokio::test]
async fn an_event_is_the_message_and_the_thread_as_they_are_read() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut listener = Listener::to(
            world,
            json!({"inbox_ids": [inbox], "event_types": ["message.received"]}),
        )
        .await;
        received(world, &inbox, "a@outside.test").await;
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.received");
        assert!(event["event_id"].is_string());
        assert_eq!(
            event["message"],
            world.message(&inbox, "<a@outside.test>").await
        );
        let list = world.get("/v0/threads").await;
        assert_eq!(event["thread"], list["threads"][0]);
    })
    .await;
}

#[tokio::test]
async fn the_answer_to_a_subscription_echoes_it_and_comes_before_its_events() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut listener = Listener::connect(world, ADMIN_KEY).await.ok().unwrap();
        let request = json!({"inbox_ids": [inbox], "event_types": ["message.received"]});
        let pouring = async {
            for n in 0..20 {
                received(world, &inbox, &format!("{n}@outside.test")).await;
            }
        };
        let (ack, ()) = tokio::join!(listener.subscribe(request.clone()), pouring);
        assert_eq!(ack["type"], "subscribed");
        assert!(ack["organization_id"].is_string());
        for field in ["inbox_ids", "event_types"] {
            assert_eq!(ack[field], request[field]);
        }
        received(world, &inbox, "last@outside.test").await;
        // Those that came after it, in their order and each once.
        let mut heard = Vec::new();
        while heard.last().is_none_or(|id| id != "<last@outside.test>") {
            heard.push(id_of(&listener.event().await).to_owned());
        }
        let all: Vec<String> = (0..20).map(|n| format!("<{n}@outside.test>")).collect();
        let expected = &all[all.len() - (heard.len() - 1)..];
        assert_eq!(&heard[..heard.len() - 1], expected);
    })
    .await;
}

#[tokio::test]
async fn subscriptions_filter_add_up_and_are_taken_back() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let mut of_a = Listener::to(world, json!({"inbox_ids": [a]})).await;
        let mut sent = Listener::to(world, json!({"event_types": ["message.sent"]})).await;
        let mut all = Listener::to(world, json!({})).await;
        received(world, &b, "1@outside.test").await;
        received(world, &a, "2@outside.test").await;
        let id = world
            .send(&b, json!({"to": "bob@outside.test", "text": "x"}))
            .await;
        // The first thing each hears is the first that it asked for.
        assert_eq!(id_of(&of_a.event().await), "<2@outside.test>");
        let event = sent.event().await;
        assert_eq!(
            (&event["event_type"], &event["send"]["message_id"]),
            (&json!("message.sent"), &json!(id))
        );
        assert_eq!(id_of(&all.event().await), "<1@outside.test>");
        assert_eq!(id_of(&all.event().await), "<2@outside.test>");

        let more = of_a
            .subscribe(json!({"inbox_ids": [b], "event_types": ["message.received"]}))
            .await;
        assert_eq!(more["type"], "subscribed");
        received(world, &b, "3@outside.test").await;
        assert_eq!(id_of(&of_a.event().await), "<3@outside.test>");
        let less = of_a
            .ask(
                "unsubscribe",
                json!({"inbox_ids": [b], "event_types": ["message.received"]}),
            )
            .await;
        assert_eq!(less["type"], "unsubscribed");
        received(world, &b, "4@outside.test").await;
        received(world, &a, "5@outside.test").await;
        assert_eq!(id_of(&of_a.event().await), "<5@outside.test>");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_told_and_the_socket_goes_on() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut listener = Listener::connect(world, ADMIN_KEY).await.ok().unwrap();
        for (request, code) in [
            (
                json!({"inbox_ids": ["ghost@mailroost.localhost"]}),
                "not_found",
            ),
            (json!({"inbox_ids": ["no address"]}), "not_found"),
            (json!({"pod_ids": ["7"]}), "not_found"),
            (json!({"event_types": ["message.lost"]}), "validation_error"),
            (json!({"event_types": "message.sent"}), "validation_error"),
            (json!({"inbox_ids": {"a": 1}}), "validation_error"),
        ] {
            let told = listener.subscribe(request.clone()).await;
            assert_eq!(
                (&told["type"], &told["code"]),
                (&json!("error"), &json!(code)),
                "{request}: {told}"
            );
        }
        for text in ["", "[]", "{", "\u{0}", &"[".repeat(50_000)] {
            listener.say(text).await;
            let told = listener.frame().await.unwrap();
            assert_eq!(told["code"], "validation_error", "{text:.20}: {told}");
        }
        assert_eq!(
            listener.ask("fly", json!({})).await,
            json!({"message": "Forbidden"})
        );
        listener
            .subscribe(json!({"inbox_ids": [inbox.to_uppercase()]}))
            .await;
        received(world, &inbox, "a@outside.test").await;
        assert_eq!(id_of(&listener.event().await), "<a@outside.test>");
        for _ in 1..100 {
            assert_eq!(listener.subscribe(json!({})).await["type"], "subscribed");
        }
        assert_eq!(
            listener.subscribe(json!({})).await["code"],
            "limit_exceeded"
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_comes_by_header_or_query_and_a_bad_one_ends_at_the_handshake() {
    each_engine(async |world| {
        let base = format!("ws://{}", world.server.http);
        for path in [
            format!("/v0?api_key={ADMIN_KEY}"),
            format!("/v0?auth_token={ADMIN_KEY}"),
            format!("/v0/v0?api_key={ADMIN_KEY}"),
        ] {
            let mut listener = Listener::open(&format!("{base}{path}"), None)
                .await
                .ok()
                .unwrap();
            assert_eq!(listener.subscribe(json!({})).await["type"], "subscribed");
        }
        for (path, key) in [
            ("/v0", None),
            ("/v0", Some("am_us_x")),
            ("/v0?api_key=am_us_x", None),
            ("/v0?api_key=", None),
        ] {
            assert_eq!(
                Listener::open(&format!("{base}{path}"), key).await.err(),
                Some(401),
                "{path}"
            );
        }
        assert_eq!(
            Listener::open(&format!("{base}/v0/inboxes"), Some(ADMIN_KEY))
                .await
                .err(),
            Some(200)
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_of_one_inbox_hears_that_inbox_only() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let (key, _) = world.key(Some(&a), json!({})).await;
        let mut listener = Listener::connect(world, &key).await.ok().unwrap();
        assert_eq!(
            listener.subscribe(json!({"inbox_ids": [b]})).await["code"],
            "not_found"
        );
        listener.subscribe(json!({})).await;
        received(world, &b, "1@outside.test").await;
        world.send(&b, json!({"to": "x@outside.test"})).await;
        received(world, &a, "2@outside.test").await;
        assert_eq!(id_of(&listener.event().await), "<2@outside.test>");
        // And goes on hearing it after its key was looked at again.
        #[expect(
            clippy::disallowed_methods,
            reason = "the server looks on the real clock"
        )]
        let begun = std::time::Instant::now();
        for n in 3.. {
            received(world, &a, &format!("{n}@outside.test")).await;
            assert_eq!(
                id_of(&listener.event().await),
                format!("<{n}@outside.test>")
            );
            if begun.elapsed() > std::time::Duration::from_secs(4) {
                break;
            }
        }
    })
    .await;
}

/// Mail whose event would be larger than 1 MiB, each for another reason.
fn large_mail() -> Vec<String> {
    let long = |n: usize| "n".repeat(n);
    let people: String = (0..90)
        .map(|n| format!("\"{}\" <p{n}@outside.test>,\r\n ", long(20_000)))
        .collect();
    let files: String = (0..900)
        .map(|n| {
            let (name, kind) = (long(250), long(2_000));
            format!(
                "--b\r\nContent-Type: application/{kind}\r\nContent-ID: <{kind}@x>\r\n\
                 Content-Disposition: attachment; filename=\"{n}{name}\"\r\n\r\nx\r\n"
            )
        })
        .collect();
    vec![
        format!(
            "Subject: {}\r\nTo: {}x@outside.test\r\nX-Long: {}\r\n\r\n{}",
            "\u{1}\"s".repeat(20_000),
            "\"a, b\" <p@outside.test>, ".repeat(5_000),
            "\u{1}".repeat(200_000),
            format!("{}\r\n", "\u{1}\"é".repeat(20)).repeat(100_000)
        ),
        // Six octets of JSON for each of the mail's.
        format!("\r\n{}\r\n", "\u{1}\u{2} \u{3}\u{4}".repeat(24_000)),
        format!(
            "From: \"{}\" <a@outside.test>\r\n\r\nx\r\n",
            long(2_000_000)
        ),
        format!("From: {}@outside.test\r\n\r\nx\r\n", long(2_000_000)),
        format!("To: {people}x@outside.test\r\n\r\nx\r\n"),
        format!("Reply-To: {people}x@outside.test\r\nCc: {people}x@outside.test\r\n\r\nx\r\n"),
        format!(
            "References: {}\r\n\r\nx\r\n",
            format!("<{}@x>\r\n ", long(900)).repeat(2_000)
        ),
        format!(
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{files}--b--\r\n"
        ),
    ]
}

#[tokio::test]
async fn a_large_mail_makes_a_frame_that_every_client_takes() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut listener = Listener::to(world, json!({})).await;
        for (n, raw) in large_mail().into_iter().enumerate() {
            let raw = format!("Message-ID: <{n}@outside.test>\r\n{raw}");
            world.mail(&inbox, raw).await;
            let frame = listener.text().await.unwrap();
            assert!(frame.len() < 1 << 20, "{n}: {}", frame.len());
            let event: Value = serde_json::from_str(&frame).unwrap();
            assert_eq!(id_of(&event), format!("<{n}@outside.test>"));
        }
        let large = world.get(&message_path(&inbox, "<0@outside.test>")).await;
        assert!(large["text"].as_str().unwrap().len() > 8_000_000);
        // Nor can such mail make a list that nobody can read.
        let list = json!(world.messages(&inbox, "").await).to_string();
        assert!(list.len() < 2 << 20, "{}", list.len());
    })
    .await;
}

/// What a listener heard so far.
#[derive(Default)]
struct Heard {
    mails: BTreeSet<(String, usize)>,
    events: BTreeSet<String>,
    newest: usize,
}

impl Heard {
    /// The next event: of no mail that was heard of, and of none older than the last.
    fn take(&mut self, event: &Value) {
        let id = id_of(event).trim_matches(['<', '>']);
        let n: usize = id.split('@').next().unwrap().parse().unwrap();
        assert!(n >= self.newest, "{n} after {}", self.newest);
        self.newest = n;
        let inbox = event["message"]["inbox_id"].as_str().unwrap();
        assert!(self.mails.insert((inbox.to_owned(), n)), "{n} came twice");
        let id = event["event_id"].as_str().unwrap();
        assert!(self.events.insert(id.to_owned()), "{id} came twice");
    }
}

#[tokio::test]
async fn a_slow_reader_gets_thousands_of_events_each_once_and_in_order() {
    each_engine(async |world| {
        const INBOXES: usize = 40;
        const MAILS: usize = 60;
        let mut inboxes = Vec::new();
        for _ in 0..INBOXES {
            inboxes.push(world.inbox().await);
        }
        let all: Vec<&str> = inboxes.iter().map(String::as_str).collect();
        let mut slow = Listener::to(world, json!({})).await;
        let (key, _) = world.key(Some(&inboxes[3]), json!({})).await;
        let mut narrow = Listener::connect(world, &key).await.ok().unwrap();
        narrow
            .subscribe(json!({"event_types": ["message.received"]}))
            .await;
        let text = "Words that fill the frame. ".repeat(400);
        let mut heard = Heard::default();
        for n in 0..MAILS {
            let id = format!("{n}@outside.test");
            let raw = letter("all@outside.test", &id, "S", &text);
            let reply = world.hand_in("ann@outside.test", &all, raw).await;
            assert_eq!(reply.code, 250, "{reply}");
            // Behind, and more so with every mail, but not silent: that would end the connection.
            for _ in 0..5 {
                heard.take(&slow.event().await);
            }
        }
        while heard.mails.len() < INBOXES * MAILS {
            heard.take(&slow.event().await);
        }
        for n in 0..MAILS {
            assert_eq!(id_of(&narrow.event().await), format!("<{n}@outside.test>"));
        }
    })
    .await;
}
