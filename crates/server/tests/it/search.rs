//! Search: what is found, what is not, in which order, and how it is shown.

use serde_json::{Value, json};

use crate::permissions::Foreign;
use crate::world::{World, column, each_engine, escaped, letter, message_path};

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let foreign = match operation {
        "inboxes.search" => Foreign::List("inboxes"),
        "threads.search" => Foreign::List("threads"),
        "inboxes.messages.search"
        | "inboxes.threads.search"
        | "pods.threads.search"
        | "pods.inboxes.search" => Foreign::Hidden,
        _ => return None,
    };
    Some((Value::Null, foreign))
}

/// For the test of every route: a search that finds the message and the inbox of its things.
pub fn query(operation: &str) -> &'static str {
    match operation {
        "inboxes.search" | "pods.inboxes.search" => "?q=agentmail",
        operation if operation.ends_with(".search") => "?q=outside.test",
        _ => "",
    }
}

async fn search(world: &World, path: &str, q: &str) -> Value {
    world.get(&format!("{path}/search?q={}", escaped(q))).await
}

/// The subjects of the messages that a search of an inbox finds.
async fn subjects(world: &World, inbox: &str, q: &str) -> Vec<String> {
    let found = search(world, &format!("/v0/inboxes/{inbox}/messages"), q).await;
    let messages = found["messages"].as_array().unwrap();
    assert_eq!(found["count"], messages.len());
    column(messages, "subject")
}

#[tokio::test]
async fn mail_is_found_by_what_anybody_remembers_of_it() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let raw = format!(
            "From: =?utf-8?q?Zo=C3=AB_M=C3=BCller?= <zoe.mueller@Outside.test>\r\nTo: {inbox}, Bob <bob@else.test>\r\n\
             Cc: =?utf-8?b?55Sw5Lit?= <tanaka@example.jp>\r\nSubject: Rechnung INV-2024-0012\r\n\
             Message-ID: <a@outside.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
             Die Überweisung von 1.299,00 EUR für das Café ist da. 東京都庁で会いましょう。\r\n\
             --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"Angebot_final.pdf\"\r\n\r\nPDF\r\n--b--\r\n"
        );
        world.mail(&inbox, raw).await;
        world.mail(&inbox, letter(&inbox, "b@outside.test", "Something else", "nothing in common")).await;
        for q in [
            "rechnung", "RECHNUNG", "rech", "INV-2024-0012", "0012", "2024", "zoe", "Zoë", "muller", "MÜLLER",
            "zoe.mueller@outside.test", "zoe.mueller@outside", "tanaka@example.jp", "example.jp", "田中", "bob else",
            "überweisung", "uberweisung cafe", "1.299,00", "1299 OR 1.299", "東京", "都庁", "京", "東京都庁",
            "angebot", "final.pdf", "\"von 1.299,00 EUR\"", "echnun", "  rechnung   zoe  ", "rechnung zo",
        ] {
            // The one search with a word that is nowhere.
            let expected: &[&str] = if q.contains("OR") { &[] } else { &["Rechnung INV-2024-0012"] };
            assert_eq!(subjects(world, &inbox, q).await, expected, "{q}");
        }
        for q in ["zoe bob carl", "0012-2024", "\"EUR von\"", "都京", "berweisun", "echnung-inv", "mueller@zoe", "qqq"] {
            assert_eq!(subjects(world, &inbox, q).await, [""; 0], "{q}");
        }
        assert_eq!(subjects(world, &inbox, "outside.test").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn matches_are_shown_in_the_fields_they_were_found_in() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let text = format!(
            "The order is late. {} Where is my Order number?",
            "More words. ".repeat(40)
        );
        world
            .mail(
                &inbox,
                letter(&inbox, "a@outside.test", "Reorder now", &text),
            )
            .await;
        world
            .mail(&inbox, letter(&inbox, "b@outside.test", "Hi", "nothing"))
            .await;
        let found = search(world, &format!("/v0/inboxes/{inbox}/messages"), "order").await;
        let hit = &found["messages"][0];
        assert_eq!(hit["highlights"]["subject"], json!(["**Reorder** now"]));
        let pieces = hit["highlights"]["text"].as_array().unwrap();
        assert_eq!(pieces.len(), 2, "{hit}");
        assert!(
            pieces[0]
                .as_str()
                .unwrap()
                .starts_with("The **order** is late. More words."),
            "{hit}"
        );
        assert!(
            pieces[1]
                .as_str()
                .unwrap()
                .ends_with("Where is my **Order** number?"),
            "{hit}"
        );
        assert!(
            hit["highlights"].get("from").is_none()
                && hit["highlights"].get("recipients").is_none()
        );
        // The rest of the item is the one of lists.
        let mut listed = world.messages(&inbox, "").await.pop().unwrap();
        listed["highlights"] = hit["highlights"].clone();
        assert_eq!(*hit, listed);

        let found = search(world, "/v0/threads", "ann").await;
        for hit in found["threads"].as_array().unwrap() {
            assert_eq!(
                hit["highlights"],
                json!({"from": ["**Ann** <**ann@outside.test**>"]})
            );
        }
        let found = search(world, "/v0/threads", &inbox).await;
        assert_eq!(
            found["threads"][0]["highlights"]["recipients"],
            json!([format!("**{inbox}**")])
        );
    })
    .await;
}

