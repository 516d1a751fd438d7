//! Sending: where mail goes, what is told about it, and what cannot be smuggled into it.

use serde_json::{Value, json};
use testkit::{HookSink, Reaction};

use crate::listener::Listener;
use crate::world::{World, column, each_engine, has_label};

const INVALID: (u16, &str) = (400, "validation_error");

#[tokio::test]
async fn mail_to_outside_people_is_held_in_the_sandbox_and_said_to_be() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut listener = Listener::to(world, json!({})).await;
        let body = json!({"to": ["Bob <bob@outside.test>", "carol@elsewhere.test"], "bcc": "dan@outside.test",
            "subject": "Hi", "text": "Hello.", "labels": ["Mine"]});
        let id = world.send(&inbox, body).await;
        let sent = world.message(&inbox, &id).await;
        assert!(has_label(&sent, "sent") && has_label(&sent, "mine") && !has_label(&sent, "unread"), "{sent}");
        assert_eq!(sent["bcc"], json!(["dan@outside.test"]));

        let mut held = Vec::new();
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.sent");
        assert_eq!(event["send"]["message_id"], id.as_str());
        assert_eq!(event["send"]["recipients"].as_array().unwrap().len(), 3);
        while held.len() < 3 {
            let event = listener.event().await;
            assert_eq!(event["event_type"], "message.delivered", "{event}");
            assert_eq!(event["sandbox"], true, "{event}");
            let list = event["delivery"]["recipients"].as_array().unwrap();
            held.extend(list.iter().map(|to| to.as_str().unwrap().to_owned()));
        }
        held.sort();
        assert_eq!(held, ["bob@outside.test", "carol@elsewhere.test", "dan@outside.test"]);
        let message = world.labelled(&inbox, &id, "delivered-in-sandbox").await;
        assert!(!has_label(&message, "delivered"), "{message}");
        let raw = world.raw(&inbox, &id).await;
        let raw = String::from_utf8(raw).unwrap();
        assert!(!raw.contains("dan@"), "{raw}");
        assert!(!raw.to_lowercase().contains("\nbcc:"), "{raw}");
    })
    .await;
}

#[tokio::test]
async fn mail_between_inboxes_arrives_and_threads_on_both_sides() {
    each_engine(async |world| {
        let (a, b, c) = (world.inbox().await, world.inbox().await, world.inbox().await);
        let body = json!({"to": format!("B <{}>", b.to_uppercase()), "bcc": c, "subject": "Plan", "text": "Shall we?"});
        let first = world.send(&a, body).await;
        let there = world.arrived(&b, 1).await;
        assert_eq!(there[0]["message_id"], first.as_str());
        assert!(has_label(&there[0], "unread") && has_label(&there[0], "received"), "{there:?}");
        let blind = world.arrived(&c, 1).await;
        assert!(blind[0].get("bcc").is_none(), "{blind:?}");
        world.labelled(&a, &first, "delivered").await;

        let path = format!("{}/reply", crate::world::message_path(&b, &first));
        let answer = world.post(&path, json!({"text": "Yes."})).await;
        assert_eq!(answer["thread_id"], there[0]["thread_id"]);
        let back = world.arrived(&a, 2).await;
        assert_eq!(back[0]["thread_id"], back[1]["thread_id"]);
        assert_eq!(back[0]["in_reply_to"], first.as_str());
        let got = world.message(&a, back[0]["message_id"].as_str().unwrap()).await;
        assert_eq!(got["extracted_text"].as_str().unwrap().trim(), "Yes.");
        assert_ne!(back[0]["thread_id"], there[0]["thread_id"]);
        // Both have exactly the same bytes.
        assert!(world.raw(&a, &first).await == world.raw(&b, &first).await);
    })
    .await;
}

