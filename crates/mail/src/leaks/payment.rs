//! Payment cards and bank accounts.

use super::numbers::{iban, luhn};
use super::{Class, Findings, View, around, names_any};

/// Numbers that payment services print for tests.
const TEST_CARDS: &[&str] = &[
    "4242424242424242",
    "4000056655665556",
    "5555555555554444",
    "2223003122003222",
    "5200828282828210",
    "5105105105105100",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "6011000990139424",
    "6011981111111113",
    "3056930009020004",
    "36227206271667",
    "6555900000604105",
    "3566002020360505",
    "6200000000000005",
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "4000000000000002",
    "4000002500003155",
    "4000000000009995",
    "4000000000003220",
    "30569309025904",
    "38520000023237",
    "378734493671000",
    "3530111333300000",
    "5610591081018250",
    "4917610000000000",
    "4917610000000000003",
    "5019717010103742",
    "6331101999990016",
    "4988438843884305",
    "5454545454545454",
    "2222400070000005",
    "5506900490000444",
    "370000000000002",
    "4000000000000077",
    "4000000000000101",
    "4000000000000341",
    "4000000760000002",
    "4005519200000004",
    "4009348888881881",
    "4012000033330026",
    "4500600000000061",
    "4000111111111115",
    "4266841804179771",
    "4007000000027",
];

/// Words that announce a card.
const CARD_WORDS: &[&str] = &[
    "card",
    "visa",
    "amex",
    "american express",
    "mastercard",
    "master card",
    "discover",
    "diners",
    "maestro",
    "cvv",
    "cvc",
    "security code",
    "valid until",
    "expir",
    "exp ",
    "exp.",
    "exp:",
    "pan:",
    "karte",
    "carte",
    "tarjeta",
    "carta di",
    "cartão",
    "kort",
    "karta",
    "карт",
    "kaart",
    "valid thru",
    "prüfnummer",
    "gültig bis",
    "カード",
    "信用卡",
    "payment",
];

/// Words that name another number.
const OTHER_NUMBERS: &[&str] = &[
    "imei",
    "isbn",
    "ean",
    "order",
    "tracking",
    "parcel",
    "shipment",
    "ups",
    "usps",
    "dhl",
    "fedex",
    "reference",
    "ticket",
    "invoice no",
    "serial",
    "bestell",
    "auftrag",
    "sendung",
    "commande",
    "pedido",
    "gtin",
    "barcode",
    "sscc",
    "iccid",
    "test card",
    "sandbox",
    "meter",
    "case number",
    "customer number",
    "gift card",
    "loyalty",
    "library card",
    "booking",
    "sku",
    "message-id",
    "account id",
    "article",
    "upc",
];

/// Finds both.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    cards(view, findings);
    accounts(view, findings);
}

/// A stretch of digits with single blanks or dashes between groups.
struct Digits {
    from: usize,
    to: usize,
    digits: Vec<u8>,
    groups: Vec<usize>,
}

/// The next stretch at or after `from`. Letters that look like digits count inside one.
fn next_digits(text: &[u8], from: usize) -> Option<Digits> {
    let start = from + text.get(from..)?.iter().position(u8::is_ascii_digit)?;
    let mut found = Digits {
        from: start,
        to: start,
        digits: Vec::new(),
        groups: vec![0],
    };
    let mut gap = 0;
    for (at, byte) in text.iter().enumerate().skip(start) {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'O' | b'o' => 0,
            b'l' | b'I' | b'|' => 1,
            b'S' => 5,
            b'B' => 8,
            b' ' | b'-' | b'.' | b'_' | b'/' | b'*' | b',' | b'\t' | b'\n' | b'\r' if gap < 2 => {
                gap += 1;
                continue;
            }
            _ => break,
        };
        // Letters inside a word are letters.
        let letter = byte.is_ascii_alphabetic();
        if letter && (gap > 0 || found.digits.len() >= 19) {
            let next = text.get(at + 1).copied().unwrap_or(b' ');
            if !next.is_ascii_digit() {
                break;
            }
        }
        if gap > 0 {
            found.groups.push(0);
            gap = 0;
        }
        if found.digits.len() < 64 {
            found.digits.push(digit);
        }
        if let Some(group) = found.groups.last_mut() {
            *group += 1;
        }
        found.to = at + 1;
    }
    Some(found)
}

fn cards(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    let mut from = 0;
    while let Some(found) = next_digits(text, from) {
        from = found.to.max(found.from + 1);
        let before = found
            .from
            .checked_sub(1)
            .and_then(|at| text.get(at))
            .copied();
        let after = text.get(found.to).copied().unwrap_or(b' ');
        if before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'+')
            || after.is_ascii_alphanumeric()
        {
            continue;
        }
        // A date or a code may follow after a blank: take the groups that make a card.
        for (start, length) in card_windows(&found.groups) {
            let digits = found.digits.get(start..start + length).unwrap_or_default();
            if is_card(digits) && announced(view, &found, length) {
                let value: String = digits.iter().map(|d| char::from(b'0' + d)).collect();
                if !TEST_CARDS.contains(&value.as_str()) {
                    findings.add("credit_card", Class::Personal, view.place, &value);
                    break;
                }
            }
        }
    }
}

