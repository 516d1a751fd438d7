//! The header as a signature check sees it: fields with their exact octets.
//!
//! Apart from [`crate::parse`], which reads for people. What the two must agree on is which lines
//! are a `From`; here every line counts that any reader might take for one.

use std::borrow::Cow;

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written, without the white space that may stand before the colon; empty for
    /// lines that are no field, which nothing can sign.
    pub name: &'a str,
    /// The whole field with its folds and its last line break.
    pub raw: &'a [u8],
    colon: usize,
}

/// A message cut into its header fields and its body.
#[derive(Clone, Debug)]
pub struct Split<'a> {
    /// The fields in their order.
    pub fields: Vec<Field<'a>>,
    /// What comes after the first empty line.
    pub body: &'a [u8],
}

impl<'a> Field<'a> {
    /// Whether it has this name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// What comes after the colon, with its folds and its last line break.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        self.raw.get(self.colon + 1..).unwrap_or_default()
    }

    /// The same as text; octets that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.value())
    }
}

/// Cuts a message.
#[must_use]
pub fn split(raw: &[u8]) -> Split<'_> {
    let mut fields = Vec::new();
    let mut at = 0;
    let mut began = 0;
    let take = |from: usize, to: usize| raw.get(from..to).unwrap_or_default();
    loop {
        let rest = take(at, raw.len());
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = take(at, at + length);
        let folded = at > began && matches!(line.first(), Some(b' ' | b'\t'));
        if !folded {
            if at > began {
                fields.push(field(take(began, at)));
            }
            began = at;
        }
        at += length;
        if matches!(line, b"" | b"\n" | b"\r\n") {
            return Split {
                fields,
                body: take(at, raw.len()),
            };
        }
    }
}

fn field(raw: &[u8]) -> Field<'_> {
    let nothing = Field {
        name: "",
        raw,
        colon: raw.len(),
    };
    let Some(colon) = memchr::memchr(b':', raw) else {
        return nothing;
    };
    let name = raw.get(..colon).unwrap_or_default().trim_ascii_end();
    if name.is_empty() || !name.iter().all(|byte| (33..=126).contains(byte)) {
        return nothing;
    }
    match std::str::from_utf8(name) {
        Ok(name) => Field { name, raw, colon },
        Err(_) => nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_octets() {
        let raw = b"A: one\r\n\ttwo\r\nnonsense\r\nFr om: x\r\nB : y\r\n\r\nbody\r\n";
        let split = split(raw);
        let names: Vec<_> = split.fields.iter().map(|field| field.name).collect();
        assert_eq!(names, ["A", "", "", "B"]);
        assert_eq!(split.fields[0].value(), b" one\r\n\ttwo\r\n");
        assert_eq!(split.body, b"body\r\n");
    }

    #[test]
    fn a_message_may_lack_either_half() {
        assert!(split(b"").fields.is_empty());
        assert_eq!(split(b"\r\nx").body, b"x");
        let only = split(b"A: b");
        assert_eq!((only.fields.len(), only.body), (1, &b""[..]));
    }
}
