//! The client's side of the conversation: how replies are cut changes nothing, what is kept of them
//! is bounded, every recipient gets one outcome, and no password is written in the clear.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use mail::Address;
use smtp::client::{
    Asked, Cause, Credentials, Mail, Offers, Opening, Outcome, RemoteReply, ReplyReader, Security,
    Told, Transaction,
};

fuzz_target!(|data: &[u8]| {
    let Some((&step, wire)) = data.split_first() else {
        return;
    };
    let whole = read(wire, wire.len().max(1));
    assert_eq!(read(wire, usize::from(step).max(1)), whole);
    assert_eq!(read(wire, 1), whole);
    for reply in &whole.0 {
        assert!((200..600).contains(&reply.code) && reply.text.len() <= 4096);
        assert!(!reply.text.chars().any(|c| c.is_control() && c != '\n'));
    }
    let mut replies = whole.0.into_iter();
    let Some(offers) = open(&mut replies) else {
        return;
    };
    transfer(&offers, &mut replies, step % 2 == 0);
});

/// The replies, and whether something that is none came after them.
fn read(wire: &[u8], step: usize) -> (Vec<RemoteReply>, bool) {
    let (mut reader, mut input, mut all) = (ReplyReader::default(), BytesMut::new(), Vec::new());
    for part in wire.chunks(step) {
        input.extend_from_slice(part);
        loop {
            match reader.next(&mut input) {
                Ok(Some(reply)) => all.push(reply),
                Ok(None) => break,
                Err(_) => return (all, true),
            }
        }
    }
    (all, false)
}

fn open(replies: &mut impl Iterator<Item = RemoteReply>) -> Option<Offers> {
    let ann = Credentials::new("ann", "secret");
    let security = Security::Opportunistic;
    let mut opening = Opening::new("me.test", security, Some(&ann), false, false);
    let (mut told, mut tls) = (opening.start(), false);
    loop {
        told = match told {
            Told::Read(_) => opening.replied(replies.next()?),
            Told::Write(_, bytes) => {
                assert!(bytes.ends_with(b"\r\n"));
                assert!(tls || !bytes.starts_with(b"AUTH"));
                opening.replied(replies.next()?)
            }
            Told::Handshake => {
                assert!(!tls);
                tls = true;
                opening.encrypted()
            }
            Told::Ready => return Some(opening.into_offers()),
            Told::Fail(_) => return None,
        };
    }
}

fn transfer(offers: &Offers, replies: &mut impl Iterator<Item = RemoteReply>, reset: bool) {
    let address = |text: &str| Address::parse(text).expect("an address");
    let to = [address("a@x.test"), address("ü@x.test"), address("c@x.test")];
    let mail = Mail {
        reverse_path: None,
        recipients: &to,
        raw: "ü\r\n".as_bytes(),
        smtputf8: false,
    };
    let mut transaction = Transaction::new(mail, offers, reset);
    let mut sent = false;
    loop {
        match transaction.ask() {
            Asked::Write(bytes) => assert!(bytes.ends_with(b"\r\n")),
            Asked::Read(stage) => match replies.next() {
                Some(reply) => transaction.replied(reply),
                None => transaction.failed(stage, Cause::Late),
            },
            Asked::Content => {
                assert!(!sent);
                sent = true;
                transaction.written();
            }
            Asked::Done { .. } | Asked::Broken => break,
        }
    }
    let outcomes = transaction.into_outcomes();
    assert_eq!(outcomes.len(), to.len());
    for outcome in outcomes {
        let needs_sent = matches!(outcome, Outcome::Accepted(_) | Outcome::Unknown(_));
        assert!(sent || !needs_sent);
    }
}
