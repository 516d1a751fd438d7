//! Joining by the ids that messages name.

use std::collections::{HashMap, HashSet};

use super::sets::Sets;
use super::{Message, ids};

/// Ids looked up for one message: the nearest ancestors, and the oldest.
const MAX_ANCESTORS: usize = 100;

/// Joins messages to the ancestors they name. Says of each whether it is still open: it found
/// none, nor is it a copy of one that did.
pub(super) fn join(sorted: &[&Message<'_>], sets: &mut Sets) -> Vec<bool> {
    let known = known(sorted);
    let mut named: HashMap<String, usize> = HashMap::new();
    let mut open = vec![true; sorted.len()];
    let first_copy = first_copies(sorted, &known);
    let mut decided: HashSet<usize> = HashSet::new();
    for (at, message) in sorted.iter().enumerate() {
        let original = first_copy.get(at).copied().unwrap_or(at);
        sets.join(at, original);
        // Our own mail may come back under the id that the relay gave it.
        for id in message.aliases.iter().filter_map(|id| ids::normal(id)) {
            if let Some(copy) = held(&known, &id) {
                sets.join(at, copy);
            }
        }
        let ancestors = ancestors(message, &known);
        if ancestors.is_empty() {
            continue;
        }
        // Copies may carry other headers; the first that names anything speaks for all.
        if !decided.insert(original) {
            continue;
        }
        let hit = ancestors.iter().find_map(|id| {
            let held = held(&known, id).filter(|&held| first_copy.get(held) != Some(&original));
            held.or_else(|| named.get(id.as_str()).copied())
        });
        if let Some(hit) = hit {
            sets.join(at, hit);
            for slot in [at, original] {
                if let Some(open) = open.get_mut(slot) {
                    *open = false;
                }
            }
        }
        for id in ancestors {
            if ids::is_plausible(&id) && held(&known, &id).is_none() {
                named.entry(id).or_insert(at);
            }
        }
    }
    for (at, original) in first_copy.iter().enumerate() {
        if let Some(open) = open.get_mut(at) {
            *open &= *original == at;
        }
    }
    open
}

/// Every id under which a message of the set is known: its own before any alias.
fn known(sorted: &[&Message<'_>]) -> HashMap<String, usize> {
    let mut known = HashMap::new();
    for (at, message) in sorted.iter().enumerate() {
        if let Some(id) = message.message_id.and_then(ids::normal) {
            known.entry(id).or_insert(at);
        }
    }
    for (at, message) in sorted.iter().enumerate() {
        for id in message.aliases.iter().filter_map(|id| ids::normal(id)) {
            known.entry(id).or_insert(at);
        }
    }
    known
}

/// The message of the set that an id names.
fn held(known: &HashMap<String, usize>, id: &str) -> Option<usize> {
    known
        .get(id)
        .or_else(|| known.get(ids::without_relay_domain(id)?))
        .copied()
}

/// For each message the first one with the same id: itself, mostly.
fn first_copies(sorted: &[&Message<'_>], known: &HashMap<String, usize>) -> Vec<usize> {
    sorted
        .iter()
        .enumerate()
        .map(|(at, message)| {
            message
                .message_id
                .and_then(ids::normal)
                .and_then(|id| known.get(&id).copied())
                .unwrap_or(at)
        })
        .collect()
}

/// The ids a message names, the likeliest ancestor first, each once, without its own.
fn ancestors(message: &Message<'_>, known: &HashMap<String, usize>) -> Vec<String> {
    let own: HashSet<String> = message
        .message_id
        .iter()
        .chain(&message.aliases)
        .filter_map(|id| ids::normal(id))
        .collect();
    let mut references: Vec<String> = message
        .references
        .iter()
        .flat_map(|field| ids::ids(field))
        .collect();
    references.reverse();
    if references.len() > MAX_ANCESTORS {
        let oldest = references.pop();
        references.truncate(MAX_ANCESTORS - 1);
        references.extend(oldest);
    }
    // A sentence in In-Reply-To may name the person who is answered.
    let is_person = |id: &String| {
        message
            .people
            .iter()
            .any(|person| person.eq_ignore_ascii_case(id))
            && !known.contains_key(id)
    };
    let replied = message
        .in_reply_to
        .iter()
        .flat_map(|field| ids::ids(field))
        .take(MAX_ANCESTORS);
    let returned = message
        .returned_id
        .iter()
        .flat_map(|field| ids::ids(field))
        .take(1);
    let mut seen = HashSet::new();
    references
        .into_iter()
        .chain(replied)
        .chain(returned)
        .filter(|id| !own.contains(id) && !is_person(id))
        .filter(|id| seen.insert(id.clone()))
        .collect()
}
