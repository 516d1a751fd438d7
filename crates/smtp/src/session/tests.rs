use proptest::prelude::*;

use super::*;
use crate::Auth;

/// A session whose handler takes everything but addresses that begin with `no`. Steps are noted
/// as short text.
struct Run {
    session: Session,
    input: BytesMut,
    seen: Vec<String>,
}

impl Run {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new("mx.example");
        settings.max_message_bytes = 1000;
        change(&mut settings);
        let peer = SocketAddr::from(([192, 0, 2, 1], 4321));
        Self {
            session: Session::new(Arc::new(settings), SessionId::default(), peer),
            input: BytesMut::new(),
            seen: Vec::new(),
        }
    }

    fn send(&mut self, wire: &[u8]) -> &mut Self {
        self.input.extend_from_slice(wire);
        while !self.closed() {
            let step = self
                .session
                .next(&mut self.input, Timestamp::from_micros(1));
            if step == Step::More {
                break;
            }
            self.note(step);
        }
        self
    }

    fn note(&mut self, step: Step) {
        let refuse = |address: &Address| {
            let no = Reply::never(550, (1, 1), "No");
            if address.local().starts_with("no") {
                Err(no)
            } else {
                Ok(())
            }
        };
        let text = match step {
            Step::More => return,
            Step::Sender => {
                let from = self.session.envelope().unwrap().reverse_path.clone();
                let answer = from.as_ref().map_or(Ok(()), refuse);
                let step = self.session.sender_answered(answer);
                return self.note(step);
            }
            Step::Recipient(to) => {
                let answer = refuse(&to);
                let step = self.session.recipient_answered(to, answer);
                return self.note(step);
            }
            Step::LogIn { user, password } => {
                let answer = match password.expose() {
                    "right" => Ok(crate::Proof::new(b"proof")),
                    _ => Err(Reply::never(535, (7, 8), "No")),
                };
                let step = self.session.login_answered(user, answer);
                return self.note(step);
            }
            Step::Reply(reply) => short(&reply),
            Step::Close(reply) => format!("close {}", short(&reply)),
            Step::DataRefused(reply) => format!("no data {}", short(&reply)),
            Step::StartTls(reply) => format!("tls {}", short(&reply)),
            Step::Message(envelope, raw) => {
                let recipients = envelope.forward_paths.len();
                format!("message to {recipients} \"{}\"", raw.escape_ascii())
            }
            Step::Refused(_, reply) => format!("refused {}", short(&reply)),
        };
        self.seen.push(text);
    }

    fn closed(&self) -> bool {
        self.seen
            .last()
            .is_some_and(|last| last.starts_with("close"))
    }

    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.seen)
    }
}

fn short(reply: &Reply) -> String {
    match reply.enhanced() {
        Some((class, subject, detail)) => format!("{} {class}.{subject}.{detail}", reply.code()),
        None => reply.code().to_string(),
    }
}

/// Runs `commands`, parted by `|`, each ended with CRLF, and gives what was noted, parted by ` | `.
fn dialog(commands: &str) -> String {
    dialog_with(commands, |_| {})
}

fn dialog_with(commands: &str, change: impl FnOnce(&mut Settings)) -> String {
    let wire = commands.replace('|', "\r\n") + "\r\n";
    Run::new(change).send(wire.as_bytes()).take().join(" | ")
}

const READY: &str = "EHLO c.example|MAIL FROM:<a@c.example>|RCPT TO:<x@mx.example>";

/// What `commands` give after [`READY`].
fn after_ready(commands: &str) -> String {
    let all = dialog(&format!("{READY}|{commands}"));
    all.strip_prefix("250 | 250 2.1.0 | 250 2.1.5 | ")
        .unwrap()
        .to_owned()
}