#[tokio::test]
async fn mail_to_nobody_here_bounces_and_mail_to_oneself_arrives() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut listener = Listener::to(world, json!({"event_types": ["message.bounced"]})).await;
        let other = world.inbox().await;
        let body = json!({"to": ["ghost@mailroost.localhost", other], "text": "x"});
        let id = world.send(&inbox, body).await;
        let event = listener.event().await;
        assert_eq!(event["bounce"]["message_id"], id.as_str());
        assert_eq!(event["bounce"]["type"], "Permanent");
        assert_eq!(
            event["bounce"]["recipients"][0]["address"],
            "ghost@mailroost.localhost"
        );
        let message = world.labelled(&inbox, &id, "bounced").await;
        assert!(has_label(&message, "delivered"), "{message}");
        world.arrived(&other, 1).await;

        let id = world
            .send(
                &inbox,
                json!({"to": inbox, "subject": "Note", "text": "Me."}),
            )
            .await;
        let own = crate::world::eventually(async || {
            let list = world
                .messages(&inbox, "?subject=note&labels=received")
                .await;
            list.first().cloned()
        })
        .await;
        let sent = world.message(&inbox, &id).await;
        assert_ne!(own["message_id"], sent["message_id"]);
        assert!(
            has_label(&sent, "sent") && !has_label(&sent, "received"),
            "{sent}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_message_has_1_to_50_recipients() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        let people = |from: usize, to: usize| -> Vec<String> {
            (from..to).map(|n| format!("p{n}@outside.test")).collect()
        };
        let body =
            json!({"to": people(0, 20), "cc": people(20, 40), "bcc": people(40, 50), "text": "x"});
        let id = world.post(&send, body).await["message_id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            world.message(&inbox, &id).await["to"]
                .as_array()
                .unwrap()
                .len(),
            20
        );
        let body =
            json!({"to": people(0, 20), "cc": people(20, 40), "bcc": people(40, 51), "text": "x"});
        world.refused("POST", &send, body, INVALID).await;
        for body in [
            json!({}),
            json!({"to": [], "text": "x"}),
            json!({"subject": "x"}),
        ] {
            let told = world.refused("POST", &send, body, INVALID).await;
            assert_eq!(told["message"], "to, cc, or bcc must be specified");
        }
        // Everything but a recipient may be left out.
        world.post(&send, json!({"cc": "a@outside.test"})).await;
        assert_eq!(world.messages(&inbox, "").await.len(), 2);
    })
    .await;
}

/// Bodies that try to write a header of their own, each in another field.
fn injections() -> Vec<Value> {
    let to = "bob@outside.test";
    let mut bodies = Vec::new();
    for evil in [
        "x\r\nX-Evil: 1",
        "x\nX-Evil: 1",
        "x\rX-Evil: 1",
        "x\u{0}\nX-Evil: 1",
        "x\r\n\r\nX-Evil: 1",
        "x\u{85}X-Evil: 1",
        "x\u{2028}\nX-Evil: 1",
    ] {
        bodies.extend([
            json!({"to": format!("{evil} <{to}>")}),
            json!({"to": format!("bob@outside.test{evil}")}),
            json!({"to": to, "cc": format!("\"{evil}\" <{to}>")}),
            json!({"to": to, "bcc": evil}),
            json!({"to": to, "reply_to": format!("{evil} <{to}>")}),
            json!({"to": to, "subject": evil}),
            json!({"to": to, "headers": {"X-Own": evil}}),
            json!({"to": to, "headers": {evil: "x"}}),
            json!({"to": to, "labels": evil}),
        ]);
        for field in [
            "filename",
            "content_id",
            "content_type",
            "content_disposition",
        ] {
            bodies.push(json!({"to": to, "attachments": [{"content": "eA==", field: evil}]}));
            bodies.push(json!({"to": to, "text": "t", "html": "<p>h</p>",
                "attachments": [{"content": "eA==", "content_disposition": "inline", field: evil}]}));
        }
    }
    for name in [
        "From",
        "to",
        "Bcc",
        "Message-ID",
        "Date",
        "Content-Type",
        "MIME-Version",
        "Received",
        "Return-Path",
        "DKIM-Signature",
        "Sender",
        "",
        "a b",
        "a:b",
        "é",
    ] {
        bodies.push(json!({"to": to, "headers": {name: "x"}}));
    }
    bodies
}

