//! The messages of segments that have every word of a query, by their numbers.

use std::collections::HashMap;
use std::ops::ControlFlow;

use mail::search::{Clause, Query, Term};
use model::Result;
use model::api_key::Scope;
use uuid::Uuid;

use super::SegmentId;
use super::document::MAX_WEIGHT;
use super::find::Source;
use super::segment::{self, Leaf, Pair};
use crate::db::{DbError, Row, Value, args};
use crate::padded;
use crate::view::View;

/// Leaves read for the words that begin with a short one.
const MAX_LEAVES: i64 = 2_000;
/// A weight counts so many quarters at most.
const QUARTERS: u32 = 4;

/// A message of a segment that has all the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// Its number in the segment.
    pub(super) number: u32,
    /// What its words weigh together.
    pub(super) sum: u32,
}

/// What a message must have, in one of several ways.
pub(super) struct Need {
    ways: Vec<Way>,
    /// Whether it adds to the score.
    is_word: bool,
}

/// One way in which a word may be in a message.
struct Way {
    key: Vec<u8>,
    is_prefix: bool,
    /// Its weight counts so many quarters.
    quarters: u32,
}

/// A list of a segment.
struct List {
    key: Vec<u8>,
    data: Vec<u8>,
    quarters: u32,
}

/// What the messages found by `query` within `scope` have: the words, the pairs of words that stand
/// next to each other in its phrases, and a place in the inbox or the pod.
pub(super) fn needs(query: &Query, scope: &Scope) -> Vec<Need> {
    let mut needs = Vec::new();
    for clause in &query.clauses {
        needs.extend(clause.terms.iter().map(|term| word(clause, term)));
        for pair in clause.terms.windows(2) {
            if let [first, second] = pair
                && first.offset + 1 == second.offset
                && !first.is_prefix
                && !second.is_prefix
            {
                let pair = Pair::new(&first.text, &second.text);
                needs.push(listed(segment::of_pair(pair)));
            }
        }
    }
    match *scope {
        Scope::Org => {}
        Scope::Pod(pod) => needs.push(listed(segment::of_pod(pod.as_bytes()))),
        Scope::Inbox(_, inbox) => needs.push(listed(segment::of_inbox(inbox.as_bytes()))),
    }
    needs
}

/// The sum of a match is never greater.
pub(super) fn most(needs: &[Need]) -> u32 {
    let words = needs.iter().filter(|need| need.is_word);
    words.fold(1, |sum, _| sum + u32::from(MAX_WEIGHT) * QUARTERS + 1)
}

/// A word may be there as itself, as the beginning of another if it is the last of the query, and
/// inside a word of a header.
fn word(clause: &Clause, term: &Term) -> Need {
    let mut ways = vec![Way {
        key: segment::word(&term.text),
        is_prefix: term.is_prefix,
        quarters: QUARTERS,
    }];
    if !clause.is_phrase() && term.counts_inside() {
        ways.push(Way {
            key: segment::inside(&term.text),
            is_prefix: true,
            quarters: 1,
        });
    }
    Need {
        ways,
        is_word: true,
    }
}

fn listed(key: Vec<u8>) -> Need {
    Need {
        ways: vec![Way {
            key,
            is_prefix: false,
            quarters: 0,
        }],
        is_word: false,
    }
}

