//! A message that is attached to another.

use mail::Correspondent;
use mail::parse::parse;

use crate::writer::Writer;
use crate::{Kind, Text};

/// Reads a message: who wrote it to whom and when, its text, and the names of its files.
pub(crate) fn read(bytes: &[u8], mut out: Writer) -> Text {
    let parsed = parse(bytes);
    let people = |people: &[Correspondent]| {
        let names: Vec<String> = people.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    let fields = [
        ("From", people(&parsed.from)),
        ("To", people(&parsed.to)),
        ("Cc", people(&parsed.cc)),
        (
            "Date",
            parsed.date.map(|date| date.to_string()).unwrap_or_default(),
        ),
        ("Subject", parsed.subject.clone().unwrap_or_default()),
    ];
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(&format!("{name}: {value}"));
        out.line();
    }
    out.line();
    out.push(parsed.text.as_deref().unwrap_or_default());
    if !parsed.attachments.is_empty() {
        out.heading("[Attachments]");
        for file in &parsed.attachments {
            let name = file.filename.as_deref().or(file.content_type.as_deref());
            out.push(name.unwrap_or("unnamed"));
            out.line();
        }
    }
    out.finish_any(Kind::Message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_its_people_its_text_and_its_files() {
        let mail = b"From: Ann <ann@example.com>\r\nTo: bob@example.com\r\nSubject: Plan\r\n\
            Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee the plan.\r\n--x\r\n\
            Content-Type: application/pdf\r\n\
            Content-Disposition: attachment; filename=plan.pdf\r\n\r\n%PDF\r\n--x--\r\n";
        let read = read(mail, Writer::new(10_000));
        let wanted = "From: Ann <ann@example.com>\nTo: bob@example.com\n\
            Date: 2026-11-02T10:00:00.000Z\nSubject: Plan\n\nSee the plan.\n\n\
            [Attachments]\nplan.pdf";
        assert_eq!(read.text, wanted);
    }
}
