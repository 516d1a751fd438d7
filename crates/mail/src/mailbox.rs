//! An address with the name shown beside it: typed by a user ([`Mailbox`]) or found in a received
//! header ([`Correspondent`]).

use std::fmt;

use crate::address::{Address, AddressError, quoted};

/// A checked address and an optional display name (RFC 5322 §3.4 `mailbox`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, without quotes or encoding.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

impl Mailbox {
    /// Reads `Ann <ann@a.example>`, `"Lee, Ann" <ann@a.example>`, `<ann@a.example>` or
    /// `ann@a.example`. White space around the parts is ignored, runs of it in a name become one
    /// blank.
    ///
    /// # Errors
    /// A control character anywhere (so no name can carry a line break), brackets or quotes
    /// without a partner, or what [`Address::parse`] says.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        let text = text.trim();
        let Some(rest) = text.strip_suffix('>') else {
            let address = Address::parse(text).map_err(|error| {
                if text.contains('<') {
                    AddressError::Unbalanced
                } else {
                    error
                }
            })?;
            return Ok(Self {
                name: None,
                address,
            });
        };
        let (name, address) = rest.rsplit_once('<').ok_or(AddressError::Unbalanced)?;
        let name = unquote(name.trim())?;
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Self {
            name: Some(name).filter(|name| !name.is_empty()),
            address: Address::parse(address.trim())?,
        })
    }
}

impl From<Address> for Mailbox {
    fn from(address: Address) -> Self {
        Self {
            name: None,
            address,
        }
    }
}

/// `Name <address>`, the name in quotes when it holds a character with a meaning of its own.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => write!(f, "{} <{}>", shown_name(name), self.address),
            None => fmt::Display::fmt(&self.address, f),
        }
    }
}

impl std::str::FromStr for Mailbox {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

/// Someone named in a header of a received message. The address is what stood there and need not
/// be valid.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Correspondent {
    /// The display name, decoded.
    pub name: Option<String>,
    /// The address as written, possibly not one.
    pub address: String,
}

impl Correspondent {
    /// The address, if it is a valid one.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        Address::parse(&self.address).ok()
    }
}

/// `Name <address>` or the bare address: the form of the public API.
impl fmt::Display for Correspondent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => write!(f, "{} <{}>", shown_name(name), self.address),
            None => f.write_str(&self.address),
        }
    }
}

fn unquote(name: &str) -> Result<String, AddressError> {
    let Some(inner) = name.strip_prefix('"') else {
        return Ok(name.to_owned());
    };
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    loop {
        match chars.next() {
            None => return Err(AddressError::Unbalanced),
            Some('\\') => plain.push(chars.next().ok_or(AddressError::Unbalanced)?),
            Some('"') => break,
            Some(c) => plain.push(c),
        }
    }
    if chars.as_str().trim().is_empty() {
        Ok(plain)
    } else {
        Err(AddressError::Unbalanced)
    }
}

/// A name as it is shown: quoted when a reader of address lists would trip over it, and without
/// the control characters a caller may have put into the public field.
fn shown_name(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if clean.contains(['(', ')', '<', '>', '[', ']', ':', ';', '@', '\\', ',', '"']) {
        quoted(&clean)
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        for (text, name, address) in [
            ("ann@a.example", None, "ann@a.example"),
            (" <ann@a.example> ", None, "ann@a.example"),
            ("Ann  Lee <ann@a.example>", Some("Ann Lee"), "ann@a.example"),
            (
                "\"Lee, Ann \\\"A\\\"\" <ann@a.example>",
                Some("Lee, Ann \"A\""),
                "ann@a.example",
            ),
            ("Zoë <zoe@a.example>", Some("Zoë"), "zoe@a.example"),
        ] {
            let mailbox = Mailbox::parse(text).unwrap();
            assert_eq!(mailbox.name.as_deref(), name, "{text}");
            assert_eq!(mailbox.address.to_string(), address, "{text}");
        }
    }

    #[test]
    fn display_reads_back_to_the_same_mailbox() {
        for text in [
            "\"Lee, Ann\" <ann@a.example>",
            "Ann <ann@a.example>",
            "ann@a.example",
        ] {
            let mailbox = Mailbox::parse(text).unwrap();
            assert_eq!(mailbox.to_string(), text);
        }
    }

    #[test]
    fn control_characters_and_loose_brackets_are_refused() {
        for text in [
            "Ann\r\nBcc: x <ann@a.example>",
            "Ann\0 <ann@a.example>",
            "Ann <ann@a.example",
            "Ann ann@a.example>",
            "\"Ann <ann@a.example>",
            "Ann <>",
        ] {
            assert!(Mailbox::parse(text).is_err(), "{text:?}");
        }
    }
}
