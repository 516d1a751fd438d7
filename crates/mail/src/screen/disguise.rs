//! Undoes simple encodings: what a model would decode on request is decoded here and screened.

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};

use super::lexicon::Lexicon;
use super::look::Looks;
use super::words;
use crate::page::{Technique, readable};

/// The shortest run of encoding letters that is tried.
const MIN_RUN: usize = 16;
/// Octets of one run that are decoded.
const MAX_RUN: usize = 200_000;

/// Fewer escapes on a line are a link's.
const MIN_ESCAPES: usize = 8;

/// Fewer numbers are no text.
const MIN_NUMBERS: usize = 8;

/// Words that become known when a reading is the right one.
const GAIN: usize = 3;

/// A text found by decoding, and where its encoded form begins.
pub(super) struct Decoded {
    pub(super) technique: Technique,
    pub(super) text: String,
    pub(super) at: usize,
}

/// Tries every decoding on canonical text.
pub(super) fn decoded(text: &str, lexicon: &Lexicon) -> Vec<Decoded> {
    let mut found = Vec::new();
    runs(text, &mut found);
    let mut at = 0;
    for line in text.split('\n') {
        if line.len() >= MIN_RUN {
            let mut push = |technique, text| {
                found.push(Decoded {
                    technique,
                    text,
                    at,
                });
            };
            let looks = Looks::of(line);
            if let Some(text) = escapes(line, &looks).or_else(|| numbers(line, &looks)) {
                push(Technique::Encoded, text);
            }
            // A request to decode comes before the colon, the code after it.
            let tail = || {
                let (_, tail) = line.split_once(": ")?;
                letters(tail, &Looks::of(tail), lexicon)
            };
            if let Some((technique, text)) = letters(line, &looks, lexicon).or_else(tail) {
                push(technique, text);
            }
        }
        at += line.len() + 1;
    }
    found
}

/// Base64, base32 and hexadecimal runs, also over several lines.
fn runs(text: &str, found: &mut Vec<Decoded>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    // What is shorter than a line goes on in none, and words are shorter still: a window without
    // a gap is looked for, each from its end.
    while let Some(window) = bytes.get(at..at + MIN_RUN) {
        if let Some(gap) = window.iter().rposition(|b| !is_run(*b)) {
            at += gap + 1;
            continue;
        }
        let start = at;
        let end = end_of_run(bytes, start);
        at = end;
        let lines = bytes.get(start..end).unwrap_or_default();
        let letters = lines.iter().copied().filter(|b| *b != b'\n');
        let run: Vec<u8> = letters.take(MAX_RUN).collect();
        if run.len() >= MIN_RUN
            && let Some(text) = decode_run(&run)
        {
            found.push(Decoded {
                technique: Technique::Encoded,
                text,
                at: start,
            });
        }
    }
}

/// Whether an octet stands in runs.
const IS_RUN: [bool; 256] = {
    let mut all = [false; 256];
    let mut octet = 0;
    while octet < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let byte = octet as u8;
        let is_sign = matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
        all[octet] = byte.is_ascii_alphanumeric() || is_sign;
        octet += 1;
    }
    all
};

fn is_run(byte: u8) -> bool {
    IS_RUN.get(usize::from(byte)) == Some(&true)
}

/// Where a run ends that begins at a place. One of long lines goes on in the next.
fn end_of_run(bytes: &[u8], start: usize) -> usize {
    let mut line = start;
    loop {
        let rest = bytes.get(line..).unwrap_or_default();
        let length = rest.iter().position(|b| !is_run(*b));
        let end = line + length.unwrap_or(rest.len());
        let goes_on = end - line >= 48
            && bytes.get(end) == Some(&b'\n')
            && bytes.get(end + 1).is_some_and(|b| is_run(*b));
        if !goes_on {
            return end;
        }
        line = end + 1;
    }
}

