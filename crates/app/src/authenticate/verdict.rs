//! From results to one judgement: is the address in From that of who sent the message?

use mail::Correspondent;
use mail::authentication::fields::Split;
use model::authentication::{Arc, Authentication, Dkim, Dmarc, Reason, Spf, Verdict};

use super::dmarc::Found;
use super::owner;

/// Whose mail it claims to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Nobody's.
    Missing,
    /// Several domains', or it depends on who reads it.
    Ambiguous,
    /// This domain's.
    Domain(String),
}

impl From {
    /// Reads it from the header and from what readers are shown as authors.
    pub(super) fn of(split: &Split<'_>, authors: &[Correspondent]) -> Self {
        let fields = split.fields.iter().filter(|field| field.is("From")).count();
        let addresses: Vec<_> = authors.iter().map(Correspondent::address).collect();
        if fields > 1 {
            return Self::Ambiguous;
        }
        let mut domains = addresses.iter().flatten().map(mail::Address::domain);
        let Some(first) = domains.next() else {
            return Self::Missing;
        };
        let unread = addresses.iter().any(Option::is_none);
        if fields == 0 || unread || domains.any(|domain| domain != first) {
            return Self::Ambiguous;
        }
        Self::Domain(first.to_owned())
    }

    pub(super) fn domain(&self) -> Option<&str> {
        match self {
            Self::Domain(domain) => Some(domain),
            Self::Missing | Self::Ambiguous => None,
        }
    }
}

/// What was found out.
pub(super) struct Findings {
    pub(super) from: From,
    pub(super) spf: Spf,
    pub(super) dkim: Vec<Dkim>,
    pub(super) policy: Found,
    pub(super) arc: Arc,
    /// A trusted forwarder says that the policy was met.
    pub(super) vouched: bool,
}

/// Judges.
pub(super) fn judge(findings: Findings) -> Authentication {
    let Findings {
        from,
        mut spf,
        mut dkim,
        policy,
        arc,
        vouched,
    } = findings;
    let (strict_spf, strict_dkim) = match &policy {
        Found::Policy { record, .. } => (record.strict_spf, record.strict_dkim),
        // Whatever the policy is, the same domain meets it.
        Found::Unanswered => (true, true),
        Found::Nothing => (false, false),
    };
    let domain = from.domain();
    spf.aligned = aligned(domain, &spf.domain, strict_spf);
    for one in &mut dkim {
        let own = one.domain.as_deref();
        one.aligned = own.is_some_and(|own| aligned(domain, own, strict_dkim));
    }
    let results: Vec<(Verdict, bool)> = dkim
        .iter()
        .map(|one| (one.result, one.aligned))
        .chain([(spf.result, spf.aligned)])
        .collect();
    let dmarc = dmarc(domain, &policy, &results);
    let vouched = vouched && arc.result == Verdict::Pass;
    let reason = match &from {
        From::Missing => Reason::FromMissing,
        From::Ambiguous => Reason::FromAmbiguous,
        From::Domain(_) => reason(&policy, dmarc.result, &spf, &dkim, &results, vouched),
    };
    Authentication {
        reason,
        from_domain: domain.map(str::to_owned),
        spf: Some(spf),
        dkim,
        dmarc: Some(dmarc),
        arc: Some(arc),
    }
}

fn aligned(from: Option<&str>, own: &str, strict: bool) -> bool {
    let own = own.to_ascii_lowercase();
    from.is_some_and(|from| from == own || (!strict && owner::same(from, &own)))
}

fn dmarc(from: Option<&str>, policy: &Found, results: &[(Verdict, bool)]) -> Dmarc {
    let plain = |result| Dmarc {
        result,
        domain: None,
        policy: None,
    };
    if from.is_none() {
        return plain(Verdict::PermError);
    }
    match policy {
        Found::Nothing => plain(Verdict::None),
        Found::Unanswered => plain(Verdict::TempError),
        Found::Policy { domain, wanted, .. } => {
            let has = |verdict| results.contains(&(verdict, true));
            let result = if has(Verdict::Pass) {
                Verdict::Pass
            } else if has(Verdict::TempError) {
                Verdict::TempError
            } else {
                Verdict::Fail
            };
            Dmarc {
                result,
                domain: Some(domain.clone()),
                policy: Some(wanted.name().to_owned()),
            }
        }
    }
}

fn reason(
    policy: &Found,
    dmarc: Verdict,
    spf: &Spf,
    dkim: &[Dkim],
    results: &[(Verdict, bool)],
    vouched: bool,
) -> Reason {
    let any = |verdict: Verdict| results.iter().any(|(own, _)| *own == verdict);
    let without_policy = !matches!(policy, Found::Policy { .. });
    let proves = |result, aligned| result == Verdict::Pass && aligned;
    if dmarc == Verdict::Pass {
        Reason::DmarcPass
    } else if without_policy && dkim.iter().any(|one| proves(one.result, one.aligned)) {
        Reason::DkimAligned
    } else if without_policy && proves(spf.result, spf.aligned) {
        Reason::SpfAligned
    } else if vouched {
        Reason::ArcTrusted
    } else if dmarc == Verdict::Fail {
        Reason::DmarcFail
    } else if dmarc == Verdict::TempError || any(Verdict::TempError) {
        Reason::LookupFailed
    } else if any(Verdict::Pass) {
        Reason::NotAligned
    } else if results
        .iter()
        .any(|(own, _)| !matches!(own, Verdict::None | Verdict::Neutral))
    {
        Reason::Failed
    } else {
        Reason::Nothing
    }
}

