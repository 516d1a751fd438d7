//! The lines of an HTML message, and the message without some of them.
//!
//! Nothing is rebuilt: ranges of the source are left out, and tags in them whose partner stays
//! are kept, so that the result nests as the source did.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use html5gum::{HtmlString, Tokenizer};

use super::decide;
use super::lines::{self, Line, Mark};
use crate::html::{breaks, is_unshown, is_void};

/// The document without its history; borrowed when all of it stays.
pub(super) fn without_history(html: &str) -> Cow<'_, str> {
    let document = Document::read(html);
    let dropped = decide::history(&document.lines);
    if dropped.is_empty() {
        return Cow::Borrowed(html);
    }
    Cow::Owned(document.without(html, &dropped))
}

/// A tag of the source.
struct Tag {
    span: Range<usize>,
    /// The index of its other half; none for void elements and for loose ends.
    partner: Option<usize>,
}

struct Document {
    lines: Vec<Line<'static>>,
    /// For each line the octets from its first to its last word.
    spans: Vec<Range<usize>>,
    tags: Vec<Tag>,
}

/// An open element.
struct Open {
    name: HtmlString,
    tag: usize,
    role: Role,
    /// The first line inside it.
    line: usize,
}

/// What an element means for the lines in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    /// Its lines are quoted.
    Quote,
    /// It holds an attribution and perhaps a quotation: Gmail's container.
    Container,
    Attribution,
    /// From its first line on all is history.
    History,
    Forward,
    Unshown,
}

struct Builder {
    document: Document,
    open: Vec<Open>,
    /// How often each name is open, so that a loose end tag costs no search.
    counts: HashMap<Vec<u8>, usize>,
    depth: usize,
    attributions: usize,
    unshown: usize,
    /// The mark of the next line with words.
    pending: Mark,
    text: String,
    span: Range<usize>,
    /// Where the last tag ended: text begins there.
    at: usize,
}

impl Document {
    fn read(html: &str) -> Self {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        let mut builder = Builder {
            document: Self {
                lines: Vec::new(),
                spans: Vec::new(),
                tags: Vec::new(),
            },
            open: Vec::new(),
            counts: HashMap::new(),
            depth: 0,
            attributions: 0,
            unshown: 0,
            pending: Mark::None,
            text: String::new(),
            span: 0..0,
            at: 0,
        };
        // Text waits for the next tag, which tells where it ended in the source.
        let mut text: Option<HtmlString> = None;
        for token in Tokenizer::new_with_emitter(html, emitter) {
            let Ok(token) = token;
            match token {
                Token::String(more) => match &mut text {
                    Some(text) => text.extend_from_slice(&more),
                    None => text = Some(more.value),
                },
                Token::StartTag(tag) => {
                    builder.words(text.take(), tag.span.start);
                    builder.start(&tag);
                }
                Token::EndTag(tag) => {
                    builder.words(text.take(), tag.span.start);
                    builder.end(&tag.name, tag.span.start..tag.span.end);
                }
                Token::Comment(comment) => {
                    builder.words(text.take(), comment.span.start);
                    builder.at = comment.span.end;
                }
                Token::Doctype(doctype) => builder.at = doctype.span.end,
                Token::Error(_) => {}
            }
        }
        builder.words(text.take(), html.len());
        builder.finish()
    }

    fn without(&self, html: &str, dropped: &[Range<usize>]) -> String {
        let mut out = String::with_capacity(html.len());
        let mut from = 0;
        let mut next_tag = 0;
        for range in dropped {
            let cut = self.octets(range, html.len());
            out.push_str(html.get(from..cut.start).unwrap_or_default());
            while self
                .tags
                .get(next_tag)
                .is_some_and(|tag| tag.span.start < cut.start)
            {
                next_tag += 1;
            }
            while let Some(tag) = self
                .tags
                .get(next_tag)
                .filter(|tag| tag.span.start < cut.end)
            {
                let partner = tag.partner.and_then(|partner| self.tags.get(partner));
                if partner.is_some_and(|partner| !cut.contains(&partner.span.start)) {
                    out.push_str(html.get(tag.span.clone()).unwrap_or_default());
                }
                next_tag += 1;
            }
            from = cut.end;
        }
        out.push_str(html.get(from..).unwrap_or_default());
        out
    }

