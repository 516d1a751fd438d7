//! DKIM signatures and key records (RFC 6376, RFC 8301, RFC 8463).

use std::collections::HashMap;

use super::canonical::{self, Form};
use super::fields::Field;
use super::tags::{Tags, base64, compact};

/// Names a signature may cover.
const MAX_SIGNED: usize = 500;

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `rsa-sha256`
    RsaSha256,
    /// `ed25519-sha256` (RFC 8463)
    Ed25519Sha256,
    /// `rsa-sha1`, which nobody may rely on (RFC 8301 §3.1).
    RsaSha1,
}

impl Algorithm {
    /// The value of `a=`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::Ed25519Sha256 => "ed25519-sha256",
            Self::RsaSha1 => "rsa-sha1",
        }
    }

    /// Reads the value of `a=`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "rsa-sha256" => Some(Self::RsaSha256),
            "ed25519-sha256" => Some(Self::Ed25519Sha256),
            "rsa-sha1" => Some(Self::RsaSha1),
            _ => None,
        }
    }
}

/// What a DKIM-Signature or ARC-Message-Signature field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `a=`
    pub algorithm: Algorithm,
    /// The form of the header, from `c=`.
    pub header_form: Form,
    /// The form of the body, from `c=`.
    pub body_form: Form,
    /// `d=`, in lower case.
    pub domain: String,
    /// `s=`, in lower case.
    pub selector: String,
    /// `h=`, in lower case.
    pub signed: Vec<String>,
    /// `bh=`
    pub body_hash: Vec<u8>,
    /// `b=`
    pub signature: Vec<u8>,
    /// `l=`: octets of the body in its form that are covered.
    pub length: Option<u64>,
    /// The domain of `i=`, in lower case.
    pub identity: Option<String>,
    /// `t=`, in seconds since 1970.
    pub made: Option<u64>,
    /// `x=`, likewise.
    pub expires: Option<u64>,
}

/// What is wrong with a signature before any key is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is no tag list, or a tag has a value it cannot have.
    Syntax,
    /// A tag that must be there is not.
    Missing,
    /// `v=` is not 1.
    Version,
    /// `a=` or `q=` names something unknown.
    Unsupported,
    /// `h=` does not cover From.
    FromNotSigned,
    /// `i=` is not within `d=`.
    Identity,
}

impl Signature {
    /// Reads the value of a DKIM-Signature field.
    ///
    /// # Errors
    /// [`Flaw`].
    pub fn parse(value: &str) -> Result<Self, Flaw> {
        let tags = Tags::parse(value).map_err(|_| Flaw::Syntax)?;
        if tags.get("v").ok_or(Flaw::Missing)? != "1" {
            return Err(Flaw::Version);
        }
        let mut signature = Self::read_without_identity(&tags, "simple/simple")?;
        if let Some(identity) = tags.get("i") {
            signature.identity = Some(identity_domain(identity, &signature.domain)?);
        }
        let is_from = |name: &String| name == "from";
        if !signature.signed.iter().any(is_from) {
            return Err(Flaw::FromNotSigned);
        }
        Ok(signature)
    }

