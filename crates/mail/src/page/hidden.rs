//! Text that stands where no person looks: attributes and comments, and the list of all that is
//! hidden.

use std::borrow::Cow;
use std::ops::Range;

use super::smuggled::is_invisible;
use super::technique::Technique;
use super::walk::Tag;
use super::{Hidden, Known};

/// Pieces that are reported.
const MAX_PIECES: usize = 200;
/// Characters of a piece that are reported.
const MAX_TEXT: usize = 500;
/// Characters of a preheader: what lists of mails have room for, and some more.
const MAX_PREHEADER: usize = 300;
/// Letters that an attribute or comment must have to be a text.
const MIN_LETTERS: usize = 12;

/// The texts in a tag's attributes, which programs read and people see only on demand.
pub(crate) fn attribute_texts(tag: &Tag) -> Vec<(&[u8], Technique, Cow<'_, str>)> {
    let name = tag.name.as_slice();
    let mut found = Vec::new();
    for (attribute, value) in &tag.attributes {
        let technique = match attribute.as_slice() {
            b"value" if name == b"input" => Technique::FormValue,
            b"alt" | b"title" | b"placeholder" | b"summary" | b"label" | b"content" | b"value"
            | b"abbr" | b"srcdoc" | b"standby" | b"longdesc" | b"caption" => Technique::Attribute,
            name if name.starts_with(b"data-") || name.starts_with(b"aria-") => {
                Technique::Attribute
            }
            b"href" | b"src" | b"action" => {
                let value = String::from_utf8_lossy(value);
                if value.contains("%20") || value.contains('+') || value.starts_with("data:text") {
                    let text = value.replace('+', " ");
                    found.push((attribute.as_slice(), Technique::Attribute, Cow::Owned(text)));
                }
                continue;
            }
            _ => continue,
        };
        let text = String::from_utf8_lossy(value);
        let text = if attribute.as_slice() == b"srcdoc" {
            Cow::Owned(comment_text(&text).into_owned())
        } else {
            text
        };
        found.push((attribute.as_slice(), technique, text));
    }
    found
}

/// The text of a comment. Conditional comments hold markup for Outlook; their text counts, their
/// tags do not.
pub(crate) fn comment_text(comment: &str) -> Cow<'_, str> {
    if !comment.contains('<') {
        return Cow::Borrowed(comment);
    }
    let mut out = String::with_capacity(comment.len());
    let mut inside = false;
    let mut chars = comment.chars().peekable();
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
    Cow::Owned(out)
}

/// Collects what is hidden.
#[derive(Default)]
pub(super) struct Pieces {
    list: Vec<Hidden>,
    /// Nothing was seen since the last piece, so more of the same belongs to it.
    is_open: bool,
    /// Characters of the open piece.
    length: usize,
    has_preheader: bool,
    pub(super) truncated: bool,
}

impl Pieces {
    /// Something visible parts the pieces.
    pub(super) fn part(&mut self) {
        self.is_open = false;
    }

    /// Adds a hidden text; `is_first` when nothing was seen before it.
    pub(super) fn add(
        &mut self,
        technique: Technique,
        known: Option<Known>,
        text: &str,
        span: Range<usize>,
        is_first: bool,
    ) {
        let mut words = text
            .split(|c: char| c.is_whitespace() || is_invisible(c))
            .filter(|word| !word.is_empty())
            .peekable();
        if words.peek().is_none() {
            return;
        }
        let continues = self.is_open
            && self
                .list
                .last()
                .is_some_and(|last| last.technique == technique && same(last.known, known));
        if !continues {
            if self.list.len() >= MAX_PIECES {
                self.truncated = true;
                return;
            }
            self.length = 0;
            self.list.push(Hidden {
                technique,
                known,
                text: String::new(),
                span: span.clone(),
            });
        }
        self.is_open = true;
        let Some(last) = self.list.last_mut() else {
            return;
        };
        last.span.end = span.end;
        for word in words {
            if self.length > MAX_TEXT {
                break;
            }
            if !last.text.is_empty() {
                self.length += 1;
                // A blank at the end would part nothing.
                if self.length < MAX_TEXT {
                    last.text.push(' ');
                }
            }
            for c in word.chars() {
                self.length += 1;
                if self.length <= MAX_TEXT {
                    last.text.push(c);
                }
            }
        }
        self.preheader(is_first, continues);
    }

    /// The first hidden words before all others are a preheader while they are short.
    fn preheader(&mut self, is_first: bool, continues: bool) {
        let Some(last) = self.list.last_mut() else {
            return;
        };
        let fits = is_first && self.length <= MAX_PREHEADER && hides_element(last.technique);
        if continues {
            if last.known == Some(Known::Preheader) && !fits {
                last.known = None;
            }
        } else if fits && !self.has_preheader && last.known.is_none() {
            last.known = Some(Known::Preheader);
            self.has_preheader = true;
        }
    }

    /// Adds the text of an attribute or comment, if it has words.
    pub(super) fn add_text(
        &mut self,
        technique: Technique,
        known: Option<Known>,
        text: &str,
        span: Range<usize>,
    ) {
        let letters = text.chars().filter(|c| c.is_alphabetic());
        if letters.take(MIN_LETTERS).count() < MIN_LETTERS
            || text.split_whitespace().nth(2).is_none() && text.is_ascii()
        {
            return;
        }
        self.part();
        self.add(technique, known, text, span, false);
        self.part();
    }

    pub(super) fn finish(self) -> Vec<Hidden> {
        self.list
    }
}

/// A preheader was told from its place, so more of its text has not been told yet.
fn same(last: Option<Known>, next: Option<Known>) -> bool {
    last == next || last == Some(Known::Preheader) && next.is_none()
}

/// Ways of hiding an element that preheaders use.
const fn hides_element(technique: Technique) -> bool {
    matches!(
        technique,
        Technique::DisplayNone
            | Technique::Visibility
            | Technique::Opacity
            | Technique::TinyFont
            | Technique::TransparentColor
            | Technique::SameColor
            | Technique::OffScreen
            | Technique::Clip
            | Technique::ZeroBox
            | Technique::ZeroScale
            | Technique::HiddenAttribute
    )
}