#[tokio::test]
async fn what_weighs_more_comes_first_and_of_equals_the_newest() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for (id, subject, text) in [
            ("subject", "Budget", "see below"),
            ("often", "A", "budget budget budget budget"),
            ("once", "B", "one budget"),
            ("none", "C", "nothing"),
            ("newer", "D", "one budget"),
            ("quoted", "E", "Yes.\r\n\r\nOn Monday Ann wrote:\r\n> the budget"),
        ] {
            world.mail(&inbox, letter(&inbox, &format!("{id}@outside.test"), subject, text)).await;
        }
        let order = ["Budget", "A", "D", "B", "E"];
        assert_eq!(subjects(world, &inbox, "budget").await, order);
        assert_eq!(subjects(world, &inbox, "budg").await, order);
        let sent = json!({"to": "bob@outside.test", "subject": "Budget budget", "text": "x", "bcc": "hidden@outside.test"});
        world.send(&inbox, sent).await;
        // What was just sent is found, by its Bcc too.
        assert_eq!(subjects(world, &inbox, "budget").await[0], "Budget budget");
        assert_eq!(subjects(world, &inbox, "hidden@outside.test").await, ["Budget budget"]);
    })
    .await;
}

#[tokio::test]
async fn hidden_deleted_and_foreign_mail_is_never_found() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        for id in ["a", "b", "c", "d"] {
            world
                .mail(
                    &inbox,
                    letter(&inbox, &format!("{id}@outside.test"), id, "needle"),
                )
                .await;
        }
        world
            .mail(&other, letter(&other, "x@outside.test", "x", "needle"))
            .await;
        assert_eq!(
            subjects(world, &inbox, "needle").await,
            ["d", "c", "b", "a"]
        );
        let all = search(world, "/v0/threads", "needle").await;
        assert_eq!(
            column(all["threads"].as_array().unwrap(), "subject"),
            ["x", "d", "c", "b", "a"]
        );
        for (id, label) in [("a", "spam"), ("b", "trash"), ("c", "unread")] {
            let path = message_path(&inbox, &format!("<{id}@outside.test>"));
            world.patch(&path, json!({"add_labels": label})).await;
        }
        assert_eq!(subjects(world, &inbox, "needle").await, ["d", "c"]);
        let path = message_path(&inbox, "<a@outside.test>");
        world.patch(&path, json!({"remove_labels": "spam"})).await;
        world
            .delete(&message_path(&inbox, "<d@outside.test>"))
            .await;
        assert_eq!(subjects(world, &inbox, "needle").await, ["c", "a"]);
        let threads = search(world, &format!("/v0/inboxes/{inbox}/threads"), "needle").await;
        assert_eq!(
            column(threads["threads"].as_array().unwrap(), "subject"),
            ["c", "a"]
        );
        // A key of one inbox searches that one, whatever the path.
        let (key, _) = world.key(Some(&other), json!({})).await;
        let found = world
            .call_as(&key, "GET", "/v0/threads/search?q=needle", &Value::Null)
            .await
            .json();
        assert_eq!(
            column(found["threads"].as_array().unwrap(), "subject"),
            ["x"]
        );
        let foreign = format!("/v0/inboxes/{inbox}/messages/search?q=needle");
        assert_eq!(
            world
                .call_as(&key, "GET", &foreign, &Value::Null)
                .await
                .status,
            404
        );
        // Pods are walls too.
        let me = world.get("/v0/auth/me").await;
        let pod = me["organization_id"].as_str().unwrap();
        let found = search(world, &format!("/v0/pods/{pod}/threads"), "needle").await;
        assert_eq!(found["count"], 3, "{found}");
        world
            .delete(&format!(
                "/v0/inboxes/{inbox}/threads/{}",
                threads["threads"][0]["thread_id"].as_str().unwrap()
            ))
            .await;
        assert_eq!(subjects(world, &inbox, "needle").await, ["a"]);
        // Spam that turns out to be none is found for the first time.
        world
            .patch(
                &message_path(&inbox, "<b@outside.test>"),
                json!({"remove_labels": "trash"}),
            )
            .await;
        assert_eq!(subjects(world, &inbox, "needle").await, ["b", "a"]);
    })
    .await;
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_mail_arrives() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for n in 0..35 {
            let subject = if n % 7 == 0 { "needle" } else { "straw" };
            world
                .mail(
                    &inbox,
                    letter(
                        &inbox,
                        &format!("{n}@outside.test"),
                        subject,
                        "needle in a haystack",
                    ),
                )
                .await;
        }
        for (path, items, id) in [
            (
                format!("/v0/inboxes/{inbox}/messages/search?q=needle&limit=10"),
                "messages",
                "message_id",
            ),
            (
                "/v0/threads/search?q=needle&limit=10".to_owned(),
                "threads",
                "thread_id",
            ),
        ] {
            let before = world.get(&path.replace("limit=10", "limit=100")).await;
            assert!(before.get("next_page_token").is_none());
            let expected = column(before[items].as_array().unwrap(), id);
            let (mut found, mut token, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let page = world.get(&format!("{path}{token}")).await;
                found.extend(column(page[items].as_array().unwrap(), id));
                assert_eq!(page["limit"], 10);
                pages += 1;
                let raw = letter(
                    &inbox,
                    &format!("new{pages}{items}@outside.test"),
                    "needle needle",
                    "needle",
                );
                world.mail(&inbox, raw).await;
                match page["next_page_token"].as_str() {
                    Some(next) => token = format!("&page_token={next}"),
                    None => break,
                }
            }
            assert_eq!(found, expected, "{items}");
        }
        // A token belongs to its search.
        let page = world.get("/v0/threads/search?q=needle&limit=1").await;
        let token = page["next_page_token"].as_str().unwrap();
        let other = format!("/v0/threads/search?q=haystack&limit=1&page_token={token}");
        world
            .refused("GET", &other, Value::Null, (400, "validation_error"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_thread_is_found_once_by_its_best_message() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world.mail(&inbox, letter(&inbox, "0@outside.test", "Needle", "needle")).await;
        for n in 1..4 {
            let raw = format!(
                "From: p{n}@outside.test\r\nTo: {inbox}\r\nSubject: Re: Needle\r\nMessage-ID: <{n}@outside.test>\r\n\
                 In-Reply-To: <{}@outside.test>\r\n\r\nneedle {n}\r\n", n - 1);
            world.mail(&inbox, raw).await;
        }
        world.mail(&inbox, letter(&inbox, "z@outside.test", "Other", "needle")).await;
        let first = search(world, "/v0/threads", "needle").await;
        assert_eq!(column(first["threads"].as_array().unwrap(), "subject"), ["Needle", "Other"]);
        assert_eq!(first["threads"][0]["message_count"], 4);
        let path = "/v0/threads/search?q=needle&limit=1";
        let one = world.get(path).await;
        let token = one["next_page_token"].as_str().unwrap();
        let two = world.get(&format!("{path}&page_token={token}")).await;
        assert_eq!(column(two["threads"].as_array().unwrap(), "subject"), ["Other"]);
        assert!(two.get("next_page_token").is_none());
        // All words in one message, not spread over the thread.
        assert_eq!(search(world, "/v0/threads", "needle p1 2").await["count"], 0);
        assert_eq!(search(world, "/v0/threads", "needle p2 2").await["count"], 1);
        // Without its best message it is found by the next.
        world.delete(&message_path(&inbox, "<0@outside.test>")).await;
        assert_eq!(search(world, "/v0/threads", "needle").await["count"], 2);
    })
    .await;
}

