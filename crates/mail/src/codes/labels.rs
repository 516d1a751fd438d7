//! Which words of a block name a code, and which claim the number beside them for something else.

use std::ops::Range;

use super::words;

/// What a word says about a number near it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// It is a one-time code.
    Code,
    /// It is something else.
    Other,
}

/// A word or phrase that says something.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) range: Range<usize>,
    pub(super) says: Says,
    /// The name itself or the word beside it speaks of signing in.
    pub(super) is_sure: bool,
}

/// The labels of a folded text, in order.
pub(super) fn of(text: &[char]) -> Vec<Label> {
    let words = words_of(text);
    let mut labels = Vec::new();
    for (at, (range, word)) in words.iter().enumerate() {
        let says = if is_code(word) {
            Some(if is_of_another_kind(&words, at) {
                Says::Other
            } else {
                Says::Code
            })
        } else if begins_with_any(word, words::CLAIMS) || words::NOT_CODE.contains(&word.as_str()) {
            Some(Says::Other)
        } else {
            None
        };
        let Some(says) = says else { continue };
        let near = words.get(at.saturating_sub(1)..words.len().min(at + 2));
        let mut near = near.unwrap_or_default().iter();
        labels.push(Label {
            range: range.clone(),
            says,
            is_sure: near.any(|(_, word)| begins_with_any(word, words::SIGNS)),
        });
    }
    for (parts, says) in [
        (words::CODE_PARTS, Says::Code),
        (words::CLAIM_PARTS, Says::Other),
    ] {
        labels.extend(parts_of(text, parts).map(|range| Label {
            is_sure: range.len() > 2,
            range,
            says,
        }));
    }
    for (range, _) in &words {
        if let Some(end) = phrase_at(text, range.start, words::CODE_PHRASES) {
            labels.push(Label {
                range: range.start..end,
                says: Says::Code,
                is_sure: true,
            });
        }
    }
    // Where 取件码 stands, 码 is not a code's name.
    labels.sort_by_key(|label| (label.range.start, label.range.end));
    let mut others = labels
        .clone()
        .into_iter()
        .filter(|label| label.says == Says::Other)
        .peekable();
    let mut farthest = 0;
    labels.retain(|label| {
        while let Some(other) = others.next_if(|other| other.range.start <= label.range.start) {
            farthest = farthest.max(other.range.end);
        }
        label.says == Says::Other || label.range.end > farthest
    });
    labels
}

/// Words of letters, with digits in them as in `2fa`.
pub(super) fn words_of(text: &[char]) -> Vec<(Range<usize>, String)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.iter().chain([&' ']).enumerate() {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let range: Range<usize> = from..at;
                let word: String = text.get(range.clone()).unwrap_or_default().iter().collect();
                if word.chars().any(char::is_alphabetic) && range.len() <= 40 {
                    words.push((range, word));
                }
                start = None;
            }
            _ => {}
        }
    }
    words
}

fn is_code(word: &str) -> bool {
    if words::NOT_CODE.contains(&word) {
        return false;
    }
    let is_compound =
        |end: &&str| word.len() >= end.len() + 3 && word.ends_with(*end) && word != "shopping";
    words::CODE.contains(&word)
        || begins_with_any(word, words::CODE_BEGINS)
        || words::CODE_ENDS
            .iter()
            .filter(|end| **end != "pin")
            .any(is_compound)
}

/// Beginnings of kinds of codes that come after the word: in the Romance and Slavic languages, código postal,
/// kod rabatowy. Sorted.
pub(super) const AFTER: &[&str] = &[
    "barr",
    "bic",
    "client",
    "cupon",
    "desconto",
    "descuento",
    "fisc",
    "iban",
    "poczt",
    "post",
    "promo",
    "qr",
    "rabat",
    "reserva",
    "review",
    "sconto",
    "seguimiento",
    "source",
    "swift",
    "zip",
    "скидк",
];

/// Whether a word beside the code word makes it a promo code, a postal code and the like.
fn is_of_another_kind(words: &[(Range<usize>, String)], at: usize) -> bool {
    let near = |distance: isize| {
        let place = at.checked_add_signed(distance)?;
        let (own, _) = words.get(at)?;
        let (range, word) = words.get(place)?;
        let gap = if distance < 0 {
            own.start.saturating_sub(range.end)
        } else {
            range.start.saturating_sub(own.end)
        };
        (gap <= 4).then_some(word.as_str())
    };
    let is_other = |word: &str| begins_with_any(word, words::OTHER_CODE);
    let link = |word: &str| {
        matches!(
            word,
            "de" | "di" | "do" | "du" | "d" | "of" | "la" | "le" | "del" | "da"
        )
    };
    if near(-1).is_some_and(is_other) {
        return true;
    }
    match near(1) {
        Some(word) if link(word) => near(2).is_some_and(is_other),
        Some(word) => begins_with_any(word, AFTER),
        None => false,
    }
}

/// Whether a word begins with one of the sorted beginnings.
pub(super) fn begins_with_any(word: &str, beginnings: &[&str]) -> bool {
    let first = word.as_bytes().first();
    let from = beginnings.partition_point(|known| known.as_bytes().first() < first);
    let near = beginnings.get(from..).unwrap_or_default().iter();
    let mut near = near.take_while(|known| known.as_bytes().first() == first);
    near.any(|beginning| {
        // Short ones must be the whole word: `id` is not the beginning of `idea`.
        if beginning.chars().count() <= 3 {
            word == *beginning
        } else {
            word.starts_with(beginning)
        }
    })
}

/// Where the parts stand in the text.
pub(super) fn parts_of<'a>(
    text: &'a [char],
    parts: &'a [&'a str],
) -> impl Iterator<Item = Range<usize>> + 'a {
    let has_any = text.iter().any(|c| u32::from(*c) >= 0x530);
    let starts = if has_any { text.len() } else { 0 };
    (0..starts)
        .filter(|at| text.get(*at).is_some_and(|c| u32::from(*c) >= 0x530))
        .filter_map(move |at| longest_at(text, at, parts).map(|end| at..end))
}

/// The end of the longest of the sorted phrases that stands at a place.
fn longest_at(text: &[char], at: usize, phrases: &[&str]) -> Option<usize> {
    let first = text.get(at)?;
    let from = phrases.partition_point(|phrase| phrase.chars().next() < Some(*first));
    let rest = phrases.get(from..)?.iter();
    rest.take_while(|phrase| phrase.starts_with(*first))
        .filter_map(|phrase| matched(text, at, phrase))
        .max()
}

/// The end of a phrase that begins at a place.
pub(super) fn phrase_at(text: &[char], at: usize, phrases: &[&str]) -> Option<usize> {
    longest_at(text, at, phrases)
}

fn matched(text: &[char], at: usize, part: &str) -> Option<usize> {
    let mut end = at;
    for c in part.chars() {
        if text.get(end) != Some(&c) {
            return None;
        }
        end += 1;
    }
    Some(end)
}
