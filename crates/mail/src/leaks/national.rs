//! Numbers that states give to people, by their layout, check digits and the words around.

use super::numbers::{is_date, luhn, mod_11_10, modulo, verhoeff, weighted};
use super::{Class, Findings, View, around, names_any};

/// Finds them.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    numeric(view, findings);
    lettered(view, findings);
    papers(view, findings);
}

/// A number of digits alone.
struct Number {
    kind: &'static str,
    digits: usize,
    /// Groups that show the layout without a word around. Empty: a word is always needed.
    groups: &'static [usize],
    valid: fn(&[u8]) -> bool,
    words: &'static [&'static str],
}

const NUMBERS: &[Number] = &[
    Number {
        kind: "us_ssn",
        digits: 9,
        groups: &[],
        valid: us_ssn,
        words: &[
            "ssn",
            "social security",
            "social sec",
            "soc sec",
            "itin",
            "w-2",
            "w-9",
            "w2",
            "w9",
            "date of birth",
            "dob",
            "employee",
            "payroll",
            "taxpayer",
            "tax id",
            "background check",
            "i-9",
            "ss#",
            "seguro social",
        ],
    },
    Number {
        kind: "ca_sin",
        digits: 9,
        groups: &[],
        valid: luhn,
        words: &[
            "social insurance",
            "sin:",
            "sin ",
            "numéro d'assurance sociale",
            "nas ",
        ],
    },
    Number {
        kind: "au_tfn",
        digits: 9,
        groups: &[],
        valid: au_tfn,
        words: &["tfn", "tax file"],
    },
    Number {
        kind: "nl_bsn",
        digits: 9,
        groups: &[],
        valid: nl_bsn,
        words: &["bsn", "burgerservice", "sofinummer"],
    },
    Number {
        kind: "pt_nif",
        digits: 9,
        groups: &[],
        valid: pt_nif,
        words: &["nif", "contribuinte"],
    },
    Number {
        kind: "us_bank_account",
        digits: 9,
        groups: &[],
        valid: us_routing,
        words: &["routing"],
    },
    Number {
        kind: "il_id",
        digits: 9,
        groups: &[],
        valid: il_id,
        words: &["teudat", "israeli id", "תעודת זהות", "ת.ז"],
    },
    Number {
        kind: "uk_nhs",
        digits: 10,
        groups: &[],
        valid: uk_nhs,
        words: &["nhs"],
    },
    Number {
        kind: "se_personnummer",
        digits: 10,
        groups: &[],
        valid: se_person,
        words: &[
            "personnummer",
            "personal number",
            "pnr",
            "personal identity",
        ],
    },
    Number {
        kind: "se_personnummer",
        digits: 12,
        groups: &[],
        valid: se_person,
        words: &[
            "personnummer",
            "personal number",
            "pnr",
            "personal identity",
        ],
    },
    Number {
        kind: "dk_cpr",
        digits: 10,
        groups: &[],
        valid: day_first,
        words: &["cpr", "personnummer"],
    },
    Number {
        kind: "cz_rodne_cislo",
        digits: 10,
        groups: &[],
        valid: |d| modulo(d, 11) == 0,
        words: &["rodné", "rodne", "birth number", "r.č."],
    },
    Number {
        kind: "bg_egn",
        digits: 10,
        groups: &[],
        valid: bg_egn,
        words: &["egn", "егн"],
    },
    Number {
        kind: "at_svnr",
        digits: 10,
        groups: &[],
        valid: at_svnr,
        words: &["sozialversicherung", "svnr", "sv-nr", "versicherungsnummer"],
    },
    Number {
        kind: "de_tax_id",
        digits: 11,
        groups: &[],
        valid: de_tax,
        words: &["steuer", "idnr", "tax id", "tin", "identifikationsnummer"],
    },
    Number {
        kind: "pl_pesel",
        digits: 11,
        groups: &[],
        valid: pl_pesel,
        words: &["pesel"],
    },
    Number {
        kind: "no_fodselsnummer",
        digits: 11,
        groups: &[],
        valid: no_person,
        words: &["fødsels", "fodsels", "personnummer", "national id"],
    },
    Number {
        kind: "be_national",
        digits: 11,
        groups: &[2, 2, 2, 3, 2],
        valid: be_person,
        words: &[
            "rijksregister",
            "registre national",
            "national number",
            "nationaal nummer",
            "niss",
            "insz",
        ],
    },
    Number {
        kind: "br_cpf",
        digits: 11,
        groups: &[3, 3, 3, 2],
        valid: br_cpf,
        words: &["cpf"],
    },
    Number {
        kind: "tr_kimlik",
        digits: 11,
        groups: &[],
        valid: tr_kimlik,
        words: &["kimlik", "tckn", "t.c."],
    },
    Number {
        kind: "hr_oib",
        digits: 11,
        groups: &[],
        valid: mod_11_10,
        words: &["oib"],
    },
    Number {
        kind: "in_aadhaar",
        digits: 12,
        groups: &[],
        valid: verhoeff,
        words: &["aadhaar", "aadhar", "uidai", "आधार"],
    },
    Number {
        kind: "jp_my_number",
        digits: 12,
        groups: &[],
        valid: jp_number,
        words: &["my number", "マイナンバー", "個人番号"],
    },
    Number {
        kind: "ch_ahv",
        digits: 13,
        groups: &[3, 4, 4, 2],
        valid: ch_ahv,
        words: &["ahv", "avs", "versichertennummer"],
    },
    Number {
        kind: "kr_rrn",
        digits: 13,
        groups: &[],
        valid: |d| is_date(part(d, 2, 4), part(d, 4, 6)),
        words: &["주민", "rrn", "resident registration"],
    },
    Number {
        kind: "za_id",
        digits: 13,
        groups: &[],
        valid: |d| luhn(d) && is_date(part(d, 2, 4), part(d, 4, 6)),
        words: &["id number", "identity number", "south african id", "rsa id"],
    },
    Number {
        kind: "ro_cnp",
        digits: 13,
        groups: &[],
        valid: ro_cnp,
        words: &["cnp", "cod numeric"],
    },
    Number {
        kind: "fr_nir",
        digits: 15,
        groups: &[1, 2, 2, 2, 3, 3, 2],
        valid: fr_nir,
        words: &[
            "sécurité sociale",
            "securite sociale",
            "nir",
            "insee",
            "social security",
            "n° sécu",
            "numéro de sécu",
        ],
    },
];