#[test]
fn commands_have_their_order() {
    for (commands, expected) in [
        (
            "NOOP|HELP|VRFY x|EXPN x",
            "250 2.0.0 | 214 2.0.0 | 252 2.1.5 | 502 5.5.1",
        ),
        ("MAIL FROM:<a@c.example>", "503 5.5.1"),
        ("EHLO c|RCPT TO:<x@mx.example>", "250 | 503 5.5.1"),
        ("EHLO c|DATA", "250 | no data 503 5.5.1"),
        (
            "EHLO c|MAIL FROM:<>|MAIL FROM:<>",
            "250 | 250 2.1.0 | 503 5.5.1",
        ),
        (
            "EHLO c|MAIL FROM:<>|DATA",
            "250 | 250 2.1.0 | no data 554 5.5.1",
        ),
        (
            "EHLO c|MAIL FROM:<>|RSET|MAIL FROM:<>",
            "250 | 250 2.1.0 | 250 2.0.0 | 250 2.1.0",
        ),
        (
            "EHLO c|MAIL FROM:<>|EHLO c|MAIL FROM:<>",
            "250 | 250 2.1.0 | 250 | 250 2.1.0",
        ),
        (
            "HELO c|MAIL FROM:<>|RCPT TO:<postmaster>",
            "250 | 250 2.1.0 | 250 2.1.5",
        ),
        ("AUTH PLAIN AGEAYg==|STARTTLS", "502 5.5.1 | 502 5.5.1"),
        ("QUIT|NOOP", "close 221 2.0.0"),
        ("GET / HTTP/1.1", "close 421 4.7.0"),
    ] {
        assert_eq!(dialog(commands), expected, "{commands}");
    }
}

#[test]
fn a_refused_sender_or_recipient_is_not_in_the_envelope() {
    assert_eq!(
        dialog("EHLO c|MAIL FROM:<no@c.example>|RCPT TO:<x@mx.example>"),
        "250 | 550 5.1.1 | 503 5.5.1"
    );
    assert_eq!(
        after_ready("RCPT TO:<no@mx.example>|RCPT TO:<y@mx.example>|DATA|hi|."),
        "550 5.1.1 | 250 2.1.5 | 354 | message to 2 \"hi\\r\\n\""
    );
}

#[test]
fn the_envelope_says_what_the_client_said() {
    let mut run = Run::new(|_| {});
    run.send(b"EHLO c.example\r\nMAIL FROM:<a@c.example> SIZE=10 BODY=8BITMIME SMTPUTF8\r\n");
    run.send("RCPT TO:<jürgen@mx.example>\r\n".as_bytes());
    assert_eq!(run.take(), ["250", "250 2.1.0", "250 2.1.5"]);
    let envelope = run.session.envelope().unwrap();
    assert!(envelope.body_8bit && envelope.smtputf8 && envelope.esmtp && !envelope.tls);
    assert_eq!(envelope.helo, "c.example");
    assert_eq!(envelope.forward_paths.len(), 1);
}

#[test]
fn an_address_outside_ascii_needs_smtputf8() {
    assert_eq!(after_ready("RCPT TO:<jürgen@mx.example>"), "553 5.6.7");
}

#[test]
fn a_message_ends_the_transaction_and_the_next_can_follow() {
    assert_eq!(
        after_ready("DATA|one|.|MAIL FROM:<>|RCPT TO:<x@mx.example>|DATA|..|."),
        "354 | message to 1 \"one\\r\\n\" | 250 2.1.0 | 250 2.1.5 | 354 | message to 1 \".\\r\\n\""
    );
}

#[test]
fn a_refused_message_leaves_the_session_in_step() {
    assert_eq!(
        after_ready("DATA|a\rb|.|NOOP"),
        "354 | refused 554 5.6.0 | 250 2.0.0"
    );
    let large = format!("DATA|{}|.|NOOP", "x".repeat(999));
    assert_eq!(after_ready(&large), "354 | refused 552 5.3.4 | 250 2.0.0");
}

#[test]
fn an_announced_size_over_the_limit_is_refused_at_once() {
    assert_eq!(
        dialog("EHLO c|MAIL FROM:<> SIZE=1001|MAIL FROM:<> SIZE=1000"),
        "250 | 552 5.3.4 | 250 2.1.0"
    );
}

fn after_ready_wire(wire: &[u8]) -> String {
    let mut run = Run::new(|_| {});
    run.send((READY.replace('|', "\r\n") + "\r\n").as_bytes())
        .take();
    run.send(wire).take().join(" | ")
}

