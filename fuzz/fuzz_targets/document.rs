//! Any bytes as an attached document.
#![no_main]

use documents::{Limits, text_of};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 8] = [
    "a.pdf", "a.docx", "a.xlsx", "a.pptx", "a.ics", "a.eml", "a.html", "a.csv",
];

fuzz_target!(|input: (u8, &[u8])| {
    let (which, bytes) = input;
    let name = NAMES[usize::from(which) % NAMES.len()];
    let limits = Limits {
        inflated: 8 << 20,
        text: 1 << 16,
        parts: 50,
        operations: 50_000,
        ..Limits::default()
    };
    if let Ok(text) = text_of(None, Some(name), bytes, &limits) {
        assert!(text.text.len() <= limits.text);
        assert!(!text.text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
    }
});
