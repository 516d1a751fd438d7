//! Bytes to text, whatever the label says.

use std::borrow::Cow;

use super::{codepages, shifted};

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

/// Decodes bytes that should have been ASCII or UTF-8, as in a header. `near` is the charset that
/// the message names for its text: a header is too short to guess from when there is better.
pub(super) fn decode_unlabelled<'a>(bytes: &'a [u8], near: Option<&str>) -> Cow<'a, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return switched(bytes).unwrap_or(Cow::Borrowed(text));
    }
    let near = near.map(normalise);
    let near = near
        .filter(|label| !is_ascii_label(label))
        .and_then(|label| {
            encoding_rs::Encoding::for_label(alias(&label).as_bytes()).filter(|found| {
                found.is_ascii_compatible() && *found != encoding_rs::UTF_8 && !is_unknown(found)
            })
        });
    match near.map(|encoding| encoding.decode_without_bom_handling(bytes)) {
        Some((text, false)) => text,
        _ => guess(bytes).0,
    }
}

fn decode_raw<'a>(bytes: &'a [u8], label: Option<&str>) -> (Cow<'a, str>, bool) {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let body = bytes.get(mark..).unwrap_or_default();
        let (text, bad) = encoding.decode_without_bom_handling(body);
        return (text, bad);
    }
    let label = label.map(normalise).filter(|label| !label.is_empty());
    let Some(label) = label.filter(|label| !bytes.is_ascii() || !is_ascii_label(label)) else {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (switched(bytes).unwrap_or(Cow::Borrowed(text)), false),
            Err(_) => (guess(bytes).0, true),
        };
    };
    if let Some((text, bad)) = shifted::decode(bytes, &label) {
        return (Cow::Owned(text), bad);
    }
    if let Some(table) = codepages::find(&label) {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), !bytes.is_ascii()),
            Err(_) => (Cow::Owned(codepages::decode(bytes, table)), false),
        };
    }
    let Some(encoding) = encoding_rs::Encoding::for_label(alias(&label).as_bytes())
        .filter(|found| !is_unknown(found))
    else {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), true),
            Err(_) => (guess(bytes).0, true),
        };
    };
    if encoding == encoding_rs::UTF_8 {
        return decode_utf8(bytes);
    }
    if encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE {
        return utf16(bytes, encoding);
    }
    if encoding == encoding_rs::WINDOWS_1252
        && !bytes.is_ascii()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return (Cow::Borrowed(text), label != "us-ascii");
    }
    if is_ascii_label(&label) && !bytes.is_ascii() {
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
    // One stray octet is damage, several are another charset.
    let strays = bytes.iter().filter(|byte| !byte.is_ascii()).take(2).count();
    if strays < 2 {
        return (text, true);
    }
    let (guessed, guess_failed) = guess(bytes);
    (if guess_failed { text } else { guessed }, true)
}

/// Japanese that nobody named: its escape sequences mean nothing in any other text.
fn switched(bytes: &[u8]) -> Option<Cow<'_, str>> {
    memchr::memchr(0x1B, bytes)?;
    let marks: [&[u8]; 3] = [b"\x1b$B", b"\x1b$@", b"\x1b(J"];
    if !marks
        .iter()
        .any(|mark| memchr::memmem::find(bytes, mark).is_some())
    {
        return None;
    }
    let (text, failed) = encoding_rs::ISO_2022_JP.decode_without_bom_handling(bytes);
    (!failed).then_some(text)
}

/// Labels that say nothing: browsers' placeholder for what they do not read, and private use.
fn is_unknown(encoding: &'static encoding_rs::Encoding) -> bool {
    encoding == encoding_rs::REPLACEMENT || encoding == encoding_rs::X_USER_DEFINED
}

pub(super) fn is_ascii_label(label: &str) -> bool {
    matches!(
        label,
        "us-ascii" | "ascii" | "us" | "iso646-us" | "ansi_x3.4-1968" | "iso-ir-6" | "7bit"
    )
}