#[tokio::test]
async fn searches_keep_to_their_time() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        for id in ["a", "b", "c"] {
            world
                .mail(
                    &inbox,
                    letter(&inbox, &format!("{id}@outside.test"), id, "needle"),
                )
                .await;
        }
        let list = world.messages(&inbox, "").await;
        let at = escaped(list[1]["timestamp"].as_str().unwrap());
        for (query, expected) in [
            (format!("before={at}"), vec!["a"]),
            (format!("after={at}"), vec!["c", "b"]),
            (format!("after={at}&before={at}"), vec![]),
            ("before=2020-01-01T00:00:00Z".to_owned(), vec![]),
        ] {
            let found = world
                .get(&format!(
                    "/v0/inboxes/{inbox}/messages/search?q=needle&{query}"
                ))
                .await;
            assert_eq!(
                column(found["messages"].as_array().unwrap(), "subject"),
                expected,
                "{query}"
            );
        }
        let bad = format!("/v0/inboxes/{inbox}/messages/search?q=needle&before=yesterday");
        world
            .refused("GET", &bad, Value::Null, (400, "validation_error"))
            .await;
    })
    .await;
}

/// Texts that mean something to engines, shells, formats or nobody.
fn hostile() -> Vec<String> {
    let plain = [
        "\"",
        "''",
        "\0",
        "*",
        "%",
        "_",
        "( OR )",
        "a:b:c*",
        "NEAR(a b, 10)",
        "^x",
        "{seen}",
        "{scope}",
        "$1 ?1",
        "'; drop table message; --",
        "\\",
        "\u{FEFF}\u{200B}",
        "a\0b",
        "\u{10FFFF}\u{10FFFF}",
        "-needle",
        "!!! ???",
    ];
    let long = [
        "\u{301}".repeat(1_000),
        "a@".repeat(400),
        "\"x".repeat(400),
        "東".repeat(900),
    ];
    plain.map(str::to_owned).into_iter().chain(long).collect()
}

