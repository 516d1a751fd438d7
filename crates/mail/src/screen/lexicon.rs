//! Finds the concepts of directives in words of any script.

use std::collections::BTreeMap;

use super::trie::{Cell, Trie};
use super::vocabulary::{COMMON, VOCABULARY};

/// What a word can stand for in a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concept {
    Ignore,
    Prior,
    Instruction,
    Agent,
    Send,
    MailObject,
    Secret,
    Response,
    Include,
    Transform,
    Reveal,
    System,
    Persona,
    Conceal,
    User,
    Trigger,
    Tool,
    Approve,
    Act,
    New,
    All,
    You,
    Your,
}

/// How many concepts there are.
pub(super) const CONCEPTS: u32 = 23;

impl Concept {
    /// The concept's bit in a set.
    pub(super) const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// The longest word, in octets, that is looked up.
const MAX_WORD: usize = 48;
/// The longest entry, in characters, that is looked for inside text whose blanks were removed.
const MAX_JOINED: usize = 18;
/// The longest entry, in characters, of a script written without blanks.
const MAX_DENSE: usize = 9;
/// The shortest entry, in octets, that is looked for inside text whose blanks were removed.
const MIN_JOINED: usize = 4;

/// Says of an entry that it is an everyday word.
const IS_COMMON: u32 = 1 << CONCEPTS;

/// What the end of an entry says.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// Of a word that ends there.
    exact: u32,
    /// Of a word that goes on.
    stem: u32,
}

/// Entries found by walking along a word.
struct Table {
    trie: Trie,
    /// Counted from one.
    entries: Vec<Entry>,
}

impl Table {
    fn of(entries: &BTreeMap<&'static str, Entry>) -> Self {
        let words: Vec<&str> = entries.keys().copied().collect();
        Self {
            trie: Trie::of(&words),
            entries: std::iter::once(Entry::default())
                .chain(entries.values().copied())
                .collect(),
        }
    }

    fn entry(&self, cell: Cell) -> Entry {
        let entry = self.entries.get(usize::from(cell.word));
        entry.copied().unwrap_or_default()
    }

    /// What is said of a whole word.
    #[inline]
    fn read(&self, octets: impl Iterator<Item = u8>) -> u32 {
        let (mut at, mut found) = (self.trie.root(), 0);
        for octet in octets {
            let Some(next) = self.trie.step(at, octet) else {
                return found;
            };
            if next.word > 0 {
                found |= self.entry(next).stem;
            }
            at = next;
        }
        found | self.entry(at).exact
    }

    /// The entries that a text begins with, and how long they are.
    fn beginnings(&self, text: &str) -> impl Iterator<Item = (usize, Entry)> {
        let mut at = self.trie.root();
        let cells = text.bytes().map_while(move |octet| {
            at = self.trie.step(at, octet)?;
            Some(at)
        });
        let ends = (1..).zip(cells).filter(|(_, cell)| cell.word > 0);
        ends.map(|(length, cell)| (length, self.entry(cell)))
    }
}

