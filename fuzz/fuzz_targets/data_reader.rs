//! The reader of DATA: cuts change nothing, the end is the first CRLF dot CRLF, and the message
//! stuffed again is what was sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smtp::data::{ChunkReader, DataReader, Fault};

const LIMIT: u64 = 1 << 10;

fuzz_target!(|data: &[u8]| {
    let Some((&step, wire)) = data.split_first() else {
        return;
    };
    let step = usize::from(step).max(1);
    let whole = read(wire, wire.len().max(1));
    assert_eq!(read(wire, step), whole);
    assert_eq!(read(wire, 1), whole);
    assert_eq!(chunked(wire, step), chunked(wire, wire.len().max(1)));

    let framed = [b"\r\n", wire].concat();
    let end = framed.windows(5).position(|five| five == b"\r\n.\r\n");
    assert_eq!(whole.as_ref().map(|(used, _)| *used), end.map(|at| at + 3));
    if let Some((used, Ok(message))) = whole {
        assert!(message.len() as u64 <= LIMIT);
        let sent = &wire[..used];
        if well_stuffed(sent) {
            assert_eq!(stuffed(&message), sent);
        }
    }
});

fn read(wire: &[u8], step: usize) -> Option<(usize, Result<Vec<u8>, Fault>)> {
    let mut reader = DataReader::new(LIMIT);
    let mut before = 0;
    for part in wire.chunks(step) {
        if let Some(used) = reader.push(part) {
            return Some((before + used, reader.finish()));
        }
        before += part.len();
    }
    None
}

fn chunked(wire: &[u8], step: usize) -> Result<Vec<u8>, Fault> {
    let mut reader = ChunkReader::new(LIMIT);
    for part in wire.chunks(step) {
        reader.push(part);
    }
    reader.finish()
}

/// Whether every line that begins with a dot begins with two, up to the final one.
fn well_stuffed(sent: &[u8]) -> bool {
    let lines: Vec<&[u8]> = sent.split_inclusive(|&byte| byte == b'\n').collect();
    let (_, content) = lines.split_last().expect("the final dot line");
    content
        .iter()
        .all(|line| !line.starts_with(b".") || line.starts_with(b".."))
}

fn stuffed(message: &[u8]) -> Vec<u8> {
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
