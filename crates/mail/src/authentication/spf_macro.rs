//! Macros in SPF records (RFC 7208 §7).

use std::net::IpAddr;

use super::spf::SyntaxError;

/// A text with macros in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroString(Vec<Piece>);

/// The same where the name of a host has to come out: it ends in a macro or a top label (§7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSpec(MacroString);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `%%`, `%_` and `%-`.
    Escape(&'static str),
    Macro(Macro),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Macro {
    /// In lower case.
    letter: char,
    /// Written in upper case: what comes out is escaped as in URLs.
    escaped: bool,
    /// How many parts from the right stay.
    keep: Option<usize>,
    reversed: bool,
    delimiters: String,
}

/// What macros stand for.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// The local part of the sender, without quotes.
    pub local: &'a str,
    /// The sender's domain.
    pub sender_domain: &'a str,
    /// The domain whose record it is.
    pub domain: &'a str,
    /// The client's address.
    pub ip: IpAddr,
    /// The client's name, checked both ways; `unknown` without one.
    pub client: &'a str,
    /// The name the client gave.
    pub helo: &'a str,
    /// This server.
    pub receiver: &'a str,
    /// Seconds since 1970.
    pub seconds: i64,
}

/// Octets of a name (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

/// What an expansion may come to before it is cut.
const MAX_EXPANDED: usize = 8 << 10;

impl MacroString {
    /// Reads a text for mechanisms and modifiers.
    ///
    /// # Errors
    /// For a `%` that begins no macro, and for `%{c}`, `%{r}` and `%{t}`.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        pieces(text, "slodiphv").map(Self)
    }

    /// Reads the words for a refused sender, where all macros and blanks may stand (§6.2).
    ///
    /// # Errors
    /// As [`MacroString::parse`], and for what is not ASCII.
    pub fn parse_explanation(text: &str) -> Result<Self, SyntaxError> {
        let plain = text
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !plain {
            return Err(SyntaxError);
        }
        pieces(text, "slodiphvcrt").map(Self)
    }

    /// Whether the client's checked name is wanted, which takes look-ups.
    #[must_use]
    pub fn names_client(&self) -> bool {
        let mut pieces = self.0.iter();
        pieces.any(|piece| matches!(piece, Piece::Macro(one) if one.letter == 'p'))
    }

    /// The text with all macros replaced, at most 8 KiB of it.
    #[must_use]
    pub fn expand(&self, values: &Values<'_>) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Escape(text) => out.push_str(text),
                Piece::Macro(one) => out.push_str(&one.expand(values)),
            }
            if out.len() > MAX_EXPANDED {
                out.truncate(out.floor_char_boundary(MAX_EXPANDED));
                break;
            }
        }
        out
    }
}

impl DomainSpec {
    /// Reads a host name with macros.
    ///
    /// # Errors
    /// As [`MacroString::parse`], and when the end is neither a macro nor a top label.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let parsed = MacroString::parse(text)?;
        let ends_well = match parsed.0.last() {
            None => false,
            Some(Piece::Text(text)) => ends_in_top_label(text),
            Some(Piece::Escape(_) | Piece::Macro(_)) => true,
        };
        ends_well.then_some(Self(parsed)).ok_or(SyntaxError)
    }

    /// Whether the client's checked name is wanted, which takes look-ups.
    #[must_use]
    pub fn names_client(&self) -> bool {
        self.0.names_client()
    }

    /// The name. Labels go from the left until it is short enough (§7.3).
    #[must_use]
    pub fn expand(&self, values: &Values<'_>) -> String {
        let name = self.0.expand(values);
        let mut name = name.strip_suffix('.').unwrap_or(&name);
        while name.len() > MAX_NAME {
            match name.split_once('.') {
                Some((_, rest)) => name = rest,
                None => break,
            }
        }
        name.to_owned()
    }
}

/// `"." toplabel ["."]`: a label of letters, digits and inner hyphens that is not all digits.
fn ends_in_top_label(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let Some((_, label)) = text.rsplit_once('.') else {
        return false;
    };
    label
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && label.bytes().any(|byte| !byte.is_ascii_digit())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && !label.is_empty()
}

fn pieces(text: &str, letters: &str) -> Result<Vec<Piece>, SyntaxError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (plain, after) = rest.split_at(at);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain.to_owned()));
        }
        let (piece, length) = match after.as_bytes().get(1) {
            Some(b'%') => (Piece::Escape("%"), 2),
            Some(b'_') => (Piece::Escape(" "), 2),
            Some(b'-') => (Piece::Escape("%20"), 2),
            Some(b'{') => {
                let end = after.find('}').ok_or(SyntaxError)?;
                let inside = after.get(2..end).ok_or(SyntaxError)?;
                (Piece::Macro(Macro::parse(inside, letters)?), end + 1)
            }
            _ => return Err(SyntaxError),
        };
        pieces.push(piece);
        rest = after.get(length..).ok_or(SyntaxError)?;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

