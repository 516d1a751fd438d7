//! Pages of a PDF (ISO 32000-1).
//!
//! `lopdf` reads the file: its objects, its filters and its encryption. What is here follows the
//! drawing operations of each page, and gives the words in the order in which they are drawn.

mod cmap;
mod content;
mod font;
mod glyphs;
mod layout;

use std::collections::HashSet;

use lopdf::{DecompressError, Dictionary, Document, Error, LoadOptions, Object, ObjectId};

use crate::writer::Writer;
use crate::{Kind, Limits, Text, Why};
use content::Painter;

/// Octets of one stream that tells where objects are, or holds some, inflated.
const MOST_OF_OBJECTS: usize = 48 << 20;

/// Octets of the operations of one page, inflated.
const MOST_OF_PAGE: u64 = 48 << 20;

/// Ancestors of a page that are asked for what it inherits.
const MOST_ANCESTORS: usize = 64;

/// Fields and notes of one page that are read.
const MOST_ANNOTATIONS: usize = 2_000;

/// Reads the pages in order.
///
/// # Errors
/// [`Why::Encrypted`] when it opens with a password only, [`Why::Inflates`], [`Why::Damaged`], and
/// [`Why::NoText`] for pages that are pictures.
pub(crate) fn read(bytes: &[u8], limits: &Limits, mut out: Writer) -> Result<Text, Why> {
    let options = LoadOptions::with_max_decompressed_size(MOST_OF_OBJECTS);
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| why(&error))?;
    if document.is_encrypted() {
        return Err(Why::Encrypted);
    }
    match pages(&document, limits, &mut out) {
        Ok(()) => out.finish(Kind::Pdf),
        Err(why) => out.rescue(why, Kind::Pdf),
    }
}

fn pages(document: &Document, limits: &Limits, out: &mut Writer) -> Result<(), Why> {
    let mut seen: HashSet<ObjectId> = HashSet::new();
    // A tree of pages that leads back into itself would give the same ones for ever.
    let pages: Vec<ObjectId> = document
        .page_iter()
        .filter(|page| seen.insert(*page))
        .take(limits.parts.saturating_add(1))
        .collect();
    if pages.is_empty() {
        return Err(Why::Damaged);
    }
    let mut painter = Painter::new(document, limits);
    for (index, page) in pages.iter().enumerate() {
        if index >= limits.parts || out.is_full() || painter.is_tired() {
            out.cut();
            break;
        }
        if pages.len() > 1 {
            out.heading(&format!("[Page {}]", index + 1));
        }
        painter.page(*page, out)?;
    }
    Ok(())
}

impl Painter<'_> {
    /// Writes the text of a page, and that of the fields and notes on it.
    fn page(&mut self, page: ObjectId, out: &mut Writer) -> Result<(), Why> {
        let document = self.document();
        let Ok(dictionary) = document.get_dictionary(page) else {
            // A page that is missing from a damaged file.
            return Ok(());
        };
        let resources = inherited(document, dictionary, b"Resources");
        let most = usize::try_from(self.left().min(MOST_OF_PAGE)).unwrap_or(usize::MAX);
        let content = document.get_page_content_with_limit(page, most);
        let content = content.map_err(|error| why(&error))?;
        self.spend(content.len())?;
        self.begin();
        self.paint(&content, resources, out)?;
        let annotations = dictionary.get_deref(b"Annots", document);
        let annotations = annotations.and_then(Object::as_array);
        for annotation in annotations.into_iter().flatten().take(MOST_ANNOTATIONS) {
            let Some(stream) = appearance(document, annotation) else {
                continue;
            };
            out.start_line();
            self.begin();
            self.form(stream, None, out)?;
        }
        out.start_line();
        Ok(())
    }
}

/// What a field or a written note looks like.
fn appearance<'a>(document: &'a Document, annotation: &'a Object) -> Option<&'a lopdf::Stream> {
    let (_, annotation) = document.dereference(annotation).ok()?;
    let annotation = annotation.as_dict().ok()?;
    let kind = annotation.get_deref(b"Subtype", document).ok()?;
    if !matches!(kind.as_name().ok()?, b"Widget" | b"FreeText") {
        return None;
    }
    let looks = annotation.get_deref(b"AP", document).ok()?.as_dict().ok()?;
    let normal = looks.get_deref(b"N", document).ok()?;
    if let Ok(stream) = normal.as_stream() {
        return Some(stream);
    }
    let state = annotation.get_deref(b"AS", document).ok()?.as_name().ok()?;
    let state = normal.as_dict().ok()?.get_deref(state, document).ok()?;
    state.as_stream().ok()
}

/// What a page says of itself, or the nearest of its ancestors does.
fn inherited<'a>(
    document: &'a Document,
    page: &'a Dictionary,
    key: &[u8],
) -> Option<&'a Dictionary> {
    let mut node = page;
    for _ in 0..MOST_ANCESTORS {
        let found = node.get_deref(key, document).and_then(Object::as_dict);
        if let Ok(found) = found {
            return Some(found);
        }
        let parent = node.get_deref(b"Parent", document);
        node = parent.and_then(Object::as_dict).ok()?;
    }
    None
}

/// What is said of an error of the library.
fn why(error: &Error) -> Why {
    match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => Why::Inflates,
        Error::InvalidPassword | Error::Decryption(_) | Error::UnsupportedSecurityHandler(_) => {
            Why::Encrypted
        }
        _ => Why::Damaged,
    }
}