#[test]
fn bdat_reads_exactly_what_it_announces() {
    for (wire, expected) in [
        (
            &b"BDAT 5 LAST\r\none\r\nNOOP\r\n"[..],
            "message to 1 \"one\\r\\n\" | 250 2.0.0",
        ),
        (
            b"BDAT 4\r\none\rBDAT 1 LAST\r\n\nNOOP\r\n",
            "250 2.0.0 | message to 1 \"one\\r\\n\" | 250 2.0.0",
        ),
        (
            b"BDAT 3\r\noneBDAT 0 LAST\r\n",
            "250 2.0.0 | message to 1 \"one\"",
        ),
        (b"BDAT 0 LAST\r\n", "message to 1 \"\""),
        (
            b"BDAT 3\r\noneRSET\r\nBDAT 1 LAST\r\nxNOOP\r\n",
            "250 2.0.0 | 250 2.0.0 | 503 5.5.1 | 250 2.0.0",
        ),
        (
            b"BDAT 3\r\noneDATA\r\nBDAT 0 LAST\r\n",
            "250 2.0.0 | no data 503 5.5.1 | message to 1 \"one\"",
        ),
        (
            b"BDAT 3\r\noneRCPT TO:<y@mx.example>\r\n",
            "250 2.0.0 | 503 5.5.1",
        ),
        (b"BDAT 3\r\noneMAIL FROM:<>\r\n", "250 2.0.0 | 503 5.5.1"),
        (
            b"BDAT 3 LAST\r\na\nbNOOP\r\n",
            "refused 554 5.6.0 | 250 2.0.0",
        ),
        (
            b"BDAT 5 LAST\r\n.\r\n\r\nNOOP\r\n",
            "message to 1 \".\\r\\n\\r\\n\" | 250 2.0.0",
        ),
        (b"BDAT -1\r\nNOOP\r\n", "close 501 5.5.4"),
        (b"BDAT 18446744073709551615\r\nx", "close 552 5.3.4"),
        (b"BDAT 4001\r\nx", "close 552 5.3.4"),
    ] {
        assert_eq!(after_ready_wire(wire), expected, "{}", wire.escape_ascii());
    }
}

#[test]
fn chunks_over_the_limit_are_read_and_refused() {
    let chunk = "x".repeat(600);
    let wire = format!("BDAT 600\r\n{chunk}BDAT 600\r\n{chunk}BDAT 600 LAST\r\n{chunk}NOOP\r\n");
    assert_eq!(
        after_ready_wire(wire.as_bytes()),
        "250 2.0.0 | refused 552 5.3.4 | 503 5.5.1 | 250 2.0.0"
    );
}

#[test]
fn a_chunk_without_a_recipient_is_read_and_refused() {
    let wire = b"EHLO c\r\nBDAT 6\r\nQUIT\r\nMAIL FROM:<>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n";
    let mut run = Run::new(|_| {});
    let expected = ["250", "503 5.5.1", "250 2.1.0", "554 5.5.1", "250 2.0.0"];
    assert_eq!(run.send(wire).take(), expected);
}

#[test]
fn a_line_without_crlf_is_refused_as_a_whole() {
    let mut run = Run::new(|_| {});
    run.send(b"NOOP\nNOOP\r\nNOOP x\rNOOP\r\n");
    assert_eq!(run.take(), ["500 5.5.2", "250 2.0.0", "500 5.5.2"]);
}

#[test]
fn an_endless_line_ends_the_session_with_bounded_memory() {
    let mut run = Run::new(|_| {});
    run.send(&[b'x'; 4095]);
    assert_eq!(run.take(), [""; 0]);
    assert_eq!(run.send(b"x").take(), ["close 500 5.5.2"]);
    let mut run = Run::new(|_| {});
    assert_eq!(
        run.send(&[b'x'; 4095]).send(b"\r\n").take(),
        ["close 500 5.5.2"]
    );
}

#[test]
fn patience_is_limited() {
    let limit = |settings: &mut Settings| {
        settings.limits.errors = 2;
        settings.limits.refusals = 1;
        settings.limits.transactions = 2;
        settings.max_recipients = 1;
    };
    assert_eq!(
        dialog_with("X|X|X|NOOP", limit),
        "500 5.5.1 | 500 5.5.1 | close 421 4.7.0"
    );
    assert_eq!(
        dialog_with(
            "EHLO c|MAIL FROM:<>|RCPT TO:<no1@a.b>|RCPT TO:<no2@a.b>",
            limit
        ),
        "250 | 250 2.1.0 | 550 5.1.1 | close 421 4.7.0"
    );
    assert_eq!(
        dialog_with(
            "EHLO c|MAIL FROM:<>|RSET|MAIL FROM:<>|RSET|MAIL FROM:<>",
            limit
        ),
        "250 | 250 2.1.0 | 250 2.0.0 | 250 2.1.0 | 250 2.0.0 | close 421 4.7.0"
    );
    assert_eq!(
        dialog_with("EHLO c|MAIL FROM:<>|RCPT TO:<x@a.b>|RCPT TO:<y@a.b>", limit),
        "250 | 250 2.1.0 | 250 2.1.5 | 452 4.5.3"
    );
}

