//! What attached documents say, kept as long as the bytes that hold them.

use model::{Error, Result};

use crate::blobs::BlobId;
use crate::db::{Row, args};
use crate::txn::Txn;
use crate::view::View;

/// A document within stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentPlace {
    /// The bytes: a message, or the file of a draft.
    pub blob_id: BlobId,
    /// Which part of the message it is; 0 for a file of its own.
    pub part: usize,
}

/// What is kept of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentText {
    /// What was read, in the form of whoever reads.
    Read(String),
    /// The name of the reason for which nothing was.
    Unread(String),
}

impl View<'_> {
    /// What is kept of a document in its place, by this version of the reader.
    ///
    /// # Errors
    /// When the store fails.
    pub fn document_text(
        &mut self,
        place: DocumentPlace,
        reader: i64,
    ) -> Result<Option<DocumentText>> {
        let found = self.first(
            "select why, codec, size, data from document_text \
             where {scope:org} and blob_id = $1 and part = $2 and reader = $3",
            args![place.blob_id.as_bytes().as_slice(), part(place)?, reader],
            row,
        )?;
        found.map(|found| self.unpacked(found)).transpose()
    }

    /// What is kept of a document by the hash of its own bytes, wherever it came before.
    ///
    /// # Errors
    /// When the store fails.
    pub fn document_text_of(
        &mut self,
        content: &[u8; 32],
        reader: i64,
    ) -> Result<Option<DocumentText>> {
        let found = self.first(
            "select why, codec, size, data from document_text \
             where {scope:org} and content = $1 and reader = $2 limit 1",
            args![content.as_slice(), reader],
            row,
        )?;
        found.map(|found| self.unpacked(found)).transpose()
    }

    fn unpacked(&mut self, (why, codec, size, data): Kept) -> Result<DocumentText> {
        if let Some(why) = why {
            return Ok(DocumentText::Unread(why));
        }
        let size = usize::try_from(size).map_err(Error::internal)?;
        let text = self.codec.unpack(codec, &data, size)?;
        let text = String::from_utf8(text).map_err(Error::internal)?;
        Ok(DocumentText::Read(text))
    }
}

impl Txn<'_> {
    /// Keeps what a document says, unless the bytes that hold it have gone meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_document_text(
        &mut self,
        place: DocumentPlace,
        content: &[u8; 32],
        reader: i64,
        text: &DocumentText,
    ) -> Result<()> {
        let (org_id, blob) = (self.access.org_id(), place.blob_id);
        // With the row held, the bytes cannot go before the text stands.
        let held = self.first(
            "select 1 from blob where {scope:org} and blob_id = $1 {lock}",
            args![blob.as_bytes().as_slice()],
            |row| row.get::<i64>(0),
        )?;
        if held.is_none() {
            return Ok(());
        }
        let (why, text) = match text {
            DocumentText::Read(text) => (None, text.as_str()),
            DocumentText::Unread(why) => (Some(why.as_str()), ""),
        };
        let packed = self.codec.pack(text.as_bytes());
        let size = i64::try_from(packed.size).map_err(Error::internal)?;
        let (codec, data) = (packed.codec, packed.bytes.as_slice());
        self.exec(
            "insert into document_text (org_id, blob_id, part, content, reader, why, codec, size, data) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             on conflict (org_id, blob_id, part) do update set content = excluded.content, \
             reader = excluded.reader, why = excluded.why, codec = excluded.codec, \
             size = excluded.size, data = excluded.data -- unscoped: the row names its organisation",
            args![
                org_id,
                blob.as_bytes().as_slice(),
                part(place)?,
                content.as_slice(),
                reader,
                why,
                codec,
                size,
                data
            ],
        )?;
        Ok(())
    }

    /// Forgets what the documents in some bytes say, which are going.
    pub(crate) fn forget_document_texts(&mut self, blob_id: &[u8]) -> Result<()> {
        self.exec(
            "delete from document_text where {scope:org} and blob_id = $1",
            args![blob_id],
        )?;
        Ok(())
    }
}

/// A row: why nothing was read, and the packed text.
type Kept = (Option<String>, i64, i64, Vec<u8>);

fn row(row: &Row<'_>) -> crate::db::DbResult<Kept> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn part(place: DocumentPlace) -> Result<i64> {
    i64::try_from(place.part).map_err(Error::internal)
}
