//! XCLIENT: a trusted relay says whom it speaks for (Postfix's XCLIENT_README).

use std::net::IpAddr;

use crate::Reply;

/// What the relay says of its client. What it does not know is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The client's port.
    pub port: Option<u16>,
    /// The name the client gave, made safe for a trace field.
    pub helo: Option<String>,
}

/// Reads the attributes, `ADDR=192.0.2.1 HELO=mx.example`. Those that nothing here depends on are
/// passed over.
pub(super) fn parse(argument: &str) -> Result<Origin, Reply> {
    let wrong = || Reply::never(501, (5, 4), "Write XCLIENT NAME=value ...");
    let mut origin = Origin::default();
    let mut any = false;
    for attribute in argument.split_ascii_whitespace() {
        let (name, value) = attribute.split_once('=').ok_or_else(wrong)?;
        let value = decoded(value).ok_or_else(wrong)?;
        any = true;
        if ["[UNAVAILABLE]", "[TEMPUNAVAIL]"].contains(&value.as_str()) {
            continue;
        }
        match name.to_ascii_uppercase().as_str() {
            "ADDR" => {
                let prefix = value
                    .get(..5)
                    .filter(|text| text.eq_ignore_ascii_case("IPV6:"));
                let text = prefix.map_or(value.as_str(), |_| &value[5..]);
                origin.address = Some(text.parse().map_err(|_| wrong())?);
            }
            "PORT" => origin.port = Some(value.parse().map_err(|_| wrong())?),
            "HELO" => origin.helo = Some(super::client_name(&value)?),
            "NAME" | "PROTO" | "LOGIN" | "DESTADDR" | "DESTPORT" => {}
            _ => return Err(wrong()),
        }
    }
    if any { Ok(origin) } else { Err(wrong()) }
}

/// xtext (RFC 3461 §4): `+2B` is the character of that code.
fn decoded(text: &str) -> Option<String> {
    if !text.contains('+') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'+' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let code = digit(rest.next())? * 16 + digit(rest.next())?;
            bytes.push(u8::try_from(code).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read() {
        let read = parse("NAME=a.example addr=IPv6:2001:db8::1 PORT=7 HELO=b+2Dc.example").unwrap();
        assert_eq!(read.address, Some("2001:db8::1".parse().unwrap()));
        assert_eq!(
            (read.port, read.helo.as_deref()),
            (Some(7), Some("b-c.example"))
        );
        let read = parse("ADDR=[UNAVAILABLE] HELO=[TEMPUNAVAIL]").unwrap();
        assert_eq!(read, Origin::default());
        for bad in [
            "",
            "ADDR",
            "ADDR=x",
            "PORT=99999",
            "HELO=+0D+0A",
            "HELO=+4",
            "COLOUR=red",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
