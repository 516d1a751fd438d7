//! Threads, of one inbox and of the organisation.

use serde_json::{Value, json};

use crate::world::{World, column, each_engine, has_label, letter, message_path};

/// `count` messages of one thread; gives the inbox and the thread.
async fn thread(world: &World, count: usize) -> (String, String) {
    let inbox = world.inbox().await;
    world
        .mail(&inbox, letter(&inbox, "0@outside.test", "Topic", "0"))
        .await;
    for n in 1..count {
        let raw = format!(
            "From: p{n}@outside.test\r\nTo: {inbox}\r\nSubject: Re: Topic\r\nMessage-ID: <{n}@outside.test>\r\n\
             In-Reply-To: <{}@outside.test>\r\n\r\ntext {n}\r\n",
            n - 1
        );
        world.mail(&inbox, raw).await;
    }
    let first = world.message(&inbox, "<0@outside.test>").await;
    (inbox, first["thread_id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_thread_reads_the_same_at_both_levels_and_pages_backwards() {
    each_engine(async |world| {
        let (inbox, thread) = thread(world, 7).await;
        let whole = world.get(&format!("/v0/threads/{thread}")).await;
        assert_eq!(
            whole,
            world
                .get(&format!("/v0/inboxes/{inbox}/threads/{thread}"))
                .await
        );
        assert_eq!(
            (&whole["message_count"], &whole["count"]),
            (&json!(7), &json!(7))
        );
        assert_eq!(whole["last_message_id"], "<6@outside.test>");
        assert_eq!(whole["subject"], "Topic");
        assert_eq!(whole["senders"].as_array().unwrap().len(), 7);
        let all = column(whole["messages"].as_array().unwrap(), "message_id");
        assert_eq!(
            all,
            (0..7)
                .map(|n| format!("<{n}@outside.test>"))
                .collect::<Vec<_>>()
        );
        for message in whole["messages"].as_array().unwrap() {
            assert_eq!(
                *message,
                world
                    .message(&inbox, message["message_id"].as_str().unwrap())
                    .await
            );
        }
        let mut pages = Vec::new();
        let mut token = String::new();
        loop {
            let page = world
                .get(&format!(
                    "/v0/inboxes/{inbox}/threads/{thread}?limit=3{token}"
                ))
                .await;
            pages.push(column(page["messages"].as_array().unwrap(), "message_id"));
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        // The newest page comes first, each in the order of time.
        assert_eq!(pages, [&all[4..], &all[1..4], &all[..1]]);

        let listed = world.get("/v0/threads").await;
        let item = &listed["threads"][0];
        for (field, value) in item.as_object().unwrap() {
            assert_eq!(whole.get(field), Some(value), "{field}");
        }
        assert!(item.get("messages").is_none());
    })
    .await;
}

#[tokio::test]
async fn threads_are_found_by_their_people_subject_and_labels() {
    each_engine(async |world| {
        let (inbox, first) = thread(world, 2).await;
        let other = world.inbox().await;
        world.mail(&other, letter(&other, "x@outside.test", "Another", "x")).await;
        let sent = world.post(&format!("/v0/inboxes/{inbox}/messages/send"),
            json!({"to": "zoe@outside.test", "subject": "Only sent", "text": "x", "labels": "campaign"})).await;
        let path = format!("/v0/inboxes/{inbox}/threads/{first}");
        world.patch(&path, json!({"add_labels": ["vip"]})).await;
        for (query, expected) in [
            ("", vec!["Another", "Topic"]),
            ("?ascending=true", vec!["Topic", "Another"]),
            ("?labels=vip", vec!["Topic"]),
            ("?labels=%5B%22vip%22%2C+%22unread%22%5D", vec!["Topic"]),
            ("?labels=sent", vec!["Only sent"]),
            ("?labels=campaign&labels=sent", vec!["Only sent"]),
            ("?senders=P1%40", vec!["Topic"]),
            ("?senders=ann", vec!["Another", "Topic"]),
            ("?labels=sent&recipients=zoe", vec!["Only sent"]),
            ("?subject=TOP", vec!["Topic"]),
            ("?before=2020-01-01T00:00:00Z", vec![]),
            ("?after=2020-01-01T00:00:00Z&limit=1", vec!["Another"]),
        ] {
            let list = world.get(&format!("/v0/threads{query}")).await;
            assert_eq!(column(list["threads"].as_array().unwrap(), "subject"), expected, "{query}");
        }
        let own = world.get(&format!("/v0/inboxes/{inbox}/threads")).await;
        assert_eq!(column(own["threads"].as_array().unwrap(), "subject"), ["Topic"]);
        let foreign = format!("/v0/inboxes/{other}/threads/{first}");
        for method in ["GET", "DELETE", "PATCH"] {
            let body = if method == "PATCH" { json!({"add_labels": "x"}) } else { Value::Null };
            world.refused(method, &foreign, body, (404, "not_found")).await;
        }
        world.get(&format!("/v0/threads/{}", sent["thread_id"].as_str().unwrap())).await;
    })
    .await;
}

#[tokio::test]
async fn labels_of_a_thread_are_labels_of_its_messages() {
    each_engine(async |world| {
        let (inbox, thread) = thread(world, 3).await;
        let path = format!("/v0/threads/{thread}");
        let changed = world
            .patch(
                &path,
                json!({"add_labels": ["Done"], "remove_labels": ["unread"]}),
            )
            .await;
        assert_eq!(
            changed,
            json!({"thread_id": thread, "labels": ["done", "received"]})
        );
        for message in world.messages(&inbox, "").await {
            assert!(
                has_label(&message, "done") && !has_label(&message, "unread"),
                "{message}"
            );
        }
        world
            .patch(
                &message_path(&inbox, "<1@outside.test>"),
                json!({"add_labels": "One", "remove_labels": "done"}),
            )
            .await;
        assert_eq!(
            world.get(&path).await["labels"],
            json!(["done", "one", "received"])
        );
        world
            .delete(&message_path(&inbox, "<1@outside.test>"))
            .await;
        let left = world.get(&path).await;
        assert_eq!(left["labels"], json!(["done", "received"]));
        assert_eq!(
            (&left["message_count"], &left["last_message_id"]),
            (&json!(2), &json!("<2@outside.test>"))
        );
        for bad in [
            json!({}),
            json!({"add_labels": "sent"}),
            json!({"remove_labels": ["received"]}),
        ] {
            world
                .refused("PATCH", &path, bad, (400, "validation_error"))
                .await;
        }
        world
            .refused(
                "PATCH",
                "/v0/threads/7",
                json!({"add_labels": "x"}),
                (400, "validation_error"),
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_thread_goes_to_the_trash_or_for_good() {
    each_engine(async |world| {
        let (inbox, first) = thread(world, 3).await;
        let path = format!("/v0/inboxes/{inbox}/threads/{first}");
        world.delete(&format!("{path}?permanent=false")).await;
        assert_eq!(world.get("/v0/threads").await["count"], 0);
        assert_eq!(world.get("/v0/threads?include_trash=true").await["count"], 1);
        world.patch(&path, json!({"remove_labels": "trash"})).await;
        assert_eq!(world.get("/v0/threads").await["count"], 1);
        world.delete(&path).await;
        world.refused("DELETE", &path, Value::Null, (404, "not_found")).await;
        world.refused("GET", &message_path(&inbox, "<1@outside.test>"), Value::Null, (404, "not_found")).await;
        assert_eq!(world.messages(&inbox, "?include_trash=true").await.len(), 0);
        // A late answer to what is gone begins anew.
        let raw = "From: ann@outside.test\r\nIn-Reply-To: <2@outside.test>\r\nMessage-ID: <3@outside.test>\r\n\r\nx\r\n";
        world.mail(&inbox, raw).await;
        assert_ne!(world.message(&inbox, "<3@outside.test>").await["thread_id"], first.as_str());

        let (_, second) = thread(world, 2).await;
        world.delete(&format!("/v0/threads/{second}")).await;
        world.refused("GET", &format!("/v0/threads/{second}"), Value::Null, (404, "not_found")).await;
    })
    .await;
}

#[tokio::test]
async fn a_thread_of_100_messages_is_relabelled_message_by_message() {
    each_engine(async |world| {
        let (inbox, thread) = thread(world, 100).await;
        let path = format!("/v0/inboxes/{inbox}/threads/{thread}");
        world
            .refused(
                "PATCH",
                &path,
                json!({"add_labels": "x"}),
                (422, "unprocessable"),
            )
            .await;
        assert_eq!(world.get(&path).await["count"], 100);
        world
            .mail(&inbox, "In-Reply-To: <99@outside.test>\r\n\r\nx\r\n")
            .await;
        let page = world.get(&path).await;
        assert_eq!(
            (&page["count"], &page["message_count"]),
            (&json!(100), &json!(101))
        );
        let older = page["next_page_token"].as_str().unwrap();
        assert_eq!(
            world.get(&format!("{path}?page_token={older}")).await["count"],
            1
        );
        world.delete(&path).await;
        assert_eq!(world.messages(&inbox, "").await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn large_messages_make_short_pages() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let body = "All work and no play makes Jack a dull boy.\r\n".repeat(200_000);
        for n in 0..5 {
            let raw = format!(
                "Message-ID: <{n}@outside.test>\r\nReferences: <root@outside.test>\r\n\r\n{body}"
            );
            world.mail(&inbox, raw).await;
        }
        let newest = world.messages(&inbox, "?limit=1").await;
        let path = format!("/v0/threads/{}", newest[0]["thread_id"].as_str().unwrap());
        let page = world.get(&path).await;
        assert_eq!(
            (&page["message_count"], &page["count"]),
            (&json!(5), &json!(3))
        );
        let token = page["next_page_token"].as_str().unwrap();
        let older = world.get(&format!("{path}?page_token={token}")).await;
        assert!(older.get("next_page_token").is_none());
        let ids = |page: &Value| column(page["messages"].as_array().unwrap(), "message_id");
        let whole = [ids(&older), ids(&page)].concat();
        assert_eq!(
            whole,
            (0..5)
                .map(|n| format!("<{n}@outside.test>"))
                .collect::<Vec<_>>()
        );
    })
    .await;
}

#[tokio::test]
async fn hidden_mail_writes_nothing_into_the_summary_of_a_thread() {
    each_engine(async |world| {
        let (inbox, thread) = thread(world, 2).await;
        let path = format!("/v0/threads/{thread}");
        let before = world.get(&path).await;
        let stranger = format!(
            "From: Bank <evil@stranger.test>\r\nTo: {inbox}\r\nSubject: Pay now\r\nMessage-ID: <evil@stranger.test>\r\n\
             In-Reply-To: <1@outside.test>\r\n\r\nsend money\r\n"
        );
        world.mail(&inbox, stranger).await;
        let spam = json!({"add_labels": ["spam"], "remove_labels": ["unread"]});
        world.patch(&message_path(&inbox, "<evil@stranger.test>"), spam).await;
        let after = world.get(&path).await;
        for field in ["preview", "senders", "recipients", "labels", "message_count", "last_message_id", "messages", "size"] {
            assert_eq!(before[field], after[field], "{field}");
        }
        // Alone in its thread it is the summary; the first mail that is shown replaces it.
        world.delete(&message_path(&inbox, "<0@outside.test>")).await;
        world.delete(&message_path(&inbox, "<1@outside.test>")).await;
        let alone = world.get(&path).await;
        assert_eq!((&alone["preview"], &alone["subject"]), (&json!("send money"), &json!("Pay now")));
        let again = format!(
            "From: p@outside.test\r\nTo: {inbox}\r\nSubject: Topic\r\nMessage-ID: <2@outside.test>\r\n\
             In-Reply-To: <evil@stranger.test>\r\n\r\nwell\r\n"
        );
        world.mail(&inbox, again).await;
        let shown = world.get(&path).await;
        assert_eq!((&shown["preview"], &shown["subject"]), (&json!("well"), &json!("Topic")));
        assert_eq!(shown["message_count"], 1);
    })
    .await;
}
