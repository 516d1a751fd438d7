//! Writing a report of our own (RFC 3464, RFC 6533): to the sender of a message that did not
//! arrive, or not yet.

use std::fmt::Write as _;

use super::{Action, MAX_DIAGNOSTIC, Status};
use crate::{Address, MessageId, Timestamp};

/// Columns of a line.
const MAX_LINE: usize = 76;

/// Octets of the original's fields that are returned.
const MAX_RETURNED: usize = 32 << 10;

/// A report to be written.
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    /// The name of this server, which reports.
    pub reporter: &'a str,
    /// The address it writes from.
    pub from: &'a Address,
    /// Whom it tells: the sender of the message.
    pub to: &'a Address,
    /// When it writes.
    pub date: Timestamp,
    /// The report's own id.
    pub message_id: &'a MessageId,
    /// The message it is about.
    pub about: Option<&'a MessageId>,
    /// When this server took the message.
    pub arrived: Option<Timestamp>,
    /// Who fared how; all of them failed or all of them wait.
    pub failures: &'a [Failure],
    /// The bytes of the message; only its fields are returned.
    pub original: &'a [u8],
    /// What the boundary is made from; anything, best random.
    pub seed: [u8; 16],
}

/// One recipient who has not got the message.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Who.
    pub recipient: Address,
    /// [`Action::Failed`] or [`Action::Delayed`].
    pub action: Action,
    /// The enhanced code.
    pub status: Status,
    /// The other server's words.
    pub diagnostic: String,
    /// In a sentence, for people.
    pub because: String,
    /// Until when it is tried again.
    pub until: Option<Timestamp>,
}

