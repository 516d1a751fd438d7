//! Several segments become one.

use std::collections::HashSet;
use std::ops::ControlFlow;

use model::Result;

use super::{Cursor, Doc, Leaf, Leaves, Posting, Segment, Writer, all_docs, each_doc, order};

/// One segment with what is in several, without the messages that `is_alive` denies. A message in
/// more than one is kept as it is in the first of them.
pub(in crate::search) fn merge(parts: &[Leaves], is_alive: &HashSet<[u8; 16]>) -> Result<Segment> {
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
    let mut key = Vec::new();
    let mut posting = Posting::new();
    while let Some(least) = readers.iter().filter_map(Reader::key).min() {
        key.clear();
        key.extend_from_slice(least);
        posting.clear();
        for (reader, numbers) in readers.iter_mut().zip(&numbers) {
            if reader.key() != Some(&key) {
                continue;
            }
            each_doc(&key, reader.cursor.list, |old, weight| {
                let new = numbers.get(old as usize).copied().flatten();
                posting.extend(new.map(|new| (new, weight)));
                ControlFlow::Continue(())
            })?;
            reader.advance()?;
        }
        if !posting.is_empty() {
            posting.sort_unstable();
            writer.entry(&key, &posting);
        }
    }
    Ok(writer.finish(docs))
}

/// Walks the words of a segment.
struct Reader<'a> {
    leaves: std::slice::Iter<'a, Leaf>,
    cursor: Cursor<'a>,
    is_over: bool,
}

impl<'a> Reader<'a> {
    fn new(leaves: &'a Leaves) -> Self {
        Self {
            leaves: leaves.iter(),
            cursor: Cursor::new(&[], &[]),
            is_over: false,
        }
    }

    fn key(&self) -> Option<&[u8]> {
        (!self.is_over).then_some(self.cursor.key.as_slice())
    }

    fn advance(&mut self) -> Result<()> {
        while !self.cursor.advance()? {
            match self.leaves.next() {
                Some((leaf, data)) => self.cursor = Cursor::new(leaf, data),
                None => {
                    self.is_over = true;
                    break;
                }
            }
        }
        Ok(())
    }
}
