//! HTML to plain text, and what elements are.

use html5gum::emitters::default::StartTag;

use crate::page::{self, Format, Options};

/// Renders HTML as plain text the way a text mail client shows it: one line for each block, a
/// blank line around paragraphs, `- ` and `1. ` for lists, `> ` for quotes, `text <address>` for
/// links that do not show where they lead, `[alt]` for images. What a person does not see is left
/// out; [`page::render`] lists it.
#[must_use]
pub fn to_text(html: &str) -> String {
    let options = Options {
        max_text: usize::MAX,
        tables: false,
        marks: false,
        ..Options::of(Format::Text)
    };
    page::render(html, &options).text
}

/// Elements whose content is never shown.
pub(crate) fn is_unshown(name: &[u8]) -> bool {
    matches!(
        name,
        b"script"
            | b"style"
            | b"head"
            | b"title"
            | b"template"
            | b"noembed"
            | b"select"
            | b"object"
    )
}

/// Elements without content or end tag.
pub(crate) fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"param"
            | b"source"
            | b"track"
            | b"wbr"
    )
}

/// Line breaks around an element: 0 inside a line, 1 for a line of its own, 2 for a paragraph.
pub(crate) fn breaks(name: &[u8]) -> u8 {
    match name {
        b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"blockquote" | b"pre" | b"ul"
        | b"ol" | b"dl" | b"table" | b"hr" => 2,
        b"div" | b"tr" | b"li" | b"dt" | b"dd" | b"section" | b"article" | b"header"
        | b"footer" | b"address" | b"center" | b"form" | b"fieldset" | b"figure"
        | b"figcaption" | b"main" | b"nav" | b"aside" | b"body" | b"html" | b"caption"
        | b"thead" | b"tbody" | b"tfoot" => 1,
        _ => 0,
    }
}

/// Whether an element hides itself, as preheaders and tracking images do.
pub(crate) fn is_hidden<S: html5gum::SpanBound>(tag: &StartTag<S>) -> bool {
    if tag.attributes.contains_key(b"hidden".as_slice()) {
        return true;
    }
    let Some(style) = tag.attributes.get(b"style".as_slice()) else {
        return false;
    };
    let style: Vec<u8> = style
        .iter()
        .filter(|b| !b.is_ascii_whitespace())
        .map(u8::to_ascii_lowercase)
        .collect();
    memchr::memmem::find(&style, b"display:none").is_some()
        || memchr::memmem::find(&style, b"visibility:hidden").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lists_links_and_quotes_read_like_mail() {
        for (html, want) in [
            ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines"),
            (
                "<div>a</div><div>b</div><div><br></div><div>c</div>",
                "a\nb\n\nc",
            ),
            (
                "<ul><li>a<li>b<ul><li>c</ul></ul><ol><li>x<li>y</ol>",
                "- a\n- b\n  - c\n\n1. x\n2. y",
            ),
            (
                "see <a href=\"https://a.example/x\">the page</a>.",
                "see the page <https://a.example/x>.",
            ),
            ("<a href=\"https://a.example/\">a.example</a>", "a.example"),
            (
                "<a href='mailto:a@b.example'>a@b.example</a>",
                "a@b.example",
            ),
            ("<pre>  two\n   lines</pre>", "  two\n   lines"),
            ("a &amp; b&nbsp;&lt;c&gt; &eacute;&#8364;", "a & b <c> é€"),
            (
                "<style>x</style><script>y<b></script><head><title>t</title></head>ok",
                "ok",
            ),
            (
                "<div style='display: none'>pre<div>header</div></div>shown",
                "shown",
            ),
            (
                "<table><tr><td>a<td>b</tr><tr><td>c</td><td>d</td></tr></table>",
                "a b\nc d",
            ),
            (
                "me<blockquote>you<br>said</blockquote>",
                "me\n\n> you\n> said",
            ),
            ("<img alt='Logo' src=x> hi", "[Logo] hi"),
            ("", ""),
        ] {
            assert_eq!(to_text(html), want, "{html}");
        }
    }

    #[test]
    fn depth_and_length_cost_linear_time() {
        for unit in [
            "<div>",
            "<blockquote>",
            "<ul><li>",
            "<a href=http://x>",
            "<!--",
            "<",
            "&",
            "<p hidden>",
        ] {
            let html = unit.repeat(800_000 / unit.len());
            assert!(to_text(&html).len() <= html.len() * 12);
        }
    }
}
