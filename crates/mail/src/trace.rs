//! The trace fields a receiving server puts before a message (RFC 5321 §4.4). They are kept apart
//! from the raw message, which never changes.

use std::fmt::Write;
use std::net::IpAddr;

use crate::{Address, Timestamp};

/// Octets kept of a value the peer chose.
const MAX_VALUE: usize = 255;

/// One passage of a message from a peer to this server.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// What the peer called itself in HELO or EHLO. Anything; it is made harmless.
    pub helo: &'a str,
    /// The peer's address; absent on a local socket.
    pub peer: Option<IpAddr>,
    /// This server's name.
    pub by: &'a str,
    /// `SMTP`, `ESMTP`, `ESMTPS`, `UTF8SMTPS` and so on (RFC 3848, RFC 6531 §4.3).
    pub protocol: &'a str,
    /// The TLS version and cipher, when there was one.
    pub tls: Option<&'a str>,
    /// This server's id for the transaction.
    pub id: &'a str,
    /// The recipient. Leave it out when there were several: it would tell one about the other.
    pub recipient: Option<&'a Address>,
    /// When the message was accepted.
    pub at: Timestamp,
}

/// The `Received` field of a passage, folded, with its last CRLF.
#[must_use]
pub fn received(hop: &Hop<'_>) -> String {
    let mut line = format!("Received: from {}", word(hop.helo));
    if let Some(peer) = hop.peer {
        // An IPv4 peer on a dual-stack socket is shown as what it is.
        match peer.to_canonical() {
            IpAddr::V4(v4) => write(&mut line, format_args!(" ([{v4}])")),
            IpAddr::V6(v6) => write(&mut line, format_args!(" ([IPv6:{v6}])")),
        }
    }
    write(
        &mut line,
        format_args!(
            "\r\n\tby {} with {} id {}",
            word(hop.by),
            word(hop.protocol),
            word(hop.id)
        ),
    );
    if let Some(tls) = hop.tls {
        write(&mut line, format_args!("\r\n\t(using {})", comment(tls)));
    }
    if let Some(recipient) = hop.recipient {
        write(&mut line, format_args!("\r\n\tfor <{recipient}>"));
    }
    write(
        &mut line,
        format_args!(";\r\n\t{}\r\n", hop.at.to_rfc5322()),
    );
    line
}

/// The `Return-Path` field with its CRLF: where failures are reported. `None` is the null
/// reverse-path `<>`.
#[must_use]
pub fn return_path(reverse_path: Option<&Address>) -> String {
    match reverse_path {
        Some(address) => format!("Return-Path: <{address}>\r\n"),
        None => "Return-Path: <>\r\n".to_owned(),
    }
}

fn write(line: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: std::fmt::Result = line.write_fmt(text);
}

/// A value that stands as one word: printable ASCII without the characters that have a meaning
/// in a structured field.
fn word(value: &str) -> String {
    let word: String = value
        .chars()
        .take(MAX_VALUE)
        .map(|c| {
            if c.is_ascii_graphic()
                && !matches!(c, '(' | ')' | '<' | '>' | ';' | ',' | '"' | '\\' | '@')
            {
                c
            } else {
                '?'
            }
        })
        .collect();
    if word.is_empty() {
        "unknown".to_owned()
    } else {
        word
    }
}

/// Text inside a comment.
fn comment(value: &str) -> String {
    value
        .chars()
        .take(MAX_VALUE)
        .map(|c| {
            if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '(' | ')' | '\\') {
                c
            } else {
                '?'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(helo: &str) -> String {
        received(&Hop {
            helo,
            peer: "::ffff:192.0.2.7".parse().ok(),
            by: "mail.example",
            protocol: "ESMTPS",
            tls: Some("TLS1.3"),
            id: "abc",
            recipient: Address::parse("ann@a.example").ok().as_ref(),
            at: Timestamp::from_micros(0),
        })
    }

    #[test]
    fn a_received_field_says_who_when_and_for_whom() {
        assert_eq!(
            hop("peer.example"),
            "Received: from peer.example ([192.0.2.7])\r\n\tby mail.example with ESMTPS id abc\r\n\t\
             (using TLS1.3)\r\n\tfor <ann@a.example>;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n"
        );
    }

    #[test]
    fn a_hostile_greeting_stays_one_word() {
        for helo in [
            "x\r\nBcc: y",
            "x; y (",
            "x\0",
            "",
            &"x".repeat(10_000),
            "bü\u{2028}cher",
        ] {
            let field = hop(helo);
            assert_eq!(field.matches("\r\n").count(), 5, "{helo:?}");
            assert!(field.is_ascii());
            assert_eq!(field.matches(';').count(), 1);
            assert_eq!(crate::parse::parse(field.as_bytes()).headers.len(), 1);
        }
    }

    #[test]
    fn the_null_path_is_written_as_such() {
        assert_eq!(return_path(None), "Return-Path: <>\r\n");
    }
}
