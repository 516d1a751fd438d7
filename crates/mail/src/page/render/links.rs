//! Links: their words, where they lead, and a note when the two disagree.

use super::{MAX_LISTED, MAX_WRITTEN, Open, Renderer};
use crate::page::link::{Mismatch, host, is_followable, mismatch, scheme};
use crate::page::smuggled::is_invisible;
use crate::page::walk::Tag;
use crate::page::{Link, attribute};

/// Octets of a target that are listed.
const MAX_TARGET: usize = 8_000;
/// Characters of the words of a link that are listed.
const MAX_WORDS: usize = 500;

impl Renderer {
    /// Opens the link that waits for its first word, and notes its words.
    pub(super) fn begin_words(&mut self, words: &str) {
        if let Some(table) = self.tables.last_mut() {
            table.meet_words();
        }
        let Some(link) = &mut self.link else {
            return;
        };
        for c in words.chars() {
            if link.length >= MAX_WORDS {
                break;
            }
            let c = if c.is_whitespace() { ' ' } else { c };
            if c != ' ' || !link.words.ends_with(' ') {
                link.words.push(c);
                link.length += 1;
            }
        }
        if link.start.is_some() {
            return;
        }
        self.writer.begin();
        link.start = Some(self.writer.out.len());
        if self.writer.is_markdown {
            self.writer.hold_marks();
            self.writer.raw("[");
            self.writer.begin_inline();
        }
    }

    pub(super) fn start_link(&mut self, tag: &Tag) {
        self.end_link();
        let Some(target) = attribute(tag, b"href") else {
            return;
        };
        let target = target.trim();
        if target.is_empty() || target.starts_with('#') {
            return;
        }
        let end = target.floor_char_boundary(MAX_TARGET.min(target.len()));
        self.link = Some(Open {
            target: target.get(..end).unwrap_or_default().to_owned(),
            words: String::new(),
            length: 0,
            start: None,
        });
    }

    pub(super) fn end_link(&mut self) {
        let Some(link) = self.link.take() else {
            return;
        };
        let words = link.words.trim();
        let mismatch = mismatch(words, &link.target);
        if let Some(start) = link.start {
            self.close_link(&link, words, start, mismatch);
        }
        if self.links.len() >= MAX_LISTED {
            self.truncated = true;
            return;
        }
        self.links.push(Link {
            text: words.to_owned(),
            target: link.target,
            mismatch,
        });
    }

    pub(super) fn close_link(
        &mut self,
        link: &Open,
        words: &str,
        start: usize,
        mismatch: Option<Mismatch>,
    ) {
        let target = written_target(&link.target, self.writer.is_markdown);
        let writer = &mut self.writer;
        if writer.is_markdown {
            writer.release_marks();
            match &target {
                Some(target) if is_same(words, target) => {
                    writer.out.truncate(start);
                    let bare = target.strip_prefix("mailto:").unwrap_or(target);
                    writer.out.push('<');
                    writer.out.push_str(bare);
                    writer.out.push('>');
                }
                Some(target) => {
                    writer.out.push_str("](");
                    writer.out.push_str(target);
                    writer.out.push(')');
                }
                // The words stay without the bracket before them.
                None if writer
                    .out
                    .get(start..)
                    .is_some_and(|out| out.starts_with('[')) =>
                {
                    writer.out.remove(start);
                }
                None => {}
            }
            writer.end_inline();
        } else if let Some(target) = target.filter(|target| !shows(words, target)) {
            writer.out.push_str(" <");
            writer.out.push_str(&target);
            writer.out.push('>');
        }
        if let Some(mismatch) = mismatch.filter(|_| self.options.marks) {
            let note = note(mismatch, &link.target);
            self.writer.out.push_str(&note);
        }
    }
}

/// A target as it is written into the text; none when it cannot be followed or is too long.
fn written_target(target: &str, is_markdown: bool) -> Option<String> {
    if target.len() > MAX_WRITTEN || !is_followable(target) {
        return None;
    }
    if is_markdown || target.contains(['<', '>']) || target.contains(char::is_whitespace) {
        return Some(escaped_target(target));
    }
    let seen = target.chars().filter(|c| !is_invisible(*c));
    Some(seen.collect())
}

/// Without characters that would end the target.
pub(super) fn escaped_target(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    for c in target.chars() {
        match c {
            // Browsers drop line breaks and tabs inside addresses.
            '\n' | '\r' | '\t' => {}
            '<' | '>' | '(' | ')' | '\\' | ' ' | '"' | '`' => {
                out.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c if c.is_control() || c.is_whitespace() || is_invisible(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Whether the words of a link are its target.
fn is_same(words: &str, target: &str) -> bool {
    let bare = target.strip_prefix("mailto:").unwrap_or(target);
    words == target || words == bare && scheme(target) == "mailto"
}

/// Whether the words of a link already show where it leads.
fn shows(text: &str, target: &str) -> bool {
    let bare = |address: &str| {
        let address = address.trim_start_matches("mailto:");
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        address.trim_end_matches('/').to_ascii_lowercase()
    };
    let text: String = text
        .trim_matches(['<', '>', '[', ']'])
        .split_whitespace()
        .collect();
    bare(&text) == bare(target)
}

/// What a person is told about a link whose words say something else.
fn note(mismatch: Mismatch, target: &str) -> String {
    let host = host(target).unwrap_or_default();
    let host: String = escaped_target(&host).chars().take(253).collect();
    match mismatch {
        Mismatch::Host | Mismatch::User => format!(" (⚠ leads to {host})"),
        Mismatch::Redirect => format!(" (by way of {host})"),
        Mismatch::Mailbox => " (⚠ writes to another address)".to_owned(),
        Mismatch::Script => " (⚠ leads to a script, not to a page)".to_owned(),
    }
}
