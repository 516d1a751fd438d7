//! The new words of a reply: what its author wrote, without the old messages under it.
//!
//! Text and HTML are turned into lines with a quote depth; `decide` says which of them are
//! history, for both alike. What clients write in which language is data in `language`.
//! Every step is linear.

mod attribution;
mod closings;
mod decide;
mod earlier;
mod headers;
mod html;
mod language;
mod lines;
mod lower;
mod notices;
mod proof;
mod role;
mod signature;
mod spans;
mod tail;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::borrow::Cow;
use std::ops::Range;

pub use earlier::Earlier;
pub use spans::{Anatomy, Method, Span, SpanKind, anatomy};
use text::Text;

/// What the author of a message wrote themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// The new text. Absent only when the message has neither text nor HTML.
    pub text: Option<String>,
    /// The new HTML, still a valid document. Absent when the message has none.
    pub html: Option<String>,
}

/// How a message is to be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'a> {
    /// Whether the author's signature is taken off as well. By default it stays; boilerplate of
    /// clients, lists and lawyers goes in both cases.
    pub strip_signature: bool,
    /// What the earlier messages of the thread say, if they are known. Paragraphs that stand in
    /// them are quoted when they are long, and at the end of the message or under a line that
    /// names an author or a date.
    pub earlier: Option<&'a Earlier>,
}

/// Takes the quoted history off a message, and the boilerplate under it. A message that is all
/// quotation, a forward and a failure report come back whole; answers between quoted lines come
/// back with the lines.
///
/// Give no `text` when it was itself rendered from the HTML
/// ([`Parsed::text_from_html`](crate::parse::Parsed::text_from_html)): the text is then rendered
/// from the shortened HTML, whose structure says more than its words.
#[must_use]
pub fn visible(text: Option<&str>, html: Option<&str>) -> Visible {
    visible_with(text, html, &Reading::default())
}

/// [`visible`], read as asked.
#[must_use]
pub fn visible_with(text: Option<&str>, html: Option<&str>, reading: &Reading<'_>) -> Visible {
    let html = html.map(|html| html::without_history(html, reading));
    let text = match (text, &html) {
        (Some(text), _) => Some(without_history(text, reading)),
        (None, Some(html)) => Some(crate::html::to_text(html)).filter(|text| !text.is_empty()),
        (None, None) => None,
    };
    Visible {
        text,
        html: html.map(Cow::into_owned),
    }
}

fn without_history(text: &str, reading: &Reading<'_>) -> String {
    let mut text = Text::read(text);
    let dropped = decide::history(&mut text.lines, reading);
    text.without(&dropped)
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
