//! The look of words that may be disguised.

/// What a word looks like, letter by letter.
struct Look {
    /// It is one character.
    is_single: bool,
    /// Its letters have signs between them: `s*e*n*d`.
    is_starred: bool,
    /// Small before capital letters, as no brand has them twice in a sentence.
    has_odd_case: bool,
    has_letters: bool,
    /// Letters and digits that stand for letters: `s3nd`.
    is_mixed: bool,
}

/// How many words of a line look so.
#[derive(Default)]
pub(super) struct Looks {
    pub(super) words: usize,
    pub(super) single: usize,
    pub(super) starred: usize,
    pub(super) odd_case: usize,
    pub(super) with_letters: usize,
    pub(super) mixed: usize,
    /// Groups of hexadecimal digits between blanks, commas, semicolons and dashes.
    pub(super) hex_groups: usize,
    /// Octets that escapes begin with.
    pub(super) escapes: usize,
}

const SMALL: u16 = 1;
const CAPITAL: u16 = 1 << 1;
const LETTER: u16 = 1 << 2;
const ALPHANUMERIC: u16 = 1 << 3;
const SIGN: u16 = 1 << 4;
const LEET: u16 = 1 << 5;
const NOT_HEX: u16 = 1 << 6;
/// Parts numbers, as blanks do.
const PARTS: u16 = 1 << 7;
const ESCAPE: u16 = 1 << 8;
const BLANK: u16 = 1 << 9;
const FOREIGN: u16 = 1 << 10;

/// An everyday word has nothing else.
const PLAIN: u16 = SMALL | LETTER | ALPHANUMERIC | NOT_HEX;

/// What each octet is.
const OCTETS: [u16; 256] = {
    let mut all = [FOREIGN; 256];
    let mut octet = 0;
    while octet < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let byte = octet as u8;
        let mut is = 0;
        if byte.is_ascii_lowercase() {
            is |= SMALL;
        }
        if byte.is_ascii_uppercase() {
            is |= CAPITAL;
        }
        if byte.is_ascii_alphabetic() {
            is |= LETTER;
        }
        if byte.is_ascii_alphanumeric() {
            is |= ALPHANUMERIC;
        }
        if matches!(byte, b'*' | b'.' | b'_' | b'-' | b'|' | b'~' | b'+' | b'/') {
            is |= SIGN;
        }
        if matches!(byte, b'0' | b'1' | b'3' | b'4' | b'5' | b'7' | b'@' | b'$') {
            is |= LEET;
        }
        if matches!(byte, b',' | b';' | b'-') {
            is |= PARTS;
        } else if !byte.is_ascii_hexdigit() {
            is |= NOT_HEX;
        }
        if matches!(byte, b'\\' | b'%' | b'=' | b'&' | b'0') {
            is |= ESCAPE;
        }
        // The blanks of Unicode, which has the vertical tab among them.
        if matches!(byte, b'\t'..=b'\r' | b' ') {
            is |= BLANK;
        }
        all[octet] = is;
        octet += 1;
    }
    all
};

fn octet(byte: u8) -> u16 {
    OCTETS.get(usize::from(byte)).copied().unwrap_or(FOREIGN)
}

fn foreign(c: char) -> u16 {
    let bit = |is: bool, bit: u16| if is { bit } else { 0 };
    bit(c.is_lowercase(), SMALL)
        | bit(c.is_uppercase(), CAPITAL)
        | bit(c.is_alphabetic(), LETTER)
        | bit(c.is_alphanumeric(), ALPHANUMERIC)
}

impl Look {
    fn of(word: &str) -> Self {
        let (mut length, mut letters, mut signs, mut capitals_first) =
            (0_usize, 0_usize, 0_usize, 0);
        let (mut any, mut last, mut turns) = (0, 0, false);
        let mut take = |is: u16| {
            turns |= last & SMALL != 0 && is & CAPITAL != 0;
            last = is;
            any |= is;
            capitals_first += usize::from(length < 2 && is & CAPITAL != 0);
            letters += usize::from(is & ALPHANUMERIC != 0);
            signs += usize::from(is & SIGN != 0);
            length += 1;
        };
        if word.is_ascii() {
            for byte in word.bytes() {
                take(octet(byte));
            }
        } else {
            for c in word.chars() {
                let plain = u8::try_from(c).ok().filter(u8::is_ascii);
                take(plain.map_or_else(|| foreign(c), octet));
            }
        }
        let has_letters = any & LETTER != 0;
        Self {
            is_single: length < 2,
            is_starred: letters > 0 && signs + 1 >= letters && signs > 0 && letters + signs > 2,
            has_odd_case: turns || capitals_first == 2 && any & SMALL != 0,
            has_letters,
            is_mixed: has_letters && any & LEET != 0 && word.len() < 24,
        }
    }
}

impl Looks {
    pub(super) fn of(line: &str) -> Self {
        let mut this = Self::default();
        if !line.is_ascii() {
            for word in line.split_whitespace() {
                let any = word.bytes().fold(0, |any, byte| any | octet(byte));
                this.take(word, any);
            }
            return this;
        }
        let bytes = line.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if octet(*byte) & BLANK != 0 {
                at += 1;
                continue;
            }
            let (start, mut any) = (at, 0);
            while let Some(is) = bytes.get(at).map(|byte| octet(*byte))
                && is & BLANK == 0
            {
                any |= is;
                at += 1;
            }
            this.take(line.get(start..at).unwrap_or_default(), any);
        }
        this
    }

    /// Counts a word, given what all its octets are together.
    fn take(&mut self, word: &str, any: u16) {
        self.words += 1;
        if any == PLAIN && word.len() > 1 {
            self.with_letters += 1;
            return;
        }
        let look = Look::of(word);
        self.single += usize::from(look.is_single);
        self.starred += usize::from(look.is_starred);
        self.odd_case += usize::from(look.has_odd_case);
        self.with_letters += usize::from(look.has_letters);
        self.mixed += usize::from(look.is_mixed);
        if any & PARTS != 0 {
            let groups = word.split([',', ';', '-']);
            let is_hex = |group: &&str| group.bytes().all(|b| b.is_ascii_hexdigit());
            self.hex_groups += groups
                .filter(|group| !group.is_empty())
                .filter(is_hex)
                .count();
        } else {
            self.hex_groups += usize::from(any & (NOT_HEX | FOREIGN) == 0);
        }
        if any & ESCAPE != 0 {
            self.escapes += word
                .bytes()
                .filter(|byte| octet(*byte) & ESCAPE != 0)
                .count();
        }
    }
}