fn decode_run(run: &[u8]) -> Option<String> {
    // A name before the value, as in `instr=4170…`.
    let value = run
        .iter()
        .position(|b| *b == b'=')
        .and_then(|equals| run.get(equals + 1..))
        .filter(|value| value.len() >= MIN_RUN)
        .unwrap_or(run);
    let end = value.iter().rposition(|b| *b != b'=')? + 1;
    let value = value.get(..end)?;
    if value.iter().all(u8::is_ascii_hexdigit) {
        let even = value.get(..value.len() & !1)?;
        return HEXLOWER_PERMISSIVE.decode(even).ok().and_then(worded);
    }
    let whole = if value.len() % 4 == 1 {
        value.get(..value.len() - 1)?
    } else {
        value
    };
    let base64 = BASE64_NOPAD
        .decode(whole)
        .or_else(|_| BASE64URL_NOPAD.decode(whole));
    // The last group may have been cut off.
    let cut = || BASE64_NOPAD.decode(value.get(..value.len() & !3)?).ok();
    base64
        .ok()
        .or_else(cut)
        .and_then(worded)
        .or_else(|| BASE32_NOPAD.decode(value).ok().and_then(worded))
}

/// Readable text with a blank, or an address: not a chance hit of an identifier.
fn worded(bytes: Vec<u8>) -> Option<String> {
    readable(bytes).filter(|text| text.split_whitespace().nth(1).is_some() || text.contains('@'))
}

/// `\x49`, `\u0049`, `%49`, `=49`, `&#73;`.
fn escapes(line: &str, looks: &Looks) -> Option<String> {
    if looks.escapes < MIN_ESCAPES {
        return None;
    }
    let mut bytes = Vec::with_capacity(line.len());
    let mut count = 0;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let (code, used) = escape(rest).unwrap_or((c as u32, 0));
        let used = if used == 0 {
            c.len_utf8()
        } else {
            count += 1;
            used
        };
        match u8::try_from(code) {
            Ok(byte) if count > 0 && used > c.len_utf8() => bytes.push(byte),
            _ => {
                let mut buffer = [0; 4];
                let c = char::from_u32(code).unwrap_or(c);
                bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    // A link with some escapes is a link.
    if count < MIN_ESCAPES || count * 4 < bytes.len() {
        return None;
    }
    worded(bytes)
}

fn escape(rest: &str) -> Option<(u32, usize)> {
    let hex = |from: usize, to: usize| u32::from_str_radix(rest.get(from..to)?, 16).ok();
    if rest.starts_with("\\x") || rest.starts_with("0x") {
        return Some((hex(2, 4)?, 4));
    }
    if rest.starts_with("\\u") {
        return Some((hex(2, 6)?, 6));
    }
    if rest.starts_with('%') || rest.starts_with('=') {
        return Some((hex(1, 3)?, 3));
    }
    let entity = rest.strip_prefix("&#")?;
    let end = entity.get(..8.min(entity.len()))?.find(';')?;
    let digits = entity.get(..end)?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some((code, end + 3))
}

/// Octets written as binary, hexadecimal or decimal numbers.
fn numbers(line: &str, looks: &Looks) -> Option<String> {
    if looks.hex_groups < MIN_NUMBERS {
        return None;
    }
    let groups: Vec<&str> = line
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '-'))
        .filter(|group| group.chars().all(|c| c.is_ascii_hexdigit()) && !group.is_empty())
        .collect();
    let binary = groups.iter().filter(|group| group.len() == 8).count() * 10 >= groups.len() * 9;
    let radix = if binary {
        2
    } else if groups.iter().all(|group| group.len() == 2)
        && groups
            .iter()
            .any(|group| group.bytes().any(|b| b.is_ascii_alphabetic()))
    {
        16
    } else {
        10
    };
    let bytes = groups
        .iter()
        .filter_map(|group| u8::from_str_radix(group, radix).ok())
        .collect();
    worded(bytes)
}

/// Letters replaced, moved, turned round or spread.
fn letters(line: &str, looks: &Looks, lexicon: &Lexicon) -> Option<(Technique, String)> {
    if looks.words < 2 {
        return None;
    }
    if let Some(text) = unspaced(line, looks, lexicon) {
        return Some((Technique::SpacedLetters, text));
    }
    if is_leet(looks) {
        let text: String = line.chars().map(unleet).collect();
        if known(&text, lexicon) > known(line, lexicon) {
            return Some((Technique::Leet, text));
        }
    }
    if looks.words < 3 {
        return None;
    }
    // Every fifth word of prose is known, so that few lines are read to their end.
    let enough = looks.words.div_ceil(5);
    let lower = (!line.is_ascii()).then(|| line.to_lowercase());
    let (mut plain, mut words) = (0, Vec::with_capacity(looks.words));
    for word in longer(lower.as_deref().unwrap_or(line)) {
        plain += usize::from(lexicon.is_known(word));
        if plain >= enough {
            return None;
        }
        words.push(word);
    }
    if words.len() < GAIN {
        return None;
    }
    let readings: [(Technique, Reading); 3] = [
        (Technique::Reversed, reversed),
        (Technique::Rotated, rotated),
        (Technique::Rotated, mirrored),
    ];
    let counts = if line.is_ascii() {
        known_turned(&words, lexicon)
    } else {
        readings.map(|(_, read)| known(&read(line), lexicon))
    };
    let good = |now: usize| now >= plain + GAIN && now * 5 >= looks.words;
    let mut readings = readings.into_iter().zip(counts);
    let ((technique, read), _) = readings.find(|(_, now)| good(*now))?;
    Some((technique, read(line)))
}

