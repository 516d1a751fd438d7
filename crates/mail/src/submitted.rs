//! Mail that a client hands in to be sent: what of it may leave, and what is added (RFC 6409 §8).
//!
//! The header is read strictly. What leaves under our name must look the same to every receiver,
//! so a line that only some readers take for a field is refused here, where its author still
//! listens.

use crate::{Address, MessageId, Timestamp, parse};

/// Passages after which a message is taken to go round in circles (RFC 5321 §6.3).
const MOST_HOPS: usize = 50;

/// Fields of which a message has at most one (RFC 5322 §3.6).
const ONCE: [&str; 10] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
];

/// Fields that are taken out: blind recipients stand in the envelope only, and Return-Path is the
/// last server's to write.
const TAKEN_OUT: [&str; 3] = ["Bcc", "Resent-Bcc", "Return-Path"];

/// Why a message may not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A line of the header is no field.
    Header,
    /// A field that may stand once stands twice.
    Twice(&'static str),
    /// There is no From, or nothing in it that is an address.
    NoFrom,
    /// From or Sender names somebody else; the text is the address as written.
    Foreign(&'static str, String),
    /// It has passed too many servers.
    Loop,
}

/// A message that may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Its octets without what was taken out. `Date` and `Message-ID` stand first where the client
    /// gave none that can be read.
    pub raw: Vec<u8>,
    /// Its id.
    pub message_id: MessageId,
    /// Whether the id is the client's own.
    pub own_id: bool,
    /// Whether the client says whether a person sends it (`Auto-Submitted`, RFC 3834 §5).
    pub says_who_sends: bool,
    /// The message it answers.
    pub answers: Option<MessageId>,
}

/// Makes a message fit to leave from the mailbox `own`. `id` and `now` are used where it has no
/// Message-ID and no Date.
///
/// # Errors
/// [`Unfit`].
pub fn fit(raw: &[u8], own: &Address, id: MessageId, now: Timestamp) -> Result<Fit, Unfit> {
    let fields = fields(raw)?;
    let is = |field: &Field<'_>, name: &str| field.name.eq_ignore_ascii_case(name.as_bytes());
    let count = |name: &str| fields.iter().filter(|field| is(field, name)).count();
    if let Some(name) = ONCE.into_iter().find(|name| count(name) > 1) {
        return Err(Unfit::Twice(name));
    }
    if count("Received") > MOST_HOPS {
        return Err(Unfit::Loop);
    }
    let parsed = parse::parse(raw);
    let foreign = |one: &crate::Correspondent| one.address().is_none_or(|it| it != *own);
    match parsed.from.as_slice() {
        [] => return Err(Unfit::NoFrom),
        all => {
            if let Some(other) = all.iter().find(|one| foreign(one)) {
                return Err(Unfit::Foreign("From", other.address.clone()));
            }
        }
    }
    if count("Sender") > 0 {
        let sender = parsed.sender.filter(|sender| !foreign(sender));
        if sender.is_none() {
            return Err(Unfit::Foreign("Sender", "somebody else".to_owned()));
        }
    }
    let undated = parsed.date.is_none();
    // A word alone is no id that anybody could answer to (RFC 5322 §3.6.4).
    let given = parsed.message_id.filter(|id| id.as_str().contains('@'));
    let own_id = given.is_some();
    let message_id = given.unwrap_or(id);
    let mut out = Vec::with_capacity(raw.len() + 128);
    if undated {
        out.extend_from_slice(format!("Date: {}\r\n", now.to_rfc5322()).as_bytes());
    }
    if !own_id {
        out.extend_from_slice(format!("Message-ID: {message_id}\r\n").as_bytes());
    }
    let replaced = |field: &Field<'_>| {
        undated && is(field, "Date")
            || !own_id && is(field, "Message-ID")
            || TAKEN_OUT.iter().any(|name| is(field, name))
    };
    for field in fields.iter().filter(|field| !replaced(field)) {
        out.extend_from_slice(field.octets);
    }
    let header: usize = fields.iter().map(|field| field.octets.len()).sum();
    let says_who_sends = count("Auto-Submitted") > 0;
    out.extend_from_slice(&raw[header..]);
    Ok(Fit {
        raw: out,
        message_id,
        own_id,
        says_who_sends,
        answers: parsed.in_reply_to.into_iter().next(),
    })
}

struct Field<'a> {
    name: &'a [u8],
    /// All of it, with its folds and its last CRLF.
    octets: &'a [u8],
}

