//! Folding: what is written differently but meant alike becomes one spelling.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A base character with the marks after it may grow to this many; more is an attack on the eye.
const MAX_CLUSTER: usize = 32;

/// One character after folding, with the octets of the text that it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded {
    pub(super) char: char,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Calls `each` with the folded characters of `text`, in order. A character together with its
/// marks is compatibility-normalised, loses the accents that Latin, Greek, Cyrillic, Hebrew and
/// Arabic words are also written without, and becomes lower case. Linear in the length of `text`.
pub(super) fn each_folded(text: &str, mut each: impl FnMut(Folded)) {
    let mut chars = text.char_indices().peekable();
    let mut cluster = String::new();
    while let Some((start, first)) = chars.next() {
        let mut end = start + first.len_utf8();
        let next_is_plain = chars.peek().is_none_or(|(_, next)| next.is_ascii());
        if first.is_ascii() && next_is_plain {
            let char = first.to_ascii_lowercase();
            each(Folded { char, start, end });
            continue;
        }
        cluster.clear();
        cluster.push(first);
        let mut length = 1;
        while let Some((at, next)) = chars.peek().copied() {
            if !extends(next) || length >= MAX_CLUSTER {
                break;
            }
            cluster.push(next);
            length += 1;
            end = at + next.len_utf8();
            chars.next();
        }
        fold_cluster(&cluster, |char| each(Folded { char, start, end }));
    }
}

fn fold_cluster(cluster: &str, each: impl FnMut(char)) {
    let bare = cluster.nfkd().filter(|c| !is_optional_mark(*c));
    let lower = bare.flat_map(char::to_lowercase);
    let spelled = lower.filter(|c| !is_optional_mark(*c)).flat_map(spelling);
    spelled.nfc().for_each(each);
}

/// Belongs to the character before it: marks, and the later parts of Hangul syllables.
fn extends(c: char) -> bool {
    match c {
        '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' => true,
        // The voicing marks of half-width katakana.
        '\u{FF9E}' | '\u{FF9F}' => true,
        c if (c as u32) < 0x300 => false,
        c => is_combining_mark(c),
    }
}

/// Marks that words are also written without. The vowel signs of Indic and Thai writing and the
/// voicing marks of kana are letters in effect and stay.
fn is_optional_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}'
        | '\u{0483}'..='\u{0489}'
        | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}'
        | '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}'
        // Invisible characters that mailers leave inside words.
        | '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}'
        | '\u{FE00}'..='\u{FE0F}')
}

/// Letters that have no parts but a common other spelling, and digits of other scripts.
fn spelling(c: char) -> impl Iterator<Item = char> {
    let pair = match c {
        'ß' => ['s', 's'],
        'æ' => ['a', 'e'],
        'œ' => ['o', 'e'],
        'þ' => ['t', 'h'],
        other => [simple_spelling(other), '\0'],
    };
    pair.into_iter().filter(|c| *c != '\0')
}

fn simple_spelling(c: char) -> char {
    match c {
        'ø' => 'o',
        'ł' => 'l',
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ς' => 'σ',
        '’' | '‘' => '\'',
        '\u{0660}'..='\u{0669}' => digit(c, 0x0660),
        '\u{06F0}'..='\u{06F9}' => digit(c, 0x06F0),
        '\u{0966}'..='\u{096F}' => digit(c, 0x0966),
        other => other,
    }
}

fn digit(c: char, zero: u32) -> char {
    char::from_u32(u32::from(b'0') + (c as u32 - zero)).unwrap_or(c)
}
