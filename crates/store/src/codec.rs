//! Compression of what is stored in bulk.

use std::sync::{Arc, Mutex, PoisonError};

use model::{Error, Result};
use zstd::bulk::{Compressor, Decompressor};

/// Bytes are stored as they are.
const PLAIN: i64 = 0;
/// Bytes are one zstd frame.
const ZSTD: i64 = 1;

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
}

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
            };
        }
        Packed {
            codec: PLAIN,
            bytes: bytes.to_vec(),
        }
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
            other => Err(Error::internal(format!(
                "stored bytes have the unknown codec {other}"
            ))),
        }
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
