//! Folds text into the letters a reader or a model takes it for, and reports what was smuggled.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::page::{Carried, Technique, is_invisible};
use crate::settled::is_settled;

/// Canonical text and the disguises found on the way.
#[derive(Default)]
pub(super) struct Canonical {
    pub(super) text: String,
    /// Texts carried by invisible characters.
    pub(super) smuggled: Vec<(Technique, String)>,
    /// How many letters were disguised, by technique.
    pub(super) split: usize,
    pub(super) styled: usize,
    pub(super) homoglyphs: usize,
    pub(super) overridden: bool,
}

/// Strips what cannot be seen, reads what it carries and folds look-alikes.
pub(super) fn canonical(input: &str) -> Canonical {
    let mut out = Canonical::default();
    if input.is_ascii() {
        out.text = input.to_owned();
        return out;
    }
    let mut carried = Carried::default();
    let mut kept = String::with_capacity(input.len());
    let mut last = ' ';
    let mut gap = false;
    let mut backwards: Option<String> = None;
    for c in input.chars() {
        carried.take(c);
        if matches!(c, '\u{E0020}'..='\u{E007E}') {
            continue;
        }
        if c == '\u{202E}' || c == '\u{202D}' {
            out.overridden |= c == '\u{202E}';
            if c == '\u{202E}' {
                backwards = Some(String::new());
            }
            continue;
        }
        if matches!(c, '\u{202C}' | '\n')
            && let Some(text) = backwards.take()
        {
            kept.extend(text.chars().rev());
        }
        let joins = c == '\u{200C}' && matches!(last, '\u{600}'..='\u{DFF}');
        if is_invisible(c) && !joins {
            gap = last.is_alphanumeric();
            continue;
        }
        if gap && c.is_alphanumeric() {
            out.split += 1;
        }
        gap = false;
        last = c;
        match &mut backwards {
            Some(text) => text.push(c),
            None => kept.push(c),
        }
    }
    if let Some(text) = backwards.take() {
        kept.extend(text.chars().rev());
    }
    out.smuggled = carried.read();
    fold(&mut out, &kept);
    out
}

/// Compatibility forms, stray marks and letters of another script inside Latin words.
fn fold(out: &mut Canonical, kept: &str) {
    let mut word = String::new();
    let mut last = ' ';
    for c in kept.chars() {
        if c.is_ascii() || is_settled(c) {
            last = c;
            if c.is_alphanumeric() {
                word.push(c);
            } else {
                close(out, &mut word);
                out.text.push(c);
            }
            continue;
        }
        if is_styled(c) {
            out.styled += 1;
        }
        for c in std::iter::once(c).nfkc() {
            // Marks that no language puts on Latin letters in running text.
            if is_combining_mark(c)
                && matches!(last, 'a'..='z' | 'A'..='Z' | ' ' | '.' | ',' | '0'..='9')
                && matches!(c, '\u{315}'..='\u{322}' | '\u{332}'..='\u{36F}' | '\u{20D0}'..='\u{20F0}')
            {
                out.split += usize::from(last.is_ascii_alphabetic());
                continue;
            }
            last = c;
            if c.is_alphanumeric() || is_combining_mark(c) {
                word.push(c);
            } else {
                close(out, &mut word);
                out.text.push(c);
            }
        }
    }
    close(out, &mut word);
    if !unicode_normalization::is_nfc(&out.text) {
        out.text = out.text.nfc().collect();
    }
}

fn close(out: &mut Canonical, word: &mut String) {
    if word.is_ascii() {
        out.text.push_str(word);
        word.clear();
        return;
    }
    let latin = word.chars().filter(char::is_ascii_alphabetic).count();
    let alike = word.chars().filter(|c| look_alike(*c).is_some()).count();
    let foreign = word
        .chars()
        .filter(|c| c.is_alphabetic() && !c.is_ascii())
        .count();
    if alike > 0 && alike == foreign && (latin > 0 || out.homoglyphs > 2) {
        out.homoglyphs += usize::from(latin > 0);
        out.text
            .extend(word.chars().map(|c| look_alike(c).unwrap_or(c)));
    } else {
        out.text.push_str(word);
    }
    word.clear();
}

fn is_styled(c: char) -> bool {
    matches!(
        c,
        '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' | '\u{1D400}'..='\u{1D7FF}'
            | '\u{24B6}'..='\u{24E9}' | '\u{1F110}'..='\u{1F189}' | '\u{249C}'..='\u{24B5}'
            | '\u{2100}'..='\u{2114}' | '\u{2119}'..='\u{211D}' | '\u{2C7C}' | '\u{1D2C}'..='\u{1D6A}' | '\u{2090}'..='\u{209C}'
    )
}

/// The Latin letter a Cyrillic, Greek or Armenian letter is taken for.
fn look_alike(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    Some(match c {
        'а' | 'α' | 'ᴀ' => 'a',
        'е' | 'ᴇ' => 'e',
        'о' | 'ο' | 'օ' | 'ᴏ' => 'o',
        'р' | 'ρ' | 'ᴘ' => 'p',
        'с' | 'ᴄ' => 'c',
        'у' | 'γ' => 'y',
        'х' | 'χ' => 'x',
        'і' | 'ι' | 'ɩ' | 'ɪ' => 'i',
        'ј' | 'ᴊ' => 'j',
        'ѕ' => 's',
        'һ' | 'н' | 'հ' => 'h',
        'ԁ' | 'ᴅ' => 'd',
        'ԛ' => 'q',
        'ԝ' | 'ᴡ' => 'w',
        'в' | 'ʙ' => 'b',
        'к' | 'κ' | 'ᴋ' => 'k',
        'м' | 'ᴍ' => 'm',
        'т' | 'ᴛ' => 't',
        'г' | 'ʀ' => 'r',
        'п' | 'ո' | 'ɴ' => 'n',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'Е' | 'Ε' => 'E',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Н' | 'Η' => 'H',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'С' => 'C',
        'Т' | 'Τ' => 'T',
        'У' | 'Υ' => 'Y',
        'Х' | 'Χ' => 'X',
        'І' | 'Ι' => 'I',
        'Ј' => 'J',
        'Ѕ' => 'S',
        'Ԍ' => 'G',
        'Ԛ' => 'Q',
        'Ԝ' => 'W',
        'Ζ' => 'Z',
        'Ν' => 'N',
        'ν' | 'ᴠ' => 'v',
        'υ' | 'ս' | 'ᴜ' => 'u',
        'ɡ' | 'ց' => 'g',
        'ʟ' => 'l',
        'ᴢ' => 'z',
        _ => return None,
    })
}
