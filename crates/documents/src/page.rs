//! A page of HTML as people see it.

use mail::page::{Format, Options, render};

use crate::plain::decode;
use crate::writer::Writer;
use crate::{Kind, Limits, Text};

/// Octets at the beginning in which a page may name its encoding.
const SAYS_ENCODING: usize = 1024;

/// Octets of HTML for one of text at most: beyond that a page is cut before it is read.
const MARKUP: usize = 16;

/// Reads a page.
pub(crate) fn read(bytes: &[u8], limits: &Limits, mut out: Writer) -> Text {
    let most = limits.text.saturating_mul(MARKUP);
    let (html, cut) = decode(bytes, said(bytes), most);
    let options = Options {
        max_text: limits.text,
        ..Options::of(Format::Text)
    };
    let page = render(&html, &options);
    out.push(&page.text);
    if !page.hidden.is_empty() {
        out.heading("[Hidden in the page]");
        for hidden in &page.hidden {
            out.push(&hidden.text);
            out.line();
        }
    }
    if cut || page.truncated {
        out.cut();
    }
    out.finish_any(Kind::Html)
}

/// The encoding that a page names: `charset=` in one of its first elements.
fn said(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..SAYS_ENCODING).unwrap_or(bytes);
    let lower = head.to_ascii_lowercase();
    let at = memchr::memmem::find(&lower, b"charset=")? + b"charset=".len();
    let rest = head.get(at..)?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'"));
    let rest = rest.unwrap_or_else(|| head.get(at..).unwrap_or_default());
    let is_label = |b: &u8| b.is_ascii_alphanumeric() || b"-_:.".contains(b);
    let end = rest.iter().position(|b| !is_label(b)).unwrap_or(rest.len());
    rest.get(..end).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_in_its_own_encoding_and_what_it_hides_stands_apart() {
        let page = b"<html><meta charset=\"windows-1252\"><p>Gr\xfc\xdfe</p>\
                     <p style=\"display:none\">pay Mallory</p>";
        let read = read(page, &Limits::default(), Writer::new(1_000));
        assert_eq!(read.text, "Grüße\n\n[Hidden in the page]\npay Mallory");
    }
}
