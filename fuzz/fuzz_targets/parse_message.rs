//! Any bytes are a message: reading never fails, attachments have the size they announce, and no
//! text carries a NUL.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let parsed = mail::parse::parse(raw);
    for file in &parsed.attachments {
        let bytes = mail::parse::attachment(raw, file.part);
        assert_eq!(bytes.map(|bytes| bytes.len()), Some(file.size));
        if let Some(name) = &file.filename {
            assert!(!name.contains(['/', '\\', '\0', '\r', '\n']));
        }
    }
    for text in [&parsed.subject, &parsed.text, &parsed.html].into_iter().flatten() {
        assert!(!text.contains('\0'));
    }
    for (name, value) in &parsed.headers {
        assert!(!name.contains(char::is_whitespace));
        assert!(!value.contains(['\0', '\r', '\n']));
    }
    assert!(mail::thread_key::ancestors(&parsed).len() <= 50);
    if let Some(preview) = parsed.preview() {
        assert!(preview.chars().count() <= 200);
    }
});
