//! Conversations under construction: sets of messages with the people who take part.

use std::collections::{BTreeMap, HashMap, HashSet};

/// Disjoint sets over `0..n`. A number for a person stands for their address.
pub(super) struct Sets {
    parent: Vec<usize>,
    size: Vec<usize>,
    people: Vec<HashSet<usize>>,
    own: Vec<Vec<usize>>,
}

impl Sets {
    /// One set for each message, with the addresses of its people.
    pub(super) fn new(messages: impl Iterator<Item = Vec<String>>) -> Self {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let own: Vec<Vec<usize>> = messages
            .map(|people| {
                people
                    .into_iter()
                    .map(|person| {
                        let next = numbers.len();
                        *numbers.entry(person).or_insert(next)
                    })
                    .collect()
            })
            .collect();
        Self {
            parent: (0..own.len()).collect(),
            size: vec![1; own.len()],
            people: own
                .iter()
                .map(|own| own.iter().copied().collect())
                .collect(),
            own,
        }
    }

    /// The people of one message.
    pub(super) fn people(&self, message: usize) -> &[usize] {
        self.own.get(message).map_or(&[], Vec::as_slice)
    }

    /// The name of the set that `message` is in: one of its members.
    pub(super) fn find(&mut self, message: usize) -> usize {
        let mut at = message;
        while let Some(&above) = self.parent.get(at) {
            if above == at {
                break;
            }
            let next = self.parent.get(above).copied().unwrap_or(above);
            if let Some(slot) = self.parent.get_mut(at) {
                *slot = next;
            }
            at = next;
        }
        at
    }

    pub(super) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        if one == other {
            return;
        }
        let size = |set: usize| self.size.get(set).copied().unwrap_or(0);
        let sum = size(one) + size(other);
        let (small, large) = if size(one) < size(other) {
            (one, other)
        } else {
            (other, one)
        };
        if let Some(slot) = self.parent.get_mut(small) {
            *slot = large;
        }
        if let Some(slot) = self.size.get_mut(large) {
            *slot = sum;
        }
        let mut fewer = self
            .people
            .get_mut(small)
            .map(std::mem::take)
            .unwrap_or_default();
        if let Some(more) = self.people.get_mut(large) {
            if more.len() < fewer.len() {
                std::mem::swap(more, &mut fewer);
            }
            more.extend(fewer);
        }
    }

    /// Whether the people of `message` take part in the set of `other`: two of them, or the only
    /// one it has. One is not enough otherwise, for that may be the inbox.
    pub(super) fn know_each_other(&mut self, message: usize, other: usize) -> bool {
        let set = self.find(other);
        let (Some(own), Some(theirs)) = (self.own.get(message), self.people.get(set)) else {
            return false;
        };
        let shared = own.iter().filter(|person| theirs.contains(person)).count();
        shared >= own.len().min(2) && shared > 0
    }

    /// The sets, each in ascending order, ordered by their first members.
    pub(super) fn groups(&mut self) -> Vec<Vec<usize>> {
        let mut first: HashMap<usize, usize> = HashMap::new();
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for message in 0..self.parent.len() {
            let set = self.find(message);
            let first = *first.entry(set).or_insert(message);
            groups.entry(first).or_default().push(message);
        }
        groups.into_values().collect()
    }
}
