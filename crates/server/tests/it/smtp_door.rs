//! SMTP from a client's side: who is let in, where a message ends, and what a 250 means.

use testkit::SmtpClient;

use crate::database::{Data, engines};
use crate::running::{Running, soon};
use crate::world::{World, column, each_engine, letter};

#[tokio::test]
async fn an_unknown_recipient_is_refused_and_the_others_get_the_message() {
    each_engine(async |world| {
        let inboxes = [
            world.inbox().await,
            world.inbox().await,
            world.inbox().await,
        ];
        let mut client = world.smtp().await;
        soon(client.command("MAIL FROM:<ann@outside.test>"))
            .await
            .unwrap();
        let unknown = [
            "nobody@mailroost.localhost",
            "bob@elsewhere.test",
            &format!("{}.x", inboxes[0]),
        ];
        for to in unknown {
            let reply = soon(client.command(&format!("RCPT TO:<{to}>")))
                .await
                .unwrap();
            assert!(reply.to_string().starts_with("550 5.1.1"), "{to}: {reply}");
        }
        // The same inbox twice, in another case, gets it once.
        let twice = inboxes[0].to_uppercase();
        for to in inboxes.iter().chain([&twice]) {
            let reply = soon(client.command(&format!("RCPT TO:<{to}>")))
                .await
                .unwrap();
            assert_eq!(reply.code, 250, "{to}: {reply}");
        }
        soon(client.command("DATA")).await.unwrap();
        let raw = letter("list@outside.test", "all@outside.test", "For all", "Hello.");
        soon(client.write(format!("{raw}.\r\n").as_bytes()))
            .await
            .unwrap();
        assert_eq!(soon(client.reply()).await.unwrap().code, 250);
        for inbox in &inboxes {
            let list = world.messages(inbox, "").await;
            assert_eq!(column(&list, "message_id"), ["<all@outside.test>"]);
        }
        // One message in three inboxes is three threads.
        assert_eq!(world.get("/v0/threads").await["count"], 3);
    })
    .await;
}

#[tokio::test]
async fn nothing_smuggled_becomes_a_message_and_the_session_stays_in_step() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let ends: [&[u8]; 9] = [
            b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r\n.\r\r\n", b"\n.\r",
            b"\r\n\x00.\r\n",
        ];
        for end in ends {
            let mut client = world.smtp().await;
            for line in [
                "MAIL FROM:<ann@outside.test>".to_owned(),
                format!("RCPT TO:<{inbox}>"),
                "DATA".to_owned(),
            ] {
                assert!(soon(client.command(&line)).await.unwrap().is_ok());
            }
            let hidden = format!(
                "MAIL FROM:<ceo@mailroost.localhost>\r\nRCPT TO:<{inbox}>\r\nDATA\r\nSubject: Smuggled\r\n\r\nPay.\r\n.\r\n"
            );
            let raw = letter(&inbox, "outer@outside.test", "Outer", "Hello.");
            let outer = [raw.trim_end().as_bytes(), end, hidden.as_bytes()].concat();
            soon(client.write(&outer)).await.unwrap();
            let reply = soon(client.reply()).await.unwrap();
            let taken = reply.code == 250;
            // The NUL is part of a line like any other; everything else is refused as a whole.
            assert_eq!(taken, end.contains(&0), "{end:?}: {reply}");
            // The next answer is that of the next command, not of something inside the message.
            let reply = soon(client.command("VRFY x")).await.unwrap();
            assert_eq!(reply.code, 252, "{end:?}: {reply}");
        }
        let list = world.messages(&inbox, "").await;
        assert!(!column(&list, "subject").contains(&"Smuggled".to_owned()), "{list:?}");
        assert!(list.len() <= 1, "{list:?}");
    })
    .await;
}

#[tokio::test]
async fn mail_after_starttls_is_taken_and_what_was_said_before_is_forgotten() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut client = world.smtp().await;
        soon(client.command("MAIL FROM:<plain@outside.test>"))
            .await
            .unwrap();
        soon(client.starttls()).await.unwrap();
        let early = soon(client.command(&format!("RCPT TO:<{inbox}>")))
            .await
            .unwrap();
        assert_eq!(early.code, 503, "{early}");
        let hello = soon(client.ehlo("client.test")).await.unwrap();
        assert!(
            !hello.lines.iter().any(|line| line == "STARTTLS"),
            "{hello:?}"
        );
        let raw = letter(&inbox, "tls@outside.test", "Sealed", "Hello.");
        let to = [inbox.as_str()];
        let reply = client.send("ann@outside.test", &to, raw.as_bytes());
        assert_eq!(soon(reply).await.unwrap().code, 250);
        assert!(world.raw(&inbox, "tls@outside.test").await == raw.as_bytes());
    })
    .await;
}

