//! Words by their octets, so that one walk over a word tells what all its beginnings say.

use std::collections::VecDeque;

/// A text's next octet leads here.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// The cells of the octets that may follow are this number with the octet's bits turned.
    base: u32,
    /// The number of the word that ends here; zero for none.
    pub(super) word: u16,
    /// The octet that led here. With no two cells of one base it tells the way by itself.
    label: u8,
}

/// An octet of no text.
const NONE: u8 = 0xFF;
const FREE: Cell = Cell {
    base: 0,
    word: 0,
    label: NONE,
};
/// Cells that one base reaches.
const BLOCK: usize = 256;

/// Cells that are tried before those that fitted nothing are left empty.
const PATIENCE: usize = 64;

/// A trie as an array of cells. The first is its root.
pub(super) struct Trie {
    cells: Vec<Cell>,
}

impl Trie {
    /// The trie of sorted words, each of which stands once. They are numbered from one.
    pub(super) fn of(words: &[&str]) -> Self {
        let mut made = Making::default();
        let numbered: Vec<(&[u8], u16)> =
            (1..).zip(words).map(|(n, w)| (w.as_bytes(), n)).collect();
        let mut queue = VecDeque::from([(0, 0, numbered.as_slice())]);
        // Level by level, which keeps the cells together that most walks see.
        while let Some((at, depth, mut words)) = queue.pop_front() {
            if let [(word, number), rest @ ..] = words
                && word.len() == depth
            {
                made.change(at, |cell| cell.word = *number);
                words = rest;
            }
            let octet = |word: &[u8]| word.get(depth).copied().unwrap_or(NONE);
            let groups: Vec<&[(&[u8], u16)]> = words
                .chunk_by(|(a, _), (b, _)| octet(a) == octet(b))
                .collect();
            let labels: Vec<u8> = groups
                .iter()
                .filter_map(|group| group.first().map(|(word, _)| octet(word)))
                .collect();
            let Some(base) = made.base_for(&labels) else {
                continue;
            };
            made.change(at, |cell| cell.base = u32::try_from(base).unwrap_or(0));
            for (label, group) in labels.into_iter().zip(groups) {
                let at = base ^ usize::from(label);
                made.change(at, |cell| cell.label = label);
                queue.push_back((at, depth + 1, group));
            }
        }
        Self { cells: made.cells }
    }

    /// Where a walk begins.
    pub(super) fn root(&self) -> Cell {
        self.cells.first().copied().unwrap_or(FREE)
    }

    /// Where an octet leads.
    #[inline]
    pub(super) fn step(&self, from: Cell, octet: u8) -> Option<Cell> {
        let at = from.base ^ u32::from(octet);
        let cell = self.cells.get(at as usize)?;
        (cell.label == octet).then_some(*cell)
    }
}

/// A trie being made.
#[derive(Default)]
struct Making {
    cells: Vec<Cell>,
    /// Which bases are in use.
    taken: Vec<bool>,
    /// Where a free cell is looked for.
    first: usize,
}

impl Making {
    fn change(&mut self, at: usize, change: impl Fn(&mut Cell)) {
        self.reach(at);
        if let Some(cell) = self.cells.get_mut(at) {
            change(cell);
        }
    }

    /// Makes the block of a cell, if it is none yet.
    fn reach(&mut self, at: usize) {
        let length = (at / BLOCK + 1) * BLOCK;
        if self.cells.len() < length {
            self.cells.resize(length, FREE);
            self.taken.resize(length, false);
        }
    }

    /// Whether nothing leads to a cell. The root is where no octet leads, and what has no
    /// successor keeps the base zero.
    fn is_free(&self, at: usize) -> bool {
        at > 0 && self.cells.get(at).is_none_or(|cell| cell.label == NONE)
    }

    /// Takes a base of which the cells of all these octets are free; none if there is no octet.
    fn base_for(&mut self, labels: &[u8]) -> Option<usize> {
        let first = usize::from(*labels.first()?);
        while !self.is_free(self.first) {
            self.first += 1;
        }
        let at = (self.first..).find(|at| {
            let base = at ^ first;
            let is_taken = self.taken.get(base).copied().unwrap_or(false);
            let fits = |label: &u8| self.is_free(base ^ usize::from(*label));
            base > 0 && !is_taken && labels.iter().all(fits)
        })?;
        if at > self.first + PATIENCE {
            self.first = at;
        }
        let base = at ^ first;
        self.reach(base);
        if let Some(taken) = self.taken.get_mut(base) {
            *taken = true;
        }
        Some(base)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_walk_tells_every_word_that_a_text_begins_with(words in prop::collection::btree_set("[abé\u{0}]{1,5}", 1..40), text in "[abcé\u{0}]{0,8}") {
            let words: Vec<&str> = BTreeSet::from_iter(words.iter().map(String::as_str)).into_iter().collect();
            let trie = Trie::of(&words);
            let mut found = Vec::new();
            let mut at = Some(trie.root());
            for octet in text.bytes() {
                at = at.and_then(|at| trie.step(at, octet));
                found.extend(at.filter(|at| at.word > 0).map(|at| words[usize::from(at.word) - 1]));
            }
            let mut want: Vec<&str> = words.iter().copied().filter(|word| text.starts_with(word)).collect();
            want.sort_by_key(|word| word.len());
            prop_assert_eq!(found, want);
        }
    }
}