/// The words of a text without single characters, which are no words that could be known.
fn longer(text: &str) -> impl Iterator<Item = &str> {
    words::words(text).filter(|word| {
        if word.is_ascii() {
            word.len() > 1
        } else {
            word.chars().nth(1).is_some()
        }
    })
}

/// Everyday words and words of directives.
fn known(text: &str, lexicon: &Lexicon) -> usize {
    // Letters outside ASCII may depend on their neighbours when they become small.
    let text = text.to_lowercase();
    longer(&text).filter(|word| lexicon.is_known(word)).count()
}

/// How many of these words of ASCII are known when their line is read backwards, rotated and
/// mirrored. None of that moves the borders of words.
fn known_turned(words: &[&str], lexicon: &Lexicon) -> [usize; 3] {
    let mut counts = [0; 3];
    for word in words {
        for (count, known) in counts.iter_mut().zip([
            lexicon.is_known_ascii(word.bytes().rev()),
            lexicon.is_known_ascii(word.bytes().map(rotate)),
            lexicon.is_known_ascii(word.bytes().map(mirror)),
        ]) {
            *count += usize::from(known);
        }
    }
    counts
}

fn unspaced(line: &str, looks: &Looks, lexicon: &Lexicon) -> Option<String> {
    if looks.words > 4 && looks.starred * 2 > looks.words {
        let bare: Vec<String> = line
            .split_whitespace()
            .map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect())
            .collect();
        return Some(bare.join(" "));
    }
    let spaced = looks.single >= 10 && looks.single * 10 >= looks.words * 6;
    let random = looks.odd_case >= 4 && looks.odd_case * 10 >= looks.with_letters * 3;
    if !spaced && !random {
        return None;
    }
    let joined: String = line.split_whitespace().collect();
    let joined = joined.to_lowercase();
    let letters = joined.chars().filter(|c| c.is_alphabetic()).count();
    let (text, covered) = lexicon.respace(&joined);
    (letters >= 12 && (random || covered * 10 >= letters * 3)).then_some(text)
}

fn is_leet(looks: &Looks) -> bool {
    looks.mixed >= 3 && looks.mixed * 4 >= looks.words
}

fn unleet(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        c => c,
    }
}

/// A way to read a line.
type Reading = fn(&str) -> String;

/// The line with each ASCII letter replaced by another.
fn replaced(line: &str, turn: impl Fn(u8) -> u8) -> String {
    let turned = line.bytes().map(turn).collect();
    // Octets of other characters stay, so it is still UTF-8.
    String::from_utf8(turned).unwrap_or_default()
}

fn rotated(line: &str) -> String {
    replaced(line, rotate)
}

fn rotate(octet: u8) -> u8 {
    match octet {
        b'a'..=b'm' | b'A'..=b'M' => octet + 13,
        b'n'..=b'z' | b'N'..=b'Z' => octet - 13,
        _ => octet,
    }
}

/// The alphabet from its end, as Atbash has it.
fn mirrored(line: &str) -> String {
    replaced(line, mirror)
}

fn mirror(octet: u8) -> u8 {
    match octet {
        b'a'..=b'z' => b'z' - (octet - b'a'),
        b'A'..=b'Z' => b'Z' - (octet - b'A'),
        _ => octet,
    }
}

/// The line from its end, and with it a line whose words were turned one by one.
fn reversed(line: &str) -> String {
    if line.is_ascii() {
        let turned = line.bytes().rev().collect();
        return String::from_utf8(turned).unwrap_or_default();
    }
    line.chars().rev().collect()
}
