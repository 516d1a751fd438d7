//! Whole messages and sets of them that drive readers of mail to their limits: headers, parts in
//! parts, references.

use mail::Timestamp;
use mail::thread::Message;

/// Messages of about `octets` octets: name, and the message.
pub fn messages(octets: usize) -> Vec<(&'static str, String)> {
    let mut all = headers(octets);
    all.extend(parts(octets));
    all.extend(bodies(octets));
    all
}

/// Headers without end.
fn headers(octets: usize) -> Vec<(&'static str, String)> {
    let line = |unit: &str| unit.repeat(octets / unit.len());
    vec![
        ("header fields", line("X-A: b\r\n")),
        ("header fields of one letter", line("a:\n")),
        (
            "a folded header",
            format!("Subject: a\r\n{}\r\n", line(" b\r\n")),
        ),
        ("a long header", format!("Subject: {}\r\n\r\n", line("a "))),
        (
            "encoded words",
            format!("Subject: {}\r\n\r\n", line("=?utf-8?Q?=41=42?= ")),
        ),
        (
            "open encoded words",
            format!("Subject: {}\r\n\r\n", line("=?utf-8?Q?")),
        ),
        (
            "addresses in a header",
            format!("To: {}\r\n\r\n", line("a@b.example, ")),
        ),
        (
            "comments in addresses",
            format!("To: {}\r\n\r\n", line("(")),
        ),
        (
            "quotes in addresses",
            format!("To: {}\r\n\r\n", line("\"a\\\" ,")),
        ),
        (
            "groups of addresses",
            format!("To: {}\r\n\r\n", line("a:b@c;,")),
        ),
        (
            "parameters",
            format!("Content-Type: text/plain{}\r\n\r\n", line("; a=b")),
        ),
        (
            "pieces of a parameter",
            format!(
                "Content-Disposition: attachment{}\r\n\r\n",
                numbered(octets, "; filename*#*=a")
            ),
        ),
        (
            "references",
            format!("References: {}\r\n\r\n", numbered(octets, "<#@a.example> ")),
        ),
        (
            "fields of a trace",
            line("Received: from a by b; Tue, 25 Aug 2026 10:41:14 +0000\r\n"),
        ),
    ]
}

/// Parts and what is attached.
fn parts(octets: usize) -> Vec<(&'static str, String)> {
    let line = |unit: &str| unit.repeat(octets / unit.len());
    let multipart = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    vec![
        ("parts", format!("{multipart}{}", line("--b\r\n\r\na\r\n"))),
        ("empty parts", format!("{multipart}{}", line("--b\r\n"))),
        (
            "parts that never begin",
            format!("{multipart}{}", line("--a\r\n")),
        ),
        ("parts in parts", nested(octets)),
        ("one boundary for all", {
            let part = "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
            format!("{multipart}{}", line(part))
        }),
        (
            "messages in messages",
            line("Content-Type: message/rfc822\r\n\r\n"),
        ),
        (
            "files",
            format!(
                "{multipart}{}",
                line("--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n")
            ),
        ),
    ]
}

