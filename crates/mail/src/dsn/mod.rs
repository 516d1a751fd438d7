//! Reports about mail that was sent: failures (RFC 3464, RFC 6533, and what mail servers write in
//! their own words), complaints (RFC 5965), and the answers of machines that are neither.
//!
//! [`read`] tells them apart, [`classify`] says what a refusal means, and [`compose()`] writes a
//! report of our own. A report is foreign text that anybody can write: what is read here says only
//! what the report claims. Whether it may count is decided by whoever knows where it came from.

mod answer;
mod classify;
mod compose;
mod feedback;
mod informal;
mod phrases;
mod standard;
mod status;
#[cfg(test)]
mod tests;

pub use classify::{Class, Kind, Verdict, classify};
pub use compose::{Failure, Notification, compose};
pub use status::{Status, Words};

use crate::parse::sections::{self, Sections, field};
use crate::{Address, MessageId};

/// Recipients of one report that are read.
const MAX_RECIPIENTS: usize = 100;

/// Characters kept of what a server said.
const MAX_DIAGNOSTIC: usize = 1_000;

/// What a received message is, to whoever waits for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// What became of a message that was sent.
    Delivery(Report),
    /// A reader did not want a message that was sent.
    Complaint(Complaint),
    /// A machine answered: out of office, a ticket number, a read receipt. It says nothing about
    /// the delivery.
    Answer,
    /// Anything else.
    Ordinary,
}

/// What became of a message, recipient by recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The server that reports, as it calls itself.
    pub reporter: Option<String>,
    /// Who fared how. Empty when the report names nobody.
    pub recipients: Vec<Fate>,
    /// What the report holds of the message.
    pub original: Original,
    /// Whether it has the fields of RFC 3464; otherwise it was read out of words.
    pub standard: bool,
}

/// How one recipient fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The recipient: the one the sender named where the report has it, else the one it ended at.
    pub recipient: Option<String>,
    /// Where it ended, when that is another address.
    pub ended_at: Option<String>,
    /// What happened.
    pub action: Action,
    /// The enhanced status code, when there is one.
    pub status: Option<Status>,
    /// The words of the server that refused, cut to 1,000 characters.
    pub diagnostic: String,
    /// What they mean.
    pub verdict: Verdict,
}

/// What happened to a message for one recipient (RFC 3464 §2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It will not arrive.
    Failed,
    /// It has not arrived yet; the other server keeps trying.
    Delayed,
    /// It arrived.
    Delivered,
    /// It went to where nothing more is reported from.
    Relayed,
    /// It went to the members of a list.
    Expanded,
}

/// A complaint (RFC 5965).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// `abuse`, `fraud`, `virus`, `not-spam`, `other` …, in lower case; `abuse` when the report
    /// does not say.
    pub feedback_type: String,
    /// Who complained, as far as the report says. Often redacted.
    pub recipients: Vec<String>,
    /// The program that reports.
    pub reporter: Option<String>,
    /// What the report holds of the message.
    pub original: Original,
}

/// What a report holds of the message it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// Its Message-ID.
    pub message_id: Option<MessageId>,
    /// The reverse paths it arrived with: its Return-Path fields and the like.
    pub reverse_paths: Vec<Address>,
    /// The addresses of its To field.
    pub to: Vec<String>,
}

/// Reads a received message. Takes time linear in its size and cannot fail.
#[must_use]
pub fn read(raw: &[u8]) -> Notice {
    let sections = sections::read(raw);
    if let Some(complaint) = feedback::read(&sections) {
        return Notice::Complaint(complaint);
    }
    if let Some(report) = standard::read(&sections) {
        return Notice::Delivery(report);
    }
    if answer::is_receipt(&sections) {
        return Notice::Answer;
    }
    if let Some(report) = informal::read(&sections) {
        return Notice::Delivery(report);
    }
    if answer::is_automatic(&sections) {
        return Notice::Answer;
    }
    Notice::Ordinary
}

/// The original message, from the part that holds it or from text that begins with its fields.
fn original(text: &str) -> Original {
    let (fields, _) = sections::block(text);
    let id = |name: &str| field(&fields, name).and_then(MessageId::parse);
    let paths = fields.iter().filter(|(name, _)| {
        ["Return-Path", "X-Envelope-From", "Envelope-From"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    });
    let to = field(&fields, "To").unwrap_or_default();
    Original {
        message_id: id("Message-ID"),
        reverse_paths: paths
            .take(10)
            .filter_map(|(_, value)| addresses(value).next())
            .filter_map(|text| Address::parse(&text).ok())
            .collect(),
        to: addresses(to).take(MAX_RECIPIENTS).collect(),
    }
}

/// The original message in whichever part has it.
fn original_part(sections: &Sections) -> Option<Original> {
    const KINDS: [&str; 5] = [
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
    ];
    let part = sections
        .parts
        .iter()
        .find(|part| KINDS.contains(&part.content_type.as_str()))?;
    Some(original(&part.text))
}

/// Everything in a text that is an address, in order, without what stands around it.
fn addresses(text: &str) -> impl Iterator<Item = String> + '_ {
    let around = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "<>()[]{},;:\"'`|=".contains(c)
            || "、，。：；（）「」『』【】《》“”‘’«»".contains(c)
    };
    text.split(around)
        .filter(|word| word.contains('@') && word.len() <= 320)
        .map(|word| word.trim_matches(['.', '!', '?', '*', '-']))
        .filter(|word| Address::parse(word).is_ok())
        .map(str::to_owned)
}

/// Words of a server, on one line and cut.
fn diagnostic(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if out.chars().count() + word.chars().count() >= MAX_DIAGNOSTIC {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| !c.is_control()));
    }
    out
}
