//! What needs more than one connection.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::Arc;
use std::time::Duration;

use smtp::{Reply, Settings};
use sys::Clock;
use testkit::{Action, FakeClock, Question, Script, SmtpClient, SmtpServer};

async fn start(
    script: Script,
    change: impl FnOnce(&mut Settings),
) -> (SmtpServer, Arc<Script>, FakeClock) {
    let mut settings = Settings::new("mx.example");
    change(&mut settings);
    let (script, clock) = (Arc::new(script), FakeClock::default());
    let server = SmtpServer::start(Arc::clone(&script), settings, clock.env(1))
        .await
        .unwrap();
    (server, script, clock)
}

async fn begin_data(client: &mut SmtpClient) {
    for command in ["EHLO c", "MAIL FROM:<>", "RCPT TO:<x@mx.example>", "DATA"] {
        assert!(client.command(command).await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_peer_with_too_many_connections_is_turned_away_and_may_come_again() {
    let (server, _, _) = start(Script::default(), |settings| {
        settings.limits.connections_per_peer = 2;
    })
    .await;
    let mut first = SmtpClient::connect(server.addr).await.unwrap();
    let mut second = SmtpClient::connect(server.addr).await.unwrap();
    let mut third = SmtpClient::open(server.addr).await.unwrap();
    assert!(
        third
            .reply()
            .await
            .unwrap()
            .to_string()
            .starts_with("421 4.7.0")
    );
    third.closed().await.unwrap();
    assert!(second.command("NOOP").await.unwrap().is_ok());
    first.command("QUIT").await.unwrap();
    first.closed().await.unwrap();
    drop(first);
    // The seat is free a moment after the client has seen the end.
    while SmtpClient::connect(server.addr).await.is_err() {
        tokio::task::yield_now().await;
    }
    drop((second, third));
    server.stop().await;
}

#[tokio::test]
async fn sessions_are_independent_and_nothing_is_lost() {
    let (server, script, _) = start(Script::default(), |_| {}).await;
    let addr = server.addr;
    let one_client = |client_number: usize| async move {
        let mut client = SmtpClient::connect(addr).await.unwrap();
        client.ehlo("c").await.unwrap();
        for number in 0..20 {
            let raw = format!(
                "Subject: {client_number} {number}\r\n\r\n{}",
                "text\r\n".repeat(number * 50)
            );
            let reply = client
                .send("a@c.example", &["x@mx.example"], raw.as_bytes())
                .await
                .unwrap();
            assert_eq!(reply.code, 250);
        }
    };
    let clients: Vec<_> = (0..10).map(|number| Box::pin(one_client(number))).collect();
    let mut clients: std::collections::VecDeque<_> = clients.into();
    let mut running = tokio::task::JoinSet::new();
    while let Some(client) = clients.pop_front() {
        running.spawn(client);
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
    server.stop().await;
    let mut subjects: Vec<String> = script
        .take_received()
        .iter()
        .map(|received| {
            String::from_utf8_lossy(&received.raw)
                .lines()
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), 200);
}

#[tokio::test]
async fn a_message_without_memory_is_put_off_after_a_wait() {
    // The budget is four times the largest message: 4 MiB and two units.
    let hold = Script::default().on(Question::Message, "*", Action::Hang);
    let (server, script, clock) = start(hold, |settings| {
        settings.max_message_bytes = 1 << 20;
        settings.limits.message_memory = 0;
        settings.limits.handler = Duration::from_secs(100_000);
        settings.limits.data_block = Duration::from_secs(100_000);
    })
    .await;
    let large = "x".repeat(998) + "\r\n";
    let large = large.repeat(1040);
    let mut holders = Vec::new();
    for _ in 0..4 {
        let mut client = SmtpClient::connect(server.addr).await.unwrap();
        begin_data(&mut client).await;
        client.write(large.as_bytes()).await.unwrap();
        client.write(b".\r\n").await.unwrap();
        holders.push(client);
    }
    let mut late = SmtpClient::connect(server.addr).await.unwrap();
    begin_data(&mut late).await;
    let sending = async {
        late.write(large.as_bytes()).await.unwrap();
        late.write(b".\r\n").await.unwrap();
        late.reply().await.unwrap()
    };
    let moving = async {
        loop {
            clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    let reply = tokio::select! {
        reply = sending => reply,
        () = moving => unreachable!(),
    };
    assert!(reply.to_string().starts_with("452 4.3.1"), "{reply}");
    script.release();
    for holder in &mut holders {
        assert_eq!(holder.reply().await.unwrap().code, 250);
    }
    assert_eq!(
        late.send("", &["x@mx.example"], large.as_bytes())
            .await
            .unwrap()
            .code,
        250
    );
    drop((holders, late));
    server.stop().await;
    assert_eq!(script.take_received().len(), 5);
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_a_451_and_still_ends() {
    let hold = Script::default().on(Question::Message, "*", Action::Hang);
    let (server, script, clock) = start(hold, |settings| {
        settings.limits.handler = Duration::from_secs(60);
    })
    .await;
    let mut client = SmtpClient::connect(server.addr).await.unwrap();
    begin_data(&mut client).await;
    let before = clock.now();
    client.write(b"one\r\n.\r\n").await.unwrap();
    let moving = async {
        loop {
            clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    let reply = tokio::select! {
        reply = client.reply() => reply.unwrap(),
        () = moving => unreachable!(),
    };
    assert!(reply.to_string().starts_with("451 4.3.0"), "{reply}");
    assert!(clock.now().since(before) >= Duration::from_secs(60));
    script.release();
    drop(client);
    server.stop().await;
    assert_eq!(script.take_received().len(), 1);
}

#[tokio::test]
async fn a_client_that_takes_no_replies_is_dropped() {
    let (server, _, clock) = start(Script::default(), |settings| {
        settings.limits.errors = u32::MAX;
    })
    .await;
    let mut client = SmtpClient::connect(server.addr).await.unwrap();
    let flood = "HELP\r\n".repeat(10_000);
    let mut sent = 0_usize;
    let flooding = async {
        while client.write(flood.as_bytes()).await.is_ok() {
            sent += flood.len();
        }
    };
    let moving = async {
        loop {
            clock.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = flooding => {}
        () = moving => unreachable!(),
    }
    server.stop().await;
}

#[tokio::test]
async fn a_refused_transaction_can_be_followed_by_another() {
    let no = Action::Reply(Reply::never(550, (1, 1), "No such inbox"));
    let script = Script::default().on(Question::Rcpt, "no@mx.example", no);
    let (server, script, _) = start(script, |_| {}).await;
    let mut client = SmtpClient::connect(server.addr).await.unwrap();
    client.ehlo("c").await.unwrap();
    let reply = client.send("", &["no@mx.example"], b"one").await.unwrap();
    assert_eq!(reply.to_string(), "550 5.1.1 No such inbox");
    assert_eq!(
        client
            .send("", &["x@mx.example"], b".two")
            .await
            .unwrap()
            .code,
        250
    );
    drop(client);
    server.stop().await;
    assert_eq!(script.take_received()[0].raw, b".two\r\n");
}
