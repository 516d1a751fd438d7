//! Finds the concepts of directives in words of any script.

use std::hash::Hasher;

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
/// Characters after which no stem ends.
const MAX_STEM: usize = 24;
/// The longest entry, in characters, that is looked for inside text whose blanks were removed.
const MAX_JOINED: usize = 18;
/// The longest entry, in characters, of a script written without blanks.
const MAX_DENSE: usize = 9;
/// The shortest entry, in octets, that is looked for inside text whose blanks were removed.
const MIN_JOINED: usize = 4;

/// FNV-1a: the keys are ours, so nobody can choose colliding ones.
#[derive(Clone, Copy)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Entries by their hash. The hash of a longer piece goes on from that of a shorter one, so all
/// beginnings of a word cost no more than the word.
#[derive(Default)]
struct Table {
    /// Entries counted from one; zero for none. Their number is a power of two.
    slots: Vec<u16>,
    entries: Vec<(&'static str, u32)>,
}

impl Table {
    fn of(entries: impl IntoIterator<Item = (&'static str, u32)>) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let mut table = Self {
            // Seven of eight slots stay empty, and most words are none of ours.
            slots: vec![0; (entries.len() * 8).next_power_of_two()],
            entries: Vec::with_capacity(entries.len()),
        };
        for (key, bits) in entries {
            let hash = Fnv::of(key);
            match table.find(hash, key) {
                Ok(known) => {
                    if let Some((_, known)) = table.entries.get_mut(known) {
                        *known |= bits;
                    }
                }
                Err(free) => {
                    table.entries.push((key, bits));
                    let number = u16::try_from(table.entries.len()).unwrap_or(0);
                    if let Some(slot) = table.slots.get_mut(free) {
                        *slot = number;
                    }
                }
            }
        }
        table
    }

    /// The entry with this key, or the slot where it would be.
    fn find(&self, hash: Fnv, key: &str) -> Result<usize, usize> {
        self.search(hash, |own| own == key)
    }

    fn search(&self, hash: Fnv, is_it: impl Fn(&str) -> bool) -> Result<usize, usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let folded = hash.0 ^ (hash.0 >> 32);
        let mut at = usize::try_from(folded & u64::from(u32::MAX)).unwrap_or(0) & mask;
        while let Some(entry) = self
            .slots
            .get(at)
            .and_then(|slot| usize::from(*slot).checked_sub(1))
        {
            if self.entries.get(entry).is_some_and(|(own, _)| is_it(own)) {
                return Ok(entry);
            }
            at = (at + 1) & mask;
        }
        Err(at)
    }

    /// What is said of a key, given its hash.
    fn get(&self, hash: Fnv, key: &str) -> Option<u32> {
        let entry = self.find(hash, key).ok()?;
        self.entries.get(entry).map(|(_, bits)| *bits)
    }
}

impl Fnv {
    fn of(text: &str) -> Self {
        let mut hash = Self::default();
        hash.write(text.as_bytes());
        hash
    }
}

/// Bits for the beginnings of entries.
const HEADS: usize = 1 << 15;

/// The place of a text's first three octets among the bits.
fn head(text: &[u8]) -> usize {
    let first = text.iter().take(3);
    let key = first.fold(0_usize, |key, octet| (key << 5) ^ usize::from(*octet));
    key % HEADS
}

/// The beginnings of a text, each one character longer than the one before, with their hashes.
fn beginnings(text: &str) -> impl Iterator<Item = (Fnv, &str)> {
    let mut hash = Fnv::default();
    text.char_indices().filter_map(move |(from, c)| {
        let to = from + c.len_utf8();
        hash.write(text.as_bytes().get(from..to)?);
        Some((hash, text.get(..to)?))
    })
}

