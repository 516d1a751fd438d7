//! From a query to the messages it matches, best first, and no more of them than are asked for.
//!
//! A score is a time, so a segment bounds what is in it by its newest message and by what words can
//! weigh, and a chunk by its own. Segments and chunks wait in the order of these bounds, and are
//! opened when nothing that is known can be better. What comes out is in the order of all matches,
//! whatever segments they are in.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use mail::Timestamp;
use mail::search::Query;
use model::{MessageKey, Result, ThreadId};
use uuid::Uuid;

use super::cache::{Entry, Found};
use super::intersect::Match;
use super::matching::{self, Need};
use super::segment::{self, Doc, Segment};
use super::{SegmentId, index};
use crate::db::{DbError, Value};
use crate::padded;
use crate::view::View;

/// Messages in the segments that are opened together at first: a common word has its page in them.
/// Rare words need the others, four times as many messages each time.
const FIRST_GROUP: usize = 8_192;
/// With so many matches in hand no older segment is opened: a bound for memory.
const MAX_MATCHES: usize = 1_000_000;
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
    pub(super) message: MessageKey,
    pub(super) thread: ThreadId,
}

impl Candidate {
    /// Puts the better of two first; the same in every process and on every page.
    pub(super) fn rank(&self) -> (Reverse<i64>, u64) {
        (Reverse(self.score), self.tie())
    }

    /// Tells candidates of one score apart: the random end of the row's key.
    pub(super) fn tie(&self) -> u64 {
        let (_, tail) = self.message.as_bytes().split_at(8);
        tail.first_chunk()
            .map_or(0, |tail| u64::from_be_bytes(*tail))
    }
}

/// Where the words of some messages are.
pub(super) enum Source {
    Stored(SegmentId),
    /// Made for this search of what was filed just now.
    Tail(Segment),
}

struct Waiting {
    source: Source,
    docs: usize,
    newest: i64,
}

/// A segment with matches.
struct Opened {
    source: Source,
    matches: Arc<[Match]>,
    /// Chunks with matches that were not looked at: what none of a chunk's matches exceeds, and its
    /// number; the best one last.
    chunks: Vec<(i64, usize)>,
}

/// What is next, by score.
struct Next {
    score: i64,
    what: What,
}

enum What {
    /// The best chunk of the opened segment of this number.
    Chunk(usize),
    Found(Candidate),
}

