//! Phrases in a text: folded, as words of their own, and found fast where there are many to ask for.

use crate::literals::Literals;
use crate::settled;

/// Many phrases, of which few texts have any.
pub(super) struct Phrases<const N: usize> {
    /// Them without their stars.
    bare: Literals<N>,
    all: &'static [&'static str],
}

impl<const N: usize> Phrases<N> {
    /// `N` is how many they are. None is shorter than three octets.
    pub(super) const fn new(all: &'static [&'static str]) -> Self {
        let mut bare = [""; N];
        let mut at = 0;
        while at < N {
            let (phrase, _) = without_star(all[at]);
            assert!(phrase.len() >= 3);
            bare[at] = phrase;
            at += 1;
        }
        Self {
            bare: Literals::new(&[&bare]),
            all,
        }
    }

    /// Whether one of them stands in a folded text as words of its own.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let mut found = false;
        self.bare.each(text.as_bytes(), |number, at| {
            let phrase = || self.all.get(number).map(|phrase| without_star(phrase));
            found = found || phrase().is_some_and(|(bare, open)| stands(text, at, bare, open));
        });
        found
    }
}

/// A phrase without its star, and whether it has one: then any ending will do.
const fn without_star(phrase: &str) -> (&str, bool) {
    match phrase.as_bytes() {
        [.., b'*'] => (phrase.split_at(phrase.len() - 1).0, true),
        _ => (phrase, false),
    }
}

/// Where a phrase stands as words of its own.
pub(super) fn phrase_at(text: &str, phrase: &str) -> Option<usize> {
    phrases_at(text, phrase).next()
}

pub(super) fn last_phrase_at(text: &str, phrase: &str) -> Option<usize> {
    phrases_at(text, phrase).last()
}

fn phrases_at<'a>(text: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    let (bare, open) = without_star(phrase);
    let finder = memchr::memmem::find_iter(text.as_bytes(), bare.as_bytes());
    finder.filter(move |&at| stands(text, at, bare, open))
}

/// Whether a phrase that was found at a place is words of its own there.
fn stands(text: &str, at: usize, bare: &str, open: bool) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let after = text
        .get(at + bare.len()..)
        .and_then(|text| text.chars().next());
    let inside = |c: Option<char>| c.is_some_and(is_spaced);
    let first = bare.chars().next().is_some_and(is_spaced);
    let last = bare.chars().next_back().is_some_and(is_spaced);
    (!first || !inside(before)) && (open || !last || !inside(after))
}

/// A letter of a script that puts blanks between its words.
fn is_spaced(c: char) -> bool {
    c.is_alphabetic()
        && !matches!(u32::from(c), 0xE00..=0xEFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0x9FFF | 0xAC00..=0xD7FF | 0xF900..=0xFAFF)
}

/// Lower case, with ASCII digits and plain blanks, dashes and apostrophes.
pub(super) fn folded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, other) = rest.split_at(settled::ascii_length(rest));
        out.extend(plain.bytes().map(folded_octet));
        let mut chars = other.chars();
        for c in chars.by_ref() {
            if c.is_ascii() {
                out.push(folded_octet(c as u8));
                break;
            }
            fold(c, &mut out);
        }
        rest = chars.as_str();
    }
    String::from_utf8(out).unwrap_or_default()
}

fn folded_octet(octet: u8) -> u8 {
    match octet {
        b'\t'..=b'\r' => b' ',
        _ => octet.to_ascii_lowercase(),
    }
}

/// Adds a character that is not ASCII.
fn fold(c: char, out: &mut Vec<u8>) {
    let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    if let Some(c) = settled::lower_case(c) {
        return push(c);
    }
    match c {
        '\u{660}'..='\u{669}' => push(digit(c, 0x660)),
        '\u{6F0}'..='\u{6F9}' => push(digit(c, 0x6F0)),
        '\u{966}'..='\u{96F}' => push(digit(c, 0x966)),
        '\u{E50}'..='\u{E59}' => push(digit(c, 0xE50)),
        '\u{FF10}'..='\u{FF19}' => push(digit(c, 0xFF10)),
        '’' | '‘' | 'ʼ' | '＇' => push('\''),
        '／' => push('/'),
        '\u{200B}'..='\u{200F}' | '\u{AD}' | '\u{FEFF}' | '\u{202A}'..='\u{202E}' => {}
        c if c.is_whitespace() => push(' '),
        // The dotted capital of Turkish is two characters in lower case.
        'İ' => push('i'),
        c => c.to_lowercase().for_each(push),
    }
}

fn digit(c: char, zero: u32) -> char {
    char::from_digit(u32::from(c) - zero, 10).unwrap_or(c)
}
