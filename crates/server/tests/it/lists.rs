//! Lists of messages and threads: every filter, every encoding of lists, labels, pages.

use serde_json::{Value, json};

use crate::world::{World, column, each_engine, escaped, has_label, message_path};

/// Seven messages, newest last; gives the inbox.
async fn filled(world: &World) -> String {
    let inbox = world.inbox().await;
    let mail = [
        ("Ann Ärger <ann@outside.test>", "Invoice 100", "one"),
        ("Bob <bob@outside.test>", "invoice 200", "two"),
        ("ann@outside.test", "Re: Straße nach Łódź", "three"),
        ("carol@elsewhere.test", "100% off_er", "four"),
        ("dave@elsewhere.test", "12345", "five"),
    ];
    for (n, (from, subject, text)) in mail.into_iter().enumerate() {
        let raw = format!(
            "From: {from}\r\nTo: {inbox}\r\nCc: team@outside.test\r\nSubject: {subject}\r\n\
             Message-ID: <{n}@outside.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        );
        world.mail(&inbox, raw).await;
    }
    for n in 5..7 {
        let body = json!({"to": format!("Eve <eve{n}@outside.test>"), "subject": format!("Offer {n}"),
            "text": "x", "labels": ["Campaign ", format!("n,{n}")]});
        world.send(&inbox, body).await;
    }
    inbox
}

#[tokio::test]
async fn every_filter_finds_what_it_names_in_every_encoding() {
    each_engine(async |world| {
        let inbox = filled(world).await;
        let path = |n: usize| message_path(&inbox, &format!("<{n}@outside.test>"));
        world
            .patch(
                &path(0),
                json!({"add_labels": ["Billing", "a b"], "remove_labels": "unread"}),
            )
            .await;
        world
            .patch(&path(1), json!({"add_labels": "billing"}))
            .await;
        let json_list = escaped(r#"["billing", "a b"]"#).replace("%20", "+");
        let all = [
            "Offer 6",
            "Offer 5",
            "12345",
            "100% off_er",
            "Re: Straße nach Łódź",
            "invoice 200",
            "Invoice 100",
        ];
        for (query, expected) in [
            ("?", &all[..]),
            ("?labels=received", &all[2..]),
            ("?labels=sent", &all[..2]),
            ("?labels=unread", &all[2..6]),
            ("?labels=BILLING", &all[5..]),
            ("?labels=%5B%22billing%22%5D", &all[5..]),
            (&format!("?labels={json_list}"), &all[6..]),
            ("?labels=billing,a%20b", &all[6..]),
            ("?labels=billing&labels=a+b", &all[6..]),
            ("?labels=billing&labels=unread", &all[5..6]),
            ("?labels=nothing", &[]),
            ("?labels=campaign", &all[..2]),
            (&format!("?labels={}", escaped(r#"["n,5"]"#)), &all[1..2]),
            ("?from=ANN", &[all[4], all[6]]),
            ("?from=%C3%A4rger", &all[6..]),
            ("?from=elsewhere.test", &all[2..4]),
            ("?to=eve5", &all[1..2]),
            ("?to=team%40outside.test", &all[2..]),
            ("?subject=INVOICE", &all[5..]),
            ("?subject=stra%C3%9Fe", &all[4..5]),
            ("?subject=%C5%82%C3%B3d%C5%BA", &all[4..5]),
            ("?subject=12345", &all[2..3]),
            ("?subject=100%25", &all[3..4]),
            ("?subject=off_er", &all[3..4]),
            ("?subject=_", &all[3..4]),
            ("?subject=%27+or+1%3D1", &[]),
            ("?subject=invoice&from=bob", &all[5..6]),
            ("?before=2020-01-01T00:00:00Z", &[]),
            ("?after=2020-01-01T00:00:00-05:00", &all[..]),
            ("?after=2020-01-01T00:00:00+05:00", &all[..]),
            ("?include_spam=true&unknown=1", &all[..]),
        ] {
            let list = world.messages(&inbox, query).await;
            assert_eq!(column(&list, "subject"), expected, "{query}");
            let mut found = world
                .messages(&inbox, &format!("{query}&ascending=true"))
                .await;
            found.reverse();
            assert_eq!(column(&found, "subject"), expected, "{query} ascending");
        }
        let list = world.messages(&inbox, "").await;
        // `before` is exclusive and `after` inclusive, so that two windows share no message.
        let time = list[3]["timestamp"].as_str().unwrap();
        let before = world.messages(&inbox, &format!("?before={time}")).await;
        let after = world.messages(&inbox, &format!("?after={time}")).await;
        assert_eq!(before.len() + after.len(), 7, "{time}");
        for item in &list {
            for body in ["text", "html", "extracted_text", "reply_to"] {
                assert!(item.get(body).is_none(), "{body} of {item}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_hold_each_message_once_while_others_arrive() {
    each_engine(async |world| {
        let inbox = filled(world).await;
        let mut expected = column(&world.messages(&inbox, "").await, "message_id");
        for ascending in [false, true] {
            let mut seen = Vec::new();
            let mut token = String::new();
            loop {
                let list =
                    format!("/v0/inboxes/{inbox}/messages?limit=2&ascending={ascending}{token}");
                let page = world.get(&list).await;
                assert_eq!(page["count"], page["messages"].as_array().unwrap().len());
                seen.extend(column(page["messages"].as_array().unwrap(), "message_id"));
                match page["next_page_token"].as_str() {
                    Some(next) => token = format!("&page_token={next}"),
                    None => break,
                }
                world.mail(&inbox, "Subject: late\r\n\r\nx\r\n").await;
            }
            seen.truncate(expected.len());
            assert_eq!(seen, expected, "ascending={ascending}");
            expected.reverse();
        }
    })
    .await;
}

#[tokio::test]
async fn labels_follow_their_rules() {
    each_engine(async |world| {
        let inbox = filled(world).await;
        let path = message_path(&inbox, "<0@outside.test>");
        let protected = [
            "received", "sent", "bounced", "complained", "delayed", "delivered", "rejected", "opened", "scheduled",
            " Sent ",
        ];
        for label in protected {
            for field in ["add_labels", "remove_labels"] {
                let told = world.refused("PATCH", &path, json!({field: [label]}), (400, "validation_error")).await;
                let name = label.trim().to_lowercase();
                assert!(told["message"].as_str().unwrap().contains(&name), "{told}");
            }
            let body = json!({"to": "x@outside.test", "labels": [label]});
            let send = format!("/v0/inboxes/{inbox}/messages/send");
            world.refused("POST", &send, body, (400, "validation_error")).await;
        }
        let many: Vec<String> = (0..257).map(|n| format!("l{n}")).collect();
        for bad in [json!({}), json!({"add_labels": []}), json!({"add_labels": [""]}), json!({"add_labels": "a\nb"}),
            json!({"add_labels": "x".repeat(257)}), json!({"add_labels": many})] {
            world.refused("PATCH", &path, bad, (400, "validation_error")).await;
        }
        let changed = world
            .patch(&path, json!({"add_labels": ["Both", "ÉTÉ "], "remove_labels": ["both", "unread", "absent"]}))
            .await;
        assert_eq!(changed["labels"], json!(["received", "été"]));
        assert_eq!(changed["message_id"], "<0@outside.test>");
        assert_eq!(world.message(&inbox, "<0@outside.test>").await["labels"], changed["labels"]);
        assert_eq!(world.messages(&inbox, "?labels=%C3%A9t%C3%A9").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn trash_and_spam_are_left_out_until_asked_for() {
    each_engine(async |world| {
        let inbox = filled(world).await;
        for (n, label) in [(0, "trash"), (1, "spam"), (2, "trash")] {
            let path = message_path(&inbox, &format!("<{n}@outside.test>"));
            world.patch(&path, json!({"add_labels": [label]})).await;
        }
        for (query, count) in [
            ("", 4),
            ("?include_trash=true", 6),
            ("?include_spam=true", 5),
            ("?include_trash=true&include_spam=1", 7),
            ("?include_trash=false", 4),
            ("?labels=trash&include_trash=true", 2),
        ] {
            assert_eq!(world.messages(&inbox, query).await.len(), count, "{query}");
        }
        for (query, count) in [
            ("", 2),
            ("?include_trash=true", 4),
            ("?include_spam=true", 3),
            ("?labels=sent", 2),
        ] {
            let list = world.get(&format!("/v0/threads{query}")).await;
            let received: Vec<&Value> = list["threads"].as_array().unwrap().iter().collect();
            assert_eq!(received.len(), count, "{query}: {list}");
        }
        let path = message_path(&inbox, "<0@outside.test>");
        assert!(has_label(&world.get(&path).await, "trash"));
        world
            .patch(&path, json!({"remove_labels": ["trash"]}))
            .await;
        assert_eq!(world.messages(&inbox, "").await.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_message_is_gone_everywhere_and_its_thread_with_the_last_one() {
    each_engine(async |world| {
        let inbox = filled(world).await;
        let path = message_path(&inbox, "<0@outside.test>");
        let thread = world.get(&path).await["thread_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let link = world.get(&format!("{path}/raw")).await;
        world.delete(&path).await;
        for (method, path) in [
            ("GET", path.clone()),
            ("DELETE", path.clone()),
            ("GET", format!("{path}/raw")),
            ("GET", format!("/v0/threads/{thread}")),
        ] {
            world
                .refused(method, &path, Value::Null, (404, "not_found"))
                .await;
        }
        world
            .refused(
                "PATCH",
                &path,
                json!({"add_labels": "x"}),
                (404, "not_found"),
            )
            .await;
        let gone = world.download(link["download_url"].as_str().unwrap()).await;
        assert_eq!(gone.status, 404);
        assert_eq!(world.messages(&inbox, "").await.len(), 6);
    })
    .await;
}
