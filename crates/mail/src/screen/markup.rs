//! Parts HTML into what a person sees and what only the source says.

use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};

use super::sheet::{Sheet, texts};
use super::style::{Rgb, Seen, color, declarations, is_near, number};
use super::technique::Technique;
use crate::html::{breaks, is_void};

/// Open elements that are followed; deeper ones take over what the deepest says.
const MAX_DEPTH: usize = 400;
/// Elements an end tag may close at once.
const MAX_CLOSED: usize = 60;
/// Octets of an attribute that are read.
const MAX_ATTRIBUTE: usize = 20_000;

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
}

struct Frame {
    name: Vec<u8>,
    hidden: Option<Technique>,
    color: Rgb,
    ground: Option<Rgb>,
}

/// Reads the style sheets, then the text.
pub(super) fn part(html: &str) -> Parts {
    let mut reader = Reader {
        parts: Parts::default(),
        sheet: style_sheets(html),
        frames: Vec::new(),
    };
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => reader.start(&tag),
            Token::EndTag(tag) => reader.end(&tag.name),
            Token::String(text) => {
                let at = text.span.start;
                reader.text(&String::from_utf8_lossy(&text), at);
            }
            Token::Comment(text) => reader.comment(&text, text.span.start),
            Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    reader.parts
}

fn style_sheets(html: &str) -> Sheet {
    let mut sheet = Sheet::default();
    let bytes = html.as_bytes();
    let begins = |at: usize| {
        bytes
            .get(at + 1..at + 6)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"style"))
    };
    // Most mails have none, and need not be read twice.
    if !memchr::memchr_iter(b'<', bytes).any(begins) {
        return sheet;
    }
    let mut emitter = DefaultEmitter::<()>::new_with_span();
    emitter.naively_switch_states(true);
    let mut inside = false;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => inside = tag.name.as_slice() == b"style",
            Token::EndTag(_) => inside = false,
            Token::String(text) if inside => sheet.read(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    sheet
}

struct Reader {
    parts: Parts,
    sheet: Sheet,
    frames: Vec<Frame>,
}

impl Reader {
    fn start(&mut self, tag: &StartTag<usize>) {
        let name = tag.name.as_slice();
        let (color, ground, inherited) = self
            .frames
            .last()
            .map_or(((0, 0, 0), Some((255, 255, 255)), None), |frame| {
                (frame.color, frame.ground, frame.hidden)
            });
        let own = self.seen(tag);
        let color_now = own.color.unwrap_or(color);
        let ground_now = if own.picture {
            None
        } else {
            own.ground.or(ground)
        };
        let mut hidden = own.hidden.or(undrawn(tag)).or(inherited);
        // A ground that was said in the mail, or white under everything.
        if hidden.is_none()
            && (own.color.is_some() || own.ground.is_some())
            && ground_now.is_some_and(|ground| is_near(color_now, ground))
        {
            hidden = Some(Technique::SameColor);
        } else if hidden == Some(Technique::SameColor)
            && (own.color.is_some() || own.ground.is_some() || own.picture)
            && ground_now.is_none_or(|ground| !is_near(color_now, ground))
        {
            hidden = None;
        }
        if hidden == Some(Technique::TinyFont) && own.hidden.is_none() && self.grows(tag) {
            hidden = None;
        }
        if name == b"summary" && inherited == Some(Technique::Closed) {
            hidden = None;
        }
        self.attributes(tag, hidden);
        self.part_words(name);
        if is_void(name) || tag.self_closing {
            return;
        }
        if matches!(name, b"p" | b"li" | b"td" | b"th" | b"tr" | b"option")
            && self.frames.last().is_some_and(|frame| frame.name == name)
        {
            self.frames.pop();
        }
        if self.frames.len() < MAX_DEPTH {
            self.frames.push(Frame {
                name: name.to_vec(),
                hidden,
                color: color_now,
                ground: ground_now,
            });
        }
    }

    /// Whether the element sets a font large enough to read again.
    fn grows(&self, tag: &StartTag<usize>) -> bool {
        let Some(style) = attribute(tag, b"style") else {
            return false;
        };
        let style = style.to_ascii_lowercase();
        style
            .split_once("font-size:")
            .and_then(|(_, value)| number(value.trim_start()))
            .is_some_and(|size| size > 2.0)
    }

    fn seen(&self, tag: &StartTag<usize>) -> Seen {
        let id = attribute(tag, b"id");
        let classes = attribute(tag, b"class");
        let mut names = Vec::new();
        let read = if self.sheet.is_empty() { 0 } else { 30 };
        for (name, value) in tag.attributes.iter().take(read) {
            let name = String::from_utf8_lossy(name);
            if name.starts_with("data-") || name == "lang" || name == "name" || name == "role" {
                names.push(format!("[{name}"));
                let value = String::from_utf8_lossy(value).to_ascii_lowercase();
                if value.len() < 60 {
                    names.push(format!("[{name}={value}"));
                }
            }
        }
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        let mut seen = self
            .sheet
            .of(&name, id.as_deref(), classes.as_deref(), &names);
        let named = |attribute_name: &[u8]| {
            attribute(tag, attribute_name)
                .and_then(|value| color(&value.trim().to_ascii_lowercase()))
        };
        seen.ground = named(b"bgcolor").or(seen.ground);
        if attribute(tag, b"background").is_some_and(|value| !value.is_empty()) {
            seen.picture = true;
        }
        if name == "font" || name == "basefont" {
            seen.color = named(b"color").or(seen.color);
        }
        if name == "body" {
            seen.color = named(b"text").or(seen.color);
        }
        if let Some(style) = attribute(tag, b"style") {
            seen.overlay(declarations(&style));
        }
        if tag.attributes.contains_key(b"hidden".as_slice()) {
            seen.hidden = seen.hidden.or(Some(Technique::HiddenAttribute));
        }
        seen
    }

