//! Encoded words in header values (RFC 2047), as mailers write them.

use super::{charset, codec};

/// Octets looked at for the end of the charset name.
const MAX_CHARSET: usize = 64;

/// Decodes the encoded words of `text`. Words with only white space between them are joined, and
/// words of one charset are joined before decoding, so that a character split between two comes
/// out whole. What only looks like an encoded word stays as it is.
pub(super) fn decode(text: &str) -> String {
    if memchr::memmem::find(text.as_bytes(), b"=?").is_none() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest = text;
    // Once no "?=" is ahead there is none further on either; searching again would be quadratic.
    let mut ended = false;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"=?") {
        let (plain, candidate) = rest.split_at(at);
        let word = if ended {
            None
        } else {
            Word::read(candidate, &mut ended)
        };
        let Some(word) = word else {
            flush(&mut pending, &mut out);
            out.push_str(plain);
            out.push_str("=?");
            rest = candidate.get(2..).unwrap_or_default();
            continue;
        };
        if pending.is_none() || !plain.chars().all(char::is_whitespace) {
            flush(&mut pending, &mut out);
            out.push_str(plain);
        }
        match &mut pending {
            Some((charset, bytes)) if charset.eq_ignore_ascii_case(word.charset) => {
                bytes.extend_from_slice(&word.bytes);
            }
            _ => {
                flush(&mut pending, &mut out);
                pending = Some((word.charset.to_owned(), word.bytes));
            }
        }
        rest = candidate.get(word.length..).unwrap_or_default();
    }
    flush(&mut pending, &mut out);
    out.push_str(rest);
    out
}

struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
    /// Octets the word takes up in the text.
    length: usize,
}

impl<'a> Word<'a> {
    /// Reads `=?charset?B|Q?text?=` at the beginning of `text`. A word cut off at the very end of
    /// the value is read too.
    fn read(text: &'a str, ended: &mut bool) -> Option<Self> {
        let head = text.as_bytes().get(2..)?;
        let window = head.get(..MAX_CHARSET).unwrap_or(head);
        let mark = memchr::memchr(b'?', window)?;
        let charset = text.get(2..2 + mark)?;
        if charset.is_empty() || charset.contains(char::is_whitespace) {
            return None;
        }
        let charset = charset.split('*').next().unwrap_or(charset);
        let start = 2 + mark + 3;
        let encoding = *head.get(mark + 1)?;
        if *head.get(mark + 2)? != b'?' {
            return None;
        }
        let body = text.get(start..)?;
        let end = memchr::memmem::find(body.as_bytes(), b"?=");
        let (body, length) = if let Some(end) = end {
            (body.get(..end)?, start + end + 2)
        } else {
            *ended = true;
            if body.is_empty() || body.contains(char::is_whitespace) {
                return None;
            }
            (body, text.len())
        };
        let mut bytes = Vec::with_capacity(body.len());
        match encoding {
            b'B' | b'b' => {
                codec::base64(body.as_bytes(), &mut bytes);
            }
            b'Q' | b'q' => {
                let spaced = body.replace('_', " ");
                q_word(spaced.as_bytes(), &mut bytes);
            }
            _ => return None,
        }
        Some(Self {
            charset,
            bytes,
            length,
        })
    }
}

/// The Q encoding: quoted-printable without lines, so that nothing is taken for padding.
fn q_word(text: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let escaped = (byte == b'=')
            .then(|| codec::hex(*text.get(at + 1)?).zip(codec::hex(*text.get(at + 2)?)))
            .flatten();
        if let Some((high, low)) = escaped {
            out.push(high << 4 | low);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
}

fn flush(pending: &mut Option<(String, Vec<u8>)>, out: &mut String) {
    if let Some((charset, bytes)) = pending.take() {
        let decoded = charset::decode(&bytes, Some(&charset)).text;
        out.push_str(&super::header::without_controls(&decoded));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_decoded_and_joined() {
        for (text, want) in [
            ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?UTF-8?b?R3LDvMOfZQ==?= an alle", "Grüße an alle"),
            ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
            ("=?utf-8?Q?a?=   =?iso-8859-1?Q?=FC?= b", "aü b"),
            ("=?utf-8*de?Q?a_b?=", "a b"),
            ("=?utf-8?Q?=41?=", "A"),
            ("=?utf-8?Q??=x", "x"),
            ("a =?utf-8?Q?with space inside?= b", "a with space inside b"),
            ("=?utf-8?B?R3LDvA", "Grü"),
            ("plain =? no word", "plain =? no word"),
            ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ] {
            assert_eq!(decode(text), want, "{text}");
        }
    }

    #[test]
    fn a_line_break_in_a_word_stays_in_its_field() {
        assert_eq!(decode("=?utf-8?Q?a=0D=0ABcc:_x?="), "a  Bcc: x");
    }

    #[test]
    fn a_flood_of_openings_takes_linear_time() {
        let text = "=?utf-8?Q?a ".repeat(200_000);
        assert_eq!(decode(&text).len(), text.len());
    }
}
