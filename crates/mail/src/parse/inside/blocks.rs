//! Files written into text: uuencode (POSIX) and yEnc (yenc.org, draft 1.3).
//!
//! A block counts only when it is whole and every line of it is of the form, so that a letter that
//! merely says "begin" at the start of a line loses nothing.

use super::{File, MAX_FILES};

/// The text without its blocks, and the blocks as files. `None` when there is no block.
pub(super) fn take(bytes: &[u8]) -> Option<(Vec<u8>, Vec<File>)> {
    memchr::memmem::find(bytes, b"begin")?;
    let mut text = Vec::new();
    let mut files = Vec::new();
    let mut kept = 0;
    let mut at = 0;
    // Once a block of yEnc was without end there is no end further on either.
    let mut ended = false;
    while at < bytes.len() && files.len() < MAX_FILES {
        let line = line_at(bytes, at);
        let found = if line.starts_with(b"begin ") || line.starts_with(b"begin-base64 ") {
            uuencoded(bytes, at)
        } else if !ended && line.starts_with(b"=ybegin ") {
            let found = yencoded(bytes, at);
            ended = found.is_none();
            found
        } else {
            None
        };
        match found {
            Some((file, end)) => {
                text.extend_from_slice(bytes.get(kept..at).unwrap_or_default());
                files.push(file);
                kept = end;
                at = end;
            }
            None => at += line.len(),
        }
    }
    if files.is_empty() {
        return None;
    }
    text.extend_from_slice(bytes.get(kept..).unwrap_or_default());
    Some((text, files))
}

/// The line at `at` with its ending.
fn line_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    rest.get(..end).unwrap_or_default()
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The block that begins with the line at `start`, and where the text goes on.
fn uuencoded(bytes: &[u8], start: usize) -> Option<(File, usize)> {
    let head = line_at(bytes, start);
    let mut words = trimmed(head).splitn(3, |&b| b == b' ');
    let base64 = words.next()? == b"begin-base64";
    let mode = words.next()?;
    let octal = mode.iter().all(|b| (b'0'..=b'7').contains(b));
    if !octal || !(3..=5).contains(&mode.len()) {
        return None;
    }
    let name = words.next()?;
    let mut content = Vec::new();
    let mut at = start + head.len();
    loop {
        let line = line_at(bytes, at);
        if line.is_empty() {
            return None;
        }
        at += line.len();
        let line = trimmed(line);
        if line == b"end" || (base64 && line == b"====") {
            return Some((file(name, content), at));
        }
        if base64 {
            let group = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b);
            if !line.iter().all(group) || !super::super::codec::base64(line, &mut content) {
                return None;
            }
        } else if !uuencoded_line(line, &mut content) {
            return None;
        }
    }
}

/// Decodes one line; false when it is not of the form. Blanks at its end may have been lost.
fn uuencoded_line(line: &[u8], out: &mut Vec<u8>) -> bool {
    let Some((&length, data)) = line.split_first() else {
        // The empty line before the end, its single blank lost.
        return true;
    };
    if !(b' '..=b'`').contains(&length) {
        return false;
    }
    let length = usize::from(length.wrapping_sub(b' ') & 0x3F);
    let needed = length.div_ceil(3) * 4;
    let valid = data.iter().all(|b| (b' '..=b'`').contains(b));
    if !valid || data.len() > needed + 2 || (length == 0 && data.len() > 2) {
        return false;
    }
    // More than the blanks at the end of a line are never lost.
    if length > 0 && data.is_empty() {
        return false;
    }
    let mut left = length;
    for group in 0..length.div_ceil(3) {
        let mut bits: u32 = 0;
        for at in 0..4 {
            let digit = data.get(group * 4 + at).copied().unwrap_or(b' ');
            bits = bits << 6 | u32::from(digit.wrapping_sub(b' ') & 0x3F);
        }
        let [_, octets @ ..] = bits.to_be_bytes();
        out.extend_from_slice(octets.get(..left.min(3)).unwrap_or_default());
        left = left.saturating_sub(3);
    }
    true
}

/// `=ybegin line=128 size=123 name=photo.jpg`, perhaps `=ypart`, lines, `=yend size=123`.
fn yencoded(bytes: &[u8], start: usize) -> Option<(File, usize)> {
    let head = line_at(bytes, start);
    let name = memchr::memmem::find(head, b" name=")?;
    let name = trimmed(head.get(name + 6..)?);
    memchr::memmem::find(head, b" size=")?;
    let mut body = start + head.len();
    let part = line_at(bytes, body);
    if part.starts_with(b"=ypart ") {
        body += part.len();
    }
    let rest = bytes.get(body..)?;
    let length = if rest.starts_with(b"=yend ") {
        0
    } else {
        memchr::memmem::find(rest, b"\n=yend ")? + 1
    };
    let data = rest.get(..length)?;
    let mut content = Vec::with_capacity(length);
    let mut escaped = false;
    for &byte in data {
        match byte {
            b'\r' | b'\n' => {}
            b'=' if !escaped => escaped = true,
            byte => {
                let shift = if escaped { 106 } else { 42 };
                content.push(byte.wrapping_sub(shift));
                escaped = false;
            }
        }
    }
    let tail = line_at(bytes, body + length);
    Some((file(name, content), body + length + tail.len()))
}

fn file(name: &[u8], bytes: Vec<u8>) -> File {
    let name = super::super::charset::decode_unlabelled(name, None);
    File {
        name: super::super::body::file_name(name.trim().trim_matches('"')),
        bytes,
        ..File::default()
    }
}
