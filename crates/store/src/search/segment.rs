//! A segment of the index as bytes: pure functions, the same for both engines.
//!
//! A segment holds some messages, newest first, numbered from zero, and for each word the numbers
//! of the messages that have it. Its entries are sorted and cut into leaves, each a row whose key
//! is its first entry:
//!
//! - `0x00` and a chunk's number (big-endian): 128 messages, each as time, row and thread;
//! - `0x01` and a word: the messages that have the word, each with the word's weight in it.
//!
//! The leaf of a word is the last one whose key is not greater than the word's.

use std::collections::{HashMap, HashSet};

use model::{Error, Result};

/// A leaf is closed when it has this many octets. One word may be longer: the leaf is then, too.
const LEAF: usize = 4 << 10;
/// Messages in a chunk.
pub(super) const CHUNK: usize = 128;
/// Octets of a message in a chunk.
const DOC: usize = 8 + 16 + 16;

const DOCS: u8 = 0;
const WORDS: u8 = 1;

/// What begins an entry that is no word of a text: no UTF-8 text begins with these octets.
const OF_INBOX: u8 = 0xF8;
const OF_POD: u8 = 0xF9;
const INSIDE: u8 = 0xFA;

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

/// A leaf: its key and its data.
pub(super) type Leaf = (Vec<u8>, Vec<u8>);

/// The leaves of a segment, in order.
pub(super) type Leaves = Vec<Leaf>;

/// The keys and weights of a message's words, each key once.
pub(super) type WordList = Vec<(Vec<u8>, u8)>;

/// The key of a word's entry.
pub(super) fn word(term: &str) -> Vec<u8> {
    [&[WORDS], term.as_bytes()].concat()
}

