//! Filling the index from what is filed, merging segments as they become many, and removing them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use model::message::{Content, Message};
use model::{Code, Error, MessageKey, OrgId, Result};
use uuid::Uuid;

use super::document;
use super::segment::{self, Builder, Doc, Leaf, Leaves, Segment};
use crate::db::{Conn, Value, args};
use crate::messages::{self, Body};
use crate::padded;
use crate::txn::Txn;
use crate::view::View;

/// The row of a segment.
pub type SegmentId = Uuid;

/// So many messages that are not in the index yet a search looks through by itself.
pub const TAIL: usize = 16;
/// Octets of bodies after which a segment is made of what was read.
const MAX_READ: usize = 1 << 20;
/// So many segments of about one size become one.
const FAN_IN: usize = 8;
/// Messages in the largest segment that merging makes.
const MAX_DOCS: i64 = 32_768;
/// Leaves written or removed in one transaction.
const SLICE: usize = 64;
/// A segment that is written for so long is not going to be finished.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1_800);
/// What was deleted is out of the index after this time, also where it is little.
const FORGOTTEN_WITHIN: Duration = Duration::from_secs(86_400);

/// Messages on their way into the index.
#[derive(Clone)]
pub struct NewSegment {
    segment: Arc<Segment>,
    done: Arc<Vec<MessageKey>>,
}

/// Segments on their way to become one.
#[derive(Clone)]
pub struct Merge {
    segment: Arc<Segment>,
    /// The segments, with how many of their messages were gone when they were read.
    inputs: Arc<Vec<(SegmentId, i64)>>,
}

impl Merge {
    /// How many transactions it takes to write it.
    #[must_use]
    pub fn slices(&self) -> usize {
        self.segment.leaves.len().div_ceil(SLICE)
    }
}

struct SegmentRow {
    id: SegmentId,
    docs: i64,
    gone: i64,
    newest: i64,
    updated_at: Timestamp,
}

