//! One line to one command.
//!
//! Keywords are read without regard to case (RFC 5321 §2.4). What is lenient is what real clients
//! need: spaces after `FROM:` and `TO:`, odd names in EHLO. Everything else is as the RFC has it.

use mail::Address;

use crate::{Reply, Secret};

mod path;
mod xclient;

pub use xclient::Origin;

/// Longest command line in bytes with its line end (RFC 5321 §4.5.3.1.4).
pub const LINE: usize = 512;
/// The same for MAIL and RCPT, whose extensions may add to it (RFC 1870 §3, RFC 6531 §3.4, and
/// RFC 5321 §4.1.1.11 in general).
pub const PATH_LINE: usize = 1024;
/// A line of this length ends the session: the client does not speak SMTP.
pub const HARD_LINE: usize = 4096;

/// What a client asks for (RFC 5321 §4.1.1 and the extensions that the server offers).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// HELO with the client's name, made safe for a trace field.
    Helo(String),
    /// EHLO with the client's name, made safe for a trace field.
    Ehlo(String),
    /// MAIL; `from` is `None` for `<>`.
    Mail {
        /// The reverse-path.
        from: Option<Address>,
        /// The parameters of the extensions.
        params: MailParams,
    },
    /// RCPT.
    Rcpt {
        /// The forward-path.
        to: Recipient,
        /// Whether the path has characters outside ASCII, which needs SMTPUTF8.
        utf8: bool,
    },
    /// DATA.
    Data,
    /// BDAT: `size` bytes follow (RFC 3030 §2).
    Bdat {
        /// Bytes of the chunk.
        size: u64,
        /// Whether it is the last chunk of the message.
        last: bool,
    },
    /// BDAT whose size cannot be read. Nobody knows where the chunk ends and the next command
    /// begins, so the session has to end.
    BdatUnreadable,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
    /// HELP.
    Help,
    /// VRFY.
    Vrfy,
    /// EXPN.
    Expn,
    /// STARTTLS (RFC 3207).
    StartTls,
    /// XCLIENT, from relays that the operator trusts.
    Xclient(Origin),
    /// AUTH (RFC 4954 §4).
    Auth {
        /// The mechanism in upper case; empty when none was named.
        mechanism: String,
        /// The initial response, in base64.
        initial: Option<Secret>,
    },
}

/// The forward-path of RCPT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A mailbox.
    Address(Address),
    /// `<postmaster>` without a domain, which every server must take (RFC 5321 §4.5.1).
    Postmaster,
}

/// The parameters of MAIL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailParams {
    /// SIZE: the client's estimate in bytes (RFC 1870 §6).
    pub size: Option<u64>,
    /// BODY=8BITMIME (RFC 6152 §3).
    pub body_8bit: bool,
    /// SMTPUTF8 (RFC 6531 §3.4).
    pub smtputf8: bool,
    /// AUTH (RFC 4954 §5) was given. What it says is believed of nobody.
    pub auth: bool,
}

/// Reads a line without its CRLF.
///
/// # Errors
/// The reply to give: 500, 501, 502, 553 or 555, or 421 to a client that speaks HTTP.
pub fn parse(line: &[u8]) -> Result<Command, Reply> {
    let text = std::str::from_utf8(line)
        .map_err(|_| Reply::never(500, (5, 2), "Commands are ASCII or UTF-8"))?;
    if text.contains(|c: char| c.is_control() && c != '\t') {
        return Err(Reply::never(500, (5, 2), "Control character in command"));
    }
    let text = text.trim_end_matches([' ', '\t']);
    let (verb, argument) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    let argument = argument.trim_start_matches([' ', '\t']);
    let mut upper = [0_u8; 8];
    let Some(known) = upper.get_mut(..verb.len()) else {
        return Err(unknown());
    };
    known.copy_from_slice(verb.as_bytes());
    known.make_ascii_uppercase();
    let known = &*known;
    if !matches!(known, b"MAIL" | b"RCPT" | b"AUTH") && line.len() + 2 > LINE {
        return Err(too_long());
    }
    match known {
        b"MAIL" | b"RCPT" if line.len() + 2 > PATH_LINE => Err(too_long()),
        b"MAIL" => mail(argument),
        b"RCPT" => rcpt(argument),
        b"DATA" => alone(argument, Command::Data),
        b"BDAT" => Ok(bdat(argument)),
        b"EHLO" => Ok(Command::Ehlo(client_name(argument)?)),
        b"HELO" => Ok(Command::Helo(client_name(argument)?)),
        b"RSET" => alone(argument, Command::Rset),
        b"QUIT" => alone(argument, Command::Quit),
        b"STARTTLS" => alone(argument, Command::StartTls),
        b"NOOP" => Ok(Command::Noop),
        b"HELP" => Ok(Command::Help),
        b"VRFY" => Ok(Command::Vrfy),
        b"EXPN" => Ok(Command::Expn),
        b"XCLIENT" => Ok(Command::Xclient(xclient::parse(argument)?)),
        b"AUTH" => Ok(auth(argument)),
        // A browser made to carry SMTP in an HTTP request must not get as far as the body.
        b"GET" | b"POST" | b"PUT" | b"HEAD" | b"OPTIONS" | b"CONNECT" | b"DELETE" | b"PATCH" => {
            Err(Reply::later(421, (7, 0), "This is not an HTTP server"))
        }
        _ => Err(unknown()),
    }
}

fn unknown() -> Reply {
    Reply::never(500, (5, 1), "Unknown command")
}

