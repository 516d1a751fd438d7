//! Any mail that arrives: the score is one, what is told of it is bounded, and the same mail gets the
//! same score.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mail::screen::{Arrival, Screen};

static SCREEN: LazyLock<Screen> = LazyLock::new(Screen::new);

fuzz_target!(|input: (&str, &str, bool)| {
    let (subject, text, is_page) = input;
    let mail = Arrival {
        subject,
        text: (!is_page).then_some(text),
        html: is_page.then_some(text),
    };
    let seen = SCREEN.screen(&mail);
    assert!((0.0..=1.0).contains(&seen.score));
    assert!(seen.findings.len() <= 20 && seen.hidden.len() <= 20);
    for finding in &seen.findings {
        assert!(finding.excerpt.chars().count() <= 160 && finding.score <= seen.score);
    }
    for hidden in &seen.hidden {
        assert!(hidden.excerpt.chars().count() <= 160);
    }
    assert!(SCREEN.screen(&mail) == seen);
});
