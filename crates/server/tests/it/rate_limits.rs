//! Limits on how often.