fn too_long() -> Reply {
    Reply::never(500, (5, 2), "Line too long")
}

fn alone(argument: &str, command: Command) -> Result<Command, Reply> {
    if argument.is_empty() {
        Ok(command)
    } else {
        Err(Reply::never(501, (5, 4), "This command takes no argument"))
    }
}

/// RFC 5321 §4.1.4 forbids to refuse mail for a wrong name, so any name is taken.
fn client_name(argument: &str) -> Result<String, Reply> {
    const LONGEST: usize = 255;
    if argument.is_empty() {
        return Err(Reply::never(501, (5, 4), "Your host name is missing"));
    }
    let harmless = |c: char| c.is_alphanumeric() || ".-_:[]".contains(c);
    let mut name = String::with_capacity(argument.len().min(LONGEST));
    for c in argument.chars() {
        let c = if harmless(c) { c } else { '?' };
        if name.len() + c.len_utf8() > LONGEST {
            break;
        }
        name.push(c);
    }
    Ok(name)
}

fn mail(argument: &str) -> Result<Command, Reply> {
    let syntax = || Reply::never(501, (5, 4), "Write MAIL FROM:<address>");
    let rest = after_keyword(argument, "FROM:").ok_or_else(syntax)?;
    let (mailbox, rest) = path::split(rest).ok_or_else(syntax)?;
    let params = mail_params(rest)?;
    if !mailbox.is_ascii() && !params.smtputf8 {
        return Err(needs_utf8());
    }
    let from =
        match mailbox {
            "" => None,
            _ => Some(Address::parse(mailbox).map_err(|_| {
                Reply::never(553, (1, 7), "The sender's address is not well-formed")
            })?),
        };
    Ok(Command::Mail { from, params })
}

fn rcpt(argument: &str) -> Result<Command, Reply> {
    let syntax = || Reply::never(501, (5, 4), "Write RCPT TO:<address>");
    let rest = after_keyword(argument, "TO:").ok_or_else(syntax)?;
    let (mailbox, rest) = path::split(rest).ok_or_else(syntax)?;
    if !rest.is_empty() {
        return Err(unsupported_parameter());
    }
    let to =
        if mailbox.eq_ignore_ascii_case("postmaster") {
            Recipient::Postmaster
        } else {
            Recipient::Address(Address::parse(mailbox).map_err(|_| {
                Reply::never(553, (1, 3), "The recipient's address is not well-formed")
            })?)
        };
    Ok(Command::Rcpt {
        to,
        utf8: !mailbox.is_ascii(),
    })
}

/// The reply to a path outside ASCII without SMTPUTF8 (RFC 6531 §3.5).
pub(crate) fn needs_utf8() -> Reply {
    Reply::never(553, (6, 7), "This address needs SMTPUTF8 in MAIL")
}

/// The reply to a parameter that is not offered (RFC 5321 §4.1.1.11).
pub(crate) fn unsupported_parameter() -> Reply {
    Reply::never(555, (5, 4), "Parameter not supported")
}

fn after_keyword<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, rest) = argument.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword)
        .then(|| rest.trim_start_matches(' '))
}

fn mail_params(text: &str) -> Result<MailParams, Reply> {
    let wrong = || {
        Reply::never(
            501,
            (5, 4),
            "Parameter without a proper value, or given twice",
        )
    };
    let mut params = MailParams::default();
    let mut body = None;
    for param in text.split_ascii_whitespace() {
        let (name, value) = match param.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (param, None),
        };
        if name.eq_ignore_ascii_case("SIZE") {
            let size = value.and_then(number).ok_or_else(wrong)?;
            if params.size.replace(size).is_some() {
                return Err(wrong());
            }
        } else if name.eq_ignore_ascii_case("BODY") {
            let value = value.ok_or_else(wrong)?;
            let eight = value.eq_ignore_ascii_case("8BITMIME");
            if !eight && !value.eq_ignore_ascii_case("7BIT") || body.replace(eight).is_some() {
                return Err(wrong());
            }
        } else if name.eq_ignore_ascii_case("SMTPUTF8") {
            if value.is_some() || params.smtputf8 {
                return Err(wrong());
            }
            params.smtputf8 = true;
        } else if name.eq_ignore_ascii_case("AUTH") {
            if value.is_none_or(str::is_empty) || params.auth {
                return Err(wrong());
            }
            params.auth = true;
        } else {
            return Err(unsupported_parameter());
        }
    }
    params.body_8bit = body == Some(true);
    Ok(params)
}

fn bdat(argument: &str) -> Command {
    let mut words = argument.split_ascii_whitespace();
    let size = words.next().and_then(number);
    let last = match words.next() {
        None => Some(false),
        Some(word) => word.eq_ignore_ascii_case("LAST").then_some(true),
    };
    match (size, last, words.next()) {
        (Some(size), Some(last), None) => Command::Bdat { size, last },
        _ => Command::BdatUnreadable,
    }
}

fn auth(argument: &str) -> Command {
    let (mechanism, initial) = match argument.split_once([' ', '\t']) {
        Some((mechanism, initial)) => (mechanism, Some(initial.trim_matches([' ', '\t']))),
        None => (argument, None),
    };
    Command::Auth {
        mechanism: mechanism.to_ascii_uppercase(),
        initial: initial.map(Secret::new),
    }
}

/// Up to twenty digits (RFC 1870 §5). `str::parse` alone would also take a plus sign.
fn number(text: &str) -> Option<u64> {
    let digits = text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
