//! Days written in a sentence, in the forms of all languages that are known. Years and months that
//! are left out are those that come next after the message was sent.

use super::names::{MONTHS, NEXT_WEEK, TODAY, TOMORROW, WEEKDAYS};
use super::tokens::{Cursor, Kind, Token, tokens};
use crate::facts::day::Day;
use crate::facts::phrases::phrase_at;

/// Dates read of one sentence.
const MAX_DATES: usize = 12;

/// A day that a sentence names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) day: Day,
    /// Octets of the sentence, from the first to after the last.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a date is read by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reckoning {
    /// The day the message was sent.
    pub(super) sent: Day,
    /// `6/7` is the seventh of June.
    pub(super) month_first: bool,
    /// The text is Croatian, where some names of months are those of others elsewhere.
    pub(super) croatian: bool,
}

/// The days a sentence names, in its order. The sentence is in lower case, with ASCII digits.
pub(super) fn find(sentence: &str, by: &Reckoning) -> Vec<Found> {
    let tokens = tokens(sentence);
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < tokens.len() && found.len() < MAX_DATES {
        let rest = tokens.get(at..).unwrap_or_default();
        match date(rest, by, found.last()) {
            Some((day, used)) => {
                let start = rest.first().map_or(0, |token| token.start);
                let end = rest.get(used - 1).map_or(start, |token| token.end);
                found.push(Found { day, start, end });
                at += used;
            }
            None => at += 1,
        }
    }
    if found.is_empty() {
        found.extend(relative(sentence, &tokens, by));
    }
    found
}

/// A way to write a date: the day, and how many tokens it takes.
type Form = fn(Cursor<'_, '_>, &Reckoning) -> Option<(Day, usize)>;

