//! A segment of the index as bytes: pure functions, the same for both engines.
//!
//! A segment holds some messages, newest first, numbered from zero, and for each word the numbers
//! of the messages that have it. Its entries are sorted and cut into leaves, each a row whose key
//! is its first entry:
//!
//! - `0x00` alone: the time of the newest message of each chunk, by which a search knows which
//!   chunks it need not look at;
//! - `0x00` and a chunk's number (big-endian): 128 messages, each as time, row and thread;
//! - `0x01` and a word: the messages that have the word, each with the word's weight in it;
//! - `0x01`, an octet that begins no text, and something else by which messages are listed: their
//!   inbox, their pod, or two words next to each other. These lists have no weights.
//!
//! The leaf of a word is the last one whose key is not greater than the word's.

mod merge;

use std::collections::HashMap;
use std::ops::ControlFlow;

use model::{Error, Result};

use super::cache::{Data, Entry};

pub(super) use self::merge::merge;

/// A leaf has no more octets than these, so that most are a page of SQLite or half a page of PostgreSQL
/// with what belongs to a row. One word may be longer: it then has a leaf of its own.
const LEAF: usize = 3_850;
/// Messages in a chunk.
pub(super) const CHUNK: usize = 128;
/// A segment has fewer messages.
const MAX_DOCS: u32 = 1 << 20;
/// Octets of a message in a chunk.
const DOC: usize = 8 + 16 + 16;

const DOCS: u8 = 0;
const WORDS: u8 = 1;

/// What begins an entry that is no word of a text: no UTF-8 text begins with these octets.
const OF_INBOX: u8 = 0xF8;
const OF_POD: u8 = 0xF9;
const INSIDE: u8 = 0xFA;
const PAIR: u8 = 0xFB;

/// Two words next to each other are known by so many bits of a hash. A text of 160 words has a given
/// pair by mistake in one of 25 cases; a search looks such a message up in vain.
const PAIR_BITS: u32 = 12;

/// A message in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doc {
    /// When it was received or sent, in microseconds.
    pub(super) at: i64,
    /// Its row.
    pub(super) message: [u8; 16],
    /// Its thread.
    pub(super) thread: [u8; 16],
}

/// What stands for two words next to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair(u16);

impl Pair {
    /// How many there are.
    pub(super) const COUNT: usize = 1 << PAIR_BITS;

    /// The pair of two folded words. It is stored, so it must never change.
    pub(super) fn new(first: &str, second: &str) -> Self {
        let octets = first.bytes().chain([0xFF]).chain(second.bytes());
        let hash = octets.fold(0xCBF2_9CE4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01B3)
        });
        let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self((mixed >> (64 - PAIR_BITS)) as u16)
    }

    /// Its number, below [`Pair::COUNT`].
    pub(super) fn number(self) -> usize {
        usize::from(self.0)
    }
}

/// A leaf: its key and its data.
pub(super) type Leaf = (Vec<u8>, Vec<u8>);

/// The leaves of a segment, in order.
pub(super) type Leaves = Vec<Leaf>;

/// The keys and weights of a message's words, each key once.
pub(super) type WordList = Vec<(Vec<u8>, u8)>;

/// What the index knows of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    pub(super) words: WordList,
    /// The keys of other lists it is in.
    pub(super) lists: Vec<Vec<u8>>,
    /// The words next to each other, each pair once.
    pub(super) pairs: Vec<Pair>,
}

/// The key of a word's entry.
pub(super) fn word(term: &str) -> Vec<u8> {
    let mut key = Vec::new();
    put_word(&mut key, term);
    key
}

/// Makes `key` that of a word's entry.
pub(super) fn put_word(key: &mut Vec<u8>, term: &str) {
    key.clear();
    key.push(WORDS);
    key.extend_from_slice(term.as_bytes());
}

/// The key of what a header's word ends with: it is found inside that word.
pub(super) fn inside(term: &str) -> Vec<u8> {
    [&[WORDS, INSIDE], term.as_bytes()].concat()
}

/// The key under which every message of an inbox is listed, so that a search of the inbox passes
/// over the others without looking at them.
pub(super) fn of_inbox(inbox: &[u8; 16]) -> Vec<u8> {
    [&[WORDS, OF_INBOX], inbox.as_slice()].concat()
}

