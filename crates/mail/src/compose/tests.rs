use super::*;
use crate::Address;
use crate::parse::{attachment, parse};
use proptest::prelude::*;

fn plain() -> Composition {
    Composition {
        from: Mailbox::parse("\"Lee, Ann\" <ann@a.example>").unwrap(),
        reply_to: vec![],
        to: vec![Mailbox::parse("bob@b.example").unwrap()],
        cc: vec![],
        subject: Some("Plan".to_owned()),
        text: Some("Hello\nBob".to_owned()),
        html: None,
        attachments: vec![],
        message_id: MessageId::parse("1@a.example").unwrap(),
        in_reply_to: None,
        references: vec![],
        date: Timestamp::from_micros(1_787_654_474_000_000),
        headers: vec![],
        seed: [7; 16],
    }
}

#[test]
fn a_plain_message_looks_like_one() {
    let raw = String::from_utf8(compose(&plain())).unwrap();
    assert_eq!(
        raw,
        "From: \"Lee, Ann\" <ann@a.example>\r\nTo: bob@b.example\r\nSubject: Plan\r\n\
         Date: Tue, 25 Aug 2026 10:41:14 +0000\r\nMessage-ID: <1@a.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello\r\nBob\r\n"
    );
}

#[test]
fn hostile_values_become_no_header_and_no_part() {
    let mut message = plain();
    let evil = "x\r\nBcc: eve@e.example\r\n\r\n--b\0";
    message.from.name = Some(evil.to_owned());
    message.subject = Some(evil.to_owned());
    message.attachments = vec![Part {
        filename: Some(evil.to_owned()),
        content_type: format!("text/plain{evil}"),
        disposition: Disposition::Inline,
        content_id: Some(evil.to_owned()),
        bytes: b"--=_\r\nX: y".to_vec(),
    }];
    let raw = compose(&message);
    let read = parse(&raw);
    assert!(read.bcc.is_empty());
    assert!(
        read.headers
            .iter()
            .all(|(name, _)| !name.eq_ignore_ascii_case("bcc"))
    );
    assert_eq!(read.attachments.len(), 1);
    assert_eq!(read.from[0].address, "ann@a.example");
}

#[test]
fn a_boundary_in_the_text_is_avoided() {
    let mut message = plain();
    message.html = Some("<p>x</p>".to_owned());
    let first = String::from_utf8(compose(&message)).unwrap();
    let boundary = first
        .split("boundary=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    message.text = Some(format!("--{boundary}\nX: y\n\nhello\n--{boundary}--"));
    let read = parse(&compose(&message));
    assert_eq!(read.text, message.text);
    assert_eq!(read.html, message.html);
}

#[test]
fn owned_and_broken_headers_are_refused() {
    for name in [
        "From",
        "bcc",
        "Content-Type",
        "DKIM-Signature",
        "received",
        "ARC-Seal",
        "Resent-To",
    ] {
        assert_eq!(
            ExtraHeader::new(name, "x"),
            Err(HeaderError::Owned),
            "{name}"
        );
    }
    for name in ["", "a b", "a:b", "a\r\nb", "ü"] {
        assert_eq!(
            ExtraHeader::new(name, "x"),
            Err(HeaderError::Name),
            "{name}"
        );
    }
    for value in ["a\r\nb", "a\0", "a\nb", "\u{85}"] {
        assert_eq!(
            ExtraHeader::new("X-A", value),
            Err(HeaderError::Value),
            "{value:?}"
        );
    }
}

#[test]
fn long_reference_lists_keep_both_ends() {
    let mut message = plain();
    message.references = (0..100)
        .map(|n| MessageId::parse(&format!("{n}@a.example")).unwrap())
        .collect();
    let read = parse(&compose(&message));
    assert_eq!(read.references.len(), 20);
    assert_eq!(read.references[0].bare(), "0@a.example");
    assert_eq!(read.references[19].bare(), "99@a.example");
}

/// One line of visible characters, its blanks single and inside.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9,.:;<>@()\"\\\\ =?_-]{1,80}",
        "[a-zäöüß€日本語😀 =?_]{1,60}",
        "(Re: |=\\?utf-8\\?Q\\?)[!-~]{1,150}",
    ]
    .prop_map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
    .prop_filter("not empty", |text| !text.is_empty())
}

fn body() -> impl Strategy<Value = String> {
    "([ -~äß日😀\t]{0,120}\n?){0,8}[a-z]".prop_map(|text| text)
}

fn mailbox() -> impl Strategy<Value = Mailbox> {
    (
        proptest::option::of(words()),
        "[a-z0-9.+]{0,20}[a-z]",
        "[a-z]{1,20}",
    )
        .prop_filter_map("an address", |(name, local, host)| {
            let address = Address::parse(&format!("{local}@{host}.example")).ok()?;
            Some(Mailbox { name, address })
        })
}

