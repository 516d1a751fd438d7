//! The packages of Office: ZIP archives of XML parts that refer to each other (ECMA-376 part 2).

use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, Read};

use memchr::memmem;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::xml::{Node, On, Xml, attribute, local};
use crate::{Limits, Why};

/// Entries of the largest archive that is opened: its table of contents is read at once.
const MOST_ENTRIES: usize = 20_000;

/// References of one part that are kept.
const MOST_RELATIONS: usize = 20_000;

/// An archive, and how much of it may still be inflated.
pub(crate) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    left: u64,
}

/// A part that is being read.
pub(crate) type Part<'p, 'a> = Xml<BufReader<Budget<'p, ZipFile<'p, Cursor<&'a [u8]>>>>>;

/// Where a part refers to.
pub(crate) struct Relation {
    /// The last segment of its type, for example `hyperlink`.
    pub(crate) kind: String,
    /// The name of another part, or an address outside.
    pub(crate) target: String,
    /// Whether it leads outside.
    pub(crate) external: bool,
}

/// References by their ids.
pub(crate) type Relations = BTreeMap<String, Relation>;

impl<'a> Package<'a> {
    /// Opens an archive.
    ///
    /// # Errors
    /// [`Why::TooLarge`] for one with too many entries, [`Why::Encrypted`] and [`Why::Damaged`].
    pub(crate) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, Why> {
        let entries = memmem::find_iter(bytes, b"PK\x01\x02").take(MOST_ENTRIES + 1);
        if entries.count() > MOST_ENTRIES {
            return Err(Why::TooLarge);
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| why(&error))?;
        Ok(Self {
            archive,
            left: limits.inflated,
        })
    }

    /// Begins to read a part; `None` when there is none of this name.
    ///
    /// # Errors
    /// [`Why::Encrypted`] and [`Why::Damaged`].
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<Part<'_, 'a>>, Why> {
        let file = match self.archive.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(why(&error)),
        };
        let inner = Budget {
            inner: file,
            left: &mut self.left,
        };
        Ok(Some(Xml::new(BufReader::new(inner))))
    }

    /// The name of the part that the package is about.
    ///
    /// # Errors
    /// [`Why::Unsupported`] when it is an archive of something else.
    pub(crate) fn main_part(&mut self) -> Result<String, Why> {
        let relations = self.relations("")?;
        let main = relations
            .into_values()
            .find(|relation| relation.kind == "officeDocument" && !relation.external);
        main.map(|relation| relation.target).ok_or(Why::Unsupported)
    }

    /// The name of a part's first element.
    ///
    /// # Errors
    /// [`Why::Damaged`] and others when it cannot be read.
    pub(crate) fn root_of(&mut self, name: &str) -> Result<String, Why> {
        let part = self.part(name)?.ok_or(Why::Damaged)?;
        let mut root = None;
        let read = part.each(&mut |node| {
            if let Node::Open(element) = node {
                root = Some(local(&element).to_owned());
                return Ok(On::Enough);
            }
            Ok(On::More)
        });
        match (root, read) {
            (Some(root), _) => Ok(root),
            // A part in another encoding or format, as workbooks in binary form.
            (None, Ok(()) | Err(Why::Damaged)) => Err(Why::Unsupported),
            (None, Err(why)) => Err(why),
        }
    }

    /// Where a part refers to; the empty name stands for the package itself.
    ///
    /// # Errors
    /// [`Why::Damaged`] and others when the references cannot be read.
    pub(crate) fn relations(&mut self, of: &str) -> Result<Relations, Why> {
        let (folder, name) = of.rsplit_once('/').unwrap_or(("", of));
        let file = if folder.is_empty() {
            format!("_rels/{name}.rels")
        } else {
            format!("{folder}/_rels/{name}.rels")
        };
        let mut relations = Relations::new();
        let Some(part) = self.part(&file)? else {
            return Ok(relations);
        };
        part.each(&mut |node| {
            let Node::Open(element) = node else {
                return Ok(On::More);
            };
            if local(&element) != "Relationship" {
                return Ok(On::More);
            }
            let get = |name| attribute(&element, name).unwrap_or_default();
            let external = get("TargetMode").eq_ignore_ascii_case("external");
            let target = get("Target");
            let relation = Relation {
                kind: get("Type")
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                target: if external {
                    target
                } else {
                    resolve(folder, &target)
                },
                external,
            };
            relations.insert(get("Id"), relation);
            if relations.len() < MOST_RELATIONS {
                Ok(On::More)
            } else {
                Ok(On::Enough)
            }
        })?;
        Ok(relations)
    }
}

/// The parts of a kind that a part refers to, each once, in the order of their names.
pub(crate) fn targets(relations: &Relations, kind: &str) -> Vec<String> {
    let found = relations
        .values()
        .filter(|relation| relation.kind == kind && !relation.external);
    let mut names: Vec<String> = found.map(|relation| relation.target.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The name of a part from a reference in a folder.
fn resolve(folder: &str, target: &str) -> String {
    let (base, path) = match target.strip_prefix('/') {
        Some(path) => ("", path),
        None => (folder, target),
    };
    let mut segments: Vec<&str> = Vec::new();
    for segment in base.split('/').chain(path.split('/')) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}

fn why(error: &ZipError) -> Why {
    match error {
        ZipError::UnsupportedArchive(text) if *text == ZipError::PASSWORD_REQUIRED => {
            Why::Encrypted
        }
        ZipError::InvalidPassword => Why::Encrypted,
        _ => Why::Damaged,
    }
}

/// Bytes that are taken from what all parts may inflate to.
pub(crate) struct Budget<'p, R> {
    inner: R,
    left: &'p mut u64,
}

/// That the budget is spent, as the cause of an error in reading.
#[derive(Debug)]
pub(crate) struct Spent;

impl std::fmt::Display for Spent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the document inflates to more than allowed")
    }
}

impl std::error::Error for Spent {}

impl<R: Read> Read for Budget<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        let taken = u64::try_from(read).unwrap_or(u64::MAX);
        *self.left = self
            .left
            .checked_sub(taken)
            .ok_or_else(|| std::io::Error::other(Spent))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_to_names_of_parts() {
        for (folder, target, name) in [
            ("", "word/document.xml", "word/document.xml"),
            ("word", "footnotes.xml", "word/footnotes.xml"),
            (
                "ppt/slides",
                "../notesSlides/n1.xml",
                "ppt/notesSlides/n1.xml",
            ),
            ("xl", "/xl/styles.xml", "xl/styles.xml"),
            ("a", "../../../../etc/x", "etc/x"),
        ] {
            assert_eq!(resolve(folder, target), name);
        }
    }
}
