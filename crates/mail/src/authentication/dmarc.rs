//! DMARC policy records (RFC 7489 §6.3).

/// What a domain asks to be done with mail that is not its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing.
    None,
    /// Treat it as suspicious.
    Quarantine,
    /// Refuse it.
    Reject,
}

impl Policy {
    /// The word of the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Quarantine, Self::Reject]
            .into_iter()
            .find(|policy| text.eq_ignore_ascii_case(policy.name()))
    }
}

/// A policy record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// `p=`: for the domain itself.
    pub policy: Policy,
    /// `sp=`: for the domains below it.
    pub subdomains: Policy,
    /// `adkim=s`: the signing domain must be the author's, not only of the same owner.
    pub strict_dkim: bool,
    /// `aspf=s`: the same for SPF.
    pub strict_spf: bool,
}

impl Record {
    /// Reads a text record. `None` for one that is no policy: everything else at the name is to be
    /// ignored (§6.6.3). An unreadable tag is ignored; an unreadable policy counts as `none` where
    /// reports are asked for, and makes the record void otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut specs = text.split(';').map(spec);
        let version = specs.next()??;
        if version != ("v", "DMARC1") {
            return None;
        }
        let tags: Vec<(&str, &str)> = specs.flatten().take(100).collect();
        let get = |name: &str| {
            let mut own = tags.iter();
            own.find(|(own, _)| own.eq_ignore_ascii_case(name))
                .map(|(_, value)| *value)
        };
        let asks_reports = get("rua").is_some_and(|uris| uris.contains(':'));
        let fallback = asks_reports.then_some(Policy::None);
        let policy = get("p").and_then(Policy::parse).or(fallback)?;
        let subdomains = match get("sp") {
            None => policy,
            Some(text) => Policy::parse(text).or(fallback)?,
        };
        let strict = |name| get(name).is_some_and(|value| value.eq_ignore_ascii_case("s"));
        Some(Self {
            policy,
            subdomains,
            strict_dkim: strict("adkim"),
            strict_spf: strict("aspf"),
        })
    }
}

fn spec(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_leniently_but_for_its_version() {
        let read = Record::parse("v=DMARC1 ; p = Reject;sp=none; adkim=s; x; rua=mailto:a@b.c;");
        let read = read.unwrap();
        assert_eq!(
            (read.policy, read.subdomains),
            (Policy::Reject, Policy::None)
        );
        assert!(read.strict_dkim && !read.strict_spf);
        for none in [
            "",
            "p=reject; v=DMARC1",
            "v=DMARC2; p=reject",
            "v=dmarc1; p=reject",
            "v=DMARC1",
            "v=DMARC1; p=what",
            "v=DMARC10; p=none",
        ] {
            assert_eq!(Record::parse(none), None, "{none}");
        }
    }

    #[test]
    fn who_asks_for_reports_has_at_least_the_weakest_policy() {
        let read = Record::parse("v=DMARC1; p=what; rua=mailto:a@b.c").unwrap();
        assert_eq!(read.policy, Policy::None);
    }
}
