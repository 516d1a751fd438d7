//! Runs of base64, base32, hexadecimal and base85 that give readable text.

use std::ops::Range;

use super::hex_pairs::{ends_in_pair, pairs};
use super::spans::long;

/// Shortest run of encoded characters that is decoded.
const SHORTEST: usize = 16;

/// Decodes runs of base64, base32 and hexadecimal that give readable text, one a line.
pub(super) fn runs(text: &str) -> String {
    let mut runs = Runs {
        text,
        out: String::new(),
        folded: Vec::new(),
        groups: Groups::default(),
        pairs: String::new(),
        paired: 0,
    };
    runs.read();
    let Runs {
        mut out,
        groups,
        pairs,
        ..
    } = runs;
    out.push_str(&groups.out);
    out.push_str(&pairs);
    eighty_five(text, &mut out);
    out
}

/// What an octet is to encodings.
const NONE: u8 = 0;
const SIGN: u8 = 1;
const LETTER: u8 = 2;

/// That of every octet.
const CLASSES: [u8; 256] = {
    let mut classes = [NONE; 256];
    let mut octet = 0;
    while octet < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let byte = octet as u8;
        classes[octet] = if byte.is_ascii_alphanumeric() {
            LETTER
        } else if matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_') {
            SIGN
        } else {
            NONE
        };
        octet += 1;
    }
    classes
};

/// Octets from which a run may go on in the next line.
const FOLDED: usize = 20;

/// The runs of a text as they are read.
struct Runs<'a> {
    text: &'a str,
    out: String,
    /// The words of a run that goes on over line breaks.
    folded: Vec<&'a str>,
    groups: Groups,
    /// What pairs of hexadecimal digits say.
    pairs: String,
    /// The end of what was read as pairs.
    paired: usize,
}

impl Runs<'_> {
    /// Goes through the stretches of characters that encodings use.
    fn read(&mut self) {
        let octets = self.text.as_bytes();
        let (mut last, mut word, mut letters) = (NONE, 0, 0);
        for (at, byte) in octets.iter().enumerate() {
            let class = CLASSES.get(usize::from(*byte)).copied().unwrap_or(NONE);
            if class == last {
                continue;
            }
            if last == LETTER && ends_in_pair(octets, at) {
                self.pair(letters, at);
            }
            if class == LETTER {
                letters = at;
            }
            if last == NONE {
                word = at;
            }
            if class == NONE {
                self.word(word, at);
            }
            last = class;
        }
        if last == LETTER && ends_in_pair(octets, octets.len()) {
            self.pair(letters, octets.len());
        }
        if last != NONE {
            self.word(word, octets.len());
        }
        join(&self.folded, &mut self.out);
        self.groups.end(octets, 0..0);
    }

    /// Takes in a whole stretch.
    #[inline]
    fn word(&mut self, from: usize, to: usize) {
        let length = to - from;
        // A long run that was folded goes on after the break; words are shorter.
        if length >= SHORTEST || !self.folded.is_empty() {
            let word = self.text.get(from..to).unwrap_or_default();
            if length >= FOLDED || (length >= 8 && !self.folded.is_empty()) {
                self.folded.push(word);
            }
            if length >= SHORTEST {
                run(word, &mut self.out);
            }
            if length < FOLDED && !self.folded.is_empty() {
                join(&self.folded, &mut self.out);
                self.folded.clear();
            }
        }
        self.groups.add(self.text.as_bytes(), from, to);
    }

    /// Takes in two hexadecimal digits where letters and digits end: `67 68 70`, `\x67\x68`, `67:68`.
    /// The first pair may be the end of a word before them.
    fn pair(&mut self, from: usize, to: usize) {
        let at = to.saturating_sub(2);
        if at >= self.paired.max(from) {
            self.paired = pairs(self.text.as_bytes(), at, &mut self.pairs);
        }
    }
}

/// Decodes a run that was folded over several lines.
fn join(folded: &[&str], out: &mut String) {
    if folded.len() > 1 {
        run(&folded.concat(), out);
    }
}

