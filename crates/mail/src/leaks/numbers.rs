//! Check digits.

/// Whether digits pass the Luhn sum (ISO/IEC 7812-1).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(*digit) * if at % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The sum of digits times weights.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum()
}

/// The remainder of a decimal number.
pub(super) fn modulo(digits: &[u8], divisor: u64) -> u64 {
    digits
        .iter()
        .fold(0, |rest, digit| (rest * 10 + u64::from(*digit)) % divisor)
}

/// Whether an account number passes ISO 7064 MOD 97-10 after its first four move to the end.
/// Letters are capitals.
pub(super) fn iban(text: &[u8]) -> bool {
    let (Some(head), Some(tail)) = (text.get(..4), text.get(4..)) else {
        return false;
    };
    let rest = tail
        .iter()
        .chain(head)
        .fold(0_u32, |rest, byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
        });
    rest == 1
}

/// Whether digits pass ISO 7064 MOD 11,10.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, head)) = digits.split_last() else {
        return false;
    };
    let product = head.iter().fold(10_u32, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(*check)
}

/// Whether digits pass the Verhoeff check.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const TURNED: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut check = 0_u8;
    for (at, digit) in digits.iter().rev().enumerate() {
        let mut value = *digit;
        for _ in 0..at % 8 {
            value = TURNED.get(usize::from(value)).copied().unwrap_or_default();
        }
        check = dihedral(check, value);
    }
    check == 0
}

/// The product in the group of the symmetries of a pentagon.
fn dihedral(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// Whether two digits of year, month and day can be a date.
pub(super) fn is_date(month: &[u8], day: &[u8]) -> bool {
    (1..=12).contains(&modulo(month, 1_000)) && (1..=31).contains(&modulo(day, 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes()
            .filter(u8::is_ascii_digit)
            .map(|b| b - b'0')
            .collect()
    }

    #[test]
    fn check_digits_accept_the_published_examples_and_refuse_a_changed_digit() {
        type Sum = fn(&[u8]) -> bool;
        let sums: [(&str, Sum, &str); 4] = [
            ("luhn", luhn, "4242424242424242"),
            ("luhn", luhn, "378282246310005"),
            ("mod 11,10", mod_11_10, "36574261809"),
            ("verhoeff", verhoeff, "2363"),
        ];
        for (name, sum, number) in sums {
            let mut number = digits(number);
            assert!(sum(&number), "{name}");
            for at in 0..number.len() {
                let kept = number[at];
                number[at] = (kept + 1) % 10;
                assert!(!sum(&number), "{name}, digit {at}");
                number[at] = kept;
            }
        }
        assert!(iban(b"GB82WEST12345698765432"));
        assert!(!iban(b"GB82WEST12345698765433"));
    }
}
