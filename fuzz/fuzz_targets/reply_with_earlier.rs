//! Any text beside any earlier one: never empty while there are words, and its parts are in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::reply::{Earlier, Reading, anatomy, visible_with};

fuzz_target!(|input: (&str, Vec<&str>, bool)| {
    let (text, texts, strip_signature) = input;
    let earlier = Earlier::of(texts);
    let reading = Reading {
        strip_signature,
        earlier: Some(&earlier),
    };
    let seen = visible_with(Some(text), Some(text), &reading).text;
    let seen = seen.unwrap_or_default();
    assert!(text.trim().is_empty() || !seen.trim().is_empty());
    let mut at = 0;
    for span in anatomy(text, None, &reading).spans {
        assert!(at <= span.range.start && span.range.start <= span.range.end);
        assert!(text.get(span.range.clone()).is_some());
        at = span.range.end;
    }
});
