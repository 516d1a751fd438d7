//! Moments and how long something takes (RFC 5545 §3.3.4 to §3.3.6).

use super::lines::Line;
use crate::facts::day::Day;

/// A moment as a calendar writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The day, on the calendars of its zone.
    pub day: Day,
    /// Seconds after midnight; `None` for the whole day.
    pub seconds: Option<u32>,
    /// The zone: `UTC`, the name of a zone as written (`Europe/Berlin`, `W. Europe Standard Time`), or
    /// `None` when it is the reader's own.
    pub zone: Option<String>,
    /// Seconds that the zone is east of UTC on that day, if the object says it.
    pub offset: Option<i32>,
}

impl Moment {
    /// The instant, if the zone's distance from UTC is known.
    #[must_use]
    pub fn instant(&self) -> Option<crate::Timestamp> {
        let epoch = Day::new(1970, 1, 1)?;
        let days = i64::from(self.day.days_since(epoch));
        let seconds = i64::from(self.seconds?) - i64::from(self.offset?);
        Some(crate::Timestamp::from_micros(
            (days * 86_400 + seconds) * 1_000_000,
        ))
    }

    pub(super) fn plus(&self, seconds: i64) -> Option<Self> {
        let whole = self.seconds.is_none();
        let at = i64::from(self.seconds.unwrap_or(0)).checked_add(seconds)?;
        let day = self.day.plus(i32::try_from(at.div_euclid(86_400)).ok()?)?;
        Some(Self {
            day,
            seconds: if whole {
                None
            } else {
                u32::try_from(at.rem_euclid(86_400)).ok()
            },
            ..self.clone()
        })
    }
}

/// `20260612T093000Z`, `20260612T093000` with a zone, `20260612`.
pub(super) fn moment(line: &Line<'_>) -> Option<Moment> {
    let value = line.value;
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let digits = value.get(range)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let year = i16::try_from(number(0..4)?).ok()?;
    let month = i8::try_from(number(4..6)?).ok()?;
    let day = i8::try_from(number(6..8)?).ok()?;
    let day = Day::new(year, month, day)?;
    let whole = line.parameter("VALUE") == Some("DATE") || value.len() == 8;
    let seconds = if whole {
        None
    } else {
        let (hour, minute, second) = (number(9..11)?, number(11..13)?, number(13..15).unwrap_or(0));
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        Some(hour * 3600 + minute * 60 + second)
    };
    let utc = value.ends_with(['Z', 'z']);
    let zone = if utc {
        Some("UTC".to_owned())
    } else {
        line.parameter("TZID").map(str::to_owned).filter(|_| !whole)
    };
    let utc = utc || matches!(zone.as_deref(), Some("Etc/UTC" | "UTC" | "GMT" | "Etc/GMT"));
    Some(Moment {
        day,
        seconds,
        zone,
        offset: utc.then_some(0),
    })
}

/// `PT1H30M`, `P1D`, `P2W`, `-PT15M`, in seconds.
pub(super) fn duration(value: &str) -> Option<i64> {
    let (sign, rest) = match value.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, value.trim_start_matches('+')),
    };
    let mut total: i64 = 0;
    let mut number: i64 = 0;
    for c in rest.strip_prefix('P')?.chars() {
        let unit = match c {
            '0'..='9' => {
                let digit = i64::from(c.to_digit(10)?);
                number = number.checked_mul(10)?.checked_add(digit)?;
                continue;
            }
            'T' => continue,
            'W' => 7 * 86_400,
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        number = 0;
    }
    total.checked_mul(sign)
}
