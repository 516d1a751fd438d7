//! Text of bounded length.

use crate::{Kind, Text, Why};

/// Collects the text of a document: no control characters, no blank at the end of a line, at most
/// one empty line in a row, and never more octets than allowed.
pub(crate) struct Writer {
    text: String,
    most: usize,
    truncated: bool,
    /// Something other than headings of ours was written.
    has_content: bool,
}

impl Writer {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            most,
            truncated: false,
            has_content: false,
        }
    }

    /// Whether nothing more fits, so that reading on is in vain.
    pub(crate) fn is_full(&self) -> bool {
        self.truncated
    }

    /// Octets that still fit.
    pub(crate) fn room(&self) -> usize {
        self.most.saturating_sub(self.text.len())
    }

    /// That the document holds more than what is written.
    pub(crate) fn cut(&mut self) {
        self.truncated = true;
    }

    /// Words of the document.
    pub(crate) fn push(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' | '\u{2028}' | '\u{2029}' => self.line(),
                '\t' => self.put('\t'),
                // Controls say nothing; a terminal would obey some of them.
                c if c.is_control() || c == '\u{feff}' => {}
                c => {
                    // A replacement stands for what could not be read.
                    self.has_content |= !c.is_whitespace() && c != char::REPLACEMENT_CHARACTER;
                    self.put(c);
                }
            }
        }
    }

    /// Words of ours, which do not count as text of the document.
    pub(crate) fn note(&mut self, text: &str) {
        let had = self.has_content;
        self.push(text);
        self.has_content = had;
    }

    /// A line of ours with an empty one before it.
    pub(crate) fn heading(&mut self, text: &str) {
        self.start_line();
        if !self.text.is_empty() {
            self.line();
        }
        self.note(text);
        self.line();
    }

    /// Ends the line.
    pub(crate) fn line(&mut self) {
        let kept = self.text.trim_end_matches([' ', '\t', '\u{a0}']).len();
        self.text.truncate(kept);
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.put('\n');
        }
    }

    /// Ends the line unless it has just begun.
    pub(crate) fn start_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.line();
        }
    }

    /// A blank, unless there is one.
    pub(crate) fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '\n', '\t']) {
            self.put(' ');
        }
    }

    /// The text.
    ///
    /// # Errors
    /// [`Why::NoText`] when there is none.
    pub(crate) fn finish(self, kind: Kind) -> Result<Text, Why> {
        if !self.has_content {
            return Err(Why::NoText);
        }
        Ok(self.finish_any(kind))
    }

    /// The text of a kind that may well be empty.
    pub(crate) fn finish_any(mut self, kind: Kind) -> Text {
        self.text.truncate(self.text.trim_end().len());
        Text {
            kind,
            text: self.text,
            truncated: self.truncated,
        }
    }

    /// What is made of an error in the middle: the text so far, if there is any and the document is
    /// merely broken.
    ///
    /// # Errors
    /// The error itself.
    pub(crate) fn rescue(mut self, why: Why, kind: Kind) -> Result<Text, Why> {
        if why == Why::Damaged && self.has_content {
            self.cut();
            return self.finish(kind);
        }
        Err(why)
    }

    fn put(&mut self, c: char) {
        if self.text.len() + c.len_utf8() > self.most {
            self.truncated = true;
        } else if !self.truncated {
            self.text.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_heaps_of_empty_lines_are_left_out() {
        let mut out = Writer::new(100);
        out.push("\n\na \u{7}b\u{1b}[31m  \r\n\n\n\n\tc\u{0}");
        assert_eq!(out.finish(Kind::Plain).unwrap().text, "a b[31m\n\n\tc");
    }

    #[test]
    fn a_text_is_cut_at_a_character_and_says_so() {
        let mut out = Writer::new(4);
        out.push("aéé");
        assert!(out.is_full());
        out.push("b");
        let text = out.finish(Kind::Plain).unwrap();
        assert_eq!((text.text.as_str(), text.truncated), ("aé", true));
    }

    #[test]
    fn headings_alone_are_no_text() {
        let mut out = Writer::new(100);
        out.heading("[Slide 1]");
        assert_eq!(out.finish(Kind::Pptx), Err(Why::NoText));
    }
}
