//! Out of office: whether a message says that its author is away, and until when.
//!
//! A person who writes that he will be on holiday next month is not out of office. So an absence counts
//! only in a message that a program sent in answer, or whose subject says so, or that also says what
//! to do in the meantime.

mod dates;
mod names;
mod phrases;
mod sentences;
#[cfg(test)]
mod tests;
mod tokens;

use std::ops::Range;

use dates::{Found, Reckoning};
use sentences::{MAX_SENTENCE, sentences};

use super::day::Day;
use super::phrases::{Phrases, folded, last_phrase_at, phrase_at};

/// Octets of a text that are looked at.
const MAX_TEXT: usize = 8_192;
/// Sentences that are looked at.
const MAX_SENTENCES: usize = 80;

static SUBJECTS: Phrases<{ phrases::SUBJECTS.len() }> = Phrases::new(phrases::SUBJECTS);
static ABSENT: Phrases<{ phrases::ABSENT.len() }> = Phrases::new(phrases::ABSENT);
static MEANWHILE: Phrases<{ phrases::MEANWHILE.len() }> = Phrases::new(phrases::MEANWHILE);

/// That somebody is away, as far as the message says. A message may name neither day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absence {
    /// The first day away.
    pub from: Option<Day>,
    /// The day after "until". Whether that day is the last one away or the first one back, most
    /// languages leave open.
    pub until: Option<Day>,
    /// The day the message says its author is back.
    pub back: Option<Day>,
}

impl Absence {
    /// The day to expect the author again: the day named for the return, else the day after
    /// "until", which may be a day early.
    #[must_use]
    pub fn returns(&self) -> Option<Day> {
        self.back.or(self.until)
    }
}

/// What a message is read by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) subject: &'a str,
    /// Its new text.
    pub(super) text: &'a str,
    /// A field says that a program sent it in answer.
    pub(super) answered: bool,
    /// The day it was sent, where its author is.
    pub(super) sent: Option<Day>,
    /// Seconds east of UTC that its author is.
    pub(super) offset: i32,
    /// The code of its language.
    pub(super) language: Option<&'a str>,
}

/// An absence and what says so: octets of the text, or the subject when there are none.
pub(super) fn find(message: &Message<'_>) -> Option<(Absence, Option<Range<usize>>)> {
    let end = message.text.floor_char_boundary(MAX_TEXT);
    let text = message.text.get(..end).unwrap_or_default();
    let end = message.subject.floor_char_boundary(MAX_SENTENCE);
    let subject = folded(message.subject.get(..end).unwrap_or_default());
    let answered = message.answered || SUBJECTS.are_in(&subject);
    let by_words = || {
        let whole = folded(text);
        MEANWHILE.are_in(&whole) && ABSENT.are_in(&whole)
    };
    // Most messages end here.
    if !(answered || by_words()) {
        return None;
    }
    let sentences: Vec<(Range<usize>, String)> = sentences(text)
        .take(MAX_SENTENCES)
        .map(|range| (range.clone(), folded(text.get(range).unwrap_or_default())))
        .collect();
    let absent = sentences.iter().find(|(_, text)| ABSENT.are_in(text));
    let mut absence = returns(&sentences, message).unwrap_or_default();
    let away = if answered {
        absent.is_some() || ABSENT.are_in(&subject) || absence.back.is_some()
    } else {
        absent.is_some()
    };
    if !away {
        return None;
    }
    if absence == Absence::default()
        && let Some(by) = reckoning(message)
    {
        absence = read(&subject, &by, true);
    }
    Some((absence, absent.map(|(range, _)| range.clone())))
}

fn reckoning(message: &Message<'_>) -> Option<Reckoning> {
    let language = message.language.unwrap_or_default();
    // In America and in East Asia the month comes first.
    let american = language == "en" && message.offset <= -3 * 3600;
    Some(Reckoning {
        sent: message.sent?,
        month_first: american || matches!(language, "zh" | "ja" | "ko" | "hu" | "tl"),
        croatian: language == "hr",
    })
}

/// The days that all sentences together name.
fn returns(sentences: &[(Range<usize>, String)], message: &Message<'_>) -> Option<Absence> {
    let by = reckoning(message)?;
    let mut absence = Absence::default();
    for (_, sentence) in sentences {
        let about = ABSENT.are_in(sentence);
        let read = read(sentence, &by, about);
        absence.from = absence.from.or(read.from);
        absence.until = absence.until.or(read.until);
        absence.back = absence.back.or(read.back);
    }
    // A beginning after the end was another matter.
    if absence
        .returns()
        .is_some_and(|end| absence.from.is_some_and(|from| from > end))
    {
        absence.from = None;
    }
    let found = absence.returns().is_some() || absence.from.is_some();
    found.then_some(absence)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    From,
    Until,
    Back,
    Bare,
}

