//! Encodings taken off a text: each reading is a text of its own to be screened.

use super::changes::Changes;
use super::runs::runs;
use super::spans::{Octets, ends, fields};
use super::spoken::{bracketed, spoken};

/// Which way a reading still has to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// As it stands.
    Straight,
    /// Reversed or with letters shifted: prose in it is none.
    Turned,
}

/// A way to turn a text.
pub(super) type Turning = fn(&str) -> String;

/// What codes in a text stand for, a reading for each kind of code. Their total length is at most a
/// fixed multiple of the text's.
pub(super) fn decode(text: &str, turn: Turn) -> Vec<String> {
    let mut readings = vec![runs(text)];
    if turn == Turn::Straight {
        readings.extend([
            escapes(text),
            quoted_printable(text),
            codes(text),
            spoken(text),
            bracketed(text),
        ]);
    }
    readings.retain(|text| text.len() >= LEAST);
    readings
}

/// Octets of the shortest reading that is screened.
const LEAST: usize = 8;
/// Octets from which what was decoded is not turned as well.
const MOST_TURNED: usize = 4_096;

/// The ways in which a text is turned, after so many layers of codes.
pub(super) fn turnings(text: &str, turn: Turn, layers: u8) -> &'static [Turning] {
    const ALL: &[Turning] = &[
        reversed,
        |text| shifted(text, rot13),
        |text| shifted(text, rot47),
        |text| shifted(text, other_case),
    ];
    let turns =
        turn == Turn::Straight && text.len() >= LEAST && (layers == 0 || text.len() < MOST_TURNED);
    if turns { ALL } else { &[] }
}

fn reversed(text: &str) -> String {
    if text.is_ascii() {
        let octets = text.bytes().rev().collect();
        return String::from_utf8(octets).unwrap_or_default();
    }
    let mut octets: Vec<u8> = text.bytes().rev().collect();
    // Those of one character stay in their order.
    let mut at = 0;
    while let Some(rest) = octets.get_mut(at..) {
        let Some(found) = rest.iter().position(|b| !b.is_ascii()) else {
            break;
        };
        let tail = rest.get(found..).unwrap_or_default();
        let length = 1 + tail.iter().take_while(|b| **b & 0xC0 == 0x80).count();
        if let Some(character) = rest.get_mut(found..found + length) {
            character.reverse();
        }
        at += found + length;
    }
    String::from_utf8(octets).unwrap_or_default()
}

/// The text with every ASCII character replaced by another one.
fn shifted(text: &str, turn: impl Fn(u8) -> u8) -> String {
    let turned = text.bytes().map(|b| if b.is_ascii() { turn(b) } else { b });
    // Octets of other characters stay, so it is still UTF-8.
    String::from_utf8(turned.collect()).unwrap_or_default()
}

fn rot13(byte: u8) -> u8 {
    match byte {
        b'a'..=b'm' | b'A'..=b'M' => byte + 13,
        b'n'..=b'z' | b'N'..=b'Z' => byte - 13,
        _ => byte,
    }
}

fn rot47(byte: u8) -> u8 {
    match byte {
        b'!'..=b'O' => byte + 47,
        b'P'..=b'~' => byte - 47,
        _ => byte,
    }
}

fn other_case(byte: u8) -> u8 {
    if byte.is_ascii_alphabetic() {
        byte ^ 0x20
    } else {
        byte
    }
}

/// Percent signs, entities and escapes of programming languages, and what stands around them. Empty when
/// there are none.
fn escapes(text: &str) -> String {
    let bytes = text.as_bytes();
    if memchr::memchr3(b'%', b'&', b'\\', bytes).is_none() {
        return String::new();
    }
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut changes) = (0, Changes::default());
    loop {
        let behind = bytes.get(at..).unwrap_or_default();
        let plain = memchr::memchr3(b'%', b'&', b'\\', behind).unwrap_or(behind.len());
        out.extend_from_slice(behind.get(..plain).unwrap_or_default());
        at += plain;
        let Some(&byte) = bytes.get(at) else {
            break;
        };
        let rest = bytes
            .get(at + 1..bytes.len().min(at + 12))
            .unwrap_or_default();
        let read = match byte {
            b'%' => hex(rest, 2).map(|code| (code, 3)),
            b'&' => entity(rest),
            b'\\' => match rest.first() {
                Some(b'x') => hex(rest.get(1..).unwrap_or_default(), 2).map(|code| (code, 4)),
                Some(b'u') => hex(rest.get(1..).unwrap_or_default(), 4).map(|code| (code, 6)),
                Some(b'0'..=b'1') => octal(rest).map(|code| (code, 4)),
                _ => None,
            },
            _ => None,
        };
        if let Some((code, length)) = read {
            changes.add(out.len());
            at += length;
            match char::from_u32(code) {
                Some(c) if code < 128 => out.extend(u8::try_from(u32::from(c))),
                Some(c) => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
                None => {}
            }
        } else {
            out.push(byte);
            at += 1;
        }
    }
    changes.neighbourhoods(&out)
}