impl View<'_> {
    /// For each of at most `padded::SIZE` segments the messages that have everything needed, by
    /// their numbers.
    pub(super) fn matches(
        &mut self,
        sources: &[Source],
        needs: &[Need],
    ) -> Result<Vec<Vec<Match>>> {
        // By segment, then by need.
        let mut lists: Vec<Vec<(&Need, Vec<List>)>> = sources.iter().map(|_| Vec::new()).collect();
        let mut open: Vec<usize> = (0..sources.len()).collect();
        for need in needs {
            for (place, found) in self.lists(sources, &open, need)? {
                lists[place].push((need, found));
            }
            // One that lacks a word is not looked at again.
            open.retain(|place| {
                lists[*place]
                    .last()
                    .is_some_and(|(_, found)| !found.is_empty())
            });
        }
        let mut matches: Vec<Vec<Match>> = sources.iter().map(|_| Vec::new()).collect();
        for place in open {
            matches[place] = intersect(std::mem::take(&mut lists[place]))?;
        }
        Ok(matches)
    }

    /// The newest times of the chunks of each segment.
    pub(super) fn times(&mut self, sources: &[Source]) -> Result<Vec<Vec<i64>>> {
        let mut times: Vec<Vec<i64>> = sources.iter().map(|_| Vec::new()).collect();
        let all: Vec<usize> = (0..sources.len()).collect();
        let key = segment::heads();
        self.each_leaf(sources, &all, &key, false, |place, _, data| {
            times[place] = segment::times(data)?;
            Ok(())
        })?;
        Ok(times)
    }

    /// The lists of the segments at the places `open` that say who has what is needed.
    fn lists(
        &mut self,
        sources: &[Source],
        open: &[usize],
        need: &Need,
    ) -> Result<HashMap<usize, Vec<List>>> {
        let mut lists: HashMap<usize, Vec<List>> =
            open.iter().map(|place| (*place, Vec::new())).collect();
        for way in &need.ways {
            self.each_leaf(
                sources,
                open,
                &way.key,
                way.is_prefix,
                |place, leaf, data| {
                    let own = lists.entry(place).or_default();
                    segment::each_entry(leaf, data, &way.key, way.is_prefix, |key, list| {
                        // A longer word than the one that was written counts less.
                        let quarters = if key.len() > way.key.len() {
                            2
                        } else {
                            QUARTERS
                        };
                        own.push(List {
                            key: key.to_vec(),
                            data: list.to_vec(),
                            quarters: way.quarters.min(quarters),
                        });
                    })
                },
            )?;
        }
        Ok(lists)
    }

    /// Calls `each` with the leaves that may hold `key`, or keys that begin with it, and the place of
    /// their segment in `sources`.
    fn each_leaf(
        &mut self,
        sources: &[Source],
        open: &[usize],
        key: &[u8],
        is_prefix: bool,
        mut each: impl FnMut(usize, &[u8], &[u8]) -> Result<()>,
    ) -> Result<()> {
        // No word has this octet, and of an exact key the lowest one is the first after it.
        let end = [key, if is_prefix { &[0xFF] } else { &[0] }].concat();
        let mut stored: HashMap<SegmentId, usize> = HashMap::new();
        for place in open.iter().copied() {
            match &sources[place] {
                Source::Stored(id) => {
                    stored.insert(*id, place);
                }
                Source::Tail(tail) => {
                    for (leaf, data) in leaves_between(&tail.leaves, key, &end) {
                        each(place, leaf, data)?;
                    }
                }
            }
        }
        if stored.is_empty() {
            return Ok(());
        }
        let ids: Vec<[u8; 16]> = stored.keys().map(|id| *id.as_bytes()).collect();
        let place = |row: &Row<'_>| {
            let id = Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?;
            stored.get(&id).copied().ok_or_else(|| DbError::shape(0))
        };
        // The leaf that a key is in. A query in the place of a column is answered once for each segment,
        // whatever the engine knows of the sizes of the tables; of a join it may think otherwise.
        let marks = padded::marks(3);
        let sql = format!(
            "select s.segment, (select f.data from search_leaf f where f.org_id = s.org_id \
             and f.segment = s.segment and f.leaf <= $1 and f.leaf >= $2 order by f.leaf desc limit 1) \
             from search_segment s where {{scope:org s}} and s.segment in ({marks})"
        );
        let kind = key.get(..1).unwrap_or_default();
        let mut values = vec![Value::from(key), Value::from(kind)];
        values.extend(padded::bytes(&ids));
        let mut handled = self.all(&sql, &values, |row| {
            let (place, data) = (place(row)?, row.get::<Option<Vec<u8>>>(1)?);
            Ok(data.map_or(Ok(()), |data| each(place, kind, &data)))
        })?;
        if is_prefix {
            // One segment at a time: of several, PostgreSQL walks the range in all of them and passes over
            // those that were not asked for.
            for (id, place) in &stored {
                let left =
                    MAX_LEAVES.saturating_sub(i64::try_from(handled.len()).unwrap_or(MAX_LEAVES));
                let found = self.all(
                    "select leaf, data from search_leaf where {scope:org} and segment = $1 \
                     and leaf > $2 and leaf < $3 order by leaf limit $4",
                    args![id.as_bytes().as_slice(), key, end.as_slice(), left],
                    |row| Ok(each(*place, row.bytes(0)?, row.bytes(1)?)),
                )?;
                handled.extend(found);
            }
        }
        handled.into_iter().collect()
    }
}

