//! The new words of a reply: what its author wrote, without the old messages under it.
//!
//! Text and HTML are turned into lines with a quote depth; `decide` says which of them are
//! history, for both alike. What clients write in which language is data in `language`.
//! Signatures stay in. Every step is linear.

mod decide;
mod html;
mod language;
mod lines;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use lines::{Line, Mark};

/// What the author of a message wrote themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// The new text. Absent only when the message has neither text nor HTML.
    pub text: Option<String>,
    /// The new HTML, still a valid document. Absent when the message has none.
    pub html: Option<String>,
}

/// Takes the quoted history off a message. A message that is all quotation, a forward and a
/// failure report come back whole; answers between quoted lines come back with the lines.
///
/// Give no `text` when it was itself rendered from the HTML
/// ([`Parsed::text_from_html`](crate::parse::Parsed::text_from_html)): the text is then rendered
/// from the shortened HTML, whose structure says more than its words.
#[must_use]
pub fn visible(text: Option<&str>, html: Option<&str>) -> Visible {
    let html = html.map(html::without_history);
    let text = match (text, &html) {
        (Some(text), _) => Some(without_history(text)),
        (None, Some(html)) => Some(crate::html::to_text(html)).filter(|text| !text.is_empty()),
        (None, None) => None,
    };
    Visible {
        text,
        html: html.map(Cow::into_owned),
    }
}

fn without_history(text: &str) -> String {
    let source: Vec<&str> = text.lines().collect();
    let mut lines: Vec<Line<'_>> = Vec::with_capacity(source.len());
    for line in &source {
        let unclosed = lines
            .last()
            .is_some_and(|above| above.depth == 0 && ends_in_open_address(&above.text));
        lines.push(text_line(line, unclosed));
    }
    let dropped = decide::history(&lines);
    let kept = kept(&dropped, source.len());
    let pieces: Vec<String> = kept
        .into_iter()
        .filter_map(|range| source.get(range))
        .map(|lines| {
            let piece = lines.join("\n");
            let piece = piece.trim_end();
            // Blank lines go; the indentation of the first line of words stays.
            let start = piece.len() - piece.trim_start().len();
            let start = piece
                .get(..start)
                .and_then(|blank| blank.rfind('\n'))
                .map_or(0, |at| at + 1);
            piece.get(start..).unwrap_or_default().to_owned()
        })
        .filter(|piece| !piece.is_empty())
        .collect();
    pieces.join("\n\n")
}

/// The ranges of `0..length` that `dropped` leaves.
fn kept(dropped: &[Range<usize>], length: usize) -> Vec<Range<usize>> {
    let mut kept = Vec::with_capacity(dropped.len() + 1);
    let mut from = 0;
    for range in dropped {
        kept.push(from..range.start);
        from = range.end;
    }
    kept.push(from..length);
    kept
}

/// `Ann Lee <ann@a.example` whose `>` a mailer wrapped onto the next line, where it looks like a
/// quote mark.
fn ends_in_open_address(line: &str) -> bool {
    line.rsplit_once('<').is_some_and(|(_, after)| {
        !after.contains(['>', ' ']) && (after.contains('@') || after.contains("://"))
    })
}

fn text_line(line: &str, unclosed: bool) -> Line<'_> {
    let mut rest = line.trim();
    let mut depth = 0;
    while let Some(inner) = rest.strip_prefix('>').filter(|_| !unclosed) {
        depth += 1;
        rest = inner.trim_start();
    }
    // An mbox escape, not a quotation.
    if depth == 1 && line.starts_with(">From ") {
        depth = 0;
    }
    Line {
        text: Cow::Borrowed(rest.trim_matches(['\u{200b}', '\u{feff}', '\u{200e}', '\u{200f}'])),
        depth,
        mark: Mark::None,
    }
}
