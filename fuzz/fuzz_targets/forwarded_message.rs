//! The message that any text forwards, under any subject: never longer than the text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Option<&str>)| {
    let (text, subject) = input;
    if let Some(found) = mail::forward::forward(text, subject) {
        let parts = found.message.len() + found.body.len() + found.below.len();
        assert!(parts <= text.len() * 2);
    }
});
