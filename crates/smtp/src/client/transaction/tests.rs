use ::mail::Address;

use super::*;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn reply(text: &str) -> RemoteReply {
    let (code, text) = text.split_once(' ').unwrap_or((text, ""));
    RemoteReply {
        code: code.parse().unwrap(),
        enhanced: None,
        text: text.to_owned(),
    }
}

fn modern() -> Offers {
    Offers {
        pipelining: true,
        size: Some(1000),
        eight_bit: true,
        smtputf8: true,
        ..Offers::default()
    }
}

/// A transaction of a few recipients, and what the server says; `lost` stands for a connection
/// that breaks.
struct Play<'a> {
    offers: Offers,
    to: &'a [&'a str],
    raw: &'a [u8],
    reset: bool,
}

impl Default for Play<'_> {
    fn default() -> Self {
        Self {
            offers: modern(),
            to: &["a@x.test"],
            raw: b"hi\r\n",
            reset: false,
        }
    }
}

impl Play<'_> {
    /// What was written, how each recipient ended, and how the transaction did.
    fn run(&self, replies: &[&str]) -> (Vec<String>, Vec<String>, Asked) {
        let to: Vec<Address> = self.to.iter().map(|to| address(to)).collect();
        let from = address("me@here.test");
        let mail = Mail {
            reverse_path: Some(&from),
            recipients: &to,
            raw: self.raw,
            smtputf8: false,
        };
        let mut transaction = Transaction::new(mail, &self.offers, self.reset);
        let (mut replies, mut wrote) = (replies.iter(), Vec::new());
        let end = loop {
            match transaction.ask() {
                Asked::Write(bytes) => wrote.push(String::from_utf8(bytes).unwrap()),
                Asked::Read(stage) => match *replies.next().unwrap() {
                    "lost" => transaction.failed(stage, Cause::Lost("x".to_owned())),
                    text => transaction.replied(reply(text)),
                },
                Asked::Content => {
                    wrote.push("<content>".to_owned());
                    transaction.written();
                }
                end => break end,
            }
        };
        assert!(replies.next().is_none(), "a reply was not asked for");
        let outcomes = transaction.into_outcomes();
        (wrote, outcomes.iter().map(short).collect(), end)
    }
}

fn short(outcome: &Outcome) -> String {
    let (word, failure) = match outcome {
        Outcome::Accepted(reply) => return format!("accepted {}", reply.code),
        Outcome::PutOff(failure) => ("later", failure),
        Outcome::Refused(failure) => ("never", failure),
        Outcome::Unknown(failure) => ("unknown", failure),
    };
    let code = failure.reply().map_or(0, |reply| reply.code);
    format!("{word} {} {code}", failure.stage)
}

const MAIL: &str = "MAIL FROM:<me@here.test> SIZE=4\r\n";
const CLEAN: Asked = Asked::Done { reset: false };
const DIRTY: Asked = Asked::Done { reset: true };

#[test]
fn a_message_goes_in_one_group_to_a_server_with_pipelining() {
    let play = Play {
        to: &["a@x.test", "b@x.test"],
        ..Play::default()
    };
    let (wrote, outcomes, end) = play.run(&["250 ok", "250 ok", "250 ok", "354 go", "250 queued"]);
    let group = format!("{MAIL}RCPT TO:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n");
    assert_eq!(wrote, [&group, "<content>"]);
    assert_eq!(outcomes, ["accepted 250", "accepted 250"]);
    assert_eq!(end, CLEAN);
}

#[test]
fn a_server_without_extensions_gets_one_command_at_a_time() {
    let play = Play {
        offers: Offers::default(),
        reset: true,
        ..Play::default()
    };
    let (wrote, outcomes, end) = play.run(&["250", "250", "250", "354", "250 ok"]);
    let expected = [
        "RSET\r\n",
        "MAIL FROM:<me@here.test>\r\n",
        "RCPT TO:<a@x.test>\r\n",
        "DATA\r\n",
        "<content>",
    ];
    assert_eq!(wrote, expected);
    assert_eq!((outcomes, end), (vec!["accepted 250".to_owned()], CLEAN));
}

