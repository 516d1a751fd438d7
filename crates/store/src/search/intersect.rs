//! The messages of one segment that have everything a query needs: pure functions on lists in memory.

use std::ops::ControlFlow;

use model::Result;

use super::cache::{Data, Entry};
use super::segment;

/// A weight counts so many quarters at most.
pub(super) const QUARTERS: u16 = 4;

/// A message of a segment that has all the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// Its number in the segment.
    pub(super) number: u32,
    /// What its words weigh together.
    pub(super) sum: u32,
}

/// A list of a segment.
pub(super) struct List<'a> {
    pub(super) entry: &'a Entry,
    /// The weights in it count so many quarters; `None` if being in it adds nothing.
    pub(super) quarters: Option<u16>,
}

impl List<'_> {
    /// What having the word adds: its weight in quarters, and one more, so that having it counts at all.
    fn worth(&self, weight: u8) -> u16 {
        self.quarters
            .map_or(0, |quarters| u16::from(weight) * quarters + 1)
    }
}

/// The messages that are, for everything needed, in one of the lists of those who have it.
pub(super) fn intersect(needs: Vec<Vec<List<'_>>>) -> Result<Vec<Match>> {
    let (mut words, mut bits) = (Vec::new(), Vec::new());
    for lists in needs {
        match lists.as_slice() {
            [list] if let Data::Bits(own) = &list.entry.data => bits.push(own.as_ref()),
            _ => words.push(lists),
        }
    }
    let bits = in_all(&bits);
    // The shortest first: what it lacks need not be kept.
    words.sort_by_key(|lists| octets(lists));
    let mut words = words.into_iter().peekable();
    let first = words.next_if(|lists| bits.as_ref().is_none_or(|bits| octets(lists) < count(bits)));
    let mut found = match (first, &bits) {
        (Some(lists), bits) => {
            let mut found = union(&lists)?;
            if let Some(bits) = bits {
                found.retain(|found| has(bits, found.number));
            }
            found
        }
        (None, Some(bits)) => numbers(bits),
        (None, None) => Vec::new(),
    };
    for lists in words {
        let worths = Worths::of(&lists)?;
        found.retain_mut(|found| match worths.get(found.number) {
            Some(own) => {
                found.sum += own;
                true
            }
            None => false,
        });
    }
    // So that the logarithm of none is negative.
    found.iter_mut().for_each(|found| found.sum += 1);
    Ok(found)
}

/// How long lists are as they are stored.
fn octets(lists: &[List<'_>]) -> usize {
    lists.iter().map(|list| list.entry.stored().len()).sum()
}

/// The bits that are set in all, or `None` if there are none to look at.
fn in_all(bits: &[&[u64]]) -> Option<Vec<u64>> {
    let (first, rest) = bits.split_first()?;
    let mut all = first.to_vec();
    for bits in rest {
        all.truncate(bits.len());
        for (all, own) in all.iter_mut().zip(*bits) {
            *all &= own;
        }
    }
    Some(all)
}

fn count(bits: &[u64]) -> usize {
    bits.iter().map(|word| word.count_ones() as usize).sum()
}

fn has(bits: &[u64], number: u32) -> bool {
    let word = bits.get(number as usize / 64).copied().unwrap_or_default();
    word >> (number % 64) & 1 == 1
}

/// The messages whose bits are set.
fn numbers(bits: &[u64]) -> Vec<Match> {
    let mut found = Vec::with_capacity(count(bits));
    for (first, word) in (0_u32..).step_by(64).zip(bits) {
        let mut rest = *word;
        while rest != 0 {
            let number = first + rest.trailing_zeros();
            found.push(Match { number, sum: 0 });
            rest &= rest - 1;
        }
    }
    found
}

/// The messages in any of the lists, each with the best it has.
fn union(lists: &[List<'_>]) -> Result<Vec<Match>> {
    let mut found = Vec::new();
    if let [list] = lists {
        segment::each_doc(&list.entry.key, list.entry.stored(), |number, weight| {
            let sum = u32::from(list.worth(weight));
            found.push(Match { number, sum });
            ControlFlow::Continue(())
        })?;
    } else {
        let worths = Worths::of(lists)?;
        let all = (0_u32..).zip(&worths.0).filter(|(_, own)| **own > 0);
        found.extend(all.map(|(number, own)| Match {
            number,
            sum: u32::from(own - 1),
        }));
    }
    Ok(found)
}

/// For each message of a segment one more than the best it has in any of some lists, or zero. Writing
/// all of a long list down is faster than comparing it number by number.
struct Worths(Vec<u16>);

impl Worths {
    fn of(lists: &[List<'_>]) -> Result<Self> {
        let mut worths: Vec<u16> = Vec::new();
        for list in lists {
            segment::each_doc(&list.entry.key, list.entry.stored(), |number, weight| {
                let number = number as usize;
                if number >= worths.len() {
                    worths.resize((number + 1).next_power_of_two().max(4_096), 0);
                }
                worths[number] = worths[number].max(list.worth(weight) + 1);
                ControlFlow::Continue(())
            })?;
        }
        Ok(Self(worths))
    }

    fn get(&self, number: u32) -> Option<u32> {
        let own = self.0.get(number as usize)?;
        own.checked_sub(1).map(u32::from)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Who is in a list, with the weight that counts.
    type Members = BTreeMap<u32, u8>;

    /// An entry as a segment gives it.
    fn entry(members: &Members, is_word: bool) -> Entry {
        let key = if is_word {
            segment::word("word")
        } else {
            segment::of_pod(&[7; 16])
        };
        let posting: Vec<(u32, u8)> = members.iter().map(|(n, weight)| (*n, *weight)).collect();
        segment::entry(&key, &posting).unwrap()
    }

    fn members(most: u32) -> impl Strategy<Value = Members> {
        prop_oneof![
            prop::collection::btree_map(0..most, 1_u8..90, 0..40),
            prop::collection::btree_map(0..most, 1_u8..90, 0..2_000),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn all_that_have_everything_are_found_with_the_best_they_have(
            words in prop::collection::vec(prop::collection::vec(members(2_500), 1..3), 1..3),
            places in prop::collection::vec(members(2_500), 0..3),
        ) {
            let words: Vec<Vec<(Entry, &Members)>> = words
                .iter()
                .map(|lists| lists.iter().map(|list| (entry(list, true), list)).collect())
                .collect();
            let places: Vec<(Entry, &Members)> =
                places.iter().map(|list| (entry(list, false), list)).collect();
            let quarters = |at: usize| if at == 0 { QUARTERS } else { 1 };
            let mut wanted = Vec::new();
            for number in 0..2_500 {
                let best = |lists: &Vec<(Entry, &Members)>| {
                    let worths = lists.iter().enumerate().filter_map(|(at, (_, list))| {
                        list.get(&number).map(|weight| u32::from(*weight) * u32::from(quarters(at)) + 1)
                    });
                    worths.max()
                };
                let sums: Option<Vec<u32>> = words.iter().map(best).collect();
                if let Some(sums) = sums && places.iter().all(|(_, list)| list.contains_key(&number)) {
                    wanted.push(Match { number, sum: sums.iter().sum::<u32>() + 1 });
                }
            }
            let mut needs: Vec<Vec<List<'_>>> = Vec::new();
            for lists in &words {
                let lists = lists.iter().enumerate();
                needs.push(lists.map(|(at, (entry, _))| List { entry, quarters: Some(quarters(at)) }).collect());
            }
            needs.extend(places.iter().map(|(entry, _)| vec![List { entry, quarters: None }]));
            prop_assert_eq!(intersect(needs).unwrap(), wanted);
        }
    }
}
