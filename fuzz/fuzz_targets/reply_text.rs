//! The new words of any text and any HTML: never empty while there are words, never longer than
//! the input.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let seen = mail::reply::visible(Some(input), Some(input));
    let text = seen.text.unwrap_or_default();
    assert!(text.len() <= input.len());
    assert!(input.trim().is_empty() || !text.trim().is_empty());
    assert!(seen.html.is_some_and(|html| html.len() <= input.len()));
});
