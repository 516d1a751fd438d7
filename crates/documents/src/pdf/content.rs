//! The drawing operations of a page, followed as far as they show text.

use std::collections::HashMap;
use std::rc::Rc;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::font::Font;
use super::layout::{Layout, Piece};
use super::why;
use crate::writer::Writer;
use crate::{Limits, Why};

/// Forms in each other at most.
const MOST_DEPTH: usize = 12;

/// States that are set aside at most.
const MOST_SAVED: usize = 256;

/// Fonts that are kept ready.
const MOST_FONTS: usize = 2_000;

/// A transformation of the plane: `a b c d e f` (ISO 32000-1, 8.3.3).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Matrix([f64; 6]);

impl Matrix {
    const NONE: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// This one first, then `after`.
    fn then(self, after: Self) -> Self {
        let (m, n) = (self.0, after.0);
        Self([
            m[0] * n[0] + m[1] * n[2],
            m[0] * n[1] + m[1] * n[3],
            m[2] * n[0] + m[3] * n[2],
            m[2] * n[1] + m[3] * n[3],
            m[4] * n[0] + m[5] * n[2] + n[4],
            m[4] * n[1] + m[5] * n[3] + n[5],
        ])
    }

    fn shift(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    fn of(operands: &[Object]) -> Option<Self> {
        let mut values = [0.0; 6];
        if operands.len() < 6 {
            return None;
        }
        for (value, operand) in values.iter_mut().zip(operands) {
            *value = number(Some(operand));
        }
        Some(Self(values))
    }
}

/// What is set aside by `q` and taken up again by `Q`.
#[derive(Clone)]
struct State {
    page: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    between_letters: f64,
    between_words: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
}

impl State {
    fn new() -> Self {
        Self {
            page: Matrix::NONE,
            font: None,
            size: 1.0,
            between_letters: 0.0,
            between_words: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        }
    }
}

/// Follows operations, and counts what that costs.
pub(crate) struct Painter<'a> {
    document: &'a Document,
    fonts: HashMap<ObjectId, Option<Rc<Font>>>,
    /// Operations that may still be followed.
    operations: usize,
    /// Octets that may still be inflated.
    left: u64,
    depth: usize,
    state: State,
    saved: Vec<State>,
    /// Where the next letter stands, and the beginning of its line.
    text: Matrix,
    line: Matrix,
    layout: Layout,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(document: &'a Document, limits: &Limits) -> Self {
        Self {
            document,
            fonts: HashMap::new(),
            operations: limits.operations,
            left: limits.inflated,
            depth: 0,
            state: State::new(),
            saved: Vec::new(),
            text: Matrix::NONE,
            line: Matrix::NONE,
            layout: Layout::default(),
        }
    }

