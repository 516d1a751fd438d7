//! Received chains of ARC (RFC 8617): the sets of three fields that each handler adds.

use super::canonical::{self, Form};
use super::dkim::{self, Algorithm, Flaw, Signature};
use super::fields::Field;
use super::tags::{Tags, base64};

/// More sets than this fail (§4.2.1).
pub const MAX_SETS: usize = 50;

/// The names of the three fields of a set.
const RESULTS: &str = "ARC-Authentication-Results";
const MESSAGE: &str = "ARC-Message-Signature";
const SEAL: &str = "ARC-Seal";

/// One handler's set.
#[derive(Clone, Debug)]
pub struct Set<'a> {
    /// What the handler found.
    pub results: Field<'a>,
    /// Its signature over the message.
    pub message: Field<'a>,
    /// What that signature says.
    pub signature: Result<Signature, Flaw>,
    /// Its seal over all sets up to this one.
    pub seal_field: Field<'a>,
    /// What the seal says.
    pub seal: Seal,
}

/// What an ARC-Seal field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// `a=`
    pub algorithm: Algorithm,
    /// `b=`
    pub signature: Vec<u8>,
    /// `d=`, in lower case.
    pub domain: String,
    /// `s=`, in lower case.
    pub selector: String,
    /// `cv=`: what the handler made of the sets before its own.
    pub before: Before,
}

/// The values of `cv=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// There were none.
    None,
    /// They were in order.
    Pass,
    /// They were not.
    Fail,
}

/// A chain cannot be in order, whatever the keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// The chain of a message, from its first handler to its last; empty without one.
///
/// # Errors
/// [`Broken`] when a field cannot be read, a set is not whole, a number is missing or comes twice,
/// or a seal says what it cannot say.
pub fn chain<'a>(fields: &[Field<'a>]) -> Result<Vec<Set<'a>>, Broken> {
    let results = numbered(fields, RESULTS, results_instance)?;
    let messages = numbered(fields, MESSAGE, tag_instance)?;
    let seals = numbered(fields, SEAL, tag_instance)?;
    if results.len() != seals.len() || messages.len() != seals.len() {
        return Err(Broken);
    }
    let mut sets = Vec::with_capacity(seals.len());
    for (index, ((results, message), seal_field)) in
        results.into_iter().zip(messages).zip(seals).enumerate()
    {
        let seal = Seal::parse(&seal_field.text())?;
        let expected = if index == 0 {
            Before::None
        } else {
            Before::Pass
        };
        if seal.before != expected {
            return Err(Broken);
        }
        sets.push(Set {
            signature: message_signature(&message.text()),
            results,
            message,
            seal_field,
            seal,
        });
    }
    Ok(sets)
}

/// What a seal is made over: all sets up to its own in order, each in the relaxed form, its own
/// field last and without its signature (§5.1.1).
#[must_use]
pub fn sealed_octets(sets: &[Set<'_>]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (index, set) in sets.iter().enumerate() {
        canonical::header(&set.results, Form::Relaxed, &mut octets);
        canonical::header(&set.message, Form::Relaxed, &mut octets);
        if index + 1 < sets.len() {
            canonical::header(&set.seal_field, Form::Relaxed, &mut octets);
        } else {
            dkim::push_unsigned(&set.seal_field, Form::Relaxed, &mut octets);
        }
    }
    octets
}

impl Seal {
    /// Reads the value of an ARC-Seal field.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn parse(value: &str) -> Result<Self, Broken> {
        let tags = Tags::parse(value).map_err(|_| Broken)?;
        let must = |name| tags.get(name).ok_or(Broken);
        // `h=` would let the seal choose what it covers (§4.1.3).
        if tags.get("h").is_some() {
            return Err(Broken);
        }
        dkim::number(&tags, "t").map_err(|_| Broken)?;
        Ok(Self {
            algorithm: Algorithm::parse(must("a")?).ok_or(Broken)?,
            signature: base64(must("b")?).ok_or(Broken)?,
            domain: dkim::name(must("d")?).ok_or(Broken)?,
            selector: dkim::name(must("s")?).ok_or(Broken)?,
            before: match must("cv")?.to_ascii_lowercase().as_str() {
                "none" => Before::None,
                "pass" => Before::Pass,
                "fail" => Before::Fail,
                _ => return Err(Broken),
            },
        })
    }

    /// Where the key is.
    #[must_use]
    pub fn key_name(&self) -> String {
        dkim::key_name(&self.selector, &self.domain)
    }
}

