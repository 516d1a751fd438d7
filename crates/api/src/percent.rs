//! Percent-encoding (RFC 3986 §2.1), in the two ways it is read here: strictly in paths, where a
//! wrong id must not pass for another, and leniently in queries, as browsers and forms do.

/// Why a path segment cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// `%` without two hexadecimal digits.
    Escape,
    /// Not UTF-8 once decoded.
    Utf8,
    /// A control character, NUL among them.
    Control,
}

/// Decodes one path segment.
pub(crate) fn decode(segment: &str) -> Result<String, Undecodable> {
    let (bytes, clean) = bytes(segment, false);
    if !clean {
        return Err(Undecodable::Escape);
    }
    let text = String::from_utf8(bytes).map_err(|_| Undecodable::Utf8)?;
    if text.chars().any(char::is_control) {
        return Err(Undecodable::Control);
    }
    Ok(text)
}

/// Decodes a name or value of a query: `+` is a space, a stray `%` stands for itself, and bytes
/// that are not UTF-8 become U+FFFD, which matches nothing.
pub(crate) fn decode_form(text: &str) -> String {
    let (bytes, _) = bytes(text, true);
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// Encodes a segment so that only letters, digits and `-._~@` stay as they are.
pub(crate) fn encode(segment: &str, out: &mut String) {
    encode_except(segment, b"-._~@", out);
}

/// Encodes the value of an extended parameter (RFC 8187 §3.2.1).
pub(crate) fn encode_parameter(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    encode_except(value, b"-._~", &mut out);
    out
}

fn encode_except(text: &str, kept: &[u8], out: &mut String) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        }
    }
}

/// The bytes, and whether every escape was whole.
fn bytes(text: &str, plus_is_space: bool) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut clean = true;
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'%' => match escaped(tail) {
                Some(value) => {
                    out.push(value);
                    rest = &tail[2..];
                }
                None => {
                    clean = false;
                    out.push(b'%');
                }
            },
            b'+' if plus_is_space => out.push(b' '),
            _ => out.push(byte),
        }
    }
    (out, clean)
}

/// The byte that the two digits after a `%` stand for.
fn escaped(tail: &[u8]) -> Option<u8> {
    let [high, low, ..] = tail else { return None };
    Some(hex(*high)? << 4 | hex(*low)?)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
