//! Reading a message: after DATA up to the final dot, after BDAT by count.
//!
//! The end of DATA is CRLF `.` CRLF and nothing else (RFC 5321 §4.1.1.4). Servers that took other
//! line endings for the end made a text become a second message with a forged envelope ("SMTP
//! smuggling", CVE-2023-51764 and its relatives). A lone CR or LF is therefore never part of the
//! end, and a message that has one is refused: no receiver after us can then read it differently.
//! The same holds for BDAT, since without BINARYMIME its content is lines too (RFC 3030 §3).
//!
//! NUL passes; the message parser deals with it.

use memchr::{memchr2, memchr2_iter};

/// Why a message that was read to its end is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// More bytes than the limit.
    TooLarge,
    /// A CR without LF or an LF without CR.
    BareLineEnd,
    /// The reader was told to keep nothing: [`DataReader::abandon`], [`ChunkReader::abandon`].
    Abandoned,
}

/// Finds the end of DATA and takes the stuffed dots out (RFC 5321 §4.5.2), in pieces of any size.
#[derive(Debug)]
pub struct DataReader {
    place: Place,
    content: Content,
}

/// Where in a line the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// After CRLF, or at the very beginning: the line end of the DATA command counts.
    Start,
    /// After a dot at the start. The dot is not content.
    Dot,
    /// After a dot and a CR at the start. Neither is content if LF follows.
    DotCr,
    /// Inside a line.
    Text,
    /// After a CR inside a line.
    Cr,
}

impl DataReader {
    /// A reader that keeps at most `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            place: Place::Start,
            content: Content::new(limit),
        }
    }

    /// Takes the next bytes of the client. `Some(n)` says that the message ended after `n` of them;
    /// the rest is commands. After that only [`DataReader::finish`] makes sense.
    pub fn push(&mut self, input: &[u8]) -> Option<usize> {
        // input[kept..at] is content that is not copied yet.
        let (mut kept, mut at) = (0, 0);
        while let Some(&byte) = input.get(at) {
            match self.place {
                Place::Text => {
                    let Some(found) = memchr2(b'\r', b'\n', &input[at..]) else {
                        break;
                    };
                    at += found + 1;
                    if input[at - 1] == b'\r' {
                        self.place = Place::Cr;
                    } else {
                        self.content.bare_line_end = true;
                    }
                    continue;
                }
                Place::Cr => match byte {
                    b'\n' => self.place = Place::Start,
                    b'\r' => self.content.bare_line_end = true,
                    _ => {
                        self.content.bare_line_end = true;
                        self.place = Place::Text;
                    }
                },
                Place::Start if byte == b'.' => {
                    self.content.append(&input[kept..at]);
                    kept = at + 1;
                    self.place = Place::Dot;
                }
                Place::Dot if byte == b'\r' => {
                    kept = at + 1;
                    self.place = Place::DotCr;
                }
                Place::Start | Place::Dot => {
                    // Looked at again as text: it may be a CR or an LF.
                    self.place = Place::Text;
                    continue;
                }
                Place::DotCr if byte == b'\n' => return Some(at + 1),
                Place::DotCr => {
                    self.content.append(b"\r");
                    self.content.bare_line_end = true;
                    self.place = if byte == b'\r' {
                        Place::Cr
                    } else {
                        Place::Text
                    };
                }
            }
            at += 1;
        }
        self.content.append(&input[kept..]);
        None
    }

    /// Drops what was read and keeps nothing of what follows, for want of memory.
    pub fn abandon(&mut self) {
        self.content.abandon();
    }

    /// Bytes of memory that the message takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.content.bytes.capacity()
    }

    /// The message without its stuffed dots and final dot line.
    ///
    /// # Errors
    /// The [`Fault`] for which it was not kept.
    pub fn finish(self) -> Result<Vec<u8>, Fault> {
        self.content.finish()
    }
}

/// Joins the chunks of BDAT (RFC 3030 §2) to one message.
#[derive(Debug)]
pub struct ChunkReader {
    after_cr: bool,
    content: Content,
}

impl ChunkReader {
    /// A reader that keeps at most `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            after_cr: false,
            content: Content::new(limit),
        }
    }

    /// Takes bytes that belong to a chunk, all of them.
    pub fn push(&mut self, input: &[u8]) {
        let Some(&first) = input.first() else {
            return;
        };
        let mut bare = self.after_cr && first != b'\n';
        for at in memchr2_iter(b'\r', b'\n', input) {
            bare |= if input[at] == b'\r' {
                input.get(at + 1).is_some_and(|&next| next != b'\n')
            } else if at == 0 {
                !self.after_cr
            } else {
                input[at - 1] != b'\r'
            };
        }
        self.after_cr = input.last() == Some(&b'\r');
        self.content.bare_line_end |= bare;
        self.content.append(input);
    }

    /// Whether the message is beyond saving, so that the client can hear it before the last chunk.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.content.fault()
    }

    /// Drops what was read and keeps nothing of what follows, for want of memory.
    pub fn abandon(&mut self) {
        self.content.abandon();
    }

    /// Bytes of memory that the message takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.content.bytes.capacity()
    }

    /// The message.
    ///
    /// # Errors
    /// The [`Fault`] for which it was not kept.
    pub fn finish(mut self) -> Result<Vec<u8>, Fault> {
        self.content.bare_line_end |= self.after_cr;
        self.content.finish()
    }
}

/// The kept bytes. What is wrong is only collected, so that the outcome does not depend on how the
/// network cut the stream.
#[derive(Debug)]
struct Content {
    bytes: Vec<u8>,
    /// Octets of content so far, kept or not.
    octets: u64,
    limit: u64,
    bare_line_end: bool,
    abandoned: bool,
}

impl Content {
    fn new(limit: u64) -> Self {
        Self {
            bytes: Vec::new(),
            octets: 0,
            limit,
            bare_line_end: false,
            abandoned: false,
        }
    }

    fn append(&mut self, part: &[u8]) {
        self.octets = self.octets.saturating_add(part.len() as u64);
        if self.fault().is_some() {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(part);
        }
    }

    fn abandon(&mut self) {
        self.abandoned = true;
        self.bytes = Vec::new();
    }

    fn fault(&self) -> Option<Fault> {
        if self.octets > self.limit {
            Some(Fault::TooLarge)
        } else if self.bare_line_end {
            Some(Fault::BareLineEnd)
        } else if self.abandoned {
            Some(Fault::Abandoned)
        } else {
            None
        }
    }

    fn finish(self) -> Result<Vec<u8>, Fault> {
        match self.fault() {
            Some(fault) => Err(fault),
            None => Ok(self.bytes),
        }
    }
}

#[cfg(test)]
mod tests;
