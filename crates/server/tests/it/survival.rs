//! What was accepted is there after a crash: every 250 and every 200, once.

use std::collections::BTreeSet;
use std::sync::Mutex;

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::json;
use testkit::SmtpClient;

use crate::client::{request_head, try_connect};
use crate::database::{Data, engines};
use crate::running::{ADMIN_KEY, Running, soon};
use crate::world::{World, column, each_engine, letter};

/// Hands in mail until the connection breaks; notes each message that was answered with 250.
async fn hand_in_until_the_end(
    world: &World,
    inbox: &str,
    session: usize,
    taken: &Mutex<BTreeSet<String>>,
) {
    let Ok(mut client) = SmtpClient::connect(world.server.smtp).await else {
        return;
    };
    if client.ehlo("client.test").await.is_err() {
        return;
    }
    for n in 0.. {
        let id = format!("{session}.{n}@outside.test");
        let raw = letter(inbox, &id, "S", "x");
        let to = [inbox];
        match client.send("ann@outside.test", &to, raw.as_bytes()).await {
            Ok(reply) if reply.code == 250 => taken.lock().unwrap().insert(format!("<{id}>")),
            _ => return,
        };
    }
}

#[tokio::test]
async fn a_killed_server_has_everything_it_answered_for() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut world = World {
            server: Running::start(&data).await,
            data,
        };
        let inbox = world.inbox().await;
        let other = world.inbox().await;
        let taken = Mutex::new(BTreeSet::new());
        let sessions =
            join_all((0..8).map(|n| Box::pin(hand_in_until_the_end(&world, &inbox, n, &taken))));
        let killing = async {
            let mut sent = Vec::new();
            for n in 0..30 {
                sent.push(
                    world
                        .send(
                            &inbox,
                            json!({"to": other, "subject": n.to_string(), "text": "x"}),
                        )
                        .await,
                );
            }
            world.server.signal(Signal::KILL);
            sent
        };
        let (_, sent) = tokio::join!(soon(sessions), killing);
        let taken = taken.into_inner().unwrap();
        assert!(!taken.is_empty());
        world.server.ended().await;

        world.server = Running::start(&world.data).await;
        let mut there = Vec::new();
        let mut token = String::new();
        loop {
            let page = world
                .get(&format!("/v0/inboxes/{inbox}/messages?limit=100{token}"))
                .await;
            there.extend(column(page["messages"].as_array().unwrap(), "message_id"));
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        let unique: BTreeSet<String> = there.iter().cloned().collect();
        assert_eq!(unique.len(), there.len(), "filed twice");
        let lost: Vec<_> = taken
            .iter()
            .chain(&sent)
            .filter(|id| !unique.contains(*id))
            .collect();
        assert!(lost.is_empty(), "lost {lost:?}");
        // What was still to be delivered is, once the lease of the dead server's jobs has run out;
        // most had not begun.
        let arrived = world.messages(&other, "?limit=100").await;
        let arrived: BTreeSet<String> = column(&arrived, "message_id").into_iter().collect();
        assert!(arrived.iter().all(|id| sent.contains(id)));
        world.server.stop().await;
    }
}

#[tokio::test]
async fn what_was_to_be_delivered_at_a_stop_is_delivered_after_the_next_start() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut world = World {
            server: Running::start(&data).await,
            data,
        };
        let inbox = world.inbox().await;
        let other = world.inbox().await;
        let mut sent = BTreeSet::new();
        for n in 0..30 {
            sent.insert(
                world
                    .send(&inbox, json!({"to": other, "subject": n.to_string()}))
                    .await,
            );
        }
        world.server.stop().await;
        world.server = Running::start(&world.data).await;
        let arrived = world.arrived(&other, 30).await;
        assert_eq!(
            column(&arrived, "message_id")
                .into_iter()
                .collect::<BTreeSet<_>>(),
            sent
        );
        assert_eq!(arrived.len(), 30, "delivered twice");
        world.server.stop().await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_finds_its_message_once() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let raw = letter(&inbox, "lost@outside.test", "Lost answer", "x");
        for _ in 0..5 {
            let mut client = world.smtp().await;
            for line in [
                "MAIL FROM:<ann@outside.test>",
                &format!("RCPT TO:<{inbox}>"),
                "DATA",
            ] {
                assert!(soon(client.command(line)).await.unwrap().is_ok());
            }
            soon(client.write(format!("{raw}.\r\n").as_bytes()))
                .await
                .unwrap();
        }
        world.arrived(&inbox, 1).await;
        world.mail(&inbox, &raw).await;
        assert_eq!(world.messages(&inbox, "").await.len(), 1);

        // The same over HTTP: a request whose client has left is done whole or not at all.
        let body = json!({"to": "bob@outside.test", "subject": "Left", "text": "x"}).to_string();
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        let mut stream = try_connect(world.server.http).await.unwrap();
        let head = request_head("POST", &path, ADMIN_KEY, body.len(), "");
        let whole = format!("{head}{body}");
        tokio::io::AsyncWriteExt::write_all(&mut stream, whole.as_bytes())
            .await
            .unwrap();
        drop(stream);
        for message in world.messages(&inbox, "?labels=sent").await {
            let id = message["message_id"].as_str().unwrap();
            world.labelled(&inbox, id, "delivered-in-sandbox").await;
        }
    })
    .await;
}