#[test]
fn an_abandoned_message_is_put_off() {
    let mut run = Run::new(|_| {});
    run.send((READY.replace('|', "\r\n") + "\r\nDATA\r\none\r\n").as_bytes())
        .take();
    assert!(run.session.memory() > 0);
    run.session.abandon_message();
    assert_eq!(run.session.memory(), 0);
    assert_eq!(
        run.send(b"two\r\n.\r\nNOOP\r\n").take(),
        ["refused 452 4.3.1", "250 2.0.0"]
    );
}

#[test]
fn encryption_forgets_what_was_said_before() {
    let config = {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::server::ResolvesServerCertUsingSni::new()))
    };
    let mut run = Run::new(|settings| settings.tls = Some(Arc::new(config)));
    run.send(b"EHLO c\r\nMAIL FROM:<>\r\nSTARTTLS\r\n");
    assert_eq!(run.take(), ["250", "250 2.1.0", "tls 220 2.0.0"]);
    run.session.tls_started();
    assert_eq!(run.session.envelope(), None);
    run.send(b"MAIL FROM:<>\r\nSTARTTLS\r\nEHLO c\r\nMAIL FROM:<>\r\n");
    assert_eq!(run.take(), ["503 5.5.1", "503 5.5.1", "250", "250 2.1.0"]);
    assert!(run.session.envelope().unwrap().tls);
}

/// Pieces that, put together, make conversations which get somewhere.
fn piece() -> impl Strategy<Value = &'static [u8]> {
    proptest::sample::select(vec![
        &b"EHLO c\r\n"[..],
        b"MAIL FROM:<a@b.example>\r\n",
        b"RCPT TO:<x@y.example>\r\n",
        b"RCPT TO:<no@y.example>\r\n",
        b"DATA\r\n",
        b"BDAT 7\r\n",
        b"BDAT 3 LAST\r\n",
        b"one\r\n",
        b"..\r\n",
        b".\r\n",
        b"\n.\r\n",
        b"\r",
        b"RSET\r\n",
        b"NOOP\n",
    ])
}

