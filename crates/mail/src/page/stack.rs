//! The open elements of a page.

use html5gum::HtmlString;

use super::element::{Facts, is_formatting};
use super::view::View;

/// Formatting elements that go on behind the end of a block (HTML: three of a kind).
const MAX_KEPT: usize = 3;
/// Elements left open in a formatting element that ends before them.
const MAX_MISNESTED: usize = 32;

/// A name folded to a number, with marks for elements that end tags do not reach through. Equal
/// numbers of different names are possible and do no harm: one element ends instead of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name(u32);

const IS_WALL: u32 = 1;
const IS_TABLE: u32 = 2;
const IS_LIST: u32 = 4;
const IS_TABLE_PART: u32 = 8;

impl Name {
    pub(super) fn of(name: &[u8]) -> Self {
        // FNV-1a: short and good enough for names of elements.
        let hash = name.iter().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        let marks = match name {
            b"table" => IS_WALL | IS_TABLE | IS_TABLE_PART,
            b"td" | b"th" | b"caption" => IS_WALL | IS_TABLE_PART,
            b"tr" | b"tbody" | b"thead" | b"tfoot" => IS_TABLE_PART,
            b"object" | b"template" | b"button" => IS_WALL,
            b"ul" | b"ol" | b"dl" => IS_LIST,
            _ => 0,
        };
        Self(hash << 4 | marks)
    }

    const fn is(self, mark: u32) -> bool {
        self.0 & mark != 0
    }
}

/// How many open elements have a name, or one that shares its place: a page of unclosed elements asks
/// for names that are not open at every tag.
struct Counts([u16; 256]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl Counts {
    fn place(name: Name) -> usize {
        usize::try_from(name.0 >> 4 & 0xFF).unwrap_or(0)
    }

    fn add(&mut self, name: Name) {
        if let Some(count) = self.0.get_mut(Self::place(name)) {
            *count = count.saturating_add(1);
        }
    }

    fn take(&mut self, name: Name) {
        if let Some(count) = self.0.get_mut(Self::place(name)) {
            *count = count.saturating_sub(1);
        }
    }

    fn may_have(&self, name: Name) -> bool {
        self.0.get(Self::place(name)) != Some(&0)
    }
}

/// An open element.
pub(super) struct Frame {
    pub(super) name: HtmlString,
    pub(super) facts: Facts,
    pub(super) view: View,
    /// The view its beginning was told with.
    pub(super) told: View,
    pub(super) breaks: u8,
    pub(super) children: usize,
    /// The places of the sheet that it is.
    pub(super) places: Vec<usize>,
}

#[derive(Default)]
pub(super) struct Stack {
    frames: Vec<Frame>,
    /// The names of the frames, apart because they are searched often.
    names: Vec<Name>,
    counts: Counts,
    /// Frames taken off that are to be put back.
    kept: Vec<Frame>,
    children: usize,
}

impl Stack {
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn view(&self) -> View {
        self.frames.last().map_or(View::ROOT, |frame| frame.view)
    }

    /// The view around the innermost element.
    pub(super) fn outer_view(&self) -> View {
        let outer = self.frames.len().checked_sub(2);
        outer
            .and_then(|at| self.frames.get(at))
            .map_or(View::ROOT, |frame| frame.view)
    }

    pub(super) fn last_name(&self) -> &[u8] {
        self.frames.last().map_or(b"", |frame| &frame.name)
    }

    pub(super) fn last_is(&self, name: &[u8]) -> bool {
        self.last_name() == name
    }

    pub(super) fn has(&self, name: Name) -> bool {
        self.counts.may_have(name) && self.names.contains(&name)
    }

    /// Counts a child of the innermost element.
    pub(super) fn next_child(&mut self) -> usize {
        let children = match self.frames.last_mut() {
            Some(frame) => &mut frame.children,
            None => &mut self.children,
        };
        *children += 1;
        *children
    }

    pub(super) fn push(&mut self, frame: Frame) {
        let name = Name::of(&frame.name);
        self.counts.add(name);
        self.names.push(name);
        self.frames.push(frame);
    }

    pub(super) fn pop(&mut self) -> Option<Frame> {
        if let Some(name) = self.names.pop() {
            self.counts.take(name);
        }
        self.frames.pop()
    }

    /// The innermost element of a name that an end tag here reaches: not through a cell, and for
    /// parts of tables not through their table.
    pub(super) fn find(&self, name: Name) -> Option<usize> {
        if !self.counts.may_have(name) {
            return None;
        }
        for (at, open) in self.names.iter().enumerate().rev() {
            if *open == name {
                return Some(at);
            }
            let stops = if name.is(IS_TABLE_PART) {
                open.is(IS_TABLE)
            } else {
                open.is(IS_WALL)
            };
            if stops {
                return None;
            }
        }
        None
    }

    /// Like [`Self::find`], and not through a list.
    pub(super) fn find_sibling(&self, name: Name) -> Option<usize> {
        let at = self.find(name)?;
        let between = self.names.get(at + 1..)?;
        (!between.iter().any(|open| open.is(IS_LIST))).then_some(at)
    }

    /// The formatting elements above a depth that outlive it.
    pub(super) fn formatting_above(&self, at: usize) -> Vec<usize> {
        let above = self.frames.iter().enumerate().skip(at + 1);
        let mut found: Vec<usize> = above
            .filter(|(_, frame)| is_formatting(&frame.name))
            .map(|(index, _)| index)
            .collect();
        let extra = found.len().saturating_sub(MAX_KEPT);
        found.drain(..extra);
        found
    }

    /// Sets a frame aside to be put back by [`Self::restore`]; links are not and come back.
    pub(super) fn keep(&mut self, frame: Frame) -> Option<Frame> {
        if frame.name.as_slice() == b"a" {
            return Some(frame);
        }
        self.kept.push(frame);
        None
    }

    /// Puts the frames back that were set aside.
    pub(super) fn restore(&mut self) {
        while let Some(mut frame) = self.kept.pop() {
            frame.view = frame.facts.view(&self.view());
            self.push(frame);
        }
    }

    /// Removes one element and leaves those above it, whose views are made anew.
    pub(super) fn take_out(&mut self, at: usize) -> Option<Frame> {
        if self.frames.len() - at > MAX_MISNESTED {
            return None;
        }
        if at >= self.frames.len() {
            return None;
        }
        let name = self.names.remove(at);
        self.counts.take(name);
        let taken = self.frames.remove(at);
        let mut view = match at.checked_sub(1).and_then(|under| self.frames.get(under)) {
            Some(frame) => frame.view,
            None => View::ROOT,
        };
        for frame in self.frames.iter_mut().skip(at) {
            frame.view = frame.facts.view(&view);
            view = frame.view;
        }
        Some(taken)
    }
}