    /// Reads what DKIM-Signature and ARC-Message-Signature have in common: not `i=`, nor what
    /// holds without `c=`.
    pub(super) fn read_without_identity(tags: &Tags<'_>, usual_forms: &str) -> Result<Self, Flaw> {
        let must = |name| tags.get(name).ok_or(Flaw::Missing);
        let algorithm = Algorithm::parse(must("a")?).ok_or(Flaw::Unsupported)?;
        let (header_form, body_form) = forms(tags.get("c").unwrap_or(usual_forms))?;
        let domain = name(must("d")?).ok_or(Flaw::Syntax)?;
        let selector = name(must("s")?).ok_or(Flaw::Syntax)?;
        let signed: Vec<String> = must("h")?
            .split(':')
            .map(|name| compact(name).to_ascii_lowercase())
            .filter(|name| !name.is_empty())
            .collect();
        let malformed = |name: &String| {
            name.is_empty()
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b';')
        };
        if signed.len() > MAX_SIGNED || signed.iter().any(malformed) {
            return Err(Flaw::Syntax);
        }
        let queries = tags.get("q").unwrap_or("dns/txt");
        if !queries.split(':').any(|query| query.trim() == "dns/txt") {
            return Err(Flaw::Unsupported);
        }
        let (made, expires) = (number(tags, "t")?, number(tags, "x")?);
        if let (Some(made), Some(expires)) = (made, expires)
            && expires < made
        {
            return Err(Flaw::Syntax);
        }
        Ok(Self {
            algorithm,
            header_form,
            body_form,
            signed,
            body_hash: base64(must("bh")?).ok_or(Flaw::Syntax)?,
            signature: base64(must("b")?).ok_or(Flaw::Syntax)?,
            length: number(tags, "l")?,
            identity: None,
            made,
            expires,
            domain,
            selector,
        })
    }

    /// Where the key is.
    #[must_use]
    pub fn key_name(&self) -> String {
        key_name(&self.selector, &self.domain)
    }
}

/// Where the key of a selector is (RFC 6376 §3.6.2.1).
#[must_use]
pub fn key_name(selector: &str, domain: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

fn forms(text: &str) -> Result<(Form, Form), Flaw> {
    let form = |text: &str| match text {
        "simple" => Ok(Form::Simple),
        "relaxed" => Ok(Form::Relaxed),
        _ => Err(Flaw::Syntax),
    };
    let text = compact(text).to_ascii_lowercase();
    match text.split_once('/') {
        Some((header, body)) => Ok((form(header)?, form(body)?)),
        None => Ok((form(&text)?, Form::Simple)),
    }
}

/// A domain name or selector in lower case; labels of letters, digits, hyphens and underscores.
/// Names beyond ASCII are taken in their A-labels (RFC 8616 §4).
pub(super) fn name(text: &str) -> Option<String> {
    let text = compact(text);
    let text = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii(&text).ok()?
    };
    let text = text.strip_suffix('.').unwrap_or(&text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (text.len() <= 253 && text.split('.').all(label)).then(|| text.to_owned())
}

fn identity_domain(identity: &str, domain: &str) -> Result<String, Flaw> {
    let (_, own) = identity.rsplit_once('@').ok_or(Flaw::Syntax)?;
    let own = name(own).ok_or(Flaw::Syntax)?;
    let within = own
        .strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    within.then_some(own).ok_or(Flaw::Identity)
}

/// Up to twelve digits: enough for any year, and for octets up to a terabyte.
pub(super) fn number(tags: &Tags<'_>, name: &str) -> Result<Option<u64>, Flaw> {
    let Some(text) = tags.get(name) else {
        return Ok(None);
    };
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(Flaw::Syntax);
    }
    text.parse().map(Some).map_err(|_| Flaw::Syntax)
}

/// The fields of a message by their names, so that choosing the signed ones is quick.
#[derive(Debug)]
pub struct ByName<'a> {
    fields: &'a [Field<'a>],
    places: HashMap<String, Vec<usize>>,
}

impl<'a> ByName<'a> {
    /// Sorts the fields of a message.
    #[must_use]
    pub fn of(fields: &'a [Field<'a>]) -> Self {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, field) in fields.iter().enumerate() {
            if !field.name.is_empty() {
                let name = field.name.to_ascii_lowercase();
                places.entry(name).or_default().push(at);
            }
        }
        Self { fields, places }
    }

    /// How many fields have this name, given in lower case.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.places.get(name).map_or(0, Vec::len)
    }

    /// What `b=` is made over: the fields of `h=`, each taken from the last up (§5.4.2), and `own`,
    /// the signature's field itself, without the value of `b=` and without its line break (§3.7).
    #[must_use]
    pub fn signed_octets(&self, signature: &Signature, own: &Field<'_>) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut taken: HashMap<&str, usize> = HashMap::new();
        for name in &signature.signed {
            let Some(places) = self.places.get(name) else {
                continue;
            };
            let used = taken.entry(name).or_default();
            *used += 1;
            let field = places
                .len()
                .checked_sub(*used)
                .and_then(|at| places.get(at))
                .and_then(|at| self.fields.get(*at));
            if let Some(field) = field {
                canonical::header(field, signature.header_form, &mut octets);
            }
        }
        push_unsigned(own, signature.header_form, &mut octets);
        octets
    }
}

