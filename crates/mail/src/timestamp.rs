//! An instant, and the two ways mail and the API write it.

use std::fmt;
use std::time::Duration;

/// Microseconds since 1970-01-01T00:00:00Z. The only representation of time that is stored,
/// compared or sent between crates.
///
/// Values outside the years 0001 to 9999 saturate when written as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Reads an RFC 3339 instant with any offset (`2026-08-25T09:30:00-05:00`). A date without a
    /// time, or a time without an offset, is refused: guessing a zone shifts data silently.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let instant: jiff::Timestamp = text.trim().parse().ok()?;
        Some(Self(instant.as_microsecond()))
    }

    /// Reads an RFC 5322 §3.3 date-time, including the obsolete zones.
    #[must_use]
    pub fn parse_rfc5322(text: &str) -> Option<Self> {
        let zoned = jiff::fmt::rfc2822::DateTimeParser::new()
            .relaxed_weekday(true)
            .parse_zoned(text.trim())
            .ok()?;
        Some(Self(zoned.timestamp().as_microsecond()))
    }

    /// The form of a `Date` or `Received` field (RFC 5322 §3.3), always in UTC as `+0000`.
    #[must_use]
    pub fn to_rfc5322(self) -> String {
        let civil = self.instant().to_zoned(jiff::tz::TimeZone::UTC).datetime();
        civil.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
    }

    /// The instant `by` later, saturating.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// The instant `by` earlier, saturating.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// How long from `earlier` until this instant; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    fn instant(self) -> jiff::Timestamp {
        const YEAR_1: i64 = -62_135_596_800_000_000;
        const YEAR_9999: i64 = 253_402_207_200_000_000;
        jiff::Timestamp::from_microsecond(self.0.clamp(YEAR_1, YEAR_9999))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-08-25T10:41:14.207Z`, the form of every time in the
/// public API.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.instant())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_carry_the_same_instant() {
        let at = Timestamp::parse_rfc3339("2026-08-25T04:41:14.207891-06:00").unwrap();
        assert_eq!(at.to_string(), "2026-08-25T10:41:14.207Z");
        assert_eq!(at.to_rfc5322(), "Tue, 25 Aug 2026 10:41:14 +0000");
        let back = Timestamp::parse_rfc5322("Tue, 25 Aug 2026 12:41:14 +0200").unwrap();
        assert_eq!(back.as_secs(), at.as_secs());
    }

    #[test]
    fn an_instant_without_zone_is_refused() {
        for text in ["2026-08-25", "2026-08-25T10:00:00", "", "yesterday"] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(Timestamp::from_micros(0).since(end), Duration::ZERO);
        assert!(end.to_string().starts_with("9999-"));
    }
}
