//! Walks through the elements of a page and says of each what a person sees of its text.
//!
//! There is no tree: open elements are a bounded stack, and the end tags HTML lets authors leave
//! out are put in, so that whoever listens gets every beginning with its end.

use std::ops::Range;

use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use html5gum::{HtmlString, Tokenizer};

use super::element::{self, Facts};
use super::sheet::{Element, Sheet};
use super::stack::{Frame, Name, Stack};
use super::technique::Technique;
use super::view::View;
use crate::html::{breaks, is_void};

/// A start tag with its place in the source, in octets.
pub(crate) type Tag = StartTag<usize>;

/// Elements inside one another that are followed, as many as browsers follow. What is deeper
/// belongs to the deepest.
const MAX_DEPTH: usize = 512;

/// Who listens to a walk.
pub(crate) trait Viewer {
    /// An element begins; `view` holds for what is inside, `breaks` is its distance to other text
    /// as [`crate::html::breaks`] counts it.
    fn start(&mut self, tag: &Tag, view: &View, breaks: u8);
    /// The same element ends. `view` is what `start` was given.
    fn end(&mut self, name: &[u8], view: &View, breaks: u8);
    /// Text inside the element `inside`, from these octets of the source.
    fn text(&mut self, text: &str, at: Range<usize>, view: &View, inside: &[u8]);
    /// A comment.
    fn comment(&mut self, text: &str, at: Range<usize>, view: &View);
    /// A seam between words without an element of its own.
    fn seam(&mut self, breaks: u8);
    /// Whether nothing more is wanted.
    fn is_full(&self) -> bool {
        false
    }
}

/// Reads the style sheets, then tells the listener everything in order. Takes time linear in the
/// length of the page.
pub(crate) fn walk(html: &str, viewer: &mut impl Viewer) {
    let sheet = sheets(html);
    let mut walker = Walker {
        open: vec![0; sheet.places()],
        seen: vec![false; sheet.places()],
        sheet,
        viewer,
        stack: Stack::default(),
        keys: Vec::new(),
        crowd: 0,
        crowd_hidden: None,
        at: 0,
    };
    // Text waits for the next tag, which tells where it ended in the source.
    let mut text: Option<HtmlString> = None;
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::String(more) => match &mut text {
                Some(text) => text.extend_from_slice(&more),
                None => text = Some(more.value),
            },
            Token::StartTag(tag) => {
                walker.text(text.take(), tag.span.start);
                walker.at = tag.span.end;
                walker.start(tag);
            }
            Token::EndTag(tag) => {
                walker.text(text.take(), tag.span.start);
                walker.at = tag.span.end;
                walker.end(&tag.name);
            }
            Token::Comment(comment) => {
                walker.text(text.take(), comment.span.start);
                walker.at = comment.span.end;
                let view = walker.view();
                let span = comment.span.start..comment.span.end;
                walker
                    .viewer
                    .comment(&String::from_utf8_lossy(&comment), span, &view);
            }
            Token::Doctype(doctype) => walker.at = doctype.span.end,
            Token::Error(_) => {}
        }
        if walker.viewer.is_full() {
            break;
        }
    }
    walker.text(text.take(), html.len());
    walker.close_to(0);
}

/// The rules of all style elements. Pages without one are not read twice.
fn sheets(html: &str) -> Sheet {
    let mut sheet = Sheet::default();
    let bytes = html.as_bytes();
    let mut tags = memchr::memchr_iter(b'<', bytes);
    let is_style = |at: usize| {
        let name = bytes.get(at + 1..at + 6);
        name.is_some_and(|name| name.eq_ignore_ascii_case(b"style"))
    };
    if !tags.any(is_style) {
        return sheet;
    }
    let mut emitter = DefaultEmitter::<()>::new_with_span();
    emitter.naively_switch_states(true);
    let mut css: Option<Vec<u8>> = None;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let media = tag.attributes.get(b"media".as_slice());
                let holds =
                    media.is_none_or(|media| super::media::holds(&String::from_utf8_lossy(media)));
                css = (tag.name.as_slice() == b"style" && holds).then(Vec::new);
            }
            Token::EndTag(_) => {
                if let Some(css) = css.take() {
                    sheet.read(&String::from_utf8_lossy(&css));
                }
            }
            Token::String(text) => {
                if let Some(css) = &mut css {
                    css.extend_from_slice(&text);
                }
            }
            _ => {}
        }
    }
    sheet
}

struct Walker<'v, V> {
    viewer: &'v mut V,
    sheet: Sheet,
    stack: Stack,
    /// The simple selectors of the element being read.
    keys: Vec<String>,
    /// How often each place of the sheet is open, and which ones were seen.
    open: Vec<usize>,
    seen: Vec<bool>,
    /// Elements below the depth that is followed.
    crowd: usize,
    crowd_hidden: Option<Technique>,
    /// Where the last tag ended.
    at: usize,
}