/// Beginnings and lengths of runs of groups with 13 to 19 digits.
fn card_windows(groups: &[usize]) -> Vec<(usize, usize)> {
    let mut windows = Vec::new();
    let mut start = 0;
    for (at, group) in groups.iter().enumerate().take(64) {
        let mut length = 0;
        for next in groups.iter().skip(at).take(19) {
            length += next;
            if (13..=19).contains(&length) && start + length <= 64 {
                windows.push((start, length));
            }
        }
        start += group;
    }
    windows
}

/// The Luhn sum and the first digits and length of an issuer (ISO/IEC 7812 register).
fn is_card(digits: &[u8]) -> bool {
    let first = |count: usize| {
        digits
            .iter()
            .take(count)
            .fold(0_u32, |value, digit| value * 10 + u32::from(*digit))
    };
    let issued = match digits.len() {
        13 => first(1) == 4,
        14 => matches!(first(3), 300..=305 | 309) || matches!(first(2), 36 | 38 | 39),
        15 => matches!(first(2), 34 | 37),
        16 => {
            first(1) == 4
                || matches!(first(2), 51..=55 | 65 | 62 | 60 | 81)
                || matches!(first(4), 2221..=2720 | 3528..=3589 | 2200..=2204)
                || matches!(first(2), 50 | 56..=58 | 67)
        }
        18 | 19 => matches!(first(2), 62 | 50 | 56..=58 | 67) || first(1) == 4,
        _ => false,
    };
    let distinct: std::collections::BTreeSet<_> = digits.iter().collect();
    issued && distinct.len() >= 4 && luhn(digits)
}

/// Whether the layout or the words around say that the number is a card.
fn announced(view: &View<'_>, found: &Digits, length: usize) -> bool {
    let mut near = around(view.lower, found.from, found.to, 70).to_owned();
    near.push(' ');
    near.push_str(view.subject);
    let named = names_any(&near, CARD_WORDS);
    let other = names_any(&near, OTHER_NUMBERS);
    let grouped = matches!(
        found.groups.as_slice(),
        [4, 4, 4, 4] | [4, 6, 5] | [4, 6, 4]
    );
    let alone = found.digits.len() == length;
    match (named, other) {
        (true, true) => {
            grouped
                && names_any(
                    &near,
                    &["cvv", "cvc", "exp", "valid", "credit card", "security code"],
                )
        }
        (true, false) => true,
        (false, false) => grouped && alone,
        (false, true) => false,
    }
}

/// Countries and the lengths of their account numbers (SWIFT IBAN register).
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"XK", 20),
];

fn accounts(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    let mut before = b' ';
    for (at, pair) in text.windows(4).enumerate() {
        let starts = !before.is_ascii_alphanumeric()
            && matches!(pair, [a, b, c, _] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic()
                && (c.is_ascii_digit() || *c == b' '));
        before = pair.first().copied().unwrap_or(b' ');
        if !starts {
            continue;
        }
        let country = [pair.first(), pair.get(1)].map(|b| b.map_or(b' ', u8::to_ascii_uppercase));
        let Some((_, length)) = LENGTHS.iter().find(|(code, _)| **code == country) else {
            continue;
        };
        let stretch = text
            .get(at..text.len().min(at + length * 2 + 4))
            .unwrap_or_default();
        let mut value = Vec::with_capacity(*length);
        let mut end = at;
        for (offset, byte) in stretch.iter().enumerate() {
            if byte.is_ascii_alphanumeric() && value.len() < *length {
                value.push(byte.to_ascii_uppercase());
                end = at + offset + 1;
            } else if !matches!(byte, b' ' | b'-' | b'.' | b'\n') || value.len() >= *length {
                break;
            }
        }
        let glued = text.get(end).is_some_and(u8::is_ascii_alphanumeric);
        let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
        let numbered = value.iter().skip(2).take(2).all(u8::is_ascii_digit) && digits >= 8;
        if value.len() != *length || !numbered || glued || !iban(&value) || is_sample(&value) {
            continue;
        }
        if !is_own(view, at) {
            let value = String::from_utf8_lossy(&value).into_owned();
            findings.add("iban", Class::Personal, view.place, &value);
        }
    }
}

/// Account numbers of manuals: of one digit, or printed in the standard.
fn is_sample(value: &[u8]) -> bool {
    let zeroes = value.iter().skip(4).filter(|b| **b == b'0').count();
    zeroes * 4 >= value.len() * 3
        || [
            &b"GB82WEST12345698765432"[..],
            b"DE89370400440532013000",
            b"GB29NWBK60161331926819",
            b"FR1420041010050500013M02606",
            b"NL91ABNA0417164300",
            b"CH9300762011623852957",
        ]
        .contains(&value)
}

/// Whether the words before say that the account is the sender's, to be paid to.
fn is_own(view: &View<'_>, at: usize) -> bool {
    let near = around(view.lower, at, at, 140);
    let theirs = [
        "customer",
        "client",
        "employee",
        "his ",
        "her ",
        "their ",
        "kunde",
        "patient",
        "salary",
        "payroll",
        "supplier's",
    ];
    let ours = [
        "our account",
        "our bank",
        "our iban",
        "pay to",
        "payable to",
        "transfer",
        "remit",
        "wire to",
        "unser konto",
        "überweis",
        "ueberweis",
        "bankverbindung",
        "zahlbar",
        "invoice",
        "rechnung",
        "virement",
        "notre compte",
        "nuestra cuenta",
        "transferencia",
        "bonifico",
        "fattura",
        "factuur",
        "onze rekening",
        "bank details:",
    ];
    names_any(near, &ours)
        && !names_any(near, &theirs)
        && !names_any(view.subject, &["customer", "employee"])
}
