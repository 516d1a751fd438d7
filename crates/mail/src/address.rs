//! The address of a mailbox, checked once where it enters.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Octets a local part may have (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// Octets a domain may have (RFC 5321 §4.5.3.1.2).
const MAX_DOMAIN: usize = 255;
/// Octets of `local@domain`: a path of 256 less its angle brackets (RFC 5321 §4.5.3.1.3).
const MAX_ADDRESS: usize = 254;
/// Octets of a DNS label (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// A `Mailbox` of RFC 5321 §4.1.2: a local part and a domain, with the UTF-8 extensions of
/// RFC 6531.
///
/// The domain is lower-cased and in A-labels. The local part keeps its case; needless quotes are
/// taken off it, so that `"ann"@a.example` and `ann@a.example` are one address.
///
/// Two addresses are equal when their [`key`](Self::key)s are. RFC 5321 §2.4 leaves the case of a
/// local part to the receiving host; no host in use tells mailboxes apart by it.
#[derive(Clone)]
pub struct Address {
    local: String,
    domain: String,
    key: String,
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// Nothing was given.
    Empty,
    /// There is no `@` between a local part and a domain.
    NoAt,
    /// The part before the `@` is neither a dot-atom nor a quoted string.
    Local,
    /// The part after the `@` is neither a domain name nor a domain literal.
    Domain,
    /// Longer than RFC 5321 §4.5.3.1 allows.
    TooLong,
    /// A line break, NUL or other control character, in the address or in the name beside it.
    Control,
    /// `Name <address>` with an angle bracket or quotation mark that has no partner.
    Unbalanced,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the address is empty",
            Self::NoAt => "the address has no @ between a local part and a domain",
            Self::Local => "the part before the @ is not a valid local part",
            Self::Domain => "the part after the @ is not a valid domain",
            Self::TooLong => "the address is longer than mail allows (64 before the @, 254 in all)",
            Self::Control => "the address holds a control character",
            Self::Unbalanced => "the angle brackets or quotation marks do not match",
        })
    }
}

impl std::error::Error for AddressError {}

impl Address {
    /// Reads `local@domain`, without angle brackets and without a name.
    ///
    /// # Errors
    /// The first thing found wrong. White space around the address is an error too: trim what a
    /// person typed.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        let (local, domain) = split_at_sign(text)?;
        let local = parse_local(local)?;
        let domain = parse_domain(domain)?;
        if local.len() > MAX_LOCAL || local.len() + 1 + domain.len() > MAX_ADDRESS {
            return Err(AddressError::TooLong);
        }
        // Character by character, because `str::to_lowercase` treats a final sigma by context and
        // a key must not depend on what follows.
        let folded: String = local.chars().flat_map(char::to_lowercase).collect();
        let key = format!("{folded}@{domain}");
        Ok(Self { local, domain, key })
    }

    /// The part before the `@`, in quotes when it needs them.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`: lower case, A-labels, or a literal in square brackets.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The lower-cased `local@domain` used for look-ups. Inbox ids have this form.
    #[must_use]
    pub fn key(&self) -> String {
        self.key.clone()
    }

    /// Whether the address can be sent without SMTPUTF8 (RFC 6531).
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// Splits at the `@` that ends the local part: the last one, or the one after the closing quote.
fn split_at_sign(text: &str) -> Result<(&str, &str), AddressError> {
    if !text.starts_with('"') {
        return text.rsplit_once('@').ok_or(AddressError::NoAt);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let (local, rest) = text.split_at(at + 1);
                let domain = rest.strip_prefix('@').ok_or(AddressError::NoAt)?;
                return Ok((local, domain));
            }
            _ => {}
        }
    }
    Err(AddressError::Local)
}

fn parse_local(text: &str) -> Result<String, AddressError> {
    let Some(inner) = text.strip_prefix('"') else {
        return if is_dot_atom(text) {
            Ok(text.to_owned())
        } else {
            Err(AddressError::Local)
        };
    };
    let inner = inner.strip_suffix('"').ok_or(AddressError::Local)?;
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let c = if c == '\\' {
            chars.next().ok_or(AddressError::Local)?
        } else {
            c
        };
        if c.is_whitespace() && c != ' ' {
            return Err(AddressError::Local);
        }
        plain.push(c);
    }
    if is_dot_atom(&plain) {
        return Ok(plain);
    }
    Ok(quoted(&plain))
}

/// A quoted string with the fewest escapes (RFC 5322 §3.2.4).
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

