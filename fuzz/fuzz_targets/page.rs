//! Any text is a page: rendering never fails, the text keeps its limit and does not grow beyond a
//! multiple of the page, and what is hidden points into the source.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::page::{Format, Options, render};

fuzz_target!(|input: &str| {
    for format in [Format::Text, Format::Markdown] {
        let page = render(input, &Options::of(format));
        assert!(page.text.len() <= 200 + input.len() * 16);
        assert!(page.links.len() <= 1_000 && page.images.len() <= 1_000);
        assert!(page.hidden.len() <= 200);
        for piece in &page.hidden {
            assert!(input.get(piece.span.clone()).is_some());
            assert!(piece.text.chars().count() <= 500);
        }
        let short = Options {
            max_text: 64,
            ..Options::of(format)
        };
        assert!(render(input, &short).text.len() <= 64);
    }
});
