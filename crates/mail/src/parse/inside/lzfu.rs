//! Compressed RTF (MS-OXRTFCP): runs out of a ring of 4,096 octets that begins filled with the
//! words most RTF begins with.

const RING: usize = 4096;
/// Octets of decompressed text.
const MAX_OUTPUT: usize = 16 << 20;
/// `LZFu` and `MELA`, as little-endian numbers.
const COMPRESSED: u32 = 0x7546_5A4C;
const UNCOMPRESSED: u32 = 0x414C_454D;

const BEGINNING: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \
\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\
\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// The RTF in the value of PR_RTF_COMPRESSED, as far as it goes. `None` without a known header.
pub(super) fn decompress(bytes: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| {
        let octets = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(octets.try_into().ok()?))
    };
    let size = usize::try_from(number(4)?).ok()?.min(MAX_OUTPUT);
    let input = bytes.get(16..)?;
    match number(8)? {
        UNCOMPRESSED => Some(input.get(..size).unwrap_or(input).to_vec()),
        COMPRESSED => Some(runs(input, size)),
        _ => None,
    }
}

fn runs(input: &[u8], size: usize) -> Vec<u8> {
    let mut ring = [b' '; RING];
    for (place, octet) in ring.iter_mut().zip(BEGINNING) {
        *place = *octet;
    }
    let mut write = BEGINNING.len() % RING;
    // What is announced is not believed beyond what a run can give: 17 octets for two.
    let mut out = Vec::with_capacity(size.min(input.len().saturating_mul(9)));
    let mut input = input.iter().copied();
    'groups: while let Some(flags) = input.next() {
        for bit in 0..8 {
            if flags >> bit & 1 == 0 {
                let Some(octet) = input.next() else {
                    break 'groups;
                };
                put(&mut ring, &mut write, &mut out, octet);
            } else {
                let (Some(high), Some(low)) = (input.next(), input.next()) else {
                    break 'groups;
                };
                let pair = usize::from(u16::from_be_bytes([high, low]));
                let (from, length) = (pair >> 4, (pair & 0xF) + 2);
                if from == write {
                    break 'groups;
                }
                for step in 0..length {
                    let octet = ring.get((from + step) % RING).copied().unwrap_or_default();
                    put(&mut ring, &mut write, &mut out, octet);
                }
            }
            if out.len() >= size {
                break 'groups;
            }
        }
    }
    out.truncate(size);
    out
}

fn put(ring: &mut [u8; RING], write: &mut usize, out: &mut Vec<u8>, octet: u8) {
    out.push(octet);
    if let Some(place) = ring.get_mut(*write) {
        *place = octet;
    }
    *write = (*write + 1) % RING;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification_are_read() {
        assert_eq!(BEGINNING.len(), 207);
        let hello = b"\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00\x72\x63\x70\
\x67\x31\x32\x35\x42\x32\x0a\xf3\x20\x68\x65\x6c\x09\x00\x20\x62\x77\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0";
        assert_eq!(
            decompress(hello).unwrap(),
            b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
        );
        let crossing = b"\x1a\x00\x00\x00\x1c\x00\x00\x00\x4c\x5a\x46\x75\xe2\xd4\x4b\x51\x41\x00\x04\x20\x57\x58\x59\
\x5a\x0d\x6e\x7d\x01\x0e\xb0";
        assert_eq!(
            decompress(crossing).unwrap(),
            b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
        );
        assert_eq!(decompress(b"short"), None);
    }
}
