//! Numbers of persons and papers that have letters.

use super::literals::List;
use super::national_checks::part;
use super::numbers::{is_date, modulo, weighted};
use super::{Class, Findings, View, around, names_any};

/// Octets in which a number is looked for.
const WINDOW: usize = 30;

/// Numbers with letters. Blanks and dashes inside are left out for those that are written so.
pub(super) fn lettered(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    let mut digit = 0;
    for word in &view.words {
        let at = word.start();
        // All of them have digits, which most words have not.
        if digit < at {
            let behind = text.get(at..).unwrap_or_default();
            let next = behind.iter().position(u8::is_ascii_digit);
            digit = next.map_or(text.len(), |next| at + next);
        }
        if digit >= at + WINDOW {
            continue;
        }
        let rest = text
            .get(at..text.len().min(at + WINDOW))
            .unwrap_or_default();
        let length = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || *b == b'-'));
        let word = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        let near = || around(view.lower, at, at, 100);
        let named = |words: &[&str]| names_any(near(), words) || names_any(view.subject, words);
        let kind = match word.len() {
            16 if it_fiscal(word) => Some("it_codice_fiscale"),
            18 if cn_resident(word) => Some("cn_resident_id"),
            18 if shaped(word, b"AAAA999999AAAAAA09") && named(&["curp"]) => Some("mx_curp"),
            11 if fi_person(word) => Some("fi_hetu"),
            9..=11
                if es_person(word) && named(&["dni", "nie", "nif", "documento", "identidad"]) =>
            {
                Some("es_dni")
            }
            10 if shaped(word, b"AAAAA9999A")
                && named(&["pan ", " pan", "permanent account", "income tax"]) =>
            {
                Some("in_pan")
            }
            9 if sg_nric(word) && named(&["nric", "fin "]) => Some("sg_nric"),
            8 | 9 if ie_ppsn(word) && named(&["pps"]) => Some("ie_ppsn"),
            _ => None,
        };
        if let Some(kind) = kind {
            findings.add(
                kind,
                Class::Personal,
                view.place,
                &String::from_utf8_lossy(word),
            );
        } else if let Some(value) = uk_nino(rest) {
            let words = [
                "national insurance",
                "nino",
                "ni number",
                "ni no",
                "n.i.",
                "payroll",
                "hmrc",
                "p45",
                "p60",
            ];
            if named(&words) {
                findings.add("uk_nino", Class::Personal, view.place, &value);
            }
        }
    }
}

/// Whether a word has a shape: `A` letter, `9` digit, `0` either.
fn shaped(word: &[u8], shape: &[u8]) -> bool {
    word.len() == shape.len()
        && word.iter().zip(shape).all(|(byte, wanted)| match wanted {
            b'A' => byte.is_ascii_uppercase(),
            b'9' => byte.is_ascii_digit(),
            _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        })
}

fn uk_nino(rest: &[u8]) -> Option<String> {
    let mut word = Vec::new();
    let mut length = 0;
    for byte in rest {
        if byte.is_ascii_alphanumeric() {
            // Most words end the search at their third letter.
            let fits = match length {
                0 | 1 | 8 => byte.is_ascii_alphabetic(),
                2..=7 => byte.is_ascii_digit(),
                _ => false,
            };
            if !fits {
                return None;
            }
            length += 1;
        } else if !matches!(byte, b' ' | b'-') || length == 9 {
            break;
        }
    }
    if length == 9 {
        let letters = rest.iter().filter(|b| b.is_ascii_alphanumeric()).take(9);
        word.extend(letters.map(u8::to_ascii_uppercase));
    }
    let pair = word.get(..2)?;
    let refused = [&b"BG"[..], b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].contains(&pair);
    let letters = !pair.iter().any(|b| b"DFIQUV".contains(b)) && pair.last() != Some(&b'O');
    let found = shaped(&word, b"AA999999A")
        && matches!(word.last(), Some(b'A'..=b'D'))
        && letters
        && !refused;
    found.then(|| String::from_utf8_lossy(&word).into_owned())
}

fn it_fiscal(word: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    if !shaped(word, b"AAAAAA00A00A000A") {
        return false;
    }
    let value = |byte: &u8| {
        if byte.is_ascii_digit() {
            byte - b'0'
        } else {
            byte - b'A'
        }
    };
    let sum: u32 = word
        .iter()
        .take(15)
        .enumerate()
        .map(|(at, byte)| {
            let value = value(byte);
            if at % 2 == 0 {
                ODD.get(usize::from(value)).copied().unwrap_or_default()
            } else {
                u32::from(value)
            }
        })
        .sum();
    word.last()
        .is_some_and(|last| u32::from(last - b'A') == sum % 26)
}

