//! What attached documents say: read in a process of its own, once, and kept as long as the bytes
//! that hold them (`docs/attachments.md`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use documents::{Kind, Limits, Text, Why};
use model::{Error, OrgId, Result, perm};
use serde::{Deserialize, Serialize};
use store::{DocumentPlace, DocumentText, Grant, Reason};
use sys::{Clock, HelperError, HelperSettings, Helpers};

use crate::App;

/// The version of what reads: a text that an earlier one made is made again.
const READER: i64 = 1;

/// Documents that are read at once.
const AT_ONCE: usize = 2;

/// How long a document waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long reading one may take; its process is also held to seconds of a processor.
const LIMIT: Duration = Duration::from_secs(25);

/// Signals that a reader ends by, as Linux numbers them.
const SIGXCPU: i32 = 24;
const SIGSYS: i32 = 31;

/// The longest file name that is passed on: its end is what says something.
const MOST_NAME: usize = 255;

/// A file that somebody attached.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The media type it came with.
    pub(crate) declared: Option<String>,
    /// The name it came with.
    pub(crate) name: Option<String>,
    /// The file itself.
    pub(crate) bytes: Bytes,
}

impl Document {
    /// Whether it claims to be of a kind that is read, and is not too large for it.
    pub(crate) fn is_promising(declared: Option<&str>, name: Option<&str>, size: i64) -> bool {
        let fits = usize::try_from(size).is_ok_and(|size| size <= Limits::default().input);
        fits && Kind::expected(declared, name).is_some()
    }

    /// The hash of all that its text depends on.
    fn content(&self) -> [u8; 32] {
        let expected = Kind::expected(self.declared.as_deref(), self.name.as_deref());
        let mut hasher = blake3::Hasher::new();
        hasher.update(expected.map_or("", Kind::name).as_bytes());
        hasher.update(&[0]);
        hasher.update(&self.bytes);
        *hasher.finalize().as_bytes()
    }
}

/// What its reader is told before the document.
#[derive(Serialize)]
struct Claims<'a> {
    declared: Option<&'a str>,
    name: Option<&'a str>,
}

/// What its reader answers.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Text(Text),
    Why(Why),
}

/// Processes that read documents.
pub(crate) fn readers(program: PathBuf, clock: Arc<dyn Clock>) -> Helpers {
    let settings = HelperSettings {
        program,
        arguments: vec!["read-document".into()],
        // The allocator would reserve as many addresses as a reader may have at all.
        environment: vec![("MIMALLOC_ARENA_RESERVE".into(), "65536".into())],
        at_once: AT_ONCE,
        patience: PATIENCE,
        limit: LIMIT,
        // Quotation marks and line breaks are written as two octets.
        most: Limits::default().text * 2 + (64 << 10),
    };
    Helpers::new(settings, clock)
}

impl App {
    /// What a document says, or why nothing; `place` is where it lies, if it is stored.
    ///
    /// # Errors
    /// `service_unavailable` when too many are being read, or when the store fails.
    pub(crate) async fn text_of_document(
        &self,
        org_id: OrgId,
        place: Option<DocumentPlace>,
        document: Document,
    ) -> Result<std::result::Result<Text, Why>> {
        let access = self.store().system(org_id, Reason::Download);
        let grant: Grant<perm::MessageRead> = access.grant()?;
        let content = document.content();
        let kept = self
            .store()
            .read(&grant, move |view| view.document_text_of(&content, READER));
        let read = match kept.await?.and_then(opened) {
            Some(read) => read,
            None => self.read_document(&document).await?,
        };
        if let Some(place) = place {
            let text = closed(&read)?;
            let keep = self.store().write(&grant, move |txn| {
                txn.keep_document_text(place, &content, READER, &text)
            });
            keep.await?;
        }
        Ok(read)
    }

    /// What is kept of a document that lies in this place.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn kept_text(
        &self,
        org_id: OrgId,
        place: DocumentPlace,
    ) -> Result<Option<std::result::Result<Text, Why>>> {
        let access = self.store().system(org_id, Reason::Download);
        let grant: Grant<perm::MessageRead> = access.grant()?;
        let kept = self
            .store()
            .read(&grant, move |view| view.document_text(place, READER));
        Ok(kept.await?.and_then(opened))
    }

    /// Has a document read by a fresh process.
    async fn read_document(&self, document: &Document) -> Result<std::result::Result<Text, Why>> {
        let limits = Limits::default();
        if document.bytes.len() > limits.input {
            return Ok(Err(Why::TooLarge));
        }
        let name = document.name.as_deref().map(|name| {
            let start = name.len().saturating_sub(MOST_NAME);
            let start = (start..=name.len()).find(|at| name.is_char_boundary(*at));
            name.get(start.unwrap_or(0)..).unwrap_or_default()
        });
        let declared = document.declared.as_deref();
        let claims = Claims {
            declared: declared.filter(|declared| declared.len() <= MOST_NAME),
            name,
        };
        let mut head = serde_json::to_vec(&claims).map_err(Error::internal)?;
        head.push(b'\n');
        let asked = self.0.readers.ask(&[&head, &document.bytes]).await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(HelperError::Busy) => {
                return Err(Error::unavailable("Too many documents are being read"));
            }
            Err(HelperError::OutOfTime) => return Ok(Err(Why::OutOfTime)),
            // It ran into its limit of processor time.
            Err(HelperError::Ended(SIGXCPU)) => return Ok(Err(Why::OutOfTime)),
            // A filter around the server forbids what the reader does before it reads.
            Err(error @ HelperError::Ended(SIGSYS)) => return Err(Error::internal(error)),
            Err(HelperError::Ended(signal)) => {
                tracing::warn!(signal, "the reader of a document broke");
                return Ok(Err(Why::OutOfMemory));
            }
            Err(
                error @ (HelperError::TooMuch | HelperError::GaveUp(_) | HelperError::Unusable(_)),
            ) => {
                return Err(Error::internal(error));
            }
        };
        // The reader may have been taken over by what it read, so nothing but a bounded text
        // without controls is taken from it.
        match serde_json::from_slice(&answer) {
            Ok(Answer::Text(text)) if is_sound(&text, &limits) => Ok(Ok(text)),
            Ok(Answer::Why(why)) => Ok(Err(why)),
            Ok(Answer::Text(_)) | Err(_) => {
                tracing::warn!("the reader of a document gave no sound answer");
                Ok(Err(Why::Damaged))
            }
        }
    }
}

fn is_sound(text: &Text, limits: &Limits) -> bool {
    let is_fine = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.text.len() <= limits.text && text.text.chars().all(is_fine)
}

/// What was read, from the form in which it is kept; `None` when that is of another version.
fn opened(kept: DocumentText) -> Option<std::result::Result<Text, Why>> {
    match kept {
        DocumentText::Read(text) => serde_json::from_str(&text).ok().map(Ok),
        DocumentText::Unread(why) => Why::parse(&why).map(Err),
    }
}

fn closed(read: &std::result::Result<Text, Why>) -> Result<DocumentText> {
    Ok(match read {
        Ok(text) => DocumentText::Read(serde_json::to_string(text).map_err(Error::internal)?),
        Err(why) => DocumentText::Unread(why.name().to_owned()),
    })
}