impl Next {
    /// Of one score, chunks come first: they may have candidates whose turn it is.
    fn order(&self) -> (i64, bool, Reverse<u64>) {
        match &self.what {
            What::Chunk(_) => (self.score, true, Reverse(0)),
            What::Found(found) => (self.score, false, Reverse(found.tie())),
        }
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Next {}

/// All matches of a search, best first.
pub(super) struct Ranking {
    needs: Vec<Need>,
    most: u32,
    after: i64,
    before: i64,
    waiting: VecDeque<Waiting>,
    opened: Vec<Opened>,
    next: BinaryHeap<Next>,
    group: usize,
    matches: usize,
    seen: HashSet<MessageKey>,
    newest: i64,
}

impl View<'_> {
    /// The messages within reach that have all the words, best first. `latest` leaves out what
    /// came after the first page of a search was shown.
    pub(super) fn ranking(&mut self, filter: &SearchFilter, latest: i64) -> Result<Ranking> {
        let before = filter.before.map_or(i64::MAX, Timestamp::as_micros);
        let needs = matching::needs(&filter.query, self.access.scope());
        let mut ranking = Ranking {
            most: matching::most(&needs),
            needs,
            after: filter.after.map_or(i64::MIN, Timestamp::as_micros),
            before: before.min(latest.saturating_add(1)),
            waiting: VecDeque::new(),
            opened: Vec::new(),
            next: BinaryHeap::new(),
            group: FIRST_GROUP,
            matches: 0,
            seen: HashSet::new(),
            newest: latest,
        };
        if filter.query.is_empty() {
            return Ok(ranking);
        }
        let mut waiting = self.segments(ranking.after, ranking.before)?;
        waiting.extend(self.tail(index::TAIL)?.map(|tail| Waiting {
            docs: tail.docs.len(),
            newest: tail.docs.first().map_or(i64::MIN, |doc| doc.at),
            source: Source::Tail(tail),
        }));
        waiting.sort_by_key(|segment| Reverse(segment.newest));
        let newest = waiting.first().map_or(latest, |segment| segment.newest);
        ranking.newest = newest.min(latest);
        ranking.waiting = waiting.into();
        Ok(ranking)
    }

    /// The segments that have messages of a time.
    fn segments(&mut self, after: i64, before: i64) -> Result<Vec<Waiting>> {
        let segments = self.all(
            "select segment, docs, newest from search_segment where {scope:org} and state = 1 \
             and newest >= $1 and oldest < $2",
            &[Value::from(after), Value::from(before)],
            |row| {
                let id = Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?;
                let docs: i64 = row.get(1)?;
                Ok(Waiting {
                    source: Source::Stored(id),
                    docs: usize::try_from(docs).map_err(|_| DbError::shape(1))?,
                    newest: row.get(2)?,
                })
            },
        )?;
        Ok(segments)
    }

    /// Chunks of messages, in the order of their numbers in `chunks`.
    fn chunks(&mut self, source: &Source, chunks: &[usize]) -> Result<Vec<Found>> {
        let keys: Vec<Vec<u8>> = chunks.iter().map(|chunk| segment::chunk(*chunk)).collect();
        let mut found: HashMap<&[u8], Found> = HashMap::new();
        match source {
            Source::Tail(tail) => {
                for (key, data) in &tail.leaves {
                    found.insert(key, Entry::alone(key, data));
                }
            }
            Source::Stored(id) => {
                for key in &keys {
                    found.extend(
                        self.segments
                            .entries(*id, key, false)
                            .map(|own| (&**key, own)),
                    );
                }
                let missing: Vec<&Vec<u8>> = keys
                    .iter()
                    .filter(|key| !found.contains_key(&***key))
                    .collect();
                for (key, data) in self.read_chunks(*id, &missing)? {
                    let own = Entry::alone(&key, &data);
                    self.segments.keep_entries(*id, &key, false, own.clone());
                    found.extend(
                        keys.iter()
                            .find(|own| **own == key)
                            .map(|key| (&**key, own)),
                    );
                }
            }
        }
        let own = keys.iter().map(|key| found.remove(key.as_slice()));
        own.map(|own| own.ok_or_else(|| model::Error::internal("a segment lacks its messages")))
            .collect()
    }

    fn read_chunks(
        &mut self,
        segment: SegmentId,
        keys: &[&Vec<u8>],
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let marks = padded::marks(2);
        let sql = format!(
            "select leaf, data from search_leaf where {{scope:org}} and segment = $1 \
             and leaf in ({marks})"
        );
        let mut values = vec![Value::from(segment.as_bytes().as_slice())];
        values.extend(padded::bytes(keys));
        Ok(self.all(&sql, &values, |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

impl Ranking {
    /// The time of the newest message that may be among them.
    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    /// The best of those that were not taken yet.
    pub(super) fn next(&mut self, view: &mut View<'_>) -> Result<Option<Candidate>> {
        loop {
            self.open(view)?;
            match self.next.pop() {
                None => return Ok(None),
                Some(Next { what, .. }) => match what {
                    // It may be in two segments; the better one comes first.
                    What::Found(found) if !self.seen.insert(found.message) => {}
                    What::Found(found) => return Ok(Some(found)),
                    What::Chunk(segment) => self.look(view, segment)?,
                },
            }
        }
    }

    /// Opens the segments that may have something better than what is known.
    fn open(&mut self, view: &mut View<'_>) -> Result<()> {
        while let Some(first) = self.waiting.front()
            && self.matches < MAX_MATCHES
        {
            let bound = score(first.newest, self.most);
            if self.next.peek().is_some_and(|best| best.score > bound) {
                break;
            }
            let (mut group, mut docs) = (Vec::new(), 0);
            while group.len() < padded::SIZE
                && docs < self.group
                && let Some(next) = self.waiting.pop_front()
            {
                docs += next.docs;
                group.push(next.source);
            }
            self.group *= 4;
            self.add(view, group)?;
        }
        Ok(())
    }

    fn add(&mut self, view: &mut View<'_>, group: Vec<Source>) -> Result<()> {
        let matches = view.matches(&group, &self.needs)?;
        let with_matches = group
            .into_iter()
            .zip(matches)
            .filter(|(_, own)| !own.is_empty());
        let (sources, matches): (Vec<_>, Vec<_>) = with_matches.unzip();
        let times = view.times(&sources)?;
        for ((source, matches), times) in sources.into_iter().zip(matches).zip(times) {
            self.matches += matches.len();
            let chunks = self.bounds(&matches, &times);
            self.opened.push(Opened {
                source,
                matches,
                chunks,
            });
            self.wait(self.opened.len() - 1);
        }
        Ok(())
    }

    /// The chunks of a segment that have matches of the wanted time, with what bounds them.
    fn bounds(&self, matches: &[Match], times: &[i64]) -> Vec<(i64, usize)> {
        let number = |found: &Match| found.number as usize / segment::CHUNK;
        let chunks = matches.chunk_by(|a, b| number(a) == number(b));
        let mut bounds: Vec<(i64, usize)> = chunks
            .filter_map(|chunk| {
                let number = number(chunk.first()?);
                let newest = *times.get(number)?;
                let is_late = times
                    .get(number + 1)
                    .is_some_and(|next| *next >= self.before);
                let most = chunk.iter().map(|found| found.sum).max()?;
                let is_wanted = newest >= self.after && !is_late;
                is_wanted.then(|| (score(newest, most), number))
            })
            .collect();
        bounds.sort_unstable_by_key(|(bound, number)| (*bound, Reverse(*number)));
        bounds
    }

    /// Lets the best chunk of a segment wait for its turn.
    fn wait(&mut self, segment: usize) {
        let best = self
            .opened
            .get(segment)
            .and_then(|opened| opened.chunks.last());
        self.next.extend(best.map(|(bound, _)| Next {
            score: *bound,
            what: What::Chunk(segment),
        }));
    }

    /// Looks at the messages of a segment's best chunk, and of those that come before anything else.
    fn look(&mut self, view: &mut View<'_>, segment: usize) -> Result<()> {
        let other = self.next.peek().map_or(i64::MIN, |best| best.score);
        let Some(opened) = self.opened.get_mut(segment) else {
            return Ok(());
        };
        let mut chunks = Vec::new();
        while chunks.len() < padded::SIZE
            && let Some((_, number)) = opened
                .chunks
                .pop_if(|(bound, _)| chunks.is_empty() || *bound >= other)
        {
            chunks.push(number);
        }
        let data = view.chunks(&opened.source, &chunks)?;
        for (number, entries) in chunks.into_iter().zip(data) {
            let data = entries.first().map_or(&[][..], Entry::stored);
            let first = number * segment::CHUNK;
            let from = opened
                .matches
                .partition_point(|m| (m.number as usize) < first);
            let rest = opened.matches[from..].iter();
            for found in rest.take_while(|m| (m.number as usize) < first + segment::CHUNK) {
                let doc = segment::doc_at(data, found.number as usize - first)?;
                if doc.at >= self.after && doc.at < self.before {
                    let found = candidate(&doc, found.sum);
                    self.next.push(Next {
                        score: found.score,
                        what: What::Found(found),
                    });
                }
            }
        }
        self.wait(segment);
        Ok(())
    }
}

fn candidate(doc: &Doc, sum: u32) -> Candidate {
    Candidate {
        score: score(doc.at, sum),
        message: MessageKey::new(Uuid::from_bytes(doc.message)),
        thread: ThreadId::new(Uuid::from_bytes(doc.thread)),
    }
}

/// A score is a time, so that it does not change as time goes on: the message's own, and later the
/// more its words weigh.
fn score(at: i64, sum: u32) -> i64 {
    at.saturating_add(DOUBLE.saturating_mul(log2(sum)) / 256)
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
