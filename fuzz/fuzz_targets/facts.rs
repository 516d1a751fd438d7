//! The facts of any message: each kind once, each span within the text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let parsed = mail::parse::parse(raw);
    let text = mail::reply::visible(parsed.text.as_deref(), None).text.unwrap_or_default();
    let facts = mail::facts::all(&mail::facts::Source {
        raw,
        parsed: &parsed,
        headers: &parsed.headers,
        new_text: &text,
        null_sender: false,
    });
    for (at, fact) in facts.iter().enumerate() {
        assert!(facts[..at].iter().all(|other| other.kind != fact.kind));
        if let Some(span) = &fact.span {
            assert!(text.get(span.clone()).is_some());
        }
    }
});