/// Appends a signature's own field as it was before the signature was put in.
pub(super) fn push_unsigned(own: &Field<'_>, form: Form, octets: &mut Vec<u8>) {
    canonical::header_of(&without_signature(own.raw), form, octets);
    if octets.ends_with(b"\r\n") {
        octets.truncate(octets.len() - 2);
    }
}

/// A field without the value of its tag `b`.
fn without_signature(raw: &[u8]) -> Vec<u8> {
    let colon = memchr::memchr(b':', raw).map_or(0, |at| at + 1);
    let (name, value) = raw.split_at(colon);
    let mut out = name.to_vec();
    for (index, spec) in value.split(|byte| *byte == b';').enumerate() {
        if index > 0 {
            out.push(b';');
        }
        let equals = memchr::memchr(b'=', spec);
        match equals {
            Some(at) if spec.get(..at).unwrap_or_default().trim_ascii() == b"b" => {
                out.extend_from_slice(spec.get(..=at).unwrap_or_default());
            }
            _ => out.extend_from_slice(spec),
        }
    }
    out
}

/// A public key as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What it is for.
    pub kind: KeyKind,
    /// `p=`: a SubjectPublicKeyInfo or RSAPublicKey for RSA, 32 octets for Ed25519.
    pub octets: Vec<u8>,
    /// `t=s`: the domain of `i=` must be that of `d=`.
    pub same_domain: bool,
    /// `t=y`: the domain is trying DKIM out.
    pub testing: bool,
}

/// The kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `k=rsa`
    Rsa,
    /// `k=ed25519`
    Ed25519,
}

/// Why a text is no usable key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFlaw {
    /// It is no key record.
    Syntax,
    /// It was withdrawn: `p=` is empty (§3.6.1).
    Revoked,
    /// It is not for mail, not for SHA-256, or of an unknown kind.
    Unsuitable,
}