    /// Texts in attributes, which are read by programs and seldom by people.
    fn attributes(&mut self, tag: &StartTag<usize>, hidden: Option<Technique>) {
        let name = tag.name.as_slice();
        for (attribute, value) in &tag.attributes {
            let technique = match attribute.as_slice() {
                b"value" if name == b"input" => Technique::FormValue,
                b"alt" | b"title" | b"placeholder" | b"summary" | b"label" | b"content"
                | b"value" | b"abbr" | b"srcdoc" | b"standby" | b"longdesc" | b"caption" => {
                    Technique::Attribute
                }
                name if name.starts_with(b"data-") || name.starts_with(b"aria-") => {
                    Technique::Attribute
                }
                b"href" | b"src" | b"action" => {
                    let value = String::from_utf8_lossy(value);
                    if value.contains("%20")
                        || value.contains('+')
                        || value.starts_with("data:text")
                    {
                        let text = value.replace('+', " ");
                        self.hide(Technique::Attribute, &text, tag.span.start);
                    }
                    continue;
                }
                _ => continue,
            };
            let text = String::from_utf8_lossy(value);
            let text = if attribute.as_slice() == b"srcdoc" {
                crate::html::to_text(&text)
            } else {
                text.into_owned()
            };
            self.hide(hidden.unwrap_or(technique), &text, tag.span.start);
        }
    }

    fn hide(&mut self, technique: Technique, text: &str, at: usize) {
        let end = text.floor_char_boundary(MAX_ATTRIBUTE);
        let text = text.get(..end).unwrap_or_default();
        if text.chars().filter(|c| !c.is_whitespace()).nth(7).is_some() {
            self.parts.hidden.push(Piece {
                technique,
                text: text.to_owned(),
                at,
            });
        }
    }

    fn end(&mut self, name: &[u8]) {
        let found = self
            .frames
            .iter()
            .rev()
            .take(MAX_CLOSED)
            .position(|frame| frame.name == name);
        if let Some(depth) = found {
            self.frames.truncate(self.frames.len() - depth - 1);
        }
        self.part_words(name);
    }

    /// Writes the break or blank that an element puts between words.
    fn part_words(&mut self, name: &[u8]) {
        let seam = match breaks(name) {
            2 => "\n\n",
            1 => "\n",
            _ if name == b"br" => "\n",
            _ if name == b"td" || name == b"th" => "\n",
            _ => return,
        };
        self.parts.visible.push_str(seam);
        if let (Some(frame), Some(piece)) = (self.frames.last(), self.parts.hidden.last_mut())
            && frame.hidden.is_some()
        {
            piece.text.push_str(seam);
        }
    }

    fn text(&mut self, text: &str, at: usize) {
        let hidden = self.frames.last().and_then(|frame| frame.hidden);
        let Some(technique) = hidden else {
            self.parts.visible.push_str(text);
            return;
        };
        let in_style = self
            .frames
            .last()
            .is_some_and(|frame| frame.name == b"style");
        if in_style {
            for piece in texts(text) {
                self.hide(Technique::StyleSheet, piece, at);
            }
            return;
        }
        if text.trim().is_empty() {
            return;
        }
        if let Some(last) = self.parts.hidden.last_mut()
            && last.technique == technique
            && technique != Technique::Comment
            && technique != Technique::Attribute
            && last.text.len() < MAX_ATTRIBUTE
        {
            last.text.push_str(text);
            return;
        }
        let text = match technique {
            Technique::UndrawnElement if text.contains("\\u") => unescape(text),
            _ => text.to_owned(),
        };
        self.parts.hidden.push(Piece {
            technique,
            text,
            at,
        });
    }

    fn comment(&mut self, comment: &[u8], at: usize) {
        let text = String::from_utf8_lossy(comment);
        // Conditional comments hold markup for Outlook; their text counts, their tags do not.
        let plain = if text.contains('<') {
            strip_tags(&text)
        } else {
            text.into_owned()
        };
        self.hide(Technique::Comment, &plain, at);
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

fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' if chars
                .peek()
                .is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!')) =>
            {
                inside = true;
                out.push('\n');
            }
            '>' if inside => inside = false,
            _ if inside => {}
            c => out.push(c),
        }
    }
    out
}

fn attribute(tag: &StartTag<usize>, name: &[u8]) -> Option<String> {
    let value = tag.attributes.get(name)?;
    let end = value.len().min(MAX_ATTRIBUTE);
    Some(String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned())
}

/// Elements whose content a mail client does not draw.
fn undrawn(tag: &StartTag<usize>) -> Option<Technique> {
    match tag.name.as_slice() {
        b"script" | b"style" | b"head" | b"title" | b"template" | b"noembed" | b"noscript"
        | b"noframes" | b"object" | b"iframe" | b"canvas" | b"audio" | b"video" | b"datalist"
        | b"rp" | b"desc" | b"metadata" | b"defs" | b"annotation" | b"annotation-xml" | b"svg"
        | b"math" | b"xml" | b"map" => Some(Technique::UndrawnElement),
        b"textarea" | b"select" => Some(Technique::FormValue),
        b"details" | b"dialog" if !tag.attributes.contains_key(b"open".as_slice()) => {
            Some(Technique::Closed)
        }
        _ => None,
    }
}
