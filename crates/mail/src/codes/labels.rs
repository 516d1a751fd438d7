//! Which words of a block name a code, and which claim the number beside them for something else.

use std::ops::Range;

use super::phrases::Phrases;
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
    for (at, word) in words.iter().enumerate() {
        let is_other = words::NOT_CODE.has(word.letters);
        let says = if !is_other && is_code(word.letters) {
            Some(if is_of_another_kind(&words, at) {
                Says::Other
            } else {
                Says::Code
            })
        } else if is_other || words::CLAIMS.begin(word.letters) {
            Some(Says::Other)
        } else {
            None
        };
        if let Some(says) = says {
            let near = words.get(at.saturating_sub(1)..words.len().min(at + 2));
            let mut near = near.unwrap_or_default().iter();
            labels.push(Label {
                range: word.range(),
                says,
                is_sure: near.any(|word| words::SIGNS.begin(word.letters)),
            });
        }
        if let Some(end) = words::CODE_PHRASES.end_at(text, word.start) {
            labels.push(Label {
                range: word.start..end,
                says: Says::Code,
                is_sure: true,
            });
        }
    }
    for (parts, says) in [
        (&words::CODE_PARTS, Says::Code),
        (&words::CLAIM_PARTS, Says::Other),
    ] {
        labels.extend(parts_of(text, parts).map(|range| Label {
            is_sure: range.len() > 2,
            range,
            says,
        }));
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

/// A word of a text.
pub(super) struct Word<'a> {
    pub(super) letters: &'a [char],
    start: usize,
}

impl Word<'_> {
    const fn range(&self) -> Range<usize> {
        self.start..self.start + self.letters.len()
    }
}

/// Words of letters, with digits in them as in `2fa`.
pub(super) fn words_of(text: &[char]) -> Vec<Word<'_>> {
    let runs = text.split(|c| !c.is_alphanumeric());
    let mut start = 0;
    let words = runs.map(|letters| {
        let word = Word { letters, start };
        start += letters.len() + 1;
        word
    });
    let is_word =
        |letters: &[char]| letters.len() <= 40 && letters.iter().any(|c| c.is_alphabetic());
    words.filter(|word| is_word(word.letters)).collect()
}

fn is_code(word: &[char]) -> bool {
    words::CODE.has(word) || words::CODE_BEGINS.begin(word) || is_compound(word)
}

/// Whether a word of its own stands before a name for a code: Bestätigungscode.
fn is_compound(word: &[char]) -> bool {
    words::CODE_ENDS.iter().any(|end| {
        let before = word
            .len()
            .checked_sub(end.len())
            .map(|at| word.split_at(at));
        before.is_some_and(|(before, own)| {
            own.iter().copied().eq(end.chars())
                && before.iter().map(|c| c.len_utf8()).sum::<usize>() >= 3
        })
    })
}

/// Beginnings of kinds of codes that come after the word: in the Romance and Slavic languages, código postal,
/// kod rabatowy. Sorted.
pub(super) static AFTER: Phrases = Phrases::new(&[
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
]);

/// What stands between a code's name and its kind.
static LINKS: Phrases = Phrases::new(&["d", "da", "de", "del", "di", "do", "du", "la", "le", "of"]);

/// Whether a word beside the code word makes it a promo code, a postal code and the like.
fn is_of_another_kind(words: &[Word<'_>], at: usize) -> bool {
    let near = |distance: isize| {
        let place = at.checked_add_signed(distance)?;
        let own = words.get(at)?.range();
        let word = words.get(place)?;
        let gap = if distance < 0 {
            own.start.saturating_sub(word.range().end)
        } else {
            word.start.saturating_sub(own.end)
        };
        (gap <= 4).then_some(word.letters)
    };
    let is_other = |word: &[char]| words::OTHER_CODE.begin(word);
    if near(-1).is_some_and(is_other) {
        return true;
    }
    match near(1) {
        Some(word) if LINKS.has(word) => near(2).is_some_and(is_other),
        Some(word) => AFTER.begin(word),
        None => false,
    }
}

/// Where the parts stand in the text.
pub(super) fn parts_of<'a>(
    text: &'a [char],
    parts: &'a Phrases,
) -> impl Iterator<Item = Range<usize>> + 'a {
    let places = text.iter().enumerate();
    places
        .filter(|(_, c)| u32::from(**c) >= 0x530)
        .filter_map(move |(at, _)| parts.end_at(text, at).map(|end| at..end))
}
