//! Joining by subject what names no message we know.

use std::collections::HashMap;
use std::time::Duration;

use super::sets::Sets;
use super::{Message, Options};
use crate::Timestamp;
use crate::subject_prefixes::{AUTOMATIC, CALENDAR};
use crate::thread_key::{SubjectKind, base_subject, prefix, subject_kind, without_prefix};

/// How long after a conversation's last message a subject still means it.
const NEAR: Duration = Duration::from_hours(24 * 30);
/// How far the clocks of two senders may differ.
const SKEW: Duration = Duration::from_hours(24);
/// Earlier messages of one person under one subject that are looked at.
const COMPARED: usize = 8;
/// Prefixes taken off one subject.
const MAX_PREFIXES: usize = 10;

/// Subjects that are no name for a conversation.
#[rustfmt::skip]
const GENERIC: &[&str] = &[
    "hi", "hello", "hey", "hallo", "hej", "hei", "hola", "salut", "bonjour", "ciao", "olá", "ola", "привет", "здравствуйте",
    "test", "testing", "no subject", "(no subject)", "[no subject]", "<no subject>", "untitled", "kein betreff", "(kein betreff)",
    "sans objet", "(sans objet)", "(aucun objet)", "sin asunto", "(sin asunto)", "sem assunto", "(sem assunto)", "nessun oggetto",
    "(nessun oggetto)", "geen onderwerp", "(geen onderwerp)", "(inget ämne)", "(ei aihetta)", "(brak tematu)", "(без темы)", "без темы",
    "(无主题)", "无主题", "(件名なし)", "件名なし", "(제목 없음)", "question", "fyi", "help", "info", "thanks", "thank you", "danke", "merci", "gracias", "urgent",
];

/// Where the messages of one person under one subject stand, by date.
type Places<'a> = HashMap<(&'a str, usize), Vec<(Timestamp, usize)>>;

/// Joins each message that is still `open` and has a reply prefix to the latest message before it
/// with the same subject, near in time, among whose people are its own.
pub(super) fn join(sorted: &[&Message<'_>], sets: &mut Sets, open: &[bool], options: &Options<'_>) {
    let bases: Vec<String> = sorted
        .iter()
        .map(|message| base(message.subject, options))
        .collect();
    let mut places: Places<'_> = HashMap::new();
    for (at, (message, base)) in sorted.iter().zip(&bases).enumerate() {
        let Some(date) = message.date.filter(|_| !is_generic(base)) else {
            continue;
        };
        for person in sets.people(at) {
            places
                .entry((base.as_str(), *person))
                .or_default()
                .push((date, at));
        }
    }
    for (at, (message, base)) in sorted.iter().zip(&bases).enumerate() {
        let answers = open.get(at) == Some(&true) && is_answer(message.subject, options);
        let Some(date) = message.date.filter(|_| answers) else {
            continue;
        };
        if let Some(found) = nearest(&places, sets, at, base, date) {
            sets.join(at, found);
        }
    }
}

/// The message to join: not later than `date` if there is one, and as near as possible.
fn nearest(
    places: &Places<'_>,
    sets: &mut Sets,
    at: usize,
    base: &str,
    date: Timestamp,
) -> Option<usize> {
    let own = sets.find(at);
    let people = sets.people(at).to_vec();
    let mut best: Option<(bool, std::cmp::Reverse<Duration>, std::cmp::Reverse<usize>)> = None;
    for person in people {
        let Some(list) = places.get(&(base, person)) else {
            continue;
        };
        let end = list.partition_point(|(other, _)| *other <= date.plus(SKEW));
        for (other, candidate) in list.iter().take(end).rev().take(COMPARED) {
            if date.since(*other) > NEAR {
                break;
            }
            if sets.find(*candidate) == own || !sets.know_each_other(at, *candidate) {
                continue;
            }
            let distance = date.since(*other).max(other.since(date));
            let rank = (
                *other <= date,
                std::cmp::Reverse(distance),
                std::cmp::Reverse(*candidate),
            );
            best = best.max(Some(rank));
        }
    }
    best.map(|(_, _, std::cmp::Reverse(candidate))| candidate)
}

pub(super) fn is_answer(subject: &str, options: &Options<'_>) -> bool {
    matches!(
        subject_kind(subject),
        SubjectKind::Reply | SubjectKind::Either
    ) || prefix(subject.trim(), CALENDAR).is_some()
        || prefix(subject.trim(), &options.reply_prefixes).is_some()
}

/// The subject without all that programs put before it, in lower case.
pub(super) fn base(subject: &str, options: &Options<'_>) -> String {
    let mut base = base_subject(without_wrapper(subject));
    for _ in 0..MAX_PREFIXES {
        let shorter = prefix(&base, AUTOMATIC)
            .or_else(|| prefix(&base, CALENDAR))
            .or_else(|| prefix(&base, &options.reply_prefixes))
            .map(base_subject);
        match shorter {
            Some(shorter) => base = shorter,
            None => break,
        }
    }
    base.to_lowercase()
}

/// `[Fwd: Plan]` is how old Mozillas wrote `Fwd: Plan`.
fn without_wrapper(subject: &str) -> &str {
    let subject = subject.trim();
    if subject.starts_with('[') && subject.ends_with(']') {
        without_prefix(subject)
    } else {
        subject
    }
}

pub(super) fn is_generic(base: &str) -> bool {
    let bare = base.trim_matches(|c: char| !c.is_alphanumeric());
    bare.is_empty() || GENERIC.contains(&base) || GENERIC.contains(&bare)
}
