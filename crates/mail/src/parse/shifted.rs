//! Charsets of seven bits that switch between alphabets, which browsers refuse or never had:
//! UTF-7 (RFC 2152), HZ (RFC 1843), ISO-2022-KR (RFC 1557) and ISO-2022-CN (RFC 1922).
//!
//! They are read only where a message names them, never guessed: text that means one thing in
//! ASCII and another in them is how filters were passed by.

use encoding_rs::Encoding;

/// Decodes `bytes` by one of these, if `label` (in lower case) names one. Answers the text and
/// whether something had to be replaced.
pub(super) fn decode(bytes: &[u8], label: &str) -> Option<(String, bool)> {
    Some(match label {
        "utf-7" | "unicode-1-1-utf-7" | "utf7" | "csunicode11utf7" => utf7(bytes),
        "hz-gb-2312" | "hz" => two_octets(&hz(bytes), encoding_rs::GBK),
        "iso-2022-kr" | "csiso2022kr" => two_octets(&shifted_out(bytes), encoding_rs::EUC_KR),
        "iso-2022-cn" | "iso-2022-cn-ext" => two_octets(&shifted_out(bytes), encoding_rs::GBK),
        "utf-32" | "utf-32le" | "utf-32be" | "ucs-4" => utf32(bytes, label == "utf-32le"),
        _ => return None,
    })
}

/// Whether `label` names a charset in which markup can hide from who reads it as ASCII.
pub(super) fn hides_markup(label: &str) -> bool {
    matches!(
        label,
        "utf-7"
            | "unicode-1-1-utf-7"
            | "utf7"
            | "csunicode11utf7"
            | "hz-gb-2312"
            | "hz"
            | "iso-2022-kr"
            | "csiso2022kr"
            | "iso-2022-cn"
            | "iso-2022-cn-ext"
    )
}

fn two_octets(bytes: &[u8], encoding: &'static Encoding) -> (String, bool) {
    let (text, bad) = encoding.decode_without_bom_handling(bytes);
    (text.into_owned(), bad)
}

/// Between SO and SI every pair of octets is a character with its high bits taken off; escape
/// sequences only say which alphabet that is.
fn shifted_out(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            0x0E => shifted = true,
            0x0F => shifted = false,
            0x1B if bytes.get(at) == Some(&b'$') => {
                // ESC $ ) C, ESC $ ) A, ESC $ * H.
                at += 3;
            }
            b'\n' => {
                shifted = false;
                out.push(byte);
            }
            0x21..=0x7E if shifted => out.push(byte | 0x80),
            _ => out.push(byte),
        }
    }
    out
}

/// `~{` begins pairs, `~}` ends them, `~~` is a tilde, and a tilde at the end of a line goes.
fn hz(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match (byte, bytes.get(at)) {
            (b'~', Some(b'{')) => {
                shifted = true;
                at += 1;
            }
            (b'~', Some(b'}')) => {
                shifted = false;
                at += 1;
            }
            (b'~', Some(b'~')) if !shifted => {
                out.push(b'~');
                at += 1;
            }
            (b'~', Some(b'\n')) if !shifted => at += 1,
            (b'\n', _) => {
                shifted = false;
                out.push(byte);
            }
            (0x21..=0x7E, _) if shifted => out.push(byte | 0x80),
            _ => out.push(byte),
        }
    }
    out
}

fn utf32(bytes: &[u8], little: bool) -> (String, bool) {
    let little = little || bytes.starts_with(&[0xFF, 0xFE, 0, 0]);
    let mut bad = !bytes.len().is_multiple_of(4);
    let unit = |group: &[u8]| {
        let group: [u8; 4] = group.try_into().ok()?;
        let number = if little {
            u32::from_le_bytes(group)
        } else {
            u32::from_be_bytes(group)
        };
        char::from_u32(number)
    };
    let mut text = String::with_capacity(bytes.len() / 4);
    for group in bytes.chunks_exact(4) {
        let character = unit(group);
        bad |= character.is_none();
        let character = character.unwrap_or('\u{FFFD}');
        if character != '\u{FEFF}' {
            text.push(character);
        }
    }
    (text, bad)
}

fn utf7(bytes: &[u8]) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len());
    let mut bad = false;
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'+', rest) {
        let (plain, shifted) = rest.split_at(at);
        text.push_str(&String::from_utf8_lossy(plain));
        let shifted = shifted.get(1..).unwrap_or_default();
        let length = shifted
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
            .count();
        let (run, after) = shifted.split_at(length);
        rest = after.strip_prefix(b"-").unwrap_or(after);
        if run.is_empty() {
            text.push('+');
            continue;
        }
        let mut raw = Vec::with_capacity(length);
        super::codec::base64(run, &mut raw);
        let (decoded, failed) = encoding_rs::UTF_16BE
            .decode_without_bom_handling(raw.get(..raw.len() & !1).unwrap_or(&raw));
        bad |= failed;
        text.push_str(&decoded);
    }
    text.push_str(&String::from_utf8_lossy(rest));
    (text, bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_by_its_name() {
        for (label, bytes, want) in [
            ("utf-7", &b"Hi Mom -+Jjo--!"[..], "Hi Mom -☺-!"),
            ("utf-7", b"1 +- 1", "1 + 1"),
            ("hz-gb-2312", b"~{<:Ky2;~} ~~ b~\n.", "己所不 ~ b."),
            ("iso-2022-kr", b"\x1b$)C\x0e>H3g\x0f!\n", "안녕!\n"),
            ("iso-2022-cn", b"\x1b$)A\x0e;;=;\x0f", "换交"),
            ("utf-32be", b"\0\0\xfe\xff\0\0\0a\0\x01\xf6\x00", "a😀"),
            ("utf-32le", b"a\0\0\0", "a"),
        ] {
            assert_eq!(
                decode(bytes, label),
                Some((want.to_owned(), false)),
                "{label}"
            );
        }
        assert_eq!(decode(b"a", "utf-8"), None);
    }

    #[test]
    fn cut_and_hostile_bytes_have_an_answer() {
        for label in ["utf-7", "hz", "iso-2022-kr", "iso-2022-cn", "utf-32"] {
            for bytes in [
                &b"+"[..],
                b"~{",
                b"~",
                b"\x1b$",
                b"\x0e!",
                b"\xff\xff\xff\xff\xff",
            ] {
                assert!(decode(bytes, label).is_some());
            }
        }
    }
}
