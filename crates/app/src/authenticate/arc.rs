//! Checking the chain of ARC (RFC 8617 §5.2).

use std::collections::BTreeMap;

use futures_util::future::join_all;
use mail::Timestamp;
use mail::authentication::arc::{self, Broken, Seal, Set};
use mail::authentication::dkim::{ByName, Key, KeyFlaw};
use mail::authentication::fields::Split;
use mail::authentication::results;
use model::authentication::{Arc, Verdict};
use sys::Resolver;

use super::crypto::{self, Checked};
use super::dkim::{self, Bodies, Claim};

/// A chain with everything but its keys.
pub(super) struct Chain {
    /// The newest signature over the message.
    message: Claim,
    links: Vec<Link>,
}

/// One handler.
struct Link {
    seal: Seal,
    /// What the seal is over.
    octets: Vec<u8>,
    /// The domain for which it found that the policy of DMARC was met.
    vouches: Option<String>,
}

/// What a chain is before any key is asked for.
pub(super) enum Received {
    Nothing,
    Broken,
    Chain(Box<Chain>),
}

/// Reads the chain of a message.
pub(super) fn read(
    split: &Split<'_>,
    by_name: &ByName<'_>,
    bodies: &mut Bodies<'_>,
    now: Timestamp,
) -> Received {
    let sets = match arc::chain(&split.fields) {
        Ok(sets) => sets,
        Err(Broken) => return Received::Broken,
    };
    let Some(newest) = sets.last() else {
        return Received::Nothing;
    };
    let Ok(signature) = newest.signature.clone() else {
        return Received::Broken;
    };
    let message = Claim::new(signature, &newest.message, by_name, bodies, now);
    let links = sets.iter().enumerate().map(|(index, set)| Link {
        seal: set.seal.clone(),
        octets: arc::sealed_octets(sets.get(..=index).unwrap_or_default()),
        vouches: vouches(set),
    });
    Received::Chain(Box::new(Chain {
        message,
        links: links.collect(),
    }))
}

/// The author's domain for which a handler says that DMARC passed.
fn vouches(set: &Set<'_>) -> Option<String> {
    let text = set.results.text();
    let (_, rest) = text.split_once(';')?;
    results::passed(rest, "dmarc", "header.from")
}

impl Received {
    /// Looks the keys up and checks the signatures.
    pub(super) async fn check(&self, resolver: &Resolver) -> Arc {
        let result = match self {
            Self::Nothing => Verdict::None,
            Self::Broken => Verdict::Fail,
            Self::Chain(chain) => chain.check(resolver).await,
        };
        self.result(result)
    }

    /// The result when the time ran out.
    pub(super) fn late(&self) -> Arc {
        self.result(match self {
            Self::Nothing => Verdict::None,
            Self::Broken => Verdict::Fail,
            Self::Chain(_) => Verdict::TempError,
        })
    }

    fn result(&self, result: Verdict) -> Arc {
        let sealers = match self {
            Self::Chain(chain) => chain.sealers().map(str::to_owned).collect(),
            Self::Nothing | Self::Broken => Vec::new(),
        };
        Arc { result, sealers }
    }

    /// Whether one of the `trusted` found the policy of `domain` met, and only trusted ones had the
    /// message in hand since: anybody else could have put the old sets before a message of their own.
    pub(super) fn vouches_for(&self, domain: &str, trusted: &[String]) -> bool {
        let Self::Chain(chain) = self else {
            return false;
        };
        let links = chain.links.iter().rev();
        links
            .take_while(|link| trusted.contains(&link.seal.domain))
            .any(|link| link.vouches.as_deref() == Some(domain))
    }
}

impl Chain {
    fn sealers(&self) -> impl Iterator<Item = &str> {
        self.links.iter().map(|link| link.seal.domain.as_str())
    }

    async fn check(&self, resolver: &Resolver) -> Verdict {
        // Nearly every chain that is not in order fails here, for the price of one key.
        match self.message.check(resolver).await.0 {
            Verdict::Pass => {}
            Verdict::TempError => return Verdict::TempError,
            _ => return Verdict::Fail,
        }
        let names: BTreeMap<String, ()> = self
            .links
            .iter()
            .map(|link| (link.seal.key_name(), ()))
            .collect();
        let look = async |name: String| {
            let found = dkim::keys(resolver, &name).await;
            (name, found)
        };
        let keys: BTreeMap<_, _> = join_all(names.into_keys().map(look))
            .await
            .into_iter()
            .collect();
        for link in &self.links {
            let verdict = match keys.get(&link.seal.key_name()) {
                Some(Ok(keys)) => link.check(keys),
                Some(Err((verdict, _))) => *verdict,
                None => Verdict::Fail,
            };
            match verdict {
                Verdict::Pass => {}
                Verdict::TempError => return Verdict::TempError,
                _ => return Verdict::Fail,
            }
        }
        Verdict::Pass
    }
}

impl Link {
    fn check(&self, keys: &[Result<Key, KeyFlaw>]) -> Verdict {
        let (algorithm, signature) = (self.seal.algorithm, &self.seal.signature);
        let good = keys
            .iter()
            .flatten()
            .any(|key| crypto::check(key, algorithm, &self.octets, signature) == Checked::Good);
        if good { Verdict::Pass } else { Verdict::Fail }
    }
}
