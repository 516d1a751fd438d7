//! The messages of segments that have every word of a query, by their numbers.

use std::collections::HashMap;
use std::sync::Arc;

use mail::search::{Clause, Query, Term};
use model::Result;
use model::api_key::Scope;
use uuid::Uuid;

use super::SegmentId;
use super::cache::{Entry, Found};
use super::document::MAX_WEIGHT;
use super::find::Source;
use super::intersect::{List, Match, QUARTERS, intersect};
use super::segment::{self, Leaf, Pair};
use crate::db::{DbError, DbResult, Value, args};
use crate::padded;
use crate::view::View;

/// Leaves read for the words that begin with a short one.
const MAX_LEAVES: i64 = 2_000;

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
    quarters: u16,
}

impl Way {
    /// What no key in this way reaches. No word has the octet 0xFF, and of an exact key the lowest one
    /// is the first after it.
    fn end(&self) -> Vec<u8> {
        let next = if self.is_prefix { 0xFF } else { 0 };
        [self.key.as_slice(), &[next]].concat()
    }

    /// The kind of entry it is, the first octet of its key: its leaf has the same.
    fn kind(&self) -> &[u8] {
        self.key.get(..1).unwrap_or_default()
    }
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
    words.fold(1, |sum, _| {
        sum + u32::from(MAX_WEIGHT) * u32::from(QUARTERS) + 1
    })
}

/// What is needed as octets: different needs are never described alike.
fn described(needs: &[Need]) -> Arc<[u8]> {
    let mut octets = Vec::new();
    for need in needs {
        octets.push(u8::from(need.is_word));
        for way in &need.ways {
            octets.extend([1, u8::from(way.is_prefix), way.quarters.to_le_bytes()[0]]);
            octets.extend((way.key.len() as u64).to_le_bytes());
            octets.extend(&way.key);
        }
        octets.push(0);
    }
    octets.into()
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

impl Need {
    /// The lists of what was found in each way.
    fn lists<'a>(&self, found: &'a [Found]) -> Vec<List<'a>> {
        let mut lists = Vec::new();
        for (way, found) in self.ways.iter().zip(found) {
            lists.extend(found.iter().map(|entry| {
                // A longer word than the one that was written counts less.
                let longer = entry.key.len() > way.key.len();
                let quarters = if longer { 2 } else { QUARTERS };
                let quarters = self.is_word.then_some(way.quarters.min(quarters));
                List { entry, quarters }
            }));
        }
        lists
    }
}