fn is_dot_atom(text: &str) -> bool {
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// `atext` of RFC 5322 §3.2.3, with the UTF-8 of RFC 6532 §3.2.
pub(crate) fn is_atext(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
    } else {
        !c.is_control() && !c.is_whitespace() && !is_invisible(c)
    }
}

/// Characters that reorder or hide what stands beside them; in an address they only deceive.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn parse_domain(text: &str) -> Result<String, AddressError> {
    if let Some(literal) = text.strip_prefix('[') {
        return parse_literal(literal.strip_suffix(']').ok_or(AddressError::Domain)?);
    }
    // Four octets a character at most, so this bounds what IDNA has to look at.
    if text.len() > MAX_DOMAIN * 4 {
        return Err(AddressError::TooLong);
    }
    let ascii = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii(text).map_err(|_| AddressError::Domain)?
    };
    if ascii.len() > MAX_DOMAIN {
        return Err(AddressError::TooLong);
    }
    if ascii.split('.').all(is_label) {
        Ok(ascii)
    } else {
        Err(AddressError::Domain)
    }
}

/// A host name's label; the underscore is no host name's but lives in real mail domains.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= MAX_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// An address literal (RFC 5321 §4.1.3), in one canonical spelling.
fn parse_literal(inner: &str) -> Result<String, AddressError> {
    if let Ok(v4) = inner.parse::<Ipv4Addr>() {
        return Ok(format!("[{v4}]"));
    }
    let v6 = inner
        .get(..5)
        .filter(|tag| tag.eq_ignore_ascii_case("ipv6:"))
        .and_then(|_| inner.get(5..))
        .and_then(|v6| v6.parse::<Ipv6Addr>().ok())
        .ok_or(AddressError::Domain)?;
    Ok(format!("[ipv6:{v6}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        Address::parse(text).unwrap().to_string()
    }

    #[test]
    fn ordinary_and_odd_but_valid_addresses_are_read() {
        assert_eq!(
            parsed("Ann.Lee+tag@Mail.Example"),
            "Ann.Lee+tag@mail.example"
        );
        assert_eq!(parsed("root@localhost"), "root@localhost");
        assert_eq!(parsed("\"ann\"@a.example"), "ann@a.example");
        assert_eq!(parsed("\"ann lee\"@a.example"), "\"ann lee\"@a.example");
        assert_eq!(parsed("\"a@b\\\"c\"@a.example"), "\"a@b\\\"c\"@a.example");
        assert_eq!(parsed("a@[192.0.2.1]"), "a@[192.0.2.1]");
        assert_eq!(parsed("a@[IPv6:2001:DB8::1]"), "a@[ipv6:2001:db8::1]");
        assert_eq!(
            parsed("jürgen@bücher.example"),
            "jürgen@xn--bcher-kva.example"
        );
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        for (text, error) in [
            ("", AddressError::Empty),
            ("ann", AddressError::NoAt),
            ("@a.example", AddressError::Local),
            ("ann@", AddressError::Domain),
            ("ann@@a.example", AddressError::Local),
            ("a..b@a.example", AddressError::Local),
            ("a b@a.example", AddressError::Local),
            ("ann@-a.example", AddressError::Domain),
            ("ann@a..example", AddressError::Domain),
            ("ann@a.example.", AddressError::Domain),
            ("ann@[1.2.3]", AddressError::Domain),
            ("ann@a.example>", AddressError::Domain),
            ("ann@a.example\r\nBcc: x@y.example", AddressError::Control),
            ("\"ann@a.example", AddressError::Local),
            ("a\u{202E}nn@a.example", AddressError::Local),
        ] {
            assert_eq!(Address::parse(text).unwrap_err(), error, "{text:?}");
        }
        let long = "a".repeat(65) + "@a.example";
        assert_eq!(Address::parse(&long).unwrap_err(), AddressError::TooLong);
        let wide = format!("a@{}", vec!["b".repeat(60); 5].join("."));
        assert_eq!(Address::parse(&wide).unwrap_err(), AddressError::TooLong);
    }

    #[test]
    fn equality_ignores_case_on_both_sides() {
        let a = Address::parse("Ann@A.example").unwrap();
        let b = Address::parse("ANN@a.EXAMPLE").unwrap();
        assert_eq!(a, b);
        assert_eq!(a.key(), "ann@a.example");
        assert_eq!(a.local(), "Ann");
    }
}
