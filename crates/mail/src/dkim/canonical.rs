//! The "relaxed" canonical forms of RFC 6376 §3.4.2 and §3.4.4.

use memchr::memmem;

/// A header field with its line breaks, but for the last one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl Field<'_> {
    /// Whether it has this name; case does not matter.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The fields of a message and its body. A line without a colon is no field and is passed over; the
/// body is what follows the first empty line.
pub(super) fn fields(raw: &[u8]) -> (Vec<Field<'_>>, &[u8]) {
    let (header, body): (&[u8], &[u8]) = if let Some(body) = raw.strip_prefix(b"\r\n") {
        (b"", body)
    } else if let Some(end) = memmem::find(raw, b"\r\n\r\n") {
        (
            raw.get(..end).unwrap_or_default(),
            raw.get(end + 4..).unwrap_or_default(),
        )
    } else {
        (raw.strip_suffix(b"\r\n").unwrap_or(raw), b"")
    };
    let mut found = Vec::new();
    let mut start = 0;
    while start < header.len() {
        let rest = header.get(start..).unwrap_or_default();
        let end = end_of_field(rest);
        let field = rest.get(..end).unwrap_or_default();
        if let Some(colon) = memchr::memchr(b':', field) {
            let (name, value) = field.split_at(colon);
            found.push(Field {
                name: name.trim_ascii_end(),
                value: value.get(1..).unwrap_or_default(),
            });
        }
        start += end + 2;
    }
    (found, body)
}

/// Where the first field of `rest` ends: at a line break with no white space after it.
fn end_of_field(rest: &[u8]) -> usize {
    memmem::find_iter(rest, b"\r\n")
        .find(|at| !matches!(rest.get(at + 2), Some(b' ' | b'\t')))
        .unwrap_or(rest.len())
}

/// Appends a field: its name in lower case, its value on one line with single blanks, nothing
/// around either, and no line break.
pub(super) fn relaxed_field(field: &Field<'_>, out: &mut Vec<u8>) {
    out.extend(field.name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let start = out.len();
    let mut blank = false;
    let mut bytes = field.value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => blank = true,
            b'\r' if bytes.peek() == Some(&b'\n') => {
                bytes.next();
            }
            byte => {
                if blank && out.len() > start {
                    out.push(b' ');
                }
                blank = false;
                out.push(byte);
            }
        }
    }
}

/// Gives `sink` a body piece by piece: blanks at the ends of lines gone, others made one, and no
/// empty lines at the end. A body that is not empty then ends in one line break; one of empty lines
/// is nothing at all.
///
/// A line of blanks is an empty line, also at the end. Some verifiers keep it there; what this
/// server composes has none.
pub fn relaxed_body(body: &[u8], mut sink: impl FnMut(&[u8])) {
    // Empty lines are held back until something follows them.
    let mut empty = 0;
    let mut at = 0;
    while at < body.len() {
        let rest = body.get(at..).unwrap_or_default();
        let end = memmem::find(rest, b"\r\n").unwrap_or(rest.len());
        let line = trimmed(rest.get(..end).unwrap_or_default());
        at += end + 2;
        if line.is_empty() {
            empty += 1;
            continue;
        }
        for _ in 0..empty {
            sink(b"\r\n");
        }
        empty = 0;
        relaxed_line(line, &mut sink);
        sink(b"\r\n");
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let blanks = line.iter().rev().take_while(|byte| is_blank(**byte));
    let kept = line.len() - blanks.count();
    line.get(..kept).unwrap_or_default()
}

fn relaxed_line(line: &[u8], sink: &mut impl FnMut(&[u8])) {
    let mut rest = line;
    while let Some(blank) = rest.iter().position(|byte| is_blank(*byte)) {
        let (word, after) = rest.split_at(blank);
        let blanks = after.iter().take_while(|byte| is_blank(**byte)).count();
        sink(word);
        sink(b" ");
        rest = after.get(blanks..).unwrap_or_default();
    }
    sink(rest);
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
