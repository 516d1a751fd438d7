//! Fonts: which characters the codes of a string stand for, and how wide they are.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use lopdf::{Dictionary, Document, Object};

use super::cmap::ToUnicode;
use super::glyphs::{encoding, meaning, usual_width};

/// Widths of a font that are read, also those that are said again and again.
const MOST_WIDTHS: usize = 70_000;

/// One code of a string.
pub(crate) struct Glyph<'f> {
    shown: Shown<'f>,
    /// In parts of the height of letters.
    pub(crate) width: f64,
    /// Whether the space between words is added to it.
    pub(crate) is_space: bool,
}

enum Shown<'f> {
    Text(&'f str),
    Char(char),
    Unknown,
}

impl Glyph<'_> {
    /// Adds what it shows; ligatures as their letters.
    pub(crate) fn append(&self, text: &mut String) {
        match self.shown {
            Shown::Text(shown) => shown.chars().for_each(|c| append(c, text)),
            Shown::Char(c) => append(c, text),
            Shown::Unknown => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

fn append(c: char, text: &mut String) {
    match c {
        '\u{fb00}' => text.push_str("ff"),
        '\u{fb01}' => text.push_str("fi"),
        '\u{fb02}' => text.push_str("fl"),
        '\u{fb03}' => text.push_str("ffi"),
        '\u{fb04}' => text.push_str("ffl"),
        '\u{a0}' => text.push(' '),
        // Where a word may be broken, drawn or not.
        '\u{ad}' => {}
        c => text.push(c),
    }
}

/// How the octets of a string become codes.
enum Codes {
    /// One each.
    Simple,
    /// Two each, and what they mean is not said outside of [`ToUnicode`].
    Wide,
    /// In an encoding of East Asia, or UTF-16.
    Encoded(&'static Encoding),
}

/// A font.
pub(crate) struct Font {
    codes: Codes,
    /// What the font itself says.
    to_unicode: ToUnicode,
    /// By code, for simple fonts.
    characters: Vec<Option<String>>,
    widths: BTreeMap<u32, f64>,
    /// For codes without one; `None` where widths are taken from the letters.
    default_width: Option<f64>,
    is_fixed: bool,
}

impl Font {
    /// Reads a font; `to_unicode` is its table of meanings, inflated.
    pub(crate) fn new(
        document: &Document,
        dictionary: &Dictionary,
        to_unicode: Option<&[u8]>,
    ) -> Self {
        let name = |key: &[u8]| {
            let name = dictionary
                .get_deref(key, document)
                .and_then(Object::as_name);
            name.unwrap_or_default()
        };
        let is_fixed = name(b"BaseFont").windows(4).any(|part| part == b"Cour");
        let to_unicode = to_unicode.map(ToUnicode::read).unwrap_or_default();
        if name(b"Subtype") == b"Type0" {
            let (widths, default_width) = wide_widths(document, dictionary);
            return Self {
                codes: wide_codes(name(b"Encoding")),
                to_unicode,
                characters: Vec::new(),
                widths,
                default_width: Some(default_width),
                is_fixed,
            };
        }
        // The letters of a Type 3 font are drawings in a space of their own.
        let scale = if name(b"Subtype") == b"Type3" {
            let matrix = dictionary.get_deref(b"FontMatrix", document);
            let matrix = matrix.and_then(Object::as_array).ok();
            matrix.map_or(0.001, |matrix| number(document, matrix.first()).abs())
        } else {
            0.001
        };
        let widths = simple_widths(document, dictionary, scale);
        Self {
            codes: Codes::Simple,
            to_unicode,
            characters: characters(document, dictionary),
            default_width: (!widths.is_empty()).then_some(missing_width(document, dictionary)),
            widths,
            is_fixed,
        }
    }

    /// The codes of a string.
    pub(crate) fn glyphs<'f>(&'f self, string: &'f [u8]) -> Vec<Glyph<'f>> {
        if let (Codes::Encoded(encoding), true) = (&self.codes, self.to_unicode.is_empty()) {
            let (text, _) = encoding.decode_without_bom_handling(string);
            return text.chars().map(|c| self.wide_char(c)).collect();
        }
        let mut glyphs = Vec::with_capacity(string.len());
        let mut rest = string;
        while !rest.is_empty() {
            let octets = match self.codes {
                Codes::Simple => 1,
                Codes::Wide | Codes::Encoded(_) => self.to_unicode.octets(rest).unwrap_or(2),
            };
            let (code, after) = rest.split_at_checked(octets).unwrap_or((rest, &[]));
            rest = after;
            glyphs.push(self.glyph(code));
        }
        glyphs
    }

    fn glyph(&self, octets: &[u8]) -> Glyph<'_> {
        let code = octets
            .iter()
            .fold(0_u32, |code, octet| code << 8 | u32::from(*octet));
        // Some tables of simple fonts write their codes with two octets.
        let said = self.to_unicode.get(octets.len(), code);
        let said = said.or_else(|| match self.codes {
            Codes::Simple => self.to_unicode.get(2, code),
            _ => None,
        });
        let shown = said.or_else(|| {
            let index = usize::try_from(code).ok()?;
            self.characters.get(index)?.as_deref()
        });
        let width = self.widths.get(&code).copied().or(self.default_width);
        let width = width.unwrap_or_else(|| {
            let letter = shown.and_then(|shown| shown.chars().next());
            usual_width(letter.unwrap_or('x'), self.is_fixed)
        });
        Glyph {
            shown: shown.map_or(Shown::Unknown, Shown::Text),
            width,
            is_space: octets == b" ",
        }
    }

    fn wide_char(&self, c: char) -> Glyph<'static> {
        Glyph {
            shown: Shown::Char(c),
            width: if c.is_ascii() { 0.5 } else { 1.0 },
            is_space: c == ' ' && self.default_width.is_none(),
        }
    }
}

/// What the codes of a simple font show: its base, and what differs from it.
fn characters(document: &Document, dictionary: &Dictionary) -> Vec<Option<String>> {
    let said = dictionary.get_deref(b"Encoding", document).ok();
    let differing = said.and_then(|said| said.as_dict().ok());
    let base = match (said.map(Object::as_name), differing) {
        (Some(Ok(name)), _) => name,
        (_, Some(differing)) => {
            let base = differing.get_deref(b"BaseEncoding", document);
            base.and_then(Object::as_name).unwrap_or_default()
        }
        _ => b"",
    };
    let known = [
        &b"WinAnsiEncoding"[..],
        b"MacRomanEncoding",
        b"MacExpertEncoding",
        b"StandardEncoding",
    ];
    let subtype = dictionary
        .get_deref(b"Subtype", document)
        .and_then(Object::as_name);
    let base = if known.contains(&base) {
        base
    } else if subtype.is_ok_and(|subtype| subtype == b"TrueType") {
        &b"WinAnsiEncoding"[..]
    } else {
        &b"StandardEncoding"[..]
    };
    let mut characters: Vec<Option<String>> = encoding(document, base)
        .into_iter()
        .map(|c| c.map(String::from))
        .collect();
    let differences = differing.and_then(|differing| {
        let differences = differing.get_deref(b"Differences", document).ok()?;
        differences.as_array().ok()
    });
    let mut code = 0_usize;
    for object in differences.into_iter().flatten().take(1_000) {
        if let Ok(next) = object.as_i64() {
            code = usize::try_from(next).unwrap_or(usize::MAX);
        } else if let Ok(name) = object.as_name() {
            if let Some(character) = characters.get_mut(code) {
                *character = meaning(document, name);
            }
            code = code.saturating_add(1);
        }
    }
    characters
}

fn simple_widths(document: &Document, dictionary: &Dictionary, scale: f64) -> BTreeMap<u32, f64> {
    let first = dictionary.get_deref(b"FirstChar", document);
    let first = first.and_then(Object::as_i64).unwrap_or(0);
    let widths = dictionary.get_deref(b"Widths", document);
    let widths = widths.and_then(Object::as_array).ok();
    let codes = u32::try_from(first).unwrap_or(0)..;
    let widths = widths.into_iter().flatten().take(256);
    codes
        .zip(widths)
        .map(|(code, width)| (code, number(document, Some(width)) * scale))
        .collect()
}

fn missing_width(document: &Document, dictionary: &Dictionary) -> f64 {
    let descriptor = dictionary.get_deref(b"FontDescriptor", document);
    let descriptor = descriptor.and_then(Object::as_dict).ok();
    let width = descriptor.and_then(|one| one.get_deref(b"MissingWidth", document).ok());
    match width {
        Some(width) => number(document, Some(width)) / 1000.0,
        None => 0.5,
    }
}

/// The widths of the glyphs of a wide font, and of those without one (ISO 32000-1, 9.7.4.3).
fn wide_widths(document: &Document, dictionary: &Dictionary) -> (BTreeMap<u32, f64>, f64) {
    let mut widths = BTreeMap::new();
    let inner = dictionary.get_deref(b"DescendantFonts", document);
    let inner = inner.and_then(Object::as_array).ok();
    let inner = inner.and_then(|fonts| document.dereference(fonts.first()?).ok());
    let Some(inner) = inner.and_then(|(_, inner)| inner.as_dict().ok()) else {
        return (widths, 1.0);
    };
    let default = inner.get_deref(b"DW", document).ok();
    let default = default.map_or(1.0, |width| number(document, Some(width)) / 1000.0);
    let list = inner.get_deref(b"W", document).and_then(Object::as_array);
    let mut list = list.into_iter().flatten();
    let mut read = 0_usize;
    while let Some(first) = list.next() {
        let code = |object: Option<&Object>| -> Option<u32> {
            let (_, object) = document.dereference(object?).ok()?;
            u32::try_from(object.as_i64().ok()?).ok()
        };
        let (Some(first), Some(second)) = (code(Some(first)), list.next()) else {
            break;
        };
        let array = document.dereference(second).ok();
        if let Some(array) = array.and_then(|(_, array)| array.as_array().ok()) {
            for (code, width) in (first..).zip(array) {
                read += 1;
                if read > MOST_WIDTHS {
                    return (widths, default);
                }
                widths.insert(code, number(document, Some(width)) / 1000.0);
            }
        } else if let Some(last) = code(Some(second)) {
            let width = number(document, list.next()) / 1000.0;
            for code in first..=last {
                read += 1;
                if read > MOST_WIDTHS {
                    return (widths, default);
                }
                widths.insert(code, width);
            }
        } else {
            break;
        }
    }
    (widths, default)
}

/// How the strings of a wide font are written, by the name of the table (ISO 32000-1, 9.7.5.2).
fn wide_codes(name: &[u8]) -> Codes {
    let name = String::from_utf8_lossy(name);
    let has = |part: &str| name.contains(part);
    if has("UCS2") || has("UTF16") {
        Codes::Encoded(encoding_rs::UTF_16BE)
    } else if has("GBK") || has("GB-EUC") || has("GBpc") {
        Codes::Encoded(encoding_rs::GBK)
    } else if has("RKSJ") {
        Codes::Encoded(encoding_rs::SHIFT_JIS)
    } else if has("EUC-H") || has("EUC-V") {
        if has("KSC") {
            Codes::Encoded(encoding_rs::EUC_KR)
        } else {
            Codes::Encoded(encoding_rs::EUC_JP)
        }
    } else if has("KSCms") || has("KSCpc") {
        Codes::Encoded(encoding_rs::EUC_KR)
    } else if has("B5") || has("HKscs") {
        Codes::Encoded(encoding_rs::BIG5)
    } else {
        Codes::Wide
    }
}

fn number(document: &Document, object: Option<&Object>) -> f64 {
    let object = object.and_then(|object| document.dereference(object).ok());
    let number = object.and_then(|(_, object)| object.as_float().ok());
    number.map_or(0.0, f64::from)
}
