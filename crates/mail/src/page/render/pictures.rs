//! Pictures: the text in their place, and what they are.

use super::links::escaped_target;
use super::{MAX_LISTED, MAX_WRITTEN, Renderer};
use crate::page::link::percent_decoded;
use crate::page::smuggled::{is_emoji, is_invisible};
use crate::page::view::View;
use crate::page::walk::Tag;
use crate::page::{Image, attribute};

impl Renderer {
    pub(super) fn image(&mut self, tag: &Tag) {
        let alt = attribute(tag, b"alt").unwrap_or_default();
        let alt = self.sieve.seen(&alt);
        let alt = alt.split_whitespace().collect::<Vec<_>>().join(" ");
        let source = attribute(tag, b"src").unwrap_or_default();
        let source = source.trim();
        let content_id = match source.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("cid:") => {
                source.get(4..).map(percent_decoded)
            }
            _ => None,
        };
        let is_tracker = is_tiny(tag);
        if !is_tracker {
            self.show_image(&alt, content_id.as_deref());
        }
        if self.images.len() >= MAX_LISTED {
            self.truncated = true;
            return;
        }
        let limit = if source
            .get(..5)
            .is_some_and(|s| s.eq_ignore_ascii_case("data:"))
        {
            100
        } else {
            MAX_WRITTEN
        };
        let end = source.floor_char_boundary(limit.min(source.len()));
        self.images.push(Image {
            alt,
            source: source.get(..end).unwrap_or_default().to_owned(),
            content_id,
            is_tracker,
        });
    }

    pub(super) fn show_image(&mut self, alt: &str, content_id: Option<&str>) {
        if !alt.is_empty() && alt.chars().all(|c| is_emoji(c) || is_invisible(c)) {
            // Mail clients send emoji as pictures.
            self.see(alt, &View::ROOT);
            return;
        }
        let reference = content_id.filter(|_| self.is_markdown());
        if alt.is_empty() && reference.is_none() {
            return;
        }
        self.has_words = true;
        self.pieces.part();
        self.begin_words(alt);
        match reference {
            Some(reference) => {
                self.writer.raw("![");
                self.writer.text(alt);
                let reference = escaped_target(reference);
                self.writer.out.push_str("](cid:");
                self.writer.out.push_str(&reference);
                self.writer.out.push(')');
            }
            None if self.is_markdown() => {
                self.writer.raw("\\[image: ");
                self.writer.text(alt);
                self.writer.out.push_str("\\]");
            }
            None => {
                self.writer.raw("[");
                self.writer.text(alt);
                self.writer.out.push(']');
            }
        }
    }
}

/// Pictures of a pixel or two.
fn is_tiny(tag: &Tag) -> bool {
    let small = |name: &[u8]| {
        let value = attribute(tag, name)?;
        let number = value.trim().trim_end_matches("px").parse::<u32>().ok()?;
        Some(number <= 2)
    };
    matches!(
        (small(b"width"), small(b"height")),
        (Some(true), None | Some(true)) | (None, Some(true))
    )
}
