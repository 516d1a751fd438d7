//! Values with parameters: Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2231).

use super::{charset, codec, words};

/// Parameters read from one field.
const MAX_PARAMETERS: usize = 200;

/// A value and its parameters.
#[derive(Default)]
pub(super) struct Parameterised {
    /// The value before the first semicolon, in lower case.
    pub(super) value: String,
    raw: Vec<Parameter>,
}

struct Parameter {
    name: String,
    value: String,
    /// The value with every quoted pair undone, where that is another one (RFC 822 §3.4.4).
    letter: Option<String>,
}

impl Parameterised {
    pub(super) fn read(text: &str) -> Self {
        let mut rest = text.trim_start();
        let value = take_value(&mut rest).to_ascii_lowercase();
        let mut raw = Vec::new();
        while !rest.is_empty() && raw.len() < MAX_PARAMETERS {
            let Some((name, after)) = split_name(rest) else {
                break;
            };
            rest = after;
            let (value, letter) = read_value(&mut rest);
            if !name.is_empty() {
                raw.push(Parameter {
                    name,
                    value,
                    letter,
                });
            }
        }
        Self { value, raw }
    }

    /// The parameter `name`, from whichever form of RFC 2231 or RFC 2047 it was written in.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.extended(name).or_else(|| {
            let plain = self.find(name)?;
            Some(words::decode(plain))
        })
    }

    /// [`get`](Self::get) by the letter of the standard: every backslash in a quoted string quotes
    /// the character after it, also in the path of a Windows file.
    pub(super) fn get_by_letter(&self, name: &str) -> Option<String> {
        self.extended(name).or_else(|| {
            let plain = self.parameter(name)?;
            Some(words::decode(plain.letter.as_ref().unwrap_or(&plain.value)))
        })
    }

    fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.raw.iter().find(|known| known.name == name)
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.parameter(name).map(|found| found.value.as_str())
    }

    /// `name*=`, or `name*0=`, `name*1*=` and so on put together (RFC 2231 §3, §4).
    fn extended(&self, name: &str) -> Option<String> {
        if let Some(value) = self.find(&format!("{name}*")) {
            let (charset, value) = split_charset(value);
            return Some(charset::decode(&percent(value), charset).text);
        }
        let mut bytes = Vec::new();
        let mut charset = None;
        let mut found = false;
        let mut encoded = false;
        for index in 0..self.raw.len() {
            if let Some(value) = self.find(&format!("{name}*{index}*")) {
                let value = if index == 0 {
                    let (label, value) = split_charset(value);
                    charset = label;
                    value
                } else {
                    value
                };
                bytes.extend(percent(value));
                encoded = true;
            } else if let Some(value) = self.find(&format!("{name}*{index}")) {
                bytes.extend_from_slice(value.as_bytes());
            } else {
                break;
            }
            found = true;
        }
        if !found {
            return None;
        }
        let text = charset::decode(&bytes, charset).text;
        Some(if encoded { text } else { words::decode(&text) })
    }
}

/// The value itself, which ends at a semicolon; or, where mailers forgot that, at the blank or
/// comma before the first parameter.
fn take_value<'a>(rest: &mut &'a str) -> &'a str {
    let text = *rest;
    let end = text.find([';', ' ', '\t', ',']).unwrap_or(text.len());
    let (value, after) = text.split_at(end);
    *rest = after.get(1..).unwrap_or_default();
    value
}

fn take_until_semicolon<'a>(rest: &mut &'a str) -> &'a str {
    let text = *rest;
    match text.split_once(';') {
        Some((value, after)) => {
            *rest = after;
            value
        }
        None => {
            *rest = "";
            text
        }
    }
}

/// The next parameter's name and what follows its `=`. Parameters without `=` are passed over.
fn split_name(text: &str) -> Option<(String, &str)> {
    let mut rest = text;
    loop {
        let end = rest.find(['=', ';'])?;
        let (name, after) = rest.split_at(end);
        if let Some(after) = after.strip_prefix('=') {
            return Some((name.trim().to_ascii_lowercase(), after));
        }
        rest = after.get(1..)?;
    }
}