fn part(digits: &[u8], from: usize, to: usize) -> &[u8] {
    digits.get(from..to).unwrap_or_default()
}

fn numeric(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    let mut at = 0;
    while let Some(offset) = text
        .get(at..)
        .and_then(|rest| rest.iter().position(u8::is_ascii_digit))
    {
        let from = at + offset;
        let (mut digits, mut groups, mut end) = (Vec::new(), vec![0_usize], from);
        while let Some(byte) = text.get(end) {
            let next_is_digit = text.get(end + 1).is_some_and(u8::is_ascii_digit);
            if byte.is_ascii_digit() {
                digits.push(byte - b'0');
                if let Some(last) = groups.last_mut() {
                    *last += 1;
                }
            } else if matches!(byte, b'-' | b'.' | b' ' | b'/' | b'_') && next_is_digit {
                groups.push(0);
            } else {
                break;
            }
            end += 1;
        }
        at = end.max(from + 1);
        let before = from
            .checked_sub(1)
            .and_then(|at| text.get(at))
            .copied()
            .unwrap_or(b' ');
        if before.is_ascii_alphanumeric()
            || matches!(before, b'*' | b'-' | b'+')
            || digits.len() > 32
        {
            continue;
        }
        judge(view, &digits, &groups, (from, end), findings);
    }
}

