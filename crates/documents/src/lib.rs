//! Attached documents as text: plain text, CSV, HTML, PDF, DOCX, XLSX, PPTX, calendars and mail.
//!
//! One pure function, [`text_of`]. It holds itself to [`Limits`]: it inflates no more than they
//! say, does no more work in a PDF, and writes no more text. What it cannot answer it says as one
//! [`Why`].
//!
//! **The trap:** the libraries for PDF and ZIP read a whole table of contents before anybody can
//! say stop, and hostile documents find ways nobody has thought of. So a server calls this in a
//! process of its own that the operating system limits (`mailroost read-document`), never in its
//! own: `docs/attachments.md`.
//!
//! What is hidden in a document (hidden runs, sheets and slides) is written after what can be
//! seen, under a line that says so: a reader is warned, and a screen for leaks sees it.

mod calendar;
mod docx;
mod flow;
mod kind;
mod message;
mod package;
mod page;
mod pdf;
mod plain;
mod pptx;
mod sheet;
mod why;
mod writer;
mod xml;

pub use kind::Kind;
pub use why::Why;

use serde::{Deserialize, Serialize};

/// How much a document may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the largest document that is looked at.
    pub input: usize,
    /// Octets that all compressed parts together may inflate to.
    pub inflated: u64,
    /// Octets of the longest text; what is longer is cut.
    pub text: usize,
    /// Pages, sheets or slides that are read.
    pub parts: usize,
    /// Drawing operations of a PDF that are followed.
    pub operations: usize,
}

impl Default for Limits {
    /// 32 MiB in, 192 MiB inflated, 2 MiB of text, 5,000 pages, four million operations: more than
    /// documents in mail have, and less than ten seconds of a processor.
    fn default() -> Self {
        Self {
            input: 32 << 20,
            inflated: 192 << 20,
            text: 2 << 20,
            parts: 5_000,
            operations: 4_000_000,
        }
    }
}

/// A document as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// What kind of document it is, by its content.
    pub kind: Kind,
    /// The text, with `\n` as line break and no other control characters than tabs.
    pub text: String,
    /// Whether the document holds more than the text: it was too long, or damaged from some point on.
    pub truncated: bool,
}

/// Whether bytes are a document whose text cannot be seen in them: a PDF, or in an archive or
/// container as Office writes them. What they claim to be does not matter.
#[must_use]
pub fn is_packed(bytes: &[u8]) -> bool {
    kind::is_packed(bytes)
}

/// Reads a document. `declared` is the media type it came with and `name` its file name; both
/// only decide where the content leaves it open.
///
/// # Errors
/// Why there is no text. A document that breaks in the middle gives the text up to there, as
/// truncated.
pub fn text_of(
    declared: Option<&str>,
    name: Option<&str>,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Text, Why> {
    if bytes.len() > limits.input {
        return Err(Why::TooLarge);
    }
    let out = writer::Writer::new(limits.text);
    match kind::family(declared, name, bytes)? {
        kind::Family::Pdf => pdf::read(bytes, limits, out),
        kind::Family::Package => office(bytes, limits, out),
        kind::Family::Html => Ok(page::read(bytes, limits, out)),
        kind::Family::Calendar => Ok(calendar::read(bytes, out)),
        kind::Family::Message => Ok(message::read(bytes, out)),
        kind::Family::Csv => Ok(plain::read(Kind::Csv, bytes, out)),
        kind::Family::Plain => Ok(plain::read(Kind::Plain, bytes, out)),
    }
}

/// What Office and its likes write: a package whose main part says what it is.
fn office(bytes: &[u8], limits: &Limits, out: writer::Writer) -> Result<Text, Why> {
    let mut package = package::Package::open(bytes, limits)?;
    let main = package.main_part()?;
    match package.root_of(&main)?.as_str() {
        "document" => docx::read(&mut package, &main, out),
        "workbook" => sheet::read(&mut package, &main, limits, out),
        "presentation" => pptx::read(&mut package, &main, limits, out),
        _ => Err(Why::Unsupported),
    }
}
