//! Many at once: nothing is lost, doubled or skipped.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::listener::Listener;
use crate::running::soon;
use crate::world::{World, column, each_engine};

const SESSIONS: usize = 20;
const INBOXES: usize = 5;
const MAILS: usize = 15;

/// One client that writes a conversation of its own into one inbox.
async fn write(world: &World, inbox: &str, session: usize) {
    let mut client = world.smtp().await;
    for n in 0..MAILS {
        let parent = match n {
            0 => String::new(),
            _ => format!("In-Reply-To: <{session}.{}@outside.test>\r\n", n - 1),
        };
        let raw = format!(
            "From: s{session}@outside.test\r\nSubject: Talk {session}\r\nMessage-ID: <{session}.{n}@outside.test>\r\n\
             {parent}\r\ntext\r\n"
        );
        let to = [inbox];
        let reply = client.send("s@outside.test", &to, raw.as_bytes());
        assert_eq!(soon(reply).await.unwrap().code, 250);
    }
}

/// Pages through an inbox until all of it is there; no pass shows a message twice, and none lacks
/// what the pass before it showed.
async fn read(world: &World, inbox: &str, ascending: bool, total: usize) {
    let mut before = BTreeSet::new();
    while before.len() < total {
        let mut seen = BTreeSet::new();
        let mut token = String::new();
        loop {
            let path = format!("/v0/inboxes/{inbox}/messages?limit=7&ascending={ascending}{token}");
            let page = world.get(&path).await;
            for id in column(page["messages"].as_array().unwrap(), "message_id") {
                assert!(seen.insert(id.clone()), "{id} is on two pages");
            }
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        let lost: Vec<_> = before.difference(&seen).collect();
        assert!(lost.is_empty(), "skipped {lost:?}");
        before = seen;
    }
}

#[tokio::test]
async fn twenty_writers_and_four_readers_agree_in_the_end() {
    each_engine(async |world| {
        let mut inboxes = Vec::new();
        for _ in 0..INBOXES {
            inboxes.push(world.inbox().await);
        }
        let mut listener = Listener::to(world, json!({})).await;
        let each = SESSIONS / INBOXES * MAILS;
        let writers = (0..SESSIONS).map(|n| write(world, &inboxes[n % INBOXES], n));
        let readers = (0..4).map(|n| read(world, &inboxes[n], n % 2 == 0, each));
        let listening = async {
            let mut events = BTreeSet::new();
            let mut messages = BTreeSet::new();
            while messages.len() < SESSIONS * MAILS {
                let event = listener.event().await;
                let id = event["event_id"].as_str().unwrap().to_owned();
                assert!(events.insert(id), "an event came twice");
                let id = event["message"]["message_id"].as_str().unwrap().to_owned();
                assert!(messages.insert(id), "a message was announced twice");
            }
        };
        tokio::join!(join_all(writers), join_all(readers), listening);

        for inbox in &inboxes {
            let list = world.get(&format!("/v0/inboxes/{inbox}/threads")).await;
            let threads = list["threads"].as_array().unwrap();
            assert_eq!(threads.len(), SESSIONS / INBOXES);
            for thread in threads {
                assert_eq!(thread["message_count"], MAILS, "{thread}");
                let id = thread["thread_id"].as_str().unwrap();
                let whole = world.get(&format!("/v0/threads/{id}")).await;
                let subjects: BTreeSet<String> =
                    column(whole["messages"].as_array().unwrap(), "subject")
                        .into_iter()
                        .collect();
                assert_eq!(subjects.len(), 1, "conversations were mixed: {subjects:?}");
            }
        }
    })
    .await;
}