#[cfg(test)]
mod tests {
    use mail::authentication::dmarc::{Policy, Record};
    use mail::authentication::fields::split;

    use super::*;

    fn policy(text: &str) -> Found {
        Found::Policy {
            domain: "a.example".to_owned(),
            record: Record::parse(text).unwrap(),
            wanted: Policy::Reject,
        }
    }

    fn found(spf: (Verdict, &str), dkim: &[(Verdict, &str)], policy: Found) -> Findings {
        let dkim = dkim.iter().map(|(result, domain)| Dkim {
            result: *result,
            domain: Some((*domain).to_owned()),
            selector: None,
            algorithm: None,
            aligned: false,
            detail: None,
        });
        Findings {
            from: From::Domain("mail.a.example".to_owned()),
            spf: Spf {
                result: spf.0,
                domain: spf.1.to_owned(),
                is_helo: false,
                aligned: false,
                explanation: None,
            },
            dkim: dkim.collect(),
            policy,
            arc: Arc {
                result: Verdict::Pass,
                sealers: Vec::new(),
            },
            vouched: false,
        }
    }

    #[test]
    fn one_judgement_follows_from_all_results() {
        use Verdict::{Fail, Neutral, None, Pass, TempError};
        let relaxed = || policy("v=DMARC1; p=reject");
        let strict = || policy("v=DMARC1; p=reject; adkim=s; aspf=s");
        let (own, other, exact) = ("a.example", "b.example", "mail.a.example");
        for (spf, dkim, policy, expected) in [
            ((Pass, own), vec![], relaxed(), Reason::DmarcPass),
            ((Pass, own), vec![], strict(), Reason::DmarcFail),
            ((Pass, exact), vec![], strict(), Reason::DmarcPass),
            ((Fail, own), vec![(Pass, own)], relaxed(), Reason::DmarcPass),
            (
                (Pass, other),
                vec![(Pass, other)],
                relaxed(),
                Reason::DmarcFail,
            ),
            ((TempError, own), vec![], relaxed(), Reason::LookupFailed),
            ((TempError, other), vec![], relaxed(), Reason::DmarcFail),
            (
                (Fail, other),
                vec![(Pass, own)],
                Found::Nothing,
                Reason::DkimAligned,
            ),
            ((Pass, own), vec![], Found::Nothing, Reason::SpfAligned),
            ((Pass, other), vec![], Found::Nothing, Reason::NotAligned),
            ((Fail, own), vec![], Found::Nothing, Reason::Failed),
            ((Neutral, own), vec![], Found::Nothing, Reason::Nothing),
            ((None, own), vec![], Found::Nothing, Reason::Nothing),
            ((Pass, own), vec![], Found::Unanswered, Reason::LookupFailed),
            ((Pass, exact), vec![], Found::Unanswered, Reason::SpfAligned),
        ] {
            let said = format!("{spf:?} {dkim:?} {policy:?}");
            let judged = judge(found(spf, &dkim, policy));
            assert_eq!(judged.reason, expected, "{said}");
        }
    }

    #[test]
    fn a_trusted_forwarder_outweighs_a_failed_policy_but_no_second_from() {
        let mut findings = found(
            (Verdict::Fail, "a.example"),
            &[],
            policy("v=DMARC1; p=none"),
        );
        findings.vouched = true;
        assert_eq!(judge(findings).reason, Reason::ArcTrusted);
        let mut findings = found((Verdict::Pass, "mail.a.example"), &[], Found::Nothing);
        findings.from = From::Ambiguous;
        findings.vouched = true;
        let judged = judge(findings);
        assert_eq!(judged.reason, Reason::FromAmbiguous);
        assert!(!judged.is_proven());
    }

    #[test]
    fn several_authors_must_be_of_one_domain() {
        for (raw, expected) in [
            (
                "From: a@a.example\r\n\r\n",
                From::Domain("a.example".to_owned()),
            ),
            (
                "From: a@a.example, b@A.EXAMPLE\r\n\r\n",
                From::Domain("a.example".to_owned()),
            ),
            ("From: a@a.example, b@b.example\r\n\r\n", From::Ambiguous),
            (
                "From: a@a.example\r\nFrom: a@a.example\r\n\r\n",
                From::Ambiguous,
            ),
            (
                "From: a@a.example\r\nfrom : b@b.example\r\n\r\n",
                From::Ambiguous,
            ),
            ("From: nobody\r\n\r\n", From::Missing),
            ("Sender: a@a.example\r\n\r\n", From::Missing),
        ] {
            let parsed = mail::parse::parse(raw.as_bytes());
            assert_eq!(
                From::of(&split(raw.as_bytes()), &parsed.from),
                expected,
                "{raw}"
            );
        }
    }
}
