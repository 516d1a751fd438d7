//! Where the names and beginnings stand that the rules ask a text for: all of them found in one
//! pass, because a pass for each would take longer than everything else.

use std::ops::Range;

use crate::literals::Literals;

use super::labelled::{PASSWORDS, SECRETS};
use super::layout_words::{BLOCKS, FIELDS, HASHES, HEADERS, HOOKS, MARKS};
use super::national_lettered::PAPERS;
use super::prompt::TOLD;
use super::recovery::NAMES;

/// A list of literals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Passwords,
    Secrets,
    Papers,
    Told,
    Recovery,
    Blocks,
    Hooks,
    Headers,
    Fields,
    Marks,
    Hashes,
    /// [`VCARD`] and what else is one of a kind.
    Single,
}

pub(super) const VCARD: usize = 0;
pub(super) const EMAIL_FIELD: usize = 1;
pub(super) const CLASSIFIED: usize = 2;
pub(super) const TLP: usize = 3;
pub(super) const YOU_ARE: usize = 4;

/// Literals that stand alone, by the indexes above.
const SINGLE: &[&str] = &[
    "begin:vcard",
    "\"email\"",
    "classified as ",
    "tlp:",
    "you are ",
];

/// The lists in the order of [`List`]. Literals have ASCII letters in lower case: those that are
/// written in capitals are compared with the text by their rule.
const LISTS: [&[&str]; 12] = [
    PASSWORDS, SECRETS, PAPERS, TOLD, NAMES, BLOCKS, HOOKS, HEADERS, FIELDS, MARKS, HASHES, SINGLE,
];

/// Octets before a value in which the literal that announces it begins.
const AHEAD: usize = {
    let mut longest = 0;
    let mut header = 0;
    while header < HEADERS.len() {
        if HEADERS[header].len() > longest {
            longest = HEADERS[header].len();
        }
        header += 1;
    }
    longest
};

/// Where each list begins in the order of all literals; the last is their number.
const FIRST: [usize; LISTS.len() + 1] = {
    let mut first = [0; LISTS.len() + 1];
    let mut list = 0;
    while list < LISTS.len() {
        first[list + 1] = first[list] + LISTS[list].len();
        list += 1;
    }
    first
};
const COUNT: usize = FIRST[LISTS.len()];

static SIEVE: Literals<COUNT> = Literals::new(&LISTS);

/// The literals of one text.
pub(super) struct Hits {
    /// Places, first by literal, then in the order of the text.
    places: Vec<usize>,
    /// Where the places of each literal begin.
    starts: Vec<usize>,
}

impl Hits {
    /// Finds them in a text whose ASCII letters are in lower case.
    pub(super) fn of(lower: &str) -> Self {
        let mut found: Vec<(usize, usize)> = Vec::new();
        SIEVE.each(lower.as_bytes(), |number, at| found.push((number, at)));
        Self::dealt(found)
    }

    /// Finds those of secrets with a layout: in or right before a stretch without blanks, or the name
    /// of a key block. The stretches are in order.
    pub(super) fn of_layouts(lower: &str, stretches: &[Range<usize>]) -> Self {
        let text = lower.as_bytes();
        let before = |stretch: &Range<usize>| stretch.start.saturating_sub(AHEAD)..stretch.end;
        let mut ranges: Vec<Range<usize>> = stretches.iter().map(before).collect();
        for name in BLOCKS {
            let places = memchr::memmem::find_iter(text, name);
            ranges.extend(places.map(|at| at..at + 1));
        }
        ranges.sort_unstable_by_key(|range| range.start);
        let mut found: Vec<(usize, usize)> = Vec::new();
        let mut done = 0;
        for range in ranges {
            let from = range.start.max(done);
            if from < range.end {
                SIEVE.each_in(text, from..range.end, |number, at| found.push((number, at)));
                done = range.end;
            }
        }
        Self::dealt(found)
    }

    /// From numbers and places in the order of the text.
    fn dealt(found: Vec<(usize, usize)>) -> Self {
        // Counted and dealt out, which is linear however many there are.
        let mut starts = vec![0; COUNT + 1];
        for (number, _) in &found {
            if let Some(count) = starts.get_mut(number + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut free = starts.clone();
        let mut places = vec![0; found.len()];
        for (number, at) in found {
            if let Some(next) = free.get_mut(number) {
                if let Some(place) = places.get_mut(*next) {
                    *place = at;
                }
                *next += 1;
            }
        }
        Self { places, starts }
    }

    /// Where a literal of a list stands, without places inside the one before.
    pub(super) fn at(&self, list: List, index: usize) -> impl Iterator<Item = usize> {
        let number = number(list, index);
        let length = SIEVE.length(number);
        apart(self.all(number), length)
    }

    /// Where a literal stands in `text` with its capitals as in `written`.
    pub(super) fn written(
        &self,
        list: List,
        index: usize,
        text: &[u8],
        written: &str,
    ) -> impl Iterator<Item = usize> {
        let same = move |at: &usize| {
            text.get(*at..)
                .is_some_and(|rest| rest.starts_with(written.as_bytes()))
        };
        apart(self.all(number(list, index)).filter(same), written.len())
    }

    fn all(&self, number: usize) -> impl Iterator<Item = usize> {
        let from = self.starts.get(number).copied().unwrap_or(0);
        let to = self.starts.get(number + 1).copied().unwrap_or(from);
        let places = self.places.get(from..to).unwrap_or_default();
        places.iter().copied()
    }

    /// Whether a literal of a list stands anywhere.
    pub(super) fn has(&self, list: List, index: usize) -> bool {
        self.at(list, index).next().is_some()
    }
}

fn number(list: List, index: usize) -> usize {
    FIRST.get(list as usize).copied().unwrap_or(COUNT) + index
}

/// Places without those inside the one before.
fn apart(places: impl Iterator<Item = usize>, length: usize) -> impl Iterator<Item = usize> {
    let mut end = 0;
    places.filter(move |at| {
        let apart = *at >= end;
        if apart {
            end = at + length;
        }
        apart
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_literal_is_found_where_a_search_of_its_own_finds_it() {
        let mut text: String = LISTS
            .iter()
            .copied()
            .flatten()
            .flat_map(|l| [*l, " x"])
            .collect();
        text.push_str("passpassword:apiapi_keykey $2a$2a$ tokentoken secret_keysecret");
        let hits = Hits::of(&text);
        for (list, literals) in [
            (List::Passwords, PASSWORDS),
            (List::Secrets, SECRETS),
            (List::Papers, PAPERS),
            (List::Told, TOLD),
            (List::Recovery, NAMES),
            (List::Blocks, BLOCKS),
            (List::Hooks, HOOKS),
            (List::Headers, HEADERS),
            (List::Fields, FIELDS),
            (List::Marks, MARKS),
            (List::Hashes, HASHES),
            (List::Single, SINGLE),
        ] {
            for (index, literal) in literals.iter().enumerate() {
                let want: Vec<usize> =
                    memchr::memmem::find_iter(text.as_bytes(), literal).collect();
                assert!(!want.is_empty());
                assert_eq!(hits.at(list, index).collect::<Vec<_>>(), want, "{literal}");
                assert_eq!(*literal, literal.to_ascii_lowercase(), "{literal}");
            }
        }
    }
}
