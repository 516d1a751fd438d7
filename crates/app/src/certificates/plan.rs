//! When a certificate is ordered, and when a failed try is repeated.

use std::time::Duration;

use mail::Timestamp;
use store::{CertificateTries, StoredCertificate};

/// Let's Encrypt takes five failed proofs of a name in an hour. Also a server that is started again
/// and again stays below that.
const SHORTEST_PAUSE: Duration = Duration::from_secs(12 * 60);
/// Certificates may live for six days only.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// When there will be something to do; `None` when that is now.
pub(super) fn wait(
    now: Timestamp,
    tries: Option<&CertificateTries>,
    certificate: Option<&StoredCertificate>,
) -> Option<Timestamp> {
    let rested = tries
        .filter(|tries| tries.failures > 0)
        .map(|tries| tries.tried_at.plus(SHORTEST_PAUSE));
    let due = certificate.map(renewal);
    rested.into_iter().chain(due).max().filter(|at| *at > now)
}

/// With a third of its life left, and up to a twenty-fourth earlier, so that the certificates of
/// one day are not renewed in one second.
pub(super) fn renewal(certificate: &StoredCertificate) -> Timestamp {
    let life = certificate.expires_at.since(certificate.starts_at);
    let chance = certificate.issued_at.as_micros().rem_euclid(1000);
    let early = life / 24_000 * u32::try_from(chance).unwrap_or(0);
    certificate.expires_at.minus(life / 3).minus(early)
}

/// How long to rest after `failures` in a row; never less than the authority has asked for.
pub(super) fn pause(failures: i64, asked: Option<Duration>) -> Duration {
    let doublings = u32::try_from(failures.clamp(1, 10) - 1).unwrap_or(0);
    let own = (SHORTEST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
    own.max(asked.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use store::CertificateOrder;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn certificate(issued_at: Timestamp) -> StoredCertificate {
        StoredCertificate {
            order: CertificateOrder {
                directory: "https://ca.test/dir".to_owned(),
                names: "mx.a.test".to_owned(),
            },
            chain: String::new(),
            sealed: Vec::new(),
            starts_at: at("2026-01-01T00:00:00Z"),
            expires_at: at("2026-04-01T00:00:00Z"),
            issued_at,
        }
    }

    fn tries(failures: i64) -> CertificateTries {
        CertificateTries {
            tried_at: at("2026-01-01T00:00:00Z"),
            failures,
            last_error: None,
        }
    }

    #[test]
    fn a_certificate_is_renewed_with_a_third_of_its_life_left() {
        let start = at("2026-01-01T00:00:00Z");
        for chance in [0, 1, 500, 999] {
            let one = certificate(start.plus(Duration::from_micros(chance)));
            let due = renewal(&one);
            assert!(due <= start.plus(DAY * 60), "{due}");
            assert!(due > start.plus(DAY * 56), "{due}");
            assert_eq!(wait(start, None, Some(&one)), Some(due));
            assert_eq!(wait(due, None, Some(&one)), None);
            assert_eq!(wait(start.plus(DAY * 200), None, Some(&one)), None);
        }
        assert_eq!(wait(start, None, None), None);
    }

    #[test]
    fn a_start_repeats_a_failed_try_only_after_a_rest() {
        let start = at("2026-01-01T00:00:00Z");
        assert_eq!(wait(start, Some(&tries(0)), None), None);
        let rested = start.plus(SHORTEST_PAUSE);
        for failures in [1, 7] {
            assert_eq!(wait(start, Some(&tries(failures)), None), Some(rested));
            assert_eq!(wait(rested, Some(&tries(failures)), None), None);
        }
    }

    #[test]
    fn pauses_grow_and_heed_the_authority() {
        let minutes = |failures| pause(failures, None).as_secs() / 60;
        assert_eq!([0, 1, 2, 3, 4].map(minutes), [12, 12, 24, 48, 96]);
        assert_eq!([5, 6, 1000, i64::MAX].map(minutes), [192, 360, 360, 360]);
        assert_eq!(pause(1, Some(DAY)), DAY);
        assert_eq!(pause(2, Some(Duration::from_secs(1))), SHORTEST_PAUSE * 2);
    }
}
