//! Finding a domain's DMARC policy (RFC 7489 §6.6.3).

use mail::authentication::dmarc::{Policy, Record};
use sys::{Answer, Resolver};

use super::owner;

/// The policy for mail with a domain in From.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Its owner has published none.
    Nothing,
    /// The DNS did not answer.
    Unanswered,
    /// This one.
    Policy {
        /// The domain whose record it is.
        domain: String,
        record: Record,
        /// What the owner asks for mail of this very domain.
        wanted: Policy,
    },
}

/// Looks for the policy of `domain`, and above it for that of its organisation.
pub(super) async fn find(resolver: &Resolver, domain: &str) -> Found {
    let organization = owner::organization(domain);
    for (owner, own) in [(domain, true), (organization, false)] {
        if !own && owner == domain {
            break;
        }
        let texts = match resolver.txt(&format!("_dmarc.{owner}")).await {
            Ok(Answer::Records(texts)) => texts,
            Ok(Answer::NoRecords | Answer::NoName) => continue,
            Err(_) => return Found::Unanswered,
        };
        let mut records = texts.iter().filter_map(|text| Record::parse(text));
        match (records.next(), records.next()) {
            (Some(record), None) => {
                return Found::Policy {
                    domain: owner.to_owned(),
                    record,
                    wanted: if own {
                        record.policy
                    } else {
                        record.subdomains
                    },
                };
            }
            // Two say nothing, and nobody above is asked then.
            (Some(_), Some(_)) => return Found::Nothing,
            (None, _) => {}
        }
    }
    Found::Nothing
}
