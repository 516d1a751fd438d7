//! Lists of MAPI properties as TNEF carries them (MS-OXTNEF §2.1.3.4).

/// Properties read of one list.
const MAX_PROPERTIES: usize = 2_000;
/// Where the ids of named properties begin.
const FIRST_NAMED: u16 = 0x8000;
/// The mark of a type that has several values.
const SEVERAL: u16 = 0x1000;

/// A property and the first of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Property<'a> {
    pub(super) id: u16,
    /// The type of its value.
    pub(super) kind: u16,
    pub(super) value: &'a [u8],
}

/// The properties of a list, as far as it can be read.
pub(super) fn properties(bytes: &[u8]) -> Vec<Property<'_>> {
    let mut reader = Reader { rest: bytes };
    let count = reader.number().unwrap_or(0);
    let count = usize::try_from(count).unwrap_or(0).min(MAX_PROPERTIES);
    let mut found = Vec::new();
    for _ in 0..count {
        match reader.property() {
            Some(property) => found.push(property),
            None => break,
        }
    }
    found
}

/// Octets one at a time, little-endian.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (value, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(value)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        let octets = self.take(4)?.try_into().ok()?;
        Some(u32::from_le_bytes(octets))
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        let octets = self.take(2)?.try_into().ok()?;
        Some(u16::from_le_bytes(octets))
    }

    /// A value and what fills it up to a multiple of four.
    fn padded(&mut self, length: usize) -> Option<&'a [u8]> {
        let value = self.take(length)?;
        let padding = length.next_multiple_of(4) - length;
        self.take(padding.min(self.rest.len()))?;
        Some(value)
    }

    fn property(&mut self) -> Option<Property<'a>> {
        let kind = self.short()?;
        let id = self.short()?;
        if id >= FIRST_NAMED {
            self.take(16)?;
            if self.number()? == 0 {
                self.number()?;
            } else {
                let length = usize::try_from(self.number()?).ok()?;
                self.padded(length)?;
            }
        }
        let several = kind & SEVERAL != 0;
        let kind = kind & !SEVERAL;
        let fixed = match kind {
            0x02 | 0x0B => Some(2),
            0x03 | 0x04 | 0x0A => Some(4),
            0x05 | 0x06 | 0x07 | 0x14 | 0x40 => Some(8),
            0x48 => Some(16),
            0x0D | 0x1E | 0x1F | 0x102 => None,
            _ => return None,
        };
        let count = match fixed {
            Some(_) if !several => 1,
            _ => self.number()?,
        };
        let mut first = None;
        for _ in 0..count {
            let length = match fixed {
                Some(length) => length,
                None => usize::try_from(self.number()?).ok()?,
            };
            // A value takes at least its four octets of length, so the count cannot run away.
            let value = self.padded(length)?;
            first = first.or(Some(value));
        }
        Some(Property {
            id,
            kind,
            value: first.unwrap_or_default(),
        })
    }
}
