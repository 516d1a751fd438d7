//! Raw mail: immutable, named by the hash of its bytes within its organisation.
//!
//! Small mail is a row of the same commit as the message. Large mail is an object, synced to the
//! object store before the transaction that links it; every object has a name of its own that is
//! never used twice, so the sweeper can never remove bytes that somebody has just put again.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use mail::Timestamp;
use model::{Error, OrgId, Result};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use uuid::Uuid;

use crate::codec::Packed;
use crate::db::{Conn, DbError, args};
use crate::txn::Txn;
use crate::view::View;

/// Packed mail up to this size is kept in the database.
const INLINE_MAX: usize = 128 << 10;

/// How long an object may stay without the transaction that links it.
pub(crate) const HOLD: Duration = Duration::from_secs(3600);

/// The hash of a message's raw bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The id of `raw`.
    #[must_use]
    pub fn of(raw: &[u8]) -> Self {
        Self(*blake3::hash(raw).as_bytes())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the form that `Display` writes.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        blake3::Hash::from_hex(digits)
            .ok()
            .map(|hash| Self(*hash.as_bytes()))
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Raw mail that is ready to be linked by a message.
#[derive(Clone, Debug)]
pub struct Placed {
    pub(crate) blob_id: BlobId,
    pub(crate) size: i64,
    pub(crate) at: Place,
}

#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Goes into the row.
    Row(Packed),
    /// Is in the object store already.
    Object { codec: i64, object: Uuid },
}

/// Where the bytes of a blob are.
pub(crate) enum Stored {
    Row(Bytes),
    Object {
        codec: i64,
        object: Uuid,
        size: usize,
    },
}

impl Placed {
    /// The name of the bytes.
    #[must_use]
    pub fn blob_id(&self) -> BlobId {
        self.blob_id
    }

    pub(crate) fn fits_row(packed: &Packed) -> bool {
        packed.bytes.len() <= INLINE_MAX
    }
}

impl Txn<'_> {
    /// Counts one more holder of these bytes, a message or a job, storing them if they are new.
    ///
    /// # Errors
    /// `service_unavailable` when so much time has passed that they may be gone.
    pub fn link(&mut self, placed: &Placed) -> Result<()> {
        let org_id = self.access.org_id();
        let id = placed.blob_id.0.as_slice();
        let (codec, object) = match &placed.at {
            Place::Row(packed) => {
                let (codec, data) = (packed.codec, packed.bytes.as_slice());
                return Ok(self.put(
                    "insert into blob (org_id, blob_id, size, codec, data, object, links) \
                     values ($1, $2, $3, $4, $5, null, 1) \
                     on conflict (org_id, blob_id) do update set links = blob.links + 1 \
                     -- unscoped: the row names its organisation",
                    args![org_id, id, placed.size, codec, data],
                )?);
            }
            Place::Object { codec, object } => (*codec, object.as_bytes().as_slice()),
        };
        let links = self.first(
            "insert into blob (org_id, blob_id, size, codec, data, object, links) \
             values ($1, $2, $3, $4, null, $5, 1) \
             on conflict (org_id, blob_id) do update set links = blob.links + 1 returning links \
             -- unscoped: the row names its organisation",
            args![org_id, id, placed.size, codec, object],
            |row| row.get::<i64>(0),
        )?;
        match links {
            Some(1) => self.use_object(object),
            // The bytes were stored before, perhaps by this very object for another inbox. If by
            // another object, this one's hold stays and the sweeper removes it.
            _ => Ok(()),
        }
    }

    /// Ends the hold of an object that a new row now refers to.
    fn use_object(&mut self, object: &[u8]) -> Result<()> {
        let now = self.now;
        let held = self.first(
            "select 1 from blob_hold where {scope:org} and object = $1 and held_until > $2 {lock}",
            args![object, now],
            |row| row.get::<i64>(0),
        )?;
        if held.is_none() {
            return Err(Error::unavailable("Storing this message took too long"));
        }
        self.exec(
            "delete from blob_hold where {scope:org} and object = $1",
            args![object],
        )?;
        Ok(())
    }

    /// Counts one holder less; the last one takes the bytes with it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn unlink_raw(&mut self, blob_id: BlobId) -> Result<()> {
        self.unlink(&blob_id.0)
    }

    /// Counts one message less; the last one removes the bytes.
    pub(crate) fn unlink(&mut self, blob_id: &[u8]) -> Result<()> {
        self.put(
            "update blob set links = links - 1 where {scope:org} and blob_id = $1",
            args![blob_id],
        )?;
        let gone = self.first(
            "delete from blob where {scope:org} and blob_id = $1 and links <= 0 returning object",
            args![blob_id],
            |row| row.get::<Option<Vec<u8>>>(0),
        )?;
        if gone.is_some() {
            self.forget_document_texts(blob_id)?;
        }
        if let Some(Some(object)) = gone {
            let (org_id, now) = (self.access.org_id(), self.now);
            self.exec(
                "insert into blob_hold (org_id, object, held_until) values ($1, $2, $3) \
                 on conflict (object) do nothing -- unscoped: the row names its organisation",
                args![org_id, &object, now],
            )?;
        }
        Ok(())
    }

    pub(crate) fn hold(&mut self, object: Uuid) -> Result<()> {
        let (org_id, until) = (self.access.org_id(), self.now.plus(HOLD));
        self.exec(
            "insert into blob_hold (org_id, object, held_until) values ($1, $2, $3) \
             -- unscoped: the row names its organisation",
            args![org_id, object.as_bytes().as_slice(), until],
        )?;
        Ok(())
    }
}

