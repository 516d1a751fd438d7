//! Whether a message has header fields that only SMTPUTF8 lets through.

/// Boundaries that are remembered: a message with more is asked about as a whole.
const BOUNDARIES: usize = 256;

/// Whether a header field of a message, or of a part or a message within it, has octets outside
/// ASCII, so that it may be given to nobody who does not take SMTPUTF8 (RFC 6531 §3.3). Bodies with
/// such octets need 8BITMIME alone.
#[must_use]
pub fn needs_smtputf8(raw: &[u8]) -> bool {
    if raw.is_ascii() {
        return false;
    }
    let mut boundaries: Vec<Vec<u8>> = Vec::new();
    // The Content-Type of the header that is being read, without its folds.
    let (mut kind, mut in_kind, mut in_header) = (Vec::new(), false, true);
    for line in raw.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !in_header {
            in_header = line
                .strip_prefix(b"--")
                .is_some_and(|rest| boundaries.iter().any(|one| rest.starts_with(one)));
            continue;
        }
        if !line.is_ascii() {
            return true;
        }
        if line.is_empty() {
            let kind = std::mem::take(&mut kind);
            boundaries.extend(boundary(&kind));
            if boundaries.len() > BOUNDARIES {
                return true;
            }
            // A message within has a header of its own, right here.
            in_header = begins(kind.trim_ascii_start(), b"message/");
            in_kind = false;
            continue;
        }
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let colon = line.iter().position(|octet| *octet == b':');
            let (name, value) = line.split_at(colon.unwrap_or(line.len()));
            in_kind = name.trim_ascii_end().eq_ignore_ascii_case(b"content-type");
            if in_kind {
                kind = value.get(1..).unwrap_or_default().to_vec();
            }
        } else if in_kind {
            kind.extend_from_slice(line);
        }
    }
    false
}

/// The boundary of a Content-Type. Of several the last is taken, and of one that is cut off what
/// there is: any of them can only make more lines count as boundaries.
fn boundary(kind: &[u8]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"boundary";
    let starts = (0..kind.len()).rev();
    let at = starts.into_iter().find(|at| begins(&kind[*at..], NAME))?;
    let value = kind[at + NAME.len()..].trim_ascii_start();
    let value = value.strip_prefix(b"=")?.trim_ascii_start();
    let text: Vec<u8> = match value.strip_prefix(b"\"") {
        Some(quoted) => {
            let text = quoted.split(|octet| *octet == b'"').next()?;
            text.iter()
                .copied()
                .filter(|octet| *octet != b'\\')
                .collect()
        }
        None => {
            let ends = |octet: &u8| *octet == b';' || octet.is_ascii_whitespace();
            value.split(ends).next()?.to_vec()
        }
    };
    Some(text).filter(|text| !text.is_empty())
}

fn begins(text: &[u8], with: &[u8]) -> bool {
    let head = text.get(..with.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(with))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: &str =
        "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n";

    #[test]
    fn octets_outside_ascii_count_in_headers_at_any_depth_and_not_in_bodies() {
        let part = |text: &str| format!("{PARTS}{text}\r\n--b--\r\n");
        for (raw, needs) in [
            ("Subject: x\r\n\r\nplain\r\n".to_owned(), false),
            ("Subject: x\r\n\r\nGr\u{fc}\u{df}e\r\n".to_owned(), false),
            ("Subject: Gr\u{fc}\u{df}e\r\n\r\nplain\r\n".to_owned(), true),
            (
                "Subject: x\r\nX: a\r\n \u{fc}\r\n\r\nplain\r\n".to_owned(),
                true,
            ),
            (part("Content-Type: text/plain\r\n\r\n\u{fc}"), false),
            (
                part("Content-Disposition: attachment; filename=\"\u{fc}\"\r\n\r\nx"),
                true,
            ),
            (
                part("Content-Type: message/rfc822\r\n\r\nSubject: \u{fc}\r\n\r\nx"),
                true,
            ),
            (
                part("content-TYPE:\r\n Message/Global\r\n\r\nSubject: \u{fc}\r\n\r\nx"),
                true,
            ),
            (
                part("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n\u{fc}"),
                false,
            ),
            (
                part("Content-Type: text/plain\r\n\r\nSubject: \u{fc}"),
                false,
            ),
            // Lines that end in LF alone, and a header that never ends.
            ("Subject: x\n\n\u{fc}\n".to_owned(), false),
            ("Subject: x\r\n\u{fc}".to_owned(), true),
        ] {
            assert_eq!(needs_smtputf8(raw.as_bytes()), needs, "{raw:?}");
        }
        // What looks like a boundary and is none.
        for line in ["-- ", "---- Original Message ----", "--c", "--"] {
            let raw = part(&format!(
                "Content-Type: text/plain\r\n\r\n{line}\r\nVon: J\u{fc}rgen"
            ));
            assert!(!needs_smtputf8(raw.as_bytes()), "{line}");
        }
        for kind in [
            "multipart/mixed;\r\n boundary=\"a b\"",
            "multipart/mixed; BOUNDARY = \"a b\"; x=y",
            "multipart/mixed; boundary=\"a\\ b\"",
        ] {
            let raw =
                format!("Content-Type: {kind}\r\n\r\n--a b\r\nX: \u{fc}\r\n\r\nx\r\n--a b--\r\n");
            assert!(needs_smtputf8(raw.as_bytes()), "{kind}");
        }
    }
}