/// The vocabulary, indexed. Made once, used for every mail.
pub(super) struct Lexicon {
    exact: Table,
    stems: Table,
    dense: Table,
    common: Table,
    /// One bit for the first three octets of each exact entry and stem.
    heads: Vec<u64>,
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let (mut exact, mut stems, mut dense) = (Vec::new(), Vec::new(), Vec::new());
        for (concept, words) in VOCABULARY {
            for word in words.split_whitespace() {
                let stem = word.trim_end_matches('*');
                let anywhere = stem.chars().next().is_some_and(is_dense)
                    && (stem.chars().count() > 2 || stem.chars().all(is_syllabic));
                let table = if anywhere {
                    &mut dense
                } else if stem.len() < word.len() {
                    &mut stems
                } else {
                    &mut exact
                };
                table.push((stem, concept.bit()));
            }
        }
        let mut heads = vec![0; HEADS / 64];
        for (key, _) in exact.iter().chain(&stems) {
            let place = head(key.as_bytes());
            if let Some(word) = heads.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        Self {
            heads,
            exact: Table::of(exact),
            stems: Table::of(stems),
            dense: Table::of(dense),
            common: Table::of(COMMON.iter().map(|word| (*word, 0))),
        }
    }

    /// The concepts of one lower-case word.
    pub(super) fn word(&self, word: &str) -> u32 {
        if word.len() > MAX_WORD && word.is_ascii() {
            return 0;
        }
        let mut found = 0;
        if word.chars().next().is_some_and(is_dense) {
            found |= inside(word, &self.dense);
        }
        if !self.may_begin(word) {
            return found;
        }
        let mut whole = Fnv::default();
        for (count, (hash, stem)) in beginnings(word).enumerate() {
            if (1..MAX_STEM).contains(&count) {
                found |= self.stems.get(hash, stem).unwrap_or(0);
            }
            whole = hash;
        }
        found | self.exact.get(whole, word).unwrap_or(0)
    }

    /// Whether an exact entry or a stem may begin a word, which most words fail.
    fn may_begin(&self, word: &str) -> bool {
        let has = |place: usize| {
            let bits = self.heads.get(place / 64);
            bits.is_some_and(|bits| bits >> (place % 64) & 1 == 1)
        };
        // Entries of two octets and one have places of their own.
        let shorter = |length: usize| {
            let start = word.as_bytes().get(..length);
            start.is_some_and(|start| has(head(start)))
        };
        has(head(word.as_bytes())) || shorter(2) || shorter(1)
    }

    /// The concepts of two neighbouring words that make one entry, written with a dash.
    pub(super) fn pair(&self, first: &str, second: &str) -> u32 {
        let mut hash = Fnv::of(first);
        hash.write(b"-");
        hash.write(second.as_bytes());
        let is_both = |own: &str| {
            let behind = own
                .strip_prefix(first)
                .and_then(|own| own.strip_prefix('-'));
            behind == Some(second)
        };
        let entry = self.exact.search(hash, is_both).ok();
        let found = entry.and_then(|entry| self.exact.entries.get(entry));
        found.map_or(0, |(_, bits)| *bits)
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
            let mut best = None;
            let place = head(rest.as_bytes());
            let begins = self.heads.get(place / 64).copied().unwrap_or(0) >> (place % 64) & 1 == 1;
            let longest = if begins { MAX_JOINED } else { 0 };
            for (hash, piece) in beginnings(rest).take(longest) {
                let known =
                    || self.exact.find(hash, piece).is_ok() || self.stems.find(hash, piece).is_ok();
                if piece.len() >= MIN_JOINED && known() {
                    best = Some(piece);
                }
            }
            match best {
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

    /// Whether a word is an everyday one.
    pub(super) fn is_common(&self, word: &str) -> bool {
        self.common.find(Fnv::of(word), word).is_ok()
    }
}

/// What the table says of all pieces of a word.
fn inside(word: &str, table: &Table) -> u32 {
    let starts = word.char_indices();
    starts.fold(0, |found, (start, _)| {
        let rest = word.get(start..).unwrap_or_default();
        let pieces = beginnings(rest).take(MAX_DENSE);
        pieces.fold(found, |found, (hash, piece)| {
            found | table.get(hash, piece).unwrap_or(0)
        })
    })
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
