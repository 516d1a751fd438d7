//! When mail that was put off is tried again.

use std::time::Duration;

use super::settings::Patience;

/// The longest pause between two tries, unless the operator wants the first to be longer.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

/// The pause before the next try of mail that is `age` old: as long as it has been tried already,
/// so that each pause is about twice the one before, between the first pause and two hours. `dice`
/// spreads it by up to a fifth in both directions, so that what was put off together does not come
/// back together.
#[must_use]
pub(super) fn pause(age: Duration, patience: &Patience, dice: u16) -> Duration {
    let longest = LONGEST.max(patience.first_pause);
    let even = age.clamp(patience.first_pause, longest);
    even * spread(dice) / 100
}

/// The pause of a destination that could not be reached `failures` times in a row: a quarter of the
/// first pause, then twice as long each time, up to fifteen times the first pause. With the usual
/// settings that is half a minute to half an hour.
#[must_use]
pub(super) fn rest(failures: u32, patience: &Patience, dice: u16) -> Duration {
    let doublings = failures.saturating_sub(1).min(6);
    let even = (patience.first_pause / 4) * (1 << doublings);
    even.min(patience.first_pause * 15) * spread(dice) / 100
}

/// 0 to 65,535 becomes 80 to 120 hundredths.
fn spread(dice: u16) -> u32 {
    80 + u32::from(dice) * 41 / 65_536
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        first_pause: Duration::from_secs(120),
        delay_notice: Duration::from_secs(4 * 3600),
        keep_trying: Duration::from_secs(5 * 86_400),
    };

    #[test]
    fn pauses_grow_with_the_age_and_stay_within_bounds() {
        let pause = |seconds| pause(Duration::from_secs(seconds), &PATIENCE, 32_768).as_secs();
        assert_eq!(
            [0, 60, 120, 300, 3600, 7200, 86_400].map(pause),
            [120, 120, 120, 300, 3600, 7200, 7200]
        );
    }

    #[test]
    fn dice_spread_a_pause_by_a_fifth() {
        let pause = |dice| pause(Duration::from_secs(1000), &PATIENCE, dice).as_secs();
        assert_eq!((pause(0), pause(u16::MAX)), (800, 1200));
    }

    #[test]
    fn five_days_have_some_seventy_tries() {
        let (mut age, mut tries) = (Duration::ZERO, 1);
        while age < PATIENCE.keep_trying {
            age += pause(age, &PATIENCE, 32_768);
            tries += 1;
        }
        assert!((60..80).contains(&tries), "{tries}");
    }

    #[test]
    fn a_destination_rests_longer_each_time() {
        let rest = |failures| rest(failures, &PATIENCE, 32_768).as_secs();
        assert_eq!(
            [1, 2, 3, 6, 7, 8, 1000].map(rest),
            [30, 60, 120, 960, 1800, 1800, 1800]
        );
    }
}
