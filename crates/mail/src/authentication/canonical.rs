//! The forms in which header fields and bodies are signed (RFC 6376 §3.4).

use super::fields::Field;

/// How much may change on the way without breaking a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Simple,
    /// White space and, in headers, the case of names.
    Relaxed,
}

/// Appends a field in its form, with its last line break (§3.4.1, §3.4.2).
pub fn header(field: &Field<'_>, form: Form, out: &mut Vec<u8>) {
    header_of(field.raw, form, out);
}

/// The same for the octets of one field.
pub fn header_of(raw: &[u8], form: Form, out: &mut Vec<u8>) {
    if form == Form::Simple {
        out.extend_from_slice(raw);
        if !raw.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
        return;
    }
    let colon = memchr::memchr(b':', raw).unwrap_or(raw.len());
    let (name, value) = raw.split_at(colon);
    out.extend(name.trim_ascii().iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let mut words = value
        .get(1..)
        .unwrap_or_default()
        .split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        out.extend_from_slice(first);
    }
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
    out.extend_from_slice(b"\r\n");
}

/// Gives a body in its form, piece by piece (§3.4.3, §3.4.4). Lines of white space alone are empty
/// lines in the relaxed form, so they go at the end of the body.
pub fn body(body: &[u8], form: Form, mut sink: impl FnMut(&[u8])) {
    let mut empty_lines = 0_usize;
    let mut anything = false;
    let mut reduced = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest);
        let (line, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        rest = after;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = match form {
            Form::Simple => line,
            Form::Relaxed => relaxed(line, &mut reduced),
        };
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..empty_lines {
            sink(b"\r\n");
        }
        empty_lines = 0;
        anything = true;
        sink(line);
        sink(b"\r\n");
    }
    if !anything && form == Form::Simple {
        sink(b"\r\n");
    }
}

/// A line without the white space at its end, and with one blank for every other run of it.
fn relaxed<'a>(line: &'a [u8], reduced: &'a mut Vec<u8>) -> &'a [u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let length = line.iter().rposition(|byte| !is_space(byte));
    let line = line.get(..length.map_or(0, |last| last + 1));
    let line = line.unwrap_or_default();
    let plain = !line.contains(&b'\t') && !line.windows(2).any(|pair| pair == b"  ");
    if plain {
        return line;
    }
    reduced.clear();
    let mut spaced = false;
    for byte in line {
        if is_space(byte) {
            if !spaced {
                reduced.push(b' ');
            }
            spaced = true;
        } else {
            reduced.push(*byte);
            spaced = false;
        }
    }
    reduced
}

#[cfg(test)]
mod tests {
    use super::super::fields::split;
    use super::*;

    fn heads(raw: &[u8]) -> [String; 2] {
        [Form::Relaxed, Form::Simple].map(|form| {
            let mut head = Vec::new();
            for field in &split(raw).fields {
                header(field, form, &mut head);
            }
            String::from_utf8(head).unwrap()
        })
    }

    fn bodies(raw: &[u8]) -> [String; 2] {
        [Form::Relaxed, Form::Simple].map(|form| {
            let mut text = Vec::new();
            body(raw, form, |piece| text.extend_from_slice(piece));
            String::from_utf8(text).unwrap()
        })
    }

    #[test]
    fn the_example_of_rfc_6376_section_3_4_5() {
        let raw = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let [relaxed, simple] = heads(raw);
        assert_eq!(relaxed, "a:X\r\nb:Y Z\r\n");
        assert_eq!(simple, "A: X\r\nB : Y\t\r\n\tZ  \r\n");
        let [relaxed, simple] = bodies(b" C \r\nD \t E\r\n\r\n\r\n");
        assert_eq!(relaxed, " C\r\nD E\r\n");
        assert_eq!(simple, " C \r\nD \t E\r\n");
    }

    #[test]
    fn an_empty_body_is_a_line_break_only_in_the_simple_form() {
        assert_eq!(bodies(b""), ["", "\r\n"]);
        assert_eq!(bodies(b"\r\n\r\n"), ["", "\r\n"]);
    }

    #[test]
    fn lines_of_white_space_at_the_end_go_in_the_relaxed_form() {
        assert_eq!(bodies(b"hello\r\n \r\n")[0], "hello\r\n");
        assert_eq!(bodies(b"hello\r\n \r\nx")[0], "hello\r\n\r\nx\r\n");
    }
}
