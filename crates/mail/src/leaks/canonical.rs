//! Text as a reader of its characters would take it: compatibility forms resolved, invisible
//! characters gone, look-alikes in otherwise Latin words folded. Only screens read it.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

use crate::settled::{ascii_length, is_settled};

/// The canonical text.
pub(super) fn canonical(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let plain = ascii_length(rest);
        out.push_str(rest.get(..plain).unwrap_or_default());
        rest = rest.get(plain..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { break };
        push_plain(&mut out, c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    Cow::Owned(fold(&out))
}

/// Writes a character outside ASCII as a reader takes it.
fn push_plain(out: &mut String, c: char) {
    match c {
        c if is_settled(c) => out.push(c),
        c if is_invisible(c) => {}
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => out.push('-'),
        '\u{2018}' | '\u{2019}' => out.push('\''),
        '\u{201C}' | '\u{201D}' | '\u{201E}' => out.push('"'),
        '\u{2028}' | '\u{2029}' => out.push('\n'),
        '\u{1F150}'..='\u{1F169}' => push_letter(out, c, '\u{1F150}'),
        '\u{1F170}'..='\u{1F189}' => push_letter(out, c, '\u{1F170}'),
        '\u{1F1E6}'..='\u{1F1FF}' => push_letter(out, c, '\u{1F1E6}'),
        c => out.extend(std::iter::once(c).nfkc().filter(|c| !is_invisible(*c))),
    }
}

fn push_letter(out: &mut String, c: char, first: char) {
    let offset = u32::from(c).saturating_sub(u32::from(first));
    out.extend(char::from_u32(u32::from('A') + offset));
}

/// Characters that take no room, among them marks drawn over a neighbour.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{300}'..='\u{36F}' | '\u{61C}' | '\u{115F}' | '\u{1160}'
        | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{20D0}'..='\u{20FF}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Folds look-alikes in words that also hold ASCII letters or digits, so that words of other
/// alphabets stay whole.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        // Words of ASCII stay, and nearly all are.
        let plain = ascii_length(rest);
        let blank = rest
            .as_bytes()
            .get(..plain)
            .and_then(|plain| plain.iter().rposition(|b| char::from(*b).is_whitespace()));
        let start = blank.map_or(0, |blank| blank + 1);
        out.push_str(rest.get(..start).unwrap_or_default());
        if plain == rest.len() {
            out.push_str(rest.get(start..).unwrap_or_default());
            return out;
        }
        let foreign = rest.get(plain..).unwrap_or_default();
        if let Some(blank) = foreign.chars().next().filter(|c| c.is_whitespace()) {
            let end = plain + blank.len_utf8();
            out.push_str(rest.get(start..end).unwrap_or_default());
            rest = rest.get(end..).unwrap_or_default();
            continue;
        }
        let end = foreign
            .find(char::is_whitespace)
            .map_or(rest.len(), |end| plain + end);
        let word = rest.get(start..end).unwrap_or_default();
        if word.bytes().any(|b| b.is_ascii_alphanumeric()) {
            out.extend(word.chars().map(latin));
        } else {
            out.push_str(word);
        }
        rest = rest.get(end..).unwrap_or_default();
    }
}

/// The Latin letter or the digit that a letter or digit of another alphabet looks like.
fn latin(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    match c {
        'а' | 'α' => 'a',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'Ь' | 'ь' => 'b',
        'с' | 'ϲ' => 'c',
        'С' | 'Ϲ' => 'C',
        'ԁ' => 'd',
        'е' | 'ҽ' => 'e',
        'Е' | 'Ε' => 'E',
        'ɡ' | 'ց' => 'g',
        'Н' | 'Η' => 'H',
        'һ' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'І' | 'Ι' | 'Ӏ' | 'ӏ' => 'I',
        'ј' => 'j',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'к' | 'κ' => 'k',
        'ⅼ' => 'l',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'ո' => 'n',
        'о' | 'ο' | 'օ' => 'o',
        'О' | 'Ο' => 'O',
        'р' | 'ρ' => 'p',
        'Р' | 'Ρ' => 'P',
        'ԛ' => 'q',
        'Ѕ' => 'S',
        'ѕ' => 's',
        'Т' | 'Τ' => 'T',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'Ԝ' => 'W',
        'х' | 'χ' => 'x',
        'Х' | 'Χ' => 'X',
        'у' | 'γ' => 'y',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        'З' => '3',
        'ᴢ' => 'z',
        other => digit(other).unwrap_or(other),
    }
}