impl View<'_> {
    /// How many messages are not in the index yet, counted up to `most`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn unindexed_count(&mut self, most: usize) -> Result<usize> {
        Ok(self.pending(most)?.len())
    }

    /// The newest messages, at most `most`, that are not in the index yet, or `None`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn unindexed(&mut self, most: usize) -> Result<Option<NewSegment>> {
        let pending = self.pending(most)?;
        if pending.is_empty() {
            return Ok(None);
        }
        let mut builder = Builder::default();
        let (mut done, mut read) = (Vec::new(), 0);
        for keys in pending.chunks(padded::SIZE) {
            if read > MAX_READ {
                break;
            }
            // A message that is gone needs no place.
            done.extend_from_slice(keys);
            read += self.add_to(&mut builder, keys)?;
        }
        Ok(Some(NewSegment {
            segment: Arc::new(builder.build()),
            done: Arc::new(done),
        }))
    }

    /// A segment of the newest messages within reach that are not in the index yet, of at most
    /// `most`, for one search alone; or `None`.
    pub(super) fn tail(&mut self, most: usize) -> Result<Option<Segment>> {
        let pending = self.pending(most)?;
        if pending.is_empty() {
            return Ok(None);
        }
        let mut builder = Builder::default();
        self.add_to(&mut builder, &pending)?;
        let segment = builder.build();
        Ok((!segment.docs.is_empty()).then_some(segment))
    }

    fn pending(&mut self, most: usize) -> Result<Vec<MessageKey>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let pending = self.all(
            "select message_key from search_pending where {scope:org} order by message_key desc limit $1",
            args![most],
            |row| row.get::<MessageKey>(0),
        )?;
        Ok(pending)
    }

    /// Adds messages as far as they are within reach; how many octets of text they have.
    fn add_to(&mut self, builder: &mut Builder, keys: &[MessageKey]) -> Result<usize> {
        let mut read = 0;
        for (message, content) in self.with_content(keys)?.into_values() {
            read += content.text.as_ref().map_or(0, String::len);
            let doc = Doc {
                at: message.at.as_micros(),
                message: *message.key.as_bytes(),
                thread: *message.thread_id.as_bytes(),
            };
            builder.add(doc, document::entries(&message, &content));
        }
        Ok(read)
    }

    /// Messages and their bodies, as far as they are within reach.
    pub(super) fn with_content(
        &mut self,
        keys: &[MessageKey],
    ) -> Result<HashMap<MessageKey, (Message, Content)>> {
        let mut packed = Vec::with_capacity(keys.len());
        for keys in keys.chunks(padded::SIZE) {
            let marks = padded::marks(1);
            let sql = format!(
                "select {}, m.content from message m join inbox i on i.inbox_id = m.inbox_id \
                 where {{scope:row m}} and {{seen m}} and m.message_key in ({marks})",
                messages::COLUMNS
            );
            let values: Vec<Value<'_>> = padded::values(keys).collect();
            packed.extend(self.all(&sql, &values, |row| {
                Ok((messages::read(row)?, row.get::<Vec<u8>>(21)?))
            })?);
        }
        packed
            .into_iter()
            .map(|(message, body)| {
                let content = Body::unpack(self.codec, &body)?;
                Ok((message.key, (message, content)))
            })
            .collect()
    }

    /// Segments that should become one, already merged, or `None`. Takes a tenth of a second for
    /// the largest.
    ///
    /// # Errors
    /// When the store fails.
    pub fn merge_segments(&mut self) -> Result<Option<Merge>> {
        let mut rows = self.all(
            "select segment, docs, gone, newest, updated_at from search_segment \
             where {scope:org} and state = 1",
            &[],
            |row| {
                Ok(SegmentRow {
                    id: Uuid::from_slice(row.bytes(0)?)
                        .map_err(|_| crate::db::DbError::shape(0))?,
                    docs: row.get(1)?,
                    gone: row.get(2)?,
                    newest: row.get(3)?,
                    updated_at: row.get(4)?,
                })
            },
        )?;
        // Neighbours in time are merged, the newest first: of a message in two, the first counts.
        rows.sort_by_key(|row| (std::cmp::Reverse(row.newest), row.id));
        let Some(inputs) = choose(&rows, self.now) else {
            return Ok(None);
        };
        let mut parts = Vec::with_capacity(inputs.len());
        for (id, _) in &inputs {
            parts.push(self.leaves(*id)?);
        }
        let alive = self.alive(&parts)?;
        Ok(Some(Merge {
            segment: Arc::new(segment::merge(&parts, &alive)?),
            inputs: Arc::new(inputs),
        }))
    }

    fn leaves(&mut self, id: SegmentId) -> Result<Leaves> {
        let leaves = self.all(
            "select leaf, data from search_leaf where {scope:org} and segment = $1 order by leaf",
            args![id.as_bytes().as_slice()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(leaves)
    }

    fn alive(&mut self, parts: &[Leaves]) -> Result<HashSet<[u8; 16]>> {
        let mut keys = Vec::new();
        for leaves in parts {
            keys.extend(segment::all_docs(leaves)?.iter().map(|doc| doc.message));
        }
        let mut alive = HashSet::with_capacity(keys.len());
        let marks = padded::marks(1);
        let sql = format!(
            "select message_key from message where {{scope:row}} and message_key in ({marks})"
        );
        for keys in keys.chunks(padded::SIZE) {
            let values: Vec<Value<'_>> = padded::bytes(keys).collect();
            let found = self.all(&sql, &values, |row| row.get::<MessageKey>(0))?;
            alive.extend(found.iter().map(|key| *key.as_bytes()));
        }
        Ok(alive)
    }
}

/// The segments that should become one, if any: so many of about one size, or one that has lost
/// much, or that lost anything long ago.
fn choose(rows: &[SegmentRow], now: Timestamp) -> Option<Vec<(SegmentId, i64)>> {
    let worn = rows.iter().find(|row| {
        let is_old = now.since(row.updated_at) >= FORGOTTEN_WITHIN;
        row.gone > 0 && (row.gone.saturating_mul(4) >= row.docs || is_old)
    });
    if let Some(row) = worn {
        return Some(vec![(row.id, row.gone)]);
    }
    let tier = |row: &SegmentRow| row.docs.max(1).ilog2() / FAN_IN.ilog2();
    let mut tiers: HashMap<u32, Vec<&SegmentRow>> = HashMap::new();
    for row in rows.iter().filter(|row| row.docs < MAX_DOCS) {
        tiers.entry(tier(row)).or_default().push(row);
    }
    let full = tiers.into_iter().filter(|(_, rows)| rows.len() >= FAN_IN);
    let (_, rows) = full.min_by_key(|(tier, _)| *tier)?;
    // As many neighbours as fit into one segment.
    rows.windows(2).enumerate().find_map(|(start, _)| {
        let mut docs = 0;
        let fitting = rows[start..].iter().take(FAN_IN).take_while(|row| {
            docs += row.docs;
            docs <= MAX_DOCS
        });
        let inputs: Vec<_> = fitting.map(|row| (row.id, row.gone)).collect();
        (inputs.len() > 1).then_some(inputs)
    })
}

impl Txn<'_> {
    /// Notes that the words of a message are to be indexed.
    pub(crate) fn await_indexing(&mut self, message: &Message) -> Result<()> {
        self.put(
            "insert into search_pending (org_id, pod_id, inbox_id, message_key) values ($1, $2, $3, $4) \
             on conflict (org_id, message_key) do nothing -- unscoped: the row names its tenant",
            args![message.org_id, message.pod_id, message.inbox_key, message.key],
        )?;
        self.unindexed = true;
        Ok(())
    }

    /// Counts messages that were deleted and may be in the index.
    pub(crate) fn count_gone(&mut self, oldest: i64, newest: i64, count: i64) -> Result<()> {
        self.exec(
            "update search_segment set gone = gone + $3 where {scope:org} and state = 1 \
             and newest >= $1 and oldest <= $2",
            args![oldest, newest, count],
        )?;
        Ok(())
    }

    /// Puts messages into the index.
    ///
    /// # Errors
    /// `race_condition` when somebody else has done it meanwhile.
    pub fn add_segment(&mut self, id: SegmentId, new: &NewSegment) -> Result<()> {
        let mut taken = 0;
        let marks = padded::marks(1);
        let sql =
            format!("delete from search_pending where {{scope:org}} and message_key in ({marks})");
        for keys in new.done.chunks(padded::SIZE) {
            let values: Vec<Value<'_>> = padded::values(keys).collect();
            taken += self.exec(&sql, &values)?;
        }
        if usize::try_from(taken).ok() != Some(new.done.len()) {
            return Err(raced());
        }
        if new.segment.docs.is_empty() {
            return Ok(());
        }
        self.insert_segment(id, &new.segment, 1, 0)?;
        self.insert_leaves(id, &new.segment.leaves)
    }

    /// Makes the row under which the slices of a merged segment are written.
    ///
    /// # Errors
    /// When the store fails.
    pub fn begin_merge(&mut self, id: SegmentId, merge: &Merge) -> Result<()> {
        self.insert_segment(id, &merge.segment, 0, 0)
    }

    /// Writes a merged segment that has one slice at most, and lets it stand in for the others.
    ///
    /// # Errors
    /// As for [`Txn::finish_merge`].
    pub fn merge_at_once(&mut self, id: SegmentId, merge: &Merge) -> Result<()> {
        self.begin_merge(id, merge)?;
        self.write_merge(id, merge, 0)?;
        self.finish_merge(id, merge)
    }

    /// Writes one slice of a merged segment.
    ///
    /// # Errors
    /// When the store fails.
    pub fn write_merge(&mut self, id: SegmentId, merge: &Merge, slice: usize) -> Result<()> {
        let leaves = merge.segment.leaves.chunks(SLICE).nth(slice);
        self.insert_leaves(id, leaves.unwrap_or_default())
    }

    /// Lets a merged segment stand in for those it was made of.
    ///
    /// # Errors
    /// `race_condition` when somebody else has merged one of them meanwhile.
    pub fn finish_merge(&mut self, id: SegmentId, merge: &Merge) -> Result<()> {
        let now = self.now;
        // What was deleted while it was merged is still in it.
        let mut gone = 0;
        for (input, was_gone) in merge.inputs.iter() {
            let is_gone = self.first(
                "update search_segment set state = 2, updated_at = $2 \
                 where {scope:org} and segment = $1 and state = 1 returning gone",
                args![input.as_bytes().as_slice(), now],
                |row| row.get::<i64>(0),
            )?;
            gone += is_gone.ok_or_else(raced)? - was_gone;
        }
        let state = if merge.segment.docs.is_empty() { 2 } else { 1 };
        let finished = self.exec(
            "update search_segment set state = $2, gone = $3, updated_at = $4 \
             where {scope:org} and segment = $1 and state = 0",
            args![id.as_bytes().as_slice(), state, gone, now],
        )?;
        if finished == 1 { Ok(()) } else { Err(raced()) }
    }

    /// Removes some of what is no longer searched; whether anything was left to do.
    ///
    /// # Errors
    /// When the store fails.
    pub fn sweep_segments(&mut self) -> Result<bool> {
        let (now, late) = (self.now, self.now.as_micros() - micros(WRITTEN_WITHIN));
        self.exec(
            "update search_segment set state = 2, updated_at = $1 \
             where {scope:org} and state = 0 and updated_at < $2",
            args![now, late],
        )?;
        let most = i64::try_from(SLICE).unwrap_or(i64::MAX);
        let useless = self.all(
            "select segment from search_segment where {scope:org} and state = 2 limit $1",
            args![most],
            |row| row.get::<Vec<u8>>(0),
        )?;
        let mut removed = 0;
        for segment in &useless {
            let own = self.exec(
                "delete from search_leaf where {scope:org} and segment = $1 and leaf in \
                 (select leaf from search_leaf where {scope:org} and segment = $1 order by leaf limit $2)",
                args![segment, most],
            )?;
            removed += own;
            if own < SLICE as u64 {
                self.exec(
                    "delete from search_segment where {scope:org} and segment = $1",
                    args![segment],
                )?;
            }
            if removed >= SLICE as u64 {
                break;
            }
        }
        Ok(!useless.is_empty())
    }

    fn insert_segment(
        &mut self,
        id: SegmentId,
        segment: &Segment,
        state: i64,
        gone: i64,
    ) -> Result<()> {
        let docs = i64::try_from(segment.docs.len()).map_err(Error::internal)?;
        let newest = segment.docs.first().map_or(0, |doc| doc.at);
        let oldest = segment.docs.last().map_or(0, |doc| doc.at);
        let (org_id, now) = (self.access.org_id(), self.now);
        self.exec(
            "insert into search_segment (org_id, segment, state, docs, gone, newest, oldest, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) -- unscoped: the row names its organisation",
            args![org_id, id.as_bytes().as_slice(), state, docs, gone, newest, oldest, now],
        )?;
        Ok(())
    }

    fn insert_leaves(&mut self, id: SegmentId, leaves: &[Leaf]) -> Result<()> {
        let org_id = self.access.org_id();
        for (leaf, data) in leaves {
            self.exec(
                "insert into search_leaf (org_id, segment, leaf, data) values ($1, $2, $3, $4) \
                 -- unscoped: the row names its organisation",
                args![org_id, id.as_bytes().as_slice(), leaf, data],
            )?;
        }
        Ok(())
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn raced() -> Error {
    Error::new(
        Code::RaceCondition,
        "somebody else works on the search index of this organization",
    )
}

/// The next organisation after `after` that has messages to be indexed.
pub(crate) fn next_unindexed(conn: &mut dyn Conn, after: Option<OrgId>) -> Result<Option<OrgId>> {
    next(
        conn,
        "select org_id from search_pending where org_id > $1 order by org_id limit 1 \
         -- unscoped: the index of every organisation is kept up to date",
        after,
    )
}

/// The next organisation after `after`.
pub(crate) fn next_org(conn: &mut dyn Conn, after: Option<OrgId>) -> Result<Option<OrgId>> {
    next(
        conn,
        "select org_id from org where org_id > $1 order by org_id limit 1 \
         -- unscoped: the index of every organisation is kept up to date",
        after,
    )
}

fn next(conn: &mut dyn Conn, sql: &str, after: Option<OrgId>) -> Result<Option<OrgId>> {
    let after = after.map_or(Vec::new(), |org| org.as_bytes().to_vec());
    let sql = conn.dialect().plain(sql);
    let mut found = None;
    conn.query(&sql, args![after], &mut |row| {
        found = Some(row.get(0)?);
        Ok(())
    })?;
    Ok(found)
}