#[test]
fn each_recipient_has_an_outcome_of_its_own() {
    let play = Play {
        to: &["a@x.test", "b@x.test", "c@x.test"],
        ..Play::default()
    };
    for (offers, group) in [(modern(), true), (Offers::default(), false)] {
        let play = Play { offers, ..play };
        let (wrote, outcomes, end) =
            play.run(&["250", "250", "550 no", "451 wait", "354", "250 ok"]);
        assert_eq!(wrote.len(), if group { 2 } else { 6 });
        assert_eq!(
            outcomes,
            ["accepted 250", "never rcpt 550", "later rcpt 451"]
        );
        assert_eq!(end, CLEAN);
    }
}

#[test]
fn when_every_recipient_is_refused_no_message_is_sent() {
    let slow = Play {
        offers: Offers::default(),
        ..Play::default()
    };
    let (wrote, outcomes, end) = slow.run(&["250", "550 no"]);
    assert_eq!((wrote.len(), end), (2, DIRTY));
    assert_eq!(outcomes, ["never rcpt 550"]);

    let fast = Play::default();
    let (wrote, _, end) = fast.run(&["250", "550 no", "554 no valid recipients"]);
    assert_eq!((wrote.len(), end), (1, DIRTY));
    // RFC 2920 §3.1: a server may ask for the message all the same.
    let (wrote, outcomes, end) = fast.run(&["250", "450 no", "354 go", "554 no"]);
    assert_eq!(wrote[1], ".\r\n");
    assert_eq!((outcomes, end), (vec!["later rcpt 450".to_owned()], CLEAN));
}

#[test]
fn a_refused_sender_refuses_everyone_and_what_was_sent_ahead_is_answered() {
    let play = Play {
        to: &["a@x.test", "b@x.test"],
        ..Play::default()
    };
    let (_, outcomes, end) = play.run(&["550 no", "503", "503", "503"]);
    assert_eq!(outcomes, ["never mail 550", "never mail 550"]);
    assert_eq!(end, CLEAN);
    let (wrote, outcomes, end) = play.run(&["550 no", "250", "250", "354 go"]);
    assert_eq!((wrote.len(), end), (1, Asked::Broken));
    assert_eq!(outcomes, ["never mail 550", "never mail 550"]);
    let slow = Play {
        offers: Offers::default(),
        ..play
    };
    let (wrote, outcomes, end) = slow.run(&["452 full"]);
    assert_eq!((wrote.len(), end), (1, CLEAN));
    assert_eq!(outcomes, ["later mail 452", "later mail 452"]);
}

#[test]
fn data_and_the_message_can_be_refused() {
    let play = Play::default();
    let (_, outcomes, end) = play.run(&["250", "250", "451 later"]);
    assert_eq!((outcomes, end), (vec!["later data 451".to_owned()], DIRTY));
    let (_, outcomes, end) = play.run(&["250", "250", "354", "552 too large"]);
    assert_eq!(outcomes, ["never end_of_data 552"]);
    assert_eq!(end, CLEAN);
}

#[test]
fn a_connection_lost_before_and_after_the_final_dot_is_told_apart() {
    let play = Play {
        to: &["a@x.test", "b@x.test"],
        ..Play::default()
    };
    for (replies, expected) in [
        (&["lost"][..], ["later mail 0", "later mail 0"]),
        (
            &["250", "550 no", "lost"],
            ["never rcpt 550", "later rcpt 0"],
        ),
        (
            &["250", "250", "250", "lost"],
            ["later data 0", "later data 0"],
        ),
        (
            &["250", "250", "550 no", "354", "lost"],
            ["unknown end_of_data 0", "never rcpt 550"],
        ),
    ] {
        let (_, outcomes, end) = play.run(replies);
        assert_eq!(
            (&outcomes[..], end),
            (&expected.map(str::to_owned)[..], Asked::Broken)
        );
    }
}

