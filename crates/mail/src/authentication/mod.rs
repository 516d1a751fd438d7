//! Who sent a message: the grammars of SPF, DKIM, DMARC and ARC, and the canonical forms that
//! signatures are made over.
//!
//! Here is only what follows from bytes. Looking records up, checking signatures and judging is the
//! work of whoever has a resolver. Everything reads foreign bytes: nothing can fail but by saying
//! so, and every step is linear in its input.

pub mod arc;
pub mod canonical;
pub mod dkim;
pub mod dmarc;
pub mod fields;
pub mod results;
pub mod spf;
pub mod spf_macro;
mod tags;

pub use tags::{TagError, Tags};