impl View<'_> {
    /// For each of at most `padded::SIZE` segments the messages that have everything needed, by
    /// their numbers.
    pub(super) fn matches(
        &mut self,
        sources: &[Source],
        needs: &[Need],
    ) -> Result<Vec<Arc<[Match]>>> {
        let query = described(needs);
        let known = sources.iter().map(|source| match source {
            Source::Stored(id) => self.segments.matches(*id, &query),
            Source::Tail(_) => None,
        });
        let mut matches: Vec<Option<Arc<[Match]>>> = known.collect();
        let unknown = |place: &usize| matches[*place].is_none();
        let mut open: Vec<usize> = (0..sources.len()).filter(unknown).collect();
        // By segment, then by need.
        let mut found: Vec<Vec<Vec<Found>>> = sources.iter().map(|_| Vec::new()).collect();
        for need in needs {
            for (place, own) in self.found(sources, &open, &need.ways)? {
                found[place].push(own);
            }
            // One that lacks a word is not looked at again.
            open.retain(|place| {
                let last = found[*place].last();
                last.is_some_and(|own| own.iter().any(|entries| !entries.is_empty()))
            });
        }
        for place in open {
            let lists = needs.iter().zip(&found[place]);
            let own: Arc<[Match]> =
                intersect(lists.map(|(need, own)| need.lists(own)).collect())?.into();
            if let Source::Stored(id) = &sources[place] {
                self.segments.keep_matches(*id, &query, own.clone());
            }
            matches[place] = Some(own);
        }
        Ok(matches.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// The newest times of the chunks of each segment.
    pub(super) fn times(&mut self, sources: &[Source]) -> Result<Vec<Vec<i64>>> {
        let all: Vec<usize> = (0..sources.len()).collect();
        let heads = listed(segment::heads());
        let mut times: Vec<Vec<i64>> = sources.iter().map(|_| Vec::new()).collect();
        for (place, own) in self.found(sources, &all, &heads.ways)? {
            for entry in own.iter().flat_map(|entries| entries.iter()) {
                times[place] = segment::times(entry.stored())?;
            }
        }
        Ok(times)
    }

    /// What the segments at the places `open` have in each of the ways.
    fn found(
        &mut self,
        sources: &[Source],
        open: &[usize],
        ways: &[Way],
    ) -> Result<Vec<(usize, Vec<Found>)>> {
        let mut found = Vec::with_capacity(open.len());
        let mut missing: Vec<(SegmentId, usize)> = Vec::new();
        for place in open.iter().copied() {
            let own: Option<Vec<Found>> = match &sources[place] {
                Source::Tail(tail) => {
                    let ways = ways.iter();
                    Some(
                        ways.map(|way| in_leaves(&tail.leaves, way))
                            .collect::<Result<_>>()?,
                    )
                }
                Source::Stored(id) => {
                    let known = |way: &Way| self.segments.entries(*id, &way.key, way.is_prefix);
                    let own: Option<Vec<Found>> = ways.iter().map(known).collect();
                    if own.is_none() {
                        missing.push((*id, place));
                    }
                    own
                }
            };
            found.extend(own.map(|own| (place, own)));
        }
        if !missing.is_empty() {
            let read = self.read_leaves(&missing, ways)?;
            found.extend(missing.iter().map(|(_, place)| *place).zip(read));
        }
        Ok(found)
    }

    /// What stored segments have in each of the ways, which is kept in memory.
    fn read_leaves(
        &mut self,
        segments: &[(SegmentId, usize)],
        ways: &[Way],
    ) -> Result<Vec<Vec<Found>>> {
        let ids: Vec<[u8; 16]> = segments.iter().map(|(id, _)| *id.as_bytes()).collect();
        // The last leaf that may have a key. A query in the place of a column is answered once for each
        // segment, whatever the engine knows of the sizes of the tables; of a join it may think otherwise.
        let leaf_of = |way: usize| {
            let (end, kind) = (2 * way + 1, 2 * way + 2);
            format!(
                "(select f.data from search_leaf f where f.org_id = s.org_id and f.segment = s.segment \
                 and f.leaf < ${end} and f.leaf >= ${kind} order by f.leaf desc limit 1)"
            )
        };
        let leaves: Vec<String> = (0..ways.len()).map(leaf_of).collect();
        let sql = format!(
            "select s.segment, {} from search_segment s where {{scope:org s}} and s.segment in ({})",
            leaves.join(", "),
            padded::marks(2 * ways.len() + 1)
        );
        let bounds = ways.iter().flat_map(|way| [way.end(), way.kind().to_vec()]);
        let mut values: Vec<Value<'_>> = bounds.map(Value::from).collect();
        values.extend(padded::bytes(&ids));
        let mut read: HashMap<SegmentId, Vec<Option<Vec<u8>>>> = HashMap::new();
        self.query(&sql, &values, &mut |row| {
            let id = Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?;
            let leaves = (1..=ways.len()).map(|column| row.get(column));
            read.insert(id, leaves.collect::<DbResult<_>>()?);
            Ok(())
        })?;
        let mut found = Vec::with_capacity(segments.len());
        let mut left = MAX_LEAVES;
        for (id, _) in segments {
            let leaves = read.remove(id).unwrap_or_default();
            let leaves = leaves.into_iter().chain(std::iter::repeat(None));
            let mut own = Vec::with_capacity(ways.len());
            for (way, last) in ways.iter().zip(leaves) {
                let mut entries = Vec::new();
                if let Some(last) = last
                    && segment::entries(way.kind(), &last, &way.key, way.is_prefix, &mut entries)?
                {
                    self.earlier_leaves(*id, way, &mut left, &mut entries)?;
                }
                let entries = Found::from(entries);
                if left > 0 {
                    self.segments
                        .keep_entries(*id, &way.key, way.is_prefix, entries.clone());
                }
                own.push(entries);
            }
            found.push(own);
        }
        Ok(found)
    }

    /// What leaves before the last one have, where words with one beginning fill several.
    fn earlier_leaves(
        &mut self,
        segment: SegmentId,
        way: &Way,
        left: &mut i64,
        entries: &mut Vec<Entry>,
    ) -> Result<()> {
        // The last one is read once more.
        entries.clear();
        let leaves = self.all(
            "select leaf, data from search_leaf where {scope:org} and segment = $1 and leaf < $2 \
             and leaf >= (select max(f.leaf) from search_leaf f where {scope:org f} and f.segment = $1 \
             and f.leaf <= $3) order by leaf limit $4",
            args![segment.as_bytes().as_slice(), way.end(), &way.key, *left],
            |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<Vec<u8>>(1)?)),
        )?;
        *left = left.saturating_sub(i64::try_from(leaves.len()).unwrap_or(MAX_LEAVES));
        for (leaf, data) in leaves {
            segment::entries(&leaf, &data, &way.key, way.is_prefix, entries)?;
        }
        Ok(())
    }
}

/// What the leaves of a segment have in one way.
fn in_leaves(leaves: &[Leaf], way: &Way) -> Result<Found> {
    let after = leaves.partition_point(|(leaf, _)| *leaf <= way.key);
    let over = leaves.partition_point(|(leaf, _)| *leaf < way.end());
    let mut entries = Vec::new();
    for (leaf, data) in &leaves[after.saturating_sub(1)..over.max(after)] {
        segment::entries(leaf, data, &way.key, way.is_prefix, &mut entries)?;
    }
    Ok(entries.into())
}