fn judge(
    view: &View<'_>,
    digits: &[u8],
    groups: &[usize],
    span: (usize, usize),
    findings: &mut Findings,
) {
    // Other numbers may follow after a blank; the first groups that have the length count.
    let mut length = 0;
    for (count, group) in groups.iter().enumerate() {
        length += group;
        for rule in NUMBERS.iter().filter(|rule| rule.digits == length) {
            let own = part(digits, 0, length);
            let layout = groups.get(..=count).unwrap_or_default();
            let near = around(view.lower, span.0, span.1, 100);
            let shown = !rule.groups.is_empty() && layout == rule.groups;
            let named = || names_any(near, rule.words) || names_any(view.subject, rule.words);
            let laid_out = rule.kind != "us_ssn"
                || layout == [3, 2, 4]
                || (layout == [9] && names_any(near, &["ssn", "social security"]));
            if laid_out && (rule.valid)(own) && !one_digit(own) && (shown || named()) {
                let value: String = own.iter().map(|d| char::from(b'0' + d)).collect();
                findings.add(rule.kind, Class::Personal, view.place, &value);
                return;
            }
        }
    }
}

fn one_digit(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair.first() == pair.last())
}

/// Area, group and serial; not the number of the wallet advertisement and its kin.
fn us_ssn(digits: &[u8]) -> bool {
    let area = modulo(part(digits, 0, 3), 1_000);
    let known = [
        &[0, 7, 8, 0, 5, 1, 1, 2, 0][..],
        &[2, 1, 9, 0, 9, 9, 9, 9, 9],
        &[1, 2, 3, 4, 5, 6, 7, 8, 9],
    ];
    let itin = area >= 900
        && matches!(modulo(part(digits, 3, 5), 100), 50..=65 | 70..=88 | 90..=92 | 94..=99);
    (itin || (area != 0 && area != 666 && area < 900))
        && modulo(part(digits, 3, 5), 100) != 0
        && modulo(part(digits, 5, 9), 10_000) != 0
        && !known.contains(&digits)
}

