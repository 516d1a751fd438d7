use super::*;
use crate::Timestamp;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn failure(recipient: &str, action: Action, status: Status, diagnostic: &str) -> Failure {
    Failure {
        recipient: address(recipient),
        action,
        status,
        diagnostic: diagnostic.to_owned(),
        because: "The other server refused it.".to_owned(),
        until: None,
    }
}

fn composed(failures: &[Failure], original: &[u8]) -> Vec<u8> {
    compose(&Notification {
        reporter: "mail.a.example",
        from: &address("mailer-daemon@a.example"),
        to: &address("bot@a.example"),
        date: Timestamp::from_micros(0),
        message_id: &MessageId::parse("<report@a.example>").unwrap(),
        about: MessageId::parse("<one@a.example>").as_ref(),
        arrived: Some(Timestamp::from_micros(0)),
        failures,
        original,
        seed: [7; 16],
    })
}

const ORIGINAL: &[u8] =
    b"From: bot@a.example\r\nMessage-ID: <one@a.example>\r\nSubject: Hi\r\n\r\nsecret\r\n";

#[test]
fn our_own_report_is_read_back_as_it_was_meant() {
    let long = "550 5.1.1 ".to_owned() + &"nobody of that name here ".repeat(20);
    let failures = [
        failure("gone@b.example", Action::Failed, Status(5, 1, 1), &long),
        failure(
            "full@b.example",
            Action::Failed,
            Status(5, 2, 2),
            "552 5.2.2 full",
        ),
    ];
    let raw = composed(&failures, ORIGINAL);
    let Notice::Delivery(report) = read(&raw) else {
        panic!("{}", String::from_utf8_lossy(&raw));
    };
    assert_eq!(report.reporter.as_deref(), Some("mail.a.example"));
    let told: Vec<_> = report
        .recipients
        .iter()
        .map(|fate| {
            (
                fate.recipient.as_deref().unwrap(),
                fate.action,
                fate.status.unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("gone@b.example", Action::Failed, Status(5, 1, 1)),
            ("full@b.example", Action::Failed, Status(5, 2, 2)),
        ]
    );
    assert_eq!(report.recipients[0].diagnostic, long.trim());
    assert_eq!(
        report.original.message_id,
        MessageId::parse("<one@a.example>")
    );
    assert!(memchr::memmem::find(&raw, b"secret").is_none());
    assert!(raw.split(|b| *b == b'\n').all(|line| line.len() <= 100));
    assert!(raw.is_ascii());
}

#[test]
fn a_report_about_an_address_in_utf8_is_one_of_rfc_6533() {
    let failures = [failure(
        "jürgen@b.example",
        Action::Delayed,
        Status(4, 4, 1),
        "später",
    )];
    let raw = composed(&failures, "Subject: Grüße\r\n\r\n".as_bytes());
    let Notice::Delivery(report) = read(&raw) else {
        panic!("{}", String::from_utf8_lossy(&raw));
    };
    assert_eq!(
        report.recipients[0].recipient.as_deref(),
        Some("jürgen@b.example")
    );
    assert_eq!(report.recipients[0].action, Action::Delayed);
    assert!(memchr::memmem::find(&raw, b"message/global-headers").is_some());
}

#[test]
fn nothing_that_a_server_said_ends_a_field_or_a_part() {
    let hostile = "550 x\r\nFinal-Recipient: rfc822; other@b.example\r\n\r\n--=_ \0\u{7}y";
    let failures = [failure(
        "gone@b.example",
        Action::Failed,
        Status(5, 0, 0),
        hostile,
    )];
    let Notice::Delivery(report) = read(&composed(&failures, b"no header at all")) else {
        panic!("not a report");
    };
    assert_eq!(report.recipients.len(), 1);
    assert_eq!(
        report.recipients[0].recipient.as_deref(),
        Some("gone@b.example")
    );
}

#[test]
fn reading_takes_time_linear_in_what_is_read() {
    let mut raw =
        b"From: mailer-daemon@b.example\nSubject: failure notice\n\nHi. This is the\n".to_vec();
    for _ in 0..200_000 {
        raw.extend_from_slice(b"<a@b.example>: <<<<@@@ 5.1.1 \n");
    }
    let Notice::Delivery(report) = read(&raw) else {
        panic!("not a report");
    };
    assert!(report.recipients.len() <= MAX_RECIPIENTS);
}