fn hex(text: &[u8], length: usize) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(..length)?).ok()?;
    if digits.starts_with('+') {
        None
    } else {
        u32::from_str_radix(digits, 16).ok()
    }
}

fn octal(text: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(..3)?).ok()?;
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|code| *code >= 32)
}

/// A numbered entity and its length with the sign.
fn entity(rest: &[u8]) -> Option<(u32, usize)> {
    let end = memchr::memchr(b';', rest)?;
    let name = std::str::from_utf8(rest.get(..end)?).ok()?;
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(number) => u32::from_str_radix(number, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => u32::from(match name {
            "lowbar" | "UnderBar" => '_',
            "hyphen" | "dash" => '-',
            "period" => '.',
            "colon" => ':',
            "sol" => '/',
            "commat" => '@',
            "equals" => '=',
            "plus" => '+',
            "amp" => '&',
            _ => return None,
        }),
    };
    Some((code, end + 2))
}

/// `=41` and soft line breaks (RFC 2045 section 6.7), and what stands around them. Empty when there are
/// none.
fn quoted_printable(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let (mut at, mut changes) = (0, Changes::default());
    if memchr::memchr(b'=', bytes).is_none() {
        return String::new();
    }
    loop {
        let behind = bytes.get(at..).unwrap_or_default();
        let plain = memchr::memchr(b'=', behind).unwrap_or(behind.len());
        out.extend_from_slice(behind.get(..plain).unwrap_or_default());
        at += plain;
        let Some(&byte) = bytes.get(at) else {
            break;
        };
        let rest = bytes
            .get(at + 1..bytes.len().min(at + 3))
            .unwrap_or_default();
        match (byte, rest) {
            (b'=', [b'\r', b'\n']) => at += 3,
            (b'=', [b'\n', ..]) => at += 2,
            (b'=', _) if hex(rest, 2).is_some() => {
                out.extend(hex(rest, 2).and_then(|code| u8::try_from(code).ok()));
                changes.add(out.len());
                at += 3;
                continue;
            }
            _ => {
                out.push(byte);
                at += 1;
                continue;
            }
        }
        changes.add(out.len());
    }
    changes.neighbourhoods(&out)
}

/// What parts the codes of characters.
const BETWEEN_CODES: Octets = ends(b",;[]()-");

/// Numbers that are the codes of characters: decimal `103 104`, binary `01100111 01101000`.
fn codes(text: &str) -> String {
    let mut out = String::new();
    let mut found = String::new();
    let mut flush = |found: &mut String| {
        if found.len() >= 12 {
            out.push_str(found);
            out.push('\n');
        }
        found.clear();
    };
    for word in fields(text, &BETWEEN_CODES) {
        // Nearly every word ends in a letter or a sign, and no number does.
        match word.as_bytes().last() {
            None => continue,
            Some(last) if !last.is_ascii_digit() => {
                flush(&mut found);
                continue;
            }
            Some(_) => {}
        }
        let code = if word.len() >= 7 && word.bytes().all(|b| matches!(b, b'0' | b'1')) {
            if word.len() > 8 && word.len().is_multiple_of(8) {
                found.extend(word.as_bytes().chunks(8).filter_map(|bits| {
                    let bits = std::str::from_utf8(bits).ok()?;
                    u8::from_str_radix(bits, 2)
                        .ok()
                        .filter(u8::is_ascii)
                        .map(char::from)
                }));
                continue;
            }
            u8::from_str_radix(word, 2).ok()
        } else if word.len() <= 3 {
            word.parse().ok()
        } else {
            None
        };
        match code.filter(|code: &u8| (32..127).contains(code)) {
            Some(code) => found.push(char::from(code)),
            None => flush(&mut found),
        }
    }
    flush(&mut found);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_reversed_character_by_character(text in "[a é€😀\\n]{0,30}") {
            prop_assert_eq!(reversed(&text), text.chars().rev().collect::<String>());
        }
    }
}