    pub(crate) fn document(&self) -> &'a Document {
        self.document
    }

    /// Octets that may still be inflated.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Whether all operations that are allowed have been followed.
    pub(crate) fn is_tired(&self) -> bool {
        self.operations == 0
    }

    /// Counts octets that were inflated.
    ///
    /// # Errors
    /// [`Why::Inflates`] when they were too many.
    pub(crate) fn spend(&mut self, octets: usize) -> Result<(), Why> {
        let octets = u64::try_from(octets).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(octets).ok_or(Why::Inflates)?;
        Ok(())
    }

    /// Begins a page.
    pub(crate) fn begin(&mut self) {
        self.state = State::new();
        self.saved.clear();
        self.text = Matrix::NONE;
        self.line = Matrix::NONE;
        self.layout = Layout::default();
    }

    /// Follows the operations of a stream.
    ///
    /// # Errors
    /// [`Why::Inflates`].
    pub(crate) fn paint(
        &mut self,
        content: &[u8],
        resources: Option<&'a Dictionary>,
        out: &mut Writer,
    ) -> Result<(), Why> {
        for operation in Content::decode_iter(content) {
            // What cannot be read ends the page, and the next one may be whole.
            let Ok(operation) = operation else { break };
            if out.is_full() || self.operations == 0 {
                out.cut();
                break;
            }
            self.operations -= 1;
            self.follow(&operation, resources, out)?;
        }
        Ok(())
    }

    /// Follows a drawing that is used in others.
    ///
    /// # Errors
    /// [`Why::Inflates`].
    pub(crate) fn form(
        &mut self,
        stream: &'a Stream,
        outer: Option<&'a Dictionary>,
        out: &mut Writer,
    ) -> Result<(), Why> {
        // Forms may name themselves.
        if self.depth >= MOST_DEPTH {
            return Ok(());
        }
        let Some(content) = self.inflated(stream)? else {
            return Ok(());
        };
        let own = stream.dict.get_deref(b"Resources", self.document);
        let resources = own.and_then(Object::as_dict).ok().or(outer);
        let matrix = stream.dict.get_deref(b"Matrix", self.document);
        let matrix = matrix.and_then(Object::as_array).ok();
        let kept = (self.state.clone(), self.text, self.line);
        let saved = std::mem::take(&mut self.saved);
        if let Some(matrix) = matrix.and_then(|matrix| Matrix::of(matrix)) {
            self.state.page = matrix.then(self.state.page);
        }
        self.depth += 1;
        let painted = self.paint(&content, resources, out);
        self.depth -= 1;
        (self.state, self.text, self.line) = kept;
        self.saved = saved;
        painted
    }

    /// What a stream inflates to; `None` when it is damaged.
    fn inflated(&mut self, stream: &Stream) -> Result<Option<Vec<u8>>, Why> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        match stream.get_plain_content_with_limit(most) {
            Ok(content) => {
                self.spend(content.len())?;
                Ok(Some(content))
            }
            Err(error) if why(&error) == Why::Inflates => Err(Why::Inflates),
            Err(_) => Ok(None),
        }
    }

    fn follow(
        &mut self,
        operation: &Operation,
        resources: Option<&'a Dictionary>,
        out: &mut Writer,
    ) -> Result<(), Why> {
        let with = operation.operands.as_slice();
        let first = number(with.first());
        match operation.operator.as_str() {
            "q" if self.saved.len() < MOST_SAVED => self.saved.push(self.state.clone()),
            "Q" => {
                if let Some(state) = self.saved.pop() {
                    self.state = state;
                }
            }
            "cm" => {
                if let Some(matrix) = Matrix::of(with) {
                    self.state.page = matrix.then(self.state.page);
                }
            }
            "BT" => self.set_line(Matrix::NONE),
            "Tf" => {
                self.state.size = number(with.get(1));
                let name = with.first().and_then(|name| name.as_name().ok());
                self.state.font = match name {
                    Some(name) => self.font(name, resources)?,
                    None => None,
                };
            }
            "Tc" => self.state.between_letters = first,
            "Tw" => self.state.between_words = first,
            "Tz" => self.state.stretch = first / 100.0,
            "TL" => self.state.leading = first,
            "Ts" => self.state.rise = first,
            "Tm" => {
                if let Some(matrix) = Matrix::of(with) {
                    self.set_line(matrix);
                }
            }
            "Td" => self.next_line(first, number(with.get(1))),
            "TD" => {
                self.state.leading = -number(with.get(1));
                self.next_line(first, number(with.get(1)));
            }
            "T*" => self.next_line(0.0, -self.state.leading),
            "Tj" => self.show(with.first(), out),
            "'" => {
                self.next_line(0.0, -self.state.leading);
                self.show(with.first(), out);
            }
            "\"" => {
                self.state.between_words = first;
                self.state.between_letters = number(with.get(1));
                self.next_line(0.0, -self.state.leading);
                self.show(with.get(2), out);
            }
            "TJ" => {
                let pieces = with.first().and_then(|array| array.as_array().ok());
                for piece in pieces.into_iter().flatten() {
                    if let Ok(thousandths) = piece.as_float() {
                        let by = -f64::from(thousandths) / 1000.0 * self.state.size;
                        self.advance(by * self.state.stretch);
                    } else {
                        self.show(Some(piece), out);
                    }
                }
            }
            "Do" => {
                let name = with.first().and_then(|name| name.as_name().ok());
                let form = name.and_then(|name| drawing(self.document, resources?, name));
                if let Some(form) = form {
                    self.form(form, resources, out)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn set_line(&mut self, matrix: Matrix) {
        self.line = matrix;
        self.text = matrix;
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.set_line(Matrix::shift(x, y).then(self.line));
    }

    fn advance(&mut self, by: f64) {
        self.text = Matrix::shift(by, 0.0).then(self.text);
    }

    /// Shows a string where the next letter stands.
    fn show(&mut self, string: Option<&Object>, out: &mut Writer) {
        let Some(string) = string.and_then(|string| string.as_str().ok()) else {
            return;
        };
        let Some(font) = self.state.font.clone() else {
            return;
        };
        let state = &self.state;
        let (mut text, mut width) = (String::new(), 0.0);
        for glyph in font.glyphs(string) {
            let words = if glyph.is_space {
                state.between_words
            } else {
                0.0
            };
            width += glyph.width * state.size + state.between_letters + words;
            glyph.append(&mut text);
            // More than fits is not collected either.
            if text.len() > out.room() {
                break;
            }
        }
        width *= state.stretch;
        let place = Matrix::shift(0.0, state.rise)
            .then(self.text)
            .then(state.page);
        let [a, b, c, d, x, y] = place.0;
        let scale = a.hypot(b);
        let along = if scale > 0.0 && scale.is_finite() {
            (a / scale, b / scale)
        } else {
            (1.0, 0.0)
        };
        let piece = Piece {
            x,
            y,
            along,
            width: width * scale,
            size: (state.size * c.hypot(d)).abs(),
            text,
        };
        self.layout.push(piece, out);
        self.advance(width);
    }

    fn font(
        &mut self,
        name: &[u8],
        resources: Option<&'a Dictionary>,
    ) -> Result<Option<Rc<Font>>, Why> {
        let fonts = resources.and_then(|resources| {
            let fonts = resources.get_deref(b"Font", self.document).ok()?;
            fonts.as_dict().ok()
        });
        let Some(object) = fonts.and_then(|fonts| fonts.get(name).ok()) else {
            return Ok(None);
        };
        let id = object.as_reference().ok();
        if let Some(known) = id.and_then(|id| self.fonts.get(&id)) {
            return Ok(known.clone());
        }
        let Ok((_, object)) = self.document.dereference(object) else {
            return Ok(None);
        };
        let Ok(dictionary) = object.as_dict() else {
            return Ok(None);
        };
        let to_unicode = dictionary.get_deref(b"ToUnicode", self.document);
        let to_unicode = match to_unicode.and_then(Object::as_stream) {
            Ok(stream) => self.inflated(stream)?,
            Err(_) => None,
        };
        // Making a font ready costs about as much as this many operations.
        self.operations = self.operations.saturating_sub(500);
        let font = Font::new(self.document, dictionary, to_unicode.as_deref());
        let font = Some(Rc::new(font));
        if let Some(id) = id.filter(|_| self.fonts.len() < MOST_FONTS) {
            self.fonts.insert(id, font.clone());
        }
        Ok(font)
    }
}

/// A drawing of this name that can hold text.
fn drawing<'a>(
    document: &'a Document,
    resources: &'a Dictionary,
    name: &[u8],
) -> Option<&'a Stream> {
    let drawings = resources.get_deref(b"XObject", document).ok()?;
    let drawing = drawings.as_dict().ok()?.get_deref(name, document).ok()?;
    let stream = drawing.as_stream().ok()?;
    let kind = stream.dict.get_deref(b"Subtype", document).ok()?;
    (kind.as_name().ok()? == b"Form").then_some(stream)
}

fn number(operand: Option<&Object>) -> f64 {
    let number = operand.and_then(|operand| operand.as_float().ok());
    number.map_or(0.0, f64::from)
}
