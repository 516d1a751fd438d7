//! Several callers want the same thing at once: one gets it, the others a clear answer.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::world::{World, column, each_engine, letter, message_path};

/// The same request `count` times at once; gives the statuses.
async fn at_once(world: &World, count: usize, method: &str, path: &str, body: &Value) -> Vec<u16> {
    let calls = (0..count).map(async |_| world.call(method, path, body).await.status);
    let mut statuses = join_all(calls).await;
    statuses.sort_unstable();
    statuses
}

/// One success, and this status for everybody else.
fn one_of(count: usize, success: u16, others: u16) -> Vec<u16> {
    let mut statuses = vec![others; count - 1];
    statuses.insert(0, success);
    statuses
}

#[tokio::test]
async fn one_address_is_given_once_and_one_thing_is_removed_once() {
    each_engine(async |world| {
        let body = json!({"username": "wanted"});
        let statuses = at_once(world, 12, "POST", "/v0/inboxes", &body).await;
        assert_eq!(statuses, one_of(12, 200, 403));
        let inbox = "wanted@mailroost.localhost";
        for n in 0..2 {
            let id = format!("{n}@outside.test");
            world.mail(inbox, letter(inbox, &id, "S", "x")).await;
        }
        let thread = world.message(inbox, "<1@outside.test>").await["thread_id"].clone();
        let thread = format!("/v0/threads/{}", thread.as_str().unwrap());
        for path in [
            message_path(inbox, "<0@outside.test>"),
            thread,
            format!("/v0/inboxes/{inbox}"),
        ] {
            let statuses = at_once(world, 8, "DELETE", &path, &Value::Null).await;
            assert_eq!(statuses, one_of(8, 204, 404), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn labels_set_at_once_are_all_there() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "m@outside.test", "S", "x"))
            .await;
        let raw = "In-Reply-To: <m@outside.test>\r\nMessage-ID: <n@outside.test>\r\n\r\nx\r\n";
        world.mail(&inbox, raw).await;
        let path = message_path(&inbox, "<m@outside.test>");
        let thread = world.get(&path).await["thread_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let thread = format!("/v0/threads/{thread}");
        let on_message = (0..15).map(async |n: usize| {
            world
                .patch(&path, json!({"add_labels": format!("m{n}")}))
                .await;
        });
        let on_thread = (0..5).map(async |n: usize| {
            world
                .patch(&thread, json!({"add_labels": [format!("t{n}")]}))
                .await;
        });
        tokio::join!(join_all(on_message), join_all(on_thread));
        // 15 and 5, with received and unread.
        assert_eq!(
            world.get(&path).await["labels"].as_array().unwrap().len(),
            22
        );
        assert_eq!(
            world.get(&thread).await["labels"].as_array().unwrap().len(),
            22
        );
    })
    .await;
}

#[tokio::test]
async fn mail_shared_by_inboxes_is_removed_from_all_at_once_while_more_arrives() {
    each_engine(async |world| {
        let inboxes = [
            world.inbox().await,
            world.inbox().await,
            world.inbox().await,
        ];
        let all: Vec<&str> = inboxes.iter().map(String::as_str).collect();
        let shared = async |id: String| {
            let raw = letter("all@outside.test", &id, "Shared", "x");
            let reply = world.hand_in("ann@outside.test", &all, raw).await;
            assert_eq!(reply.code, 250, "{reply}");
        };
        for n in 0..12 {
            shared(format!("old{n}@outside.test")).await;
        }
        let removals = inboxes.iter().enumerate().map(async |(n, inbox)| {
            let mut ids: Vec<usize> = (0..12).collect();
            if n % 2 == 1 {
                ids.reverse();
            }
            join_all(ids.into_iter().map(async |id| {
                let path = message_path(inbox, &format!("<old{id}@outside.test>"));
                world.delete(&path).await;
            }))
            .await;
        });
        let arrivals = (0..12).map(|n| shared(format!("new{n}@outside.test")));
        tokio::join!(join_all(removals), join_all(arrivals));
        for inbox in &inboxes {
            let list = world.messages(inbox, "?limit=100").await;
            assert_eq!(list.len(), 12);
            for id in column(&list, "message_id") {
                let raw = world.raw(inbox, &id).await;
                assert!(raw.starts_with(b"From: Ann"), "{id}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_inbox_deleted_under_mail_and_sends_leaves_nothing_behind_and_no_fault() {
    each_engine(async |world| {
        for round in 0..3 {
            let inbox = world.inbox().await;
            let other = world.inbox().await;
            let path = format!("/v0/inboxes/{inbox}");
            let both = [inbox.as_str(), other.as_str()];
            let mails = (0..8).map(async |n: usize| {
                let raw = letter(&other, &format!("{round}.{n}@outside.test"), "S", "x");
                let reply = world.hand_in("ann@outside.test", &both, raw).await;
                reply.code
            });
            let send = format!("{path}/messages/send");
            let body = json!({"to": other, "text": "x"});
            let sends = at_once(world, 6, "POST", &send, &body);
            let keys = format!("{path}/api-keys");
            let empty = json!({});
            let makes = at_once(world, 2, "POST", &keys, &empty);
            let deletes = at_once(world, 2, "DELETE", &path, &Value::Null);
            let (mails, sends, makes, deletes) =
                tokio::join!(join_all(mails), sends, makes, deletes);
            assert!(
                sends.iter().all(|status| [200, 404].contains(status)),
                "{sends:?}"
            );
            assert!(
                makes.iter().all(|status| [200, 404].contains(status)),
                "{makes:?}"
            );
            assert!(
                deletes
                    .iter()
                    .all(|status| [204, 404, 409].contains(status)),
                "{deletes:?}"
            );
            // A key that was made keeps its inbox, so none is left that names an inbox no more.
            let gone = deletes.contains(&204);
            assert!(!gone || !makes.contains(&200), "{makes:?} {deletes:?}");
            world.get("/v0/api-keys?limit=100").await;
            // The other recipient has every mail that was taken: the client stops at the first
            // recipient that is refused.
            let taken = mails.iter().filter(|code| **code == 250).count();
            let list = world.messages(&other, "?limit=100&from=ann").await;
            assert_eq!(list.len(), taken, "{mails:?}");
        }
    })
    .await;
}
