//! Who wrote, as the inbox that got it sees it: known or new, and whether they pass for somebody
//! known.

use std::collections::BTreeSet;

use mail::lookalike::{is_one_slip, label_skeleton, skeleton};
use mail::{Address, Correspondent};
use model::identity::LookAlike;

use crate::authenticate::organization;

/// Letters of a label or a name that are too few to be mistaken for another.
const FEW: usize = 5;

/// Names that everybody has.
const COMMON: [&str; 16] = [
    "admin",
    "billing",
    "contact",
    "customerservice",
    "customersupport",
    "helpdesk",
    "marketing",
    "newsletter",
    "noreply",
    "notification",
    "notifications",
    "office",
    "postmaster",
    "sales",
    "service",
    "support",
];

/// A correspondent as identity is judged.
pub(crate) struct Person {
    address: Address,
    name: Option<String>,
}

/// One row by which an acquaintance is found again: the trait, and whose it is.
pub(crate) type Trait = (String, String);

impl Person {
    /// Somebody with a usable address.
    pub(crate) fn of(one: &Correspondent) -> Option<Self> {
        Some(Self {
            address: one.address()?,
            name: one.name.clone(),
        })
    }

    /// Somebody who is written to.
    pub(crate) fn recipient(one: &mail::Mailbox) -> Self {
        Self {
            address: one.address.clone(),
            name: one.name.clone(),
        }
    }

    /// The trait that they alone have.
    pub(crate) fn own_trait(&self) -> String {
        format!("={}", self.address.key())
    }

    /// What to remember them by.
    pub(crate) fn traits(&self) -> Vec<Trait> {
        let key = self.address.key();
        let mut traits = vec![(self.own_trait(), key.clone())];
        traits.extend(self.name_trait().map(|name| (name, key)));
        let domain = self.domain();
        let of_domain = format!("@{domain}");
        let label = label_skeleton(first_label(domain));
        traits.push((format!("d{label}"), of_domain.clone()));
        let letters = label.chars().count();
        if letters >= FEW {
            traits.push((head(&label, letters), of_domain.clone()));
            traits.push((tail(&label, letters), of_domain));
        }
        traits
    }

    /// What somebody they pass for would be remembered by.
    pub(crate) fn questions(&self) -> Vec<String> {
        let mut questions = BTreeSet::new();
        questions.extend(self.name_trait());
        let label = label_skeleton(first_label(self.domain()));
        questions.insert(format!("d{label}"));
        for token in self.tokens() {
            questions.insert(format!("d{token}"));
        }
        let letters = label.chars().count();
        // A slip leaves the beginning or the end of the other's label as it is.
        for other in letters.saturating_sub(1)..=letters + 1 {
            if other >= FEW {
                questions.insert(head(&label, other));
                questions.insert(tail(&label, other));
            }
        }
        questions.into_iter().take(store::MOST_TRAITS).collect()
    }

    /// Whom they pass for, among those that have one of the traits they asked for.
    pub(crate) fn passes_for(&self, found: &[Trait]) -> Option<LookAlike> {
        let domain = self.domain();
        let own = format!("@{domain}");
        // Neighbours of somebody known are no strangers by their domain.
        let is_neighbour = found.iter().any(|(_, whose)| *whose == own);
        let by_domain = found.iter().find(|(_, whose)| {
            let Some(known) = whose.strip_prefix('@') else {
                return false;
            };
            !is_neighbour && self.domain_passes_for(known)
        });
        if let Some((_, whose)) = by_domain {
            let known = whose.trim_start_matches('@');
            return Some(LookAlike::domain(known));
        }
        let name = self.name_trait()?;
        let by_name = found.iter().find(|(known, whose)| {
            *known == name && known_domain(whose).is_some_and(|theirs| theirs != domain)
        });
        by_name.map(|(_, whose)| LookAlike::name(whose))
    }

    /// An address in the name shown that is not theirs.
    pub(crate) fn address_in_name(&self) -> Option<String> {
        let name = self.name.as_deref()?.replace(['＠', '﹫'], "@");
        let is_part = |c: char| c.is_alphanumeric() || "._%+-!#$&*/=?^{|}~'@".contains(c);
        let mut words = name.split(|c: char| !is_part(c));
        let found = words.find_map(|word| Address::parse(word.trim_matches(['\'', '.'])).ok())?;
        (found.key() != self.address.key()).then(|| found.key())
    }

    fn domain(&self) -> &str {
        organization(self.address.domain())
    }

    fn name_trait(&self) -> Option<String> {
        let name = skeleton(self.name.as_deref()?);
        let counts = name.chars().count() >= FEW;
        let is_common = COMMON.iter().any(|common| skeleton(common) == name);
        (counts && !is_common).then(|| format!("n{name}"))
    }