/// Writes the report. It says that a machine wrote it (RFC 3834), and returns the fields of the
/// message and nothing of its content.
#[must_use]
pub fn compose(report: &Notification<'_>) -> Vec<u8> {
    let global = report
        .failures
        .iter()
        .any(|failure| !failure.recipient.is_ascii());
    let delayed = report
        .failures
        .iter()
        .all(|failure| failure.action == Action::Delayed);
    let returned = fields_of(report.original);
    let boundary = boundary(&report.seed, returned);
    let mut out = header(report, delayed, &boundary);
    let mut part = |content_type: &str, body: &str| {
        let encoding = if body.is_ascii() { "7bit" } else { "8bit" };
        let _: std::fmt::Result = write!(
            out,
            "\r\n--{boundary}\r\nContent-Type: {content_type}\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n{body}"
        );
    };
    let text = for_people(report, delayed);
    let charset = if text.is_ascii() { "us-ascii" } else { "utf-8" };
    part(&format!("text/plain; charset={charset}"), &text);
    let kind = if global {
        "message/global-delivery-status"
    } else {
        "message/delivery-status"
    };
    part(kind, &for_machines(report, global));
    let mut out = out.into_bytes();
    let kind = if returned.is_ascii() {
        "text/rfc822-headers"
    } else {
        "message/global-headers"
    };
    let encoding = if returned.is_ascii() { "7bit" } else { "8bit" };
    out.extend_from_slice(
        format!(
            "\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        )
        .as_bytes(),
    );
    out.extend_from_slice(returned);
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    out
}

fn header(report: &Notification<'_>, delayed: bool, boundary: &str) -> String {
    let subject = if delayed {
        "Delivery delayed"
    } else {
        "Undelivered mail returned to sender"
    };
    let mut out = format!(
        "From: Mail Delivery System <{}>\r\nTo: {}\r\nSubject: {subject}\r\nDate: {}\r\n\
         Message-ID: {}\r\n",
        report.from,
        report.to,
        report.date.to_rfc5322(),
        report.message_id,
    );
    if let Some(about) = report.about.filter(|id| id.as_str().is_ascii()) {
        let _: std::fmt::Result = write!(out, "In-Reply-To: {about}\r\nReferences: {about}\r\n");
    }
    let _: std::fmt::Result = write!(
        out,
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{boundary}\"\r\n"
    );
    out
}

fn for_people(report: &Notification<'_>, delayed: bool) -> String {
    let mut out = format!("This is the mail system of {}.\r\n\r\n", report.reporter);
    out.push_str(if delayed {
        "Your message has not reached these recipients yet. Nothing needs to be done:\r\n\
         it is tried again until it arrives or is too old.\r\n"
    } else {
        "Your message could not be delivered to these recipients. Only the fields of\r\n\
         its header are returned below.\r\n"
    });
    for failure in report.failures {
        let _: std::fmt::Result = write!(out, "\r\n<{}>\r\n", failure.recipient);
        for text in [&failure.because, &failure.diagnostic] {
            let words = cut(text);
            if !words.is_empty() {
                fold(&mut out, "    ", "    ", &words);
            }
        }
        if let Some(until) = failure.until {
            let _: std::fmt::Result = write!(
                out,
                "    It is tried again until {}.\r\n",
                until.to_rfc5322()
            );
        }
    }
    out
}

fn for_machines(report: &Notification<'_>, global: bool) -> String {
    let mut out = format!("Reporting-MTA: dns; {}\r\n", report.reporter);
    if let Some(arrived) = report.arrived {
        let _: std::fmt::Result = write!(out, "Arrival-Date: {}\r\n", arrived.to_rfc5322());
    }
    for failure in report.failures {
        let kind = if failure.recipient.is_ascii() {
            "rfc822"
        } else {
            "utf-8"
        };
        let action = match failure.action {
            Action::Delayed => "delayed",
            Action::Delivered => "delivered",
            Action::Relayed => "relayed",
            Action::Expanded => "expanded",
            Action::Failed => "failed",
        };
        let _: std::fmt::Result = write!(
            out,
            "\r\nFinal-Recipient: {kind}; {}\r\nAction: {action}\r\nStatus: {}\r\n",
            failure.recipient, failure.status,
        );
        let mut words = cut(&failure.diagnostic);
        if !global {
            words = words
                .chars()
                .map(|c| if c.is_ascii() { c } else { '?' })
                .collect();
        }
        if !words.is_empty() {
            fold(&mut out, "Diagnostic-Code: smtp; ", " ", &words);
        }
        if let Some(until) = failure.until {
            let _: std::fmt::Result = write!(out, "Will-Retry-Until: {}\r\n", until.to_rfc5322());
        }
    }
    out
}

/// On one line, without control characters, and not too long.
fn cut(text: &str) -> String {
    super::diagnostic(text)
        .chars()
        .take(MAX_DIAGNOSTIC)
        .collect()
}

/// Writes words in lines of at most 76 columns where they allow it; a word longer than a line is
/// broken.
fn fold(out: &mut String, first: &str, next: &str, text: &str) {
    let mut line = first.to_owned();
    let mut empty = true;
    let mut flush = |line: &mut String| {
        out.push_str(line.trim_end());
        out.push_str("\r\n");
        *line = next.to_owned();
    };
    for word in text.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > MAX_LINE {
            flush(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        for c in word.chars() {
            if line.len() >= MAX_LINE * 4 {
                flush(&mut line);
            }
            line.push(c);
        }
        empty = false;
    }
    flush(&mut line);
}

/// The fields of a message, without the empty line after them, cut at a line's end.
fn fields_of(raw: &[u8]) -> &[u8] {
    let end = memchr::memmem::find(raw, b"\r\n\r\n").or_else(|| {
        let found = memchr::memmem::find(raw, b"\n\n");
        found.map(|at| at.saturating_sub(1))
    });
    let fields = raw.get(..end.map_or(raw.len(), |at| at + 2)).unwrap_or(raw);
    let Some(head) = fields.get(..MAX_RETURNED) else {
        return fields;
    };
    let last = memchr::memrchr(b'\n', head).map_or(0, |at| at + 1);
    head.get(..last).unwrap_or_default()
}

/// A boundary that stands nowhere in what is returned; the rest is ours and has no `=_`.
fn boundary(seed: &[u8; 16], returned: &[u8]) -> String {
    let mut count = 0_u64;
    loop {
        let mut hash = blake3::Hasher::new();
        hash.update(seed).update(&count.to_be_bytes());
        let digits = data_encoding::HEXLOWER
            .encode(hash.finalize().as_bytes().get(..15).unwrap_or_default());
        let boundary = format!("=_{digits}");
        if memchr::memmem::find(returned, boundary.as_bytes()).is_none() {
            return boundary;
        }
        count += 1;
    }
}
