//! Bytes of some encoding as text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use crate::writer::Writer;
use crate::{Kind, Text};

/// Octets from which an encoding is guessed.
const GUESS_FROM: usize = 64 << 10;

/// Reads a text as it is.
pub(crate) fn read(kind: Kind, bytes: &[u8], mut out: Writer) -> Text {
    let (text, cut) = decode(bytes, None, out.room());
    out.push(&text);
    if cut {
        out.cut();
    }
    out.finish_any(kind)
}

/// Bytes as text, without their mark of byte order; whether something was left out because no more
/// than `most` octets are wanted. The mark decides, then what the document itself says, then what
/// the bytes look like.
pub(crate) fn decode(bytes: &[u8], said: Option<&[u8]>, most: usize) -> (String, bool) {
    let by_mark = Encoding::for_bom(bytes);
    let (encoding, from) = match by_mark {
        Some((encoding, length)) => (Some(encoding), length),
        None => (said.and_then(Encoding::for_label), 0),
    };
    // No encoding has more than four octets for a character.
    let until = from.saturating_add(most.saturating_mul(4)).min(bytes.len());
    let cut = until < bytes.len();
    let wanted = bytes.get(from..until).unwrap_or_default();
    let whole = whole_characters(wanted, cut);
    if encoding.is_none_or(|encoding| encoding == encoding_rs::UTF_8)
        && let Ok(text) = std::str::from_utf8(whole)
    {
        return (text.to_owned(), cut);
    }
    let encoding = encoding.unwrap_or_else(|| guess(bytes));
    let (text, _) = encoding.decode_without_bom_handling(wanted);
    (text.into_owned(), cut)
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes.get(..GUESS_FROM).unwrap_or(bytes), true);
    detector.guess(None, Utf8Detection::Allow)
}

/// Bytes without the beginning of a UTF-8 character at their end, where they were cut.
fn whole_characters(bytes: &[u8], cut: bool) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if cut && error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).unwrap_or(bytes)
        }
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_many_encodings_are_read() {
        for (bytes, text) in [
            (&b"caf\xc3\xa9"[..], "café"),
            (b"\xef\xbb\xbfcaf\xc3\xa9", "café"),
            (b"\xff\xfec\0a\0f\0\xe9\0", "café"),
            (b"Gr\xfc\xdfe aus K\xf6ln", "Grüße aus Köln"),
            (
                b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?",
                "Привет, как дела?",
            ),
        ] {
            let read = read(Kind::Plain, bytes, Writer::new(1_000));
            assert_eq!(read.text, text);
            assert!(!read.truncated);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = "é".repeat(1_000);
        let read = read(Kind::Csv, long.as_bytes(), Writer::new(101));
        assert_eq!((read.text.len(), read.truncated), (100, true));
        assert_eq!(decode(long.as_bytes(), None, 1).0, "éé");
    }
}
