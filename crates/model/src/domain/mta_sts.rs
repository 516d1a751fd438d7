//! The MTA-STS policy of a domain (RFC 8461): tells other servers to come with TLS and to which
//! hosts.

/// What other servers do when a connection does not fit the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MtaSts {
    /// Deliver and report. Mail cannot be lost by a mistake.
    #[default]
    Testing,
    /// Deliver nothing over a connection that does not fit.
    Enforce,
    /// There is no policy any more (RFC 8461 §8.3).
    None,
}

impl MtaSts {
    /// The name in the policy, in the store and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Testing => "testing",
            Self::Enforce => "enforce",
            Self::None => "none",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Testing, Self::Enforce, Self::None]
            .into_iter()
            .find(|mode| mode.name() == text)
    }

    /// How long others remember the policy, in seconds: a week once it is enforced, because a
    /// policy protects only those who know it already, and a day while it is tried out.
    const fn max_age(self) -> u32 {
        match self {
            Self::Enforce => 604_800,
            Self::Testing | Self::None => 86_400,
        }
    }

    /// The policy of a domain whose mail goes to `hostname`.
    #[must_use]
    pub fn policy(self, hostname: &str) -> String {
        format!(
            "version: STSv1\r\nmode: {}\r\nmx: {hostname}\r\nmax_age: {}\r\n",
            self.name(),
            self.max_age()
        )
    }

    /// The id of that policy, which stands in the DNS: another one for every other policy, so that
    /// who remembers an old one fetches the new (RFC 8461 §3.1).
    #[must_use]
    pub fn id(self, hostname: &str) -> String {
        // FNV-1a: nothing depends on it but that texts differ.
        let hash = self
            .policy(hostname)
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
            });
        format!("{hash:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_host_and_its_id_follows_it() {
        let policy = MtaSts::Enforce.policy("mx.mail.dev");
        let lines: Vec<&str> = policy.split("\r\n").collect();
        assert_eq!(
            lines,
            [
                "version: STSv1",
                "mode: enforce",
                "mx: mx.mail.dev",
                "max_age: 604800",
                ""
            ]
        );
        let id = MtaSts::Enforce.id("mx.mail.dev");
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(id, MtaSts::Testing.id("mx.mail.dev"));
        assert_ne!(id, MtaSts::Enforce.id("mx2.mail.dev"));
    }
}
