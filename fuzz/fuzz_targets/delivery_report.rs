//! Any bytes may claim to be a report: reading never fails, what is kept is bounded, and every
//! recipient is an address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::dsn::{Notice, Words, classify, read};

fuzz_target!(|raw: &[u8]| {
    match read(raw) {
        Notice::Delivery(report) => {
            assert!(report.recipients.len() <= 100);
            for fate in &report.recipients {
                assert!(fate.diagnostic.chars().count() <= 1_000);
                if let Some(recipient) = &fate.recipient {
                    assert!(mail::Address::parse(recipient).is_ok());
                }
            }
        }
        Notice::Complaint(complaint) => {
            assert!(complaint.recipients.len() <= 100);
            assert!(complaint.feedback_type.chars().count() <= 100);
        }
        Notice::Answer | Notice::Ordinary => {}
    }
    let text = String::from_utf8_lossy(raw);
    let verdict = classify(&Words::of(&text));
    assert!(!(verdict.is_dead() && verdict.is_doubtful()));
});
