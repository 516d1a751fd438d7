//! When a delivery that failed is tried again.

use std::time::Duration;

use mail::Timestamp;

/// The pauses between tries: Svix's schedule.
const PAUSES: [u64; 7] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600];

/// The longest pause a receiver may ask for.
const LONGEST: Duration = Duration::from_secs(10 * 3600);

/// A webhook that failed for so long without a success is disabled.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5 * 24 * 3600);

/// How long to wait after the try number `tries`, from one; `None` when it was the last. `random`
/// lengthens the pause by up to a fifth, so that a receiver that comes back does not get everything
/// at once. `asked` is what the receiver asked for, and is never cut short of what it asked.
pub(crate) fn pause(tries: i64, random: u16, asked: Option<Duration>) -> Option<Duration> {
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    let planned = Duration::from_secs(*PAUSES.get(index)?);
    let least = asked.map_or(planned, |asked| planned.max(asked.min(LONGEST)));
    Some(least + least * u32::from(random) / (5 * u32::from(u16::MAX)))
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110 §10.2.3).
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    Timestamp::parse_rfc5322(value).map(|at| at.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_tries_over_more_than_a_day_and_a_fifth_more_at_most() {
        let seconds = |tries, random| pause(tries, random, None).map(|pause| pause.as_secs());
        let planned: Vec<_> = (1..=8).map(|tries| seconds(tries, 0)).collect();
        assert_eq!(
            planned,
            [
                Some(5),
                Some(300),
                Some(1800),
                Some(7200),
                Some(18000),
                Some(36000),
                Some(36000),
                None
            ]
        );
        let latest: Vec<_> = (1..=8).map(|tries| seconds(tries, u16::MAX)).collect();
        assert_eq!(
            latest,
            [
                Some(6),
                Some(360),
                Some(2160),
                Some(8640),
                Some(21600),
                Some(43200),
                Some(43200),
                None
            ]
        );
        for tries in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(pause(tries, 9, None), None, "{tries}");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_ever() {
        let asked = |seconds| {
            pause(1, 0, Some(Duration::from_secs(seconds)))
                .unwrap()
                .as_secs()
        };
        assert_eq!((asked(0), asked(60), asked(1 << 40)), (5, 60, 36000));
        assert_eq!(pause(8, 0, Some(Duration::from_secs(60))), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse_rfc3339("2026-11-22T12:00:00Z").unwrap();
        let read = |text| retry_after(text, now).map(|wait| wait.as_secs());
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("Sun, 22 Nov 2026 12:01:00 GMT"), Some(60));
        assert_eq!(read("Sun, 22 Nov 2026 11:00:00 GMT"), Some(0));
        for text in ["", "soon", "-1", "1.5", "99999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