/// Reads an ARC-Message-Signature, which has no `v=` and must not cover seals (§4.1.2).
fn message_signature(value: &str) -> Result<Signature, Flaw> {
    let tags = Tags::parse(value).map_err(|_| Flaw::Syntax)?;
    // `i=` is the number of the set here, not an identity.
    let signature = Signature::read_without_identity(&tags, "relaxed/relaxed")?;
    let covers_seal = signature.signed.iter().any(|name| name == "arc-seal");
    if covers_seal {
        return Err(Flaw::Syntax);
    }
    Ok(signature)
}

/// The fields of this name in the order of their numbers, which must be 1, 2, 3 and so on.
fn numbered<'a>(
    fields: &[Field<'a>],
    name: &str,
    instance: fn(&str) -> Option<usize>,
) -> Result<Vec<Field<'a>>, Broken> {
    let mut places: Vec<Option<Field<'a>>> = Vec::new();
    for field in fields.iter().filter(|field| field.is(name)) {
        let number = instance(&field.text()).ok_or(Broken)?;
        if !(1..=MAX_SETS).contains(&number) {
            return Err(Broken);
        }
        if places.len() < number {
            places.resize(number, None);
        }
        let place = places.get_mut(number - 1).ok_or(Broken)?;
        if place.replace(*field).is_some() {
            return Err(Broken);
        }
    }
    places
        .into_iter()
        .map(|place| place.ok_or(Broken))
        .collect()
}

fn tag_instance(value: &str) -> Option<usize> {
    instance(Tags::parse(value).ok()?.get("i")?)
}

/// `i=` stands first here, before what is otherwise an Authentication-Results field (§4.1.1).
fn results_instance(value: &str) -> Option<usize> {
    let (first, _) = value.split_once(';')?;
    let (name, number) = first.split_once('=')?;
    (name.trim() == "i").then(|| instance(number.trim()))?
}

fn instance(text: &str) -> Option<usize> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::super::fields::split;
    use super::*;

    fn set(number: usize, before: &str) -> String {
        format!(
            "ARC-Seal: i={number}; a=rsa-sha256; t=1; cv={before}; d=a.example; s=s; b=AAAA\r\n\
             ARC-Message-Signature: i={number}; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=s; \
             h=from; bh=AAAA; b=AAAA\r\n\
             ARC-Authentication-Results: i={number}; a.example; spf=pass\r\n"
        )
    }

    fn length(raw: &str) -> Result<usize, Broken> {
        chain(&split(raw.as_bytes()).fields).map(|sets| sets.len())
    }

    #[test]
    fn a_chain_is_whole_or_broken() {
        let two = set(2, "pass") + &set(1, "none");
        assert_eq!(length(""), Ok(0));
        assert_eq!(length(&two), Ok(2));
        for broken in [
            set(1, "pass"),
            set(2, "pass"),
            set(1, "none") + &set(1, "none"),
            set(2, "none") + &set(1, "none"),
            set(0, "none"),
            set(51, "none"),
            two.replace("i=2; a.example", "a.example; i=2"),
            two.replace("t=1", "t=x"),
            two.replace("t=1", "h=from"),
            two.replacen("ARC-Message-Signature", "X", 1),
        ] {
            assert_eq!(length(&broken), Err(Broken), "{broken}");
        }
    }

    #[test]
    fn a_seal_covers_the_sets_before_it_and_not_its_own_signature() {
        let raw = set(2, "pass") + &set(1, "none");
        let split = split(raw.as_bytes());
        let sets = chain(&split.fields).unwrap();
        let octets = String::from_utf8(sealed_octets(&sets)).unwrap();
        let names: Vec<_> = octets
            .lines()
            .map(|line| line.split(':').next().unwrap())
            .collect();
        let three = [
            "arc-authentication-results",
            "arc-message-signature",
            "arc-seal",
        ];
        assert_eq!(names, [three, three].concat());
        assert!(octets.ends_with("s=s; b="));
        assert_eq!(octets.matches("b=AAAA").count(), 3);
    }
}
