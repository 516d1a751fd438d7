//! SPF records (RFC 7208 §4.6, §5, §6).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::spf_macro::{DomainSpec, MacroString};

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What is tried in turn.
    pub directives: Vec<Directive>,
    /// `redirect=`: whose record decides when nothing matches.
    pub redirect: Option<DomainSpec>,
    /// `exp=`: where the words for refused senders are.
    pub explanation: Option<DomainSpec>,
}

/// A mechanism and what follows when it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// What follows.
    pub qualifier: Qualifier,
    /// What is compared.
    pub mechanism: Mechanism,
}

/// What a match means (§4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// `+` or nothing
    Pass,
    /// `-`
    Fail,
    /// `~`
    SoftFail,
    /// `?`
    Neutral,
}

/// What senders are compared with (§5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// `all`
    All,
    /// `include`
    Include(DomainSpec),
    /// `a`
    A(Hosts),
    /// `mx`
    Mx(Hosts),
    /// `ptr`
    Ptr(Option<DomainSpec>),
    /// `ip4`, with the length of the prefix.
    Ip4(Ipv4Addr, u8),
    /// `ip6`, likewise.
    Ip6(Ipv6Addr, u8),
    /// `exists`
    Exists(DomainSpec),
}

/// Hosts of a name with their neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// The name; the current domain without one.
    pub name: Option<DomainSpec>,
    /// The length of the prefix for IPv4.
    pub four: u8,
    /// The length of the prefix for IPv6.
    pub six: u8,
}

/// The record has a term that is none: the result is permerror (§4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError;

/// The version section (§4.5).
const VERSION: &str = "v=spf1";

/// Whether a text record is one of SPF at all. Everything else at the name is nobody's business.
#[must_use]
pub fn is_record(text: &str) -> bool {
    text.get(..VERSION.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(VERSION))
        && matches!(text.as_bytes().get(VERSION.len()), None | Some(b' '))
}

impl Record {
    /// Reads a record that [`is_record`] recognised.
    ///
    /// # Errors
    /// [`SyntaxError`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut record = Self {
            directives: Vec::new(),
            redirect: None,
            explanation: None,
        };
        let terms = text.get(VERSION.len()..).ok_or(SyntaxError)?;
        for term in terms.split(' ').filter(|term| !term.is_empty()) {
            if !term.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(SyntaxError);
            }
            match modifier(term) {
                Some((name, value)) => record.modify(name, value)?,
                None => record.directives.push(Directive::parse(term)?),
            }
        }
        Ok(record)
    }

    fn modify(&mut self, name: &str, value: &str) -> Result<(), SyntaxError> {
        let place = if name.eq_ignore_ascii_case("redirect") {
            &mut self.redirect
        } else if name.eq_ignore_ascii_case("exp") {
            &mut self.explanation
        } else {
            // Unknown ones are ignored, but must be well-formed (§6).
            return MacroString::parse(value).map(drop);
        };
        if place.is_some() {
            return Err(SyntaxError);
        }
        *place = Some(DomainSpec::parse(value)?);
        Ok(())
    }
}

/// `name=value`, where what precedes the `=` is a name: a mechanism's `:` or `/` comes before any.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_name.then_some((name, value))
}

impl Directive {
    fn parse(term: &str) -> Result<Self, SyntaxError> {
        let (qualifier, rest) = match term.as_bytes().first() {
            Some(b'+') => (Qualifier::Pass, &term[1..]),
            Some(b'-') => (Qualifier::Fail, &term[1..]),
            Some(b'~') => (Qualifier::SoftFail, &term[1..]),
            Some(b'?') => (Qualifier::Neutral, &term[1..]),
            _ => (Qualifier::Pass, term),
        };
        Ok(Self {
            qualifier,
            mechanism: Mechanism::parse(rest)?,
        })
    }
}