/// The vocabulary, indexed. Made once, used for every mail.
pub(super) struct Lexicon {
    /// Words, beginnings of words and everyday words.
    words: Table,
    /// Entries that are found anywhere in a word.
    dense: Table,
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let (mut all, mut dense) = (BTreeMap::new(), BTreeMap::new());
        for (concept, words) in VOCABULARY {
            for word in words.split_whitespace() {
                let stem = word.trim_end_matches('*');
                let length = stem.chars().count();
                let anywhere = stem.chars().next().is_some_and(is_dense)
                    && (length > 2 || stem.chars().all(is_syllabic));
                if anywhere {
                    if length <= MAX_DENSE {
                        let entry: &mut Entry = dense.entry(stem).or_default();
                        entry.stem |= concept.bit();
                    }
                    continue;
                }
                let entry: &mut Entry = all.entry(stem).or_default();
                if stem.len() == word.len() {
                    entry.exact |= concept.bit();
                } else {
                    entry.stem |= concept.bit();
                }
            }
        }
        for word in COMMON {
            all.entry(*word).or_default().exact |= IS_COMMON;
        }
        Self {
            words: Table::of(&all),
            dense: Table::of(&dense),
        }
    }

    /// The concepts of one lower-case word.
    pub(super) fn word(&self, word: &str) -> u32 {
        if word.len() > MAX_WORD && word.is_ascii() {
            return 0;
        }
        self.words.read(word.bytes()) & !IS_COMMON | self.inside(word)
    }

    /// Whether a word has a concept or is an everyday one. Its letters outside ASCII are small.
    pub(super) fn is_known(&self, word: &str) -> bool {
        if word.is_ascii() {
            return self.is_known_ascii(word.bytes());
        }
        let octets = word.bytes().map(|octet| octet.to_ascii_lowercase());
        self.words.read(octets) | self.inside(word) != 0
    }

    /// The same of a word of ASCII, octet by octet.
    #[inline]
    pub(super) fn is_known_ascii(&self, octets: impl ExactSizeIterator<Item = u8>) -> bool {
        let small = |octet: u8| octet.to_ascii_lowercase();
        octets.len() <= MAX_WORD && self.words.read(octets.map(small)) != 0
    }

    /// What stands in a word of a dense script.
    fn inside(&self, word: &str) -> u32 {
        // The first of those scripts begins with this octet.
        let may_be = word.as_bytes().first().is_some_and(|octet| *octet >= 0xD6);
        if !may_be || !word.starts_with(is_dense) {
            return 0;
        }
        let starts = word.char_indices().filter_map(|(at, _)| word.get(at..));
        let pieces = starts.flat_map(|rest| self.dense.beginnings(rest));
        pieces.fold(0, |found, (_, entry)| found | entry.stem)
    }

    /// The concepts of two neighbouring words that make one entry, written with a dash.
    pub(super) fn pair(&self, first: &str, second: &str) -> u32 {
        let mut octets = first.bytes().chain([b'-']).chain(second.bytes());
        let cell = octets.try_fold(self.words.trie.root(), |at, octet| {
            self.words.trie.step(at, octet)
        });
        cell.map_or(0, |cell| self.words.entry(cell).exact) & !IS_COMMON
    }

    /// Finds words again in lower-case text whose blanks were removed: the text with blanks
    /// around known words, and how many letters those cover.
    pub(super) fn respace(&self, text: &str) -> (String, usize) {
        let mut out = String::with_capacity(text.len() * 2);
        let mut covered = 0;
        let mut from = 0;
        for (start, c) in text.char_indices() {
            if start < from {
                continue;
            }
            let rest = text.get(start..).unwrap_or_default();
            let longest = rest.char_indices().nth(MAX_JOINED);
            let longest = longest.map_or(rest.len(), |(longest, _)| longest);
            let known = self.words.beginnings(rest).filter(|(length, entry)| {
                (MIN_JOINED..=longest).contains(length)
                    && (entry.exact | entry.stem) & !IS_COMMON != 0
            });
            match known.last().and_then(|(length, _)| rest.get(..length)) {
                Some(piece) => {
                    covered += piece.chars().count();
                    out.push(' ');
                    out.push_str(piece);
                    out.push(' ');
                    from = start + piece.len();
                }
                None => out.push(c),
            }
        }
        (out, covered)
    }
}

/// Scripts without blanks, or with particles written onto their words.
fn is_dense(c: char) -> bool {
    is_ideograph(c)
        || matches!(c, '\u{590}'..='\u{6FF}' | '\u{E00}'..='\u{E7F}' | '\u{AC00}'..='\u{D7A3}')
}

/// Scripts whose words may be one or two characters long.
fn is_syllabic(c: char) -> bool {
    is_ideograph(c) || matches!(c, '\u{E00}'..='\u{E7F}' | '\u{AC00}'..='\u{D7A3}')
}

/// Chinese characters and Japanese syllables.
pub(super) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_vocabulary_is_found() {
        let lexicon = Lexicon::new();
        for (concept, words) in VOCABULARY {
            for word in words.split_whitespace() {
                let stem = word.trim_end_matches('*');
                // Pairs are asked for otherwise, and pieces of a dense script are short.
                let is_long = stem.chars().count() > MAX_DENSE && stem.starts_with(is_dense);
                if stem.contains('-') || is_long {
                    continue;
                }
                assert!(lexicon.word(stem) & concept.bit() != 0, "{word}");
            }
        }
    }
}