/// The same into room that is there already.
pub(super) fn word_into(key: &mut Vec<u8>, term: &str) {
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

/// The key of a chunk of messages.
pub(super) fn chunk(number: u32) -> Vec<u8> {
    [&[DOCS], number.to_be_bytes().as_slice()].concat()
}

/// The messages of a segment and their words, while it is made.
#[derive(Default)]
pub(super) struct Builder {
    docs: Vec<(Doc, WordList)>,
}

impl Builder {
    /// Adds a message with its words.
    pub(super) fn add(&mut self, doc: Doc, words: WordList) {
        self.docs.push((doc, words));
    }

    /// The finished segment.
    pub(super) fn build(mut self) -> Segment {
        self.docs.sort_by_key(|(doc, _)| order(doc));
        self.docs.dedup_by_key(|(doc, _)| doc.message);
        let mut words: HashMap<Vec<u8>, Posting> = HashMap::new();
        let mut docs = Vec::with_capacity(self.docs.len());
        for (number, (doc, own)) in (0_u32..).zip(self.docs) {
            for (key, weight) in own {
                words.entry(key).or_default().push((number, weight));
            }
            docs.push(doc);
        }
        let mut leaves = Writer::new(&docs);
        let mut words: Vec<(Vec<u8>, Posting)> = words.into_iter().collect();
        words.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (key, posting) in words {
            leaves.entry(key, &posting);
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
}

impl Writer {
    fn new(docs: &[Doc]) -> Self {
        let mut leaves = Leaves::new();
        for (number, docs) in (0_u32..).zip(docs.chunks(CHUNK)) {
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
        }
    }

    /// Adds an entry, greater than those before it.
    fn entry(&mut self, key: Vec<u8>, posting: &[(u32, u8)]) {
        if self.data.len() >= LEAF {
            self.close();
        }
        let shared = if self.data.is_empty() {
            self.key.clone_from(&key);
            0
        } else {
            let both = self.last.iter().zip(&key);
            both.take_while(|(a, b)| a == b).count()
        };
        let mut list = Vec::with_capacity(posting.len() * 3);
        let mut before = 0;
        for (number, weight) in posting {
            put(&mut list, u64::from(number - before));
            list.push(*weight);
            before = *number;
        }
        put(&mut self.data, shared as u64);
        put(&mut self.data, (key.len() - shared) as u64);
        self.data.extend_from_slice(&key[shared..]);
        put(&mut self.data, list.len() as u64);
        self.data.extend_from_slice(&list);
        self.last = key;
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

/// Calls `each` with the entries of a leaf of words, in order.
pub(super) fn each_entry(
    leaf: &[u8],
    data: &[u8],
    mut each: impl FnMut(&[u8], &[u8]) -> Result<()>,
) -> Result<()> {
    if leaf.first() != Some(&WORDS) {
        return Ok(());
    }
    let mut rest = data;
    let mut key: Vec<u8> = Vec::new();
    while !rest.is_empty() {
        let shared = take_length(&mut rest)?;
        if shared > key.len() {
            return Err(damaged());
        }
        key.truncate(shared);
        let length = take_length(&mut rest)?;
        key.extend_from_slice(take(&mut rest, length)?);
        let length = take_length(&mut rest)?;
        each(&key, take(&mut rest, length)?)?;
    }
    Ok(())
}

/// Calls `each` with the messages in an entry.
pub(super) fn each_doc(mut list: &[u8], mut each: impl FnMut(u32, u8)) -> Result<()> {
    let mut number = 0_u32;
    while !list.is_empty() {
        let step = u32::try_from(take_number(&mut list)?).map_err(|_| damaged())?;
        number = number.checked_add(step).ok_or_else(damaged)?;
        let weight = take(&mut list, 1)?;
        each(number, weight[0]);
    }
    Ok(())
}

/// One segment with what is in several, without the messages that `is_alive` denies. A message in
/// more than one is kept as it is in the first of them.
pub(super) fn merge(parts: &[Leaves], is_alive: &HashSet<[u8; 16]>) -> Result<Segment> {
    let mut docs: Vec<(Doc, usize, usize)> = Vec::new();
    let mut sizes = Vec::with_capacity(parts.len());
    for (part, leaves) in parts.iter().enumerate() {
        let own = all_docs(leaves)?;
        sizes.push(own.len());
        let own = own.into_iter().enumerate();
        docs.extend(own.map(|(number, doc)| (doc, part, number)));
    }
    docs.sort_by_key(|(doc, part, _)| (order(doc), *part));
    let mut seen = HashSet::with_capacity(docs.len());
    docs.retain(|(doc, ..)| is_alive.contains(&doc.message) && seen.insert(doc.message));
    // The new number of each old one.
    let mut numbers: Vec<Vec<Option<u32>>> = sizes.iter().map(|size| vec![None; *size]).collect();
    for (number, (_, part, old)) in (0_u32..).zip(&docs) {
        numbers[*part][*old] = Some(number);
    }
    let docs: Vec<Doc> = docs.into_iter().map(|(doc, ..)| doc).collect();
    let mut writer = Writer::new(&docs);
    let mut readers: Vec<Reader<'_>> = parts.iter().map(Reader::new).collect();
    for reader in &mut readers {
        reader.advance()?;
    }
    let mut posting = Posting::new();
    while let Some(key) = readers
        .iter()
        .filter_map(|r| r.key())
        .min()
        .map(<[u8]>::to_vec)
    {
        posting.clear();
        for (reader, numbers) in readers.iter_mut().zip(&numbers) {
            if reader.key() != Some(&key) {
                continue;
            }
            each_doc(reader.list, |old, weight| {
                let new = numbers.get(old as usize).copied().flatten();
                posting.extend(new.map(|new| (new, weight)));
            })?;
            reader.advance()?;
        }
        if !posting.is_empty() {
            posting.sort_unstable();
            writer.entry(key, &posting);
        }
    }
    Ok(writer.finish(docs))
}

/// The messages of a whole segment.
pub(super) fn all_docs(leaves: &Leaves) -> Result<Vec<Doc>> {
    let chunks = leaves.iter().filter(|(key, _)| key.first() == Some(&DOCS));
    let parts: Result<Vec<Vec<Doc>>> = chunks.map(|(_, data)| docs(data)).collect();
    Ok(parts?.concat())
}

/// Walks the words of a segment.
struct Reader<'a> {
    leaves: std::slice::Iter<'a, Leaf>,
    rest: &'a [u8],
    key: Vec<u8>,
    list: &'a [u8],
    is_over: bool,
}

impl<'a> Reader<'a> {
    fn new(leaves: &'a Leaves) -> Self {
        Self {
            leaves: leaves.iter(),
            rest: &[],
            key: Vec::new(),
            list: &[],
            is_over: false,
        }
    }

    fn key(&self) -> Option<&[u8]> {
        (!self.is_over).then_some(self.key.as_slice())
    }

    fn advance(&mut self) -> Result<()> {
        while self.rest.is_empty() {
            match self.leaves.next() {
                Some((leaf, data)) if leaf.first() == Some(&WORDS) => {
                    self.rest = data;
                    self.key.clear();
                }
                Some(_) => {}
                None => {
                    self.is_over = true;
                    return Ok(());
                }
            }
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
        Ok(())
    }
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

#[cfg(test)]
mod tests;
