//! Search: an index of words that is the same on both engines.
//!
//! Neither engine's own full-text search serves here. PostgreSQL's GIN index gives all matches of a
//! word before it gives the newest of them, so a common word costs its whole inbox; SQLite's FTS5
//! cuts and merges words on the one thread that commits mail; and the two would rank differently.
//! So the words are cut by `mail::search` and kept in tables of the common subset, in the manner of
//! both: immutable segments of sorted words that are merged as they become many.
//!
//! | file | what it does |
//! |---|---|
//! | `document` | what the index knows of a message: its words, and which stand together |
//! | `cache` | what was read of segments, which never change |
//! | `segment` | words and messages to bytes and back; merging |
//! | `index` | filling segments from what is filed, merging and removing them |
//! | `matching` | the messages of segments that have every word of a query |
//! | `intersect` | from the lists of a segment to the messages that are in all of them |
//! | `find` | all of them, best first, and no more than are asked for |
//! | `pages` | from those to a page of messages or threads |
//! | `inboxes` | words of addresses and display names |

mod cache;
mod document;
mod find;
mod inboxes;
mod index;
mod intersect;
mod matching;
mod pages;
mod segment;

pub(crate) use self::cache::SegmentCache;
pub(crate) use self::index::{next_org, next_unindexed};

pub use self::find::SearchFilter;
pub use self::index::{Merge, NewSegment, SegmentId, TAIL};
pub use self::pages::{MessageHit, SearchPage, ThreadHit};
