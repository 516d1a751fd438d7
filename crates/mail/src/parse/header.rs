//! The lines of a header block: which are fields, and what their values say.

use std::borrow::Cow;

use super::charset;

/// One field as it stands in the message.
pub(super) struct Field<'a> {
    /// The name as written, without the colon.
    pub(super) name: &'a str,
    /// Everything after the colon with its folds.
    pub(super) raw: &'a [u8],
}

impl Field<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value as text: unfolded, in Unicode, without NUL, trimmed; encoded words still as they
    /// are.
    pub(super) fn text(&self) -> String {
        self.text_near(None)
    }

    /// [`text`](Self::text), where `near` is the charset that the message names for its text.
    pub(super) fn text_near(&self, near: Option<&str>) -> String {
        unfold(&charset::decode_unlabelled(self.raw, near))
    }
}

/// What a header block was found to hold.
pub(super) struct Block<'a> {
    pub(super) fields: Vec<Field<'a>>,
    /// Offset of the first octet of the body.
    pub(super) body: usize,
    /// Lines that are no field and no continuation of one.
    pub(super) junk: bool,
    /// The body began without the empty line before it.
    pub(super) unseparated: bool,
    /// There were more fields than are kept.
    pub(super) overflow: bool,
}

/// Reads the header block of `raw` from `start`. A line for which `boundary` answers true ends it
/// at once.
///
/// A field name with white space inside is no field: `Fr om:` must not pass for `From:`, because
/// no signature check would see it so. White space before the colon is the obsolete syntax of
/// RFC 5322 §4.5 and is taken.
pub(super) fn read<'a>(
    raw: &'a [u8],
    start: usize,
    max_fields: usize,
    boundary: impl Fn(&[u8]) -> bool,
) -> Block<'a> {
    let mut block = Block {
        fields: Vec::new(),
        body: raw.len(),
        junk: false,
        unseparated: false,
        overflow: false,
    };
    let mut at = start;
    // The name of the open field and where its value began; `None` while skipping junk.
    let mut open: Option<(&str, usize)> = None;
    loop {
        let line_start = at;
        let line = line_at(raw, at);
        at += line.len();
        let content = trim_ending(line);
        let folded = matches!(content.first(), Some(b' ' | b'\t'));
        if !line.is_empty() && folded && line_start > start {
            continue;
        }
        if let Some((name, value)) = open.take() {
            close(
                &mut block,
                name,
                raw.get(value..line_start).unwrap_or_default(),
                max_fields,
            );
        }
        if content.is_empty() || boundary(content) {
            block.body = if content.is_empty() { at } else { line_start };
            return block;
        }
        if let Some((name, length)) = field_name(content) {
            open = Some((name, line_start + length));
        } else if line_start == start
            && (content.starts_with(b"From ") || content.starts_with(b">From "))
        {
            // The separator line of an mbox file.
        } else {
            let next = trim_ending(line_at(raw, at));
            let continued = content.contains(&b':') && matches!(next.first(), Some(b' ' | b'\t'));
            if next.is_empty() || continued || field_name(next).is_some() || folded {
                block.junk = true;
            } else {
                block.unseparated = true;
                block.body = line_start;
                return block;
            }
        }
    }
}

fn close<'a>(block: &mut Block<'a>, name: &'a str, raw: &'a [u8], max_fields: usize) {
    if block.fields.len() < max_fields {
        block.fields.push(Field { name, raw });
    } else {
        block.overflow = true;
    }
}

fn line_at(raw: &[u8], at: usize) -> &[u8] {
    let rest = raw.get(at..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    rest.get(..end).unwrap_or_default()
}

/// A line without its LF, CRLF or doubled CR.
pub(super) fn trim_ending(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

/// The name of the field that `line` begins, and the offset of its value.
fn field_name(line: &[u8]) -> Option<(&str, usize)> {
    let colon = memchr::memchr(b':', line)?;
    let name = line.get(..colon)?.trim_ascii_end();
    let valid = !name.is_empty() && name.iter().all(|b| (33..=126).contains(b));
    if !valid {
        return None;
    }
    std::str::from_utf8(name).ok().map(|name| (name, colon + 1))
}

/// Takes the folds out of a value (RFC 5322 §2.2.3): line breaks go, the white space around them
/// becomes one blank, other control characters go too.
pub(super) fn unfold(value: &str) -> String {
    let value = value.trim();
    if !value.bytes().any(|b| b < 0x20 || b == 0x7F) {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut in_fold = false;
    for c in value.chars() {
        match c {
            '\r' | '\n' => {
                if !in_fold {
                    in_fold = true;
                    out.truncate(out.trim_end_matches([' ', '\t']).len());
                    out.push(' ');
                }
            }
            ' ' | '\t' if in_fold => {}
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => {
                in_fold = false;
                out.push(c);
            }
        }
    }
    out
}

/// Text with line breaks and other control characters taken out, as a borrowed value when there
/// are none.
pub(super) fn without_controls(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        Cow::Owned(
            text.chars()
                .filter_map(|c| match c {
                    '\r' | '\n' | '\t' => Some(' '),
                    c if c.is_control() => None,
                    c => Some(c),
                })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(raw: &str) -> (Vec<String>, String, bool) {
        let block = read(raw.as_bytes(), 0, 100, |_| false);
        let fields = block
            .fields
            .iter()
            .map(|field| format!("{}={}", field.name, field.text()))
            .collect();
        (
            fields,
            raw[block.body..].to_owned(),
            block.junk || block.unseparated,
        )
    }

    #[test]
    fn a_name_with_white_space_inside_is_no_field() {
        let (fields, body, defect) = names("To: a\r\nFr om: b\r\n c\r\nSubject : d\r\n\r\nbody");
        assert_eq!(fields, ["To=a", "Subject=d"]);
        assert_eq!(body, "body");
        assert!(defect);
    }

    #[test]
    fn folds_become_one_blank() {
        let (fields, _, _) = names("A: one \r\n\ttwo\r\n  three\n\nbody");
        assert_eq!(fields, ["A=one two three"]);
    }

    #[test]
    fn a_body_without_the_empty_line_is_still_a_body() {
        let (fields, body, defect) = names("A: b\r\nHello there\r\nhow are you\r\n");
        assert_eq!(fields, ["A=b"]);
        assert_eq!(body, "Hello there\r\nhow are you\r\n");
        assert!(defect);
    }

    #[test]
    fn an_mbox_separator_is_passed_over() {
        assert_eq!(names("From ann Thu\nA: b\n\n").0, ["A=b"]);
    }
}