#[tokio::test]
async fn no_field_can_become_a_header() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        for body in injections() {
            let answer = world.call("POST", &send, &body).await;
            if answer.status != 200 {
                assert_eq!(answer.status, 400, "{body}: {answer:?}");
                continue;
            }
            let id = answer.json()["message_id"].as_str().unwrap().to_owned();
            let raw = String::from_utf8(world.raw(&inbox, &id).await).unwrap();
            let bare = raw.replace("\r\n", "");
            assert!(!bare.contains(['\r', '\n', '\0']), "{body}: {raw:?}");
            for line in raw.lines() {
                assert!(!line.trim_start().starts_with("X-Evil"), "{body}: {raw}");
                assert!(line.len() <= 998, "{body}: {raw}");
            }
            let head = raw.split("\r\n\r\n").next().unwrap().to_lowercase();
            for once in ["from:", "to:", "message-id:", "date:", "mime-version:"] {
                let count = head.lines().filter(|line| line.starts_with(once)).count();
                assert_eq!(count, 1, "{once} in {raw}");
            }
            let shown = world.message(&inbox, &id).await;
            assert!(shown["headers"].get("X-Evil").is_none(), "{shown}");
        }
    })
    .await;
}

#[tokio::test]
async fn attachments_leave_and_arrive_byte_for_byte() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let body = json!({"to": b, "subject": "Files ✉", "text": "See.", "html": "<img src=\"cid:logo\">",
            "headers": {"X-Ticket": "77"}, "reply_to": "desk@outside.test", "attachments": [
            {"filename": "Übersicht \"2026\".pdf", "content": data_encoding::BASE64.encode(&bytes)},
            {"filename": "logo.png", "content": "eA==", "content_disposition": "inline", "content_id": "logo"},
            {"filename": "empty.txt", "content": ""},
        ]});
        let id = world.send(&a, body).await;
        world.arrived(&b, 1).await;
        for inbox in [&a, &b] {
            let message = world.message(inbox, &id).await;
            assert_eq!(message["subject"], "Files ✉");
            assert_eq!(message["headers"]["X-Ticket"], "77");
            assert_eq!(message["reply_to"], json!(["desk@outside.test"]));
            let parts = message["attachments"].as_array().unwrap();
            let mut names = column(parts, "filename");
            names.sort();
            assert_eq!(names, ["empty.txt", "logo.png", "Übersicht \"2026\".pdf"], "{message}");
            for part in parts {
                let wanted: &[u8] = match part["filename"].as_str().unwrap() {
                    "logo.png" => {
                        assert_eq!((&part["content_id"], &part["content_disposition"]), (&json!("logo"), &json!("inline")));
                        b"x"
                    }
                    "empty.txt" => b"",
                    _ => {
                        assert_eq!(part["content_type"], "application/pdf");
                        &bytes
                    }
                };
                file_is(world, inbox, &message, part, wanted).await;
            }
        }
        let send = format!("/v0/inboxes/{a}/messages/send");
        for part in [json!({}), json!({"content": "x", "url": "https://x.test/"}), json!({"content": "?"}),
            json!({"content": "eA==", "content_disposition": "other"})] {
            world.refused("POST", &send, json!({"to": "x@outside.test", "attachments": [part]}), INVALID).await;
        }
        let body = json!({"to": "x@outside.test", "attachments": [{"url": "http://127.0.0.1/"}]});
        world.refused("POST", &send, body, (403, "message_rejected")).await;
    })
    .await;
}

