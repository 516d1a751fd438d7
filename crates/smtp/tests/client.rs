//! The client against a server of this machine that does as it is told.

#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mail::Address;
use smtp::client::{
    Cause, Client, Connection, Credentials, Failure, Mail, Outcome, Security, Stage, Terms,
    Timeouts,
};
use sys::{SystemClock, TlsClient, TlsError, Trust};
use testkit::tls::{Authority, self_signed};
use testkit::{Act, FakeClock, MailSink, Manners};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;

const HELLO: &[u8] = b"Subject: hi\r\n\r\n.dot\r\n";
const VERIFIED: Security = Security::StartTls(Trust::WebPki);

fn client(tls: TlsClient) -> Client {
    Client {
        name: "me.test".into(),
        tls,
        clock: Arc::new(SystemClock),
        timeouts: Timeouts::default(),
    }
}

fn terms(peer: SocketAddr, security: Security) -> Terms<'static> {
    Terms {
        host: "sink.test",
        peer,
        security,
        credentials: None,
    }
}

async fn open(sink: &MailSink, security: Security) -> Result<Connection<TcpStream>, Failure> {
    open_with(sink, &client(TlsClient::new().unwrap()), security).await
}

#[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
async fn open_with(
    sink: &MailSink,
    client: &Client,
    security: Security,
) -> Result<Connection<TcpStream>, Failure> {
    let stream = TcpStream::connect(sink.address()).await.unwrap();
    Connection::open(client, stream, terms(sink.address(), security)).await
}

async fn send(connection: &mut Connection<TcpStream>, to: &[&str], raw: &[u8]) -> Vec<Outcome> {
    let to: Vec<Address> = to.iter().map(|to| Address::parse(to).unwrap()).collect();
    let from = Address::parse("me@here.test").unwrap();
    let mail = Mail {
        reverse_path: Some(&from),
        recipients: &to,
        raw,
        smtputf8: false,
    };
    connection.send(mail).await
}

fn accepted(outcomes: &[Outcome]) -> bool {
    outcomes
        .iter()
        .all(|outcome| matches!(outcome, Outcome::Accepted(_)))
}

