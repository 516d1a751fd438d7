//! Tells tables of data from tables that arrange a page, and writes the former as rows.

use std::ops::Range;

use super::writer::Writer;

/// Rows and columns of a table that is written as rows.
const MAX_ROWS: usize = 2_000;
const MAX_COLUMNS: usize = 30;
/// Octets and lines of a cell of such a table.
const MAX_CELL: usize = 240;
const MAX_CELL_LINES: usize = 3;

struct Cell {
    /// Where its words are in the output.
    words: Range<usize>,
    columns: usize,
}

/// A table being written. Its cells are written as they come; when it ends and holds data, they
/// are written again as rows.
pub(super) struct Table {
    start: usize,
    owed: u8,
    marker: Option<String>,
    rows: Vec<Vec<Cell>>,
    columns: usize,
    has_head: bool,
    /// It says of itself that it arranges the page.
    arranges: bool,
    /// It holds what rows cannot: another table, headings, lists, too much.
    is_complex: bool,
    is_cell_open: bool,
}

impl Table {
    pub(super) fn begin(writer: &mut Writer, arranges: bool) -> Self {
        writer.close_marks(0);
        Self {
            start: writer.out.len(),
            owed: writer.owed(),
            marker: writer.pending_marker(),
            rows: Vec::new(),
            columns: 1,
            has_head: false,
            arranges,
            is_complex: false,
            is_cell_open: false,
        }
    }

    pub(super) fn is_too_complex(&mut self) {
        self.is_complex = true;
    }

    /// Words between the cells would be lost in rows.
    pub(super) fn meet_words(&mut self) {
        self.is_complex |= !self.is_cell_open;
    }

    pub(super) fn begin_row(&mut self) {
        if self.rows.len() >= MAX_ROWS {
            self.is_complex = true;
        } else {
            self.rows.push(Vec::new());
        }
    }

    pub(super) fn begin_cell(&mut self, writer: &mut Writer, is_head: bool, columns: usize) {
        self.has_head |= is_head;
        self.columns = columns.clamp(1, MAX_COLUMNS);
        self.is_cell_open = true;
        if !self.is_complex {
            writer.await_start();
        }
    }

    pub(super) fn end_cell(&mut self, writer: &mut Writer) {
        if !std::mem::take(&mut self.is_cell_open) || self.is_complex {
            return;
        }
        writer.close_marks(0);
        let end = writer.out.len();
        let start = writer.take_start().unwrap_or(end);
        let words = writer.out.get(start..end).unwrap_or_default();
        if words.len() > MAX_CELL || words.split('\n').count() > MAX_CELL_LINES {
            self.is_complex = true;
            return;
        }
        if self.rows.is_empty() {
            self.rows.push(Vec::new());
        }
        if let Some(row) = self.rows.last_mut() {
            self.is_complex |= row.len() >= MAX_COLUMNS;
            row.push(Cell {
                words: start..end,
                columns: self.columns,
            });
        }
    }

    /// Whether at least two rows have words in at least two columns.
    fn holds_data(&self) -> bool {
        let full = |row: &&Vec<Cell>| {
            let filled = row.iter().filter(|cell| !cell.words.is_empty());
            filled.count() >= 2
        };
        let rows = self.rows.iter().filter(full).count();
        !self.is_complex && rows >= 2 && (!self.arranges || self.has_head)
    }

    /// Ends the table, and writes it as rows if it holds data.
    pub(super) fn end(self, writer: &mut Writer) {
        if !self.holds_data() {
            return;
        }
        let text = |cell: &Cell| {
            let words = writer.out.get(cell.words.clone()).unwrap_or_default();
            let seam = if writer.is_markdown { "<br>" } else { " / " };
            let lines = words
                .split('\n')
                .map(|line| line.trim_start_matches('>').trim())
                .filter(|line| !line.is_empty());
            let words = lines.collect::<Vec<_>>().join(seam);
            if writer.is_markdown {
                words.replace('|', "\\|")
            } else {
                words
            }
        };
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut width = 0;
        for row in &self.rows {
            if row.iter().all(|cell| cell.words.is_empty()) {
                continue;
            }
            let mut cells = Vec::new();
            for cell in row {
                cells.push(text(cell));
                if writer.is_markdown {
                    let room = MAX_COLUMNS.saturating_sub(cells.len());
                    let more = (cell.columns - 1).min(room);
                    cells.extend(std::iter::repeat_n(String::new(), more));
                }
            }
            width = width.max(cells.len());
            rows.push(cells);
        }
        writer.rewind(self.start, self.owed, self.marker);
        for (index, row) in rows.into_iter().enumerate() {
            if index > 0 {
                writer.row_break();
            }
            let line = if writer.is_markdown {
                markdown_row(row, width)
            } else {
                plain_row(row)
            };
            writer.raw(&line);
            if index == 0 && writer.is_markdown {
                writer.row_break();
                writer.raw(&format!("|{}", " --- |".repeat(width)));
            }
        }
    }
}

fn markdown_row(mut row: Vec<String>, width: usize) -> String {
    row.resize(width, String::new());
    let mut line = String::from("|");
    for cell in row {
        line.push(' ');
        line.push_str(&cell);
        if !cell.is_empty() {
            line.push(' ');
        }
        line.push('|');
    }
    line
}

fn plain_row(row: Vec<String>) -> String {
    let mut row = row;
    while row.last().is_some_and(String::is_empty) {
        row.pop();
    }
    row.join(" | ")
}
