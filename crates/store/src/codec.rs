//! Compression of what is stored in bulk.

use std::sync::{Arc, Mutex, PoisonError};

use model::{Error, Result};
use zstd::bulk::{Compressor, Decompressor};

/// Bytes are stored as they are.
const PLAIN: i64 = 0;
/// Bytes are one zstd frame.
const ZSTD: i64 = 1;
/// Bytes are parts that follow each other: codec, plain and packed length of each, then its bytes.
const PARTS: i64 = 2;

/// Small texts gain nothing that pays for the work.
const WORTH_IT: usize = 512;
/// The fastest level; mail text shrinks to about a half already here.
const LEVEL: i32 = 1;

/// Compresses and decompresses, keeping the large contexts for reuse.
#[derive(Clone, Default)]
pub(crate) struct Codec(Arc<Pools>);

#[derive(Default)]
struct Pools {
    packers: Mutex<Vec<Compressor<'static>>>,
    unpackers: Mutex<Vec<Decompressor<'static>>>,
}

/// Bytes as stored.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub(crate) codec: i64,
    pub(crate) bytes: Vec<u8>,
    /// How many octets they are unpacked.
    pub(crate) size: usize,
}

impl Packed {
    /// Bytes that are not worth packing.
    pub(crate) fn plain(bytes: Vec<u8>) -> Self {
        Self {
            codec: PLAIN,
            size: bytes.len(),
            bytes,
        }
    }

    /// What the parts are together. A part that belongs to several texts is packed once.
    ///
    /// # Errors
    /// When a part has 4 GiB.
    pub(crate) fn join(parts: &[&Self]) -> Result<Self> {
        let length = parts.iter().map(|part| PART + part.bytes.len()).sum();
        let mut bytes = Vec::with_capacity(length);
        for part in parts {
            let (plain, packed) = (u32::try_from(part.size), u32::try_from(part.bytes.len()));
            bytes.push(u8::try_from(part.codec).map_err(Error::internal)?);
            bytes.extend_from_slice(&plain.map_err(Error::internal)?.to_le_bytes());
            bytes.extend_from_slice(&packed.map_err(Error::internal)?.to_le_bytes());
            bytes.extend_from_slice(&part.bytes);
        }
        Ok(Self {
            codec: PARTS,
            size: parts.iter().map(|part| part.size).sum(),
            bytes,
        })
    }
}

/// Octets before the bytes of a part.
const PART: usize = 1 + 4 + 4;

impl Codec {
    /// Packs `bytes`, or keeps them plain where packing gains nothing.
    pub(crate) fn pack(&self, bytes: &[u8]) -> Packed {
        if bytes.len() >= WORTH_IT
            && let Some(packed) = self.compress(bytes)
            && packed.len() < bytes.len()
        {
            return Packed {
                codec: ZSTD,
                bytes: packed,
                size: bytes.len(),
            };
        }
        Packed::plain(bytes.to_vec())
    }

    /// The bytes that were packed; `size` bounds what a damaged row can make us allocate.
    pub(crate) fn unpack(&self, codec: i64, bytes: &[u8], size: usize) -> Result<Vec<u8>> {
        match codec {
            PLAIN => Ok(bytes.to_vec()),
            ZSTD => {
                let pooled = lock(&self.0.unpackers).pop();
                let mut unpacker = match pooled {
                    Some(unpacker) => unpacker,
                    None => Decompressor::new().map_err(Error::internal)?,
                };
                // Every frame of ours says how long it is unpacked.
                let said = zstd::zstd_safe::get_frame_content_size(bytes)
                    .ok()
                    .flatten();
                let said = said.and_then(|said| usize::try_from(said).ok());
                let room = said.map_or(size, |said| said.min(size));
                let plain = unpacker.decompress(bytes, room).map_err(Error::internal);
                lock(&self.0.unpackers).push(unpacker);
                plain
            }
            PARTS => self.unpack_parts(bytes, size),
            other => Err(Error::internal(format!(
                "stored bytes have the unknown codec {other}"
            ))),
        }
    }

    fn unpack_parts(&self, mut bytes: &[u8], size: usize) -> Result<Vec<u8>> {
        let damaged = || Error::internal("a stored part is damaged");
        let length = |octets| usize::try_from(u32::from_le_bytes(octets)).map_err(Error::internal);
        let mut whole = Vec::new();
        while !bytes.is_empty() {
            let (head, rest) = bytes.split_first_chunk::<PART>().ok_or_else(damaged)?;
            let [codec, a, b, c, d, e, f, g, h] = *head;
            let (plain, packed) = (length([a, b, c, d])?, length([e, f, g, h])?);
            let (part, rest) = rest.split_at_checked(packed).ok_or_else(damaged)?;
            // No part has parts, or a damaged row could nest them without end.
            if plain > size - whole.len() || i64::from(codec) == PARTS {
                return Err(damaged());
            }
            let part = self.unpack(i64::from(codec), part, plain)?;
            if part.len() != plain {
                return Err(damaged());
            }
            whole.extend_from_slice(&part);
            bytes = rest;
        }
        Ok(whole)
    }

    fn compress(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let pooled = lock(&self.0.packers).pop();
        let mut packer = match pooled {
            Some(packer) => packer,
            None => Compressor::new(LEVEL).ok()?,
        };
        let packed = packer.compress(bytes).ok();
        lock(&self.0.packers).push(packer);
        packed
    }
}

fn lock<T>(pool: &Mutex<Vec<T>>) -> std::sync::MutexGuard<'_, Vec<T>> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_as_one_text_whether_they_were_packed_or_not() {
        let codec = Codec::default();
        let long = "a sentence that repeats itself. ".repeat(100);
        let (first, second) = (codec.pack(long.as_bytes()), codec.pack(b"short"));
        assert_eq!((first.codec, second.codec), (ZSTD, PLAIN));
        let both = Packed::join(&[&second, &first, &second]).unwrap();
        let whole = codec.unpack(both.codec, &both.bytes, both.size).unwrap();
        assert_eq!(whole, format!("short{long}short").into_bytes());
    }

    #[test]
    fn damaged_parts_are_an_error_and_never_more_than_was_said() {
        let codec = Codec::default();
        let part = codec.pack("a sentence that repeats itself. ".repeat(100).as_bytes());
        let both = Packed::join(&[&part, &part]).unwrap();
        assert!(codec.unpack(PARTS, &both.bytes, both.size - 1).is_err());
        for cut in 1..both.bytes.len() {
            let cut = codec.unpack(PARTS, &both.bytes[..cut], both.size);
            assert!(cut.is_err() || cut.unwrap().len() == part.size);
        }
        let nested = Packed::join(&[&both]).unwrap();
        assert!(codec.unpack(PARTS, &nested.bytes, nested.size).is_err());
    }
}
