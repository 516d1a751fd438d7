use memchr::memmem;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Reads `wire` in one go: how much of it was the message, and the message.
fn read(wire: &[u8], limit: u64) -> Option<(usize, Result<Vec<u8>, Fault>)> {
    read_split(wire, &[], limit)
}

/// Reads `wire` cut before each of `cuts`, which must rise.
fn read_split(wire: &[u8], cuts: &[usize], limit: u64) -> Option<(usize, Result<Vec<u8>, Fault>)> {
    let mut reader = DataReader::new(limit);
    let mut from = 0;
    for &to in cuts.iter().chain([&wire.len()]) {
        if let Some(used) = reader.push(&wire[from..to]) {
            return Some((from + used, reader.finish()));
        }
        from = to;
    }
    None
}

fn chunked(parts: &[&[u8]], limit: u64) -> Result<Vec<u8>, Fault> {
    let mut reader = ChunkReader::new(limit);
    for part in parts {
        reader.push(part);
    }
    reader.finish()
}

/// Dots doubled and the final line added, as a client does (RFC 5321 §4.5.2). Independent of the
/// reader: it works line by line.
fn stuff(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

#[test]
fn the_end_is_a_dot_on_a_line_of_its_own() {
    for (wire, message) in [
        (&b".\r\n"[..], &b""[..]),
        (b"\r\n.\r\n", b"\r\n"),
        (b"one\r\n.\r\n", b"one\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...\r\n.\r\n", b"..\r\n"),
        (b".one\r\n.\r\n", b"one\r\n"),
        (b"a.\r\n.b\r\n..c\r\n.\r\n", b"a.\r\nb\r\n.c\r\n"),
        (
            b"a\r\n\t.\r\n \x00.\r\n\x85.\r\n.\r\n",
            b"a\r\n\t.\r\n \x00.\r\n\x85.\r\n",
        ),
    ] {
        let (used, kept) = read(wire, 100).unwrap();
        assert_eq!(
            (used, kept.as_deref()),
            (wire.len(), Ok(message)),
            "{wire:?}"
        );
    }
}

#[test]
fn what_follows_the_end_is_left_alone() {
    let (used, kept) = read(b"one\r\n.\r\nQUIT\r\n", 100).unwrap();
    assert_eq!((used, kept), (8, Ok(b"one\r\n".to_vec())));
}

#[test]
fn no_other_ending_ends_a_message_and_each_refuses_it() {
    let smuggled = b"MAIL FROM:<ceo@bank.example>\r\nDATA\r\nforged\r\n.\r\n";
    for ending in [
        &b"\n.\n"[..],
        b"\n.\r\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r\n.\r\r\n",
        b"\n.\r",
        b"\r.\n",
        b"\r\r\n.\n",
        b"\n\n.\n\n",
        b"\n\r.\n\r",
        b"\r\n\r.\r\n",
        b"\r\n.\n\r",
        b"\r\n\x00\n.\r\n",
        b"\n.\n.\r\n",
    ] {
        let wire = [b"body", ending, smuggled].concat();
        let (used, kept) = read(&wire, 1000).unwrap();
        assert_eq!(
            (used, kept),
            (wire.len(), Err(Fault::BareLineEnd)),
            "{ending:?}"
        );
    }
}

#[test]
fn a_lone_line_end_anywhere_refuses_the_message() {
    for wire in [
        &b"a\nb\r\n.\r\n"[..],
        b"a\rb\r\n.\r\n",
        b"\n\r\n.\r\n",
        b"a\r\r\n.\r\n",
        b".\rx\r\n.\r\n",
        b".\nx\r\n.\r\n",
    ] {
        assert_eq!(
            read(wire, 100).unwrap(),
            (wire.len(), Err(Fault::BareLineEnd)),
            "{wire:?}"
        );
    }
}

#[test]
fn the_limit_counts_the_message_and_not_its_stuffing() {
    assert!(read(b"..234\r\n.\r\n", 6).unwrap().1.is_ok());
    assert_eq!(read(b"..234\r\n.\r\n", 5), Some((10, Err(Fault::TooLarge))));
    let mut reader = DataReader::new(1000);
    for _ in 0..100 {
        assert_eq!(reader.push(&[b'x'; 100]), None);
        assert!(reader.memory() <= 2000);
    }
    assert_eq!(reader.memory(), 0);
    assert_eq!(reader.push(b"\r\n.\r\n"), Some(5));
    assert_eq!(reader.finish(), Err(Fault::TooLarge));
}

#[test]
fn an_abandoned_message_is_read_to_its_end() {
    let mut reader = DataReader::new(1000);
    assert_eq!(reader.push(b"one\r\n"), None);
    reader.abandon();
    assert_eq!(reader.push(b"two\r\n.\r\nNOOP\r\n"), Some(8));
    assert_eq!(reader.memory(), 0);
    assert_eq!(reader.finish(), Err(Fault::Abandoned));
}

#[test]
fn chunks_may_be_cut_anywhere_even_inside_a_line_end() {
    assert_eq!(
        chunked(&[b"a\r", b"", b"\n.\r\n", b"b"], 10),
        Ok(b"a\r\n.\r\nb".to_vec())
    );
    assert_eq!(chunked(&[b"a\r", b"b"], 10), Err(Fault::BareLineEnd));
    assert_eq!(chunked(&[b"a", b"\nb"], 10), Err(Fault::BareLineEnd));
    assert_eq!(chunked(&[b"a\r"], 10), Err(Fault::BareLineEnd));
    assert_eq!(
        chunked(&[b"12345", b"67890", b"1"], 10),
        Err(Fault::TooLarge)
    );
    assert_eq!(chunked(&[], 10), Ok(Vec::new()));
}

/// Bytes among which the interesting ones are frequent.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![3 => Just(b'\r'), 3 => Just(b'\n'), 3 => Just(b'.'), 2 => any::<u8>()],
        0..60,
    )
}

fn lines() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![1 => Just(b'.'), 3 => any::<u8>()]
        .prop_filter("line ends come from the join", |byte| {
            !b"\r\n".contains(byte)
        });
    vec(vec(byte, 0..20), 0..12).prop_map(|lines| {
        lines
            .iter()
            .flat_map(|line| [line.as_slice(), b"\r\n"].concat())
            .collect()
    })
}

proptest! {
    #[test]
    fn cuts_change_nothing(wire in hostile(), cuts in vec(0_usize..60, 0..8), limit in 0_u64..60) {
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|&cut| cut <= wire.len()).collect();
        cuts.sort_unstable();
        prop_assert_eq!(read_split(&wire, &cuts, limit), read(&wire, limit));
        prop_assert_eq!(read_split(&wire, &(0..wire.len()).collect::<Vec<_>>(), limit), read(&wire, limit));
        let singles: Vec<&[u8]> = wire.chunks(1).collect();
        prop_assert_eq!(chunked(&singles, limit), chunked(&[&wire], limit));
    }

    #[test]
    fn the_end_is_the_first_crlf_dot_crlf(wire in hostile()) {
        let framed = [b"\r\n", wire.as_slice()].concat();
        let expected = memmem::find(&framed, b"\r\n.\r\n").map(|at| at + 3);
        prop_assert_eq!(read(&wire, 1000).map(|(used, _)| used), expected);
    }

    #[test]
    fn unstuffing_undoes_stuffing(message in lines()) {
        let wire = stuff(&message);
        prop_assert_eq!(read(&wire, 10_000), Some((wire.len(), Ok(message))));
    }
}
