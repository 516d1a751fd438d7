//! A policy of a domain on how mail is to be brought to it (RFC 8461 §3), as text and as rules.

use std::time::Duration;

/// Octets of a policy that are read; the RFC suggests 64 KiB.
pub(in crate::delivery) const MOST: usize = 64 << 10;

/// The longest life of a policy (RFC 8461 §3.2): about a year.
const LONGEST: u64 = 31_557_600;

/// What is to be done about servers that do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery) enum Mode {
    /// Nothing is sent to them.
    Enforce,
    /// They are only told of.
    Testing,
    /// There is no policy any more.
    Off,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::delivery) struct Policy {
    /// What is to be done.
    pub(in crate::delivery) mode: Mode,
    /// Names of servers, some of them beginning with `*.`; in lower case.
    pub(in crate::delivery) servers: Vec<String>,
    /// How long it is good for.
    pub(in crate::delivery) max_age: Duration,
}

/// The `id` of a domain's record at `_mta-sts`. `None` when there is no record or more than one,
/// which both mean that there is no policy (RFC 8461 §3.1).
pub(in crate::delivery) fn record_id(texts: &[String]) -> Option<String> {
    let mut records = texts.iter().filter(|text| is_record(text));
    let (Some(record), None) = (records.next(), records.next()) else {
        return None;
    };
    let id = record.split(';').skip(1).find_map(|field| {
        let (name, value) = field.split_once('=')?;
        (name.trim() == "id").then(|| value.trim())
    })?;
    let good = (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    good.then(|| id.to_owned())
}

fn is_record(text: &str) -> bool {
    let first = text.split(';').next().unwrap_or_default();
    first
        .split_once('=')
        .is_some_and(|(name, value)| name.trim() == "v" && value.trim() == "STSv1")
}

impl Policy {
    /// Reads a policy. Fields that nobody knows are passed over; of a field that stands twice the
    /// first counts, but for `mx`.
    pub(in crate::delivery) fn parse(text: &str) -> Option<Self> {
        let (mut version, mut mode, mut max_age) = (None, None, None);
        let mut servers = Vec::new();
        for line in text.lines() {
            let line = line.trim_end();
            if line.is_empty() {
                continue;
            }
            let (name, value) = line.split_once(':')?;
            let value = value.trim();
            match name.trim() {
                "version" if version.is_none() => version = Some(value),
                "mode" if mode.is_none() => {
                    mode = Some(match value {
                        "enforce" => Mode::Enforce,
                        "testing" => Mode::Testing,
                        "none" => Mode::Off,
                        _ => return None,
                    });
                }
                "max_age" if max_age.is_none() => max_age = Some(value.parse::<u64>().ok()?),
                "mx" => servers.push(value.trim_end_matches('.').to_ascii_lowercase()),
                _ => {}
            }
        }
        let (mode, max_age) = (mode?, max_age?.min(LONGEST));
        let good = version == Some("STSv1") && (mode == Mode::Off || !servers.is_empty());
        good.then_some(Self {
            mode,
            servers,
            max_age: Duration::from_secs(max_age),
        })
    }

    /// Whether a server is one that the policy names. A `*` stands for exactly one label, the first
    /// (RFC 8461 §4.1).
    pub(in crate::delivery) fn names(&self, host: &str) -> bool {
        self.servers
            .iter()
            .any(|pattern| match pattern.strip_prefix("*.") {
                Some(rest) => host
                    .split_once('.')
                    .is_some_and(|(label, above)| !label.is_empty() && above == rest),
                None => pattern == host,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(texts: &[&str]) -> Option<String> {
        record_id(
            &texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn the_record_names_the_version_of_the_policy() {
        assert_eq!(
            id(&["v=STSv1; id=20260101T0;"]).as_deref(),
            Some("20260101T0")
        );
        assert_eq!(id(&["v=STSv1;id=1", "v=spf1 -all"]).as_deref(), Some("1"));
        assert_eq!(id(&["v = STSv1 ; x=y; id = a1"]).as_deref(), Some("a1"));
        for none in [
            &[][..],
            &["v=STSv1; id=1", "v=STSv1; id=2"],
            &["id=1; v=STSv1"],
            &["v=STSv2; id=1"],
            &["v=STSv1;"],
            &["v=STSv1; id=a-b"],
            &["v=STSv1; id=123456789012345678901234567890123"],
        ] {
            assert_eq!(id(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_policy_is_read_with_its_servers() {
        let text = "version: STSv1\r\nmode: enforce\r\nmx: MX1.x.dev\r\nmx: *.x.dev.\r\nfuture: thing\r\n\
                    max_age: 604800\r\n";
        let policy = Policy::parse(text).unwrap();
        assert_eq!(policy.mode, Mode::Enforce);
        assert_eq!(policy.max_age, Duration::from_secs(604_800));
        for (host, named) in [
            ("mx1.x.dev", true),
            ("other.x.dev", true),
            ("x.dev", false),
            ("a.b.x.dev", false),
            ("mx1.y.dev", false),
            (".x.dev", false),
        ] {
            assert_eq!(policy.names(host), named, "{host}");
        }
    }

    #[test]
    fn half_a_policy_is_none() {
        for text in [
            "",
            "<html>",
            "mode: enforce\nmx: a.dev\nmax_age: 1",
            "version: STSv1\nmx: a.dev\nmax_age: 1",
            "version: STSv1\nmode: enforce\nmax_age: 1",
            "version: STSv1\nmode: enforce\nmx: a.dev",
            "version: STSv1\nmode: strict\nmx: a.dev\nmax_age: 1",
            "version: STSv1\nmode: enforce\nmx: a.dev\nmax_age: soon",
        ] {
            assert_eq!(Policy::parse(text), None, "{text}");
        }
        let off = Policy::parse("version: STSv1\nmode: none\nmax_age: 99999999999").unwrap();
        assert_eq!(
            (off.mode, off.max_age),
            (Mode::Off, Duration::from_secs(LONGEST))
        );
    }
}
