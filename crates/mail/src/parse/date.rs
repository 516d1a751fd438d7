//! The Date field (RFC 5322 §3.3, §4.3) and the ways mailers get it wrong.

use crate::Timestamp;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Reads a date with day, month, year and time in any usual order; a missing zone is UTC. `None`
/// when one of them is missing or out of range.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = text.get(..text.floor_char_boundary(200)).unwrap_or(text);
    let plain = without_comments(text);
    let mut found = Found::default();
    for token in plain
        .split([' ', '\t', ','])
        .filter(|token| !token.is_empty())
    {
        found.take(token);
    }
    found.timestamp().or_else(|| Timestamp::parse_rfc3339(text))
}

fn without_comments(text: &str) -> String {
    let mut depth = 0usize;
    text.chars()
        .filter(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

#[derive(Default)]
struct Found {
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
    seconds: Option<i64>,
    zone: Option<i64>,
}

impl Found {
    fn take(&mut self, token: &str) {
        if self.seconds.is_some()
            && let Some(zone) = numeric_zone(token)
        {
            self.zone = Some(zone);
        } else if token.contains(':') {
            self.take_time(token);
        } else if token.bytes().all(|b| b.is_ascii_digit()) {
            self.take_number(token);
        } else if let Some((year, month, day)) = year_first(token)
            && self.day.is_none()
        {
            (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
        } else if token.contains('-') && self.day.is_none() {
            // 11-Apr-2011
            token.split('-').for_each(|piece| self.take(piece));
        } else {
            self.take_word(token);
        }
    }

    /// A time of day, perhaps with the zone run into it: `09:55:06+0200`, `9:55PM`.
    fn take_time(&mut self, token: &str) {
        if self.seconds.is_some() {
            return;
        }
        let end = token
            .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'))
            .unwrap_or(token.len());
        let (time, rest) = token.split_at(end);
        self.seconds = time_of_day(time);
        if !rest.is_empty() && self.seconds.is_some() {
            self.take(rest);
        }
    }

    /// Noon and midnight are 12 in the clock of twelve hours.
    fn take_half(&mut self, afternoon: bool) {
        const HALF: i64 = 12 * 3600;
        self.seconds = match self.seconds {
            Some(seconds) if afternoon && seconds < HALF => Some(seconds + HALF),
            Some(seconds) if !afternoon && seconds >= HALF => Some(seconds - HALF),
            other => other,
        };
    }

    fn take_number(&mut self, token: &str) {
        let Some(number) = token.parse().ok().filter(|&n: &i64| n <= 9999) else {
            return;
        };
        if self.day.is_none() && token.len() <= 2 {
            self.day = Some(number);
        } else if self.year.is_none() {
            // Two and three digits: RFC 5322 §4.3.
            self.year = Some(match token.len() {
                1 | 2 if number < 50 => number + 2000,
                1..=3 => number + 1900,
                _ => number,
            });
        }
    }

    fn take_word(&mut self, token: &str) {
        let word = token.trim_end_matches('.').to_ascii_lowercase();
        let month = word
            .get(..3)
            .and_then(|head| MONTHS.iter().position(|month| *month == head));
        if matches!(word.as_str(), "am" | "pm" | "a.m" | "p.m") {
            self.take_half(word.starts_with('p'));
        } else if let Some(month) = month.filter(|_| self.month.is_none()) {
            self.month = i64::try_from(month).ok().map(|month| month + 1);
        } else if let Some(zone) = named_zone(&word).filter(|_| self.seconds.is_some()) {
            self.zone = self.zone.or(Some(zone));
        }
    }

    fn timestamp(&self) -> Option<Timestamp> {
        let (year, month, day) = (self.year?, self.month?, self.day?);
        if !(1..=31).contains(&day) {
            return None;
        }
        let days = days_from_civil(year, month, day);
        let seconds = days * 86_400 + self.seconds? - self.zone.unwrap_or(0);
        Some(Timestamp::from_micros(seconds * 1_000_000))
    }
}

/// `2011-04-11`, which scripts write.
fn year_first(token: &str) -> Option<(i64, i64, i64)> {
    let mut pieces = token.split('-').map(|piece| {
        let digits = piece.bytes().all(|b| b.is_ascii_digit());
        piece.parse::<i64>().ok().filter(|_| digits)
    });
    let (year, month, day) = (pieces.next()??, pieces.next()??, pieces.next()??);
    let fits =
        (1000..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    (fits && pieces.next().is_none()).then_some((year, month, day))
}

fn time_of_day(token: &str) -> Option<i64> {
    let mut parts = token.split(':').map(|part| {
        let whole = part.split('.').next().unwrap_or(part);
        whole.parse::<i64>().ok().filter(|&n| (0..=60).contains(&n))
    });
    let hour = parts.next()??;
    let minute = parts.next()??;
    let second = parts.next().unwrap_or(Some(0))?;
    (hour < 24 && minute < 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `+0200`, `-07:00`, `GMT+2`.
fn numeric_zone(token: &str) -> Option<i64> {
    let named = token
        .get(..3)
        .is_some_and(|head| head.eq_ignore_ascii_case("gmt") || head.eq_ignore_ascii_case("utc"));
    let token = if named { token.get(3..)? } else { token };
    let (sign, digits) = match token.as_bytes().first()? {
        b'+' => (1, token.get(1..)?),
        b'-' => (-1, token.get(1..)?),
        _ => return None,
    };
    let digits = digits.replacen(':', "", 1);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let number = match digits.len() {
        4 => number,
        1 | 2 if named => number * 100,
        _ => return None,
    };
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

/// The obsolete names of RFC 5322 §4.3 and the ones mail still carries.
fn named_zone(word: &str) -> Option<i64> {
    let hours = match word {
        "gmt" | "ut" | "utc" | "z" => 0,
        "edt" => -4,
        "est" | "cdt" => -5,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" => -8,
        "cet" | "met" => 1,
        "cest" | "mest" => 2,
        "jst" => 9,
        _ => return None,
    };
    Some(hours * 3600)
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Counts years from March,
/// so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_and_odd_dates_are_read() {
        for (text, want) in [
            ("Fri, 21 Nov 1997 09:55:06 -0600", 880_127_706),
            ("21 Nov 97 09:55 CST", 880_127_700),
            ("Fri Nov 21 15:55:06 1997", 880_127_706),
            ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 0),
            ("Fri, 21-Nov-1997 15:55:06 GMT", 880_127_706),
            ("Fri,  21 Nov 1997 15:55:06 (Central)", 880_127_706),
            ("1997-11-21T15:55:06Z", 880_127_706),
            ("1997-11-21 15:55:06", 880_127_706),
            ("1997-11-21 09:55:06 -0600", 880_127_706),
            ("Fri, 21 Nov 1997 09:55:06-0600", 880_127_706),
            ("Fri, 21 Nov 1997 09:55:06 -06:00", 880_127_706),
            ("Fri, 21 Nov 1997 17:55:06 GMT+2", 880_127_706),
            ("Fri, 21 Nov 1997 3:55:06 PM +0000", 880_127_706),
            ("Fri, 21 Nov 1997 3:55:06PM GMT", 880_127_706),
            ("Thu, 1 Jan 1970 00:00:00 +0000", 0),
            ("Tue, 29 Feb 2000 12:00:00 +0000", 951_825_600),
        ] {
            let read = read(text).map(Timestamp::as_secs);
            assert_eq!(read.unwrap_or(0), want, "{text}");
        }
        assert_eq!(read("soon"), None);
        assert_eq!(read(&"1 ".repeat(100_000)), None);
    }
}
