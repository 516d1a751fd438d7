//! A text as the rules see it.

use super::Place;
use super::decode::Turn;
use super::literals::Hits;
use super::random::contains;
use super::spans::{Word, long, words, words_within};

/// A canonical text under screening.
pub(super) struct View<'a> {
    pub(super) text: &'a str,
    /// The text with ASCII letters in lower case; the same offsets.
    pub(super) lower: &'a str,
    /// The subject in lower case, which may name what the text holds.
    pub(super) subject: &'a str,
    pub(super) place: Place,
    /// Where the literals of all rules stand.
    pub(super) hits: Hits,
    /// The stretches of ASCII letters and digits: tokens and numbers begin with one. Of a turned text
    /// those inside of stretches without blanks that are long enough for a token.
    pub(super) words: Vec<Word>,
}

/// The shortest stretch without blanks that holds the secret part of a token or of a layout.
const SHORTEST: usize = 12;

impl<'a> View<'a> {
    pub(super) fn of(
        text: &'a str,
        lower: &'a str,
        subject: &'a str,
        place: Place,
        turn: Turn,
    ) -> Self {
        let octets = text.as_bytes();
        let (hits, words) = if turn == Turn::Straight {
            (Hits::of(lower), words(octets))
        } else {
            let stretches: Vec<_> = long(octets, SHORTEST, |b| b > b' ').collect();
            let hits = Hits::of_layouts(lower, &stretches);
            (hits, words_within(octets, &stretches))
        };
        Self {
            text,
            lower,
            subject,
            place,
            hits,
            words,
        }
    }
}

/// The text before and after a place, at most so many octets, cut at characters.
pub(super) fn around(text: &str, from: usize, to: usize, reach: usize) -> &str {
    let mut start = from.saturating_sub(reach);
    let mut end = to.saturating_add(reach).min(text.len());
    while start < from && !text.is_char_boundary(start) {
        start += 1;
    }
    while end > to && !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(start..end).unwrap_or_default()
}

/// The lines of a text, as [`str::lines`] has them; many short ones cost less.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) else {
            return Some(std::mem::take(&mut rest)).filter(|line| !line.is_empty());
        };
        let line = rest.get(..end)?;
        rest = rest.get(end + 1..)?;
        Some(line.strip_suffix('\r').unwrap_or(line))
    })
}

/// Whether one of the words is in the text; those of four letters or fewer as words of their own.
pub(super) fn names_any(text: &str, words: &[&str]) -> bool {
    let bytes = text.as_bytes();
    let pairs = Pairs::of(bytes);
    words.iter().any(|word| {
        if !pairs.may_hold(word.as_bytes()) {
            return false;
        }
        if word.len() > 4 {
            return contains(bytes, word.as_bytes());
        }
        let letter = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphabetic);
        memchr::memmem::find_iter(bytes, word.as_bytes()).any(|at| {
            let open = at
                .checked_sub(1)
                .is_some_and(|before| letter(bytes.get(before)));
            let goes_on = letter(word.as_bytes().last()) && letter(bytes.get(at + word.len()));
            !(open || goes_on)
        })
    })
}

/// Which neighbours occur in a text, one bit for each hash of two octets: most words are then known not
/// to be there without a search for each.
struct Pairs([u64; 32]);

impl Pairs {
    fn of(text: &[u8]) -> Self {
        let mut bits = [0; 32];
        for pair in text.windows(2) {
            let place = Self::place(pair);
            if let Some(word) = bits.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        Self(bits)
    }

    fn place(pair: &[u8]) -> usize {
        pair.iter()
            .fold(0, |place, octet| (place << 4) ^ usize::from(*octet))
            % 2_048
    }

    fn may_hold(&self, word: &[u8]) -> bool {
        word.windows(2).all(|pair| {
            let place = Self::place(pair);
            let bits = self.0.get(place / 64);
            bits.is_some_and(|bits| bits >> (place % 64) & 1 == 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::prefixed::{Index, Pieces, whole};
    use super::super::{Finding, Findings, structured};
    use super::*;

    fn found(view: &View<'_>) -> Vec<Finding> {
        let mut findings = Findings {
            list: Vec::new(),
            own: Vec::new(),
        };
        whole(view, &Index::new(), &mut findings, &mut Pieces::default());
        structured::find(view, Turn::Turned, &mut findings);
        findings.list
    }

    proptest! {
        #[test]
        fn what_a_turned_text_is_not_searched_for_is_not_there(
            parts in prop::collection::vec(
                prop_oneof![
                    Just("ghp_"), Just("AKIA"), Just("eyJ"), Just("eyJhbGciOiJIUzI1NiJ9."), Just("redis://"),
                    Just("otpauth://x?secret="), Just("basic "), Just("Bearer "), Just("begin rsa private key"),
                    Just("hooks.slack.com/services/"), Just("password="), Just("server=x;"), Just("-us12"),
                    Just(":AA"), Just("$2a$"), Just("Q~"), Just("T3BlbkFJ"), Just("u:p4ss@h"), Just(" "), Just("\n"),
                    Just("a0cb209440df3efecae050f6bf882417"), Just("4Ztr7nv2gEKjnug7wSV2Fz3aX9"), Just("dTpwYXNzd29yZA=="),
                    Just("é"), Just("."), Just("7Q2"),
                ],
                0..14,
            )
        ) {
            let text = parts.concat();
            let lower = text.to_ascii_lowercase();
            let part = View::of(&text, &lower, "", Place::Text, Turn::Turned);
            let all = View::of(&text, &lower, "", Place::Text, Turn::Straight);
            prop_assert_eq!(found(&part), found(&all));
        }

        #[test]
        fn lines_are_those_of_the_standard_library(text in "[a\\r\\n]{0,12}") {
            prop_assert_eq!(lines(&text).collect::<Vec<_>>(), text.lines().collect::<Vec<_>>());
        }

        #[test]
        fn a_word_is_named_where_a_plain_search_finds_it(text in "[acdr é]{0,40}", word in "[acdr]{5,6}") {
            prop_assert_eq!(names_any(&text, &[&word]), text.contains(&word));
            let spread = format!("{text}{word}{text}");
            prop_assert!(names_any(&spread, &["x", &word]));
        }
    }
}
