//! The lines of an HTML message, and the message without some of them.
//!
//! Nothing is rebuilt: ranges of the source are left out, and tags in them whose partner stays
//! are kept, so that the result nests as the source did.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use html5gum::{HtmlString, Tokenizer};

use super::Reading;
use super::decide;
use super::lines::{Line, Mark};
use super::role::{Role, role};
use super::words::is_invisible;
use crate::html::{breaks, is_void};

/// The document without its history; borrowed when all of it stays.
pub(super) fn without_history<'a>(html: &'a str, reading: &Reading<'_>) -> Cow<'a, str> {
    let mut document = Document::read(html);
    let dropped = decide::history(&mut document.lines, reading);
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
}

struct Builder<'a> {
    source: &'a str,
    document: Document,
    open: Vec<Open>,
    /// How often each name is open, so that a loose end tag costs no search.
    counts: HashMap<Vec<u8>, usize>,
    /// How many elements are open whose line breaks are shown.
    preformatted: usize,
    depth: usize,
    client_quotes: usize,
    attributions: usize,
    signatures: usize,
    unshown: usize,
    /// A paragraph ended since the last line.
    gap: bool,
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
            source: html,
            document: Self {
                lines: Vec::new(),
                spans: Vec::new(),
                tags: Vec::new(),
            },
            open: Vec::new(),
            counts: HashMap::new(),
            preformatted: 0,
            depth: 0,
            client_quotes: 0,
            attributions: 0,
            signatures: 0,
            unshown: 0,
            gap: true,
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
                    builder.start(tag);
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
        let cuts: Vec<Range<usize>> = dropped
            .iter()
            .map(|range| self.octets(range, html.len()))
            .collect();
        let inside = self.tags_inside(&cuts);
        let mut out = String::with_capacity(html.len());
        let mut from = 0;
        let mut tags = self.tags.iter().zip(&inside).peekable();
        for cut in cuts {
            out.push_str(html.get(from..cut.start).unwrap_or_default());
            while tags
                .next_if(|(tag, _)| tag.span.start < cut.start)
                .is_some()
            {}
            while let Some((tag, _)) = tags.next_if(|(tag, _)| tag.span.start < cut.end) {
                let partner_stays = tag
                    .partner
                    .and_then(|partner| inside.get(partner))
                    .is_some_and(|inside| !inside);
                if partner_stays {
                    out.push_str(html.get(tag.span.clone()).unwrap_or_default());
                }
            }
            from = cut.end;
        }
        out.push_str(html.get(from..).unwrap_or_default());
        out
    }

    /// For each tag whether it stands in one of the cuts, which are in order.
    fn tags_inside(&self, cuts: &[Range<usize>]) -> Vec<bool> {
        let mut cuts = cuts.iter().peekable();
        self.tags
            .iter()
            .map(|tag| {
                while cuts.next_if(|cut| cut.end <= tag.span.start).is_some() {}
                cuts.peek().is_some_and(|cut| cut.contains(&tag.span.start))
            })
            .collect()
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

impl Builder<'_> {
    fn words(&mut self, text: Option<HtmlString>, end: usize) {
        let start = std::mem::replace(&mut self.at, end);
        let Some(text) = text.filter(|_| self.unshown == 0) else {
            return;
        };
        let text = String::from_utf8_lossy(&text);
        if self.preformatted > 0 && text.contains('\n') {
            self.preformatted(&text, start..end);
            return;
        }
        self.piece(&text, start..end);
    }

    /// Text whose breaks are shown: each of its lines is a line.
    fn preformatted(&mut self, text: &str, span: Range<usize>) {
        let source = self.source.get(span.clone()).unwrap_or_default();
        if source.matches('\n').count() != text.matches('\n').count() {
            // A break was written as a character reference: where it stood is not known.
            self.piece(text, span);
            return;
        }
        let mut at = span.start;
        for (line, raw) in text.split('\n').zip(source.split('\n')) {
            if at > span.start {
                self.gap |= self.text.trim().is_empty();
                self.end_line();
            }
            self.piece(line, at..at + raw.len());
            at += raw.len() + 1;
        }
    }

    fn piece(&mut self, text: &str, span: Range<usize>) {
        let invisible = |c: char| c.is_whitespace() || is_invisible(c);
        if text.chars().all(invisible) {
            if !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            return;
        }
        self.add(text, span);
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
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
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
        } else if self.client_quotes > 0 {
            Mark::Quoted
        } else if self.signatures > 0 && self.pending == Mark::None {
            Mark::Signature
        } else {
            self.pending
        };
        self.pending = Mark::None;
        self.document.lines.push(Line {
            text: Cow::Owned(words.to_owned()),
            depth,
            mark,
            gap: std::mem::take(&mut self.gap),
        });
        self.document.spans.push(self.span.clone());
    }

    fn start(&mut self, tag: StartTag<usize>) {
        self.at = tag.span.end;
        let name = tag.name.as_slice();
        if name == b"br" || breaks(name) > 0 {
            self.gap |= self.text.trim().is_empty() && name == b"br";
            self.end_line();
            self.gap |= breaks(name) > 1;
        }
        if name == b"img" && self.unshown == 0 && !crate::html::is_hidden(&tag) {
            // A picture is something to see: it is not swallowed by a cut beside it.
            self.add("\u{FFFC}", tag.span.start..tag.span.end);
        }
        let role = role(&tag);
        let index = self.document.tags.len();
        self.document.tags.push(Tag {
            span: tag.span.start..tag.span.end,
            partner: None,
        });
        self.enter(role);
        if is_void(name) {
            return;
        }
        match self.counts.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(name.to_vec(), 1);
            }
        }
        self.preformatted += usize::from(name == b"pre");
        self.open.push(Open {
            name: tag.name,
            tag: index,
            role,
        });
    }

    fn enter(&mut self, role: Role) {
        match role {
            Role::Quote | Role::ClientQuote => {
                self.end_line();
                self.depth += 1;
                self.client_quotes += usize::from(role == Role::ClientQuote);
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
            Role::Signature => {
                self.end_line();
                self.signatures += 1;
            }
            Role::Unshown => self.unshown += 1,
            Role::Plain => {}
        }
    }

    fn end(&mut self, name: &HtmlString, span: Range<usize>) {
        self.at = span.end;
        if breaks(name) > 0 {
            self.end_line();
            self.gap |= breaks(name) > 1;
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
        self.preformatted -= usize::from(open.name.as_slice() == b"pre");
        match open.role {
            Role::Quote | Role::ClientQuote => {
                self.end_line();
                // What follows a quotation goes on with none of its lines.
                self.gap = true;
                self.depth -= 1;
                self.client_quotes -= usize::from(open.role == Role::ClientQuote);
            }
            Role::Attribution => {
                self.end_line();
                self.attributions -= 1;
            }
            Role::Signature => {
                self.end_line();
                self.signatures -= 1;
            }
            Role::Unshown => self.unshown -= 1,
            Role::Plain | Role::History | Role::Forward => {}
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