#[tokio::test]
async fn hostile_searches_are_refused_or_find_nothing() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(
                &inbox,
                letter(&inbox, "a@outside.test", "Plain", "needle AND NOT a:b near"),
            )
            .await;
        let paths = [
            format!("/v0/inboxes/{inbox}/messages/search"),
            format!("/v0/inboxes/{inbox}/threads/search"),
            "/v0/threads/search".to_owned(),
            "/v0/inboxes/search".to_owned(),
        ];
        for path in &paths {
            for q in hostile() {
                let answer = world
                    .call("GET", &format!("{path}?q={}", escaped(&q)), &Value::Null)
                    .await;
                assert!(
                    [200, 400].contains(&answer.status),
                    "{path} {q:?}: {answer:?}"
                );
            }
            for bad in [
                "",
                "?q=",
                &format!("?q={}", "x".repeat(10_000)),
                "?q=needle&limit=101",
                "?q=needle&limit=0",
                "?q=needle&page_token=x",
            ] {
                world
                    .refused(
                        "GET",
                        &format!("{path}{bad}"),
                        Value::Null,
                        (400, "validation_error"),
                    )
                    .await;
            }
        }
        for bad in ["?q=a", "?q=%20b%20"] {
            world
                .refused(
                    "GET",
                    &format!("/v0/inboxes/search{bad}"),
                    Value::Null,
                    (400, "validation_error"),
                )
                .await;
        }
        for q in ["!!!", "\"\"", "***", "\0"] {
            assert_eq!(subjects(world, &inbox, q).await, [""; 0], "{q:?}");
        }
        assert_eq!(subjects(world, &inbox, "needle NEAR").await, ["Plain"]);
        assert_eq!(subjects(world, &inbox, "\"AND NOT\" a:b").await, ["Plain"]);
        let nowhere = "/v0/inboxes/nobody@nowhere.test/messages/search?q=x";
        world
            .refused("GET", nowhere, Value::Null, (404, "not_found"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn inboxes_are_found_by_beginnings_of_words() {
    each_engine(async |world| {
        let inbox = async |username: &str, name: &str| {
            let made = world
                .post(
                    "/v0/inboxes",
                    json!({"username": username, "display_name": name}),
                )
                .await;
            made["inbox_id"].as_str().unwrap().to_owned()
        };
        let support = inbox("support", "Café Support Team").await;
        let second = inbox("support.two", "Second line").await;
        let sales = inbox("sales", "Vertrieb").await;
        for (q, expected) in [
            ("sup", vec![&second, &support]),
            ("SUPPORT", vec![&second, &support]),
            ("support", vec![&second, &support]),
            (support.as_str(), vec![&support, &second]),
            ("cafe te", vec![&support]),
            ("team caf", vec![&support]),
            ("two", vec![&second]),
            ("vert", vec![&sales]),
            ("ertrieb", vec![]),
            ("support vertrieb", vec![]),
            ("!!", vec![]),
        ] {
            let found = world
                .get(&format!("/v0/inboxes/search?q={}", escaped(q)))
                .await;
            let mut found = column(found["inboxes"].as_array().unwrap(), "inbox_id");
            if q == support {
                // Every address of the domain begins with none of the words of another.
                found.truncate(expected.len());
                assert_eq!(found[0], support);
                continue;
            }
            assert_eq!(
                found,
                expected.into_iter().cloned().collect::<Vec<_>>(),
                "{q}"
            );
        }
        let path = "/v0/inboxes/search?q=support&limit=1";
        let one = world.get(path).await;
        assert_eq!((&one["count"], &one["limit"]), (&json!(1), &json!(1)));
        let two = world
            .get(&format!(
                "{path}&page_token={}",
                one["next_page_token"].as_str().unwrap()
            ))
            .await;
        assert_eq!(two["inboxes"][0]["inbox_id"], support.as_str());
        assert!(two.get("next_page_token").is_none());
        // The words follow the inbox.
        world
            .patch(
                &format!("/v0/inboxes/{sales}"),
                json!({"display_name": "Outreach"}),
            )
            .await;
        world.delete(&format!("/v0/inboxes/{second}")).await;
        for (q, count) in [("vertrieb", 0), ("outreach", 1), ("support", 1)] {
            assert_eq!(
                world.get(&format!("/v0/inboxes/search?q={q}")).await["count"],
                count,
                "{q}"
            );
        }
    })
    .await;
}
