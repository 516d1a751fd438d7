use proptest::prelude::*;

use super::*;

fn code(line: &str) -> String {
    match parse(line.as_bytes()) {
        Ok(command) => format!("{command:?}"),
        Err(reply) => {
            let (class, subject, detail) = reply.enhanced().unwrap();
            format!("{} {class}.{subject}.{detail}", reply.code())
        }
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[test]
fn keywords_are_read_without_regard_to_case_and_with_trailing_space() {
    for (line, command) in [
        ("DATA", Command::Data),
        ("data  ", Command::Data),
        ("rSeT", Command::Rset),
        ("QUIT", Command::Quit),
        ("noop anything at all", Command::Noop),
        ("HELP MAIL", Command::Help),
        ("VRFY postmaster", Command::Vrfy),
        ("EXPN list", Command::Expn),
        ("StartTLS", Command::StartTls),
        (
            "AUTH plain AGEAYg==",
            Command::Auth {
                mechanism: "PLAIN".into(),
                initial: Some(Secret::new("AGEAYg==")),
            },
        ),
        (
            "AUTH login",
            Command::Auth {
                mechanism: "LOGIN".into(),
                initial: None,
            },
        ),
        ("EHLO mx.example", Command::Ehlo("mx.example".into())),
        ("helo [IPv6:::1]", Command::Helo("[IPv6:::1]".into())),
        (
            "BDAT 86 last",
            Command::Bdat {
                size: 86,
                last: true,
            },
        ),
        (
            "BDAT 0",
            Command::Bdat {
                size: 0,
                last: false,
            },
        ),
        (
            "BDAT 18446744073709551615",
            Command::Bdat {
                size: u64::MAX,
                last: false,
            },
        ),
    ] {
        assert_eq!(parse(line.as_bytes()), Ok(command), "{line}");
    }
}

#[test]
fn mail_carries_its_parameters() {
    let mail = |from: Option<&str>, size, body_8bit, smtputf8| Command::Mail {
        from: from.map(address),
        params: MailParams {
            size,
            body_8bit,
            smtputf8,
            auth: false,
        },
    };
    for (line, command) in [
        ("MAIL FROM:<>", mail(None, None, false, false)),
        (
            "mail from: <a@b.example>",
            mail(Some("a@b.example"), None, false, false),
        ),
        (
            "MAIL FROM:<a@b.example> size=12 BODY=8bitmime SMTPUTF8",
            mail(Some("a@b.example"), Some(12), true, true),
        ),
        (
            "MAIL FROM:<a@b.example> BODY=7BIT",
            mail(Some("a@b.example"), None, false, false),
        ),
        (
            "MAIL FROM:<@r.example:a@b.example>",
            mail(Some("a@b.example"), None, false, false),
        ),
    ] {
        assert_eq!(parse(line.as_bytes()), Ok(command), "{line}");
    }
    let utf8 = "MAIL FROM:<jürgen@b.example> SMTPUTF8";
    assert!(matches!(parse(utf8.as_bytes()), Ok(Command::Mail { .. })));
}

#[test]
fn rcpt_takes_a_mailbox_or_the_postmaster() {
    let to = Recipient::Address(address("a@b.example"));
    let line = b"RCPT TO:<a@b.example>";
    assert_eq!(parse(line), Ok(Command::Rcpt { to, utf8: false }));
    let postmaster = Command::Rcpt {
        to: Recipient::Postmaster,
        utf8: false,
    };
    assert_eq!(parse(b"rcpt to: <PostMaster>"), Ok(postmaster));
}

#[test]
fn what_is_wrong_has_its_code() {
    for (line, expected) in [
        ("", "500 5.5.1"),
        ("XYZZY", "500 5.5.1"),
        ("A-VERY-LONG-VERB", "500 5.5.1"),
        ("MAILFROM:<a@b.example>", "500 5.5.1"),
        ("DATA now", "501 5.5.4"),
        ("RSET 1", "501 5.5.4"),
        ("EHLO", "501 5.5.4"),
        ("HELO ", "501 5.5.4"),
        ("MAIL", "501 5.5.4"),
        ("MAIL FROM", "501 5.5.4"),
        ("MAIL FROM:a@b.example", "501 5.5.4"),
        ("MAIL FROM:<a@b.example", "501 5.5.4"),
        ("MAIL FROM:<a@b.example>SIZE=1", "501 5.5.4"),
        ("MAIL FROM:<no-domain>", "553 5.1.7"),
        ("MAIL FROM:<a@b.example> SIZE", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> SIZE=", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> SIZE=+1", "501 5.5.4"),
        (
            "MAIL FROM:<a@b.example> SIZE=99999999999999999999999",
            "501 5.5.4",
        ),
        ("MAIL FROM:<a@b.example> SIZE=1 SIZE=1", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"),
        (
            "MAIL FROM:<a@b.example> BODY=7BIT BODY=8BITMIME",
            "501 5.5.4",
        ),
        ("MAIL FROM:<a@b.example> SMTPUTF8=1", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> AUTH", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> AUTH=<> AUTH=<>", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> MT-PRIORITY=3", "555 5.5.4"),
        ("MAIL FROM:<jürgen@b.example>", "553 5.6.7"),
        ("RCPT FROM:<a@b.example>", "501 5.5.4"),
        ("RCPT TO:<>", "553 5.1.3"),
        ("RCPT TO:<a b@c.example>", "553 5.1.3"),
        ("RCPT TO:<a@b.example> NOTIFY=NEVER", "555 5.5.4"),
        ("GET / HTTP/1.1", "421 4.7.0"),
        ("POST /x HTTP/1.1", "421 4.7.0"),
        ("NOOP a\0b", "500 5.5.2"),
        ("NOOP a\rMAIL FROM:<a@b.example>", "500 5.5.2"),
    ] {
        assert_eq!(code(line), expected, "{line}");
    }
    assert_eq!(parse(b"NOOP \xff").unwrap_err().code(), 500);
}

#[test]
fn a_chunk_of_unreadable_size_is_told_apart() {
    for line in [
        "BDAT",
        "BDAT -1",
        "BDAT 1 LAST x",
        "BDAT 1 FIRST",
        "BDAT x",
        "BDAT 18446744073709551616",
    ] {
        assert_eq!(
            parse(line.as_bytes()),
            Ok(Command::BdatUnreadable),
            "{line}"
        );
    }
}

#[test]
fn a_name_in_ehlo_is_made_safe_and_short() {
    let Ok(Command::Ehlo(name)) = parse("EHLO Bob's (PC) <x@y>;münchen".as_bytes()) else {
        panic!("any name is taken");
    };
    assert_eq!(name, "Bob?s??PC???x?y??münchen");
    let Ok(Command::Ehlo(name)) = parse(format!("EHLO {}", "é".repeat(200)).as_bytes()) else {
        panic!("any name is taken");
    };
    assert_eq!(name.len(), 254);
}

#[test]
fn lines_are_as_long_as_the_rfc_wants_and_no_longer() {
    let noop = |length: usize| format!("NOOP {}", "x".repeat(length - 7));
    assert_eq!(parse(noop(512).as_bytes()), Ok(Command::Noop));
    assert_eq!(code(&noop(513)), "500 5.5.2");
    let mail = |length: usize| format!("MAIL FROM:<a@b.example> {}", "x".repeat(length - 26));
    assert_eq!(code(&mail(1024)), "555 5.5.4");
    assert_eq!(code(&mail(1025)), "500 5.5.2");
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(line in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&line);
    }

    #[test]
    fn any_arguments_get_an_answer(verb in "(MAIL FROM:|RCPT TO:|BDAT |EHLO )", rest in "\\PC{0,60}") {
        let _ = parse(format!("{verb}{rest}").as_bytes());
    }
}
