//! The words and stretches of a text as places in it.

use std::ops::Range;

/// Where a word begins; texts of mail are far below four gigabytes.
#[derive(Clone, Copy)]
pub(super) struct Word(u32);

impl Word {
    pub(super) fn start(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A property of octets, looked up.
pub(super) type Octets = [bool; 256];

/// The octets among `wanted`, and ASCII letters and digits if `words`.
pub(super) const fn octets(wanted: &[u8], words: bool) -> Octets {
    let mut set = [false; 256];
    let mut at = 0;
    while at < wanted.len() {
        set[wanted[at] as usize] = true;
        at += 1;
    }
    let mut octet = 0;
    while octet < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let byte = octet as u8;
        set[octet] |= words && byte.is_ascii_alphanumeric();
        octet += 1;
    }
    set
}

/// Whether an octet is in a set.
pub(super) fn has(set: &Octets, byte: u8) -> bool {
    set.get(usize::from(byte)) == Some(&true)
}

const ALPHANUMERIC: Octets = octets(b"", true);

/// The longest stretches of ASCII letters and digits.
pub(super) fn words(text: &[u8]) -> Vec<Word> {
    let mut words = Vec::with_capacity(text.len() / 5);
    add_words(text, 0..text.len(), &mut words);
    words
}

/// The same inside stretches of a text that begin and end at no letter or digit.
pub(super) fn words_within(text: &[u8], stretches: &[Range<usize>]) -> Vec<Word> {
    let mut words = Vec::new();
    for stretch in stretches {
        add_words(text, stretch.clone(), &mut words);
    }
    words
}

fn add_words(text: &[u8], range: Range<usize>, words: &mut Vec<Word>) {
    let text = text.get(..range.end).unwrap_or_default();
    let mut at = range.start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(gap) = rest.iter().position(|b| has(&ALPHANUMERIC, *b)) else {
            return;
        };
        let start = at + gap;
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.iter().position(|b| !has(&ALPHANUMERIC, *b));
        at = start + length.unwrap_or(rest.len());
        let Ok(start) = u32::try_from(start) else {
            return;
        };
        words.push(Word(start));
    }
}

/// The stretches of octets that go on, of at least so many. Only one octet of so many is looked at
/// where stretches are shorter.
pub(super) fn long(
    text: &[u8],
    least: usize,
    goes_on: impl Fn(u8) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let probe = at + least - 1;
            if !goes_on(*text.get(probe)?) {
                at = probe + 1;
                continue;
            }
            let before = text.get(at..probe)?.iter();
            let start = before
                .rev()
                .position(|byte| !goes_on(*byte))
                .map_or(at, |back| probe - back);
            let behind = text.get(probe..)?.iter();
            let length = behind.take_while(|byte| goes_on(**byte)).count();
            let end = probe + length;
            at = end + 1;
            if end - start >= least {
                return Some(start..end);
            }
        }
    })
}

/// The parts of a text between octets of `ends` and white space of any kind. The blanks of ASCII and
/// every octet outside it are in `ends`: see [`ends`].
pub(super) fn fields<'a>(text: &'a str, ends: &'static Octets) -> impl Iterator<Item = &'a str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        loop {
            let behind = text.as_bytes().get(from..)?;
            let found = behind.iter().position(|b| has(ends, *b));
            let Some(at) = found.map(|found| from + found) else {
                rest = None;
                return Some(text);
            };
            let c = text.get(at..)?.chars().next()?;
            if c.is_ascii() || c.is_whitespace() {
                rest = text.get(at + c.len_utf8()..);
                return text.get(..at);
            }
            from = at + c.len_utf8();
        }
    })
}

/// The octets at which [`fields`] looks closer.
pub(super) const fn ends(separators: &[u8]) -> Octets {
    let mut set = octets(separators, false);
    let mut octet = 0;
    while octet < 256 {
        set[octet] |= octet >= 128 || (octet >= 9 && octet <= 13) || octet == 32;
        octet += 1;
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENDS: Octets = ends(b",;");

    proptest! {
        #[test]
        fn words_and_fields_are_those_that_splitting_by_characters_gives(
            text in "[ab1 ,;\\t\u{A0}é\u{2003}_-]{0,40}"
        ) {
            let starts: Vec<usize> = words(text.as_bytes()).iter().map(|word| word.start()).collect();
            let is_word = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_alphanumeric);
            let want: Vec<usize> = (0..text.len())
                .filter(|at| is_word(*at) && !at.checked_sub(1).is_some_and(is_word))
                .collect();
            prop_assert_eq!(starts, want);
            let want: Vec<&str> = text
                .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
                .collect();
            prop_assert_eq!(fields(&text, &ENDS).collect::<Vec<_>>(), want);
            let stretches: Vec<&str> = long(text.as_bytes(), 3, |b| b > b' ')
                .filter_map(|range| text.get(range))
                .collect();
            let want: Vec<&str> = text
                .split([' ', '\t'])
                .filter(|stretch| stretch.len() >= 3)
                .collect();
            prop_assert_eq!(stretches, want);
        }
    }
}
