//! Folds text into the letters a reader or a model takes it for, and reports what was smuggled.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::page::{Carried, Technique, is_invisible};
use crate::settled::{ascii_length, is_alphanumeric, is_settled};

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
    let mut rest = input;
    loop {
        // ASCII has nothing invisible, and only a line break ends what is drawn backwards.
        let plain = ascii_length(rest);
        let plain = rest.get(..plain).unwrap_or_default();
        rest = rest.get(plain.len()..).unwrap_or_default();
        if let (Some(first), Some(end)) = (plain.chars().next(), plain.chars().next_back()) {
            out.split += usize::from(gap && first.is_alphanumeric());
            gap = false;
            last = end;
            push(plain, &mut kept, &mut backwards);
        }
        let Some(c) = rest.chars().next() else { break };
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        carried.take(c);
        if matches!(c, '\u{E0020}'..='\u{E007E}') {
            continue;
        }
        if c == '\u{202E}' || c == '\u{202D}' {
            out.overridden |= c == '\u{202E}';
            // What was drawn backwards until here stays so; it must not be lost.
            if c == '\u{202E}'
                && let Some(text) = backwards.replace(String::new())
            {
                kept.extend(text.chars().rev());
            }
            continue;
        }
        if c == '\u{202C}'
            && let Some(text) = backwards.take()
        {
            kept.extend(text.chars().rev());
        }
        let joins = c == '\u{200C}' && matches!(last, '\u{600}'..='\u{DFF}');
        if is_invisible(c) && !joins {
            gap = is_alphanumeric(last);
            continue;
        }
        if gap && is_alphanumeric(c) {
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

/// Adds ASCII to what is kept, or to what is drawn backwards as far as its line goes.
fn push(plain: &str, kept: &mut String, backwards: &mut Option<String>) {
    let Some(mut text) = backwards.take() else {
        kept.push_str(plain);
        return;
    };
    let line = plain.find('\n').unwrap_or(plain.len());
    text.push_str(plain.get(..line).unwrap_or_default());
    if line == plain.len() {
        *backwards = Some(text);
        return;
    }
    kept.extend(text.chars().rev());
    kept.push_str(plain.get(line..).unwrap_or_default());
}

/// Compatibility forms, stray marks and letters of another script inside Latin words.
fn fold(out: &mut Canonical, kept: &str) {
    let mut word = String::new();
    let mut last = ' ';
    let mut rest = kept;
    loop {
        let plain = ascii_length(rest);
        let plain = rest.get(..plain).unwrap_or_default();
        rest = rest.get(plain.len()..).unwrap_or_default();
        if let Some(end) = plain.chars().next_back() {
            last = end;
            fold_plain(out, &mut word, plain);
        }
        let Some(c) = rest.chars().next() else { break };
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if is_settled(c) {
            last = c;
            if is_alphanumeric(c) {
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
            if is_alphanumeric(c) || is_combining_mark(c) {
                word.push(c);
            } else {
                close(out, &mut word);
                out.text.push(c);
            }
        }
    }
    close(out, &mut word);
    out.text = composed(std::mem::take(&mut out.text));
}

/// ASCII between other characters: only its first and its last word may go on in those.
fn fold_plain(out: &mut Canonical, word: &mut String, plain: &str) {
    let ends = |byte: &u8| !byte.is_ascii_alphanumeric();
    let bytes = plain.as_bytes();
    let (Some(first), Some(last)) = (bytes.iter().position(ends), bytes.iter().rposition(ends))
    else {
        word.push_str(plain);
        return;
    };
    word.push_str(plain.get(..first).unwrap_or_default());
    close(out, word);
    out.text
        .push_str(plain.get(first..=last).unwrap_or_default());
    word.push_str(plain.get(last + 1..).unwrap_or_default());
}

/// Normal form C. What follows a character of ASCII is the only thing that can join it, so the
/// stretches between are not looked at.
fn composed(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    loop {
        let plain = ascii_length(rest);
        let start = plain.saturating_sub(1);
        let foreign = rest.as_bytes().get(plain..).unwrap_or_default();
        let length = foreign.iter().position(u8::is_ascii);
        let end = plain + length.unwrap_or(foreign.len());
        out.push_str(rest.get(..start).unwrap_or_default());
        let piece = rest.get(start..end).unwrap_or_default();
        if is_nfc_quick(piece.chars()) == IsNormalized::Yes {
            out.push_str(piece);
        } else {
            out.extend(piece.nfc());
        }
        rest = rest.get(end..).unwrap_or_default();
        if rest.is_empty() {
            return out;
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stretches_are_composed_as_the_whole_is(text in "[aeé\u{301}\u{323}\u{327}\u{1100}\u{1161}\u{11A8}é ]{0,40}") {
            let want: String = text.nfc().collect();
            prop_assert_eq!(composed(text), want);
        }

        #[test]
        fn text_of_letters_stays_and_a_disguise_anywhere_is_seen(before in "[a-zäß ,.\n]{0,40}", after in "[a-zäß ,.\n]{0,40}") {
            let text = format!("{before} send {after}");
            prop_assert_eq!(canonical(&text).text, text);
            let text = format!("{before} s\u{200B}e\u{200B}nd {after}");
            let seen = canonical(&text);
            prop_assert_eq!(seen.text, format!("{before} send {after}"));
            prop_assert_eq!(seen.split, 2);
            let seen = canonical(&format!("{before} sеnd \u{202E}dnes\u{202C} {after}"));
            prop_assert_eq!(seen.text, format!("{before} send send {after}"));
            prop_assert!(seen.overridden && seen.homoglyphs == 1);
            let seen = canonical(&format!("{before} \u{202E}dnes\u{202E}ti\u{202C} {after}"));
            prop_assert_eq!(seen.text, format!("{before} sendit {after}"));
        }
    }
}