#[tokio::test]
async fn a_pipelined_session_and_chunks_file_exactly_what_was_sent() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut client = world.smtp().await;
        let first = letter(
            &inbox,
            "piped@outside.test",
            "Piped",
            "..two dots\r\n.one dot",
        );
        let piped = format!("MAIL FROM:<ann@outside.test>\r\nRCPT TO:<{inbox}>\r\nDATA\r\n");
        soon(client.write(piped.as_bytes())).await.unwrap();
        for code in [250, 250, 354] {
            assert_eq!(soon(client.reply()).await.unwrap().code, code);
        }
        // The end of one message and the whole of the next in one write, the second in chunks.
        let second = letter(&inbox, "chunked@outside.test", "Chunked", ".\r\n..\r\nbody");
        let (head, tail) = second.split_at(100);
        let rest = format!(
            "{}.\r\nMAIL FROM:<ann@outside.test> BODY=8BITMIME\r\nRCPT TO:<{inbox}>\r\n\
             BDAT {}\r\n{head}BDAT {} LAST\r\n{tail}QUIT\r\n",
            first.replace("\r\n.", "\r\n.."),
            head.len(),
            tail.len(),
        );
        soon(client.write(rest.as_bytes())).await.unwrap();
        for code in [250, 250, 250, 250, 250, 221] {
            let reply = soon(client.reply()).await.unwrap();
            assert_eq!(reply.code, code, "{reply}");
        }
        // Neither Received nor Return-Path nor anything else was written into it.
        assert!(world.raw(&inbox, "piped@outside.test").await == first.as_bytes());
        assert!(world.raw(&inbox, "chunked@outside.test").await == second.as_bytes());
        let message = world.message(&inbox, "chunked@outside.test").await;
        assert!(message["headers"].get("Received").is_none(), "{message}");
    })
    .await;
}

/// A session in the middle of a message.
async fn in_data(world: &World, inbox: &str, raw: &str) -> SmtpClient {
    let mut client = world.smtp().await;
    for line in [
        "MAIL FROM:<ann@outside.test>".to_owned(),
        format!("RCPT TO:<{inbox}>"),
        "DATA".to_owned(),
    ] {
        assert!(soon(client.command(&line)).await.unwrap().is_ok());
    }
    soon(client.write(raw.as_bytes())).await.unwrap();
    client
}

#[tokio::test]
async fn a_message_under_way_at_shutdown_is_answered_and_then_there() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut world = World {
            server: Running::start(&data).await,
            data,
        };
        let inbox = world.inbox().await;
        let whole = letter(&inbox, "whole@outside.test", "Whole", "Hello.");
        let half = letter(&inbox, "half@outside.test", "Half", "Hello.");
        let mut finishing = in_data(&world, &inbox, &whole).await;
        let leaving = in_data(&world, &inbox, &half).await;
        world.server.terminate().await;
        drop(leaving);
        soon(finishing.write(b".\r\n")).await.unwrap();
        let reply = soon(finishing.reply()).await.unwrap();
        assert_eq!(reply.code, 250, "{reply}");
        let ended = world.server.ended().await;
        assert!(ended.status.success(), "{ended:?}");

        world.server = Running::start(&world.data).await;
        let list = world.messages(&inbox, "").await;
        assert_eq!(column(&list, "subject"), ["Whole"]);
        assert!(world.raw(&inbox, "whole@outside.test").await == whole.as_bytes());
        // The client that did not hear the answer sends it again; it is there once.
        world.mail(&inbox, &whole).await;
        assert_eq!(world.messages(&inbox, "").await.len(), 1);
        world.server.stop().await;
    }
}

#[tokio::test]
async fn mail_for_a_deleted_inbox_is_refused_at_once() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "a@outside.test", "A", "x"))
            .await;
        world.delete(&format!("/v0/inboxes/{inbox}")).await;
        let raw = "Subject: B\r\n\r\nx\r\n";
        let reply = world.hand_in("ann@outside.test", &[&inbox], raw).await;
        assert!(reply.to_string().starts_with("550 5.1.1"), "{reply}");
    })
    .await;
}
