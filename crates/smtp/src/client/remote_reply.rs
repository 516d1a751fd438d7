//! What the server says.

use std::fmt;

use bytes::{Buf as _, BytesMut};
use memchr::memchr;

/// Longest line that is read. RFC 5321 §4.5.3.1.5 says 512; servers that explain themselves at
/// length exist.
const LINE: usize = 4096;
/// Most lines of one reply.
const LINES: usize = 256;
/// Octets of text that are kept of one reply. What is longer is read and dropped.
const TEXT: usize = 4096;

/// A reply of the server (RFC 5321 §4.2) with its enhanced status code (RFC 3463).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteReply {
    /// The three digits, 200 to 599.
    pub code: u16,
    /// Class, subject and detail, when the reply begins with them and they agree with the code.
    pub enhanced: Option<(u16, u16, u16)>,
    /// The words, without the codes; lines are parted by `\n`. At most 4096 octets, and no control
    /// character but that.
    pub text: String,
}

/// What the server says is not SMTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSmtp(pub(super) &'static str);

impl RemoteReply {
    /// 2yz.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.code / 100 == 2
    }

    /// 4yz.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5yz.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// Whether the server closes the connection now (RFC 5321 §3.8).
    #[must_use]
    pub fn closes(&self) -> bool {
        self.code == 421
    }
}

/// On one line, as in a log: `550 5.1.1 No such user`.
impl fmt::Display for RemoteReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        write!(f, " {}", self.text.replace('\n', " / "))
    }
}

/// Puts replies together from pieces of any size.
#[derive(Debug, Default)]
pub struct ReplyReader {
    code: u16,
    enhanced: Option<(u16, u16, u16)>,
    text: String,
    lines: usize,
}