/// The leaf that `key` is in, and those after it that begin before `end`.
fn leaves_between<'a>(leaves: &'a [Leaf], key: &[u8], end: &[u8]) -> &'a [Leaf] {
    let after = leaves.partition_point(|(leaf, _)| leaf.as_slice() <= key);
    let over = leaves.partition_point(|(leaf, _)| leaf.as_slice() < end);
    &leaves[after.saturating_sub(1)..over.max(after)]
}

/// The messages that are in a list of every need.
fn intersect(mut lists: Vec<(&Need, Vec<List>)>) -> Result<Vec<Match>> {
    // The shortest first: what it lacks need not be kept.
    lists.sort_by_key(|(_, lists)| lists.iter().map(|list| list.data.len()).sum::<usize>());
    let mut found: Option<Vec<Match>> = None;
    for (need, lists) in lists {
        found = Some(match (found, lists.as_slice()) {
            (None, lists) => union(need, lists)?,
            (Some(found), [list]) => narrow(found, need, list)?,
            (Some(found), lists) => both(found, &union(need, lists)?),
        });
    }
    let mut found = found.unwrap_or_default();
    // So that the logarithm of none is negative.
    found.iter_mut().for_each(|found| found.sum += 1);
    Ok(found)
}

/// What having a word adds: its weight in quarters, and one more, so that having it counts at all.
fn worth(need: &Need, list: &List, weight: u8) -> u32 {
    if need.is_word {
        u32::from(weight) * list.quarters + 1
    } else {
        0
    }
}

/// The messages in any of the lists, each with the best it has.
fn union(need: &Need, lists: &[List]) -> Result<Vec<Match>> {
    let mut found = Vec::new();
    for list in lists {
        segment::each_doc(&list.key, &list.data, |number, weight| {
            let sum = worth(need, list, weight);
            found.push(Match { number, sum });
            ControlFlow::Continue(())
        })?;
    }
    if lists.len() > 1 {
        // Ascending parts one after another, which the stable sort merges.
        found.sort_by_key(|found| found.number);
        found.dedup_by(|later, first| {
            let is_same = later.number == first.number;
            if is_same {
                first.sum = first.sum.max(later.sum);
            }
            is_same
        });
    }
    Ok(found)
}

/// Those of `found` that are in the list too.
fn narrow(mut found: Vec<Match>, need: &Need, list: &List) -> Result<Vec<Match>> {
    let (mut kept, mut at) = (0, 0);
    segment::each_doc(&list.key, &list.data, |number, weight| {
        while found.get(at).is_some_and(|found| found.number < number) {
            at += 1;
        }
        let Some(own) = found.get(at).copied() else {
            return ControlFlow::Break(());
        };
        if own.number == number {
            found[kept] = Match {
                number,
                sum: own.sum + worth(need, list, weight),
            };
            kept += 1;
            at += 1;
        }
        ControlFlow::Continue(())
    })?;
    found.truncate(kept);
    Ok(found)
}

/// Those of `found` that are in `others` too.
fn both(found: Vec<Match>, others: &[Match]) -> Vec<Match> {
    let mut others = others.iter().peekable();
    let kept = found.into_iter().filter_map(|found| {
        while others
            .next_if(|other| other.number < found.number)
            .is_some()
        {}
        let other = others.next_if(|other| other.number == found.number)?;
        Some(Match {
            number: found.number,
            sum: found.sum + other.sum,
        })
    });
    kept.collect()
}