fn cn_resident(word: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let (Some(head), Some(last)) = (word.get(..17), word.get(17)) else {
        return false;
    };
    if !head.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let digits: Vec<u8> = head.iter().map(|b| b - b'0').collect();
    let sum = weighted(&digits, &WEIGHTS) % 11;
    let check = b"10X98765432".get(usize::try_from(sum).unwrap_or(0));
    check == Some(&last.to_ascii_uppercase())
        && is_date(part(&digits, 10, 12), part(&digits, 12, 14))
        && matches!(part(&digits, 6, 8), [1, 9] | [2, 0])
}

fn fi_person(word: &[u8]) -> bool {
    let (Some(head), Some(tail), Some(check)) = (word.get(..6), word.get(7..10), word.get(10))
    else {
        return false;
    };
    if !head.iter().chain(tail).all(u8::is_ascii_digit)
        || !matches!(word.get(6), Some(b'-' | b'A'..=b'F' | b'U'..=b'Y'))
    {
        return false;
    }
    let digits: Vec<u8> = head.iter().chain(tail).map(|b| b - b'0').collect();
    let rest = usize::try_from(modulo(&digits, 31)).unwrap_or(0);
    is_date(part(&digits, 2, 4), part(&digits, 0, 2))
        && b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(rest) == Some(check)
}

fn es_person(word: &[u8]) -> bool {
    let word: Vec<u8> = word.iter().copied().filter(|b| *b != b'-').collect();
    let (Some((check, head)), 9) = (word.split_last(), word.len()) else {
        return false;
    };
    let digits: Vec<u8> = head
        .iter()
        .enumerate()
        .filter_map(|(at, byte)| match (at, byte.to_ascii_uppercase()) {
            (_, b'0'..=b'9') => Some(byte - b'0'),
            (0, letter @ b'X'..=b'Z') => Some(letter - b'X'),
            _ => None,
        })
        .collect();
    let rest = usize::try_from(modulo(&digits, 23)).unwrap_or(0);
    digits.len() == 8 && b"TRWAGMYFPDXBNJZSQVHLCKE".get(rest) == Some(&check.to_ascii_uppercase())
}

fn sg_nric(word: &[u8]) -> bool {
    shaped(word, b"A9999999A") && matches!(word.first(), Some(b'S' | b'T' | b'F' | b'G' | b'M'))
}

fn ie_ppsn(word: &[u8]) -> bool {
    shaped(word, b"9999999A") || shaped(word, b"9999999AA")
}

/// Names of papers, and what [`KINDS`] calls them.
pub(super) const PAPERS: &[&str] = &[
    "passport",
    "reisepass",
    "passeport",
    "pasaporte",
    "passaporto",
    "passaporte",
    "paspoort",
    "personalausweis",
    "ausweisnummer",
    "identity card",
    "id card",
    "driver's license",
    "driver license",
    "driving licence",
    "führerschein",
    "паспорт",
];

/// The kinds of [`PAPERS`], one for one.
const KINDS: &[&str] = &[
    "passport",
    "passport",
    "passport",
    "passport",
    "passport",
    "passport",
    "passport",
    "id_card",
    "id_card",
    "id_card",
    "id_card",
    "driving_licence",
    "driving_licence",
    "driving_licence",
    "driving_licence",
    "passport",
];

/// Passports, identity cards and driving licences: the number stands behind their name.
pub(super) fn papers(view: &View<'_>, findings: &mut Findings) {
    for (index, (name, kind)) in PAPERS.iter().zip(KINDS).enumerate() {
        for at in view.hits.at(List::Papers, index) {
            let end = at + name.len();
            let behind = around(view.text, end, end, 40);
            let behind = behind
                .get(behind.len().saturating_sub(40)..)
                .unwrap_or(behind);
            let words = behind.split(|c: char| !c.is_ascii_alphanumeric());
            for word in words.filter(|word| (7..=12).contains(&word.len())) {
                let digits = word.bytes().filter(u8::is_ascii_digit).count();
                let capitals = word
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
                if capitals && (5..12).contains(&digits) {
                    findings.add(kind, Class::Personal, view.place, word);
                }
            }
        }
    }
}