impl ReplyReader {
    /// Takes lines from the front of `input`, at most up to the end of one reply. `None` says that
    /// more is needed; `input` then holds less than a line.
    ///
    /// A line may end in LF alone. Nothing can be smuggled in a reply, and there are such servers.
    ///
    /// # Errors
    /// [`NotSmtp`]. Nothing that follows on this connection can be relied on.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<RemoteReply>, NotSmtp> {
        loop {
            let window = &input[..input.len().min(LINE)];
            let Some(end) = memchr(b'\n', window) else {
                if window.len() < LINE {
                    return Ok(None);
                }
                return Err(NotSmtp("a line of the reply is too long"));
            };
            let line = &input[..end];
            let last = self.line(line.strip_suffix(b"\r").unwrap_or(line))?;
            input.advance(end + 1);
            if last {
                let done = std::mem::take(self);
                return Ok(Some(RemoteReply {
                    code: done.code,
                    enhanced: done.enhanced,
                    text: done.text,
                }));
            }
        }
    }

    /// Whether the line was the last of its reply.
    fn line(&mut self, line: &[u8]) -> Result<bool, NotSmtp> {
        let (code, rest) = split_code(line).ok_or(NotSmtp("what came is not an SMTP reply"))?;
        let (last, text) = match rest.split_first() {
            None => (true, rest),
            Some((b' ', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return Err(NotSmtp("what came is not an SMTP reply")),
        };
        if self.lines > 0 && code != self.code {
            return Err(NotSmtp("the lines of the reply have different codes"));
        }
        self.lines += 1;
        if self.lines > LINES {
            return Err(NotSmtp("the reply has too many lines"));
        }
        let text = String::from_utf8_lossy(text);
        let (enhanced, words) = split_enhanced(code, &text);
        if self.lines == 1 {
            self.code = code;
            self.enhanced = enhanced;
        }
        // A line that merely begins with a number keeps it.
        let words = if enhanced.is_some() && enhanced == self.enhanced {
            words
        } else {
            &text
        };
        if self.lines > 1 && self.text.len() < TEXT {
            self.text.push('\n');
        }
        for c in words.chars() {
            let c = if c.is_control() { ' ' } else { c };
            if self.text.len() + c.len_utf8() > TEXT {
                break;
            }
            self.text.push(c);
        }
        Ok(last)
    }
}

fn split_code(line: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = line.split_first_chunk::<3>()?;
    if !matches!(digits[0], b'2'..=b'5') || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits
        .iter()
        .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    Some((code, rest))
}

/// `5.1.1 No such user` into the numbers and the words.
fn split_enhanced(code: u16, text: &str) -> (Option<(u16, u16, u16)>, &str) {
    let (head, words) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = head.split('.').map(|part| {
        let digits = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u16>().ok()).flatten()
    });
    let numbers = (parts.next(), parts.next(), parts.next(), parts.next());
    match numbers {
        (Some(Some(class)), Some(Some(subject)), Some(Some(detail)), None)
            if class == code / 100 =>
        {
            (
                Some((class, subject, detail)),
                words.trim_start_matches(' '),
            )
        }
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wire: &[u8]) -> Result<Vec<RemoteReply>, NotSmtp> {
        let (mut reader, mut input) = (ReplyReader::default(), BytesMut::from(wire));
        let mut all = Vec::new();
        while let Some(reply) = reader.next(&mut input)? {
            all.push(reply);
        }
        Ok(all)
    }

    fn one(wire: &str) -> RemoteReply {
        read(wire.as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn a_reply_has_a_code_an_enhanced_code_and_words() {
        let reply = one("550 5.1.1 No such user\r\n");
        assert_eq!((reply.code, reply.enhanced), (550, Some((5, 1, 1))));
        assert_eq!(reply.text, "No such user");
        assert_eq!(reply.to_string(), "550 5.1.1 No such user");
    }

    #[test]
    fn lines_are_joined_and_each_loses_its_codes() {
        let reply = one("550-5.7.1 Blocked,\r\n550-5.7.1  see\r\n550 5.7.1 https://x.test\r\n");
        assert_eq!(reply.text, "Blocked,\nsee\nhttps://x.test");
        let reply = one("250-mx.test\r\n250-SIZE 10\r\n250 PIPELINING\n");
        assert_eq!(reply.text, "mx.test\nSIZE 10\nPIPELINING");
    }

    #[test]
    fn numbers_that_are_no_enhanced_code_stay_words() {
        for (wire, text) in [
            ("250 4.0.0 odd\r\n", "4.0.0 odd"),
            ("220 2.0 servers\r\n", "2.0 servers"),
            ("220 2.0.0.1 here\r\n", "2.0.0.1 here"),
            ("250 2.0000.1 here\r\n", "2.0000.1 here"),
            ("250 2.0.0\r\n", ""),
            ("250\r\n", ""),
        ] {
            assert_eq!(one(wire).text, text, "{wire}");
        }
    }

    #[test]
    fn what_is_not_a_reply_is_refused() {
        for wire in [
            &b"HTTP/1.1 400 Bad\r\n"[..],
            b"\r\n",
            b"25 x\r\n",
            b"250x\r\n",
            b"199 x\r\n",
            b"600 x\r\n",
            b"250-a\r\n251 b\r\n",
            b"\x16\x03\x01\r\n",
        ] {
            assert!(read(wire).is_err(), "{}", wire.escape_ascii());
        }
        assert!(read(&[b'2'; LINE]).is_err());
        assert!(read(&b"250-x\r\n".repeat(LINES + 1)).is_err());
    }

    #[test]
    fn long_texts_are_cut_and_strange_characters_replaced() {
        let mut wire = format!("554-{}\r\n", "ü".repeat(1500))
            .repeat(20)
            .into_bytes();
        wire.extend_from_slice(b"554 end\r\n250 ok\r\n");
        let replies = read(&wire).unwrap();
        assert!(replies[0].text.len() <= TEXT);
        assert_eq!(replies[1].text, "ok");
        let odd = read(b"550 a\x07b\xffc\rd\r\n").unwrap().remove(0);
        assert_eq!(odd.text, "a b\u{fffd}c d");
    }

    #[test]
    fn how_the_bytes_are_cut_makes_no_difference() {
        let wire = b"250-mx.test\r\n250-SIZE 9\r\n250 X\r\n354 go\r\n";
        let (mut reader, mut input, mut all) = (ReplyReader::default(), BytesMut::new(), vec![]);
        for byte in wire {
            input.extend_from_slice(&[*byte]);
            all.extend(reader.next(&mut input).unwrap());
        }
        assert_eq!(all, read(wire).unwrap());
    }
}
