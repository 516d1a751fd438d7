//! Writes what is seen of a page and lists the rest.

mod links;
mod pictures;

use std::ops::Range;

use super::hidden::{Pieces, attribute_texts, comment_text};
use super::sheet::texts;
use super::smuggled::Sieve;
use super::table::Table;
use super::view::View;
use super::walk::{Tag, Viewer};
use super::writer::{Mark, Writer};
use super::{Image, Known, Link, Options, Rendered, Technique, attribute};

/// Links and pictures that are listed.
const MAX_LISTED: usize = 1_000;
/// Octets of an address that are written into the text.
const MAX_WRITTEN: usize = 2_000;
/// Tables inside one another that may be written as rows.
const MAX_TABLES: usize = 100;

/// The link being written.
struct Open {
    target: String,
    /// Its words so far, and how many characters they have.
    words: String,
    length: usize,
    /// Where it begins in the output, once a word of it is there.
    start: Option<usize>,
}

pub(super) struct Renderer {
    options: Options,
    writer: Writer,
    sieve: Sieve,
    pieces: Pieces,
    links: Vec<Link>,
    images: Vec<Image>,
    link: Option<Open>,
    tables: Vec<Table>,
    /// For each open quote whether it is drawn.
    quotes: Vec<bool>,
    truncated: bool,
    has_words: bool,
}

impl Renderer {
    pub(super) fn new(options: &Options, length: usize) -> Self {
        Self {
            options: *options,
            writer: Writer::new(options.format, (length / 4).min(options.max_text)),
            sieve: Sieve::default(),
            pieces: Pieces::default(),
            links: Vec::new(),
            images: Vec::new(),
            link: None,
            tables: Vec::new(),
            quotes: Vec::new(),
            truncated: false,
            has_words: false,
        }
    }

    pub(super) fn finish(mut self, length: usize) -> Rendered {
        self.truncated |= self.is_full();
        self.end_link();
        self.writer.close_marks(0);
        let sieve = std::mem::take(&mut self.sieve);
        for (technique, text) in sieve.carried.read() {
            self.pieces.part();
            self.pieces.add(technique, None, &text, 0..length, false);
        }
        let mut text = self.writer.out;
        text.truncate(text.trim_end().len());
        let end = text.floor_char_boundary(self.options.max_text.min(text.len()));
        let truncated = self.truncated || self.pieces.truncated || end < text.len();
        text.truncate(end);
        Rendered {
            text,
            links: self.links,
            images: self.images,
            truncated,
            hidden: self.pieces.finish(),
        }
    }

    fn is_markdown(&self) -> bool {
        self.writer.is_markdown
    }

    /// Writes words that are seen.
    fn see(&mut self, text: &str, view: &View) {
        let turned: String;
        let text = if view.is_backwards() {
            turned = text.chars().rev().collect();
            &turned
        } else {
            text
        };
        let seen = self.sieve.seen(text);
        let mut words: &str = &seen;
        if words.chars().any(|c| !c.is_whitespace()) {
            self.has_words = true;
            self.pieces.part();
            if !view.lines && words.starts_with(char::is_whitespace) {
                self.writer.owe_blank();
                words = words.trim_start();
            }
            self.begin_words(words);
        }
        if view.lines {
            self.writer.lines(words);
        } else {
            self.writer.text(words);
        }
    }

    fn input(&mut self, tag: &Tag) {
        let kind = attribute(tag, b"type").unwrap_or_default().to_lowercase();
        if matches!(kind.as_str(), "submit" | "button" | "reset") {
            let label = attribute(tag, b"value").unwrap_or_default();
            self.see(&label, &View::ROOT);
            self.writer.owe_blank();
        }
    }

    /// Reports the texts in a tag's attributes that are not shown.
    fn attributes(&mut self, tag: &Tag, view: &View) {
        if tag.attributes.is_empty() {
            return;
        }
        let hidden = view.hidden();
        let name = tag.name.as_slice();
        for (attribute, technique, text) in attribute_texts(tag) {
            let is_shown = hidden.is_none()
                && (name == b"img" && attribute == b"alt"
                    || name == b"input" && attribute == b"value" && is_button(tag));
            if is_shown || name == b"meta" || matches!(attribute, b"href" | b"src" | b"action") {
                continue;
            }
            let known = if attribute.starts_with(b"aria-") {
                Some(Known::ScreenReader)
            } else {
                view.known
            };
            let span = tag.span.start..tag.span.end;
            self.pieces
                .add_text(hidden.unwrap_or(technique), known, &text, span);
        }
    }

    fn start_shown(&mut self, tag: &Tag) {
        let name = tag.name.as_slice();
        match name {
            b"br" => self.writer.line_break(),
            b"hr" if self.is_markdown() && self.has_words => {
                self.writer.raw("---");
                self.writer.owe(2);
            }
            b"ul" | b"menu" | b"dir" => self.writer.begin_list(None),
            b"ol" => {
                let first = attribute(tag, b"start").and_then(|start| start.trim().parse().ok());
                self.writer.begin_list(Some(first.unwrap_or(1)));
            }
            b"li" => self.writer.begin_item(),
            b"blockquote" => {
                let is_drawn = !is_indent(tag);
                self.quotes.push(is_drawn);
                if is_drawn {
                    self.writer.begin_quote();
                }
            }
            b"pre" | b"listing" | b"xmp" if !is_plain_mail(tag) => self.writer.begin_code(),
            b"img" => self.image(tag),
            b"input" => self.input(tag),
            b"a" => self.start_link(tag),
            _ => {
                if let Some(level) = heading(name) {
                    self.writer.begin_heading(level);
                } else if let Some(mark) = mark(name) {
                    self.writer.begin_mark(mark);
                }
            }
        }
        self.table(tag);
    }

