//! Payment cards.

use super::numbers::luhn;
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
    "cards",
    "cardhold",
    "credit",
    "kreditkarte",
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

/// Digits of the shortest card number.
const FEWEST: usize = 13;

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

/// Finds them.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
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
        if found.digits.len() < FEWEST {
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
