//! The record of labels added and removed.