    /// The octets of a range of lines with everything between them and their neighbours.
    fn octets(&self, range: &Range<usize>, length: usize) -> Range<usize> {
        let start = match range
            .start
            .checked_sub(1)
            .and_then(|above| self.spans.get(above))
        {
            Some(above) => above.end,
            None => self.spans.get(range.start).map_or(0, |span| span.start),
        };
        let end = self
            .spans
            .get(range.end)
            .map_or(length, |below| below.start);
        start..end.max(start)
    }
}

impl Builder {
    fn words(&mut self, text: Option<HtmlString>, end: usize) {
        let start = std::mem::replace(&mut self.at, end);
        let Some(text) = text.filter(|_| self.unshown == 0) else {
            return;
        };
        let text = String::from_utf8_lossy(&text);
        let invisible = |c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '\u{200b}' | '\u{feff}' | '\u{ad}' | '\u{200e}' | '\u{200f}'
                )
        };
        if text.chars().all(invisible) {
            if !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            return;
        }
        self.add(&text, start..end);
    }

    fn add(&mut self, text: &str, span: Range<usize>) {
        if self.text.is_empty() {
            self.span = span;
        } else {
            self.span.end = span.end;
        }
        for (index, word) in text.split_whitespace().enumerate() {
            let apart = index > 0 || text.starts_with(char::is_whitespace);
            if apart && !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
        if text.ends_with(char::is_whitespace) {
            self.text.push(' ');
        }
    }

    fn end_line(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let mut depth = self.depth;
        let mut words = text;
        while let Some(inner) = words.strip_prefix('>') {
            depth += 1;
            words = inner.trim_start();
        }
        let mark = if self.attributions > 0 {
            Mark::Attribution
        } else {
            self.pending
        };
        self.pending = Mark::None;
        self.document.lines.push(Line {
            text: Cow::Owned(words.to_owned()),
            depth,
            mark,
        });
        self.document.spans.push(self.span.clone());
    }

    fn start(&mut self, tag: &StartTag<usize>) {
        self.at = tag.span.end;
        let name = tag.name.as_slice();
        if name == b"br" || breaks(name) > 0 {
            self.end_line();
        }
        if name == b"img" && self.unshown == 0 && !crate::html::is_hidden(tag) {
            // A picture is something to see: it is not swallowed by a cut beside it.
            self.add("\u{FFFC}", tag.span.start..tag.span.end);
        }
        let role = role(tag);
        let index = self.document.tags.len();
        self.document.tags.push(Tag {
            span: tag.span.start..tag.span.end,
            partner: None,
        });
        self.enter(role);
        if is_void(name) {
            return;
        }
        *self.counts.entry(name.to_vec()).or_default() += 1;
        self.open.push(Open {
            name: tag.name.clone(),
            tag: index,
            role,
            line: self.document.lines.len(),
        });
    }

    fn enter(&mut self, role: Role) {
        match role {
            Role::Quote => {
                self.end_line();
                self.depth += 1;
            }
            Role::Attribution => {
                self.end_line();
                self.attributions += 1;
            }
            Role::History => {
                self.end_line();
                self.pending = Mark::History;
            }
            Role::Forward => {
                self.end_line();
                self.pending = Mark::Forward;
            }
            Role::Unshown => self.unshown += 1,
            Role::Container => self.end_line(),
            Role::Plain => {}
        }
    }

    fn end(&mut self, name: &HtmlString, span: Range<usize>) {
        self.at = span.end;
        if breaks(name) > 0 {
            self.end_line();
        }
        let index = self.document.tags.len();
        self.document.tags.push(Tag {
            span,
            partner: None,
        });
        if self
            .counts
            .get(name.as_slice())
            .is_none_or(|count| *count == 0)
        {
            return;
        }
        while let Some(open) = self.open.pop() {
            self.leave(&open);
            if open.name == *name {
                if let Some(tag) = self.document.tags.get_mut(open.tag) {
                    tag.partner = Some(index);
                }
                if let Some(tag) = self.document.tags.get_mut(index) {
                    tag.partner = Some(open.tag);
                }
                return;
            }
        }
    }

    fn leave(&mut self, open: &Open) {
        if let Some(count) = self.counts.get_mut(open.name.as_slice()) {
            *count -= 1;
        }
        match open.role {
            Role::Quote => {
                self.end_line();
                self.depth -= 1;
            }
            Role::Attribution => {
                self.end_line();
                self.attributions -= 1;
            }
            Role::Unshown => self.unshown -= 1,
            Role::Container => self.close_container(open.line),
            Role::Plain | Role::History | Role::Forward => {}
        }
    }

    /// A container of Gmail's without a quotation in it is the quotation itself, unless it holds
    /// a forwarded message.
    fn close_container(&mut self, first: usize) {
        self.end_line();
        let Some(inside) = self.document.lines.get_mut(first..) else {
            return;
        };
        let quoted = inside.iter().any(|line| line.depth > 0);
        let forward = inside
            .iter()
            .take(2)
            .any(|line| line.mark == Mark::Forward || lines::is_forward(&line.text));
        if !quoted && !forward {
            for line in inside {
                line.depth += 1;
            }
        }
    }

    fn finish(mut self) -> Document {
        self.end_line();
        while let Some(open) = self.open.pop() {
            self.leave(&open);
        }
        self.document
    }
}

