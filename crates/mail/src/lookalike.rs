//! What two names have in common in the eyes of a person who reads quickly.
//!
//! Only a rough fold: it makes names equal that are easily mistaken, and a few that are not. Whoever
//! compares must know that the names themselves differ.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The form in which names that look alike are equal: without case, accents, blanks and invisible
/// characters, letters of other scripts and digits as the Latin letter they are taken for.
#[must_use]
pub fn skeleton(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        for c in c.to_lowercase() {
            if let Some(latin) = latin(c) {
                folded.push(latin);
            }
        }
    }
    // Pairs of letters that close up to one.
    let mut out = String::with_capacity(folded.len());
    let mut rest = folded.as_str();
    while let Some(first) = rest.chars().next() {
        let (taken, seen) = match rest.get(..2) {
            Some("rn") => (2, 'm'),
            Some("vv") => (2, 'w'),
            _ => (first.len_utf8(), first),
        };
        out.push(seen);
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// The same of a domain's label, which may be an A-label (RFC 5890).
#[must_use]
pub fn label_skeleton(label: &str) -> String {
    let (unicode, _) = idna::domain_to_unicode(label);
    skeleton(&unicode)
}

/// The letter that a character is taken for; `None` for what is no letter or digit.
fn latin(c: char) -> Option<char> {
    Some(match c {
        '0' | 'о' | 'ο' | 'օ' | 'ө' => 'o',
        '1' | 'i' | '|' | 'ı' | 'і' | 'ι' | 'ӏ' | 'ا' | 'ɩ' => 'l',
        '3' | 'з' => '3',
        '5' | 'ѕ' | 'ꜱ' => 's',
        'а' | 'α' | 'ɑ' => 'a',
        'е' | 'ҽ' | 'є' => 'e',
        'р' | 'ρ' => 'p',
        'с' | 'ϲ' => 'c',
        'у' | 'γ' | 'ү' => 'y',
        'х' | 'χ' => 'x',
        'ј' => 'j',
        'һ' | 'հ' => 'h',
        'ԁ' => 'd',
        'ԛ' => 'q',
        'ԝ' | 'ω' | 'ѡ' => 'w',
        'в' | 'ʙ' => 'b',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'н' => 'h',
        'т' | 'τ' => 't',
        'г' | 'ʀ' => 'r',
        'п' | 'ո' | 'η' => 'n',
        'ս' | 'υ' => 'u',
        'ν' | 'ѵ' => 'v',
        'ɡ' | 'ց' => 'g',
        'ł' => 'l',
        'đ' => 'd',
        'ø' => 'o',
        'ħ' => 'h',
        c if c.is_alphanumeric() => c,
        _ => return None,
    })
}

/// Whether one letter was changed, added, left out or swapped with its neighbour: a slip that makes
/// one of the texts out of the other. Not whether they are equal.
#[must_use]
pub fn is_one_slip(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let (short, long) = if one.len() <= other.len() {
        (&one, &other)
    } else {
        (&other, &one)
    };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same..], &long[same..]);
    match (short, long) {
        ([], [_]) => true,
        ([_, ..], [_, ..]) if short.len() + 1 == long.len() => short == &long[1..],
        ([a, b, rest @ ..], [c, d, others @ ..]) if short.len() == long.len() => {
            short[1..] == long[1..] || (a == d && b == c && rest == others)
        }
        ([_], [_]) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_equal_and_others_are_not() {
        for (one, other) in [
            ("PayPal", "paypa1"),
            ("microsoft", "rnicrosoft"),
            ("wells", "vvells"),
            ("apple", "аррӏе"),
            ("Zoë Ruiz", "zoe ruiz"),
            ("ann\u{200b}lee", "Ann Lee"),
            ("goo\u{301}gle", "G00GLE"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        assert_ne!(skeleton("ann"), skeleton("bob"));
        assert_eq!(label_skeleton("xn--80ak6aa92e"), skeleton("apple"));
        assert_eq!(skeleton("王芳"), "王芳");
    }

    #[test]
    fn one_slip_is_one_letter() {
        for (one, other) in [
            ("paypal", "paypall"),
            ("paypal", "payal"),
            ("paypal", "papyal"),
            ("paypal", "paypol"),
            ("a", "b"),
            ("", "b"),
            ("paypal", "xpaypal"),
        ] {
            assert!(
                is_one_slip(one, other) && is_one_slip(other, one),
                "{one} {other}"
            );
        }
        for (one, other) in [
            ("paypal", "paypal"),
            ("paypal", "pypla"),
            ("", ""),
            ("ab", "cd"),
            ("a", "abc"),
        ] {
            assert!(
                !is_one_slip(one, other) && !is_one_slip(other, one),
                "{one} {other}"
            );
        }
    }
}
