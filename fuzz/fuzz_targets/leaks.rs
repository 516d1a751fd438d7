//! Any mail that is about to leave: findings are bounded and give no value away, and what is read of
//! a mail does not grow beyond a multiple of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::leaks::{Attached, Outgoing, screen_texts};

fuzz_target!(|input: (&str, &str, bool)| {
    let (subject, text, is_page) = input;
    let attachments = [Attached {
        name: "a.html",
        text,
    }];
    let mail = Outgoing {
        subject,
        text: if is_page { "" } else { text },
        html: is_page.then_some(text),
        attachments: if is_page { &attachments } else { &[] },
        ..Outgoing::default()
    };
    let mut read = 0;
    let findings = screen_texts(&mail, &mut |_, text| read += text.len());
    // Names of compatibility characters are up to eighteen times as long as they are.
    assert!(read <= 10_000 + 1_000 * (subject.len() + text.len()));
    assert!(findings.len() <= 100);
    for finding in &findings {
        assert!(finding.masked.chars().count() <= 4 + "… ()".len() + 20);
    }
});
