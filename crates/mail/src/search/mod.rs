//! Text as search sees it: folded words, queries over them, and what a reader is shown of a match.
//!
//! The same folding makes the words of the index and the words of a query, so that a query finds
//! every spelling it folds to: `ÉCOLE`, `école` and `ecole` are one word.

mod fold;
mod highlight;
mod query;
mod words;

pub use self::highlight::{fragments, mark};
pub use self::query::{Clause, Query, Term};
pub use self::words::{MAX_TERM, Word, each_word};

#[cfg(test)]
mod tests;