proptest! {
    #[test]
    fn cuts_change_nothing(
        pieces in proptest::collection::vec(piece(), 0..20),
        mut cuts in proptest::collection::vec(0_usize..200, 0..6),
    ) {
        let wire = [&b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<x@y.example>\r\n"[..], &pieces.concat()].concat();
        let whole = Run::new(|_| {}).send(&wire).take();
        cuts.retain(|&cut| cut <= wire.len());
        cuts.sort_unstable();
        cuts.push(wire.len());
        let mut run = Run::new(|_| {});
        let mut from = 0;
        for to in cuts {
            run.send(&wire[from..to]);
            from = to;
        }
        prop_assert_eq!(run.take(), whole);
    }
}

#[test]
fn only_a_trusted_relay_may_say_whom_it_speaks_for() {
    let mail = b"EHLO relay\r\nXCLIENT ADDR=198.51.100.7 HELO=mx.there.example\r\nEHLO relay\r\nMAIL FROM:<a@b.example>\r\n";
    let mut stranger = Run::new(|_| {});
    stranger.send(mail);
    let envelope = stranger.session.envelope().unwrap();
    assert_eq!(envelope.peer.ip().to_string(), "192.0.2.1");
    assert_eq!(envelope.helo, "relay");
    assert!(stranger.seen[1].starts_with("550"), "{:?}", stranger.seen);

    let mut relay = Run::new(|settings| {
        settings.trusted_relays = vec!["192.0.2.0/24".parse().unwrap()];
    });
    relay.send(mail);
    let envelope = relay.session.envelope().unwrap();
    assert_eq!(envelope.peer.ip().to_string(), "198.51.100.7");
    assert_eq!(envelope.helo, "mx.there.example");
    assert!(relay.seen[1].starts_with("220"), "{:?}", relay.seen);
    relay.send(b"XCLIENT ADDR=198.51.100.8\r\nRSET\r\nXCLIENT ADDR=198.51.100.8\r\nMAIL FROM:<a@b.example>\r\n");
    let last: Vec<&str> = relay
        .seen
        .iter()
        .rev()
        .take(4)
        .map(|text| &text[..3])
        .collect();
    // Not inside a transaction; the greeting is forgotten after it.
    assert_eq!(last, ["503", "220", "250", "503"]);
}

/// What `commands` give to a client that reaches a server for submission over TLS, after EHLO.
fn submission(commands: &str) -> String {
    let mut run = Run::new(|settings| settings.auth = Auth::OverTls);
    run.session.tls_started();
    let wire = format!("EHLO c.example|{commands}").replace('|', "\r\n") + "\r\n";
    let all = run.send(wire.as_bytes()).take().join(" | ");
    all.strip_prefix("250 | ").unwrap().to_owned()
}

#[test]
fn nobody_sends_before_logging_in_and_afterwards_everybody_can() {
    let plain = "AUTH PLAIN AGFubgByaWdodA==";
    let mail = "MAIL FROM:<a@c.example> AUTH=<>";
    for (commands, expected) in [
        (mail.to_owned(), "530 5.7.0"),
        (format!("{plain}|{mail}"), "235 2.7.0 | 250 2.1.0"),
        (
            format!("AUTH PLAIN|AGFubgByaWdodA==|{mail}"),
            "334 | 235 2.7.0 | 250 2.1.0",
        ),
        (
            format!("auth login|YW5u|cmlnaHQ=|{mail}"),
            "334 | 334 | 235 2.7.0 | 250 2.1.0",
        ),
        (
            format!("AUTH LOGIN YW5u|cmlnaHQ=|{plain}"),
            "334 | 235 2.7.0 | 503 5.5.1",
        ),
        // To act for oneself is no more than to be oneself; for another it is refused.
        ("AUTH PLAIN YW5uAGFubgByaWdodA==".to_owned(), "235 2.7.0"),
        ("AUTH PLAIN Ym9iAGFubgByaWdodA==".to_owned(), "535 5.7.8"),
        (
            format!("AUTH PLAIN AGFubgB3cm9uZw==|{mail}"),
            "535 5.7.8 | 530 5.7.0",
        ),
        ("AUTH PLAIN AGFubgA=".to_owned(), "535 5.7.8"),
        ("AUTH PLAIN =".to_owned(), "501 5.5.2"),
        (
            "AUTH PLAIN|*|NOOP".to_owned(),
            "334 | 501 5.7.0 | 250 2.0.0",
        ),
        (
            "AUTH PLAIN|QUIT!|NOOP".to_owned(),
            "334 | 501 5.5.2 | 250 2.0.0",
        ),
        ("AUTH CRAM-MD5".to_owned(), "504 5.5.4"),
        ("AUTH".to_owned(), "501 5.5.4"),
        (
            "AUTH PLAIN AGFubgB3|AUTH PLAIN AGFubgB3|AUTH PLAIN AGFubgB3|NOOP".to_owned(),
            "535 5.7.8 | 535 5.7.8 | close 421 4.7.0",
        ),
    ] {
        assert_eq!(submission(&commands), expected, "{commands}");
    }
}

#[test]
fn passwords_are_taken_over_tls_alone_and_by_servers_for_submission_alone() {
    let log_in = "EHLO c.example|AUTH PLAIN AGFubgByaWdodA==|MAIL FROM:<a@c.example>";
    let with = |auth: Auth| dialog_with(log_in, |settings| settings.auth = auth);
    assert_eq!(with(Auth::Never), "250 | 502 5.5.1 | 250 2.1.0");
    assert_eq!(with(Auth::OverTls), "250 | 538 5.7.11 | 530 5.7.0");
    // The peer of these dialogs is not of this machine.
    assert_eq!(
        with(Auth::OverTlsOrLoopback),
        "250 | 538 5.7.11 | 530 5.7.0"
    );
    let mut run = Run::new(|settings| settings.auth = Auth::OverTlsOrLoopback);
    run.session.peer = SocketAddr::from(([127, 0, 0, 1], 4321));
    let wire = log_in.replace('|', "\r\n") + "\r\n";
    let seen = run.send(wire.as_bytes()).take().join(" | ");
    assert_eq!(seen, "250 | 235 2.7.0 | 250 2.1.0");
    assert_eq!(
        dialog("EHLO c.example|MAIL FROM:<a@c.example> AUTH=<>"),
        "250 | 555 5.5.4"
    );
    assert_eq!(
        dialog_with("HELO c|AUTH PLAIN AA", |s| s.auth = Auth::OverTls),
        "250 | 503 5.5.1"
    );
}

#[test]
fn a_login_ends_with_starttls_and_shows_in_the_envelope_and_in_no_log() {
    let mut run = Run::new(|settings| settings.auth = Auth::OverTls);
    run.session.tls_started();
    run.send(b"EHLO c\r\nAUTH PLAIN AGFubgByaWdodA==\r\nMAIL FROM:<a@c.example>\r\n");
    let login = run.session.envelope().unwrap().login.clone().unwrap();
    assert_eq!(
        (login.user.as_str(), login.proof.bytes()),
        ("ann", &b"proof"[..])
    );
    assert!(!format!("{:?}", run.session).contains("right"));
    run.session.tls_started();
    assert!(run.session.login().is_none());
}