/// The same for a pod.
pub(super) fn of_pod(pod: &[u8; 16]) -> Vec<u8> {
    [&[WORDS, OF_POD], pod.as_slice()].concat()
}

/// The key under which the messages are listed that have two words next to each other.
pub(super) fn of_pair(pair: Pair) -> Vec<u8> {
    [&[WORDS, PAIR], pair.0.to_be_bytes().as_slice()].concat()
}

fn has_weights(key: &[u8]) -> bool {
    !matches!(key.get(1), Some(&(OF_INBOX | OF_POD | PAIR)))
}

/// The key of the newest times of the chunks.
pub(super) fn heads() -> Vec<u8> {
    vec![DOCS]
}

/// The key of a chunk of messages.
pub(super) fn chunk(number: usize) -> Vec<u8> {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    [&[DOCS], number.to_be_bytes().as_slice()].concat()
}

/// The messages of a segment and their words, while it is made.
#[derive(Default)]
pub(super) struct Builder {
    docs: Vec<(Doc, Entries)>,
}

impl Builder {
    /// Adds a message with what the index is to know of it.
    pub(super) fn add(&mut self, doc: Doc, entries: Entries) {
        self.docs.push((doc, entries));
    }

    /// The finished segment.
    pub(super) fn build(mut self) -> Segment {
        self.docs.sort_by_key(|(doc, _)| order(doc));
        self.docs.dedup_by_key(|(doc, _)| doc.message);
        let mut words: HashMap<Vec<u8>, Posting> = HashMap::new();
        let mut pairs = vec![Posting::new(); Pair::COUNT];
        let mut docs = Vec::with_capacity(self.docs.len());
        for (number, (doc, own)) in (0_u32..).zip(self.docs) {
            let lists = own.lists.into_iter().map(|key| (key, 1));
            for (key, weight) in own.words.into_iter().chain(lists) {
                words.entry(key).or_default().push((number, weight));
            }
            for pair in own.pairs {
                pairs[pair.number()].push((number, 1));
            }
            docs.push(doc);
        }
        let mut words: Vec<(Vec<u8>, Posting)> = words.into_iter().collect();
        words.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut leaves = Writer::new(&docs);
        for (key, posting) in words {
            leaves.entry(&key, &posting);
        }
        // Their keys are greater than all others.
        for (number, posting) in (0_u16..).zip(pairs) {
            if !posting.is_empty() {
                leaves.entry(&of_pair(Pair(number)), &posting);
            }
        }
        leaves.finish(docs)
    }
}

/// Newest first; messages of one instant by their rows.
fn order(doc: &Doc) -> (std::cmp::Reverse<i64>, [u8; 16]) {
    (std::cmp::Reverse(doc.at), doc.message)
}

/// Numbers of messages and the weight of a word in each, ascending.
pub(super) type Posting = Vec<(u32, u8)>;

/// A finished segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) docs: Vec<Doc>,
    pub(super) leaves: Leaves,
}

struct Writer {
    leaves: Leaves,
    key: Vec<u8>,
    last: Vec<u8>,
    data: Vec<u8>,
    list: Vec<u8>,
}

impl Writer {
    fn new(docs: &[Doc]) -> Self {
        let newest = docs.chunks(CHUNK).filter_map(<[Doc]>::first);
        let heads = newest.flat_map(|doc| doc.at.to_be_bytes()).collect();
        let mut leaves = vec![(self::heads(), heads)];
        for (number, docs) in docs.chunks(CHUNK).enumerate() {
            let mut data = Vec::with_capacity(docs.len() * DOC);
            for doc in docs {
                data.extend_from_slice(&doc.at.to_be_bytes());
                data.extend_from_slice(&doc.message);
                data.extend_from_slice(&doc.thread);
            }
            leaves.push((chunk(number), data));
        }
        Self {
            leaves,
            key: Vec::new(),
            last: Vec::new(),
            data: Vec::new(),
            list: Vec::new(),
        }
    }

