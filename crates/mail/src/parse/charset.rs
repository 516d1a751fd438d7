//! Bytes to text, whatever the label says.

use std::borrow::Cow;

/// Bytes looked at when a charset has to be guessed.
const GUESS_FROM: usize = 64 * 1024;

/// Text and whether the label was to be believed.
pub(super) struct Decoded {
    pub(super) text: String,
    /// The label was unknown or wrong, or bytes had to be replaced.
    pub(super) bad: bool,
    /// NUL characters were taken out.
    pub(super) nul: bool,
}

/// Decodes `bytes` by `label`. A byte order mark wins over the label; bytes that are UTF-8 and
/// not ASCII are UTF-8 under any ASCII or Latin-1 label; an unknown or failing label is replaced
/// by a guess. NUL characters are removed: no database takes them in text.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> Decoded {
    let (text, bad) = decode_raw(bytes, label);
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Decoded {
            text: text.chars().filter(|&c| c != '\0').collect(),
            bad,
            nul: true,
        };
    }
    Decoded {
        text: text.into_owned(),
        bad,
        nul: false,
    }
}

/// Decodes bytes that should have been ASCII or UTF-8, as in a header.
pub(super) fn decode_unlabelled(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => guess(bytes).0,
    }
}

fn decode_raw<'a>(bytes: &'a [u8], label: Option<&str>) -> (Cow<'a, str>, bool) {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let body = bytes.get(mark..).unwrap_or_default();
        let (text, bad) = encoding.decode_without_bom_handling(body);
        return (text, bad);
    }
    let label = label.map(normalise).filter(|label| !label.is_empty());
    let Some(label) = label else {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), false),
            Err(_) => (guess(bytes).0, true),
        };
    };
    if label == "utf-7" || label == "unicode-1-1-utf-7" {
        return utf7(bytes);
    }
    let Some(encoding) = encoding_rs::Encoding::for_label(alias(&label).as_bytes())
        .filter(|found| *found != encoding_rs::REPLACEMENT)
    else {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), true),
            Err(_) => (guess(bytes).0, true),
        };
    };
    if encoding == encoding_rs::UTF_8 {
        return decode_utf8(bytes);
    }
    if encoding == encoding_rs::WINDOWS_1252
        && !bytes.is_ascii()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return (Cow::Borrowed(text), label != "us-ascii");
    }
    if matches!(label.as_str(), "us-ascii" | "ascii") && !bytes.is_ascii() {
        // Eight-bit text that calls itself ASCII may be in any charset.
        return (guess(bytes).0, true);
    }
    let (text, failed) = encoding.decode_without_bom_handling(bytes);
    if !failed {
        return (text, false);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), true);
    }
    let (guessed, guess_failed) = guess(bytes);
    (if guess_failed { text } else { guessed }, true)
}

/// Text labelled UTF-8. A few broken bytes in real UTF-8 are replaced; bytes that are something
/// else altogether are guessed.
fn decode_utf8(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let lossy = String::from_utf8_lossy(bytes);
    let Cow::Owned(text) = lossy else {
        return (lossy, false);
    };
    let replaced = text.matches('\u{FFFD}').count();
    let others = text.chars().filter(|c| !c.is_ascii()).count() - replaced;
    if others >= replaced {
        return (Cow::Owned(text), true);
    }
    (guess(bytes).0, true)
}

fn guess(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    let sample = bytes.get(..GUESS_FROM).unwrap_or(bytes);
    detector.feed(sample, true);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Allow);
    encoding.decode_without_bom_handling(bytes)
}

fn normalise(label: &str) -> String {
    label
        .trim()
        .trim_matches(['"', '\'', ' '])
        .to_ascii_lowercase()
}

/// Names in use that the WHATWG list does not know.
fn alias(label: &str) -> &str {
    match label {
        "cp-1250" | "win-1250" | "windows1250" => "windows-1250",
        "cp-1251" | "win-1251" | "windows1251" => "windows-1251",
        "cp-1252" | "win-1252" | "windows1252" | "ansi_x3.110-1983" | "8bit" | "ansi" => {
            "windows-1252"
        }
        "cp-866" => "ibm866",
        "cp932" | "cp-932" | "ms932" | "sjis-win" => "shift_jis",
        "cp936" | "cp-936" | "ms936" | "x-gb2312" | "gb-2312" => "gbk",
        "cp949" | "cp-949" | "ms949" | "uhc" | "ks_c_5601" => "euc-kr",
        "cp950" | "cp-950" | "ms950" => "big5",
        "eucjp" | "x-eucjp" => "euc-jp",
        "euckr" => "euc-kr",
        "cp65001" | "utf_8" | "utf8mb4" | "unicode" | "utf-8;" => "utf-8",
        "ucs-2" | "utf-16-le" | "utf16" => "utf-16",
        "iso-8859-1-windows-3.1-latin-1" | "iso_8859_1" | "iso8859_1" => "iso-8859-1",
        "iso_8859_15" | "latin-9" => "iso-8859-15",
        _ => label,
    }
}

/// UTF-7 (RFC 2152), which encoding_rs leaves out because browsers must not read it.
fn utf7(bytes: &[u8]) -> (Cow<'_, str>, bool) {
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
    (Cow::Owned(text), bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], label: Option<&str>) -> String {
        decode(bytes, label).text
    }

    #[test]
    fn labels_and_their_aliases_are_followed() {
        assert_eq!(text(b"Gr\xFC\xDFe", Some("ISO-8859-1")), "Grüße");
        assert_eq!(text(b"\x93ok\x94", Some("iso-8859-1")), "“ok”");
        assert_eq!(text(b"\x1b$B$\"$$\x1b(B", Some("iso-2022-jp")), "あい");
        assert_eq!(text(b"Hi Mom -+Jjo--!", Some("utf-7")), "Hi Mom -☺-!");
        assert_eq!(text("\u{feff}ä".as_bytes(), Some("iso-8859-1")), "ä");
    }

    #[test]
    fn wrong_and_unknown_labels_are_seen_through() {
        for label in [
            Some("us-ascii"),
            Some("iso-8859-1"),
            Some("x-unknown"),
            None,
        ] {
            assert_eq!(text("Grüße".as_bytes(), label), "Grüße", "{label:?}");
        }
        let cyrillic = b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0? \xd1\xef\xe0\xf1\xe8\xe1\xee";
        let decoded = decode(cyrillic, Some("utf-8"));
        assert_eq!(decoded.text, "Привет, как дела? Спасибо");
        assert!(decoded.bad);
    }

    #[test]
    fn a_few_broken_bytes_do_not_change_the_charset() {
        let decoded = decode(
            "Grüße, schöne Ä\u{e4}".as_bytes().split_last().unwrap().1,
            Some("utf-8"),
        );
        assert!(decoded.text.starts_with("Grüße, schöne Ä"));
        assert!(decoded.bad);
    }

    #[test]
    fn nul_is_removed() {
        let decoded = decode(b"a\0b", Some("utf-8"));
        assert_eq!(decoded.text, "ab");
        assert!(decoded.nul);
    }
}
