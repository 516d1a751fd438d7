//! Which messages of an inbox belong to one conversation.
//!
//! For a whole set of messages at once: the answer depends on the messages alone, never on the
//! order they arrived in, so it is also the measure for what files them one by one.

mod clues;
mod exchange;
mod headers;
mod ids;
mod sets;
mod subjects;
#[cfg(test)]
mod tests;

use crate::Timestamp;
pub use clues::{Exchange, subject_name};
use sets::Sets;

/// What threading looks at in a message. Fields hold what stands in the message, unread: ids with
/// or without brackets, several of them, prose between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message<'a> {
    /// When it was written. Without one, no subject joins it to anything.
    pub date: Option<Timestamp>,
    /// Its Message-ID.
    pub message_id: Option<&'a str>,
    /// Other ids it is known by: relays such as Amazon SES give a message an id of their own, and
    /// answers name that one.
    pub aliases: Vec<&'a str>,
    /// In-Reply-To.
    pub in_reply_to: Vec<&'a str>,
    /// References, the oldest first.
    pub references: Vec<&'a str>,
    /// The decoded subject.
    pub subject: &'a str,
    /// The bare addresses of sender and recipients, the inbox's own among them.
    pub people: Vec<&'a str>,
    /// Exchange's Thread-Index.
    pub thread_index: Option<&'a str>,
    /// Exchange's Thread-Topic.
    pub thread_topic: Option<&'a str>,
    /// The Message-ID of the message that a failure report returns.
    pub returned_id: Option<&'a str>,
    /// The UID of the event in a calendar part.
    pub calendar_uid: Option<&'a str>,
}

/// What may be decided differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    /// Whether equal subjects may join a message that names no message we know. The people and the
    /// time must fit as well.
    pub by_subject: bool,
    /// Words to take for reply prefixes besides the known ones, in lower case, without colon.
    pub reply_prefixes: Vec<&'a str>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            by_subject: true,
            reply_prefixes: Vec::new(),
        }
    }
}

/// Divides the messages of one inbox into conversations, given as indices into `messages`: each by
/// date, and ordered by their first messages.
///
/// * A message belongs to the nearest ancestor it names that is in the set or that another message
///   names too: References from the last to the first, then In-Reply-To, then the message a
///   failure report returns. That one alone decides, so naming two conversations joins none.
/// * Where none is known: the same Exchange conversation with an equal topic or with two people in
///   common; the same calendar event; else an equal subject behind a reply prefix, if the people
///   fit and at most 30 days lie between. Two in common, since one of them is the inbox itself: a
///   stranger does not get into a conversation by knowing its subject.
/// * Two with one Message-ID are one message. Loops end.
///
/// Time grows a little faster than linearly (sorting).
#[must_use]
pub fn groups(messages: &[Message<'_>], options: &Options<'_>) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by(|a, b| messages.get(*a).cmp(&messages.get(*b)));
    let sorted: Vec<&Message<'_>> = order.iter().filter_map(|&at| messages.get(at)).collect();
    let mut sets = Sets::new(sorted.iter().map(|message| people(message)));
    let mut open = headers::join(&sorted, &mut sets);
    exchange::join(&sorted, &mut sets, &mut open);
    if options.by_subject {
        subjects::join(&sorted, &mut sets, &open, options);
    }
    sets.groups()
        .into_iter()
        .map(|group| {
            group
                .into_iter()
                .filter_map(|at| order.get(at).copied())
                .collect()
        })
        .collect()
}

/// People looked at in one message: the sender and the first recipients.
const MAX_PEOPLE: usize = 16;

fn people(message: &Message<'_>) -> Vec<String> {
    let mut people: Vec<String> = message
        .people
        .iter()
        .map(|address| address.trim().to_lowercase())
        .filter(|address| !address.is_empty())
        .take(MAX_PEOPLE)
        .collect();
    people.sort();
    people.dedup();
    people
}
