//! The lines of a text with their quote marks read.

/// A line of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// As it stands in the message.
    pub(super) raw: &'a str,
    /// The words, without quote marks, outer blanks and invisible characters.
    pub(super) text: &'a str,
    /// How deeply it is quoted.
    pub(super) depth: usize,
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// Divides a text into lines.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    text.lines().map(line).collect()
}

fn line(raw: &str) -> Line<'_> {
    let mut rest = raw.trim_matches(is_outer);
    let mut depth = 0;
    while let Some(inner) = rest.strip_prefix('>') {
        depth += 1;
        rest = inner.trim_start_matches(is_outer);
    }
    Line {
        raw,
        text: rest,
        depth,
    }
}

fn is_outer(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Marks of direction and zero width, byte order marks.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2069}' | '\u{202a}'..='\u{202e}' | '\u{ad}')
}

/// The line with one quote mark and the blank after it taken off.
pub(super) fn unquoted(raw: &str) -> &str {
    let trimmed = raw.trim_start_matches(is_outer);
    match trimmed.strip_prefix('>') {
        Some(inner) => inner.strip_prefix(' ').unwrap_or(inner),
        None => raw,
    }
}