/// The days one sentence names. `about` says that it is about an absence, so that a day without any
/// such word is a day away.
fn read(sentence: &str, by: &Reckoning, about: bool) -> Absence {
    let days = dates::find(sentence, by);
    let mut roles = Vec::with_capacity(days.len());
    let mut before = 0;
    for (index, found) in days.iter().enumerate() {
        let next = days
            .get(index + 1)
            .map_or(sentence.len(), |next| next.start);
        let lead = sentence.get(before..found.start).unwrap_or_default();
        let tail = sentence.get(found.end..next).unwrap_or_default();
        let role = role(lead, tail, index > 0);
        if role == Role::Until
            && index > 0
            && let Some(previous) = roles.last_mut()
            && *previous == Role::Bare
        {
            *previous = Role::From;
        }
        roles.push(role);
        before = found.end;
    }
    // Where a word may mean both, the first of two ends is the beginning.
    let ends = roles.iter().filter(|role| **role == Role::Until).count();
    if ends > 1
        && !roles.contains(&Role::From)
        && let Some(first) = roles.iter_mut().find(|role| **role == Role::Until)
    {
        *first = Role::From;
    }
    let of = |wanted: Role| -> Option<&Found> {
        let mut pairs = days.iter().zip(&roles);
        pairs
            .find(|(_, role)| **role == wanted)
            .map(|(found, _)| found)
    };
    let mut absence = Absence {
        from: of(Role::From).map(|found| found.day),
        until: of(Role::Until).map(|found| found.day),
        back: of(Role::Back).map(|found| found.day),
    };
    if about
        && absence == Absence::default()
        && let Some(day) = of(Role::Bare)
        && (has_numbers(sentence, day) || day.day == by.sent)
    {
        absence.from = Some(day.day);
        absence.until = Some(day.day);
    }
    if !about && absence.back.is_none() && absence.from.is_none() {
        // "Reply until Friday" is a deadline, not an absence.
        absence.until = None;
    }
    absence
}

fn has_numbers(sentence: &str, found: &Found) -> bool {
    let text = sentence.get(found.start..found.end).unwrap_or_default();
    text.contains(|c: char| c.is_ascii_digit())
}

/// What a day is, by the words before and after it.
fn role(lead: &str, tail: &str, later: bool) -> Role {
    let tail = without_weekday(tail.trim_start());
    if starts(tail, phrases::BACK_AFTER) {
        return Role::Back;
    }
    if starts(tail, phrases::UNTIL_AFTER) {
        return Role::Until;
    }
    let lead = lead.trim_end();
    if later && matches!(lead.trim(), "-" | "–" | "—" | "~" | "～" | "〜" | "") {
        return Role::Until;
    }
    // `3.-14. June`: the first half of a range has no month of its own.
    let open = lead.trim_end_matches(['-', '–', '—']);
    if open.len() < lead.len()
        && open
            .trim_end_matches(['.', ' '])
            .ends_with(|c: char| c.is_ascii_digit())
    {
        return Role::Until;
    }
    let ends = ends(lead, phrases::UNTIL);
    // "back from 3 to 5" begins with being back, but ends with until.
    if ends && !last_is_back(lead) {
        return Role::Until;
    }
    if any(lead, phrases::BACK) {
        return Role::Back;
    }
    if ends {
        return Role::Until;
    }
    if starts(tail, phrases::SINCE_AFTER) || self::ends(lead, phrases::SINCE) {
        return Role::From;
    }
    Role::Bare
}

/// What follows a weekday in parentheses: `(月)より`, `(Mon) to`.
fn without_weekday(tail: &str) -> &str {
    let inner = tail.strip_prefix(['(', '（']);
    let inner = inner.and_then(|inner| inner.split_once([')', '）']));
    match inner {
        Some((weekday, rest)) if weekday.chars().count() <= 12 => rest.trim_start(),
        _ => tail,
    }
}

/// Whether the words of coming back stand in front of the last word.
fn last_is_back(lead: &str) -> bool {
    // "return to the office on", "back to work on", "vuelvo al trabajo el": the word of the end
    // belongs to the place, unless it is a word for until that has no other use.
    const PLAIN: &[&str] = &[
        "to", "a", "al", "au", "ao", "à", "la", "do", "по", "po", "tot", "на",
    ];
    let last = words(lead).last().unwrap_or_default();
    PLAIN.contains(&last) && any(lead, phrases::BACK)
}

/// The words at the end of a lead may be a weekday, an article or a preposition between the word
/// for until and the day.
fn ends(lead: &str, phrases: &[&str]) -> bool {
    let tail_start = lead.char_indices().rev().nth(31).map_or(0, |(at, _)| at);
    let tail = lead.get(tail_start..).unwrap_or_default();
    phrases.iter().any(|phrase| {
        let Some(at) = last_phrase_at(tail, phrase) else {
            return false;
        };
        let rest = tail.get(at + phrase.len()..).unwrap_or_default();
        words(rest).all(is_filler)
    })
}

fn is_filler(word: &str) -> bool {
    const FILLERS: &[&str] = &[
        "the",
        "and",
        "including",
        "le",
        "el",
        "o",
        "den",
        "dem",
        "zum",
        "einschließlich",
        "dia",
        "día",
        "il",
        "giorno",
        "de",
        "del",
        "di",
        "d",
        "am",
        "en",
        "met",
        "og",
        "med",
        "och",
        "on",
        "of",
        "dne",
        "dnia",
        "včetně",
        "włącznie",
        "a",
        "e",
        "y",
        "et",
        "and",
        "ngày",
        "tanggal",
        "วันที่",
        "το",
        "τις",
        "τον",
        "την",
        "τη",
        "στις",
        "ה",
        "יום",
        "يوم",
        "את",
        "до",
        "с",
        "inclusive",
        "die",
        "data",
        "zi",
        "ziua",
    ];
    FILLERS.contains(&word)
        || names::WEEKDAYS
            .iter()
            .any(|names| names.split(' ').any(|name| name == word))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | ':' | ';' | '(' | ')' | '*'))
        .filter(|word| !word.is_empty())
}

fn any(text: &str, phrases: &[&str]) -> bool {
    phrases
        .iter()
        .any(|phrase| phrase_at(text, phrase).is_some())
}

fn starts(text: &str, phrases: &[&str]) -> bool {
    phrases
        .iter()
        .any(|phrase| phrase_at(text, phrase) == Some(0))
}