    /// What concerns tables.
    fn table(&mut self, tag: &Tag) {
        let name = tag.name.as_slice();
        match name {
            b"table" => {
                if let Some(outer) = self.tables.last_mut() {
                    outer.is_too_complex();
                }
                let role = attribute(tag, b"role").unwrap_or_default();
                let arranges = matches!(role.trim(), "presentation" | "none");
                let mut table = Table::begin(&mut self.writer, arranges);
                let writer = &self.writer;
                let is_inside = self.link.is_some() || writer.is_inline() || writer.is_in_code();
                if is_inside || !self.options.tables || self.tables.len() >= MAX_TABLES {
                    table.is_too_complex();
                }
                self.tables.push(table);
            }
            b"tr" => {
                if let Some(table) = self.tables.last_mut() {
                    table.begin_row();
                }
            }
            b"td" | b"th" => {
                self.writer.owe_blank();
                if let Some(table) = self.tables.last_mut() {
                    let columns = attribute(tag, b"colspan");
                    let columns = columns.and_then(|columns| columns.trim().parse().ok());
                    table.begin_cell(&mut self.writer, name == b"th", columns.unwrap_or(1));
                }
            }
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"ul" | b"ol" | b"pre" | b"hr"
            | b"blockquote" => {
                if let Some(table) = self.tables.last_mut() {
                    table.is_too_complex();
                }
            }
            _ => {}
        }
    }
}

impl Viewer for Renderer {
    fn start(&mut self, tag: &Tag, view: &View, breaks: u8) {
        self.attributes(tag, view);
        if view.hidden().is_some() {
            return;
        }
        let is_list = matches!(tag.name.as_slice(), b"ul" | b"ol");
        let breaks = if is_list && self.writer.is_in_list() {
            1
        } else {
            breaks
        };
        self.writer.owe(breaks);
        self.start_shown(tag);
    }

    fn end(&mut self, name: &[u8], view: &View, breaks: u8) {
        if view.hidden().is_some() {
            return;
        }
        match name {
            b"ul" | b"ol" | b"menu" | b"dir" => {
                self.writer.end_list();
                if self.writer.is_in_list() {
                    self.writer.owe(1);
                    return;
                }
            }
            b"blockquote" => {
                if self.quotes.pop() == Some(true) {
                    self.writer.end_quote();
                }
            }
            b"pre" | b"listing" | b"xmp" => self.writer.end_code(),
            b"a" => self.end_link(),
            b"table" => {
                if let Some(table) = self.tables.pop() {
                    table.end(&mut self.writer);
                }
            }
            b"td" | b"th" => {
                if let Some(table) = self.tables.last_mut() {
                    table.end_cell(&mut self.writer);
                }
            }
            _ => {
                if heading(name).is_some() {
                    self.writer.end_heading();
                } else if let Some(mark) = mark(name) {
                    self.writer.end_mark(mark);
                }
            }
        }
        self.writer.owe(breaks);
    }

    fn text(&mut self, text: &str, at: Range<usize>, view: &View, inside: &[u8]) {
        let Some(technique) = view.hidden() else {
            self.see(text, view);
            return;
        };
        if inside == b"style" {
            for piece in texts(text) {
                self.pieces
                    .add_text(Technique::StyleSheet, None, piece, at.clone());
            }
            return;
        }
        self.pieces
            .add(technique, view.known, text, at, !self.has_words);
    }

    fn comment(&mut self, text: &str, at: Range<usize>, _view: &View) {
        let conditional = text.trim_start().strip_prefix("[if");
        let known = conditional.is_some().then_some(Known::Outlook);
        let inner = conditional.and_then(|text| text.split_once("]>"));
        let text = comment_text(inner.map_or(text, |(_, inner)| inner));
        self.pieces.add_text(Technique::Comment, known, &text, at);
    }

    fn seam(&mut self, breaks: u8) {
        self.writer.owe(breaks);
    }

    fn is_full(&self) -> bool {
        self.writer.out.len() > self.options.max_text
    }
}

fn heading(name: &[u8]) -> Option<usize> {
    match name {
        [b'h', level @ b'1'..=b'6'] => Some(usize::from(level - b'0')),
        _ => None,
    }
}

fn mark(name: &[u8]) -> Option<Mark> {
    match name {
        b"b" | b"strong" => Some(Mark::Strong),
        b"i" | b"em" => Some(Mark::Emphasis),
        b"s" | b"strike" | b"del" => Some(Mark::Struck),
        b"code" | b"tt" | b"kbd" | b"samp" => Some(Mark::Code),
        _ => None,
    }
}

fn is_button(tag: &Tag) -> bool {
    attribute(tag, b"type").is_some_and(|kind| {
        ["submit", "button", "reset"]
            .iter()
            .any(|known| kind.eq_ignore_ascii_case(known))
    })
}

/// Quotes without a line beside them are how web mail indents.
fn is_indent(tag: &Tag) -> bool {
    let is_cite = attribute(tag, b"type").is_some_and(|kind| kind.eq_ignore_ascii_case("cite"));
    let style = attribute(tag, b"style").unwrap_or_default();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    !is_cite && (style.contains("border:none") || style.contains("border:0"))
}

/// Clients that send plain text as HTML put all of it into one `pre`.
fn is_plain_mail(tag: &Tag) -> bool {
    let class = attribute(tag, b"class").unwrap_or_default();
    class.contains("k9mail")
        || class.contains("moz-quote-pre")
        || tag.attributes.contains_key(b"wrap".as_slice())
}
