//! From a query to the messages it matches, best first.

use std::collections::HashMap;

use mail::Timestamp;
use mail::search::{Clause, Query, Term};
use model::api_key::Scope;
use model::{MessageKey, Result, ThreadId};
use uuid::Uuid;

use super::SegmentId;
use super::segment::{self, Doc};
use crate::db::{DbError, Value};
use crate::padded;
use crate::view::View;

/// Of all matches so many of the newest are ranked.
const MAX_CANDIDATES: usize = 4_000;
/// Segments looked at together at first: the newest mail has enough matches of common words. Rare
/// words need the others, in groups twice as large each time.
const FIRST_GROUP: usize = 4;
/// Leaves read for the words that begin with a short one.
const MAX_LEAVES: i64 = 2_000;
/// A match that counts twice as much comes as early as one that is so much newer.
const DOUBLE: i64 = 30 * 86_400 * 1_000_000;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct SearchFilter {
    /// The words.
    pub query: Query,
    /// Only messages earlier than this.
    pub before: Option<Timestamp>,
    /// Only messages at or later than this.
    pub after: Option<Timestamp>,
}

/// A message that has all the words, as far as the index knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) score: i64,
    pub(super) at: i64,
    pub(super) message: MessageKey,
    pub(super) thread: ThreadId,
}

impl Candidate {
    /// Puts the better of two first; the same in every process and on every page.
    pub(super) fn rank(&self) -> (std::cmp::Reverse<i64>, u64) {
        (std::cmp::Reverse(self.score), self.tie())
    }

    /// Tells candidates of one score apart: the random end of the row's key.
    pub(super) fn tie(&self) -> u64 {
        let (_, tail) = self.message.as_bytes().split_at(8);
        tail.first_chunk()
            .map_or(0, |tail| u64::from_be_bytes(*tail))
    }
}

/// A segment while it is searched.
struct Searched {
    id: SegmentId,
    newest: i64,
    /// By number: 0 for a message that lacks a word so far, else 1 and the weights of its words.
    sums: Vec<u32>,
    is_out: bool,
}

/// One way in which a word may be in a message.
struct Way {
    key: Vec<u8>,
    is_prefix: bool,
    /// Its weight counts so many quarters.
    quarters: u32,
}