/// UTF-16 without a byte order mark, in whichever order puts the zeros of ASCII at the top; and
/// what calls itself UTF-16 but has none of its zeros, read as what it is.
fn utf16<'a>(bytes: &'a [u8], labelled: &'static encoding_rs::Encoding) -> (Cow<'a, str>, bool) {
    let sample = bytes.get(..1024).unwrap_or(bytes);
    let zeros = |parity: usize| {
        let places = sample.iter().skip(parity).step_by(2);
        places.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    if even == 0
        && odd == 0
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return (Cow::Borrowed(text), true);
    }
    let encoding = match even.cmp(&odd) {
        std::cmp::Ordering::Greater => encoding_rs::UTF_16BE,
        std::cmp::Ordering::Less => encoding_rs::UTF_16LE,
        std::cmp::Ordering::Equal => labelled,
    };
    encoding.decode_without_bom_handling(bytes)
}

/// Text labelled UTF-8. A few broken bytes in real UTF-8 are replaced; bytes that are something
/// else altogether are guessed, and so are lines of another charset between lines of UTF-8, which
/// gateways and list servers add.
fn decode_utf8(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let lossy = String::from_utf8_lossy(bytes);
    let Cow::Owned(text) = lossy else {
        return (lossy, false);
    };
    let (replaced, others) = counted(&text);
    if others < replaced {
        return (guess(bytes).0, true);
    }
    (Cow::Owned(by_lines(bytes).unwrap_or(text)), true)
}

/// Characters that stand for broken bytes, and the others beyond ASCII.
fn counted(text: &str) -> (usize, usize) {
    let beyond = text.chars().filter(|c| !c.is_ascii());
    beyond.fold((0, 0), |(replaced, others), c| {
        if c == '\u{FFFD}' {
            (replaced + 1, others)
        } else {
            (replaced, others + 1)
        }
    })
}

/// Decodes each line by itself: those without any UTF-8 by what they look like together. `None`
/// when there is no such line.
fn by_lines(bytes: &[u8]) -> Option<String> {
    let foreign = |line: &[u8]| {
        std::str::from_utf8(line).is_err() && counted(&String::from_utf8_lossy(line)).1 == 0
    };
    let lines = || bytes.split_inclusive(|byte| *byte == b'\n');
    let strange: Vec<u8> = lines()
        .filter(|line| foreign(line))
        .flatten()
        .copied()
        .collect();
    if strange.is_empty() {
        return None;
    }
    let encoding = likeliest(&strange);
    let mut out = String::with_capacity(bytes.len());
    for line in lines() {
        if foreign(line) {
            out.push_str(&encoding.decode_without_bom_handling(line).0);
        } else {
            out.push_str(&String::from_utf8_lossy(line));
        }
    }
    Some(out)
}

fn guess(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    likeliest(bytes).decode_without_bom_handling(bytes)
}

