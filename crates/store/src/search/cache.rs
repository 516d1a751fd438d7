//! What searches have read of segments, kept in memory.
//!
//! A finished segment never changes and its name is never given to another, so nothing here can
//! become wrong; what is of no use any more is pushed out by what is. The pages of a search, and
//! searches of one inbox, ask for the same again and again: on PostgreSQL each would be a round trip.
//!
//! A search reaches what is here only by the names of the segments of its own organisation, which it
//! reads from the store.

use std::sync::Arc;

use moka::sync::Cache;

use super::SegmentId;
use super::intersect::Match;

/// Octets kept, with what it costs to keep them.
const CAPACITY: u64 = 64 << 20;
/// What an item costs beside its octets.
const OVERHEAD: usize = 200;

/// What a segment has under a key, or under the keys that begin with one.
pub(super) type Found = Arc<[Entry]>;

/// An entry of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Box<[u8]>,
    pub(super) data: Data,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// As it is stored.
    Stored(Box<[u8]>),
    /// Of a long list without weights, a bit for each message, so that nobody walks it again.
    Bits(Box<[u64]>),
}

impl Entry {
    /// The only entry under a key.
    pub(super) fn alone(key: &[u8], data: &[u8]) -> Found {
        let (key, data) = (key.into(), Data::Stored(data.into()));
        Arc::new([Self { key, data }])
    }

    /// What is stored for it, unless it became bits.
    pub(super) fn stored(&self) -> &[u8] {
        match &self.data {
            Data::Stored(data) => data,
            Data::Bits(_) => &[],
        }
    }

    fn octets(&self) -> usize {
        let data = match &self.data {
            Data::Stored(data) => data.len(),
            Data::Bits(words) => words.len() * size_of::<u64>(),
        };
        self.key.len() + data + size_of::<Self>()
    }
}

/// What was asked of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    /// The entry of a key.
    Key(Box<[u8]>),
    /// The entries whose keys begin with this.
    Beginning(Box<[u8]>),
    /// The messages that have everything which these octets describe.
    Query(Arc<[u8]>),
}

impl Asked {
    fn of(key: &[u8], is_prefix: bool) -> Self {
        if is_prefix {
            Self::Beginning(key.into())
        } else {
            Self::Key(key.into())
        }
    }

    fn octets(&self) -> usize {
        match self {
            Self::Key(key) | Self::Beginning(key) => key.len(),
            // One for all segments.
            Self::Query(_) => 0,
        }
    }
}

#[derive(Clone)]
enum Answer {
    Entries(Found),
    Matches(Arc<[Match]>),
}

impl Answer {
    fn octets(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.iter().map(Entry::octets).sum(),
            Self::Matches(matches) => size_of_val::<[Match]>(matches),
        }
    }
}

/// Parts of segments in memory. Clones share them.
#[derive(Clone)]
pub(crate) struct SegmentCache(Cache<(SegmentId, Asked), Answer>);

impl Default for SegmentCache {
    fn default() -> Self {
        let weigh = |(_, asked): &(SegmentId, Asked), answer: &Answer| {
            u32::try_from(asked.octets() + answer.octets() + OVERHEAD).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().max_capacity(CAPACITY).weigher(weigh);
        Self(cache.build())
    }
}

impl SegmentCache {
    /// What is known of a segment's entries under `key`, or under keys that begin with it.
    pub(super) fn entries(&self, segment: SegmentId, key: &[u8], is_prefix: bool) -> Option<Found> {
        match self.0.get(&(segment, Asked::of(key, is_prefix)))? {
            Answer::Entries(entries) => Some(entries),
            Answer::Matches(_) => None,
        }
    }

    /// Keeps all that a finished segment has under `key`, or under keys that begin with it.
    pub(super) fn keep_entries(
        &self,
        segment: SegmentId,
        key: &[u8],
        is_prefix: bool,
        entries: Found,
    ) {
        let asked = Asked::of(key, is_prefix);
        self.0.insert((segment, asked), Answer::Entries(entries));
    }

    /// The messages of a segment that were found to have everything that `query` describes.
    pub(super) fn matches(&self, segment: SegmentId, query: &Arc<[u8]>) -> Option<Arc<[Match]>> {
        match self.0.get(&(segment, Asked::Query(query.clone())))? {
            Answer::Matches(matches) => Some(matches),
            Answer::Entries(_) => None,
        }
    }

    /// Keeps them, for the next page of the search.
    pub(super) fn keep_matches(
        &self,
        segment: SegmentId,
        query: &Arc<[u8]>,
        matches: Arc<[Match]>,
    ) {
        let asked = Asked::Query(query.clone());
        self.0.insert((segment, asked), Answer::Matches(matches));
    }
}