impl View<'_> {
    /// The newest messages within reach that have all the words, best first. `latest` leaves out
    /// what came after the first page of a search was shown.
    pub(super) fn candidates(
        &mut self,
        filter: &SearchFilter,
        latest: i64,
    ) -> Result<Vec<Candidate>> {
        if filter.query.is_empty() {
            return Ok(Vec::new());
        }
        let before = filter.before.map_or(i64::MAX, Timestamp::as_micros);
        let after = filter.after.map_or(i64::MIN, Timestamp::as_micros);
        let wanted = |at: i64| at < before && at >= after && at <= latest;
        let mut segments = self.segments(after, before.min(latest.saturating_add(1)))?;
        let mut best: HashMap<MessageKey, Candidate> = HashMap::new();
        let mut size = FIRST_GROUP;
        'segments: while !segments.is_empty() {
            let rest = segments.split_off(segments.len().min(size));
            let mut group = std::mem::replace(&mut segments, rest);
            size = (size * 2).min(padded::SIZE);
            self.narrow(&mut group, filter)?;
            for segment in group.iter().filter(|segment| !segment.is_out) {
                // None of what comes now can be among the newest.
                let newer = best.values().filter(|found| found.at > segment.newest);
                if best.len() >= MAX_CANDIDATES && newer.count() >= MAX_CANDIDATES {
                    break 'segments;
                }
                for (doc, sum) in self.matched(segment, wanted)? {
                    let found = candidate(&doc, sum);
                    let known = best.entry(found.message).or_insert(found);
                    known.score = known.score.max(found.score);
                }
            }
        }
        let mut found: Vec<Candidate> = best.into_values().collect();
        found.sort_unstable_by_key(|found| (std::cmp::Reverse(found.at), found.tie()));
        found.truncate(MAX_CANDIDATES);
        found.sort_unstable_by_key(Candidate::rank);
        Ok(found)
    }

    /// The segments that have messages of a time, newest first.
    fn segments(&mut self, after: i64, before: i64) -> Result<Vec<Searched>> {
        let mut segments = self.all(
            "select segment, docs, newest from search_segment where {scope:org} and state = 1 \
             and newest >= $1 and oldest < $2",
            &[Value::from(after), Value::from(before)],
            |row| {
                let docs: i64 = row.get(1)?;
                Ok(Searched {
                    id: Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?,
                    newest: row.get(2)?,
                    sums: vec![1; usize::try_from(docs).map_err(|_| DbError::shape(1))?],
                    is_out: false,
                })
            },
        )?;
        segments.sort_by_key(|segment| (std::cmp::Reverse(segment.newest), segment.id));
        Ok(segments)
    }

    /// Leaves in each segment the messages within reach that have every word.
    fn narrow(&mut self, group: &mut [Searched], filter: &SearchFilter) -> Result<()> {
        let of_scope = match *self.access.scope() {
            Scope::Org => None,
            Scope::Pod(pod) => Some(segment::of_pod(pod.as_bytes())),
            Scope::Inbox(_, inbox) => Some(segment::of_inbox(inbox.as_bytes())),
        };
        if let Some(key) = of_scope {
            let listed = Way {
                key,
                is_prefix: false,
                quarters: 0,
            };
            self.keep(group, &[listed])?;
        }
        for clause in &filter.query.clauses {
            for term in &clause.terms {
                self.keep(group, &ways(clause, term))?;
            }
        }
        Ok(())
    }

    /// Takes out the messages that have a word in none of these ways, and adds the best weight to
    /// those that have it.
    fn keep(&mut self, group: &mut [Searched], ways: &[Way]) -> Result<()> {
        let open: Vec<SegmentId> = group.iter().filter(|s| !s.is_out).map(|s| s.id).collect();
        if open.is_empty() {
            return Ok(());
        }
        let places: HashMap<SegmentId, usize> = group.iter().map(|s| s.id).zip(0..).collect();
        let mut weights: Vec<Vec<u32>> = group.iter().map(|_| Vec::new()).collect();
        for way in ways {
            for (id, (leaf, data)) in self.leaves_with(&open, way)? {
                let Some(place) = places.get(&id).copied() else {
                    continue;
                };
                let own = &mut weights[place];
                own.resize(group[place].sums.len(), 0);
                segment::each_entry(&leaf, &data, |key, list| {
                    let is_hit = if way.is_prefix {
                        key.starts_with(&way.key)
                    } else {
                        key == way.key
                    };
                    if !is_hit {
                        return Ok(());
                    }
                    // A longer word than the one that was written counts less.
                    let quarters = if key.len() > way.key.len() { 2 } else { 4 };
                    let quarters = way.quarters.min(quarters);
                    segment::each_doc(list, |number, weight| {
                        if let Some(best) = own.get_mut(number as usize) {
                            // In quarters; one more, so that having the word counts at all.
                            *best = (*best).max(u32::from(weight) * quarters + 1);
                        }
                    })
                })?;
            }
        }
        for (segment, weights) in group.iter_mut().zip(weights) {
            if weights.is_empty() {
                segment.is_out = true;
                continue;
            }
            let mut is_out = true;
            for (sum, weight) in segment.sums.iter_mut().zip(weights) {
                *sum = if *sum == 0 || weight == 0 {
                    0
                } else {
                    *sum + weight
                };
                is_out &= *sum == 0;
            }
            segment.is_out = is_out;
        }
        Ok(())
    }

    /// The leaves of these segments that hold a word, or words that begin with it.
    fn leaves_with(
        &mut self,
        segments: &[SegmentId],
        way: &Way,
    ) -> Result<Vec<(SegmentId, segment::Leaf)>> {
        let marks = padded::marks(4);
        let sql = format!(
            "select l.segment, l.leaf, l.data from search_segment s \
             join search_leaf l on l.org_id = s.org_id and l.segment = s.segment \
             and l.leaf >= (select f.leaf from search_leaf f where f.org_id = s.org_id \
             and f.segment = s.segment and f.leaf <= $1 order by f.leaf desc limit 1) \
             and l.leaf < $2 where {{scope:org s}} and s.segment in ({marks}) limit $3"
        );
        // No word has this octet, nor the lowest one, so both ends are right.
        let end = if way.is_prefix { 0xFF } else { 0 };
        let end = [way.key.as_slice(), &[end]].concat();
        let mut values = vec![
            Value::from(&way.key),
            Value::from(end),
            Value::from(MAX_LEAVES),
        ];
        let ids: Vec<[u8; 16]> = segments.iter().map(|id| *id.as_bytes()).collect();
        values.extend(padded::bytes(&ids));
        Ok(self.all(&sql, &values, |row| {
            let id = Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?;
            Ok((id, (row.get(1)?, row.get(2)?)))
        })?)
    }

    /// The newest messages that are left in a segment, with what their words weigh together.
    fn matched(
        &mut self,
        segment: &Searched,
        wanted: impl Fn(i64) -> bool,
    ) -> Result<Vec<(Doc, u32)>> {
        let numbers = (0_usize..).zip(&segment.sums).filter(|(_, sum)| **sum > 0);
        let mut numbers = numbers.map(|(number, sum)| (number, *sum)).peekable();
        let mut found = Vec::new();
        while numbers.peek().is_some() && found.len() < MAX_CANDIDATES {
            let mut chunks: Vec<(usize, Vec<(usize, u32)>)> = Vec::new();
            while let Some((number, sum)) = numbers.peek().copied() {
                let own = number / segment::CHUNK;
                let place = (number % segment::CHUNK, sum);
                let is_full = chunks.len() == padded::SIZE;
                match chunks.last_mut() {
                    Some((chunk, places)) if *chunk == own => places.push(place),
                    _ if is_full => break,
                    _ => chunks.push((own, vec![place])),
                }
                numbers.next();
            }
            let data = self.chunks(segment.id, &chunks)?;
            for (chunk, places) in chunks {
                let key = chunk_key(chunk);
                let Some(data) = data.get(&key) else {
                    return Err(model::Error::internal("a segment lacks its messages"));
                };
                for (place, sum) in places {
                    let doc = segment::doc_at(data, place)?;
                    if wanted(doc.at) {
                        found.push((doc, sum));
                    }
                }
            }
        }
        Ok(found)
    }

    fn chunks<T>(
        &mut self,
        id: SegmentId,
        chunks: &[(usize, T)],
    ) -> Result<HashMap<Vec<u8>, Vec<u8>>> {
        let keys: Vec<Vec<u8>> = chunks.iter().map(|(chunk, _)| chunk_key(*chunk)).collect();
        let marks = padded::marks(2);
        let sql = format!(
            "select leaf, data from search_leaf where {{scope:org}} and segment = $1 and leaf in ({marks})"
        );
        let mut values = vec![Value::from(id.as_bytes().as_slice())];
        values.extend(padded::bytes(&keys));
        let found = self.all(&sql, &values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.into_iter().collect())
    }
}

