//! What mail clients write around a quoted message, by language. Everything is in lower case.
//!
//! To teach the extractor a language, add to these tables; the rules that use them know none.

mod attributions;
mod days;
mod dividers;
mod labels;

pub(super) use attributions::ATTRIBUTIONS;
pub(super) use days::DAYS;
pub(super) use dividers::{FORWARDED, ORIGINAL, REPLY_ABOVE, UNDELIVERED};
pub(super) use labels::{LABELS, Label};