#[tokio::test]
async fn attachments_by_url_are_fetched_and_every_hop_is_checked() {
    each_engine(async |world| {
        let (a, sink) = (world.inbox().await, HookSink::start().await.unwrap());
        let send = format!("/v0/inboxes/{a}/messages/send");
        let body = |path: &str| json!({"to": "x@outside.test", "text": "x", "attachments": [{"url": sink.url(path)}]});
        let file = Reaction::answer(200, "Content-Type: text/csv; charset=utf-8\r\n", "a,b\r\n");
        let to = |url: &str| Reaction::answer(302, &format!("Location: {url}\r\n"), "");
        sink.then([to("/x/report.csv"), to("report.csv?t=1"), file]);
        let id = world.send(&a, body("/start")).await;
        let message = world.message(&a, &id).await;
        let part = &message["attachments"][0];
        assert_eq!((&part["filename"], &part["content_type"]), (&json!("report.csv"), &json!("text/csv")));
        file_is(world, &a, &message, part, b"a,b\r\n").await;
        let huge = format!("HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n", 40 << 20);
        let huge = [huge.into_bytes(), vec![b'x'; 31 << 20]].concat();
        for (reactions, told) in [
            (vec![Reaction::status(404)], "404"),
            (vec![Reaction::Reset], "127.0.0.1"),
            (vec![to("http://169.254.169.254/latest/meta-data/")], "169.254.169.254"),
            (vec![to("file:///etc/passwd")], "not one of http"),
            (vec![to("/1"), to("/2"), to("/3"), to("/4")], "redirects too often"),
            (vec![Reaction::Answer(huge)], "30 MiB"),
        ] {
            sink.then(reactions);
            let error = world.refused("POST", &send, body("/secret-path"), (403, "message_rejected")).await;
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(told) && !message.contains("secret-path"), "{message}");
        }
        let nonsense = json!({"to": "x@outside.test", "attachments": [{"url": "not a url"}]});
        world.refused("POST", &send, nonsense, INVALID).await;
    })
    .await;
}

/// Fetches an attachment by way of its message and by way of its thread.
async fn file_is(world: &World, inbox: &str, message: &Value, part: &Value, wanted: &[u8]) {
    assert_eq!(part["size"], wanted.len(), "{part}");
    let (id, thread) = (
        message["message_id"].as_str().unwrap(),
        message["thread_id"].as_str().unwrap(),
    );
    let file = part["attachment_id"].as_str().unwrap();
    for path in [
        format!(
            "{}/attachments/{file}",
            crate::world::message_path(inbox, id)
        ),
        format!("/v0/inboxes/{inbox}/threads/{thread}/attachments/{file}"),
        format!("/v0/threads/{thread}/attachments/{file}"),
    ] {
        let link = world.get(&path).await;
        assert_eq!(link["filename"], part["filename"]);
        let url = link["download_url"].as_str().unwrap();
        let got = world.download(url).await;
        assert!(got.body == wanted, "{path}");
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        assert!(
            got.header("content-disposition")
                .unwrap()
                .starts_with("attachment")
        );
        let (base, token) = url.rsplit_once('/').unwrap();
        let forged = [
            format!("{base}/{}A", &token[..token.len() - 1]),
            format!("{base}/x"),
            format!("{base}/{token}A"),
            format!("{base}/{}", &token[1..]),
        ];
        for link in forged.iter().filter(|link| *link != url) {
            let refused = world.download(link).await;
            assert_eq!(refused.status, 404, "{link}");
            assert!(refused.json()["fix"].is_string());
        }
    }
}

#[tokio::test]
async fn an_attachment_of_25_mb_is_sent_as_json_and_arrives_whole() {
    each_engine(async |world| {
        let (a, b) = (world.inbox().await, world.inbox().await);
        let line = |n: usize| format!("{:063}\n", (n * 7_919) % 999_983);
        let file: String = (0..25_000_000 / 64).map(line).collect();
        let part = json!({"filename": "big.bin", "content": data_encoding::BASE64.encode(file.as_bytes())});
        let id = world.send(&a, json!({"to": b, "text": "Big.", "attachments": [part]})).await;
        world.arrived(&b, 1).await;
        let message = world.message(&b, &id).await;
        file_is(world, &b, &message, &message["attachments"][0], file.as_bytes()).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_arrives_though_its_copy_is_deleted_at_once() {
    each_engine(async |world| {
        let (from, to) = (world.inbox().await, world.inbox().await);
        for n in 0..20 {
            let body = json!({"to": to, "subject": format!("{n}"), "text": "x"});
            let id = world.send(&from, body).await;
            world.delete(&crate::world::message_path(&from, &id)).await;
        }
        let arrived = world.arrived(&to, 20).await;
        let mut subjects: Vec<usize> = column(&arrived, "subject")
            .iter()
            .map(|n| n.parse().unwrap())
            .collect();
        subjects.sort_unstable();
        assert_eq!(subjects, (0..20).collect::<Vec<_>>());
        assert_eq!(world.messages(&from, "").await.len(), 0);
    })
    .await;
}