impl View<'_> {
    pub(crate) fn stored(&mut self, blob_id: &[u8]) -> Result<Option<Stored>> {
        let row = self.first(
            "select size, codec, data, object from blob where {scope:org} and blob_id = $1",
            args![blob_id],
            |row| {
                let size: i64 = row.get(0)?;
                let data: Option<Vec<u8>> = row.get(2)?;
                let object: Option<Vec<u8>> = row.get(3)?;
                Ok((size, row.get::<i64>(1)?, data, object))
            },
        )?;
        let Some((size, codec, data, object)) = row else {
            return Ok(None);
        };
        let size = usize::try_from(size).map_err(Error::internal)?;
        if let Some(data) = data {
            return Ok(Some(Stored::Row(
                self.codec.unpack(codec, &data, size)?.into(),
            )));
        }
        let object = object
            .as_deref()
            .and_then(|bytes| Uuid::from_slice(bytes).ok());
        let object =
            object.ok_or_else(|| Error::internal("a blob has neither bytes nor object"))?;
        Ok(Some(Stored::Object {
            codec,
            object,
            size,
        }))
    }
}

/// The object store, and the names in it.
pub(crate) struct Objects(pub(crate) Box<dyn ObjectStore>);

impl Objects {
    pub(crate) async fn put(&self, org: OrgId, object: Uuid, bytes: Vec<u8>) -> Result<()> {
        let payload = PutPayload::from_bytes(bytes.into());
        self.0
            .put(&name(org, object), payload)
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    pub(crate) async fn get(&self, org: OrgId, object: Uuid) -> Result<Bytes> {
        let found = self.0.get(&name(org, object)).await.map_err(unavailable)?;
        found.bytes().await.map_err(unavailable)
    }

    /// Removes an object; one that is gone already is no error.
    pub(crate) async fn delete(&self, org: OrgId, object: Uuid) -> Result<()> {
        match self.0.delete(&name(org, object)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}

/// Where an object lies in the object store.
pub(crate) fn name(org: OrgId, object: Uuid) -> ObjectPath {
    let object = object.simple().to_string();
    // Version 7 ids begin with the time, so their last digits spread best over folders.
    let spread = object.get(30..).unwrap_or("00").to_owned();
    ObjectPath::from_iter([org.to_string(), spread, object])
}

fn unavailable(error: object_store::Error) -> Error {
    Error::unavailable("The store for large mail is not available right now").because(error)
}

/// Objects whose hold has ended, oldest first.
pub(crate) fn ended_holds(
    conn: &mut dyn Conn,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(OrgId, Uuid)>> {
    let sql = conn.dialect().plain(
        "select org_id, object from blob_hold where held_until <= $1 order by held_until limit $2 \
         -- unscoped: the sweeper serves every organisation",
    );
    let mut found = Vec::new();
    conn.query(&sql, args![now, limit], &mut |row| {
        let object = Uuid::from_slice(row.bytes(1)?).map_err(|_| DbError::shape(1))?;
        found.push((row.get(0)?, object));
        Ok(())
    })?;
    Ok(found)
}

impl Txn<'_> {
    /// Whether the object may be removed: no blob uses it. Its hold stays until it is, but is
    /// ended for good first: a transaction that was asked for before the hold ended, and runs only
    /// now, must not link what is about to go.
    pub(crate) fn give_up(&mut self, object: Uuid) -> Result<bool> {
        self.exec(
            "update blob_hold set held_until = 0 where {scope:org} and object = $1",
            args![object.as_bytes().as_slice()],
        )?;
        let used = self.first(
            "select 1 from blob where {scope:org} and object = $1 limit 1",
            args![object.as_bytes().as_slice()],
            |row| row.get::<i64>(0),
        )?;
        Ok(used.is_none())
    }

    pub(crate) fn release(&mut self, object: Uuid) -> Result<()> {
        self.exec(
            "delete from blob_hold where {scope:org} and object = $1",
            args![object.as_bytes().as_slice()],
        )?;
        Ok(())
    }
}