/// The fields of the header, up to the empty line or the end.
fn fields(raw: &[u8]) -> Result<Vec<Field<'_>>, Unfit> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut at = 0;
    while at < raw.len() && !raw[at..].starts_with(b"\r\n") {
        let start = at;
        at = end_of_line(raw, at);
        while matches!(raw.get(at), Some(b' ' | b'\t')) {
            at = end_of_line(raw, at);
        }
        let octets = &raw[start..at];
        let colon = memchr::memchr(b':', octets).ok_or(Unfit::Header)?;
        let name = &octets[..colon];
        if name.is_empty() || !name.iter().all(|byte| (33..=126).contains(byte)) {
            return Err(Unfit::Header);
        }
        fields.push(Field { name, octets });
    }
    Ok(fields)
}

fn end_of_line(raw: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &raw[at..]).map_or(raw.len(), |end| at + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(raw: &str) -> Result<Fit, Unfit> {
        let own = Address::parse("bot@a.example").unwrap();
        let id = MessageId::parse("<new@a.example>").unwrap();
        fit(raw.as_bytes(), &own, id, Timestamp::from_micros(0))
    }

    fn text(raw: &str) -> String {
        String::from_utf8(run(raw).unwrap().raw).unwrap()
    }

    const DATED: &str = "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <x@y.example>\r\n";

    #[test]
    fn a_message_that_has_everything_is_left_as_it_is() {
        let raw = format!(
            "{DATED}From: Bot <BOT@a.example>\r\nSender: bot@a.example\r\nSubject: a\r\n b\r\n\r\n.\r\nBcc: x\r\n"
        );
        let fit = run(&raw).unwrap();
        assert_eq!(String::from_utf8(fit.raw).unwrap(), raw);
        assert!(fit.own_id && fit.message_id.as_str() == "<x@y.example>");
    }

    #[test]
    fn blind_recipients_are_taken_out_with_their_folds() {
        let raw = format!(
            "{DATED}bcc: secret@x.example,\r\n other@x.example\r\nFrom: bot@a.example\r\nReturn-Path: <x@y>\r\n\r\nx"
        );
        assert_eq!(text(&raw), format!("{DATED}From: bot@a.example\r\n\r\nx"));
    }

    #[test]
    fn date_and_id_are_added_or_replaced_where_they_cannot_be_read() {
        let added = "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <new@a.example>\r\n";
        let rest = "From: bot@a.example\r\n\r\nx\r\n";
        assert_eq!(text(rest), format!("{added}{rest}"));
        assert_eq!(
            text(&format!("Date: tomorrow\r\nMessage-ID: none\r\n{rest}")),
            format!("{added}{rest}")
        );
        assert!(!run(rest).unwrap().own_id);
        // A message of a header alone.
        assert_eq!(
            text("From: bot@a.example\r\n"),
            format!("{added}From: bot@a.example\r\n")
        );
    }

    #[test]
    fn somebody_elses_name_does_not_leave() {
        for from in [
            "ceo@bank.example",
            "bot@a.example, ceo@bank.example",
            "bot@a.example <ceo@bank.example>",
            "\"bot@a.example\" <ceo@bank.example>",
            "bot",
        ] {
            let unfit = run(&format!("From: {from}\r\n\r\nx")).unwrap_err();
            assert!(
                matches!(unfit, Unfit::Foreign("From", _)),
                "{from}: {unfit:?}"
            );
        }
        let sender = run("From: bot@a.example\r\nSender: ceo@bank.example\r\n\r\nx");
        assert!(matches!(sender, Err(Unfit::Foreign("Sender", _))));
        for raw in [
            "",
            "\r\nFrom: bot@a.example\r\n",
            "Subject: x\r\n\r\nx",
            "From:\r\n\r\nx",
        ] {
            assert_eq!(run(raw).unwrap_err(), Unfit::NoFrom, "{raw}");
        }
    }

    #[test]
    fn what_receivers_could_read_in_two_ways_is_refused() {
        for (raw, unfit) in [
            (
                "From: bot@a.example\r\nfrom: ceo@bank.example\r\n\r\nx",
                Unfit::Twice("From"),
            ),
            (
                "From: bot@a.example\r\nSubject: a\r\nsubject: b\r\n\r\nx",
                Unfit::Twice("Subject"),
            ),
            (
                "From: bot@a.example\r\nFrom : ceo@bank.example\r\n\r\nx",
                Unfit::Header,
            ),
            (
                "From: bot@a.example\r\nFr om: ceo@bank.example\r\n\r\nx",
                Unfit::Header,
            ),
            ("From: bot@a.example\r\nHello\r\n\r\nx", Unfit::Header),
            (" x\r\nFrom: bot@a.example\r\n\r\nx", Unfit::Header),
        ] {
            assert_eq!(run(raw).unwrap_err(), unfit, "{raw}");
        }
        let circling = "Received: x\r\n".repeat(MOST_HOPS + 1) + "From: bot@a.example\r\n\r\nx";
        assert_eq!(run(&circling).unwrap_err(), Unfit::Loop);
    }
}