/// Decodes what stands between `<~` and `~>`.
fn eighty_five(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(open) = memchr::memmem::find(rest.as_bytes(), b"<~") {
        let behind = rest.get(open + 2..).unwrap_or_default();
        let Some((coded, after)) = behind.split_once("~>") else {
            return;
        };
        rest = after;
        let digits: Vec<u8> = coded
            .bytes()
            .filter(|b| (b'!'..=b'u').contains(b))
            .collect();
        let mut bytes = Vec::with_capacity(digits.len());
        for group in digits.chunks(5) {
            let padded = group.iter().copied().chain(std::iter::repeat(b'u')).take(5);
            let value = padded.fold(0_u32, |value, digit| {
                value.wrapping_mul(85).wrapping_add(u32::from(digit - b'!'))
            });
            bytes.extend(
                value
                    .to_be_bytes()
                    .iter()
                    .take(group.len().saturating_sub(1)),
            );
        }
        readable(&bytes, out);
    }
}

/// What was cut into groups of one length, as `Z2hw XzRa dHI3`.
#[derive(Default)]
struct Groups {
    /// Octets of each, how many, and where they stand.
    length: usize,
    count: usize,
    from: usize,
    to: usize,
    out: String,
}

/// Characters of base64, the densest encoding, that stand for eight octets, the shortest text.
const LEAST_CODED: usize = 11;
/// Fewer groups are chance.
const FEWEST_GROUPS: usize = 4;

impl Groups {
    #[inline]
    fn add(&mut self, octets: &[u8], from: usize, to: usize) {
        let length = to - from;
        if length != self.length {
            if self.count >= FEWEST_GROUPS {
                let shorter = if length < self.length { from..to } else { 0..0 };
                self.end(octets, shorter);
            }
            (self.length, self.count, self.from) = (length, 0, from);
        }
        self.count += 1;
        self.to = to;
    }

    /// Decodes the groups, first with a shorter one that may be their end.
    fn end(&mut self, octets: &[u8], last: Range<usize>) {
        if self.count < FEWEST_GROUPS || self.count * self.length + last.len() < LEAST_CODED {
            return;
        }
        let groups = octets.get(self.from..self.to).unwrap_or_default();
        let mut joined: Vec<u8> = groups.iter().copied().filter(|b| is_coded(*b)).collect();
        let whole = joined.len();
        joined.extend(octets.get(last.clone()).unwrap_or_default());
        if !decoded(&joined, &mut self.out) && !last.is_empty() {
            joined.truncate(whole);
            decoded(&joined, &mut self.out);
        }
    }
}

/// Whether an octet is one that encodings use.
fn is_coded(byte: u8) -> bool {
    CLASSES
        .get(usize::from(byte))
        .is_some_and(|class| *class != NONE)
}

/// Decodes one run every way that fits, whole and then between its own separators.
fn run(word: &str, out: &mut String) {
    if word.len() < SHORTEST || decoded(word.as_bytes(), out) {
        return;
    }
    // Names of fields and paths are joined to the run by characters that base64 also has.
    let octets = word.as_bytes();
    for part in long(octets, SHORTEST, |b| b.is_ascii_alphanumeric()) {
        if part.len() < word.len() {
            decoded(octets.get(part).unwrap_or_default(), out);
        }
    }
    if let Some((_, behind)) = word.split_once('=')
        && behind.len() >= SHORTEST
    {
        decoded(behind.as_bytes(), out);
    }
}

