//! The session: no input panics, and how the bytes are cut changes nothing.
#![no_main]

use std::sync::Arc;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use mail::Timestamp;
use smtp::session::{Session, Step};
use smtp::{Reply, SessionId, Settings};

fuzz_target!(|data: &[u8]| {
    let Some((&step, wire)) = data.split_first() else {
        return;
    };
    let whole = steps(wire, wire.len().max(1));
    assert_eq!(steps(wire, usize::from(step).max(1)), whole);
    assert_eq!(steps(wire, 1), whole);
});

/// Every step of a session that reads `wire` in parts of `step` bytes. Each second recipient is
/// refused.
fn steps(wire: &[u8], step: usize) -> Vec<Step> {
    let mut settings = Settings::new("mx.example");
    settings.max_message_bytes = 256;
    settings.max_recipients = 4;
    let mut session = Session::new(
        Arc::new(settings),
        SessionId::default(),
        ([192, 0, 2, 1], 25).into(),
    );
    let (mut input, mut seen, mut asked) = (BytesMut::new(), Vec::new(), 0);
    for part in wire.chunks(step) {
        input.extend_from_slice(part);
        loop {
            let step = match session.next(&mut input, Timestamp::from_micros(0)) {
                Step::More => break,
                Step::Sender => session.sender_answered(Ok(())),
                Step::Recipient(to) => {
                    asked += 1;
                    let refusal = || Err(Reply::never(550, (1, 1), "No such inbox"));
                    let answer = if asked % 2 == 0 { refusal() } else { Ok(()) };
                    session.recipient_answered(to, answer)
                }
                step => step,
            };
            check(&step);
            let closed = matches!(step, Step::Close(_));
            seen.push(step);
            if closed {
                return seen;
            }
        }
        assert!(input.len() < smtp::command::HARD_LINE);
        assert!(session.memory() <= 2048);
    }
    seen
}

fn check(step: &Step) {
    match step {
        Step::Message(envelope, raw) => {
            assert!(!envelope.forward_paths.is_empty() && raw.len() <= 256);
            let bare = raw.iter().enumerate().any(|(at, &byte)| match byte {
                b'\r' => raw.get(at + 1) != Some(&b'\n'),
                b'\n' => at == 0 || raw[at - 1] != b'\r',
                _ => false,
            });
            assert!(!bare);
        }
        Step::Reply(reply) | Step::Close(reply) => {
            let mut out = Vec::new();
            reply.write_to(&mut out, false);
            assert!(out.is_ascii() && out.ends_with(b"\r\n"));
        }
        _ => {}
    }
}
