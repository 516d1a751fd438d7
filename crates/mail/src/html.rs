//! HTML to text: tokens in, lines out. No tree and no recursion, so depth costs nothing.

use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};

/// Levels of quotes and lists that are still drawn.
const MAX_DRAWN_DEPTH: usize = 8;
/// Octets of a link's address that are still written out.
const MAX_LINK: usize = 2_000;

/// Renders HTML as plain text the way a text mail client shows it: one line for each block, a
/// blank line around paragraphs, `- ` and `1. ` for lists, `> ` for quotes, `text <address>` for
/// links that do not show where they lead, `[alt]` for images. Scripts, styles and hidden
/// elements are left out.
#[must_use]
pub fn to_text(html: &str) -> String {
    let mut emitter = DefaultEmitter::<()>::new_with_span();
    emitter.naively_switch_states(true);
    let mut renderer = Renderer::default();
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => renderer.start(&tag),
            Token::EndTag(tag) => renderer.end(&tag.name),
            Token::String(text) => renderer.text(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    renderer.finish()
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

#[derive(Default)]
struct Renderer {
    out: String,
    /// Line breaks owed before the next word.
    owed: u8,
    /// A blank owed before the next word.
    blank: bool,
    preformatted: usize,
    quotes: usize,
    /// Open lists; the number of the next item for ordered ones.
    lists: Vec<Option<usize>>,
    /// The element being skipped and how many of its name are open in it.
    skipped: Option<(Vec<u8>, usize)>,
    /// The open link: its address and where its text begins.
    link: Option<(String, usize)>,
}

impl Renderer {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = tag.name.as_slice();
        if let Some((skipped, depth)) = &mut self.skipped {
            let ends = name == b"body" || (skipped == b"p" && breaks(name) > 0);
            if !ends {
                if name == skipped.as_slice() && !tag.self_closing {
                    *depth += 1;
                }
                return;
            }
            self.skipped = None;
        }
        if !is_void(name)
            && (is_unshown(name) || is_hidden(tag))
            && name != b"body"
            && name != b"html"
        {
            self.skipped = Some((name.to_vec(), 1));
            return;
        }
        self.owe(breaks(name));
        match name {
            b"br" => self.line_break(),
            b"li" => self.item(),
            b"ul" => self.lists.push(None),
            b"ol" => self.lists.push(Some(1)),
            b"pre" => self.preformatted += 1,
            b"blockquote" => self.quotes += 1,
            b"td" | b"th" => self.blank = true,
            b"img" => self.image(tag),
            b"a" => self.open_link(tag),
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) {
        if let Some((skipped, depth)) = &mut self.skipped {
            if name == skipped.as_slice() {
                *depth -= 1;
                if *depth == 0 {
                    self.skipped = None;
                }
            }
            return;
        }
        match name {
            b"ul" | b"ol" => {
                self.lists.pop();
            }
            b"pre" => self.preformatted = self.preformatted.saturating_sub(1),
            b"blockquote" => self.quotes = self.quotes.saturating_sub(1),
            b"a" => self.close_link(),
            b"p" | b"br" if name == b"br" => self.line_break(),
            _ => {}
        }
        self.owe(breaks(name));
    }

    fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        if self.preformatted > 0 {
            self.preformatted_text(text);
            return;
        }
        for c in text.chars() {
            if c.is_whitespace() {
                self.blank = true;
            } else if !matches!(
                c,
                '\u{AD}' | '\u{34F}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}'
            ) {
                self.push(c);
            }
        }
    }

    fn preformatted_text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => self.line_break(),
                '\r' => {}
                c => {
                    self.begin();
                    self.out.push(if c == '\u{A0}' { ' ' } else { c });
                }
            }
        }
    }

    fn push(&mut self, c: char) {
        self.begin();
        self.out.push(c);
    }

    /// Writes the breaks and blanks owed before a word.
    fn begin(&mut self) {
        if self.owed > 0 || self.out.is_empty() {
            if !self.out.is_empty() {
                for _ in 0..self.owed {
                    self.out.push('\n');
                }
            }
            for _ in 0..self.quotes.min(MAX_DRAWN_DEPTH) {
                self.out.push('>');
            }
            if self.quotes > 0 {
                self.out.push(' ');
            }
        } else if self.blank && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        self.owed = 0;
        self.blank = false;
    }

    /// Asks for at least `count` line breaks before the next word.
    fn owe(&mut self, count: u8) {
        if count > 0 {
            self.owed = self.owed.max(count);
            self.blank = false;
        }
    }

    /// A break the author set. Two in a row make a blank line, more do not make more.
    fn line_break(&mut self) {
        self.owed = (self.owed + 1).min(2);
        self.blank = false;
    }

    fn item(&mut self) {
        let depth = self.lists.len().min(MAX_DRAWN_DEPTH);
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number += 1;
                marker
            }
            _ => "- ".to_owned(),
        };
        self.owed = self.owed.max(1);
        self.begin();
        for _ in 1..depth {
            self.out.push_str("  ");
        }
        self.out.push_str(&marker);
    }

    fn image(&mut self, tag: &StartTag<()>) {
        let alt = tag
            .attributes
            .get(b"alt".as_slice())
            .map(|alt| String::from_utf8_lossy(alt));
        let alt = alt.map(|alt| alt.split_whitespace().collect::<Vec<_>>().join(" "));
        if let Some(alt) = alt.filter(|alt| !alt.is_empty() && !is_hidden(tag)) {
            self.begin();
            self.out.push('[');
            self.out.push_str(&alt);
            self.out.push(']');
        }
    }

    fn open_link(&mut self, tag: &StartTag<()>) {
        self.close_link();
        let href = tag
            .attributes
            .get(b"href".as_slice())
            .map(|href| String::from_utf8_lossy(href));
        let href = href.map(|href| href.trim().to_owned());
        let wanted = |href: &String| {
            let lower = href
                .get(..8.min(href.len()))
                .unwrap_or_default()
                .to_ascii_lowercase();
            href.len() <= MAX_LINK
                && !href.contains(|c: char| c.is_control() || c.is_whitespace())
                && ["http://", "https://", "mailto:"]
                    .iter()
                    .any(|scheme| lower.starts_with(scheme))
        };
        if let Some(href) = href.filter(wanted) {
            self.link = Some((href, self.out.len()));
        }
    }

    fn close_link(&mut self) {
        let Some((href, start)) = self.link.take() else {
            return;
        };
        let shown = self.out.get(start..).unwrap_or_default().trim();
        if !shown.is_empty() && !shows(shown, &href) {
            self.out.push_str(" <");
            self.out.push_str(&href);
            self.out.push('>');
        }
    }

    fn finish(mut self) -> String {
        self.close_link();
        let text = self.out;
        // Blanks before a break were owed and never written; only a marker without a word can
        // leave one.
        text.trim_end().to_owned()
    }
}

/// Whether the text of a link already shows where it leads.
fn shows(text: &str, href: &str) -> bool {
    let bare = |address: &str| {
        let address = address.trim_start_matches("mailto:");
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        address.trim_end_matches('/').to_ascii_lowercase()
    };
    let text: String = text
        .trim_matches(['<', '>', '[', ']'])
        .split_whitespace()
        .collect();
    bare(&text) == bare(href)
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
                "- a\n- b\n\n  - c\n\n1. x\n2. y",
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
