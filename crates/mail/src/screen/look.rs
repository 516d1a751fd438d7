//! The look of a word that may be disguised.

/// What a word looks like, letter by letter.
pub(super) struct Look {
    /// It is one character.
    pub(super) is_single: bool,
    /// Its letters have signs between them: `s*e*n*d`.
    pub(super) is_starred: bool,
    /// Small before capital letters, as no brand has them twice in a sentence.
    pub(super) has_odd_case: bool,
    pub(super) has_letters: bool,
    /// Letters and digits that stand for letters: `s3nd`.
    pub(super) is_mixed: bool,
}

const SMALL: u8 = 1;
const CAPITAL: u8 = 1 << 1;
const LETTER: u8 = 1 << 2;
const ALPHANUMERIC: u8 = 1 << 3;
const SIGN: u8 = 1 << 4;
const LEET: u8 = 1 << 5;

/// What each octet of ASCII is.
const ASCII: [u8; 128] = {
    let mut all = [0; 128];
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
        all[octet] = is;
        octet += 1;
    }
    all
};

fn foreign(c: char) -> u8 {
    let bit = |is: bool, bit: u8| if is { bit } else { 0 };
    bit(c.is_lowercase(), SMALL)
        | bit(c.is_uppercase(), CAPITAL)
        | bit(c.is_alphabetic(), LETTER)
        | bit(c.is_alphanumeric(), ALPHANUMERIC)
}

impl Look {
    pub(super) fn of(word: &str) -> Self {
        let (mut length, mut letters, mut signs, mut capitals_first) =
            (0_usize, 0_usize, 0_usize, 0);
        let (mut any, mut last, mut turns) = (0, 0, false);
        let mut take = |is: u8| {
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
                take(ASCII.get(usize::from(byte)).copied().unwrap_or(0));
            }
        } else {
            for c in word.chars() {
                let plain = usize::try_from(u32::from(c))
                    .ok()
                    .and_then(|c| ASCII.get(c));
                take(plain.copied().unwrap_or_else(|| foreign(c)));
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
