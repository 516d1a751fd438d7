//! What the names of glyphs stand for, and how wide letters are where a document does not say.

use lopdf::{Dictionary, Document, Object};

/// The characters of a named encoding, by code.
pub(crate) fn encoding(document: &Document, name: &[u8]) -> Vec<Option<char>> {
    let mut font = Dictionary::new();
    font.set("Type", Object::Name(b"Font".to_vec()));
    font.set("Encoding", Object::Name(name.to_vec()));
    let Ok(encoding) = font.get_font_encoding(document) else {
        return vec![None; 256];
    };
    (0..=255_u8)
        .map(|code| encoding.bytes_to_string(&[code]).ok()?.chars().next())
        .collect()
}

/// What a glyph of this name shows: by the list of the library, by the rules of Adobe for names
/// that are made (`uni20AC`, `u1F600`, `f_i`, `one.alt`).
pub(crate) fn meaning(document: &Document, name: &[u8]) -> Option<String> {
    let name = name.split(|b| *b == b'.').next()?;
    if name.is_empty() || name.len() > 100 {
        return None;
    }
    let mut text = String::new();
    for part in name.split(|b| *b == b'_') {
        text.push_str(&listed(document, part).or_else(|| made(part))?);
    }
    Some(text)
}

fn listed(document: &Document, name: &[u8]) -> Option<String> {
    let mut differences = Dictionary::new();
    let names = vec![Object::Integer(1), Object::Name(name.to_vec())];
    differences.set("Differences", Object::Array(names));
    let mut font = Dictionary::new();
    font.set("Type", Object::Name(b"Font".to_vec()));
    font.set("Encoding", Object::Dictionary(differences));
    let encoding = font.get_font_encoding(document).ok()?;
    // An unknown name makes the library fall back to an encoding in which this code is nothing.
    let text = encoding.bytes_to_string(&[1]).ok()?;
    (!text.is_empty()).then_some(text)
}

fn made(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let digits = name
        .strip_prefix("uni")
        .filter(|digits| digits.len() >= 4)
        .or_else(|| {
            name.strip_prefix('u')
                .filter(|digits| (4..=6).contains(&digits.len()))
        })?;
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_hex {
        return None;
    }
    if name.starts_with("uni") {
        let units = digits.as_bytes().chunks_exact(4).filter_map(|unit| {
            let unit = std::str::from_utf8(unit).ok()?;
            u16::from_str_radix(unit, 16).ok()
        });
        return String::from_utf16(&units.collect::<Vec<u16>>()).ok();
    }
    let code = u32::from_str_radix(digits, 16).ok()?;
    char::from_u32(code).map(String::from)
}

/// About how wide a letter is, in parts of its height, in a font whose widths everybody should know.
pub(crate) fn usual_width(c: char, is_fixed: bool) -> f64 {
    if is_fixed {
        return 0.6;
    }
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.23,
        ' ' | 'f' | 't' | 'I' | '.' | ',' | ':' | ';' | '!' | '/' | '\\' => 0.28,
        'r' | '(' | ')' | '[' | ']' | '-' | '`' | '"' => 0.33,
        'm' | 'M' | 'W' => 0.83,
        'w' => 0.72,
        'A'..='Z' => 0.68,
        _ => 0.54,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs_are_known_or_follow_rules() {
        let document = Document::new();
        for (name, text) in [
            (&b"Adieresis"[..], Some("Ä")),
            (b"a", Some("a")),
            (b"Euro", Some("€")),
            (b"uni20AC", Some("€")),
            (b"u1F600", Some("😀")),
            (b"f_i", Some("fi")),
            (b"one.alt", Some("1")),
            (b"g123", None),
            (b".notdef", None),
        ] {
            assert_eq!(meaning(&document, name).as_deref(), text);
        }
        let win = encoding(&document, b"WinAnsiEncoding");
        assert_eq!(win[0x80], Some('€'));
        assert_eq!(win[usize::from(b'A')], Some('A'));
    }
}
