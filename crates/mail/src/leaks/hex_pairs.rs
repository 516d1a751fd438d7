//! Text written as pairs of hexadecimal digits.

/// Whether two hexadecimal digits stand before a place. Few words end in two.
pub(super) fn ends_in_pair(octets: &[u8], end: usize) -> bool {
    let digit = |back: usize| {
        let byte = end.checked_sub(back).and_then(|at| octets.get(at));
        byte.is_some_and(u8::is_ascii_hexdigit)
    };
    digit(1) && digit(2)
}

/// The octet that two hexadecimal digits at the end of a word stand for.
fn hex_pair(text: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    if text.get(at + 2).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    u8::try_from(digit(at)? << 4 | digit(at + 1)?).ok()
}

/// Pairs that are text and not the ends of words.
const FEWEST_PAIRS: usize = 10;

/// Writes the octets of the pairs from a place on, if they are many, and tells where to look for
/// more.
pub(super) fn pairs(text: &[u8], from: usize, out: &mut String) -> usize {
    let (mut at, mut count) = (from, 0);
    while hex_pair(text, at).is_some() {
        at = next_pair(text, at);
        count += 1;
    }
    let end = at;
    if count >= FEWEST_PAIRS {
        at = from;
        while let Some(octet) = hex_pair(text, at) {
            let shown = (32..127).contains(&octet);
            out.push(if shown { char::from(octet) } else { '\n' });
            at = next_pair(text, at);
        }
        out.push('\n');
    }
    end + 1
}

/// Where the pair behind another one begins, if there is one.
fn next_pair(text: &[u8], pair: usize) -> usize {
    let at = pair + 2;
    let gap = text.get(at..text.len().min(at + 4)).unwrap_or_default();
    let skip = gap
        .iter()
        .take_while(|b| matches!(b, b' ' | b':' | b'-' | b',' | b'\\' | b'\n' | b'.'))
        .count();
    let at = at + skip.max(1);
    match text.get(at..) {
        Some([b'0', b'x', ..]) => at + 2,
        Some([b'x', ..]) => at + 1,
        _ => at,
    }
}
