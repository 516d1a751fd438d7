//! The words of a text.

use unicode_normalization::char::is_combining_mark;

use super::fold::{Folded, each_folded};

/// Characters of the longest term; longer words are known by their beginning.
pub const MAX_TERM: usize = 40;

/// Characters of the longest address that is a term of its own (RFC 5321 §4.5.3.1.3 allows more).
const MAX_WHOLE: usize = 120;

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The folded word.
    pub term: &'a str,
    /// Its place in the order of words. A whole address has the place of its first part.
    pub position: u32,
    /// Where it begins in the text, in octets.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// An e-mail address as a whole; its parts come as words of their own too.
    pub is_whole: bool,
    /// The last character of a run without spaces, by itself.
    pub is_tail: bool,
}

/// Calls `each` with the words of `text`.
///
/// A word is a run of letters, digits and marks, folded. Scripts that are written without spaces
/// give every two neighbouring characters as a word, and the last one of a run by itself: then any
/// part of such a run is found, and a single character as the beginning of a word. An e-mail
/// address is also one word as a whole.
pub fn each_word(text: &str, mut each: impl FnMut(Word<'_>)) {
    let mut scanner = Scanner::default();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let plain = plain_end(bytes, at);
        scanner.take_plain(text, at, plain, &mut each);
        at = plain;
        let end = unplain_end(bytes, at);
        each_folded(&text[at..end], |folded| {
            let folded = Folded {
                start: folded.start + at,
                end: folded.end + at,
                ..folded
            };
            scanner.take(folded, &mut each);
        });
        at = end;
    }
    scanner.end_chunk(&mut each);
}

/// Where the ASCII that begins at `at` ends. A mark may stand on the last character before other
/// writing, which therefore belongs to that.
fn plain_end(bytes: &[u8], at: usize) -> usize {
    let other = bytes[at..].iter().position(|byte| !byte.is_ascii());
    other.map_or(bytes.len(), |length| at + length.saturating_sub(1))
}

/// Where the other writing that begins at `at`, or after one character of ASCII, ends.
fn unplain_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let plain = rest.iter().position(u8::is_ascii);
    plain.map_or(bytes.len(), |length| at + 1 + length)
}

#[derive(Default)]
struct Scanner {
    position: u32,
    /// The word so far.
    word: String,
    length: usize,
    start: usize,
    end: usize,
    /// The character before, in a run without spaces.
    last: Option<Folded>,
    run: usize,
    /// What may become an address.
    chunk: String,
    chunk_start: usize,
    chunk_end: usize,
    chunk_position: u32,
    chunk_length: usize,
    ats: usize,
}