fn part() -> impl Strategy<Value = Part> {
    (
        proptest::option::of(
            "[a-zA-Z0-9 äß日()'%=?_-]{1,90}[.]txt".prop_map(|name| name.trim().to_owned()),
        ),
        prop_oneof![
            Just("application/pdf"),
            Just("text/plain"),
            Just("text/html"),
            Just("message/rfc822"),
            Just("image/png")
        ],
        any::<bool>(),
        proptest::option::of("[a-z0-9]{1,10}@[a-z]{1,10}"),
        proptest::collection::vec(any::<u8>(), 0..300),
    )
        .prop_map(|(filename, content_type, inline, content_id, bytes)| Part {
            filename,
            content_type: content_type.to_owned(),
            disposition: if inline && !content_type.starts_with("text/") {
                Disposition::Inline
            } else {
                Disposition::Attachment
            },
            content_id,
            bytes,
        })
}

fn composition() -> impl Strategy<Value = Composition> {
    let people = || proptest::collection::vec(mailbox(), 0..6);
    let head = (
        mailbox(),
        people(),
        people(),
        people(),
        proptest::option::of(words()),
    );
    let bodies = (proptest::option::of(body()), proptest::option::of(body()));
    let rest = (
        proptest::collection::vec(part(), 0..4),
        "[a-zA-Z0-9.]{1,200}@[a-z.]{1,40}",
        proptest::collection::vec("[a-z0-9]{1,80}@[a-z]{1,20}", 0..20),
        any::<u32>(),
        words(),
        any::<[u8; 16]>(),
    );
    (head, bodies, rest).prop_map(|(head, bodies, rest)| {
        let (from, reply_to, to, cc, subject) = head;
        let (attachments, id, references, date, extra, seed) = rest;
        let references: Vec<_> = references
            .iter()
            .filter_map(|id| MessageId::parse(id))
            .collect();
        Composition {
            from,
            reply_to,
            to,
            cc,
            subject,
            text: bodies.0,
            html: bodies.1,
            attachments,
            message_id: MessageId::parse(&id).unwrap(),
            in_reply_to: references.last().cloned(),
            references,
            date: Timestamp::from_micros(i64::from(date) * 1_000_000),
            headers: vec![ExtraHeader::new("X-Extra", &extra).unwrap()],
            seed,
        }
    })
}

fn shown(mailboxes: &[Mailbox]) -> Vec<(Option<String>, String)> {
    mailboxes
        .iter()
        .map(|m| (m.name.clone(), m.address.to_string()))
        .collect()
}

fn read_back(people: &[crate::Correspondent]) -> Vec<(Option<String>, String)> {
    people
        .iter()
        .map(|p| (p.name.clone(), p.address.clone()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_gives_back_what_was_composed(message in composition()) {
        let raw = compose(&message);
        let text = std::str::from_utf8(&raw).unwrap();
        for line in text.split("\r\n") {
            prop_assert!(line.len() <= 998);
            prop_assert!(!line.contains(['\r', '\n', '\0']));
        }
        let read = parse(&raw);
        prop_assert_eq!(&read.defects, &vec![]);
        prop_assert_eq!(read_back(&read.from), shown(std::slice::from_ref(&message.from)));
        prop_assert_eq!(read_back(&read.reply_to), shown(&message.reply_to));
        prop_assert_eq!(read_back(&read.to), shown(&message.to));
        prop_assert_eq!(read_back(&read.cc), shown(&message.cc));
        prop_assert_eq!(&read.subject, &message.subject);
        prop_assert_eq!(read.message_id.as_ref(), Some(&message.message_id));
        prop_assert_eq!(read.in_reply_to.first(), message.in_reply_to.as_ref());
        let mut references = message.references.clone();
        let mut seen = std::collections::HashSet::new();
        references.retain(|id| seen.insert(id.clone()));
        prop_assert_eq!(&read.references, &references);
        prop_assert_eq!(read.date, Some(message.date));
        let extra = read.headers.iter().find(|(name, _)| name == "X-Extra").map(|(_, value)| value.as_str());
        prop_assert_eq!(extra, message.headers.first().map(ExtraHeader::value));
        if message.text.is_some() {
            prop_assert_eq!(&read.text, &message.text);
            prop_assert!(!read.text_from_html);
        }
        prop_assert_eq!(&read.html, &message.html);
        prop_assert_eq!(read.attachments.len(), message.attachments.len());
        for part in &message.attachments {
            let found = read.attachments.iter().any(|a| {
                a.filename == part.filename
                    && a.content_type.as_ref() == Some(&part.content_type)
                    && a.disposition == Some(part.disposition)
                    && a.content_id == part.content_id
                    && a.size == part.bytes.len()
                    && attachment(&raw, a.part).as_ref() == Some(&part.bytes)
            });
            prop_assert!(found, "{:?} in {:?}", part, read.attachments);
        }
    }

    #[test]
    fn any_text_anywhere_makes_no_header_and_no_part(evil in "\\PC*", other in any::<String>()) {
        let mut message = plain();
        message.from.name = Some(evil.clone());
        message.subject = Some(other.clone());
        message.text = Some(other.clone());
        message.html = Some(evil.clone());
        message.attachments = vec![Part {
            filename: Some(other.clone()),
            content_type: evil.clone(),
            disposition: Disposition::Attachment,
            content_id: Some(other),
            bytes: evil.into_bytes(),
        }];
        let read = parse(&compose(&message));
        let names: Vec<_> = read.headers.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(names, vec!["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]);
        prop_assert_eq!(read.attachments.len(), 1);
        prop_assert_eq!(read.to.len(), 1);
    }
}