#[tokio::test]
async fn messages_go_over_one_connection_one_after_the_other() {
    let mut sink = MailSink::start().await.unwrap();
    let mut connection = open(&sink, Security::Opportunistic).await.unwrap();
    for raw in [
        HELLO,
        &[b"x".repeat(700), b"\r\n".to_vec()].concat().repeat(1000),
    ] {
        let outcomes = send(&mut connection, &["a@x.test", "b@x.test"], raw).await;
        assert!(accepted(&outcomes), "{outcomes:?}");
        let got = sink.next().await;
        assert_eq!((got.raw.as_slice(), got.connection), (raw, 1));
        assert_eq!(
            (got.from.as_str(), got.to),
            (
                "me@here.test",
                vec!["a@x.test".to_owned(), "b@x.test".to_owned()]
            )
        );
        assert!(connection.is_usable());
    }
    assert_eq!((connection.messages(), connection.tls()), (2, None));
    connection.quit().await;
    assert_eq!(sink.heard().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn after_refused_recipients_the_next_message_begins_anew() {
    let mut sink = MailSink::start().await.unwrap();
    sink.on(
        "RCPT TO:<bob@",
        Act::say("550-5.1.1 No bob\n550 5.1.1 here"),
    );
    sink.once("RCPT TO:<slow@", Act::say("451 4.7.1 Greylisted"));
    let mut connection = open(&sink, Security::Plain).await.unwrap();
    let outcomes = send(&mut connection, &["bob@x.test", "slow@x.test"], HELLO).await;
    let Outcome::Refused(never) = &outcomes[0] else {
        panic!("{outcomes:?}")
    };
    assert_eq!((never.stage, never.enhanced()), (Stage::Rcpt, (5, 1, 1)));
    assert_eq!(never.reply().unwrap().text, "No bob\nhere");
    assert!(matches!(&outcomes[1], Outcome::PutOff(later) if later.enhanced() == (4, 7, 1)));

    let outcomes = send(&mut connection, &["bob@x.test", "slow@x.test"], HELLO).await;
    assert!(matches!(
        &outcomes[..],
        [Outcome::Refused(_), Outcome::Accepted(_)]
    ));
    assert_eq!(sink.next().await.to, ["slow@x.test"]);
    assert!(sink.heard().contains(&"RSET".to_owned()));
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_may_have_been_taken() {
    let mut sink = MailSink::start().await.unwrap();
    for (act, kept) in [(Act::KeepAndClose, true), (Act::Close, false)] {
        sink.once(MailSink::MESSAGE, act);
        let mut connection = open(&sink, Security::Plain).await.unwrap();
        let outcomes = send(&mut connection, &["a@x.test"], HELLO).await;
        assert!(matches!(&outcomes[0], Outcome::Unknown(why) if why.stage == Stage::EndOfData));
        assert!(!connection.is_usable());
        assert_eq!(sink.waiting().is_some(), kept);
    }
    sink.once(MailSink::CONTENT, Act::Close);
    let mut connection = open(&sink, Security::Plain).await.unwrap();
    // Too much for the buffers of the sockets, so that the end is never reached.
    let raw = [b"x".repeat(998), b"\r\n".to_vec()].concat().repeat(20_000);
    let outcomes = send(&mut connection, &["a@x.test"], &raw).await;
    assert!(matches!(&outcomes[0], Outcome::PutOff(why) if why.stage == Stage::Content));
}

#[tokio::test]
async fn a_server_that_stops_a_message_half_way_is_heard() {
    let sink = MailSink::start().await.unwrap();
    sink.once(MailSink::CONTENT, Act::say("552 5.3.4 Too much already"));
    let mut connection = open(&sink, Security::Plain).await.unwrap();
    let outcomes = send(&mut connection, &["a@x.test"], HELLO).await;
    assert!(
        matches!(&outcomes[0], Outcome::Refused(why) if why.enhanced() == (5, 3, 4)),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_connection_that_the_server_closed_in_the_meantime_is_noticed() {
    let sink = MailSink::start().await.unwrap();
    let mut connection = open(&sink, Security::Plain).await.unwrap();
    sink.on("MAIL", Act::SayAndClose("421 4.3.2 Going down".to_owned()));
    let outcomes = send(&mut connection, &["a@x.test"], HELLO).await;
    assert!(
        matches!(&outcomes[0], Outcome::PutOff(why) if why.stage == Stage::Mail && why.reply().unwrap().closes())
    );
    assert!(!connection.is_usable());
    let outcomes = send(&mut connection, &["a@x.test"], HELLO).await;
    assert!(matches!(&outcomes[0], Outcome::PutOff(_)));
}

#[tokio::test]
async fn the_opportunist_takes_any_certificate_and_says_what_is_wrong_with_it() {
    let mut sink = MailSink::start().await.unwrap();
    let authority = Authority::new().unwrap();
    let client = client(TlsClient::with_roots(authority.root().as_bytes()).unwrap());
    for (tls, good) in [
        (authority.good("sink.test").unwrap(), true),
        (authority.good("other.test").unwrap(), false),
        (authority.expired("sink.test").unwrap(), false),
        (self_signed("sink.test").unwrap(), false),
    ] {
        sink.manners(Manners {
            tls: Some(tls),
            ..Manners::default()
        });
        let mut connection = open_with(&sink, &client, Security::Opportunistic)
            .await
            .unwrap();
        let used = connection.tls().unwrap().clone();
        assert_eq!(
            (used.verified(), used.version.as_str()),
            (good, "TLSv1.3"),
            "{used:?}"
        );
        assert!(accepted(&send(&mut connection, &["a@x.test"], HELLO).await));
        assert!(sink.next().await.tls);
        connection.quit().await;

        let strict = open_with(&sink, &client, VERIFIED).await;
        match strict {
            Ok(_) => assert!(good),
            Err(failure) => {
                assert!(!good && failure.is_tls(), "{failure}");
                assert!(matches!(
                    failure.cause,
                    Cause::Tls(TlsError::Certificate(_))
                ));
            }
        }
    }
}

#[tokio::test]
async fn tls_from_the_first_octet_and_a_login() {
    let mut sink = MailSink::start().await.unwrap();
    let authority = Authority::new().unwrap();
    let client = client(TlsClient::with_roots(authority.root().as_bytes()).unwrap());
    sink.manners(Manners {
        tls: Some(authority.good("sink.test").unwrap()),
        implicit: true,
        plain: Some("AGFubgBzZWNyZXQ=".to_owned()),
        ..Manners::default()
    });
    for (password, welcome) in [("secret", true), ("wrong", false)] {
        let ann = Credentials::new("ann", password);
        #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
        let stream = TcpStream::connect(sink.address()).await.unwrap();
        let terms = Terms {
            credentials: Some(&ann),
            ..terms(sink.address(), Security::Implicit(Trust::WebPki))
        };
        match Connection::open(&client, stream, terms).await {
            Ok(mut connection) => {
                assert!(welcome && accepted(&send(&mut connection, &["a@x.test"], HELLO).await));
                assert!(sink.next().await.tls);
            }
            Err(failure) => {
                assert!(!welcome && failure.stage == Stage::Auth);
                assert_eq!(failure.enhanced(), (5, 7, 8));
            }
        }
    }
}

#[tokio::test]
async fn an_old_server_is_spoken_to_in_its_own_way() {
    let mut sink = MailSink::start().await.unwrap();
    sink.manners(Manners {
        keywords: None,
        ..Manners::default()
    });
    let mut connection = open(&sink, Security::Opportunistic).await.unwrap();
    assert!(accepted(&send(&mut connection, &["a@x.test"], HELLO).await));
    assert_eq!(sink.next().await.params, "");
    let eight = send(&mut connection, &["a@x.test"], "ü\r\n".as_bytes()).await;
    assert_eq!(eight[0].failure().unwrap().enhanced(), (5, 6, 3));
    assert!(accepted(&send(&mut connection, &["a@x.test"], HELLO).await));
}

/// The other end of a connection that a test plays by hand.
async fn expect(server: &mut DuplexStream, text: &str) {
    let mut got = vec![0; text.len()];
    server.read_exact(&mut got).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&got), text);
}

#[tokio::test]
async fn what_is_said_in_the_clear_after_starttls_is_dropped() {
    let (near, mut server) = tokio::io::duplex(1 << 16);
    let acceptor = tokio_rustls::TlsAcceptor::from(self_signed("sink.test").unwrap());
    let client = client(TlsClient::new().unwrap());
    let peer = "192.0.2.1:25".parse().unwrap();
    let talking = Connection::open(&client, near, terms(peer, Security::Opportunistic));
    let script = async {
        server.write_all(b"220 mx\r\n").await.unwrap();
        expect(&mut server, "EHLO me.test\r\n").await;
        server
            .write_all(b"250-mx\r\n250 STARTTLS\r\n")
            .await
            .unwrap();
        expect(&mut server, "STARTTLS\r\n").await;
        let injected = b"220 go\r\n250-mx\r\n250-SIZE 1\r\n250 PIPELINING\r\n";
        server.write_all(injected).await.unwrap();
        let mut server = acceptor.accept(server).await.unwrap();
        let mut line = [0; 14];
        server.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"EHLO me.test\r\n");
        server
            .write_all(b"250-mx\r\n250 8BITMIME\r\n")
            .await
            .unwrap();
        server.flush().await.unwrap();
        server
    };
    let (opened, _server) = tokio::join!(talking, script);
    let offers = opened.unwrap().offers().clone();
    assert!(offers.eight_bit && !offers.pipelining && offers.size.is_none());
}

#[tokio::test]
async fn each_stage_has_its_own_patience() {
    let clock = FakeClock::default();
    let client = Client {
        clock: Arc::new(clock.clone()),
        ..client(TlsClient::new().unwrap())
    };
    let peer = "192.0.2.1:25".parse().unwrap();
    let patience = client.timeouts;
    let script = [
        ("220 mx\r\n", Stage::Greeting, patience.greeting),
        ("250 mx\r\n", Stage::Ehlo, patience.command),
        ("250 ok\r\n", Stage::Mail, patience.mail),
        ("250 ok\r\n", Stage::Rcpt, patience.rcpt),
        ("354 go\r\n", Stage::Data, patience.data),
        ("", Stage::EndOfData, patience.end_of_data),
    ];
    for silent in 0..script.len() {
        let (near, mut server) = tokio::io::duplex(1 << 16);
        let to = [Address::parse("a@x.test").unwrap()];
        let talking = async {
            let mut connection =
                Connection::open(&client, near, terms(peer, Security::Plain)).await?;
            let mail = Mail {
                reverse_path: None,
                recipients: &to,
                raw: HELLO,
                smtputf8: false,
            };
            let outcome = connection.send(mail).await.remove(0);
            Err::<(), _>(outcome.failure().unwrap().clone())
        };
        let driving = async {
            for (reply, ..) in &script[..silent] {
                server.write_all(reply.as_bytes()).await.unwrap();
            }
            settled(&clock).await;
            clock.advance(
                script[silent]
                    .2
                    .checked_sub(Duration::from_millis(1))
                    .unwrap(),
            );
            settled(&clock).await;
            clock.advance(Duration::from_millis(2));
            std::future::pending::<()>().await;
        };
        let failure = tokio::select! {
            failed = talking => failed.unwrap_err(),
            () = driving => unreachable!(),
        };
        assert_eq!(
            (failure.stage, failure.cause),
            (script[silent].1, Cause::Late)
        );
    }
}

/// Until the client has used everything it was sent and waits.
async fn settled(clock: &FakeClock) {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(clock.sleepers(), 1);
}
