//! Writes lines: breaks and blanks that are owed, marks of quotes and lists, emphasis.

mod marks;
mod words;

use super::Format;
pub(super) use marks::Mark;

/// Levels of quotes and lists that are still drawn.
const MAX_DRAWN_DEPTH: usize = 8;
/// Blanks before a line in lists.
const MAX_INDENT: usize = 32;

struct List {
    /// The number of the next item; none for points.
    next: Option<usize>,
    /// Characters of the marker of the open item; none outside items.
    width: usize,
}

/// The text so far and what is owed before the next word.
pub(super) struct Writer {
    pub(super) out: String,
    pub(super) is_markdown: bool,
    owed: u8,
    /// The break owed was set by the author or is between blocks; not between rows of a table.
    is_soft: bool,
    blank: bool,
    quotes: usize,
    /// Quotes at the last line written.
    quotes_before: usize,
    lists: Vec<List>,
    marker: Option<String>,
    heading: Option<usize>,
    wanted: Vec<Mark>,
    written: Vec<Mark>,
    is_dirty: bool,
    /// Elements in which breaks are blanks, and the breaks to be made up for behind them.
    inline: usize,
    missed: u8,
    /// Where the block of code begins, and whether one is wanted.
    code: Option<usize>,
    wants_code: bool,
    /// Nothing but digits, or nothing, was written on this line.
    line: LineStart,
    /// Where the next word will begin, for whoever asked.
    start: Option<usize>,
    awaits_start: bool,
    /// Marks that must stay open until a link ends.
    floor: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineStart {
    Nothing,
    Digits,
    Words,
}

impl Writer {
    pub(super) fn new(format: Format, capacity: usize) -> Self {
        Self {
            out: String::with_capacity(capacity),
            is_markdown: format == Format::Markdown,
            owed: 0,
            is_soft: false,
            blank: false,
            quotes: 0,
            quotes_before: 0,
            lists: Vec::new(),
            marker: None,
            heading: None,
            wanted: Vec::new(),
            written: Vec::new(),
            is_dirty: false,
            inline: 0,
            missed: 0,
            code: None,
            wants_code: false,
            line: LineStart::Nothing,
            start: None,
            awaits_start: false,
            floor: 0,
        }
    }

    /// Asks for at least `count` line breaks before the next word.
    pub(super) fn owe(&mut self, count: u8) {
        if count == 0 {
            return;
        }
        if self.inline > 0 {
            self.missed = self.missed.max(count);
            self.blank = true;
            return;
        }
        if self.marker.is_some() {
            return;
        }
        self.owed = self.owed.max(count);
        self.blank = false;
    }

    /// A break the author set. Two in a row make a blank line, more do not make more.
    pub(super) fn line_break(&mut self) {
        if self.inline > 0 || self.marker.is_some() {
            self.blank = true;
            return;
        }
        self.owed = (self.owed + 1).min(2);
        self.blank = false;
    }

    /// A break between rows, which needs no mark.
    pub(super) fn row_break(&mut self) {
        self.owed = self.owed.max(1);
        self.is_soft = true;
    }

    pub(super) fn owe_blank(&mut self) {
        self.blank = true;
    }

    pub(super) fn owed(&self) -> u8 {
        self.owed
    }

    pub(super) fn is_inline(&self) -> bool {
        self.inline > 0
    }

    pub(super) fn is_in_code(&self) -> bool {
        self.wants_code
    }

    pub(super) fn is_in_list(&self) -> bool {
        !self.lists.is_empty()
    }

    /// Breaks are blanks until [`Self::end_inline`].
    pub(super) fn begin_inline(&mut self) {
        self.inline += 1;
    }

    pub(super) fn end_inline(&mut self) {
        self.inline = self.inline.saturating_sub(1);
        if self.inline == 0 {
            let missed = std::mem::take(&mut self.missed);
            self.owe(missed);
        }
    }

    pub(super) fn begin_quote(&mut self) {
        self.quotes += 1;
    }

    pub(super) fn end_quote(&mut self) {
        self.quotes = self.quotes.saturating_sub(1);
    }

    pub(super) fn begin_list(&mut self, first: Option<usize>) {
        // A list at the beginning of an item has its own line.
        if let Some(marker) = self.marker.take() {
            drop(marker);
            self.owed = self.owed.max(1);
        }
        self.lists.push(List {
            next: first,
            width: 0,
        });
    }

    pub(super) fn end_list(&mut self) {
        self.lists.pop();
        self.marker = None;
    }

    /// An item of the innermost list. Its marker waits for the first word.
    pub(super) fn begin_item(&mut self) {
        self.marker = None;
        self.owe(1);
        let marker = match self.lists.last_mut() {
            Some(list) => {
                let marker = match &mut list.next {
                    Some(number) => {
                        let marker = format!("{number}. ");
                        *number = number.saturating_add(1);
                        marker
                    }
                    None => "- ".to_owned(),
                };
                list.width = marker.len();
                marker
            }
            None => "- ".to_owned(),
        };
        if self.inline == 0 {
            self.marker = Some(marker);
        }
    }