fn likeliest(bytes: &[u8]) -> &'static encoding_rs::Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    let sample = bytes.get(..GUESS_FROM).unwrap_or(bytes);
    detector.feed(sample, true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

fn normalise(label: &str) -> String {
    let label = label.trim().trim_matches(['"', '\'', ' ']);
    let end = label.find([' ', '\t', ';', ',']).unwrap_or(label.len());
    let label = label.get(..end).unwrap_or(label);
    label
        .trim_matches(['"', '\'', '=', '?'])
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
        "cp936" | "cp-936" | "ms936" | "x-gb2312" | "gb-2312" | "gb2312-80" | "gb_2312"
        | "gb2312.1980-0" | "euc-cn" | "euccn" | "x-euc-cn" | "csgbk" => "gbk",
        "gb-18030" | "gb18030-2000" | "gb18030-2005" | "cp54936" => "gb18030",
        "cp949" | "cp-949" | "ms949" | "uhc" | "ks_c_5601" | "ksc5601-1987" | "ksc-5601"
        | "x-windows-949" | "cp51949" => "euc-kr",
        "cp950" | "cp-950" | "ms950" | "big5-eten" | "big-5" | "x-windows-950" => "big5",
        "eucjp" | "x-eucjp" | "ujis" | "euc_jp" | "eucjp-win" | "cp51932" => "euc-jp",
        "euckr" | "euc_kr" => "euc-kr",
        "iso-2022-jp-1" | "iso-2022-jp-2" | "iso-2022-jp-3" | "iso-2022-jp-ms" | "iso2022jp"
        | "iso2022-jp" | "iso_2022_jp" | "cp50220" | "cp50221" | "cp50222" | "jis"
        | "jis_encoding" => "iso-2022-jp",
        "x-ms-cp932" | "shift-jis-2004" | "x-mac-japanese" | "s-jis" => "shift_jis",
        "koi-8" | "koi8r" | "koi8_r" | "cp20866" | "cp878" => "koi8-r",
        "koi8u" | "koi8_u" | "koi8-ukr" | "cp21866" => "koi8-u",
        "tis-620-2533" | "cp874" | "iso8859_11" => "windows-874",
        "cp1253" | "cp-1253" | "win-1253" => "windows-1253",
        "cp1254" | "cp-1254" | "win-1254" => "windows-1254",
        "cp1255" | "cp-1255" | "win-1255" => "windows-1255",
        "cp1256" | "cp-1256" | "win-1256" => "windows-1256",
        "cp1257" | "cp-1257" | "win-1257" => "windows-1257",
        "cp1258" | "cp-1258" | "win-1258" => "windows-1258",
        "x-mac-roman" | "mac-roman" | "macroman" | "x-macroman" | "x-mac" | "mac-us"
        | "x-mac-us" | "cp10000" => "macintosh",
        "mac-cyrillic" | "maccyrillic" | "cp10007" => "x-mac-cyrillic",
        "cp65001" | "utf_8" | "utf8mb4" | "unicode" | "utf-8;" => "utf-8",
        "ucs-2" | "utf-16-le" | "utf16" => "utf-16",
        "iso-8859-1-windows-3.1-latin-1" | "iso_8859_1" | "iso8859_1" => "iso-8859-1",
        "iso_8859_15" | "latin-9" => "iso-8859-15",
        _ => label,
    }
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
        assert_eq!(text(b"f\x81r \x9C5", Some("cp850")), "für £5");
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
    fn lines_of_another_charset_between_utf8_are_read() {
        let mut mixed = "Schöne Grüße aus Köln, über die Brücke\n"
            .repeat(2)
            .into_bytes();
        mixed.extend_from_slice(b"-- \nF\xfcr Abmeldung: Gr\xfc\xdfe\n");
        let decoded = decode(&mixed, Some("utf-8"));
        assert!(decoded.text.ends_with("-- \nFür Abmeldung: Grüße\n"));
        assert!(decoded.text.starts_with("Schöne Grüße aus Köln"));
    }

    #[test]
    fn utf16_is_read_in_the_order_it_is_in() {
        assert_eq!(text(b"\0H\0i", Some("utf-16")), "Hi");
        assert_eq!(text(b"H\0i\0", Some("utf-16")), "Hi");
        assert_eq!(text(b"Hi there", Some("utf-16")), "Hi there");
    }

    #[test]
    fn one_stray_octet_does_not_change_the_charset() {
        let name = decode(b"Quien Te Dij\x8aat", Some("iso-2022-jp"));
        assert_eq!(name.text, "Quien Te Dij\u{fffd}at");
        assert!(name.bad);
        let shift_jis = b"\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd";
        assert_eq!(text(shift_jis, Some("iso-2022-jp")), "こんにちは");
    }

    #[test]
    fn the_charset_of_the_text_reads_raw_octets_in_the_header() {
        let subject = b"\xcf\xf0\xe8\xe2\xe5\xf2";
        assert_eq!(decode_unlabelled(subject, Some("windows-1251")), "Привет");
        assert_eq!(
            decode_unlabelled(b"Fr\xf6sche", Some("iso-8859-1")),
            "Frösche"
        );
        assert_eq!(decode_unlabelled("é".as_bytes(), Some("koi8-r")), "é");
        assert_eq!(decode_unlabelled(b"\x1b$B$\"$$\x1b(B", None), "あい");
        assert_eq!(text(b"\x1b$B$\"$$\x1b(B", Some("us-ascii")), "あい");
    }

    #[test]
    fn nul_is_removed() {
        let decoded = decode(b"a\0b", Some("utf-8"));
        assert_eq!(decoded.text, "ab");
        assert!(decoded.nul);
    }
}