    /// Adds an entry, greater than those before it.
    fn entry(&mut self, key: &[u8], posting: &[(u32, u8)]) {
        let has_weights = has_weights(key);
        self.list.clear();
        let mut before = 0;
        for (number, weight) in posting {
            put(&mut self.list, u64::from(number - before));
            if has_weights {
                self.list.push(*weight);
            }
            before = *number;
        }
        if self.data.len() + key.len() + self.list.len() > LEAF {
            self.close();
        }
        let shared = if self.data.is_empty() {
            self.key = key.to_vec();
            0
        } else {
            let both = self.last.iter().zip(key);
            both.take_while(|(a, b)| a == b).count()
        };
        put(&mut self.data, shared as u64);
        put(&mut self.data, (key.len() - shared) as u64);
        self.data.extend_from_slice(&key[shared..]);
        put(&mut self.data, self.list.len() as u64);
        self.data.extend_from_slice(&self.list);
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
    }

    fn close(&mut self) {
        if !self.data.is_empty() {
            let key = std::mem::take(&mut self.key);
            self.leaves.push((key, std::mem::take(&mut self.data)));
        }
    }

    fn finish(mut self, docs: Vec<Doc>) -> Segment {
        self.close();
        Segment {
            docs,
            leaves: self.leaves,
        }
    }
}

/// The messages of a chunk.
pub(super) fn docs(data: &[u8]) -> Result<Vec<Doc>> {
    let (entries, rest) = data.as_chunks::<DOC>();
    if !rest.is_empty() {
        return Err(damaged());
    }
    entries.iter().map(|entry| doc(entry)).collect()
}

/// The message at a place of a chunk.
pub(super) fn doc_at(data: &[u8], place: usize) -> Result<Doc> {
    doc(data.as_chunks::<DOC>().0.get(place).ok_or_else(damaged)?)
}

fn doc(entry: &[u8]) -> Result<Doc> {
    let (at, rest) = entry.split_first_chunk::<8>().ok_or_else(damaged)?;
    let (message, rest) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
    let thread = rest.first_chunk::<16>().ok_or_else(damaged)?;
    Ok(Doc {
        at: i64::from_be_bytes(*at),
        message: *message,
        thread: *thread,
    })
}

/// The newest times of the chunks.
pub(super) fn times(data: &[u8]) -> Result<Vec<i64>> {
    let (times, rest) = data.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(damaged());
    }
    Ok(times.iter().map(|time| i64::from_be_bytes(*time)).collect())
}

/// Walks the entries of one leaf of words.
struct Cursor<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
    list: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn new(leaf: &[u8], data: &'a [u8]) -> Self {
        let is_words = leaf.first() == Some(&WORDS);
        Self {
            rest: if is_words { data } else { &[] },
            key: Vec::new(),
            list: &[],
        }
    }

    /// Goes to the next entry; whether there is one.
    fn advance(&mut self) -> Result<bool> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        let shared = take_length(&mut self.rest)?;
        if shared > self.key.len() {
            return Err(damaged());
        }
        self.key.truncate(shared);
        let length = take_length(&mut self.rest)?;
        self.key.extend_from_slice(take(&mut self.rest, length)?);
        let length = take_length(&mut self.rest)?;
        self.list = take(&mut self.rest, length)?;
        Ok(true)
    }
}

/// Adds the entries of a leaf whose key is `wanted`, or begins with it. Whether leaves before this one
/// may have more of them: it has none that is not greater.
pub(super) fn entries(
    leaf: &[u8],
    data: &[u8],
    wanted: &[u8],
    is_prefix: bool,
    found: &mut Vec<Entry>,
) -> Result<bool> {
    if leaf.first() != Some(&WORDS) {
        // Of messages: they are what is under the key.
        if leaf == wanted {
            let (key, data) = (wanted.into(), Data::Stored(data.into()));
            found.push(Entry { key, data });
        }
        return Ok(false);
    }
    let mut cursor = Cursor::new(leaf, data);
    let mut may_precede = true;
    while cursor.advance()? {
        may_precede &= cursor.key.as_slice() > wanted;
        if cursor.key == wanted || (is_prefix && cursor.key.starts_with(wanted)) {
            found.push(Entry {
                key: cursor.key.as_slice().into(),
                data: list(&cursor.key, cursor.list)?,
            });
        } else if cursor.key.as_slice() > wanted {
            break;
        }
    }
    Ok(may_precede && is_prefix)
}

