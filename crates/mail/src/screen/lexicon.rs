//! Finds the concepts of directives in words of any script.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::phrases::PHRASES;
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

/// A phrase and the bit of its sign.
type Phrase = (&'static [u8], u32);
type Table<V> = HashMap<&'static str, V, BuildHasherDefault<Fnv>>;

/// The vocabulary, indexed. Made once, used for every mail.
pub(super) struct Lexicon {
    exact: Table<u32>,
    stems: Table<u32>,
    dense: Table<u32>,
    common: Table<()>,
    /// Phrases and their signs by their first three octets.
    phrases: HashMap<[u8; 3], Vec<Phrase>, BuildHasherDefault<Fnv>>,
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let mut lexicon = Self {
            exact: Table::default(),
            stems: Table::default(),
            dense: Table::default(),
            common: COMMON.iter().map(|word| (*word, ())).collect(),
            phrases: HashMap::default(),
        };
        for (sign, phrases) in PHRASES {
            for phrase in *phrases {
                if let Some(key) = phrase.as_bytes().first_chunk() {
                    let known = lexicon.phrases.entry(*key).or_default();
                    known.push((phrase.as_bytes(), sign.bit()));
                }
            }
        }
        for (concept, words) in VOCABULARY {
            for word in words.split_whitespace() {
                let stem = word.trim_end_matches('*');
                let anywhere = stem.chars().next().is_some_and(is_dense)
                    && (stem.chars().count() > 2 || stem.chars().all(is_syllabic));
                let table = if anywhere {
                    &mut lexicon.dense
                } else if stem.len() < word.len() {
                    &mut lexicon.stems
                } else {
                    &mut lexicon.exact
                };
                *table.entry(stem).or_default() |= concept.bit();
            }
        }
        lexicon
    }

    /// The concepts of one lower-case word.
    pub(super) fn word(&self, word: &str) -> u32 {
        if word.len() > MAX_WORD && word.is_ascii() {
            return 0;
        }
        let mut found = self.exact.get(word).copied().unwrap_or(0);
        if word.chars().next().is_some_and(is_dense) {
            found |= self.inside(word, &self.dense, 0);
        }
        for (index, c) in word.char_indices().take(24).skip(1) {
            let end = index + c.len_utf8();
            if let Some(stem) = word.get(..end) {
                found |= self.stems.get(stem).copied().unwrap_or(0);
            }
        }
        found
    }

    /// The concepts of two neighbouring words that make one entry.
    pub(super) fn pair(&self, joined: &str) -> u32 {
        self.exact.get(joined).copied().unwrap_or(0)
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
            for (offset, last) in rest.char_indices().take(18) {
                let end = offset + last.len_utf8();
                let piece = rest.get(..end).unwrap_or_default();
                if piece.len() >= MIN_JOINED
                    && (self.exact.contains_key(piece) || self.stems.contains_key(piece))
                {
                    best = Some(end);
                }
            }
            match best.and_then(|end| rest.get(..end)) {
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

    /// The signs of the phrases in lower-case text.
    pub(super) fn phrases(&self, lower: &str) -> u32 {
        let mut found = 0;
        let mut rest = lower.as_bytes();
        while let Some(key) = rest.first_chunk::<3>() {
            for (phrase, sign) in self.phrases.get(key).into_iter().flatten() {
                if found & sign == 0 && rest.starts_with(phrase) {
                    found |= sign;
                }
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        found
    }

    /// Whether a word is an everyday one.
    pub(super) fn is_common(&self, word: &str) -> bool {
        self.common.contains_key(word)
    }

    fn inside(&self, word: &str, table: &Table<u32>, mut found: u32) -> u32 {
        for (start, _) in word.char_indices() {
            let rest = word.get(start..).unwrap_or_default();
            for (offset, c) in rest.char_indices().take(MAX_DENSE) {
                if let Some(piece) = rest.get(..offset + c.len_utf8()) {
                    found |= table.get(piece).copied().unwrap_or(0);
                }
            }
        }
        found
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

/// Whether a character belongs to a word; vowel signs of Indian and Thai script do.
pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric()
        || c == '_'
        || matches!(c, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{963}' | '\u{964}'..='\u{DFF}' | '\u{E00}'..='\u{E7F}' | '\u{200C}')
            && !matches!(c, '\u{964}' | '\u{965}')
}