fn decoded(word: &[u8], out: &mut String) -> bool {
    let padding = word.iter().rev().take_while(|b| **b == b'=').count();
    let bare = word.get(..word.len() - padding).unwrap_or_default();
    if may_be_hex(bare)
        && let Ok(bytes) = data_encoding::HEXLOWER_PERMISSIVE.decode(bare)
        && readable(&bytes, out)
    {
        return true;
    }
    // The last character of a run that was cut says nothing.
    let whole = bare.len() - usize::from(bare.len() % 4 == 1);
    let sixty_four = decode_bits(bare.get(..whole).unwrap_or_default(), 6, |b| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'-' | b'+' => Some(62),
        b'_' | b'/' => Some(63),
        _ => None,
    });
    if sixty_four.is_some_and(|bytes| readable(&bytes, out)) {
        return true;
    }
    let one_case =
        !(bare.iter().any(u8::is_ascii_uppercase) && bare.iter().any(u8::is_ascii_lowercase));
    if one_case && bare.len() >= 24 {
        let thirty_two = decode_bits(bare, 5, |b| match b.to_ascii_uppercase() {
            upper @ b'A'..=b'Z' => Some(upper - b'A'),
            digit @ b'2'..=b'7' => Some(digit - b'2' + 26),
            _ => None,
        });
        return thirty_two.is_some_and(|bytes| readable(&bytes, out));
    }
    false
}

/// Whether a run is hexadecimal of what may be text.
fn may_be_hex(run: &[u8]) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = run.as_chunks::<2>();
    rest.is_empty()
        && pairs.iter().all(|[high, low]| {
            let octet = digit(*high)
                .zip(digit(*low))
                .map(|(high, low)| high << 4 | low);
            octet.is_some_and(|octet| !is_control(octet))
        })
}

/// Whether no text has a code. Zeroes may be halves of characters.
fn is_control(code: u32) -> bool {
    matches!(code, 1..=8 | 14..=31 | 127)
}

/// Octets that are looked at before all are decoded.
const PROBE: usize = 12;

fn decode_bits(text: &[u8], width: usize, value: impl Fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    // What cannot be text is left early, so that words and pictures cost little.
    let mut probe = [0; PROBE];
    let head = text.get(..text.len().min((PROBE * 8).div_ceil(width)))?;
    let length = unpack(head, width, &value, |at, octet| {
        if let Some(place) = probe.get_mut(at) {
            *place = octet;
        }
    })?;
    let head = probe.get(..length).unwrap_or(&probe);
    if head.iter().any(|octet| is_control(u32::from(*octet)))
        || length >= PROBE && !starts_readable(&probe)
    {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    unpack(text, width, &value, |_, octet| out.push(octet))?;
    Some(out)
}

/// Writes the octets of characters that stand for so many bits each, and tells how many they are.
fn unpack(
    text: &[u8],
    width: usize,
    value: impl Fn(u8) -> Option<u8>,
    mut write: impl FnMut(usize, u8),
) -> Option<usize> {
    let (mut bits, mut count, mut length) = (0_u32, 0, 0);
    for byte in text {
        bits = (bits << width) | u32::from(value(*byte)?);
        count += width;
        if count >= 8 {
            count -= 8;
            write(
                length,
                u8::try_from((bits >> count) & 0xFF).unwrap_or_default(),
            );
            length += 1;
        }
    }
    Some(length)
}

fn starts_readable(bytes: &[u8]) -> bool {
    !bytes
        .iter()
        .any(|b| *b != 0 && b.is_ascii_control() && !b.is_ascii_whitespace())
        && (bytes.iter().filter(|b| b.is_ascii()).count() * 2 > bytes.len())
}

/// Adds octets that are text as a line.
fn readable(bytes: &[u8], out: &mut String) -> bool {
    // UTF-16 of Latin letters has a zero at every second octet.
    let thin: Vec<u8>;
    let zeroes = bytes.iter().filter(|b| **b == 0).count();
    let bytes = if zeroes * 5 >= bytes.len() * 2 && zeroes > 4 {
        thin = bytes.iter().copied().filter(|b| *b != 0).collect();
        &thin
    } else {
        bytes
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let fine = text.len() >= 8
        && !text.chars().any(|c| c.is_control() && !c.is_whitespace())
        && text.bytes().filter(u8::is_ascii).count() * 2 > text.len();
    if fine {
        out.push_str(text);
        out.push('\n');
    }
    fine
}
