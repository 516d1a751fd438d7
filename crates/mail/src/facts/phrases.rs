//! Phrases in a text: folded, as words of their own, and found fast where there are many to ask for.

/// Bits of a sieve.
const BITS: usize = 1 << 15;

/// A folded text that is asked for many phrases, most of which it has not.
pub(super) struct Sieved {
    pub(super) text: String,
    /// One bit for each three neighbouring octets.
    triples: Vec<u64>,
}

impl Sieved {
    pub(super) fn of(text: &str) -> Self {
        let text = folded(text);
        let mut triples = vec![0u64; BITS / 64];
        for triple in text.as_bytes().windows(3) {
            let place = place(triple);
            if let Some(word) = triples.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        Self { text, triples }
    }

    /// Whether one of the phrases stands in the text as words of its own.
    pub(super) fn has_one(&self, phrases: &[&str]) -> bool {
        phrases
            .iter()
            .any(|phrase| self.may_have(phrase) && phrase_at(&self.text, phrase).is_some())
    }

    fn may_have(&self, phrase: &str) -> bool {
        let bare = phrase.strip_suffix('*').unwrap_or(phrase);
        let mut first = bare.as_bytes().windows(3).take(4);
        first.all(|triple| {
            let place = place(triple);
            let word = self.triples.get(place / 64);
            word.is_some_and(|word| word >> (place % 64) & 1 == 1)
        })
    }
}

fn place(triple: &[u8]) -> usize {
    triple
        .iter()
        .fold(0, |hash: usize, octet| hash * 131 + usize::from(*octet))
        % BITS
}

/// Where a phrase stands as words of its own.
pub(super) fn phrase_at(text: &str, phrase: &str) -> Option<usize> {
    phrases_at(text, phrase).next()
}

pub(super) fn last_phrase_at(text: &str, phrase: &str) -> Option<usize> {
    phrases_at(text, phrase).last()
}

fn phrases_at<'a>(text: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    let (bare, open) = match phrase.strip_suffix('*') {
        Some(bare) => (bare, true),
        None => (phrase, false),
    };
    let finder = memchr::memmem::find_iter(text.as_bytes(), bare.as_bytes());
    finder.filter(move |&at| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + bare.len()..)
            .and_then(|text| text.chars().next());
        let inside = |c: Option<char>| c.is_some_and(is_spaced);
        let first = bare.chars().next().is_some_and(is_spaced);
        let last = bare.chars().next_back().is_some_and(is_spaced);
        (!first || !inside(before)) && (open || !last || !inside(after))
    })
}

/// A letter of a script that puts blanks between its words.
fn is_spaced(c: char) -> bool {
    c.is_alphabetic()
        && !matches!(u32::from(c), 0xE00..=0xEFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0x9FFF | 0xAC00..=0xD7FF | 0xF900..=0xFAFF)
}

/// Lower case, with ASCII digits and plain blanks, dashes and apostrophes.
pub(super) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{660}'..='\u{669}' => out.push(digit(c, 0x660)),
            '\u{6F0}'..='\u{6F9}' => out.push(digit(c, 0x6F0)),
            '\u{966}'..='\u{96F}' => out.push(digit(c, 0x966)),
            '\u{E50}'..='\u{E59}' => out.push(digit(c, 0xE50)),
            '\u{FF10}'..='\u{FF19}' => out.push(digit(c, 0xFF10)),
            '’' | '‘' | 'ʼ' | '＇' => out.push('\''),
            '／' => out.push('/'),
            '\u{200B}'..='\u{200F}' | '\u{AD}' | '\u{FEFF}' | '\u{202A}'..='\u{202E}' => {}
            c if c.is_whitespace() => out.push(' '),
            // The dotted capital of Turkish is two characters in lower case.
            'İ' => out.push('i'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

fn digit(c: char, zero: u32) -> char {
    char::from_digit(u32::from(c) - zero, 10).unwrap_or(c)
}
