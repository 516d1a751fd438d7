//! Codes and links of any message: bounded, and never of no characters.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let found = mail::codes::find(&mail::parse::parse(input));
    if let Some(code) = &found.code {
        assert!((1..=64).contains(&code.value.chars().count()));
        assert!(code.confidence <= 100);
    }
    if let Some(link) = &found.link {
        let scheme = link.url.get(..8).unwrap_or(&link.url).to_ascii_lowercase();
        assert!(scheme.starts_with("http"));
    }
    assert!(found.valid_for.is_none() || found.code.is_some() || found.link.is_some());
});