impl Key {
    /// Reads a key record.
    ///
    /// # Errors
    /// [`KeyFlaw`].
    pub fn parse(text: &str) -> Result<Self, KeyFlaw> {
        let tags = Tags::parse(text).map_err(|_| KeyFlaw::Syntax)?;
        if let Some(version) = tags.get("v")
            && (version != "DKIM1" || tags.first() != Some("v"))
        {
            return Err(KeyFlaw::Syntax);
        }
        let lists = |name: &str, value: &str| {
            tags.get(name)
                .is_none_or(|list| list.split(':').any(|one| one.trim() == value))
        };
        let kind = match tags.get("k").unwrap_or("rsa") {
            "rsa" => KeyKind::Rsa,
            "ed25519" => KeyKind::Ed25519,
            _ => return Err(KeyFlaw::Unsuitable),
        };
        if !lists("h", "sha256") || !(lists("s", "*") || lists("s", "email")) {
            return Err(KeyFlaw::Unsuitable);
        }
        let public = tags.get("p").ok_or(KeyFlaw::Syntax)?;
        if public.is_empty() {
            return Err(KeyFlaw::Revoked);
        }
        let has_flag = |flag: &str| tags.get("t").is_some() && lists("t", flag);
        Ok(Self {
            kind,
            octets: base64(public).ok_or(KeyFlaw::Syntax)?,
            same_domain: has_flag("s"),
            testing: has_flag("y"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::split;
    use super::*;

    const GOOD: &str = "v=1; a=rsa-sha256; c=relaxed/simple; d=Example.COM; s=News; \
        h=From : to:\r\n subject; bh=AAAA; b=AA\r\n AA; t=5; x=6; i=ann@a.example.com; l=10";

    #[test]
    fn a_signature_is_read() {
        let read = Signature::parse(GOOD).unwrap();
        assert_eq!(read.key_name(), "news._domainkey.example.com");
        assert_eq!(read.signed, ["from", "to", "subject"]);
        assert_eq!(read.identity.as_deref(), Some("a.example.com"));
        assert_eq!(
            (read.header_form, read.body_form),
            (Form::Relaxed, Form::Simple)
        );
        assert_eq!(
            (read.made, read.expires, read.length),
            (Some(5), Some(6), Some(10))
        );
    }

    #[test]
    fn what_a_signature_must_not_be() {
        for (from, to, flaw) in [
            ("v=1", "v=2", Flaw::Version),
            ("v=1; ", "", Flaw::Missing),
            ("rsa-sha256", "rot13", Flaw::Unsupported),
            ("relaxed/simple", "loose", Flaw::Syntax),
            ("From :", "Sender:", Flaw::FromNotSigned),
            ("a.example.com", "example.org", Flaw::Identity),
            ("a.example.com", "badexample.com", Flaw::Identity),
            ("x=6", "x=4", Flaw::Syntax),
            ("x=6", "x=-6", Flaw::Syntax),
            ("bh=AAAA", "bh=!", Flaw::Syntax),
            ("bh=AAAA; ", "", Flaw::Missing),
            ("t=5", "t=5; t=5", Flaw::Syntax),
            ("t=5", "q=dns/soa", Flaw::Unsupported),
        ] {
            assert_eq!(
                Signature::parse(&GOOD.replace(from, to)),
                Err(flaw),
                "{from} {to}"
            );
        }
    }

    #[test]
    fn fields_are_taken_from_the_last_up_and_the_own_one_without_its_signature() {
        let raw = b"To: 1\r\nFrom: a\r\nTo: 2\r\nDKIM-Signature: b=xx\r\n yy; h=to; bb=b=1\r\n\r\n";
        let split = split(raw);
        let by_name = ByName::of(&split.fields);
        let mut signature = Signature::parse(GOOD).unwrap();
        signature.signed = ["to", "from", "to", "to"].map(str::to_owned).into();
        let octets = by_name.signed_octets(&signature, &split.fields[3]);
        assert_eq!(
            String::from_utf8(octets).unwrap(),
            "to:2\r\nfrom:a\r\nto:1\r\ndkim-signature:b=; h=to; bb=b=1"
        );
        signature.header_form = Form::Simple;
        signature.signed.clear();
        let octets = by_name.signed_octets(&signature, &split.fields[3]);
        assert_eq!(octets, b"DKIM-Signature: b=; h=to; bb=b=1");
    }

    #[test]
    fn keys_say_what_they_are_for() {
        let key = Key::parse("v=DKIM1; t=y:s; p=AA AA").unwrap();
        assert_eq!((key.kind, key.octets.len()), (KeyKind::Rsa, 3));
        assert!(key.same_domain && key.testing);
        for (text, flaw) in [
            ("v=DKIM1; k=rsa; omg", KeyFlaw::Syntax),
            ("p=AAAA; v=DKIM1", KeyFlaw::Syntax),
            ("v=DKIM2; p=AAAA", KeyFlaw::Syntax),
            ("v=DKIM1; p=", KeyFlaw::Revoked),
            ("v=DKIM1; k=dsa; p=AAAA", KeyFlaw::Unsuitable),
            ("v=DKIM1; h=sha1; p=AAAA", KeyFlaw::Unsuitable),
            ("v=DKIM1; s=tlsrpt; p=AAAA", KeyFlaw::Unsuitable),
            ("v=DKIM1", KeyFlaw::Syntax),
        ] {
            assert_eq!(Key::parse(text), Err(flaw), "{text}");
        }
    }
}
