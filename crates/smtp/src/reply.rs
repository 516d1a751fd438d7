//! Answers to commands.

use std::borrow::Cow;
use std::fmt;

/// One answer (RFC 5321 §4.2) with its enhanced status code (RFC 3463).
///
/// The class of both codes comes from the constructor: [`Reply::ok`] is 2yz and 2.y.z,
/// [`Reply::later`] 4yz and 4.y.z, [`Reply::never`] 5yz and 5.y.z. They cannot disagree; only the
/// last two digits of `code` are used. After 421 the server closes the connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    enhanced: Option<(u16, u16)>,
    /// Without control characters, except that `\n` parts the lines of the crate's own replies.
    text: Cow<'static, str>,
}

/// Longest text on one line: 512 bytes with the codes and CRLF (RFC 5321 §4.5.3.1.5), rounded down.
const LINE: usize = 480;

impl Reply {
    /// Success: `Reply::ok(250, (0, 0), "Message accepted")`. `enhanced` is subject and detail.
    #[must_use]
    pub fn ok(code: u16, enhanced: (u16, u16), text: impl Into<Cow<'static, str>>) -> Self {
        Self::with(2, code, enhanced, text.into())
    }

    /// Failure that may pass: the client should try again.
    #[must_use]
    pub fn later(code: u16, enhanced: (u16, u16), text: impl Into<Cow<'static, str>>) -> Self {
        Self::with(4, code, enhanced, text.into())
    }

    /// Failure that stays: the client should give up and tell the sender.
    #[must_use]
    pub fn never(code: u16, enhanced: (u16, u16), text: impl Into<Cow<'static, str>>) -> Self {
        Self::with(5, code, enhanced, text.into())
    }

    /// The server failed; the text says nothing about how, the log does.
    #[must_use]
    pub fn local_error() -> Self {
        Self::later(451, (3, 0), "Local error, please try again later")
    }

    /// An answer without an enhanced code: the greeting, the answer to EHLO or HELO, 354
    /// (RFC 2034 §3). Each item is a line.
    pub(crate) fn plain(code: u16, lines: &[&str]) -> Self {
        let lines: Vec<_> = lines.iter().map(|line| clean((*line).into())).collect();
        Self {
            code,
            enhanced: None,
            text: lines.join("\n").into(),
        }
    }

    /// Permission to send the message after DATA. Costs no allocation.
    pub(crate) const fn go_ahead() -> Self {
        Self {
            code: 354,
            enhanced: None,
            text: Cow::Borrowed("End data with <CRLF>.<CRLF>"),
        }
    }

    fn with(class: u16, code: u16, enhanced: (u16, u16), text: Cow<'static, str>) -> Self {
        Self {
            code: class * 100 + code % 100,
            enhanced: Some((enhanced.0.min(999), enhanced.1.min(999))),
            text: clean(text),
        }
    }

    /// The three digits.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// Whether the command succeeded or may go on.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.code < 400
    }

    /// Whether the connection ends with this answer (RFC 5321 §3.8).
    #[must_use]
    pub fn closes(&self) -> bool {
        self.code == 421
    }

    /// Class, subject and detail of the enhanced status code, where there is one.
    #[must_use]
    pub fn enhanced(&self) -> Option<(u16, u16, u16)> {
        self.enhanced
            .map(|(subject, detail)| (self.code / 100, subject, detail))
    }

    /// The words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Appends the answer as it goes over the wire. Text that is too long for a line goes on in
    /// further lines. Characters outside ASCII become `?` unless `utf8`, which needs an SMTPUTF8
    /// transaction (RFC 6531 §3.7.4.2).
    pub fn write_to(&self, out: &mut Vec<u8>, utf8: bool) {
        let mut lines = self.text.split('\n').flat_map(pieces).peekable();
        while let Some(line) = lines.next() {
            push_number(out, self.code);
            out.push(if lines.peek().is_some() { b'-' } else { b' ' });
            if let Some((class, subject, detail)) = self.enhanced() {
                push_number(out, class);
                out.push(b'.');
                push_number(out, subject);
                out.push(b'.');
                push_number(out, detail);
                out.push(b' ');
            }
            if utf8 || line.is_ascii() {
                out.extend_from_slice(line.as_bytes());
            } else {
                let ascii = line.chars().map(|c| if c.is_ascii() { c } else { '?' });
                out.extend(ascii.filter_map(|c| u8::try_from(c).ok()));
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// As in a log: `550 5.1.1 No such inbox`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced() {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        write!(f, " {}", self.text.replace('\n', " / "))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Cuts text into pieces that fit a line; empty text is one empty piece.
fn pieces(text: &str) -> Vec<&str> {
    let mut left = text;
    let mut out = Vec::with_capacity(1);
    while left.len() > LINE {
        let limit = left.floor_char_boundary(LINE);
        let cut = left[..limit].rfind(' ').map_or(limit, |space| space + 1);
        out.push(&left[..cut]);
        left = &left[cut..];
    }
    out.push(left);
    out
}

/// Control characters, above all CR and LF, become spaces: text can never be read as another reply.
fn clean(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        text.replace(char::is_control, " ").into()
    } else {
        text
    }
}

fn push_number(out: &mut Vec<u8>, number: u16) {
    let mut digits = [0; 5];
    let mut at = digits.len();
    let mut left = number;
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(reply: &Reply, utf8: bool) -> String {
        let mut out = Vec::new();
        reply.write_to(&mut out, utf8);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_classes_of_both_codes_agree_whatever_is_given() {
        assert_eq!(
            wire(&Reply::never(250, (1, 1), "No"), false),
            "550 5.1.1 No\r\n"
        );
        assert_eq!(
            wire(&Reply::later(551, (2, 2), "Wait"), false),
            "451 4.2.2 Wait\r\n"
        );
        assert_eq!(
            wire(&Reply::ok(250, (0, 0), "Yes"), false),
            "250 2.0.0 Yes\r\n"
        );
    }

    #[test]
    fn text_cannot_become_a_second_reply() {
        let reply = Reply::never(550, (7, 1), "No\r\n250 2.0.0 Yes\nx\u{85}y".to_owned());
        assert_eq!(wire(&reply, false), "550 5.7.1 No  250 2.0.0 Yes x y\r\n");
    }

    #[test]
    fn text_is_ascii_unless_the_transaction_is_utf8() {
        let reply = Reply::never(550, (1, 1), "No inbox münchen 日");
        assert_eq!(wire(&reply, false), "550 5.1.1 No inbox m?nchen ?\r\n");
        assert_eq!(wire(&reply, true), "550 5.1.1 No inbox münchen 日\r\n");
    }

    #[test]
    fn long_text_goes_on_in_further_lines() {
        let text = "word ".repeat(300) + &"ü".repeat(600);
        let wire = wire(&Reply::never(550, (7, 1), text.clone()), true);
        let lines: Vec<&str> = wire.split_terminator("\r\n").collect();
        assert!(lines.iter().all(|line| line.len() <= 510));
        let (last, others) = lines.split_last().unwrap();
        assert!(last.starts_with("550 5.7.1 "));
        assert!(others.iter().all(|line| line.starts_with("550-5.7.1 ")));
        let joined: String = lines.iter().map(|line| &line[10..]).collect();
        assert_eq!(joined, text);
    }

    #[test]
    fn plain_answers_have_one_line_per_item() {
        let reply = Reply::plain(250, &["mx.example", "SIZE 10"]);
        assert_eq!(wire(&reply, false), "250-mx.example\r\n250 SIZE 10\r\n");
        assert_eq!(reply.to_string(), "250 mx.example / SIZE 10");
    }
}
