//! The words of a text in any script.

use crate::settled::is_alphanumeric;

/// Whether a character belongs to a word; vowel signs of Indian and Thai script do.
pub(super) fn is_word_char(c: char) -> bool {
    is_alphanumeric(c)
        || c == '_'
        || matches!(c, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{963}' | '\u{964}'..='\u{DFF}' | '\u{E00}'..='\u{E7F}' | '\u{200C}')
            && !matches!(c, '\u{964}' | '\u{965}')
}

/// The words of a text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = until(text, at, true);
        at = until(text, start, false);
        text.get(start..at).filter(|word| !word.is_empty())
    })
}

/// What an octet is to words.
const FOREIGN: u8 = 0;
const WORD: u8 = 1;
const NO_WORD: u8 = 2;

/// That of every octet.
const OCTETS: [u8; 256] = {
    let mut all = [FOREIGN; 256];
    let mut octet = 0;
    while octet < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let byte = octet as u8;
        let is_word = byte.is_ascii_alphanumeric() || byte == b'_';
        all[octet] = if is_word { WORD } else { NO_WORD };
        octet += 1;
    }
    all
};

/// The place from `at` on of the first character that belongs to a word, or that belongs to none.
#[inline]
fn until(text: &str, mut at: usize, word: bool) -> usize {
    let bytes = text.as_bytes();
    let passed = if word { NO_WORD } else { WORD };
    while let Some(byte) = bytes.get(at) {
        let is = OCTETS.get(usize::from(*byte)).copied().unwrap_or(FOREIGN);
        if is == passed {
            at += 1;
        } else if is == FOREIGN {
            // ASCII is known; another character is looked up.
            let c = text.get(at..).and_then(|rest| rest.chars().next());
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            if is_word_char(c) == word {
                return at;
            }
            at += c.len_utf8();
        } else {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_what_stands_between_other_characters(text in "[ab_1 .,é\u{301}字\u{200C}\u{964}-]{0,40}") {
            let want: Vec<&str> = text
                .split(|c: char| !is_word_char(c))
                .filter(|word| !word.is_empty())
                .collect();
            prop_assert_eq!(words(&text).collect::<Vec<_>>(), want);
        }
    }
}
