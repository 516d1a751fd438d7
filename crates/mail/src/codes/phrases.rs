//! Words and phrases that are looked for at places of a text. Their first two letters say nearly
//! everywhere that none of them stands there. The tables are made when the program is built.

/// Bits that say which pairs of letters there are, a power of two.
const PAIRS: usize = 1 << 12;
/// Stands for whatever follows a word of one letter.
const ANY: u32 = u32::MAX;

/// Phrases, sorted by their first letters at least.
pub(super) struct Phrases {
    all: &'static [&'static str],
    /// The first two letters of each.
    pairs: [u64; PAIRS / 64],
}

impl Phrases {
    pub(super) const fn new(all: &'static [&'static str]) -> Self {
        let mut pairs = [0; PAIRS / 64];
        let mut number = 0;
        let mut above = 0;
        while number < all.len() {
            let phrase = all[number].as_bytes();
            let (first, length) = letter(phrase, 0);
            assert!(first >= above, "phrases are sorted by their first letters");
            above = first;
            let second = if length < phrase.len() {
                letter(phrase, length).0
            } else {
                ANY
            };
            let place = place(first, second);
            pairs[place / 64] |= 1 << (place % 64);
            number += 1;
        }
        Self { all, pairs }
    }

    /// All of them.
    #[cfg(test)]
    pub(super) const fn all(&self) -> &'static [&'static str] {
        self.all
    }

    /// The end of the longest phrase that begins at a place.
    pub(super) fn end_at(&self, text: &[char], at: usize) -> Option<usize> {
        let rest = text.get(at..)?;
        self.that_begin(rest).map(|length| at + length).max()
    }

    /// Whether a word is one of them.
    pub(super) fn has(&self, word: &[char]) -> bool {
        self.that_begin(word).any(|length| length == word.len())
    }

    /// Whether a word begins with one of them. Short ones must be the whole word: `id` is not the
    /// beginning of `idea`.
    pub(super) fn begin(&self, word: &[char]) -> bool {
        self.that_begin(word)
            .any(|length| length > 3 || length == word.len())
    }

    /// The lengths of the phrases that a text begins with.
    fn that_begin(&self, text: &[char]) -> impl Iterator<Item = usize> {
        let near = match text {
            [first, rest @ ..] if self.may_begin(*first, rest.first().copied()) => {
                let from = self
                    .all
                    .partition_point(|phrase| !phrase.starts_with(|c| c >= *first));
                let near = self.all.get(from..).unwrap_or_default();
                let to = near.iter().take_while(|phrase| phrase.starts_with(*first));
                near.get(..to.count()).unwrap_or_default()
            }
            _ => &[],
        };
        near.iter().filter_map(|phrase| length_at(text, phrase))
    }

    fn may_begin(&self, first: char, second: Option<char>) -> bool {
        let has = |second: u32| {
            let place = place(u32::from(first), second);
            let word = self.pairs.get(place / 64);
            word.is_some_and(|word| word >> (place % 64) & 1 == 1)
        };
        second.is_some_and(|second| has(u32::from(second))) || has(ANY)
    }
}

/// The length of a phrase if the text begins with it.
pub(super) fn length_at(text: &[char], phrase: &str) -> Option<usize> {
    let mut length = 0;
    for c in phrase.chars() {
        if text.get(length) != Some(&c) {
            return None;
        }
        length += 1;
    }
    Some(length)
}

/// The place of a pair of letters among the bits.
const fn place(first: u32, second: u32) -> usize {
    let key = first.wrapping_mul(0x9E37_79B1) ^ second.wrapping_mul(0x85EB_CA77);
    (key >> (u32::BITS - PAIRS.trailing_zeros())) as usize
}

/// The letter that begins at a place of a text in UTF-8, and where it ends.
const fn letter(text: &[u8], at: usize) -> (u32, usize) {
    let (mut code, length) = match text[at] {
        octet @ ..0x80 => (octet as u32, 1),
        octet @ ..0xE0 => (octet as u32 & 0x1F, 2),
        octet @ ..0xF0 => (octet as u32 & 0x0F, 3),
        octet => (octet as u32 & 0x07, 4),
    };
    let mut next = 1;
    while next < length {
        code = code << 6 | text[at + next] as u32 & 0x3F;
        next += 1;
    }
    (code, at + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static PHRASES: Phrases =
        Phrases::new(&["a", "ab c", "abc", "abcd", "ça", "ж", "жд", "码", "验证码"]);

    proptest! {
        #[test]
        fn what_is_found_at_a_place_is_what_a_search_for_each_finds(text in "[abcd çжд验证码]{0,12}") {
            let text: Vec<char> = text.chars().collect();
            for at in 0..=text.len() {
                let rest: String = text.iter().skip(at).collect();
                let lengths = || {
                    let found = PHRASES.all().iter().filter(|phrase| rest.starts_with(**phrase));
                    found.map(|phrase| phrase.chars().count())
                };
                prop_assert_eq!(PHRASES.end_at(&text, at), lengths().max().map(|length| at + length));
                let word = text.get(at..).unwrap_or_default();
                prop_assert_eq!(PHRASES.has(word), lengths().any(|length| length == word.len()));
                let begins = lengths().any(|length| length > 3 || length == word.len());
                prop_assert_eq!(PHRASES.begin(word), begins);
            }
        }
    }
}