impl Macro {
    fn parse(text: &str, letters: &str) -> Result<Self, SyntaxError> {
        let mut chars = text.chars();
        let written = chars.next().ok_or(SyntaxError)?;
        let letter = written.to_ascii_lowercase();
        if !letters.contains(letter) {
            return Err(SyntaxError);
        }
        let rest = chars.as_str();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = rest.split_at_checked(digits).ok_or(SyntaxError)?;
        let keep = match digits {
            "" => None,
            // A number too large for the machine keeps everything, as any larger than 127 does.
            some => Some(some.parse().unwrap_or(usize::MAX)),
        };
        if keep == Some(0) {
            return Err(SyntaxError);
        }
        let (reversed, delimiters) = match rest.strip_prefix(['r', 'R']) {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if !delimiters.chars().all(|c| ".-+,/_=".contains(c)) {
            return Err(SyntaxError);
        }
        Ok(Self {
            letter,
            escaped: written.is_ascii_uppercase(),
            keep,
            reversed,
            delimiters: delimiters.to_owned(),
        })
    }

    fn expand(&self, values: &Values<'_>) -> String {
        let value = match self.letter {
            's' => format!("{}@{}", values.local, values.sender_domain),
            'l' => values.local.to_owned(),
            'o' => values.sender_domain.to_owned(),
            'd' => values.domain.to_owned(),
            'i' => dotted(values.ip),
            'p' => values.client.to_owned(),
            'v' => match values.ip {
                IpAddr::V4(_) => "in-addr".to_owned(),
                IpAddr::V6(_) => "ip6".to_owned(),
            },
            'h' => values.helo.to_owned(),
            'c' => values.ip.to_string(),
            'r' => values.receiver.to_owned(),
            _ => values.seconds.to_string(),
        };
        let value = self.transform(&value);
        if self.escaped { escape(&value) } else { value }
    }

    fn transform(&self, value: &str) -> String {
        let delimiters = match self.delimiters.as_str() {
            "" => ".",
            some => some,
        };
        if self.keep.is_none() && !self.reversed && delimiters == "." {
            return value.to_owned();
        }
        let mut parts: Vec<&str> = value.split(|c| delimiters.contains(c)).collect();
        if self.reversed {
            parts.reverse();
        }
        let first = parts.len().saturating_sub(self.keep.unwrap_or(usize::MAX));
        parts.get(first..).unwrap_or_default().join(".")
    }
}

/// An address in the form of `%{i}`: IPv6 as single digits with dots between, in capitals as the
/// suite of the standard has them.
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => {
            let digits: Vec<String> = six
                .octets()
                .iter()
                .flat_map(|octet| [octet >> 4, octet & 15])
                .map(|digit| format!("{digit:X}"))
                .collect();
            digits.join(".")
        }
    }
}

/// RFC 3986 §2.3: all but the unreserved characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7208 §7.4.
    #[test]
    fn the_examples_of_the_standard() {
        let values = |ip: &str| Values {
            local: "strong-bad",
            sender_domain: "email.example.com",
            domain: "email.example.com",
            ip: ip.parse().unwrap(),
            client: "mx.example.org",
            helo: "mx.example.org",
            receiver: "here.example",
            seconds: 7,
        };
        let four = values("192.0.2.3");
        for (text, expanded) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l-}", "strong.bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            (
                "%{ir}.%{v}._spf.%{d2}",
                "3.2.0.192.in-addr._spf.example.com",
            ),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            ("%{S}", "strong-bad%40email.example.com"),
            ("a%%b%_c%-d", "a%b c%20d"),
        ] {
            let parsed = MacroString::parse(text).unwrap();
            assert_eq!(parsed.expand(&four), expanded, "{text}");
        }
        let six = MacroString::parse("%{ir}.%{v}").unwrap();
        assert_eq!(
            six.expand(&values("2001:db8::cb01")).to_lowercase(),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6"
        );
        let words = MacroString::parse_explanation("%{c} at %{t} on %{r}").unwrap();
        assert_eq!(words.expand(&four), "192.0.2.3 at 7 on here.example");
    }

    #[test]
    fn macros_are_well_formed() {
        for bad in [
            "%", "%a", "%{", "%{}", "%{x}", "%{d0}", "%{d!}", "%{c}", "%{ir2}", "%{é}",
        ] {
            assert!(MacroString::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "x", ".", "x.", "x.9", "x.-a", "%{d}x", "x.a:1"] {
            assert!(DomainSpec::parse(bad).is_err(), "{bad}");
        }
        for good in ["a.b", "a.b.", "%{d}", "%{d}.x-y", "%%"] {
            assert!(DomainSpec::parse(good).is_ok(), "{good}");
        }
    }
}