    pub(super) fn begin_heading(&mut self, level: usize) {
        if self.is_markdown {
            self.heading = Some(level);
            self.is_dirty = true;
            self.begin_inline();
        }
    }

    pub(super) fn end_heading(&mut self) {
        if self.is_markdown {
            self.close_marks(self.floor);
            self.heading = None;
            self.is_dirty = true;
            self.end_inline();
        }
    }

    pub(super) fn begin_code(&mut self) {
        self.wants_code = self.is_markdown && self.inline == 0;
    }

    pub(super) fn end_code(&mut self) {
        self.wants_code = false;
        let Some(at) = self.code.take() else {
            return;
        };
        let body = self.out.get(at + 3..).unwrap_or_default();
        let mut longest = 0;
        let mut run = 0;
        for byte in body.bytes() {
            run = if byte == b'`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        let fence = "`".repeat(longest.max(2) + 1);
        if let Some(more) = fence.get(3..).filter(|_| self.out.is_char_boundary(at)) {
            self.out.insert_str(at, more);
        }
        self.owed = 1;
        self.is_soft = true;
        self.begin_line();
        self.out.push_str(&fence);
        self.owed = 2;
    }

    /// Says where the next word begins, once it is written.
    pub(super) fn await_start(&mut self) {
        self.awaits_start = true;
        self.start = None;
    }

    pub(super) fn take_start(&mut self) -> Option<usize> {
        self.awaits_start = false;
        self.start.take()
    }

    /// A marker that was not written yet.
    pub(super) fn pending_marker(&self) -> Option<String> {
        self.marker.clone()
    }

    /// Goes back to an earlier place and state.
    pub(super) fn rewind(&mut self, to: usize, owed: u8, marker: Option<String>) {
        self.out.truncate(to);
        self.code = self.code.filter(|at| *at < to);
        self.written.clear();
        self.is_dirty = true;
        self.owed = owed;
        self.blank = false;
        self.marker = marker;
    }

    /// Writes what is owed before a word.
    pub(super) fn begin(&mut self) {
        let breaks = self.owed > 0 || self.out.is_empty() || self.marker.is_some();
        if breaks {
            if self.floor == 0 {
                self.close_marks(0);
            }
            self.begin_line();
        } else if self.is_dirty {
            let common = self.common();
            self.close_marks(common.max(self.floor.min(self.written.len())));
            self.write_blank();
        } else {
            self.write_blank();
        }
        self.blank = false;
        if self.awaits_start && self.start.is_none() {
            self.start = Some(self.out.len());
        }
        if self.wants_code && self.code.is_none() {
            self.code = Some(self.out.len());
            self.out.push_str("```");
            self.owed = 1;
            self.is_soft = true;
            self.begin_line();
        }
        if self.is_dirty && self.code.is_none() {
            for mark in self.effective().into_iter().skip(self.written.len()) {
                self.out.push_str(mark.sign());
                self.written.push(mark);
            }
            self.is_dirty = false;
        }
    }

    fn write_blank(&mut self) {
        if self.blank && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
    }

    /// Ends the line and writes what stands before the words of the next.
    fn begin_line(&mut self) {
        let quotes = self.quotes.min(MAX_DRAWN_DEPTH);
        if !self.out.is_empty() {
            let between = self.quotes_before.min(quotes);
            let is_hard =
                self.is_markdown && self.owed == 1 && !self.is_soft && self.marker.is_none();
            if is_hard && self.quotes_before == quotes && self.code.is_none() {
                self.out.push_str("  ");
            }
            for count in 0..self.owed.max(1) {
                if count > 0 && self.is_markdown {
                    self.out.extend(std::iter::repeat_n('>', between));
                }
                self.out.push('\n');
            }
        }
        self.out.extend(std::iter::repeat_n('>', quotes));
        if quotes > 0 {
            self.out.push(' ');
        }
        self.indent();
        if let Some(marker) = self.marker.take() {
            self.out.push_str(&marker);
        }
        if let Some(level) = self.heading {
            self.out.extend(std::iter::repeat_n('#', level));
            self.out.push(' ');
        }
        self.quotes_before = quotes;
        self.line = LineStart::Nothing;
        self.owed = 0;
        self.is_soft = false;
        self.blank = false;
    }

    fn indent(&mut self) {
        let depth = self.lists.len().min(MAX_DRAWN_DEPTH);
        let width = if self.is_markdown {
            let inner = usize::from(self.marker.is_some());
            let outer = self.lists.iter().take(depth.saturating_sub(inner));
            outer.map(|list| list.width).sum::<usize>().min(MAX_INDENT)
        } else if self.marker.is_some() {
            2 * depth.saturating_sub(1)
        } else {
            0
        };
        self.out.extend(std::iter::repeat_n(' ', width));
    }
}
