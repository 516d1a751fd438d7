//! Parts HTML into what a person sees and what only the source says.

use std::ops::Range;

use crate::page::{Tag, Technique, View, Viewer, attribute_texts, comment_text, sheet_texts, walk};

/// Octets of a hidden piece that are read.
const MAX_PIECE: usize = 20_000;

/// A piece of text that a person does not see.
pub(super) struct Piece {
    pub(super) technique: Technique,
    pub(super) text: String,
    /// Where it begins in the source, in octets.
    pub(super) at: usize,
}

/// Text seen and text hidden.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) visible: String,
    pub(super) hidden: Vec<Piece>,
    /// The next break belongs to the last hidden piece as well.
    is_inside: bool,
}

/// Reads a page.
pub(super) fn part(html: &str) -> Parts {
    let mut parts = Parts::default();
    walk(html, &mut parts);
    parts
}

/// The way text here is hidden. What only Outlook hides counts too.
fn hidden(view: &View) -> Option<Technique> {
    let outlook = view
        .is_hidden_in_outlook()
        .then_some(Technique::OutlookOnly);
    view.hidden().or(outlook)
}

impl Parts {
    fn hide(&mut self, technique: Technique, text: &str, at: usize) {
        let end = text.floor_char_boundary(MAX_PIECE.min(text.len()));
        let text = text.get(..end).unwrap_or_default();
        if text.chars().filter(|c| !c.is_whitespace()).nth(7).is_some() {
            self.hidden.push(Piece {
                technique,
                text: text.to_owned(),
                at,
            });
        }
    }

    /// Writes the break or blank that an element puts between words.
    fn part_words(&mut self, name: &[u8], breaks: u8) {
        let seam = match breaks {
            0 if matches!(name, b"br" | b"td" | b"th") => "\n",
            0 => return,
            1 => "\n",
            _ => "\n\n",
        };
        self.visible.push_str(seam);
        if let Some(piece) = self.hidden.last_mut().filter(|_| self.is_inside) {
            piece.text.push_str(seam);
        }
    }
}

impl Viewer for Parts {
    fn start(&mut self, tag: &Tag, view: &View, breaks: u8) {
        let hidden = hidden(view);
        for (_, technique, text) in attribute_texts(tag) {
            self.hide(hidden.unwrap_or(technique), &text, tag.span.start);
        }
        self.is_inside = hidden.is_some();
        self.part_words(&tag.name, breaks);
    }

    fn end(&mut self, name: &[u8], view: &View, breaks: u8) {
        self.is_inside = hidden(view).is_some();
        self.part_words(name, breaks);
    }

    fn text(&mut self, text: &str, at: Range<usize>, view: &View, inside: &[u8]) {
        let Some(technique) = hidden(view) else {
            self.visible.push_str(text);
            return;
        };
        if inside == b"style" {
            for piece in sheet_texts(text) {
                self.hide(Technique::StyleSheet, piece, at.start);
            }
            return;
        }
        if text.trim().is_empty() {
            return;
        }
        if let Some(last) = self.hidden.last_mut()
            && last.technique == technique
            && technique != Technique::Comment
            && technique != Technique::Attribute
            && last.text.len() < MAX_PIECE
        {
            last.text.push_str(text);
            return;
        }
        let text = match technique {
            Technique::UndrawnElement if text.contains("\\u") => unescape(text),
            _ => text.to_owned(),
        };
        self.hidden.push(Piece {
            technique,
            text,
            at: at.start,
        });
    }

    fn comment(&mut self, text: &str, at: Range<usize>, _view: &View) {
        self.hide(Technique::Comment, &comment_text(text), at.start);
    }

    fn seam(&mut self, breaks: u8) {
        self.part_words(b"", breaks);
    }
}

/// Resolves the `\\uXXXX` of a script's strings.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        out.push_str(rest.get(..at).unwrap_or_default());
        let code = rest
            .get(at + 2..at + 6)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        out.push(code.unwrap_or('\\'));
        rest = rest
            .get(at + if code.is_some() { 6 } else { 1 }..)
            .unwrap_or_default();
    }
    out.push_str(rest);
    out
}
