//! Runs of base64, base32, hexadecimal and base85 that give readable text.

use super::spans::Span;

/// Shortest run of encoded characters that is decoded.
const SHORTEST: usize = 16;

/// Decodes runs of base64, base32 and hexadecimal that give readable text, one a line.
pub(super) fn runs(text: &str, spans: &[Span]) -> String {
    let mut out = String::new();
    let mut folded: Vec<&str> = Vec::new();
    let mut groups = Groups::default();
    for word in words(text) {
        // A long run that was folded goes on after the break; words are shorter.
        let long = word.len() >= 8;
        if long {
            folded.push(word);
        }
        if word.len() >= SHORTEST {
            run(word, &mut out);
        }
        if !folded.is_empty() && word.len() < 20 {
            join(&folded, &mut out);
            folded.clear();
        }
        groups.add(word);
    }
    join(&folded, &mut out);
    groups.end(None);
    out.push_str(&groups.out);
    spread_hex(text.as_bytes(), spans, &mut out);
    eighty_five(text, &mut out);
    out
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
struct Groups<'a> {
    same: Vec<&'a str>,
    out: String,
}

impl<'a> Groups<'a> {
    fn add(&mut self, word: &'a str) {
        let length = self.same.first().map_or(0, |first| first.len());
        if word.len() != length {
            self.end(Some(word).filter(|word| word.len() < length));
            self.same.clear();
        }
        self.same.push(word);
    }

    /// Decodes the groups, first with a shorter one that may be their end.
    fn end(&mut self, last: Option<&str>) {
        if self.same.len() < 4 {
            return;
        }
        let mut joined = self.same.concat();
        let whole = joined.len();
        joined.extend(last);
        if !decoded(&joined, &mut self.out) && last.is_some() {
            joined.truncate(whole);
            decoded(&joined, &mut self.out);
        }
    }
}

/// Whether an octet is one that encodings use, for each octet.
const CODED: [bool; 256] = {
    let mut coded = [false; 256];
    let mut octet = 0;
    while octet < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let byte = octet as u8;
        coded[octet] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
        octet += 1;
    }
    coded
};

/// The stretches of characters that encodings use.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let coded = |byte: &u8| CODED.get(usize::from(*byte)) == Some(&true);
        let rest = text.as_bytes().get(at..)?;
        let from = at + rest.iter().position(coded)?;
        let rest = text.as_bytes().get(from..)?;
        let length = rest.iter().position(|byte| !coded(byte));
        at = from + length.unwrap_or(rest.len());
        text.get(from..at)
    })
}

/// Decodes one run every way that fits, whole and then between its own separators.
fn run(word: &str, out: &mut String) {
    if word.len() < SHORTEST || decoded(word, out) {
        return;
    }
    // Names of fields and paths are joined to the run by characters that base64 also has.
    for part in word.split(['=', '/', '-', '_', '+']) {
        if part.len() >= SHORTEST && part.len() < word.len() {
            decoded(part, out);
        }
    }
    if let Some((_, behind)) = word.split_once('=')
        && behind.len() >= SHORTEST
    {
        decoded(behind, out);
    }
}

fn decoded(word: &str, out: &mut String) -> bool {
    let bare: Vec<u8> = word.trim_end_matches('=').bytes().collect();
    let hex = bare.len().is_multiple_of(2) && bare.iter().all(u8::is_ascii_hexdigit);
    if hex
        && let Ok(bytes) = data_encoding::HEXLOWER_PERMISSIVE.decode(&bare)
        && readable(&bytes, out)
    {
        return true;
    }
    let url: Vec<u8> = bare
        .iter()
        .map(|b| match b {
            b'+' => b'-',
            b'/' => b'_',
            b => *b,
        })
        .collect();
    // The last character of a run that was cut says nothing.
    let whole = url.len() - usize::from(url.len() % 4 == 1);
    let sixty_four = decode_bits(url.get(..whole).unwrap_or_default(), 6, |b| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    });
    if sixty_four.is_some_and(|bytes| readable(&bytes, out)) {
        return true;
    }
    let one_case =
        !(bare.iter().any(u8::is_ascii_uppercase) && bare.iter().any(u8::is_ascii_lowercase));
    if one_case && bare.len() >= 24 {
        let thirty_two = decode_bits(&bare, 5, |b| match b.to_ascii_uppercase() {
            upper @ b'A'..=b'Z' => Some(upper - b'A'),
            digit @ b'2'..=b'7' => Some(digit - b'2' + 26),
            _ => None,
        });
        return thirty_two.is_some_and(|bytes| readable(&bytes, out));
    }
    false
}

fn decode_bits(text: &[u8], width: u32, value: impl Fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text {
        bits = (bits << width) | u32::from(value(*byte)?);
        count += width;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xFF).unwrap_or_default());
            // What cannot be text is left early, so that pictures cost little.
            if out.len() == 12 && !starts_readable(&out) {
                return None;
            }
        }
    }
    Some(out)
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

/// Pairs of hexadecimal digits with something between them: `67 68 70`, `\x67\x68`, `67:68`. The
/// first may be the end of a word before them.
fn spread_hex(text: &[u8], spans: &[Span], out: &mut String) {
    let mut done = 0;
    for span in spans {
        let Some(at) = span.end().checked_sub(2) else {
            continue;
        };
        if at >= done.max(span.start()) && hex_pair(text, at).is_some() {
            done = pairs(text, at, out);
        }
    }
}

/// The octet that two hexadecimal digits at the end of a word stand for.
fn hex_pair(text: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    if text.get(at + 2).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    u8::try_from(digit(at)? << 4 | digit(at + 1)?).ok()
}

/// Writes the octets of the pairs from a place on, if they are many, and tells where to look for
/// more.
fn pairs(text: &[u8], mut at: usize, out: &mut String) -> usize {
    let mut found: Vec<u8> = Vec::new();
    while let Some(octet) = hex_pair(text, at) {
        found.push(octet);
        at += 2;
        let gap = text.get(at..text.len().min(at + 4)).unwrap_or_default();
        let skip = gap
            .iter()
            .take_while(|b| matches!(b, b' ' | b':' | b'-' | b',' | b'\\' | b'\n' | b'.'))
            .count();
        at += skip.max(1);
        if text.get(at..at + 2) == Some(b"0x") {
            at += 2;
        } else if text.get(at) == Some(&b'x') {
            at += 1;
        }
    }
    if found.len() >= 10 {
        let shown = |b: &u8| {
            if (32..127).contains(b) {
                char::from(*b)
            } else {
                '\n'
            }
        };
        out.extend(found.iter().map(shown));
        out.push('\n');
    }
    at + 1
}