    /// Parts of the domain that may be the whole name of another.
    fn tokens(&self) -> impl Iterator<Item = String> {
        let whole = self.address.domain();
        let label = first_label(self.domain());
        let parts = label.split('-').filter(move |part| *part != label);
        let embedded = whole.strip_suffix(self.domain()).unwrap_or_default();
        parts
            .chain(embedded.split('.'))
            .map(label_skeleton)
            .filter(|token| token.chars().count() >= FEW)
            .take(4)
    }

    fn domain_passes_for(&self, known: &str) -> bool {
        let domain = self.domain();
        if known == domain {
            return false;
        }
        let (label, known_label) = (first_label(domain), first_label(known));
        let (suffix, known_suffix) = (after_label(domain), after_label(known));
        if label == known_label {
            // Companies have their name in many countries.
            return is_one_slip(suffix, known_suffix);
        }
        let (seen, known_seen) = (label_skeleton(label), label_skeleton(known_label));
        if seen == known_seen {
            return true;
        }
        let enough = known_seen.chars().count() >= FEW;
        let has_token = label
            .split('-')
            .any(|part| label_skeleton(part) == known_seen);
        let whole = self.address.domain();
        let embeds =
            whole.starts_with(&format!("{known}.")) || whole.contains(&format!(".{known}."));
        enough && (is_one_slip(&seen, &known_seen) || has_token || embeds)
    }
}

fn first_label(domain: &str) -> &str {
    domain.split('.').next().unwrap_or(domain)
}

fn after_label(domain: &str) -> &str {
    domain.split_once('.').map_or("", |(_, rest)| rest)
}

fn known_domain(address: &str) -> Option<&str> {
    let (_, domain) = address.rsplit_once('@')?;
    Some(organization(domain))
}

/// The first half of a label that had `letters` letters.
fn head(label: &str, letters: usize) -> String {
    let half: String = label.chars().take(letters / 2).collect();
    format!("h{half}")
}

/// The last half, but for the letter in the middle: two that were swapped there would be in both.
fn tail(label: &str, letters: usize) -> String {
    let length = letters - letters / 2 - 1;
    let skipped = label.chars().count().saturating_sub(length);
    let half: String = label.chars().skip(skipped).collect();
    format!("t{half}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, address: &str) -> Person {
        Person {
            address: Address::parse(address).unwrap(),
            name: (!name.is_empty()).then(|| name.to_owned()),
        }
    }

    /// Whom somebody passes for in an inbox that knows one other.
    fn seen(known: (&str, &str), name: &str, address: &str) -> Option<LookAlike> {
        let stranger = person(name, address);
        let asked = stranger.questions();
        assert!(asked.len() <= store::MOST_TRAITS);
        let known = person(known.0, known.1).traits();
        let found: Vec<Trait> = known
            .into_iter()
            .filter(|(name, _)| asked.contains(name))
            .collect();
        stranger.passes_for(&found)
    }

    #[test]
    fn who_looks_like_somebody_known_is_found_by_domain_and_by_name() {
        let paypal = ("PayPal", "service@paypal.com");
        for address in [
            "service@paypa1.com",
            "service@paypall.com",
            "service@papyal.com",
            "service@aypal.com",
            "service@xn--pypal-4ve.com",
            "service@paypal.co",
            "service@paypal-security.com",
            "service@paypal.com.evil.io",
            "service@mail.paypol.com",
        ] {
            let found = seen(paypal, "", address);
            assert_eq!(found, Some(LookAlike::domain("paypal.com")), "{address}");
        }
        let ann = ("Ann Lee", "ann@corp.example.com");
        let found = seen(ann, "Аnn Lee", "ann.lee.ceo@mailbox.org");
        assert_eq!(found, Some(LookAlike::name("ann@corp.example.com")));
    }

    #[test]
    fn who_does_not_is_not() {
        let paypal = ("PayPal", "service@paypal.com");
        for (name, address) in [
            ("", "bob@paypal.de"),
            ("PayPal", "other@paypal.com"),
            ("PayPal", "news@mail.paypal.com"),
            ("", "bob@example.org"),
            ("", "bob@papal.va"),
            ("Support", "support@example.org"),
        ] {
            // A slip apart, but a name of its own with other letters elsewhere, is still told.
            let expected = (address == "bob@papal.va").then(|| LookAlike::domain("paypal.com"));
            assert_eq!(seen(paypal, name, address), expected, "{address}");
        }
        let support = ("Support", "support@corp.example.com");
        assert_eq!(seen(support, "Support", "support@other.org"), None);
    }

    #[test]
    fn an_address_in_the_name_is_found_when_it_is_another() {
        for (name, found) in [
            ("ceo@corp.example", Some("ceo@corp.example")),
            ("The CEO (ceo@Corp.example)", Some("ceo@corp.example")),
            ("ceo＠corp.example", Some("ceo@corp.example")),
            ("'x@evil.example' via list", None),
            ("Ann @ Home", None),
            ("Ann", None),
        ] {
            let person = person(name, "x@evil.example");
            assert_eq!(person.address_in_name().as_deref(), found, "{name}");
        }
    }
}