fn au_tfn(d: &[u8]) -> bool {
    weighted(d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

fn nl_bsn(d: &[u8]) -> bool {
    let sum = weighted(d, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum % 11 == d.last().map_or(0, |last| u32::from(*last))
}

fn eleven(sum: u32) -> u32 {
    match 11 - sum % 11 {
        10 | 11 => 0,
        check => check,
    }
}

fn pt_nif(d: &[u8]) -> bool {
    d.last()
        .is_some_and(|last| eleven(weighted(d, &[9, 8, 7, 6, 5, 4, 3, 2])) == u32::from(*last))
}

fn us_routing(d: &[u8]) -> bool {
    weighted(d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

fn il_id(d: &[u8]) -> bool {
    luhn(d)
}

fn uk_nhs(d: &[u8]) -> bool {
    let check = 11 - weighted(d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    d.last().is_some_and(|last| check % 11 == u32::from(*last))
}

fn se_person(d: &[u8]) -> bool {
    let short = part(d, d.len().saturating_sub(10), d.len());
    luhn(short) && is_date(part(short, 2, 4), part(short, 4, 6))
}

fn day_first(d: &[u8]) -> bool {
    is_date(part(d, 2, 4), part(d, 0, 2))
}

fn bg_egn(d: &[u8]) -> bool {
    let sum = weighted(d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    d.last().is_some_and(|last| sum == u32::from(*last))
}

fn at_svnr(d: &[u8]) -> bool {
    let sum = weighted(d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
    d.get(3).is_some_and(|check| sum == u32::from(*check)) && is_date(part(d, 6, 8), part(d, 4, 6))
}

fn de_tax(d: &[u8]) -> bool {
    d.first() != Some(&0) && mod_11_10(d)
}

fn pl_pesel(d: &[u8]) -> bool {
    let sum = weighted(d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10;
    d.last()
        .is_some_and(|last| (10 - sum) % 10 == u32::from(*last))
}

fn no_person(d: &[u8]) -> bool {
    weighted(d, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && weighted(d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

fn be_person(d: &[u8]) -> bool {
    let head = modulo(part(d, 0, 9), 97);
    let check = modulo(part(d, 9, 11), 100);
    // Those born from 2000 on have a 2 before the number when it is checked.
    let later = (head + 2_000_000_000 % 97) % 97;
    check == 97 - head || check == 97 - later
}

fn br_cpf(d: &[u8]) -> bool {
    let check = |count: usize, weights: &[u32]| {
        let rest = weighted(part(d, 0, count), weights) * 10 % 11 % 10;
        d.get(count).is_some_and(|digit| rest == u32::from(*digit))
    };
    check(9, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) && check(10, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
}

fn tr_kimlik(d: &[u8]) -> bool {
    let sum: u32 = part(d, 0, 10).iter().map(|digit| u32::from(*digit)).sum();
    d.first() != Some(&0) && d.last().is_some_and(|last| sum % 10 == u32::from(*last))
}

fn jp_number(d: &[u8]) -> bool {
    let sum = weighted(d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if sum <= 1 { 0 } else { 11 - sum };
    d.last().is_some_and(|last| check == u32::from(*last))
}

fn ch_ahv(d: &[u8]) -> bool {
    part(d, 0, 3) == [7, 5, 6]
        && weighted(d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

fn ro_cnp(d: &[u8]) -> bool {
    let sum = weighted(d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    d.last()
        .is_some_and(|last| sum.min(if sum == 10 { 1 } else { sum }) == u32::from(*last))
}

fn fr_nir(d: &[u8]) -> bool {
    matches!(d.first(), Some(1 | 2))
        && 97 - modulo(part(d, 0, 13), 97) == modulo(part(d, 13, 15), 100)
}

/// Numbers with letters. Blanks and dashes inside are left out for those that are written so.
fn lettered(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    let mut before = b' ';
    for (at, &byte) in text.iter().enumerate() {
        let starts = byte.is_ascii_alphanumeric() && !before.is_ascii_alphanumeric();
        before = byte;
        if !starts {
            continue;
        }
        let rest = text.get(at..text.len().min(at + 30)).unwrap_or_default();
        let word: Vec<u8> = rest
            .iter()
            .copied()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'-')
            .collect();
        let near = || around(view.lower, at, at, 100);
        let named = |words: &[&str]| names_any(near(), words) || names_any(view.subject, words);
        let kind = match word.len() {
            16 if it_fiscal(&word) => Some("it_codice_fiscale"),
            18 if cn_resident(&word) => Some("cn_resident_id"),
            18 if shaped(&word, b"AAAA999999AAAAAA09") && named(&["curp"]) => Some("mx_curp"),
            11 if fi_person(&word) => Some("fi_hetu"),
            9 | 10 | 11
                if es_person(&word) && named(&["dni", "nie", "nif", "documento", "identidad"]) =>
            {
                Some("es_dni")
            }
            10 if shaped(&word, b"AAAAA9999A")
                && named(&["pan ", " pan", "permanent account", "income tax"]) =>
            {
                Some("in_pan")
            }
            9 if sg_nric(&word) && named(&["nric", "fin "]) => Some("sg_nric"),
            8 | 9 if ie_ppsn(&word) && named(&["pps"]) => Some("ie_ppsn"),
            _ => None,
        };
        if let Some(kind) = kind {
            findings.add(
                kind,
                Class::Personal,
                view.place,
                &String::from_utf8_lossy(&word),
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
    let mut word = Vec::with_capacity(9);
    for byte in rest {
        if byte.is_ascii_alphanumeric() {
            if word.len() == 9 {
                return None;
            }
            word.push(byte.to_ascii_uppercase());
        } else if !matches!(byte, b' ' | b'-') || word.len() == 9 {
            break;
        }
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

/// Passports, identity cards and driving licences: the number stands behind their name.
fn papers(view: &View<'_>, findings: &mut Findings) {
    const PAPERS: [(&str, &str); 16] = [
        ("passport", "passport"),
        ("reisepass", "passport"),
        ("passeport", "passport"),
        ("pasaporte", "passport"),
        ("passaporto", "passport"),
        ("passaporte", "passport"),
        ("paspoort", "passport"),
        ("personalausweis", "id_card"),
        ("ausweisnummer", "id_card"),
        ("identity card", "id_card"),
        ("id card", "id_card"),
        ("driver's license", "driving_licence"),
        ("driver license", "driving_licence"),
        ("driving licence", "driving_licence"),
        ("führerschein", "driving_licence"),
        ("паспорт", "passport"),
    ];
    for (name, kind) in PAPERS {
        for at in memchr::memmem::find_iter(view.lower.as_bytes(), name) {
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
                if capitals && digits >= 5 && digits < 12 {
                    findings.add(kind, Class::Personal, view.place, word);
                }
            }
        }
    }
}