/// Reads a token or quoted string, as it is meant and by the letter where that differs, and moves
/// past the semicolon after it.
fn read_value(rest: &mut &str) -> (String, Option<String>) {
    let text = rest.trim_start();
    let Some(inner) = text.strip_prefix('"') else {
        *rest = text;
        let value = take_until_semicolon(rest).trim();
        // A comment after a token: `us-ascii (Plain text)`.
        let value = match value.split_once(" (") {
            Some((token, comment)) if comment.ends_with(')') => token.trim_end(),
            _ => value,
        };
        return (value.to_owned(), None);
    };
    let mut value = String::new();
    // Where the backslashes stand in it that quote nothing.
    let mut paths = Vec::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            // A backslash before anything but a quote or itself is a Windows path, not an escape.
            '\\' => match inner.get(at + 1..).and_then(|after| after.chars().next()) {
                Some(next @ ('"' | '\\')) => {
                    value.push(next);
                    chars.next();
                }
                _ => {
                    paths.push(value.len());
                    value.push('\\');
                }
            },
            '"' => {
                *rest = inner.get(at + 1..).unwrap_or_default();
                take_until_semicolon(rest);
                return with_letter(value, &paths);
            }
            c => value.push(c),
        }
    }
    *rest = "";
    with_letter(value, &paths)
}

/// A value beside what is left of it without the backslashes at `paths`.
fn with_letter(value: String, paths: &[usize]) -> (String, Option<String>) {
    if paths.is_empty() {
        return (value, None);
    }
    let mut letter = String::with_capacity(value.len());
    let mut from = 0;
    for &at in paths {
        letter.push_str(value.get(from..at).unwrap_or_default());
        from = at + 1;
    }
    letter.push_str(value.get(from..).unwrap_or_default());
    (value, Some(letter))
}

/// `charset'language'value` (RFC 2231 §4).
fn split_charset(value: &str) -> (Option<&str>, &str) {
    let mut parts = value.splitn(3, '\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_), Some(rest)) => {
            (Some(charset).filter(|charset| !charset.is_empty()), rest)
        }
        _ => (None, value),
    }
}

fn percent(value: &str) -> Vec<u8> {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| codec::hex(*bytes.get(at + 1)?).zip(codec::hex(*bytes.get(at + 2)?)))
            .flatten();
        if let Some((high, low)) = escaped {
            out.push(high << 4 | low);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_file_name_is_read() {
        for (text, want) in [
            ("attachment; filename=a.txt", "a.txt"),
            ("attachment; filename=\"a; b.txt\"; size=3", "a; b.txt"),
            ("attachment; FileName=\"a \\\"b\\\".txt\"", "a \"b\".txt"),
            ("attachment; filename=my report.pdf", "my report.pdf"),
            ("attachment; filename*=utf-8'en'%e2%82%ac.txt", "€.txt"),
            (
                "attachment; filename*0=long; filename*1=name.txt",
                "longname.txt",
            ),
            (
                "attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac; filename*2=.txt",
                "€.txt",
            ),
            (
                "attachment; filename=\"=?utf-8?Q?=E2=82=AC.txt?=\"",
                "€.txt",
            ),
            ("attachment; filename=x; filename*=utf-8''better", "better"),
            ("attachment; x; filename=\"open", "open"),
        ] {
            let read = Parameterised::read(text);
            assert_eq!(read.value, "attachment");
            assert_eq!(read.get("filename").as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn parameters_without_their_semicolon_are_read() {
        for (text, value, charset) in [
            ("text/html charset=utf-8", "text/html", Some("utf-8")),
            ("text/html, charset=\"utf-8\"", "text/html", Some("utf-8")),
            (
                "text/html (page); charset=koi8-r",
                "text/html",
                Some("koi8-r"),
            ),
            ("text/html;; charset=utf-8;", "text/html", Some("utf-8")),
            ("text/html", "text/html", None),
        ] {
            let read = Parameterised::read(text);
            assert_eq!(read.value, value, "{text}");
            assert_eq!(read.get("charset").as_deref(), charset, "{text}");
        }
    }
}
