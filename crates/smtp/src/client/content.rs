//! The message on its way: what it needs, and its dots.

use memchr::{memchr_iter, memmem};

/// What a message asks of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// Its octets, before the dots are stuffed.
    pub size: u64,
    /// Whether there are octets above 127.
    pub eight_bit: bool,
    /// Whether there is a CR or LF that is not part of CRLF.
    pub bare_line_end: bool,
}

impl Content {
    pub(super) fn of(raw: &[u8]) -> Self {
        let crlf = memmem::find_iter(raw, b"\r\n").count();
        let bare =
            memchr_iter(b'\r', raw).count() != crlf || memchr_iter(b'\n', raw).count() != crlf;
        Self {
            size: raw.len() as u64,
            eight_bit: !raw.is_ascii(),
            bare_line_end: bare,
        }
    }
}

/// The pieces in which a message goes over the wire: its own octets, a dot before every line that
/// begins with one (RFC 5321 §4.5.2), and the end. Nothing is copied.
pub(super) fn pieces(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let first: &[u8] = if raw.starts_with(b".") { b"." } else { b"" };
    let mut from = 0;
    let dots = memmem::find_iter(raw, b"\r\n.");
    let stuffed = dots.flat_map(move |at| {
        let piece = &raw[from..at + 2];
        from = at + 2;
        [piece, &b"."[..]]
    });
    let rest = memmem::rfind(raw, b"\r\n.").map_or(raw, |at| &raw[at + 2..]);
    let end: &[u8] = if raw.is_empty() || raw.ends_with(b"\r\n") {
        b".\r\n"
    } else {
        b"\r\n.\r\n"
    };
    std::iter::once(first).chain(stuffed).chain([rest, end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataReader;

    fn wire(raw: &[u8]) -> Vec<u8> {
        pieces(raw).flatten().copied().collect()
    }

    #[test]
    fn dots_at_the_start_of_lines_are_stuffed_and_others_left_alone() {
        for (raw, expected) in [
            (&b""[..], &b".\r\n"[..]),
            (b"a\r\n", b"a\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (
                b"..a\r\n.b\r\nc.d\r\n.",
                b"...a\r\n..b\r\nc.d\r\n..\r\n.\r\n",
            ),
            (b"\r\n.\r\n.\r\n", b"\r\n..\r\n..\r\n.\r\n"),
        ] {
            assert_eq!(wire(raw), expected, "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn what_needs_what() {
        let plain = Content::of(b"a\r\n\r\nb\r\n");
        assert!(!plain.eight_bit && !plain.bare_line_end && plain.size == 8);
        assert!(Content::of("ü\r\n".as_bytes()).eight_bit);
        for bare in [&b"a\nb"[..], b"a\rb", b"\r\r\n", b"\n\r", b"\r\n\n", b"a\r"] {
            assert!(Content::of(bare).bare_line_end, "{}", bare.escape_ascii());
        }
    }

    proptest::proptest! {
        #[test]
        fn our_own_reader_gets_the_same_message_back(lines in proptest::collection::vec("[.a]{0,3}", 0..20)) {
            let raw: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect();
            let (mut reader, wire) = (DataReader::new(1 << 20), wire(&raw));
            proptest::prop_assert_eq!(reader.push(&wire), Some(wire.len()));
            proptest::prop_assert_eq!(reader.finish().unwrap(), raw);
        }
    }
}