/// The value of a decimal digit of another script. Blocks of ten begin at these code points.
fn digit(c: char) -> Option<char> {
    const ZEROES: [u32; 12] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xE50, 0x17E0,
    ];
    let code = u32::from(c);
    let zero = ZEROES
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// Text written with characters that nobody sees: Unicode tags, variation selectors as octets,
/// and two zero-width characters as bits.
pub(super) fn smuggled(text: &str) -> String {
    if text.is_ascii() {
        return String::new();
    }
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u8, 0_u8);
    let mut zero = None;
    let mut binary = Vec::new();
    let mut rest = text;
    loop {
        // None of them is ASCII.
        rest = rest.get(ascii_length(rest)..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { break };
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        let code = u32::from(c);
        match c {
            '\u{E0020}'..='\u{E007E}' => bytes.extend(u8::try_from(code - 0xE0000)),
            '\u{FE00}'..='\u{FE0F}' => bytes.extend(u8::try_from(code - 0xFE00)),
            '\u{E0100}'..='\u{E01EF}' => bytes.extend(u8::try_from(code - 0xE0100 + 16)),
            '\u{200B}' | '\u{200C}' | '\u{200D}' | '\u{2060}' | '\u{FEFF}' => {
                let first = *zero.get_or_insert(c);
                bits = (bits << 1) | u8::from(c != first);
                count += 1;
                if count == 8 {
                    // Text has no high bit: a set one means the first character stood for one.
                    binary.push(if bits & 0x80 == 0 { bits } else { !bits });
                    count = 0;
                }
            }
            _ => {}
        }
    }
    if bytes.iter().filter(|b| b.is_ascii_graphic()).count() < 8 {
        bytes.clear();
    }
    if binary.len() >= 8 && binary.iter().all(|b| b.is_ascii() && !b.is_ascii_control()) {
        bytes.push(b'\n');
        bytes.extend(binary);
    }
    bytes.retain(|b| b.is_ascii() && (*b == b'\n' || !b.is_ascii_control()));
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguised_characters_become_plain_and_words_of_other_alphabets_stay() {
        for (text, want) in [
            ("ｇｈｐ＿Ａ１", "ghp_A1"),
            ("g\u{200B}h\u{AD}p\u{2060}_", "ghp_"),
            ("АКІА7Q", "AKIA7Q"),
            ("пароль", "пароль"),
            ("𝐀𝟏", "A1"),
            ("٤٥٦ 7", "٤٥٦ 7"),
        ] {
            assert_eq!(canonical(text), want, "{text:?}");
        }
    }

    #[test]
    fn text_that_nobody_sees_is_read() {
        let tags: String = "ghp_abcd1234"
            .chars()
            .filter_map(|c| char::from_u32(u32::from(c) + 0xE0000))
            .collect();
        assert_eq!(smuggled(&format!("Hi{tags}.")), "ghp_abcd1234");
        let bits: String = "secret123"
            .bytes()
            .flat_map(|b| (0..8).rev().map(move |n| b >> n & 1))
            .map(|bit| if bit == 0 { '\u{200B}' } else { '\u{200C}' })
            .collect();
        assert!(smuggled(&bits).contains("secret123"));
        assert_eq!(smuggled("👩‍👩‍👧‍👦 ❤️ می‌خواهم"), "");
    }
}
