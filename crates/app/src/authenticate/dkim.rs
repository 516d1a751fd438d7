//! Checking DKIM signatures (RFC 6376 §6), and those of ARC that are made the same way.

use futures_util::future::join_all;
use mail::Timestamp;
use mail::authentication::canonical::Form;
use mail::authentication::dkim::{Algorithm, ByName, Flaw, Key, KeyFlaw, Signature};
use mail::authentication::fields::{Field, Split};
use model::authentication::{Dkim, Verdict};
use sys::{Answer, Resolver};

use super::crypto::{self, Checked};

/// Signatures that are looked at: those of the domain in From first, then in their order.
const MOST: usize = 10;

/// Key records of one name that are tried; there should be one.
const MOST_KEYS: usize = 3;

/// A signature with everything but its key.
pub(super) struct Claim {
    signature: Signature,
    /// What it is over.
    octets: Vec<u8>,
    body: Body,
    expired: bool,
}

/// What the body hash says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Same,
    Changed,
    /// The signature leaves a part of the body open to anybody (`l=`).
    Open,
}

/// Fields of which a message has one at most (RFC 5322 §3.6, RFC 2045). A reader takes the first, a
/// signature covers the last: a second one in front would change the message under the signature.
const SINGLE: [&str; 13] = [
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// The hashes of one body, each made once.
pub(super) struct Bodies<'a> {
    body: &'a [u8],
    simple: Option<([u8; 32], u64)>,
    relaxed: Option<([u8; 32], u64)>,
}

impl<'a> Bodies<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self {
            body,
            simple: None,
            relaxed: None,
        }
    }

    fn hash(&mut self, form: Form) -> ([u8; 32], u64) {
        let place = match form {
            Form::Simple => &mut self.simple,
            Form::Relaxed => &mut self.relaxed,
        };
        *place.get_or_insert_with(|| crypto::body_hash(self.body, form))
    }
}

impl Claim {
    /// Prepares the check of a signature in `field`.
    pub(super) fn new(
        signature: Signature,
        field: &Field<'_>,
        by_name: &ByName<'_>,
        bodies: &mut Bodies<'_>,
        now: Timestamp,
    ) -> Self {
        let (hash, length) = bodies.hash(signature.body_form);
        // A signature that stops before the end of the body says nothing about what a reader sees.
        let body = if signature.length.is_some_and(|covered| covered < length) {
            Body::Open
        } else if signature.length.is_some_and(|covered| covered > length)
            || signature.body_hash != hash
        {
            Body::Changed
        } else {
            Body::Same
        };
        let seconds = u64::try_from(now.as_micros() / 1_000_000).unwrap_or(0);
        Self {
            octets: by_name.signed_octets(&signature, field),
            body,
            expired: signature.expires.is_some_and(|end| end < seconds),
            signature,
        }
    }

    /// Looks the key up and checks the signature.
    pub(super) async fn check(&self, resolver: &Resolver) -> (Verdict, Option<&'static str>) {
        if self.signature.algorithm == Algorithm::RsaSha1 {
            return (Verdict::Policy, Some("algorithm_too_weak"));
        }
        if self.expired {
            return (Verdict::Fail, Some("expired"));
        }
        match self.body {
            Body::Same => {}
            Body::Changed => return (Verdict::Fail, Some("body_changed")),
            Body::Open => return (Verdict::Policy, Some("body_not_covered")),
        }
        let keys = match keys(resolver, &self.signature.key_name()).await {
            Ok(keys) => keys,
            Err(failure) => return failure,
        };
        let mut last = (Verdict::PermError, Some("key_unreadable"));
        for key in keys {
            last = match key {
                Ok(key) => self.with_key(&key),
                Err(KeyFlaw::Syntax) => (Verdict::PermError, Some("key_unreadable")),
                Err(KeyFlaw::Revoked) => (Verdict::PermError, Some("key_revoked")),
                Err(KeyFlaw::Unsuitable) => (Verdict::PermError, Some("key_unsuitable")),
            };
            if last.0 == Verdict::Pass {
                break;
            }
        }
        last
    }

    fn with_key(&self, key: &Key) -> (Verdict, Option<&'static str>) {
        let signature = &self.signature;
        let identity = signature.identity.as_ref();
        if key.same_domain && identity.is_some_and(|own| *own != signature.domain) {
            return (Verdict::PermError, Some("identity_not_allowed"));
        }
        outcome(crypto::check(
            key,
            signature.algorithm,
            &self.octets,
            &signature.signature,
        ))
    }
}

/// A check in the words of the results.
pub(super) fn outcome(checked: Checked) -> (Verdict, Option<&'static str>) {
    match checked {
        Checked::Good => (Verdict::Pass, None),
        Checked::Bad => (Verdict::Fail, Some("signature_wrong")),
        Checked::Weak => (Verdict::Policy, Some("key_too_short")),
        Checked::Unusable => (Verdict::PermError, Some("key_unsuitable")),
    }
}

