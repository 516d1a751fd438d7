//! The lines of a plain text, and the text without some of them.

use std::borrow::Cow;
use std::ops::Range;

use super::attribution::glued;
use super::headers;
use super::lines::{Line, Mark};
use super::words::is_invisible;

/// Letters before a `>` with which some clients name whom they quote: `AL> Shall we?`
const MAX_INITIALS: usize = 4;

/// A text as lines, each with its octets in it. Lines whose breaks were lost are divided.
pub(super) struct Text<'a> {
    source: &'a str,
    pub(super) lines: Vec<Line<'a>>,
    pub(super) spans: Vec<Range<usize>>,
}

impl<'a> Text<'a> {
    pub(super) fn read(source: &'a str) -> Self {
        let mut text = Self {
            source,
            lines: Vec::with_capacity(source.len() / 32 + 1),
            spans: Vec::with_capacity(source.len() / 32 + 1),
        };
        let mut at = 0;
        for whole in source.split_inclusive('\n') {
            let line = whole.trim_end_matches(['\n', '\r']);
            text.add(line, at..at + line.len());
            at += whole.len();
        }
        text.unmark_escapes();
        text.mark_initials();
        text
    }

    fn add(&mut self, whole: &'a str, span: Range<usize>) {
        let unclosed = self.ends_in_open_address();
        let divided = if whole.starts_with('>') {
            None
        } else {
            glued(whole).or_else(|| headers::glued(whole).map(|at| at..whole.len()))
        };
        let Some(attribution) = divided else {
            self.push(whole, span, unclosed);
            return;
        };
        let pieces = [
            0..attribution.start,
            attribution.clone(),
            attribution.end..whole.len(),
        ];
        for piece in pieces {
            let words = whole.get(piece.clone()).unwrap_or_default();
            if !words.trim().is_empty() {
                let from = span.start + piece.start;
                self.push(words, from..from + words.len(), unclosed);
            }
        }
    }

    /// The address whose `>` stands first in the next line began in the line above, or, if it fills
    /// that, in the one above that.
    fn ends_in_open_address(&self) -> bool {
        let mut above = self.lines.iter().rev();
        let Some(last) = above.next().filter(|line| line.depth == 0) else {
            return false;
        };
        ends_in_open_address(&last.text)
            || (last.text.contains('@')
                && !last.text.contains([' ', '<', '>'])
                && above
                    .next()
                    .is_some_and(|line| line.depth == 0 && line.text.ends_with('<')))
    }

    fn push(&mut self, words: &'a str, span: Range<usize>, unclosed: bool) {
        let gap = self.lines.last().is_none_or(Line::is_blank);
        self.lines.push(line(words, unclosed, gap));
        self.spans.push(span);
    }

    /// `>From` in the midst of unquoted lines is the escape of an mbox file, not a quotation.
    fn unmark_escapes(&mut self) {
        for at in 0..self.lines.len() {
            let escaped = self
                .spans
                .get(at)
                .and_then(|span| self.source.get(span.clone()))
                .is_some_and(|line| line.starts_with(">From "));
            if !escaped {
                continue;
            }
            let quoted = |at: Option<usize>| {
                let line = at.and_then(|at| self.lines.get(at));
                line.is_some_and(|line| line.depth > 0)
            };
            let alone = !quoted(at.checked_sub(1)) && !quoted(Some(at + 1));
            if let Some(line) = self.lines.get_mut(at).filter(|_| alone) {
                line.depth = 0;
            }
        }
    }

    /// Lines that begin with the initials of whom they quote are quoted, if several in a row do
    /// with the same ones.
    fn mark_initials(&mut self) {
        let mut above: Option<&str> = None;
        let mut quoted = Vec::new();
        for at in 0..self.lines.len() {
            let found = self
                .spans
                .get(at)
                .and_then(|span| self.source.get(span.clone()))
                .and_then(initials);
            if found.is_some() && found == above {
                quoted.extend([at - 1, at]);
            }
            above = found;
        }
        for at in quoted {
            if let Some(line) = self.lines.get_mut(at).filter(|line| line.depth == 0) {
                line.depth = 1;
                if let Cow::Borrowed(words) = line.text
                    && let Some((_, rest)) = words.split_once('>')
                {
                    line.text = Cow::Borrowed(rest.trim_start());
                }
            }
        }
    }

    /// What is left without the `dropped` lines: its pieces, a blank line between them.
    pub(super) fn without(&self, dropped: &[Range<usize>]) -> String {
        let pieces: Vec<String> = super::kept(dropped, self.lines.len())
            .into_iter()
            .filter_map(|range| {
                let start = self.spans.get(range.start)?.start;
                let end = self.spans.get(range.end.checked_sub(1)?)?.end;
                self.source.get(start..end)
            })
            .map(|piece| {
                let piece = piece.trim_end();
                // Blank lines go; the indentation of the first line of words stays.
                let start = piece.len() - piece.trim_start().len();
                let start = piece
                    .get(..start)
                    .and_then(|blank| blank.rfind('\n'))
                    .map_or(0, |at| at + 1);
                let piece = piece.get(start..).unwrap_or_default();
                if memchr::memchr(b'\r', piece.as_bytes()).is_some() {
                    piece.replace("\r\n", "\n")
                } else {
                    piece.to_owned()
                }
            })
            .filter(|piece| !piece.is_empty())
            .collect();
        pieces.join("\n\n")
    }
}

/// `Ann Lee <ann@a.example` whose `>` a mailer wrapped onto the next line, where it looks like a
/// quote mark.
fn ends_in_open_address(line: &str) -> bool {
    line.rsplit_once('<').is_some_and(|(_, after)| {
        !after.contains(['>', ' ']) && (after.contains('@') || after.contains("://"))
    })
}

/// `AL` of `AL> Shall we?`
fn initials(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(' ');
    let head = line.get(..line.floor_char_boundary(MAX_INITIALS * 2 + 1))?;
    let (name, _) = head.split_once('>')?;
    let letters = name.chars().count();
    let fits = (1..=MAX_INITIALS).contains(&letters)
        && name.starts_with(char::is_uppercase)
        && name.chars().all(char::is_alphabetic);
    fits.then_some(name)
}

fn line(line: &str, unclosed: bool, gap: bool) -> Line<'_> {
    let mut rest = line.trim();
    let mut depth = 0;
    let mut mark = Mark::None;
    // GroupWise draws the attribution so and quotes nothing.
    if let Some(inner) = rest
        .strip_prefix(">>>")
        .and_then(|inner| inner.strip_suffix(">>>"))
        && inner.trim().len() > 5
    {
        rest = inner.trim();
        mark = Mark::History;
    }
    while let Some(inner) = rest
        .strip_prefix('>')
        .or_else(|| rest.strip_prefix("&gt;"))
        .filter(|_| !unclosed)
    {
        depth += 1;
        rest = inner.trim_start();
    }
    Line {
        text: Cow::Borrowed(rest.trim_matches(is_invisible)),
        depth,
        mark,
        gap,
    }
}