fn role(tag: &StartTag<usize>) -> Role {
    let name = tag.name.as_slice();
    if is_unshown(name) && !is_void(name) {
        return Role::Unshown;
    }
    let attribute = |name: &[u8]| {
        tag.attributes
            .get(name)
            .map(|value| value.to_ascii_lowercase())
    };
    let class = attribute(b"class").unwrap_or_default();
    let id = attribute(b"id").unwrap_or_default();
    let style = attribute(b"style").unwrap_or_default();
    let names = |wanted: &[&[u8]]| {
        class
            .split(u8::is_ascii_whitespace)
            .chain(std::iter::once(id.as_slice()))
            // Outlook on the web puts `x_` before the names it finds in a message.
            .any(|word| wanted.contains(&strip_x(word)))
    };
    let styled = |wanted: &[u8]| {
        let plain: Vec<u8> = style
            .iter()
            .filter(|b| !b.is_ascii_whitespace())
            .copied()
            .collect();
        memchr::memmem::find(&plain, wanted).is_some()
    };
    if names(&[
        b"gmail_attr",
        b"moz-cite-prefix",
        b"reply-intro",
        b"mail-citation-caption",
    ]) {
        return Role::Attribution;
    }
    if names(&[b"moz-forward-container"]) {
        return Role::Forward;
    }
    if names(&[
        b"divrplyfwdmsg",
        b"appendonsend",
        b"outlookmessageheader",
        b"stopspelling",
        b"zwchr",
        b"mail-editor-reference-message-container",
        b"replysplit",
    ]) {
        return Role::History;
    }
    if name == b"blockquote" {
        let indentation =
            styled(b"border:none") && attribute(b"type").is_none() && !names(&[b"gmail_quote"]);
        return if indentation {
            Role::Plain
        } else {
            Role::Quote
        };
    }
    let yahoo = class
        .split(u8::is_ascii_whitespace)
        .any(|word| word.ends_with(b"yahoo_quoted"));
    let named = names(&[
        b"protonmail_quote",
        b"zmail_extra",
        b"tutanota_quote",
        b"olk_src_body_section",
        b"ms-outlook-mobile-reference-message",
        b"isreplycontent",
        b"yahoo_quoted",
        b"qtdsepr",
        b"hmquote",
        b"mailspring-quote",
        b"front-quote",
        b"frontquote",
    ]);
    let zimbra = tag
        .attributes
        .get(b"data-marker".as_slice())
        .is_some_and(|m| m.as_slice() == b"__QUOTED_TEXT__");
    let gmx = name == b"div" && attribute(b"name").is_some_and(|value| value == b"quote");
    if yahoo || named || zimbra || gmx {
        return Role::Quote;
    }
    if name == b"div" && names(&[b"gmail_quote"]) {
        return Role::Container;
    }
    // The line Outlook for Windows draws above the old message's headers.
    if name == b"div" && styled(b"border:none;border-top:solid#") && styled(b"padding:3") {
        return Role::History;
    }
    Role::Plain
}

fn strip_x(word: &[u8]) -> &[u8] {
    let mut word = word;
    while let Some(inner) = word.strip_prefix(b"x_") {
        word = inner;
    }
    word
}