impl Scanner {
    /// Takes a stretch of ASCII, whose letters and digits need no folding but of their case.
    fn take_plain(
        &mut self,
        text: &str,
        mut at: usize,
        end: usize,
        each: &mut impl FnMut(Word<'_>),
    ) {
        let bytes = text.as_bytes();
        while at < end {
            let byte = bytes[at];
            if !byte.is_ascii_alphanumeric() {
                let folded = Folded {
                    char: char::from(byte),
                    start: at,
                    end: at + 1,
                };
                self.take(folded, each);
                at += 1;
                continue;
            }
            let rest = bytes[at..end].iter();
            let length = rest.take_while(|byte| byte.is_ascii_alphanumeric()).count();
            self.end_run(each);
            self.extend_plain(text, at, at + length);
            at += length;
        }
    }

    fn extend_plain(&mut self, text: &str, start: usize, end: usize) {
        let length = end - start;
        if self.length == 0 {
            self.start = start;
        }
        if self.chunk_length == 0 {
            self.chunk_start = start;
            self.chunk_position = self.position;
        }
        let room = MAX_TERM.saturating_sub(self.length).min(length);
        push_lower(&mut self.word, &text[start..start + room]);
        let room = MAX_WHOLE.saturating_sub(self.chunk_length).min(length);
        push_lower(&mut self.chunk, &text[start..start + room]);
        self.length += length;
        self.end = end;
        self.chunk_length += length;
        self.chunk_end = end;
    }

    fn take(&mut self, c: Folded, each: &mut impl FnMut(Word<'_>)) {
        if is_word(c.char) {
            if self.is_in_run(c.char) {
                // Addresses in such writing often stand without a space before or after them.
                if !self.chunk.is_empty() {
                    self.end_chunk(each);
                }
                self.extend_run(c, each);
            } else {
                self.end_run(each);
                self.extend_chunk(c);
                self.extend_word(c);
            }
            return;
        }
        self.end_run(each);
        self.end_word(each);
        if matches!(c.char, '@' | '.' | '_' | '-' | '+') {
            if !self.chunk.is_empty() {
                self.ats += usize::from(c.char == '@');
                self.extend_chunk(c);
            }
        } else {
            self.end_chunk(each);
        }
    }

    /// Whether the character continues or begins a run without spaces. A mark goes with what it
    /// stands on.
    fn is_in_run(&self, c: char) -> bool {
        if !c.is_ascii() && is_combining_mark(c) && (self.length > 0 || self.last.is_some()) {
            return self.last.is_some();
        }
        is_spaceless(c)
    }

    fn extend_word(&mut self, c: Folded) {
        if self.length == 0 {
            self.start = c.start;
        }
        self.length += 1;
        self.end = c.end;
        if self.length <= MAX_TERM {
            self.word.push(c.char);
        }
    }

    fn end_word(&mut self, each: &mut impl FnMut(Word<'_>)) {
        if self.length == 0 {
            return;
        }
        each(Word {
            term: &self.word,
            position: self.position,
            start: self.start,
            end: self.end,
            is_whole: false,
            is_tail: false,
        });
        self.position += 1;
        self.word.clear();
        self.length = 0;
    }

    fn extend_run(&mut self, c: Folded, each: &mut impl FnMut(Word<'_>)) {
        if let Some(before) = self.last {
            self.pair(before, Some(c), each);
        }
        self.last = Some(c);
        self.run += 1;
    }

    fn end_run(&mut self, each: &mut impl FnMut(Word<'_>)) {
        if let Some(last) = self.last.take() {
            self.pair(last, None, each);
        }
        self.run = 0;
    }

    fn pair(&mut self, first: Folded, second: Option<Folded>, each: &mut impl FnMut(Word<'_>)) {
        let mut term = String::with_capacity(8);
        term.push(first.char);
        term.extend(second.map(|c| c.char));
        each(Word {
            term: &term,
            position: self.position,
            start: first.start,
            end: second.map_or(first.end, |c| c.end),
            is_whole: false,
            is_tail: second.is_none() && self.run > 1,
        });
        self.position += 1;
    }

    fn extend_chunk(&mut self, c: Folded) {
        if self.chunk_length == 0 {
            self.chunk_start = c.start;
            self.chunk_position = self.position;
        }
        if is_word(c.char) {
            self.chunk_end = c.end;
        }
        self.chunk_length += 1;
        if self.chunk_length <= MAX_WHOLE {
            self.chunk.push(c.char);
        }
    }

    fn end_chunk(&mut self, each: &mut impl FnMut(Word<'_>)) {
        self.end_run(each);
        self.end_word(each);
        if self.ats == 1 && self.chunk_length <= MAX_WHOLE {
            let address = self.chunk.trim_end_matches(|c| !is_word(c));
            if address.contains('@') {
                each(Word {
                    term: address,
                    position: self.chunk_position,
                    start: self.chunk_start,
                    end: self.chunk_end,
                    is_whole: true,
                    is_tail: false,
                });
            }
        }
        self.chunk.clear();
        self.chunk_length = 0;
        self.ats = 0;
    }
}

fn push_lower(to: &mut String, ascii: &str) {
    let old = to.len();
    to.push_str(ascii);
    to[old..].make_ascii_lowercase();
}

fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Written without spaces between words: Chinese, Japanese, Korean (whose particles cling to the
/// words), Thai, Lao, Khmer and Burmese.
pub(super) fn is_spaceless(c: char) -> bool {
    matches!(c as u32,
        0x0E00..=0x0EFF
        | 0x1000..=0x109F
        | 0x1100..=0x11FF
        | 0x1780..=0x17FF
        | 0x2E80..=0x2FDF
        | 0x3005..=0x3007
        | 0x3021..=0x31FF
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7FF
        | 0xF900..=0xFAFF
        | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A word with all that is said of it.
    type Told = (String, u32, usize, usize, bool, bool);

    fn told(word: Word<'_>) -> Told {
        let Word {
            term,
            position,
            start,
            end,
            is_whole,
            is_tail,
        } = word;
        (term.to_owned(), position, start, end, is_whole, is_tail)
    }

    /// The words without the short way through ASCII.
    fn folded_throughout(text: &str) -> Vec<Told> {
        let (mut scanner, mut found) = (Scanner::default(), Vec::new());
        let mut each = |word: Word<'_>| found.push(told(word));
        each_folded(text, |folded| scanner.take(folded, &mut each));
        scanner.end_chunk(&mut each);
        found
    }

    proptest! {
        #[test]
        fn the_short_way_through_ascii_finds_the_same_words(
            text in "([a-zA-Z0-9]{0,50}|[@._+ -]|é|e\u{301}|東|ｶ|ﾞ|\u{AD}|ß|ก|[a-z]{1,9}@[a-z.]{1,130}|\\PC){0,40}",
        ) {
            let mut found = Vec::new();
            each_word(&text, |word| found.push(told(word)));
            prop_assert_eq!(found, folded_throughout(&text), "{}", text);
        }
    }
}