fn chunk_key(number: usize) -> Vec<u8> {
    segment::chunk(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The ways in which a word of the query may be in a message: as a word, as the beginning of one
/// if it is the last of the query, and inside a word of a header.
fn ways(clause: &Clause, term: &Term) -> Vec<Way> {
    let mut ways = vec![Way {
        key: segment::word(&term.text),
        is_prefix: term.is_prefix,
        quarters: 4,
    }];
    if !clause.is_phrase() && term.counts_inside() {
        ways.push(Way {
            key: segment::inside(&term.text),
            is_prefix: true,
            quarters: 1,
        });
    }
    ways
}

/// Its score is a time, so that it does not change as time goes on: the message's own, and later
/// the more its words weigh.
fn candidate(doc: &Doc, sum: u32) -> Candidate {
    let bonus = DOUBLE.saturating_mul(log2(sum)) / 256;
    Candidate {
        score: doc.at.saturating_add(bonus),
        at: doc.at,
        message: MessageKey::new(Uuid::from_bytes(doc.message)),
        thread: ThreadId::new(Uuid::from_bytes(doc.thread)),
    }
}

/// The binary logarithm in 256ths, rounded down, the same on every machine.
fn log2(value: u32) -> i64 {
    let whole = value.max(1).ilog2();
    // The value as 1.31 bits, squared eight times: each square gives one more binary digit.
    let mut rest = u64::from(value.max(1)) << (31 - whole);
    let mut digits = i64::from(whole);
    for _ in 0..8 {
        rest = (rest * rest) >> 31;
        digits <<= 1;
        if rest >> 32 != 0 {
            digits |= 1;
            rest >>= 1;
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_to_its_last_digit() {
        for value in [1_u32, 2, 3, 5, 24, 100, 255, 4_096, 1_000_000, u32::MAX] {
            let exact = f64::from(value).log2() * 256.0;
            let got = f64::from(i32::try_from(log2(value)).unwrap());
            assert!((exact - got).abs() <= 1.0, "{value}: {got} for {exact}");
        }
        assert_eq!(log2(0), 0);
        assert!((1..10_000).all(|n| log2(n) <= log2(n + 1)));
    }
}
