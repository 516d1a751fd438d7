//! The words of a text that the table has, found without a copy of each word.

use super::table::WORDS;
use crate::settled;

/// Octets of the longest word of the table.
const LONGEST: usize = {
    let mut longest = 0;
    let mut word = 0;
    while word < WORDS.len() {
        if WORDS[word].0.len() > longest {
            longest = WORDS[word].0.len();
        }
        word += 1;
    }
    longest
};

/// Places of the words, a power of two.
const PLACES: usize = 1 << 13;
/// The words, counted from one, each at the place of its hash or the next free one after it; zero
/// for none.
#[expect(
    clippy::cast_possible_truncation,
    reason = "there are fewer words than places"
)]
static TABLE: [u16; PLACES] = {
    assert!(WORDS.len() < PLACES / 2);
    let mut table = [0; PLACES];
    let mut word = 0;
    while word < WORDS.len() {
        let mut place = place(WORDS[word].0.as_bytes());
        while table[place] != 0 {
            place = (place + 1) % PLACES;
        }
        word += 1;
        table[place] = word as u16;
    }
    table
};

const fn place(word: &[u8]) -> usize {
    let mut hash = 0u32;
    let mut at = 0;
    while at < word.len() {
        hash = (hash ^ word[at] as u32).wrapping_mul(0x9E37_79B1);
        at += 1;
    }
    (hash >> 19) as usize
}

/// What a character is to the words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Apostrophe,
    Break,
    Blank,
    /// No word is in a run of characters that has one: an address, a link, a name of a file.
    Strange,
}

static ASCII: [Kind; 128] = {
    let mut kinds = [Kind::Break; 128];
    let mut octet = 0u8;
    while octet < 128 {
        kinds[octet as usize] = match octet {
            b'a'..=b'z' | b'A'..=b'Z' => Kind::Letter,
            b'\'' => Kind::Apostrophe,
            b'\t'..=b'\r' | b' ' => Kind::Blank,
            b'@' | b'/' | b'\\' | b'_' | b'=' => Kind::Strange,
            _ => Kind::Break,
        };
        octet += 1;
    }
    kinds
};

impl Kind {
    fn of(c: char) -> Self {
        match ASCII.get(c as usize) {
            Some(kind) => *kind,
            // The signs of Indian scripts belong to words and are no letters.
            None if settled::is_alphabetic(c) || matches!(c, '\u{900}'..='\u{DFF}') => Self::Letter,
            None if c == '’' => Self::Apostrophe,
            None if c.is_whitespace() => Self::Blank,
            None => Self::Break,
        }
    }
}

/// Octets from which a run is no words either.
const LONG_RUN: usize = 200;

/// Tells of the words of a text which of [`WORDS`] they are, in their order, and returns how many they
/// are together with those it has not. What is in links and addresses does not count, nor what comes
/// after `most` words.
pub(super) fn each_known(text: &str, most: u16, mut tell: impl FnMut(usize)) -> u16 {
    let mut count = 0;
    let mut word = Word::NONE;
    // The words since the last blank, of which it is not known yet whether they count.
    let mut run: Vec<Option<usize>> = Vec::new();
    let mut start = 0;
    let mut is_strange = false;
    // A blank ends the last run.
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let kind = Kind::of(c);
        match kind {
            Kind::Letter => word.letter(c),
            Kind::Apostrophe => word.apostrophe(),
            Kind::Break | Kind::Blank | Kind::Strange => run.extend(word.finish()),
        }
        is_strange |= kind == Kind::Strange;
        if kind == Kind::Blank {
            let counts = !is_strange && at - start < LONG_RUN;
            for known in run.drain(..).filter(|_| counts) {
                if count == most {
                    return count;
                }
                count += 1;
                known.into_iter().for_each(&mut tell);
            }
            start = at + c.len_utf8();
            is_strange = false;
        }
    }
    count
}

/// The word that is read, in lower case.
struct Word {
    octets: [u8; LONGEST],
    /// How many octets it has, more than there is room for when it cannot be known.
    length: usize,
    /// Apostrophes after it, which belong to it if a letter follows.
    apostrophes: usize,
}

impl Word {
    const NONE: Self = Self {
        octets: [0; LONGEST],
        length: 0,
        apostrophes: 0,
    };

    fn letter(&mut self, c: char) {
        for _ in 0..std::mem::take(&mut self.apostrophes) {
            self.push(b'\'');
        }
        if c.is_ascii() {
            self.push(c.to_ascii_lowercase() as u8);
        } else {
            match settled::lower_case(c) {
                Some(c) => self.push_all(c),
                None => c.to_lowercase().for_each(|c| self.push_all(c)),
            }
        }
    }

    fn apostrophe(&mut self) {
        // None stands at the beginning of a word.
        if self.length > 0 {
            self.apostrophes += 1;
        }
    }

    fn push_all(&mut self, c: char) {
        for octet in c.encode_utf8(&mut [0; 4]).bytes() {
            self.push(octet);
        }
    }

    fn push(&mut self, octet: u8) {
        if let Some(place) = self.octets.get_mut(self.length) {
            *place = octet;
        }
        self.length += 1;
    }

    /// Which of [`WORDS`] it is, if any; nothing where no word was begun.
    fn finish(&mut self) -> Option<Option<usize>> {
        let length = std::mem::take(&mut self.length);
        self.apostrophes = 0;
        (length > 0).then(|| number(self.octets.get(..length)?))
    }
}

/// The number of a word in [`WORDS`].
fn number(word: &[u8]) -> Option<usize> {
    let mut place = place(word);
    loop {
        let number = usize::from(*TABLE.get(place)?).checked_sub(1)?;
        if WORDS.get(number)?.0.as_bytes() == word {
            return Some(number);
        }
        place = (place + 1) % PLACES;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The words as they are meant, with a copy of each.
    fn words(text: &str) -> Vec<String> {
        let plain = |run: &&str| !run.contains(['@', '/', '\\', '_', '=']) && run.len() < LONG_RUN;
        let in_word =
            |c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '\u{900}'..='\u{DFF}');
        let runs = text.split_whitespace().filter(plain);
        let parts = runs.flat_map(|run| run.split(move |c| !in_word(c)));
        let parts = parts.map(|part| part.trim_matches(['\'', '’']));
        parts
            .filter(|part| !part.is_empty())
            .map(|part| part.to_lowercase().replace('’', "'"))
            .collect()
    }

    proptest! {
        #[test]
        fn known_words_are_those_of_the_table(
            text in "(THE|l[’']|Aujourd|hui|and|İ|ΑΣ|और|दुई|это|İYİ|\\PC|[ \n\u{A0}’'.@_-]|x{30}){0,60}",
            most in 0u16..20,
        ) {
            let mut words = words(&text);
            words.truncate(usize::from(most));
            let known = words.iter().filter_map(|word| {
                WORDS.iter().position(|(known, _)| known == word)
            });
            let known: Vec<usize> = known.collect();
            let mut found = Vec::new();
            let count = each_known(&text, most, |word| found.push(word));
            prop_assert_eq!(usize::from(count), words.len());
            prop_assert_eq!(found, known);
        }
    }

    #[test]
    fn every_word_is_found() {
        for (at, (word, _)) in WORDS.iter().enumerate() {
            assert_eq!(number(word.as_bytes()), Some(at), "{word}");
        }
        assert_eq!(number(b"no such word"), None);
        // Whose lower case depends on what stands around it.
        assert!(WORDS.iter().all(|(word, _)| !word.contains(['σ', 'ς'])));
    }
}
