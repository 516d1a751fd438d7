//! Any text as a calendar object.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|object: &str| {
    if let Some(event) = mail::facts::read_calendar(object) {
        for moment in [&event.start, &event.end].into_iter().flatten() {
            let _ = moment.instant();
            assert!(moment.seconds.is_none_or(|seconds| seconds <= 86_400));
        }
    }
});
