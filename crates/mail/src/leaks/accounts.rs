//! Bank accounts.

use super::numbers::iban;
use super::{Class, Findings, View, around, names_any};

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

/// Finds them.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    for word in &view.words {
        let at = word.start();
        let pair = text.get(at..at + 4).unwrap_or_default();
        let starts = matches!(pair, [a, b, c, _] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic()
                && (c.is_ascii_digit() || *c == b' '));
        // The check digits follow at once, perhaps after a blank.
        let behind = text.get(at + 2..).unwrap_or_default();
        let mut near = behind
            .iter()
            .skip_while(|b| matches!(b, b' ' | b'-' | b'.' | b'\n'));
        if !starts || !near.next().is_some_and(u8::is_ascii_digit) {
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
