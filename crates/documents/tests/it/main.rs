//! Documents as people's programs write them, and as nobody's do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;
mod kept;

use documents::{Limits, Text, Why, text_of};

/// Reads bytes of this name.
fn read(name: &str, bytes: &[u8]) -> Result<Text, Why> {
    text_of(None, Some(name), bytes, &Limits::default())
}
