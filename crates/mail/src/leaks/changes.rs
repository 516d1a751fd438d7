//! The neighbourhoods of what a decoding changed. The rest of the text was read before, and to read
//! all of it again for one escape would make a long mail cost as often as it has kinds of them.

use std::ops::Range;

/// Octets around a change that are read with it: more than any rule looks behind or ahead.
const REACH: usize = 1_000;
/// What is put where lines were left out: more than any rule reads over.
const GAP: &[u8] = b"\n\n\n\n\n\n";

/// Where a text was changed, in order.
#[derive(Default)]
pub(super) struct Changes(Vec<Range<usize>>);

impl Changes {
    /// Adds a place, which is not before the last one.
    pub(super) fn add(&mut self, at: usize) {
        let near = at.saturating_sub(REACH)..at.saturating_add(REACH);
        match self.0.last_mut() {
            Some(last) if last.end >= near.start => last.end = near.end,
            _ => self.0.push(near),
        }
    }

    /// The lines around the changes. The first line stays, because it may be a heading, and so does
    /// the mark above a signature, under which words count for less.
    pub(super) fn neighbourhoods(&self, text: &[u8]) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut out = Vec::new();
        let mut near = self.0.iter().peekable();
        let (mut at, mut headed, mut left_out) = (0, false, false);
        for line in text.split_inclusive(|b| *b == b'\n') {
            let span = at..at + line.len();
            at = span.end;
            while near.next_if(|range| range.end < span.start).is_some() {}
            let heads = !headed && !line.trim_ascii().is_empty();
            let stays = near.peek().is_some_and(|range| range.start <= span.end)
                || heads
                || (line.starts_with(b"--") && line.trim_ascii_end() == b"--");
            headed |= heads;
            if !stays {
                left_out = true;
                continue;
            }
            if std::mem::take(&mut left_out) {
                out.extend_from_slice(GAP);
            }
            out.extend_from_slice(line);
        }
        String::from_utf8_lossy(&out).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_far_from_every_change_are_left_out() {
        let far = "far away\n".repeat(1_000);
        let text = format!("Heading\n{far}near\nKEY\nnear\n{far}--\nAnn\n");
        let mut changes = Changes::default();
        assert_eq!(changes.neighbourhoods(text.as_bytes()), "");
        let at = text.find("KEY").unwrap();
        changes.add(at);
        changes.add(at + 2);
        let kept = changes.neighbourhoods(text.as_bytes());
        assert!(kept.starts_with("Heading\n\n\n"));
        assert!(kept.contains("far away\nnear\nKEY\nnear\nfar away\n"));
        assert!(kept.ends_with("\n--\n"));
        assert!(kept.len() < 2 * REACH + 100);
    }
}
