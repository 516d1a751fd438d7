//! Text with files written into it (uuencode, yEnc): a text without any comes back whole.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut raw = b"Content-Type: text/plain\r\n\r\n".to_vec();
    raw.extend_from_slice(bytes);
    let parsed = mail::parse::parse(&raw);
    for file in &parsed.attachments {
        let bytes = mail::parse::attachment(&raw, file.part);
        assert_eq!(bytes.map(|bytes| bytes.len()), Some(file.size));
        assert!(file.inside().is_some());
    }
    let printable = |b: &u8| b.is_ascii_graphic() || *b == b' ';
    if parsed.attachments.is_empty() && bytes.iter().all(printable) && !bytes.is_empty() {
        let text = parsed.text.unwrap_or_default();
        assert_eq!(text.as_bytes(), bytes);
    }
});