/// What a body holds.
fn bodies(octets: usize) -> Vec<(&'static str, String)> {
    let line = |unit: &str| unit.repeat(octets / unit.len());
    vec![
        (
            "calendars",
            format!(
                "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n{}",
                line("BEGIN:VEVENT\r\nDTSTART:20260825T104100Z\r\nATTENDEE:mailto:a@b.example\r\n")
            ),
        ),
        (
            "time zones of a calendar",
            format!(
                "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n{}",
                line("BEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\nEND:STANDARD\r\n")
            ),
        ),
        ("files in text", line("begin 644 a\n#0V%T\n`\nend\n")),
        ("open files in text", line("begin 644 a\n")),
        (
            "a body of base64",
            format!(
                "Content-Transfer-Encoding: base64\r\n\r\n{}",
                line("QUJDREVG\r\n")
            ),
        ),
        (
            "a body of quoted-printable",
            format!(
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
                line("=41=\r\n")
            ),
        ),
        (
            "a flowed body",
            format!(
                "Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n{}",
                line("> a \r\n")
            ),
        ),
        (
            "a body of UTF-7",
            format!(
                "Content-Type: text/plain; charset=utf-7\r\n\r\n{}",
                line("+AGE-+AG")
            ),
        ),
        (
            "fields of a report",
            format!(
                "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
                 Content-Type: message/delivery-status\r\n\r\n{}",
                line(
                    "\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                )
            ),
        ),
        (
            "lines of a bounce",
            format!(
                "From: MAILER-DAEMON@a.example\r\nSubject: Undelivered\r\n\r\n{}",
                line("<a@b.example>: host mx said: 550 5.1.1 no such user\r\n")
            ),
        ),
    ]
}

/// A unit again and again, with its number in place of `#`.
fn numbered(octets: usize, unit: &str) -> String {
    let count = octets / (unit.len() + 4);
    (0..count)
        .map(|n| unit.replace('#', &n.to_string()))
        .collect()
}

/// Multiparts inside of each other.
fn nested(octets: usize) -> String {
    let mut text = String::from("Content-Type: multipart/mixed; boundary=b0\r\n\r\n");
    let mut depth = 0;
    while text.len() < octets {
        let inner = depth + 1;
        text.push_str(&format!(
            "--b{depth}\r\nContent-Type: multipart/mixed; boundary=b{inner}\r\n\r\n"
        ));
        depth = inner;
    }
    text
}

/// The texts of a set of messages, of about `octets` octets together: name, and for each message its
/// id, what it answers, its subject and who takes part.
pub fn conversations(octets: usize) -> Vec<(&'static str, Vec<Given>)> {
    let many = |each: usize, of: &dyn Fn(usize) -> Given| (0..octets / each).map(of).collect();
    vec![
        (
            "a chain",
            many(40, &|n| Given::of(n, vec![n.wrapping_sub(1)], "Re: x")),
        ),
        (
            "a chain backwards",
            many(40, &|n| Given::of(n, vec![n + 1], "Re: x")),
        ),
        ("a star", many(40, &|n| Given::of(n, vec![0], "Re: x"))),
        ("one id", many(40, &|n| Given::of(0, vec![n], "x"))),
        (
            "one subject",
            many(40, &|n| Given::of(n, Vec::new(), "Re: x")),
        ),
        (
            "a subject each",
            many(40, &|n| Given::of(n, Vec::new(), &format!("Re: {n}"))),
        ),
        (
            "long references",
            many(1_000, &|n| {
                Given::of(n, (n * 7..n * 7 + 50).collect(), "Re: x")
            }),
        ),
        (
            "prefixes of subjects",
            many(1_000, &|n| {
                Given::of(n, Vec::new(), &"Re: AW: [a] ".repeat(80))
            }),
        ),
    ]
}

/// What is said of one message.
pub struct Given {
    id: String,
    references: Vec<String>,
    subject: String,
    people: [&'static str; 2],
    day: i64,
}

impl Given {
    fn of(id: usize, references: Vec<usize>, subject: &str) -> Self {
        let name = |number: usize| format!("<{number}@a.example>");
        Self {
            id: name(id),
            references: references.into_iter().map(name).collect(),
            subject: subject.to_owned(),
            people: ["ann@a.example", "bo@b.example"],
            day: i64::try_from(id % 400).unwrap_or(0),
        }
    }

    /// As threading reads it.
    pub fn message(&self) -> Message<'_> {
        Message {
            date: Some(Timestamp::from_micros(self.day * 86_400_000_000)),
            message_id: Some(&self.id),
            references: self.references.iter().map(String::as_str).collect(),
            subject: &self.subject,
            people: self.people.to_vec(),
            ..Message::default()
        }
    }
}
