//! The cells of a sheet, row by row.

use quick_xml::events::BytesStart;

use super::format::Formats;
use super::strings::Strings;
use crate::writer::Writer;
use crate::xml::{Node, On, attribute, local};

/// Empty cells that are kept between two others: a stray value in the last column of a sheet must
/// not become sixteen thousand tabs.
const MOST_EMPTY: usize = 64;

/// Octets of the value of one cell; Excel allows 32,767 characters.
const MOST_VALUE: usize = 128 << 10;

/// Writes cells.
pub(crate) struct Cells<'a> {
    strings: &'a Strings,
    formats: &'a Formats,
    /// The column after the last one that was written.
    next: usize,
    /// The column of the cell around the current place.
    column: usize,
    kind: String,
    style: usize,
    value: String,
    /// Whether the current place holds the value of a cell, and not its formula.
    in_value: bool,
    row_has: bool,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(strings: &'a Strings, formats: &'a Formats) -> Self {
        Self {
            strings,
            formats,
            next: 0,
            column: 0,
            kind: String::new(),
            style: 0,
            value: String::new(),
            in_value: false,
            row_has: false,
        }
    }

    /// Takes the next node of the sheet.
    pub(crate) fn take(&mut self, node: Node<'_>, out: &mut Writer) -> On {
        match node {
            Node::Open(element) => self.open(&element),
            Node::Close(name) => match &*name {
                "v" | "t" => self.in_value = false,
                "c" => self.cell(out),
                "row" if self.row_has => out.line(),
                _ => {}
            },
            Node::Text(text) if self.in_value && self.value.len() < MOST_VALUE => {
                self.value.push_str(&text);
            }
            Node::Text(_) => {}
        }
        if out.is_full() { On::Enough } else { On::More }
    }

    fn open(&mut self, element: &BytesStart<'_>) {
        match local(element) {
            "row" => {
                self.next = 0;
                self.row_has = false;
            }
            "c" => {
                let reference = attribute(element, "r").unwrap_or_default();
                self.column = column(&reference).unwrap_or(self.next);
                self.kind = attribute(element, "t").unwrap_or_default();
                let style = attribute(element, "s").unwrap_or_default();
                self.style = style.parse().unwrap_or(0);
                self.value.clear();
            }
            "v" | "t" => self.in_value = true,
            _ => {}
        }
    }

    fn cell(&mut self, out: &mut Writer) {
        let value = self.value.trim_end();
        if value.is_empty() {
            return;
        }
        let shown = match self.kind.as_str() {
            "s" => {
                let index = value.trim().parse().ok();
                let string = index.and_then(|index| self.strings.get(index));
                string.unwrap_or_default().to_owned()
            }
            "b" if value == "1" => "TRUE".to_owned(),
            "b" => "FALSE".to_owned(),
            "str" | "inlineStr" | "e" | "d" => value.to_owned(),
            _ => self.formats.shown(value, self.style),
        };
        let empty = self.column.saturating_sub(self.next).min(MOST_EMPTY);
        let tabs = empty + usize::from(self.row_has);
        for _ in 0..tabs {
            out.push("\t");
        }
        // A cell is one value of its line.
        out.push(&shown.replace(['\n', '\r', '\t'], " "));
        self.row_has = true;
        self.next = self.column.saturating_add(1);
    }
}

/// The column of a reference as `AB12`, from 0.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let mut column = 0_usize;
    for letter in letters.take(3) {
        let digit = usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        column = column * 26 + digit;
    }
    column.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_letters() {
        for (reference, index) in [
            ("A1", Some(0)),
            ("Z9", Some(25)),
            ("AA10", Some(26)),
            ("XFD1048576", Some(16_383)),
            ("12", None),
        ] {
            assert_eq!(column(reference), index);
        }
    }
}