impl<V: Viewer> Walker<'_, V> {
    /// The view at this place.
    fn view(&self) -> View {
        let mut view = self.stack.view();
        if let Some(technique) = self.crowd_hidden {
            view.hide(technique);
        }
        view
    }

    fn text(&mut self, text: Option<HtmlString>, end: usize) {
        let start = self.at;
        self.at = end;
        let Some(text) = text else {
            return;
        };
        if self.stack.last_is(b"head") && !text.trim_ascii().is_empty() {
            self.close_to(self.stack.len() - 1);
        }
        let view = self.view();
        let inside = self.stack.last_name();
        self.viewer
            .text(&String::from_utf8_lossy(&text), start..end, &view, inside);
    }

    fn start(&mut self, tag: Tag) {
        let name = tag.name.as_slice();
        if matches!(name, b"html" | b"body") && self.stack.has(Name::of(name)) {
            // A second document in the first: its text goes on in the same body.
            self.viewer.seam(1);
            return;
        }
        self.imply_ends(name);
        let child = self.stack.next_child();
        let facts = self.facts(&tag, child);
        let parent = self.stack.view();
        let mut view = facts.view(&parent);
        match name {
            b"summary"
                if parent.gone() == Some(Technique::Closed)
                    && self.stack.outer_view().gone().is_none() =>
            {
                view.show();
            }
            b"html" | b"body" if parent.gone().is_none() => view.show(),
            _ => {}
        }
        if view.known.is_none() && parent.hidden().is_none() && view.hidden().is_some() {
            view.known = element::known(&tag, facts.shown_elsewhere);
        }
        let breaks = facts.breaks(breaks(name));
        if self.stack.len() >= MAX_DEPTH {
            self.viewer.seam(breaks);
            if !is_void(name) {
                self.crowd += 1;
                self.crowd_hidden = self.crowd_hidden.or(view.hidden());
            }
            return;
        }
        let mut told = view;
        if let Some(technique) = self.crowd_hidden {
            told.hide(technique);
        }
        self.viewer.start(&tag, &told, breaks);
        let places = self.places();
        if is_void(name) {
            return;
        }
        for place in &places {
            if let Some(count) = self.open.get_mut(*place) {
                *count += 1;
            }
        }
        self.stack.push(Frame {
            name: tag.name,
            facts,
            view,
            told,
            breaks,
            children: 0,
            places,
        });
    }

    /// What the tag, the sheets and its own declarations say.
    fn facts(&mut self, tag: &Tag, child: usize) -> Facts {
        self.keys.clear();
        if !self.sheet.is_empty() {
            element::keys(tag, self.sheet.asks_for_attributes(), &mut self.keys);
        }
        let element = Element {
            keys: &self.keys,
            child,
            open: &self.open,
            seen: &self.seen,
        };
        element::facts(tag, &self.sheet, &element)
    }

    /// The places of the sheet that the element at hand is, which count as seen from now on.
    fn places(&mut self) -> Vec<usize> {
        let places: Vec<usize> = self
            .keys
            .iter()
            .filter_map(|key| self.sheet.place(key))
            .collect();
        for place in &places {
            if let Some(seen) = self.seen.get_mut(*place) {
                *seen = true;
            }
        }
        places
    }

    /// Ends what HTML ends when this element begins.
    fn imply_ends(&mut self, name: &[u8]) {
        if self.stack.last_is(b"head") && !element::belongs_to_head(name) {
            self.close_to(self.stack.len() - 1);
        }
        if breaks(name) > 0
            && let Some(at) = self.stack.find(Name::of(b"p"))
        {
            self.close(at, true);
        }
        let ended: &[&[u8]] = match name {
            b"li" => &[b"li"],
            b"dt" | b"dd" => &[b"dt", b"dd"],
            b"option" => &[b"option"],
            b"td" | b"th" => &[b"td", b"th"],
            b"tr" => &[b"tr"],
            b"tbody" | b"thead" | b"tfoot" => &[b"tbody", b"thead", b"tfoot", b"tr"],
            b"a" => &[b"a"],
            _ => return,
        };
        for ended in ended {
            if let Some(at) = self.stack.find_sibling(Name::of(ended)) {
                if *ended == b"a" {
                    self.take_out(at);
                } else {
                    self.close(at, *ended == b"li");
                }
            }
        }
    }

    fn end(&mut self, name: &[u8]) {
        if matches!(name, b"html" | b"body") {
            return;
        }
        if self.crowd > 0 {
            self.crowd -= 1;
            if self.crowd == 0 {
                self.crowd_hidden = None;
            }
            self.viewer.seam(breaks(name));
            return;
        }
        let Some(at) = self.stack.find(Name::of(name)) else {
            // Browsers take loose `</br>` and `</p>` for beginnings.
            let breaks = if name == b"br" { 1 } else { breaks(name) };
            self.viewer.seam(breaks);
            return;
        };
        if element::is_formatting(name) {
            self.take_out(at);
        } else {
            self.close(at, !matches!(name, b"td" | b"th" | b"table" | b"caption"));
        }
    }

    /// Ends the element at this depth and all inside it. Formatting left open in it goes on
    /// behind it (HTML: reconstruct the active formatting elements).
    fn close(&mut self, at: usize, keeps_formatting: bool) {
        let kept = if keeps_formatting {
            self.stack.formatting_above(at)
        } else {
            Vec::new()
        };
        for index in (at..self.stack.len()).rev() {
            let Some(frame) = self.stack.pop() else {
                return;
            };
            if !kept.contains(&index) {
                self.tell_end(&frame);
            } else if let Some(kept) = self.stack.keep(frame) {
                self.tell_end(&kept);
            }
        }
        self.stack.restore();
    }

    fn close_to(&mut self, depth: usize) {
        while self.stack.len() > depth {
            if let Some(frame) = self.stack.pop() {
                self.tell_end(&frame);
            }
        }
    }

    /// Ends one formatting element and leaves what was opened in it.
    fn take_out(&mut self, at: usize) {
        if let Some(frame) = self.stack.take_out(at) {
            self.tell_end(&frame);
        }
    }

    fn tell_end(&mut self, frame: &Frame) {
        for place in &frame.places {
            if let Some(count) = self.open.get_mut(*place) {
                *count = count.saturating_sub(1);
            }
        }
        self.viewer.end(&frame.name, &frame.told, frame.breaks);
    }
}
