//! Answers that are remembered by key.