#[test]
fn goodbye_can_be_said_anywhere_and_puts_off_what_is_open() {
    let play = Play {
        to: &["a@x.test", "b@x.test"],
        ..Play::default()
    };
    for (replies, expected) in [
        (&["421 bye"][..], ["later mail 421", "later mail 421"]),
        (
            &["250", "550", "421 bye"],
            ["never rcpt 550", "later rcpt 421"],
        ),
        (
            &["250", "250", "250", "421 bye"],
            ["later data 421", "later data 421"],
        ),
        (
            &["250", "250", "250", "354", "421 bye"],
            ["later end_of_data 421", "later end_of_data 421"],
        ),
    ] {
        let (_, outcomes, end) = play.run(replies);
        assert_eq!(
            (&outcomes[..], end),
            (&expected.map(str::to_owned)[..], Asked::Broken)
        );
    }
}

#[test]
fn a_reply_that_fits_nothing_ends_the_connection() {
    for (replies, expected) in [
        (&["354"][..], "later mail 0"),
        (&["250", "250", "250"], "later data 0"),
        (&["250", "250", "354", "354"], "unknown end_of_data 0"),
    ] {
        let (_, outcomes, end) = Play::default().run(replies);
        assert_eq!((outcomes[0].as_str(), end), (expected, Asked::Broken));
    }
}

#[test]
fn what_the_server_cannot_take_is_refused_without_asking() {
    let old = Offers::default();
    for (offers, raw, code) in [
        (old.clone(), "ü\r\n", (5, 6, 3)),
        (
            Offers {
                size: Some(3),
                ..old.clone()
            },
            "hi\r\n",
            (5, 3, 4),
        ),
        (modern(), "a\nb\r\n", (5, 6, 0)),
    ] {
        let to = [address("a@x.test")];
        let mail = Mail {
            reverse_path: None,
            recipients: &to,
            raw: raw.as_bytes(),
            smtputf8: false,
        };
        let mut transaction = Transaction::new(mail, &offers, false);
        assert_eq!(transaction.ask(), CLEAN);
        let outcomes = transaction.into_outcomes();
        assert!(matches!(outcomes[0], Outcome::Refused(_)));
        assert_eq!(outcomes[0].failure().unwrap().enhanced(), code);
    }
    let free = Offers {
        size: Some(0),
        ..old
    };
    let play = Play {
        offers: free,
        ..Play::default()
    };
    assert_eq!(play.run(&["250", "250", "354", "250"]).1, ["accepted 250"]);
}

#[test]
fn an_address_outside_ascii_needs_smtputf8_and_hinders_nobody_else() {
    let to = &["ü@x.test", "b@bücher.test"];
    let old = Play {
        offers: Offers {
            smtputf8: false,
            ..modern()
        },
        to,
        ..Play::default()
    };
    let (wrote, outcomes, _) = old.run(&["250", "250", "354", "250"]);
    let group = format!("{MAIL}RCPT TO:<b@xn--bcher-kva.test>\r\nDATA\r\n");
    assert_eq!(wrote[0], group);
    assert_eq!(outcomes, ["never rcpt 0", "accepted 250"]);

    let new = Play {
        to,
        ..Play::default()
    };
    let (wrote, ..) = new.run(&["250", "250", "250", "354", "250"]);
    assert!(wrote[0].starts_with("MAIL FROM:<me@here.test> SIZE=4 SMTPUTF8\r\nRCPT TO:<ü@"));
    let eight = Play {
        raw: "ü\r\n".as_bytes(),
        ..Play::default()
    };
    let (wrote, ..) = eight.run(&["250", "250", "354", "250"]);
    assert!(wrote[0].starts_with("MAIL FROM:<me@here.test> SIZE=4 BODY=8BITMIME\r\n"));
}

#[test]
fn many_recipients_go_in_groups_that_fit_the_sockets() {
    let many: Vec<String> = (0..1000).map(|n| format!("recipient-{n}@x.test")).collect();
    let to: Vec<&str> = many.iter().map(String::as_str).collect();
    let play = Play {
        to: &to,
        ..Play::default()
    };
    let mut replies = vec!["250"; 1001];
    replies.extend(["354", "250 ok"]);
    let (wrote, outcomes, _) = play.run(&replies);
    assert!(wrote.len() > 3 && wrote.iter().all(|group| group.len() < GROUP + 100));
    assert!(outcomes.iter().all(|outcome| outcome == "accepted 250"));
}
