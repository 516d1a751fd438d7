//! Bodies in the encoding that suits them (RFC 2045 §6).

/// Longest line written, without its CRLF (RFC 2045 §6.7, §6.8).
const MAX_LINE: usize = 76;

/// An encoded body without a final line break.
pub(super) struct Encoded {
    /// The value of Content-Transfer-Encoding.
    pub(super) name: &'static str,
    /// The decoded content is ASCII.
    pub(super) ascii: bool,
    pub(super) bytes: Vec<u8>,
}

/// Text with any kind of line breaks: as it is when it is plain short-lined ASCII, else
/// quoted-printable, or base64 when most of it is not ASCII. NUL is left out: no reader takes it.
pub(super) fn text(text: &str) -> Encoded {
    let text = canonical(text);
    if text.bytes().all(|byte| matches!(byte, b'\r' | b'\n')) {
        // Verifiers of signatures disagree on the hash of a body without any words. This one has a
        // line, which says that it is continued and is then over.
        return Encoded {
            name: "quoted-printable",
            ascii: true,
            bytes: b"=".to_vec(),
        };
    }
    let ascii = text.is_ascii();
    let bytes = text.as_bytes();
    let plain = ascii
        && text.split("\r\n").all(|line| {
            line.len() <= MAX_LINE
                && !line.ends_with([' ', '\t'])
                // Mail stores put a `>` before such lines and break signatures.
                && !line.starts_with("From ")
                && line.bytes().all(|b| b == b'\t' || (0x20..0x7F).contains(&b))
        });
    if plain {
        return Encoded {
            name: "7bit",
            ascii,
            bytes: text.into_bytes(),
        };
    }
    let escaped = bytes.iter().filter(|b| !b.is_ascii()).count();
    if escaped * 3 > bytes.len() {
        Encoded {
            name: "base64",
            ascii,
            bytes: base64(bytes),
        }
    } else {
        Encoded {
            name: "quoted-printable",
            ascii,
            bytes: quoted_printable(&text),
        }
    }
}

/// A file, byte for byte: base64, except that a whole message stays readable when it can
/// (RFC 2046 §5.2.1 allows message/rfc822 no base64; where the content forbids anything else it
/// is used all the same, and every client reads it).
pub(super) fn file(bytes: &[u8], content_type: &str) -> Encoded {
    let is_message = content_type
        .trim()
        .to_ascii_lowercase()
        .starts_with("message/");
    if is_message && is_7bit(bytes) {
        return Encoded {
            name: "7bit",
            ascii: true,
            bytes: bytes.to_vec(),
        };
    }
    Encoded {
        name: "base64",
        ascii: bytes.is_ascii(),
        bytes: base64(bytes),
    }
}

/// Whether bytes pass any mail system unchanged: ASCII lines of at most 998 octets that end in
/// CRLF, and no final line break that a reader could not tell from the boundary's.
fn is_7bit(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    text.split("\r\n").all(|line| {
        line.len() <= 998
            && !line.starts_with("From ")
            && line
                .bytes()
                .all(|b| b == b'\t' || (0x20..0x7F).contains(&b))
    })
}

fn canonical(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push_str("\r\n");
            }
            '\n' => out.push_str("\r\n"),
            '\0' => {}
            c => out.push(c),
        }
    }
    out
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    let text = data_encoding::BASE64.encode(bytes);
    let mut out = Vec::with_capacity(text.len() + text.len() / 38);
    for (index, line) in text.as_bytes().chunks(MAX_LINE).enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(line);
    }
    out
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    for (index, line) in text.split("\r\n").enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\r\n");
        }
        quoted_printable_line(line.as_bytes(), &mut out);
    }
    out
}

fn quoted_printable_line(line: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut column = 0;
    for (at, &byte) in line.iter().enumerate() {
        let last = at + 1 == line.len();
        let from = at == 0 && line.starts_with(b"From ");
        let literal = match byte {
            b' ' | b'\t' => !last,
            b'=' => false,
            0x21..=0x7E => !from,
            _ => false,
        };
        let width = if literal { 1 } else { 3 };
        // Room for the soft break's `=`, which the last character of a line does not need.
        if column + width > MAX_LINE - usize::from(!last) {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if literal {
            out.push(byte);
        } else {
            out.push(b'=');
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 0xF)]);
        }
        column += width;
    }
}
