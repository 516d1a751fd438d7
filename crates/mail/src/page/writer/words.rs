//! Writes words, and backslashes before characters that would be marks.

use super::{LineStart, Mark, Writer};

impl Writer {
    /// Writes text with its white space folded.
    pub(in crate::page) fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if first.is_whitespace() {
                self.blank = true;
                rest = rest.trim_start();
                continue;
            }
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            self.begin();
            self.word(word, after);
            rest = after;
        }
    }

    /// Writes text with its lines and blanks.
    pub(in crate::page) fn lines(&mut self, text: &str) {
        let mut lines = text.split('\n').peekable();
        let mut is_first = true;
        while let Some(line) = lines.next() {
            if !std::mem::take(&mut is_first) {
                self.line_break();
                self.is_soft |= self.code.is_some() || self.wants_code;
            }
            let line = line.trim_end_matches('\r');
            let is_blank = lines.peek().is_some() && line.trim().is_empty();
            if self.is_markdown && !self.wants_code {
                self.text(line);
            } else if !line.is_empty() && !is_blank {
                self.begin();
                self.out
                    .extend(line.chars().map(|c| if c == '\u{A0}' { ' ' } else { c }));
            }
        }
    }

    /// Writes something with nothing escaped in it.
    pub(in crate::page) fn raw(&mut self, text: &str) {
        self.begin();
        self.line = LineStart::Words;
        self.out.push_str(text);
    }

    /// Writes one word, and before characters that would be marks a backslash.
    fn word(&mut self, word: &str, after: &str) {
        if !self.is_markdown || self.code.is_some() {
            self.out.push_str(word);
            return;
        }
        let in_code = self.written.contains(&Mark::Code);
        let mut last = ' ';
        let mut chars = word.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map_or(' ', |(_, next)| *next);
            if in_code && c == '`' {
                self.out.push('\'');
            } else {
                let tail = word.get(at..).unwrap_or_default();
                if !in_code && self.is_mark(c, last, next, tail, after) {
                    self.out.push('\\');
                }
                self.out.push(c);
            }
            self.line = match (self.line, c) {
                (LineStart::Nothing | LineStart::Digits, '0'..='9') => LineStart::Digits,
                _ => LineStart::Words,
            };
            last = c;
        }
    }

    /// Whether Markdown would take a character for a mark.
    fn is_mark(&self, c: char, last: char, next: char, tail: &str, after: &str) -> bool {
        let at_start = self.line == LineStart::Nothing;
        let stands_alone = tail.len() == c.len_utf8();
        match c {
            '\\' | '`' | '*' | '[' | ']' => true,
            '_' => !(last.is_alphanumeric() && next.is_alphanumeric()),
            '~' => next == '~' || last == '~',
            '<' => next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'),
            '&' => tail.find(';').is_some_and(|end| end > 1 && end < 12),
            '#' => at_start && (next == '#' || stands_alone),
            '>' => at_start,
            '-' | '+' => at_start && (stands_alone || next == c),
            '=' => at_start && next == '=',
            '.' | ')' => self.line == LineStart::Digits && stands_alone && after.starts_with(' '),
            _ => false,
        }
    }
}
