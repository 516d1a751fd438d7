//! Strong, struck and other words, and the marks around them.

use super::Writer;

/// A mark around words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) enum Mark {
    Strong,
    Emphasis,
    Struck,
    Code,
}

impl Mark {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Strong => "**",
            Self::Emphasis => "*",
            Self::Struck => "~~",
            Self::Code => "`",
        }
    }
}

impl Writer {
    pub(in crate::page) fn begin_mark(&mut self, mark: Mark) {
        if self.is_markdown {
            self.wanted.push(mark);
            self.is_dirty = true;
        }
    }

    pub(in crate::page) fn end_mark(&mut self, mark: Mark) {
        if let Some(at) = self.wanted.iter().rposition(|wanted| *wanted == mark) {
            self.wanted.remove(at);
            self.is_dirty = true;
        }
    }

    /// Ends the marks at this place; they begin again with the next word that has them.
    pub(in crate::page) fn close_marks(&mut self, down_to: usize) {
        while self.written.len() > down_to {
            if let Some(mark) = self.written.pop() {
                self.out.push_str(mark.sign());
            }
        }
        self.is_dirty = true;
    }

    /// The marks that are open, which stay open until [`Self::release_marks`].
    pub(in crate::page) fn hold_marks(&mut self) {
        self.floor = self.written.len();
    }

    pub(in crate::page) fn release_marks(&mut self) {
        self.close_marks(self.floor);
        self.floor = 0;
    }

    /// The marks the next word has, each once.
    pub(super) fn effective(&self) -> Vec<Mark> {
        let mut marks = Vec::new();
        for mark in &self.wanted {
            let redundant = *mark == Mark::Strong && self.heading.is_some();
            if !marks.contains(mark) && !redundant {
                marks.push(*mark);
            }
        }
        marks
    }

    /// How many of the open marks the next word has as well.
    pub(super) fn common(&self) -> usize {
        let pairs = self.effective().into_iter().zip(&self.written);
        pairs.take_while(|(wanted, open)| wanted == *open).count()
    }
}
