//! Any query over any text: the words lie in the text, a query is bounded, and what is shown of a
//! match is the text with stars added.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::search::{Query, each_word, fragments, mark};

fuzz_target!(|input: (&str, &str)| {
    let (query, text) = input;
    let mut end = 0;
    each_word(text, |word| {
        assert!(text.get(word.start..word.end).is_some_and(|part| !part.is_empty()));
        assert!(!word.term.is_empty() && !word.term.contains(char::is_whitespace));
        end = end.max(word.end);
    });
    assert!(end <= text.len());
    let query = Query::parse(query);
    assert!(query.terms().count() <= 32);
    assert_eq!(query.is_empty(), query.terms().next().is_none());
    if let Some(marked) = mark(&query, text) {
        assert!(marked.contains("**"));
    }
    assert!(fragments(&query, text, 3).len() <= 3);
});
