//! Where words stand on a page: what is one line, what is a gap between words.

use crate::writer::Writer;

/// A piece of text as it is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Where it begins.
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// The direction of its line, of length 1.
    pub(crate) along: (f64, f64),
    /// How long it is.
    pub(crate) width: f64,
    /// The height of its letters.
    pub(crate) size: f64,
    /// What it says.
    pub(crate) text: String,
}

/// Parts of the height of letters.
const SAME_LINE: f64 = 0.5;
const NEW_PARAGRAPH: f64 = 1.9;
const GAP: f64 = 0.17;
const COLUMN: f64 = 1.0;
const SAME_PLACE: f64 = 0.12;

/// Puts pieces together in the order in which they are drawn.
#[derive(Default)]
pub(crate) struct Layout {
    last: Option<Piece>,
}

impl Layout {
    /// Writes a piece, with what separates it from the one before.
    pub(crate) fn push(&mut self, piece: Piece, out: &mut Writer) {
        if piece.text.is_empty() || !piece.x.is_finite() || !piece.y.is_finite() {
            return;
        }
        if let Some(last) = &self.last {
            match between(last, &piece) {
                // Bold letters are sometimes the same ones drawn twice.
                Between::Again => return,
                Between::Nothing => {}
                Between::Space if piece.text.starts_with(' ') => {}
                Between::Space => out.space(),
                Between::Column => out.push("\t"),
                Between::Line => out.line(),
                Between::Paragraph => {
                    out.line();
                    out.line();
                }
            }
        }
        out.push(&piece.text);
        self.last = Some(piece);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Between {
    Again,
    Nothing,
    Space,
    Column,
    Line,
    Paragraph,
}

fn between(last: &Piece, next: &Piece) -> Between {
    let turned = last.along.0 * next.along.0 + last.along.1 * next.along.1 < 0.99;
    if turned {
        return Between::Line;
    }
    let (dx, dy) = (next.x - last.x, next.y - last.y);
    let forward = dx * next.along.0 + dy * next.along.1;
    let up = dy * next.along.0 - dx * next.along.1;
    let size = last.size.max(next.size).max(0.01);
    if up.abs() > SAME_LINE * size {
        let small = last.size.min(next.size).max(0.01);
        return if -up > NEW_PARAGRAPH * small.max(size * 0.7) {
            Between::Paragraph
        } else {
            Between::Line
        };
    }
    if forward.abs() < SAME_PLACE * size && last.text == next.text {
        return Between::Again;
    }
    let gap = forward - last.width;
    if gap < -size.max(last.width) {
        // Further left on the same line: drawn in another order than read.
        return Between::Line;
    }
    if gap > COLUMN * size {
        Between::Column
    } else if gap > GAP * size {
        Between::Space
    } else {
        Between::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(x: f64, y: f64, text: &str) -> Piece {
        Piece {
            x,
            y,
            along: (1.0, 0.0),
            width: 5.0 * f64::from(u8::try_from(text.len()).unwrap()),
            size: 10.0,
            text: text.to_owned(),
        }
    }

    #[test]
    fn gaps_become_spaces_columns_lines_and_paragraphs() {
        let (mut layout, mut out) = (Layout::default(), Writer::new(1_000));
        for next in [
            piece(0.0, 100.0, "Hel"),
            piece(15.0, 100.0, "lo"),
            piece(28.0, 100.0, "you"),
            piece(28.4, 100.0, "you"),
            piece(100.0, 100.0, "there"),
            piece(0.0, 88.0, "next"),
            piece(0.0, 50.0, "far"),
        ] {
            layout.push(next, &mut out);
        }
        let text = out.finish(crate::Kind::Pdf).unwrap().text;
        assert_eq!(text, "Hello you\tthere\nnext\n\nfar");
    }

    #[test]
    fn a_turned_line_is_read_along_itself() {
        let turned = |x, y, text| Piece {
            along: (0.0, 1.0),
            ..piece(x, y, text)
        };
        let (mut layout, mut out) = (Layout::default(), Writer::new(1_000));
        layout.push(turned(10.0, 0.0, "up"), &mut out);
        layout.push(turned(10.0, 13.0, "on"), &mut out);
        layout.push(turned(22.0, 0.0, "line"), &mut out);
        assert_eq!(out.finish(crate::Kind::Pdf).unwrap().text, "up on\nline");
    }
}
