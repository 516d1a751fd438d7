//! Content-Transfer-Encodings, read leniently and in one pass (RFC 2045 §6).

/// Where decoded bytes go: a buffer, or a counter when only the size is asked for.
pub(super) trait Sink {
    fn push(&mut self, byte: u8);
    fn extend(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn push(&mut self, byte: u8) {
        Vec::push(self, byte);
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Counts bytes instead of keeping them.
#[derive(Default)]
pub(super) struct Count(pub(super) usize);

impl Sink for Count {
    fn push(&mut self, _byte: u8) {
        self.0 += 1;
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// How the body of a part is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary and whatever is not known.
    Identity,
    Base64,
    QuotedPrintable,
    Uuencode,
}

impl Encoding {
    /// Reads the field's value. `None` for a name nobody knows; such a body is left as it is.
    pub(super) fn from_label(label: &str) -> Option<Self> {
        let label = label.split(';').next().unwrap_or(label).trim();
        let label = label.trim_matches(['"', '\'']);
        match label.to_ascii_lowercase().as_str() {
            "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" | "none" | "plain" => {
                Some(Self::Identity)
            }
            "base64" | "base-64" | "b" => Some(Self::Base64),
            "quoted-printable" | "quotedprintable" | "q" => Some(Self::QuotedPrintable),
            "x-uuencode" | "uuencode" | "x-uue" | "uue" => Some(Self::Uuencode),
            _ => None,
        }
    }

    /// Decodes `body` into `sink`; false when something in it had to be passed over.
    pub(super) fn decode(self, body: &[u8], sink: &mut impl Sink) -> bool {
        match self {
            Self::Identity => {
                sink.extend(body);
                true
            }
            Self::Base64 => base64(body, sink),
            Self::QuotedPrintable => quoted_printable(body, sink),
            Self::Uuencode => uuencode(body, sink),
        }
    }
}

const INVALID: u8 = 0xFF;

const BASE64: [u8; 256] = {
    let mut table = [INVALID; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < 64 {
        #[expect(clippy::cast_possible_truncation, reason = "at most 63")]
        {
            table[alphabet[at] as usize] = at as u8;
        }
        at += 1;
    }
    table
};

/// Base64 that keeps an unpadded tail, passes over stray characters, reads on after padding when
/// more base64 follows, and stops there when plain text follows (a mailing list's footer).
pub(super) fn base64(body: &[u8], sink: &mut impl Sink) -> bool {
    let mut clean = true;
    let mut bits: u32 = 0;
    let mut held = 0;
    let mut at = 0;
    let mut footer_checked = false;
    while let Some(&byte) = body.get(at) {
        at += 1;
        let value = BASE64[usize::from(byte)];
        if value != INVALID {
            bits = bits << 6 | u32::from(value);
            held += 1;
            if held == 4 {
                let [_, a, b, c] = bits.to_be_bytes();
                sink.extend(&[a, b, c]);
                bits = 0;
                held = 0;
            }
        } else if byte == b'=' {
            clean &= flush_base64(bits, held, sink);
            bits = 0;
            held = 0;
            if !footer_checked {
                footer_checked = true;
                let rest = body.get(at..).unwrap_or_default();
                if !rest.iter().all(|&b| is_base64_text(b)) {
                    return false;
                }
            }
        } else if !byte.is_ascii_whitespace() {
            clean = false;
        }
    }
    flush_base64(bits, held, sink) && clean
}

fn is_base64_text(byte: u8) -> bool {
    BASE64[usize::from(byte)] != INVALID || byte == b'=' || byte.is_ascii_whitespace()
}

/// Writes the one or two bytes of an unfinished group; a single character left over is lost.
fn flush_base64(bits: u32, held: u32, sink: &mut impl Sink) -> bool {
    match held {
        0 => true,
        2 => {
            sink.push((bits >> 4 & 0xFF) as u8);
            true
        }
        3 => {
            sink.push((bits >> 10 & 0xFF) as u8);
            sink.push((bits >> 2 & 0xFF) as u8);
            true
        }
        _ => false,
    }
}

/// Quoted-printable (RFC 2045 §6.7): lower-case digits and a stray `=` are tolerated, white space
/// at the end of a line is transport padding and goes.
pub(super) fn quoted_printable(body: &[u8], sink: &mut impl Sink) -> bool {
    let mut clean = true;
    let mut lines = body;
    while !lines.is_empty() {
        let end = memchr::memchr(b'\n', lines).map_or(lines.len(), |at| at + 1);
        let (line, rest) = lines.split_at(end);
        lines = rest;
        let (content, ending) = split_ending(line);
        let trimmed = content.trim_ascii_end();
        if let Some(soft) = trimmed.strip_suffix(b"=") {
            clean &= quoted_printable_line(soft, sink);
        } else {
            clean &= quoted_printable_line(trimmed, sink);
            sink.extend(ending);
        }
    }
    clean
}

fn split_ending(line: &[u8]) -> (&[u8], &[u8]) {
    let content = line.strip_suffix(b"\n").unwrap_or(line);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    line.split_at(content.len())
}

fn quoted_printable_line(line: &[u8], sink: &mut impl Sink) -> bool {
    let mut clean = true;
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (plain, escape) = rest.split_at(at);
        sink.extend(plain);
        let byte = match escape {
            [_, high, low, ..] => hex(*high).zip(hex(*low)).map(|(h, l)| h << 4 | l),
            _ => None,
        };
        if let Some(byte) = byte {
            sink.push(byte);
            rest = escape.get(3..).unwrap_or_default();
        } else {
            clean = false;
            sink.push(b'=');
            rest = escape.get(1..).unwrap_or_default();
        }
    }
    sink.extend(rest);
    clean
}

pub(super) fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The `begin` to `end` block of a uuencoded body; without one, the body as it is.
fn uuencode(body: &[u8], sink: &mut impl Sink) -> bool {
    let mut lines = body.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end);
    if !lines.by_ref().any(|line| line.starts_with(b"begin ")) {
        sink.extend(body);
        return false;
    }
    for line in lines {
        if line == b"end" {
            return true;
        }
        let Some((&length, data)) = line.split_first() else {
            continue;
        };
        let mut left = usize::from(length.wrapping_sub(b' ') & 0x3F);
        for group in data.chunks(4) {
            let mut bits: u32 = 0;
            for at in 0..4 {
                let digit = group.get(at).copied().unwrap_or(b' ');
                bits = bits << 6 | u32::from(digit.wrapping_sub(b' ') & 0x3F);
            }
            let [_, bytes @ ..] = bits.to_be_bytes();
            let take = left.min(3);
            sink.extend(bytes.get(..take).unwrap_or_default());
            left -= take;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, body: &[u8]) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let clean = encoding.decode(body, &mut out);
        let mut count = Count::default();
        encoding.decode(body, &mut count);
        assert_eq!(count.0, out.len());
        (out, clean)
    }

    #[test]
    fn unpadded_base64_keeps_its_tail() {
        assert_eq!(
            decoded(Encoding::Base64, b"SGVsbG8gd29ybGQ").0,
            b"Hello world"
        );
        assert_eq!(
            decoded(Encoding::Base64, b"SGVsbG8gd29ybGQ=\r\n").0,
            b"Hello world"
        );
        assert_eq!(decoded(Encoding::Base64, b"SGV-sb\r\nG8=").0, b"Hello");
    }

    #[test]
    fn text_after_base64_is_not_decoded_but_more_base64_is() {
        assert_eq!(
            decoded(Encoding::Base64, b"SGVsbG8=\r\n-- \r\nlist footer").0,
            b"Hello"
        );
        assert_eq!(
            decoded(Encoding::Base64, b"SGVsbG8=IHlvdQ==").0,
            b"Hello you"
        );
    }

    #[test]
    fn quoted_printable_tolerates_what_mailers_get_wrong() {
        let qp = |body: &[u8]| decoded(Encoding::QuotedPrintable, body).0;
        assert_eq!(
            qp(b"a=3db=\r\nc  \r\nd=C3=A4"),
            "a=bc\r\nd\u{e4}".as_bytes()
        );
        assert_eq!(qp(b"100% = all=\n"), b"100% = all");
        assert_eq!(qp(b"soft=  \r\nbreak="), b"softbreak");
    }

    #[test]
    fn uuencoded_bodies_are_read() {
        let body = b"intro\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n";
        assert_eq!(decoded(Encoding::Uuencode, body).0, b"Cat");
    }
}
