//! The sentences of a text.

use std::ops::Range;

/// Octets of a sentence.
pub(super) const MAX_SENTENCE: usize = 1_000;

/// The sentences of a text. Lines that a client broke belong to one sentence; a line after an empty
/// one, or after the end of a sentence, begins another.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let start = at + (rest.len() - rest.trim_start().len());
            let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
            let length = sentence_length(rest);
            at = start + length;
            if length > 0 {
                return Some(start..at);
            }
        }
    })
}

fn sentence_length(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let next = chars.peek().map(|(_, next)| *next);
        let over = match c {
            '。' | '！' | '？' | '।' | '۔' | '؟' => true,
            '!' | '?' => next.is_none_or(char::is_whitespace),
            // A dot after a number is an ordinal or a date, after a short word an abbreviation.
            '.' => {
                next.is_none_or(char::is_whitespace)
                    && !before.is_ascii_digit()
                    && begins_anew(text.get(end..).unwrap_or_default())
            }
            '\n' => text.get(end..).is_some_and(|rest| {
                let rest = rest.trim_start_matches([' ', '\t', '\r']);
                rest.starts_with(['\n', '-', '*', '•']) || rest.is_empty()
            }),
            _ => false,
        };
        if over || end >= MAX_SENTENCE {
            return end;
        }
        before = c;
    }
    text.len()
}

/// Whether what follows a dot begins like a sentence.
fn begins_anew(rest: &str) -> bool {
    let first = rest.trim_start().chars().next();
    first.is_none_or(|c| !c.is_lowercase() && !c.is_ascii_digit())
}
