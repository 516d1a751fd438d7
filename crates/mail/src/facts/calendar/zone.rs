//! How far a zone is from UTC on a day, by what an object itself says of the zone (RFC 5545 §3.6.5).

use crate::facts::day::Day;

/// A stretch of a year in which a zone has one distance from UTC.
#[derive(Clone, Copy)]
pub(super) struct Observance {
    pub(super) offset: i32,
    /// The month it begins in, and which Sunday or other weekday of it: `-1` and `6` is the last Sunday.
    pub(super) month: Option<i8>,
    pub(super) week: i8,
    pub(super) weekday: i8,
}

/// What is in force on a day: the part that began last. To the day; the hour of the change is not
/// looked at.
pub(super) fn offset_on(parts: &[Observance], day: Day) -> Option<i32> {
    if parts.iter().all(|part| part.month.is_none()) {
        return parts.last().map(|part| part.offset);
    }
    let begins = |part: &Observance, year: i16| -> Option<Day> {
        let month = part.month?;
        if part.week > 0 {
            let first = Day::new(year, month, 1)?;
            let ahead = (part.weekday - first.weekday()).rem_euclid(7);
            first.plus(i32::from(ahead) + 7 * (i32::from(part.week) - 1))
        } else {
            let (next_year, next) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
            let last = Day::new(next_year, next, 1)?.plus(-1)?;
            let back = (last.weekday() - part.weekday).rem_euclid(7);
            last.plus(-i32::from(back) + 7 * (i32::from(part.week) + 1))
        }
    };
    let years = [day.year().checked_sub(1)?, day.year()];
    let changes = parts.iter().flat_map(|part| {
        years
            .iter()
            .filter_map(move |year| Some((begins(part, *year)?, part.offset)))
    });
    changes
        .filter(|(begin, _)| *begin <= day)
        .max_by_key(|(begin, _)| *begin)
        .map(|(_, offset)| offset)
}

/// `+0200`, `-053000`, in seconds.
pub(super) fn utc_offset(value: &str) -> Option<i32> {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, value.trim_start_matches('+')),
    };
    let pair = |at: usize| {
        digits
            .get(at..at + 2)
            .and_then(|pair| pair.parse::<i32>().ok())
    };
    Some(sign * (pair(0)? * 3600 + pair(2)? * 60 + pair(4).unwrap_or(0)))
}