/// The date that begins with the first token, and how many tokens it takes.
fn date(tokens: &[Token<'_>], by: &Reckoning, last: Option<&Found>) -> Option<(Day, usize)> {
    let cursor = Cursor { tokens, at: 0 };
    let first = cursor.peek()?;
    let forms: &[Form] = match first {
        Kind::Number(..) => &[with_units, year_first, day_and_name, numeric],
        Kind::Word(_) => &[name_and_day, vietnamese],
        Kind::Mark(_) | Kind::Blank => &[],
    };
    let found = forms.iter().find_map(|form| form(cursor, by));
    found.or_else(|| range_end(cursor, last?))
}

/// `2026年6月12日`, `6월 12일`.
fn with_units(mut cursor: Cursor<'_, '_>, by: &Reckoning) -> Option<(Day, usize)> {
    let (mut number, digits) = cursor.number()?;
    let mut year = None;
    cursor.blanks();
    if cursor.mark(&['年', '년']).is_some() {
        year = full_year(number, digits);
        cursor.blanks();
        number = cursor.number()?.0;
        cursor.blanks();
    }
    cursor.mark(&['月', '월'])?;
    let month = number;
    cursor.blanks();
    let (day, _) = cursor.number()?;
    cursor.blanks();
    cursor.mark(&['日', '号', '號', '일'])?;
    Some((make(year, month, day, by)?, cursor.at))
}

/// `2026-06-12`, `2026/6/12`, `2026. 6. 12.`, `2026. június 12.`
fn year_first(mut cursor: Cursor<'_, '_>, by: &Reckoning) -> Option<(Day, usize)> {
    let (year, digits) = cursor.number()?;
    if digits != 4 {
        return None;
    }
    let year = full_year(year, digits)?;
    let mark = cursor.mark(&['-', '/', '.', '‑'])?;
    if mark == '.' {
        cursor.blanks();
    }
    let month = match cursor.word() {
        Some(word) => month_of(word, by)?,
        None => cursor.number()?.0,
    };
    cursor.mark(&['-', '/', '.', '‑']);
    cursor.blanks();
    let (day, _) = cursor.number()?;
    cursor.mark(&['.']);
    Some((make(Some(year), month, day, by)?, cursor.at))
}

const ORDINALS: &[&str] = &[
    "st", "nd", "rd", "th", "er", "ère", "e", "de", "º", "ª", "ro", "do", "to", "го", "й", "ого",
    "-го", "η", "ης", "ste",
];
const OF: &[&str] = &[
    "of", "de", "do", "di", "d'", "del", "the", "på", "tháng", "ב", "bulan", "של",
];

/// `12 June 2026`, `12th of June`, `12. Juni`, `12 de junio de 2026`, `12-Jun-26`.
fn day_and_name(mut cursor: Cursor<'_, '_>, by: &Reckoning) -> Option<(Day, usize)> {
    let (day, digits) = cursor.number()?;
    if digits > 2 {
        return None;
    }
    let marked = cursor.mark(&['.', '-', '/', '°', 'º']);
    if marked.is_none() {
        cursor.skip_word(ORDINALS);
    }
    cursor.blanks();
    cursor.skip_word(&["day"]);
    if cursor.skip_word(OF) {
        cursor.blanks();
    }
    let word = cursor.word()?;
    let month = match month_of(word, by) {
        Some(month) => month,
        None if word == "tháng" => {
            cursor.blanks();
            cursor.number()?.0
        }
        // `12 ביוני`, `12 d'octubre`: the preposition is part of the word.
        None => month_of(
            word.strip_prefix('ב').or_else(|| word.strip_prefix("d'"))?,
            by,
        )?,
    };
    let end = cursor.at;
    let year = trailing_year(&mut cursor, matches!(marked, Some('-' | '/')));
    if year.is_none() {
        cursor.at = end;
    }
    Some((make(year, month, day, by)?, cursor.at))
}

/// `June 12, 2026`, `június 12`, `junio 12 de 2026`.
fn name_and_day(mut cursor: Cursor<'_, '_>, by: &Reckoning) -> Option<(Day, usize)> {
    let month = month_of(cursor.word()?, by)?;
    cursor.mark(&['.']);
    cursor.blanks();
    cursor.skip_word(&["the", "den"]);
    cursor.blanks();
    let (day, digits) = cursor.number()?;
    if digits > 2 {
        return None;
    }
    cursor.skip_word(ORDINALS);
    cursor.mark(&['.']);
    let end = cursor.at;
    let year = trailing_year(&mut cursor, false);
    if year.is_none() {
        cursor.at = end;
    }
    Some((make(year, month, day, by)?, cursor.at))
}

/// `ngày 12 tháng 6 năm 2026`.
fn vietnamese(mut cursor: Cursor<'_, '_>, by: &Reckoning) -> Option<(Day, usize)> {
    if cursor.word()? != "ngày" {
        return None;
    }
    cursor.blanks();
    let (day, _) = cursor.number()?;
    cursor.blanks();
    if cursor.word()? != "tháng" {
        return None;
    }
    cursor.blanks();
    let (month, _) = cursor.number()?;
    let end = cursor.at;
    cursor.blanks();
    let mut year = None;
    if cursor.skip_word(&["năm"]) {
        cursor.blanks();
        year = cursor
            .number()
            .and_then(|(number, digits)| full_year(number, digits));
    }
    if year.is_none() {
        cursor.at = end;
    }
    Some((make(year, month, day, by)?, cursor.at))
}

/// `, 2026`, `de 2026`, ` 2026 г.`, `-26`.
fn trailing_year(cursor: &mut Cursor<'_, '_>, dashed: bool) -> Option<i16> {
    let joined = cursor.mark(&[',', '.', '-', '/']);
    cursor.blanks();
    cursor.skip_word(&["de", "del", "năm", "of", "of the year"]);
    cursor.blanks();
    let (number, digits) = cursor.number()?;
    let short = dashed && digits == 2 && matches!(joined, Some('-' | '/'));
    if digits != 4 && !short {
        return None;
    }
    // `12 June 1400 hours`: a time, not a year.
    let year = full_year(number, digits)?;
    ((1990..=2100).contains(&year)).then_some(year)
}

/// `12.6.2026`, `12.06.`, `12/6`, `6/12/26`.
fn numeric(mut cursor: Cursor<'_, '_>, by: &Reckoning) -> Option<(Day, usize)> {
    let (first, first_digits) = cursor.number()?;
    if first_digits > 2 {
        return None;
    }
    let mark = cursor.mark(&['.', '/', '-', '‑'])?;
    let spaced = mark == '.' && cursor.peek() == Some(Kind::Blank);
    if spaced {
        cursor.blanks();
    }
    let (second, second_digits) = cursor.number()?;
    if second_digits > 2 {
        return None;
    }
    let closed = cursor.mark(&[mark]).is_some();
    let end = cursor.at;
    if spaced {
        cursor.blanks();
    }
    let year = if closed { cursor.number() } else { None };
    let year = year.and_then(|(number, digits)| match digits {
        2 | 4 => full_year(number, digits).filter(|year| (1990..=2100).contains(year)),
        _ => None,
    });
    if year.is_none() {
        cursor.at = end;
        // Two numbers alone are a date only where the form says so: `12.06.`, `12/6`.
        let dotted = mark == '.' && closed && !spaced;
        if !dotted && mark != '/' {
            return None;
        }
        // `24/7` is none.
        if (first, second) == (24, 7) {
            return None;
        }
    }
    let month_first = match mark {
        '.' => false,
        _ => by.month_first,
    };
    let (day, month) = match (first, second) {
        (first, second) if first > 12 => (first, second),
        (first, second) if second > 12 => (second, first),
        (first, second) if month_first => (second, first),
        both => both,
    };
    Some((make(year, month, day, by)?, cursor.at))
}

/// `–20` after `June 12`, `～20日` after `6月12日`, `至20日`, `to 20`: the month is that of the day before.
fn range_end(mut cursor: Cursor<'_, '_>, last: &Found) -> Option<(Day, usize)> {
    let start = cursor.tokens.first()?;
    let by_word = cursor.skip_word(&["to", "through", "thru", "至", "到", "から", "부터"]);
    if !by_word {
        cursor.mark(&['-', '–', '—', '~', '～', '〜'])?;
    }
    if start.start.checked_sub(last.end)? > 1 {
        return None;
    }
    cursor.blanks();
    let (day, digits) = cursor.number()?;
    // A month, a time or a telephone number goes on.
    let marks = &['/', '.', ':', '-', '月', '월'];
    let mut ahead = cursor;
    let goes_on = match ahead.mark(marks) {
        Some('月' | '월') => true,
        Some(_) => ahead.number().is_some(),
        None => false,
    };
    if digits > 2 || goes_on {
        return None;
    }
    let unit = cursor.mark(&['日', '号', '號', '일']).is_some();
    if by_word && !unit {
        // `June 12 to 20 people`
        let mut ahead = cursor;
        ahead.blanks();
        if ahead.word().is_some() {
            return None;
        }
    }
    let mut candidate = last.day;
    for _ in 0..31 {
        candidate = candidate.plus(1)?;
        if u32::try_from(candidate.day()).ok()? == day {
            return Some((candidate, cursor.at));
        }
    }
    None
}

/// Tomorrow, next week, a weekday.
fn relative(sentence: &str, tokens: &[Token<'_>], by: &Reckoning) -> Option<Found> {
    let weekday = tokens.iter().find_map(|token| match token.kind {
        Kind::Word(word) => {
            let at = WEEKDAYS
                .iter()
                .position(|names| names.split(' ').any(|name| name == word))?;
            Some((at, token))
        }
        _ => None,
    });
    let until_monday = 7 - i32::from(by.sent.weekday());
    let next_week = NEXT_WEEK
        .iter()
        .any(|phrase| phrase_at(sentence, phrase).is_some());
    if let Some((weekday, token)) = weekday {
        if next_week {
            let ahead = until_monday + i32::try_from(weekday).ok()?;
            return Some(Found {
                day: by.sent.plus(ahead)?,
                start: token.start,
                end: token.end,
            });
        }
        let ahead = (i32::try_from(weekday).ok()? - i32::from(by.sent.weekday())).rem_euclid(7);
        let ahead = if ahead == 0 { 7 } else { ahead };
        return Some(Found {
            day: by.sent.plus(ahead)?,
            start: token.start,
            end: token.end,
        });
    }
    let phrase = |phrases: &[&str], ahead: i32| {
        let (at, phrase) = phrases
            .iter()
            .find_map(|phrase| phrase_at(sentence, phrase).map(|at| (at, phrase)))?;
        Some(Found {
            day: by.sent.plus(ahead)?,
            start: at,
            end: at + phrase.len(),
        })
    };
    phrase(NEXT_WEEK, until_monday)
        .or_else(|| phrase(TOMORROW, 1))
        .or_else(|| phrase(TODAY, 0))
}

fn month_of(word: &str, by: &Reckoning) -> Option<u32> {
    if by.croatian && matches!(word, "listopada" | "listopad") {
        return Some(10);
    }
    if word.len() < 3 {
        return None;
    }
    let at = MONTHS
        .iter()
        .position(|names| names.split(' ').any(|name| name == word))?;
    u32::try_from(at + 1).ok()
}

/// A year of four digits, or of two; Buddhist years too.
fn full_year(number: u32, digits: usize) -> Option<i16> {
    let year = match (digits, number) {
        (2, number) => number + 2000,
        (4, 2400..=2700) => number - 543,
        (4, number) => number,
        _ => return None,
    };
    i16::try_from(year).ok()
}

/// The day, in the year given or in the one that brings it nearest after the message was sent.
fn make(year: Option<i16>, month: u32, day: u32, by: &Reckoning) -> Option<Day> {
    let month = i8::try_from(month).ok()?;
    let day = i8::try_from(day).ok()?;
    if let Some(year) = year {
        return Day::new(year, month, day);
    }
    let this = by.sent.year();
    let candidates = [this - 1, this, this + 1];
    let days = candidates
        .iter()
        .filter_map(|year| Day::new(*year, month, day));
    days.min_by_key(|day| {
        let ahead = day.days_since(by.sent);
        // An absence may have begun some weeks ago; what lies further back is next year's.
        if ahead < -60 { i32::MAX } else { ahead.abs() }
    })
}
