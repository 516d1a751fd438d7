//! The strings that cells share.

use crate::Why;
use crate::package::Package;
use crate::xml::{Node, On, local};

/// Octets of all shared strings at most: they are needed before the first cell is read.
const MOST_OCTETS: usize = 48 << 20;

/// How many they are at most.
const MOST: usize = 2_000_000;

/// All strings in one, and where each ends.
#[derive(Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    /// Reads the part of shared strings.
    ///
    /// # Errors
    /// [`Why::TooLarge`] when they are too many, and those of the part.
    pub(crate) fn read(package: &mut Package<'_>, name: &str) -> Result<Self, Why> {
        let mut strings = Self::default();
        let Some(part) = package.part(name)? else {
            return Ok(strings);
        };
        let (mut in_text, mut in_reading) = (false, 0_usize);
        part.each(&mut |node| {
            match node {
                Node::Open(element) => match local(&element) {
                    "t" => in_text = true,
                    // How a Japanese word is read aloud, which repeats it.
                    "rPh" => in_reading += 1,
                    _ => {}
                },
                Node::Close(name) => match &*name {
                    "t" => in_text = false,
                    "rPh" => in_reading = in_reading.saturating_sub(1),
                    "si" => strings.ends.push(strings.text.len()),
                    _ => {}
                },
                Node::Text(text) if in_text && in_reading == 0 => strings.text.push_str(&text),
                Node::Text(_) => {}
            }
            if strings.text.len() > MOST_OCTETS || strings.ends.len() > MOST {
                return Err(Why::TooLarge);
            }
            Ok(On::More)
        })?;
        Ok(strings)
    }

    /// The string of an index.
    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..end)
    }
}
