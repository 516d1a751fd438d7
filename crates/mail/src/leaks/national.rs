//! Numbers that states give to people, by their layout, check digits and the words around.

use super::national_checks::part;
use super::national_lettered::{lettered, papers};
use super::national_numbers::NUMBERS;
use super::{Class, Findings, View, around, names_any};

/// Finds them.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    numeric(view, findings);
    lettered(view, findings);
    papers(view, findings);
}

fn numeric(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    let mut at = 0;
    let (mut digits, mut groups) = (Vec::new(), Vec::new());
    while let Some(offset) = text
        .get(at..)
        .and_then(|rest| rest.iter().position(u8::is_ascii_digit))
    {
        let from = at + offset;
        let mut end = from;
        digits.clear();
        groups.clear();
        groups.push(0_usize);
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
