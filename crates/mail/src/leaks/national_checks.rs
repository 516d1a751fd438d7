//! The check digits of numbers of persons, as the states that give them publish them.

use super::numbers::{is_date, luhn, mod_11_10, modulo, weighted};

/// The digits from `from` to `to`.
pub(super) fn part(digits: &[u8], from: usize, to: usize) -> &[u8] {
    digits.get(from..to).unwrap_or_default()
}

/// Area, group and serial; not the number of the wallet advertisement and its kin.
pub(super) fn us_ssn(digits: &[u8]) -> bool {
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

pub(super) fn au_tfn(d: &[u8]) -> bool {
    weighted(d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

pub(super) fn nl_bsn(d: &[u8]) -> bool {
    let sum = weighted(d, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum % 11 == d.last().map_or(0, |last| u32::from(*last))
}

fn eleven(sum: u32) -> u32 {
    match 11 - sum % 11 {
        10 | 11 => 0,
        check => check,
    }
}

pub(super) fn pt_nif(d: &[u8]) -> bool {
    d.last()
        .is_some_and(|last| eleven(weighted(d, &[9, 8, 7, 6, 5, 4, 3, 2])) == u32::from(*last))
}

pub(super) fn us_routing(d: &[u8]) -> bool {
    weighted(d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

pub(super) fn il_id(d: &[u8]) -> bool {
    luhn(d)
}

pub(super) fn uk_nhs(d: &[u8]) -> bool {
    let check = 11 - weighted(d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    d.last().is_some_and(|last| check % 11 == u32::from(*last))
}

pub(super) fn se_person(d: &[u8]) -> bool {
    let short = part(d, d.len().saturating_sub(10), d.len());
    luhn(short) && is_date(part(short, 2, 4), part(short, 4, 6))
}

pub(super) fn day_first(d: &[u8]) -> bool {
    is_date(part(d, 2, 4), part(d, 0, 2))
}

pub(super) fn bg_egn(d: &[u8]) -> bool {
    let sum = weighted(d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    d.last().is_some_and(|last| sum == u32::from(*last))
}

pub(super) fn at_svnr(d: &[u8]) -> bool {
    let sum = weighted(d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
    d.get(3).is_some_and(|check| sum == u32::from(*check)) && is_date(part(d, 6, 8), part(d, 4, 6))
}

pub(super) fn de_tax(d: &[u8]) -> bool {
    d.first() != Some(&0) && mod_11_10(d)
}

pub(super) fn pl_pesel(d: &[u8]) -> bool {
    let sum = weighted(d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10;
    d.last()
        .is_some_and(|last| (10 - sum) % 10 == u32::from(*last))
}

pub(super) fn no_person(d: &[u8]) -> bool {
    weighted(d, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && weighted(d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

pub(super) fn be_person(d: &[u8]) -> bool {
    let head = modulo(part(d, 0, 9), 97);
    let check = modulo(part(d, 9, 11), 100);
    // Those born from 2000 on have a 2 before the number when it is checked.
    let later = (head + 2_000_000_000 % 97) % 97;
    check == 97 - head || check == 97 - later
}

pub(super) fn br_cpf(d: &[u8]) -> bool {
    let check = |count: usize, weights: &[u32]| {
        let rest = weighted(part(d, 0, count), weights) * 10 % 11 % 10;
        d.get(count).is_some_and(|digit| rest == u32::from(*digit))
    };
    check(9, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) && check(10, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
}

pub(super) fn tr_kimlik(d: &[u8]) -> bool {
    let sum: u32 = part(d, 0, 10).iter().map(|digit| u32::from(*digit)).sum();
    d.first() != Some(&0) && d.last().is_some_and(|last| sum % 10 == u32::from(*last))
}

pub(super) fn jp_number(d: &[u8]) -> bool {
    let sum = weighted(d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if sum <= 1 { 0 } else { 11 - sum };
    d.last().is_some_and(|last| check == u32::from(*last))
}

pub(super) fn ch_ahv(d: &[u8]) -> bool {
    part(d, 0, 3) == [7, 5, 6]
        && weighted(d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

pub(super) fn ro_cnp(d: &[u8]) -> bool {
    let sum = weighted(d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    d.last()
        .is_some_and(|last| sum.min(if sum == 10 { 1 } else { sum }) == u32::from(*last))
}

pub(super) fn fr_nir(d: &[u8]) -> bool {
    matches!(d.first(), Some(1 | 2))
        && 97 - modulo(part(d, 0, 13), 97) == modulo(part(d, 13, 15), 100)
}