/// A list as it is, or as bits if those are shorter or not much longer.
fn list(key: &[u8], list: &[u8]) -> Result<Data> {
    // A segment has some ten thousand messages, so that few lists shorter than this are dense.
    if has_weights(key) || list.len() < 256 {
        return Ok(Data::Stored(list.into()));
    }
    let mut bits = Vec::new();
    each_doc(key, list, |number, _| {
        let word = number as usize / 64;
        if word > list.len() / 2 {
            bits.clear();
            return ControlFlow::Break(());
        }
        bits.resize(bits.len().max(word + 1), 0_u64);
        bits[word] |= 1 << (number % 64);
        ControlFlow::Continue(())
    })?;
    Ok(if bits.is_empty() {
        Data::Stored(list.into())
    } else {
        Data::Bits(bits.into())
    })
}

/// Calls `each` with the messages in the list of `key`, ascending, and their weights, until it says
/// that it has enough.
pub(super) fn each_doc(
    key: &[u8],
    list: &[u8],
    each: impl FnMut(u32, u8) -> ControlFlow<()>,
) -> Result<()> {
    if has_weights(key) {
        walk::<true>(list, each)
    } else {
        walk::<false>(list, each)
    }
}

/// The innermost loop of every search: one step for each message that has a word.
#[inline]
fn walk<const WEIGHTS: bool>(
    list: &[u8],
    mut each: impl FnMut(u32, u8) -> ControlFlow<()>,
) -> Result<()> {
    let (mut at, mut number) = (0, 0_u32);
    while let Some(first) = list.get(at) {
        let step = if *first < 0x80 {
            // Most steps are short.
            at += 1;
            u32::from(*first)
        } else {
            let mut rest = &list[at..];
            let step = u32::try_from(take_number(&mut rest)?).map_err(|_| damaged())?;
            at = list.len() - rest.len();
            step
        };
        let mut weight = 1;
        if WEIGHTS {
            weight = *list.get(at).ok_or_else(damaged)?;
            at += 1;
        }
        number = number.saturating_add(step);
        // Far more than a segment ever has: nobody makes room for what is not there.
        if number >= MAX_DOCS {
            return Err(damaged());
        }
        if each(number, weight).is_break() {
            break;
        }
    }
    Ok(())
}

/// The messages of a whole segment.
pub(super) fn all_docs(leaves: &Leaves) -> Result<Vec<Doc>> {
    let is_chunk = |key: &[u8]| key.first() == Some(&DOCS) && key.len() > 1;
    let chunks = leaves.iter().filter(|(key, _)| is_chunk(key));
    let parts: Result<Vec<Vec<Doc>>> = chunks.map(|(_, data)| docs(data)).collect();
    Ok(parts?.concat())
}

/// Seven bits an octet, the lowest first, the high bit set on all but the last.
fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7F) as u8);
}

fn take_number(rest: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let octet = take(rest, 1)?[0];
        value |= u64::from(octet & 0x7F) << shift;
        if octet < 0x80 {
            return Ok(value);
        }
    }
    Err(damaged())
}

fn take_length(rest: &mut &[u8]) -> Result<usize> {
    usize::try_from(take_number(rest)?).map_err(|_| damaged())
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length).ok_or_else(damaged)?;
    *rest = left;
    Ok(taken)
}

fn damaged() -> Error {
    Error::internal("a segment of the search index is damaged")
}

/// The entry of a key with this posting, as a search reads it from a leaf.
#[cfg(test)]
pub(super) fn entry(key: &[u8], posting: &[(u32, u8)]) -> Result<Entry> {
    let mut writer = Writer::new(&[]);
    writer.entry(key, posting);
    let leaves = writer.finish(Vec::new()).leaves;
    let (leaf, data) = leaves.last().ok_or_else(damaged)?;
    let mut found = Vec::new();
    entries(leaf, data, key, false, &mut found)?;
    found.pop().ok_or_else(damaged)
}

#[cfg(test)]
mod tests;
