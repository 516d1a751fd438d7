//! The content inside a signed CMS message (RFC 5652 §5), by walking its BER without recursion.

/// Pieces of an octet string that are put together.
const MAX_PIECES: usize = 100_000;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const OCTET_STRING_IN_PIECES: u8 = 0x24;
const EXPLICIT_0: u8 = 0xA0;

/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.7.1
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];

/// The content that was signed, or `None` when there is none inside, when it is encrypted, or when
/// the bytes are no CMS. The signature is not checked.
pub(super) fn signed_content(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut walk = Walk { bytes, at: 0 };
    walk.enter(SEQUENCE)?;
    if walk.value(OBJECT_IDENTIFIER)? != SIGNED_DATA {
        return None;
    }
    walk.enter(EXPLICIT_0)?;
    walk.enter(SEQUENCE)?;
    walk.value(INTEGER)?;
    walk.skip(SET)?;
    walk.enter(SEQUENCE)?;
    if walk.value(OBJECT_IDENTIFIER)? != DATA {
        return None;
    }
    walk.enter(EXPLICIT_0)?;
    let (tag, length) = walk.head()?;
    match (tag, length) {
        (OCTET_STRING, Some(length)) => walk.take(length).map(<[u8]>::to_vec),
        (OCTET_STRING_IN_PIECES, length) => {
            let end = length.map(|length| walk.at.saturating_add(length));
            walk.pieces(end)
        }
        _ => None,
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// A tag of one octet and its length; `None` as length for the indefinite form.
    fn head(&mut self) -> Option<(u8, Option<usize>)> {
        let tag = *self.bytes.get(self.at)?;
        let first = *self.bytes.get(self.at + 1)?;
        self.at += 2;
        if tag & 0x1F == 0x1F {
            return None;
        }
        if first < 0x80 {
            return Some((tag, Some(usize::from(first))));
        }
        if first == 0x80 {
            return Some((tag, None));
        }
        let count = usize::from(first & 0x7F);
        if count > 8 {
            return None;
        }
        let octets = self.take(count)?;
        let length = octets.iter().try_fold(0usize, |length, octet| {
            length.checked_mul(256)?.checked_add(usize::from(*octet))
        })?;
        Some((tag, Some(length)))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let value = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(value)
    }

    /// Goes into what has that tag.
    fn enter(&mut self, tag: u8) -> Option<()> {
        (self.head()?.0 == tag).then_some(())
    }

    /// The content of a primitive with that tag.
    fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, length) = self.head()?;
        if found != tag {
            return None;
        }
        self.take(length?)
    }

    /// Goes past what has that tag, with everything in it.
    fn skip(&mut self, tag: u8) -> Option<()> {
        let (found, length) = self.head()?;
        if found != tag {
            return None;
        }
        if let Some(length) = length {
            return self.take(length).map(|_| ());
        }
        let mut open = 1usize;
        while open > 0 {
            match self.head()? {
                (0, Some(0)) => open -= 1,
                (_, None) => open += 1,
                (_, Some(length)) => {
                    self.take(length)?;
                }
            }
        }
        Some(())
    }

    /// Octet strings up to `end`, or up to the end mark of the indefinite form. What is cut off is
    /// read as far as it goes.
    fn pieces(&mut self, end: Option<usize>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for _ in 0..MAX_PIECES {
            if end.is_some_and(|end| self.at >= end) {
                break;
            }
            match self.head() {
                Some((OCTET_STRING, Some(length))) => {
                    let left = self.bytes.len().saturating_sub(self.at);
                    out.extend_from_slice(self.take(length.min(left))?);
                }
                // Pieces of pieces: their own bounds do not matter.
                Some((OCTET_STRING_IN_PIECES, _)) => {}
                Some((0, Some(0))) if end.is_some() => {}
                _ => break,
            }
        }
        (!out.is_empty()).then_some(out)
    }
}
