//! Reading the lines of a dialog file.

use std::time::Duration;

use smtp::Reply;

use super::Step;
use crate::{Action, Question};

type Read<T> = Result<T, &'static str>;

/// One line; `None` when it says nothing.
pub(super) fn step(line: &str) -> Read<Option<Step>> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    Ok(Some(match word {
        "set" => {
            let (key, value) = rest.split_once(' ').unwrap_or((rest, ""));
            let value = if value.is_empty() {
                None
            } else {
                Some(number(value)?)
            };
            Step::Set(key.to_owned(), value)
        }
        "on" => rule(rest)?,
        "C:" => Step::Send([bytes(rest)?.as_slice(), b"\r\n"].concat()),
        "raw:" => Step::Send(bytes(rest)?),
        "repeat:" => {
            let (times, text) = rest.split_once(' ').ok_or("no text")?;
            let times = usize::try_from(number(times)?).map_err(|_| "too often")?;
            Step::Send(bytes(text)?.repeat(times))
        }
        "S:" => {
            let (code, text) = rest.split_once(' ').unwrap_or((rest, ""));
            Step::Reply(code.parse().map_err(|_| "no code")?, text.to_owned())
        }
        "has:" => Step::Has(rest.to_owned()),
        "hasnot:" => Step::HasNot(rest.to_owned()),
        "tls" => Step::Tls,
        "advance:" => Step::Advance(Duration::from_secs(number(rest)?)),
        "stop" => Step::Stop,
        "release" => Step::Release,
        "closed" => Step::Closed,
        "cut" => Step::Cut,
        "leave" => Step::Leave,
        "message:" => Step::Message(bytes(rest)?),
        "to:" => Step::To(rest.split_whitespace().map(str::to_owned).collect()),
        "envelope:" => {
            let pairs = rest.split_whitespace().map(|pair| {
                let (key, value) = pair.split_once('=').ok_or("write key=value")?;
                Ok((key.to_owned(), value.to_owned()))
            });
            Step::Envelope(pairs.collect::<Read<_>>()?)
        }
        _ => return Err("unknown step"),
    }))
}

fn rule(text: &str) -> Read<Step> {
    let mut words = text.splitn(4, ' ');
    let question = match words.next() {
        Some("connected") => Question::Connected,
        Some("mail") => Question::Mail,
        Some("rcpt") => Question::Rcpt,
        Some("message") => Question::Message,
        _ => return Err("unknown question"),
    };
    let subject = words.next().ok_or("about whom?")?;
    let action = match (words.next(), words.next()) {
        (Some("reply"), Some(text)) => Action::Reply(reply(text)?),
        (Some("panic"), None) => Action::Panic,
        (Some("hang"), None) => Action::Hang,
        _ => return Err("unknown action"),
    };
    Ok(Step::On(question, subject.to_owned(), action))
}

/// `550 5.1.1 No such inbox`; the first digits must agree.
fn reply(text: &str) -> Read<Reply> {
    let wrong = "write a reply as 550 5.1.1 text";
    let mut words = text.splitn(3, ' ');
    let code: u16 = words
        .next()
        .and_then(|code| code.parse().ok())
        .ok_or(wrong)?;
    let mut digits = words.next().ok_or(wrong)?.split('.').map(str::parse::<u16>);
    let mut digit = || digits.next().and_then(Result::ok).ok_or(wrong);
    let (class, enhanced) = (digit()?, (digit()?, digit()?));
    let text = words.next().unwrap_or("").to_owned();
    match (code / 100, class) {
        (2, 2) => Ok(Reply::ok(code, enhanced, text)),
        (4, 4) => Ok(Reply::later(code, enhanced, text)),
        (5, 5) => Ok(Reply::never(code, enhanced, text)),
        _ => Err(wrong),
    }
}

fn number(text: &str) -> Read<u64> {
    text.trim().parse().map_err(|_| "not a number")
}

fn bytes(text: &str) -> Read<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut left = text.as_bytes();
    while let Some((&byte, rest)) = left.split_first() {
        left = rest;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let (&escape, rest) = left.split_first().ok_or("a lone backslash")?;
        left = rest;
        out.push(match escape {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'0' => 0,
            b'\\' => b'\\',
            b'x' => {
                let (digits, rest) = left.split_at_checked(2).ok_or("write \\xHH")?;
                left = rest;
                let digits = std::str::from_utf8(digits).map_err(|_| "write \\xHH")?;
                u8::from_str_radix(digits, 16).map_err(|_| "write \\xHH")?
            }
            _ => return Err("unknown escape"),
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_for_bytes() {
        assert_eq!(bytes(r"a\r\n\0\t\\\x85.").unwrap(), b"a\r\n\0\t\\\x85.");
        for wrong in ["\\", r"\q", r"\x1", r"\xzz"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_is_an_error() {
        for wrong in [
            "Q: x",
            "S: abc",
            "set errors many",
            "on rcpt",
            "on rcpt x reply 550 4.1.1 No",
            "on lunch x panic",
            "repeat: x y",
            "envelope: tls",
        ] {
            assert!(step(wrong).is_err(), "{wrong}");
        }
        assert!(matches!(step("# note"), Ok(None)));
    }
}
