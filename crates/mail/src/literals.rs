//! Many literals looked for in one pass over a text. The tables are made when the program is built,
//! so that a short text costs no preparation.

use std::ops::Range;

/// Octets of a literal's beginning that are hashed; shorter literals are never found.
const HEAD: usize = 3;
/// Bits that say which beginnings there are, a power of two.
const BITS: usize = 1 << 15;
/// Chains of literals whose beginnings share a place, a power of two.
const CHAINS: usize = 1 << 10;

/// `N` literals by their beginnings.
pub(crate) struct Literals<const N: usize> {
    /// One bit for each beginning.
    bits: [u64; BITS / 64],
    /// The first literal of each chain, counted from one; zero for none.
    heads: [u16; CHAINS],
    /// The next literal of its chain.
    next: [u16; N],
    all: [&'static [u8]; N],
}

impl<const N: usize> Literals<N> {
    /// The literals of all lists, numbered in their order. `N` is how many they are.
    pub(crate) const fn new(lists: &[&[&'static str]]) -> Self {
        let mut this = Self {
            bits: [0; BITS / 64],
            heads: [0; CHAINS],
            next: [0; N],
            all: [&[]; N],
        };
        // From the last to the first, so that chains are in order.
        let mut number = N;
        let mut list = lists.len();
        while list > 0 {
            list -= 1;
            let mut index = lists[list].len();
            while index > 0 {
                index -= 1;
                number -= 1;
                let literal = lists[list][index].as_bytes();
                this.all[number] = literal;
                if literal.len() >= HEAD {
                    this.enter(number, place(key(literal[0], literal[1], literal[2])));
                }
            }
        }
        assert!(number == 0 && N < u16::MAX as usize);
        this
    }

    #[expect(clippy::cast_possible_truncation, reason = "new() checks N")]
    const fn enter(&mut self, number: usize, place: usize) {
        self.bits[place / 64] |= 1 << (place % 64);
        self.next[number] = self.heads[place % CHAINS];
        self.heads[place % CHAINS] = number as u16 + 1;
    }

    /// The length of a literal.
    pub(crate) fn length(&self, number: usize) -> usize {
        self.all.get(number).map_or(0, |literal| literal.len())
    }

    /// Tells the number and the place of every literal in `text`, in the order of the text; those
    /// that overlap too.
    pub(crate) fn each(&self, text: &[u8], found: impl FnMut(usize, usize)) {
        self.each_in(text, 0..text.len(), found);
    }

    /// Whether one of the literals stands in `text`.
    pub(crate) fn has_one(&self, text: &[u8]) -> bool {
        let mut heads = text.windows(HEAD).enumerate();
        heads.any(|(at, head)| {
            let mut has = false;
            if let &[first, second, third] = head
                && let Some(place) = self.begins(key(first, second, third))
            {
                let rest = text.get(at..).unwrap_or_default();
                self.beginning(place, rest, |_| has = true);
            }
            has
        })
    }

    /// [`each`](Self::each) for literals that begin in a range of the text.
    pub(crate) fn each_in(
        &self,
        text: &[u8],
        range: Range<usize>,
        mut found: impl FnMut(usize, usize),
    ) {
        let last = text.len().min(range.end.saturating_add(HEAD - 1));
        let heads = text.get(range.start..last).unwrap_or_default();
        let Some((&[first, second], thirds)) = heads.split_first_chunk() else {
            return;
        };
        let mut head = key(0, first, second);
        for (at, third) in (range.start..).zip(thirds) {
            head = (head >> 8) | u32::from(*third) << 16;
            if let Some(place) = self.begins(head) {
                let rest = text.get(at..).unwrap_or_default();
                self.beginning(place, rest, |number| found(number, at));
            }
        }
    }

    /// The place of a beginning, if a literal may begin so.
    #[inline]
    fn begins(&self, head: u32) -> Option<usize> {
        let place = place(head);
        let bits = self.bits.get(place / 64)?;
        (bits >> (place % 64) & 1 == 1).then_some(place)
    }

    /// The literals that `rest` begins with.
    fn beginning(&self, place: usize, rest: &[u8], mut found: impl FnMut(usize)) {
        let mut link = self.heads.get(place % CHAINS).copied().unwrap_or(0);
        while let Some(number) = usize::from(link).checked_sub(1) {
            if self
                .all
                .get(number)
                .is_some_and(|literal| rest.starts_with(literal))
            {
                found(number);
            }
            link = self.next.get(number).copied().unwrap_or(0);
        }
    }
}

/// A beginning as a number.
const fn key(first: u8, second: u8, third: u8) -> u32 {
    first as u32 | (second as u32) << 8 | (third as u32) << 16
}

/// The place of a beginning among the bits.
const fn place(key: u32) -> usize {
    (key.wrapping_mul(0x9E37_79B1) >> 17) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static LITERALS: Literals<7> =
        Literals::new(&[&["abc", "abca", "ab"], &["bca", "é€", "cab", "aaa"]]);

    proptest! {
        #[test]
        fn what_is_found_is_what_a_search_for_each_finds(text in "[abcé€]{0,60}") {
            let mut found = Vec::new();
            LITERALS.each(text.as_bytes(), |number, at| found.push((number, at)));
            let half = text.len() / 2;
            let mut halves = Vec::new();
            for range in [0..half, half..text.len()] {
                LITERALS.each_in(text.as_bytes(), range, |number, at| halves.push((number, at)));
            }
            prop_assert_eq!(&halves, &found);
            prop_assert_eq!(LITERALS.has_one(text.as_bytes()), !found.is_empty());
            found.sort_unstable();
            let mut want = Vec::new();
            for (number, literal) in LITERALS.all.iter().enumerate() {
                let places = text.as_bytes().windows(literal.len()).enumerate();
                let places = places.filter(|(_, window)| window == literal && literal.len() >= HEAD);
                want.extend(places.map(|(at, _)| (number, at)));
            }
            prop_assert_eq!(found, want);
        }
    }
}
