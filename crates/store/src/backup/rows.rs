//! Rows as octets, compressed.
//!
//! A row is its values in the order of the columns. A value is `0` for null, or `1` and then eight
//! octets of an integer, or four octets of a length and so many octets of text or bytes, all little
//! endian. Nothing separates rows: the manifest says how many there are.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

use super::files::{Hashing, create_file};
use super::shape::{Column, Kind};
use crate::db::{DbResult, Row, Value};

/// The fastest level: the bulk is packed already.
const LEVEL: i32 = 1;

/// A file of rows that is being written.
pub(super) struct Writer {
    encoder: Encoder<'static, Hashing<BufWriter<File>>>,
    row: Vec<u8>,
    rows: u64,
}

impl Writer {
    /// Begins a file that must not exist yet.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(create_file(path)?);
        Ok(Self {
            encoder: Encoder::new(Hashing::new(file), LEVEL)?,
            row: Vec::new(),
            rows: 0,
        })
    }

    /// Adds a row. The outer error is the database's, the inner one the file's.
    pub(super) fn row(&mut self, columns: &[Column], row: &Row<'_>) -> DbResult<io::Result<()>> {
        self.row.clear();
        for (index, column) in columns.iter().enumerate() {
            if row.0.is_null(index)? {
                self.row.push(0);
                continue;
            }
            self.row.push(1);
            let bytes = match column.kind {
                Kind::Int => {
                    let value: i64 = row.get(index)?;
                    self.row.extend_from_slice(&value.to_le_bytes());
                    continue;
                }
                Kind::Text => row.text(index)?.as_bytes(),
                Kind::Bytes => row.bytes(index)?,
            };
            let Ok(length) = u32::try_from(bytes.len()) else {
                return Ok(Err(io::Error::other("a value of more than 4 GiB")));
            };
            self.row.extend_from_slice(&length.to_le_bytes());
            self.row.extend_from_slice(bytes);
        }
        self.rows += 1;
        Ok(self.encoder.write_all(&self.row))
    }

    /// Syncs the file; how many rows it has, and its hash.
    pub(super) fn finish(self) -> io::Result<(u64, String)> {
        let (file, hash) = self.encoder.finish()?.finish();
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((self.rows, hash))
    }
}

/// A file of rows that is being read.
pub(super) struct Reader(Decoder<'static, BufReader<File>>);

impl Reader {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(Decoder::new(File::open(path)?)?))
    }

    /// The next row, which must be there.
    pub(super) fn row(&mut self, columns: &[Column]) -> io::Result<Vec<Value<'static>>> {
        columns.iter().map(|column| self.value(column)).collect()
    }

    /// Makes sure that there is no further row.
    pub(super) fn end(&mut self) -> io::Result<()> {
        match self.0.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(damaged("more rows than the manifest says")),
        }
    }

    fn value(&mut self, column: &Column) -> io::Result<Value<'static>> {
        let [present] = self.octets()?;
        if present == 0 {
            return Ok(Value::Null);
        }
        if column.kind == Kind::Int {
            return Ok(Value::Int(i64::from_le_bytes(self.octets()?)));
        }
        let length = u64::from(u32::from_le_bytes(self.octets()?));
        let mut bytes = Vec::new();
        // Grows with what is there, not with what is said to be there.
        (&mut self.0).take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(damaged("a value is cut off"));
        }
        if column.kind == Kind::Bytes {
            return Ok(Value::Bytes(bytes.into()));
        }
        let text = String::from_utf8(bytes).map_err(|_| damaged("a text is not UTF-8"))?;
        Ok(Value::Text(text.into()))
    }

    fn octets<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut octets = [0; N];
        self.0.read_exact(&mut octets)?;
        Ok(octets)
    }
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