/// The key records of a name, at least one.
pub(super) async fn keys(
    resolver: &Resolver,
    name: &str,
) -> Result<Vec<Result<Key, KeyFlaw>>, (Verdict, Option<&'static str>)> {
    match resolver.txt(name).await {
        Ok(Answer::Records(texts)) => Ok(texts
            .iter()
            .take(MOST_KEYS)
            .map(|text| Key::parse(text))
            .collect()),
        Ok(Answer::NoRecords | Answer::NoName) => Err((Verdict::PermError, Some("key_missing"))),
        Err(_) => Err((Verdict::TempError, Some("key_not_answered"))),
    }
}

/// The signatures of a message as far as its bytes tell: a claim, or the result already.
pub(super) fn claims(
    split: &Split<'_>,
    by_name: &ByName<'_>,
    bodies: &mut Bodies<'_>,
    from: Option<&str>,
    now: Timestamp,
) -> Vec<Result<Claim, Dkim>> {
    let fields = split.fields.iter();
    let mut read: Vec<(&Field<'_>, Result<Signature, Flaw>)> = fields
        .filter(|field| field.is("DKIM-Signature"))
        // Reading is cheap, checking is not.
        .take(MOST * 10)
        .map(|field| (field, Signature::parse(&field.text())))
        .collect();
    // A flood of strangers' signatures must not push out the one that counts.
    read.sort_by_key(|(_, signature)| match (signature, from) {
        (Ok(signature), Some(from)) => !super::owner::same(&signature.domain, from),
        _ => true,
    });
    read.truncate(MOST);
    read.into_iter()
        .map(|(field, signature)| match signature {
            Ok(signature) => {
                let claim = Claim::new(signature, field, by_name, bodies, now);
                match open_header(&claim.signature, split, by_name) {
                    Some(why) => Err(result_of(&claim, Verdict::Policy, Some(why))),
                    None => Ok(claim),
                }
            }
            Err(flaw) => Err(unread(flaw)),
        })
        .collect()
}

/// Whether the header has what changes the message for its readers without being covered.
fn open_header(
    signature: &Signature,
    split: &Split<'_>,
    by_name: &ByName<'_>,
) -> Option<&'static str> {
    // A line that is no field ends the header for many readers, ours among them: what follows it
    // would be shown as text that nobody signed. An mbox separator may stand first.
    let mut fields = split.fields.iter().enumerate();
    let is_junk = |(at, field): (usize, &Field<'_>)| {
        field.name.is_empty() && !(at == 0 && field.raw.starts_with(b"From "))
    };
    if fields.any(is_junk) {
        return Some("header_malformed");
    }
    let added = SINGLE.iter().any(|name| {
        let covered = signature.signed.iter().filter(|own| own == name).count();
        covered > 0 && by_name.count(name) > covered
    });
    added.then_some("field_added")
}

fn unread(flaw: Flaw) -> Dkim {
    Dkim {
        result: Verdict::PermError,
        domain: None,
        selector: None,
        algorithm: None,
        aligned: false,
        detail: Some(
            match flaw {
                Flaw::Syntax | Flaw::Missing => "signature_unreadable",
                Flaw::Version => "version_unknown",
                Flaw::Unsupported => "algorithm_unknown",
                Flaw::FromNotSigned => "from_not_signed",
                Flaw::Identity => "identity_not_allowed",
            }
            .to_owned(),
        ),
    }
}

/// Checks all signatures at once.
pub(super) async fn check(claims: &[Result<Claim, Dkim>], resolver: &Resolver) -> Vec<Dkim> {
    join_all(claims.iter().map(|claim| one(claim, resolver))).await
}

async fn one(claim: &Result<Claim, Dkim>, resolver: &Resolver) -> Dkim {
    match claim {
        Ok(claim) => {
            let (result, detail) = claim.check(resolver).await;
            result_of(claim, result, detail)
        }
        Err(known) => known.clone(),
    }
}

/// The results when the time ran out.
pub(super) fn late(claims: &[Result<Claim, Dkim>]) -> Vec<Dkim> {
    let late = |claim: &Result<Claim, Dkim>| match claim {
        Ok(claim) => result_of(claim, Verdict::TempError, Some("key_not_answered")),
        Err(known) => known.clone(),
    };
    claims.iter().map(late).collect()
}

fn result_of(claim: &Claim, result: Verdict, detail: Option<&'static str>) -> Dkim {
    let signature = &claim.signature;
    Dkim {
        result,
        domain: Some(signature.domain.clone()),
        selector: Some(signature.selector.clone()),
        algorithm: Some(signature.algorithm.name().to_owned()),
        aligned: false,
        detail: detail.map(str::to_owned),
    }
}