impl Mechanism {
    fn parse(text: &str) -> Result<Self, SyntaxError> {
        let end = text.find([':', '/']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let argument = rest.strip_prefix(':');
        let must = || argument.ok_or(SyntaxError);
        match name.to_ascii_lowercase().as_str() {
            "all" if rest.is_empty() => Ok(Self::All),
            "include" => DomainSpec::parse(must()?).map(Self::Include),
            "exists" => DomainSpec::parse(must()?).map(Self::Exists),
            "a" => Hosts::parse(rest).map(Self::A),
            "mx" => Hosts::parse(rest).map(Self::Mx),
            "ptr" if rest.is_empty() => Ok(Self::Ptr(None)),
            "ptr" => DomainSpec::parse(must()?).map(|name| Self::Ptr(Some(name))),
            "ip4" => {
                let (network, length) = network(must()?, 32)?;
                Ok(Self::Ip4(network.parse().map_err(|_| SyntaxError)?, length))
            }
            "ip6" => {
                let (network, length) = network(must()?, 128)?;
                Ok(Self::Ip6(network.parse().map_err(|_| SyntaxError)?, length))
            }
            _ => Err(SyntaxError),
        }
    }
}

impl Hosts {
    /// What follows the mechanism's name: `[":" domain-spec] ["/" length] ["//" length]`.
    fn parse(text: &str) -> Result<Self, SyntaxError> {
        let (text, six) = match split_length(text, "//") {
            Some((rest, digits)) => (rest, prefix_length(digits, 128)?),
            None => (text, 128),
        };
        let (text, four) = match split_length(text, "/") {
            Some((rest, digits)) => (rest, prefix_length(digits, 32)?),
            None => (text, 32),
        };
        let name = match text.strip_prefix(':') {
            Some(name) => Some(DomainSpec::parse(name)?),
            None if text.is_empty() => None,
            None => return Err(SyntaxError),
        };
        Ok(Self { name, four, six })
    }
}

/// Cuts a mark and the digits after it off the end.
fn split_length<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let (rest, digits) = text.rsplit_once(mark)?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then_some((rest, digits))
}

fn network(text: &str, most: u8) -> Result<(&str, u8), SyntaxError> {
    match text.split_once('/') {
        Some((network, digits)) => Ok((network, prefix_length(digits, most)?)),
        None => Ok((text, most)),
    }
}

/// Digits without a leading zero (§12).
fn prefix_length(digits: &str, most: u8) -> Result<u8, SyntaxError> {
    let well_formed = (1..=3).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0'));
    let length: u8 = digits.parse().map_err(|_| SyntaxError)?;
    (well_formed && length <= most)
        .then_some(length)
        .ok_or(SyntaxError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_by_its_version() {
        for (text, is) in [
            ("v=spf1", true),
            ("V=SPF1 -all", true),
            ("v=spf10", false),
            ("v=spf1\t-all", false),
            (" v=spf1", false),
            ("v=sp", false),
            ("v=spf\u{e9}", false),
        ] {
            assert_eq!(is_record(text), is, "{text:?}");
        }
    }

    #[test]
    fn a_record_is_read() {
        let read = "v=spf1  +a/24//64 mx:x.example ?ip4:192.0.2.0/24 ip6:2001:db8::1 ptr \
            exists:%{i}.x.example ~include:y.example -all redirect=z.example exp=e.example u.k-n_own=%{l}";
        let read = Record::parse(read).unwrap();
        assert_eq!(read.directives.len(), 8);
        assert_eq!(read.directives[7].qualifier, Qualifier::Fail);
        let Mechanism::A(hosts) = &read.directives[0].mechanism else {
            panic!("{read:?}")
        };
        assert_eq!((hosts.four, hosts.six), (24, 64));
        assert!(read.redirect.is_some() && read.explanation.is_some());
    }

    #[test]
    fn one_wrong_term_spoils_a_record() {
        for term in [
            "all.",
            "-all:x",
            "all/8",
            "foo",
            "a:",
            "a:museum",
            "a/33",
            "a//129",
            "a/024",
            "a/",
            "a:x.example:80",
            "mx/",
            "ip4",
            "ip4:",
            "ip4:1.2.3",
            "ip4:1.2.3.4/33",
            "ip4:1.2.3.4/",
            "ip4:01.2.3.4",
            "ip6:1.2.3.4",
            "ip6:::1/129",
            "include",
            "include:",
            "exists",
            "exists:x",
            "ptr:",
            "ptr/24",
            "redirect=",
            "exp=-all",
            "redirect=a.example redirect=a.example",
            "default=%",
            "=x",
            "a:%{x}.example",
            "a:x.example/",
            "\u{e9}",
            "exists:%{c}.example",
        ] {
            assert_eq!(
                Record::parse(&format!("v=spf1 {term}")),
                Err(SyntaxError),
                "{term}"
            );
        }
    }
}
