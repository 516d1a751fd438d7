//! A day of the calendar.

use std::fmt;

/// A day, without a time or a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(jiff::civil::Date);

impl Day {
    /// The day, if there is one.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day).ok().map(Self)
    }

    /// The day that an instant lies in, `offset` seconds east of UTC.
    #[must_use]
    pub fn at(instant: crate::Timestamp, offset: i32) -> Option<Self> {
        let seconds = instant.as_secs().checked_add(i64::from(offset))?;
        let local = jiff::Timestamp::from_second(seconds).ok()?;
        Some(Self(local.to_zoned(jiff::tz::TimeZone::UTC).date()))
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The day of its month, from 1.
    #[must_use]
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// Days after this one; negative for before. `None` beyond the calendar.
    #[must_use]
    pub fn plus(self, days: i32) -> Option<Self> {
        let span = jiff::Span::new().try_days(days).ok()?;
        self.0.checked_add(span).ok().map(Self)
    }

    /// Whole days from `earlier` to this one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i32 {
        let seconds = self.0.duration_since(earlier.0).as_secs();
        i32::try_from(seconds / 86_400).unwrap_or(i32::MAX)
    }

    /// 0 for Monday to 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_zero_offset()
    }
}

/// `2026-08-25`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
