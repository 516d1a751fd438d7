//! Any bytes as `winmail.dat` and as a message signed as a whole: what they hold has the size that
//! is announced, and its names cannot leave their folder.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for kind in ["ms-tnef", "pkcs7-mime"] {
        let mut raw = format!("Content-Type: application/{kind}\r\n\r\n").into_bytes();
        raw.extend_from_slice(bytes);
        let parsed = mail::parse::parse(&raw);
        for file in &parsed.attachments {
            let bytes = mail::parse::attachment(&raw, file.part);
            assert_eq!(bytes.map(|bytes| bytes.len()), Some(file.size));
            let name = file.filename.as_deref().unwrap_or_default();
            assert!(!name.contains(['/', '\\', '\0', '\r', '\n']));
        }
    }
});
