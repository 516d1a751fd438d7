//! Mail written down from what is known of clients and services, before anything was measured on it:
//! the first reading of these cases is the guess at unseen mail that `docs/quality.md` tells. Each
//! file holds cases of one kind: a name, what is expected, and the mail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use mail::reply::{Reading, visible_with};

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asks `told` for every case; white space counts for nothing.
fn check(file: &str, at_least: usize, told: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for case in file.split("=== ").skip(1) {
        let (name, rest) = case.split_once("\n--- expect\n").unwrap();
        let (expected, mail) = rest.split_once("\n--- mail\n").unwrap();
        for mail in [mail.to_owned(), mail.replace('\n', "\r\n")] {
            let told = told(&mail);
            if folded(&told) != folded(expected) {
                wrong.push(format!(
                    "{name}\n  expected {expected:?}\n  told     {told:?}"
                ));
            }
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= at_least, "only {cases} cases");
}

fn reply(mail: &str, strip_signature: bool) -> String {
    let reading = Reading {
        strip_signature,
        ..Reading::default()
    };
    visible_with(Some(mail), None, &reading).text.unwrap()
}

fn page(mail: &str) -> String {
    let seen = visible_with(None, Some(mail), &Reading::default());
    mail::html::to_text(&seen.html.unwrap())
}

fn code(mail: &str) -> String {
    let found = mail::codes::find(&mail::parse::parse(mail.as_bytes()));
    let code = found.code.map(|code| code.value);
    let link = found.link.map(|link| link.url);
    let word = |found: Option<String>| found.unwrap_or_else(|| "-".to_owned());
    format!("{} {}", word(code), word(link))
}

fn forward(mail: &str) -> String {
    let Some(found) = mail::forward::forward(mail, None) else {
        return "no forward".to_owned();
    };
    let address = found.from.map(|from| from.address).unwrap_or_default();
    let subject = found.subject.unwrap_or_default();
    format!("{address} | {subject}\n{}", found.body)
}

#[test]
fn replies_of_many_clients() {
    check(include_str!("replies.txt"), 49, |mail| reply(mail, false));
}

#[test]
fn replies_of_rarer_clients() {
    check(include_str!("odd_replies.txt"), 40, |mail| {
        reply(mail, false)
    });
}

#[test]
fn signatures_are_taken_off_when_asked_for() {
    check(include_str!("odd_signatures.txt"), 9, |mail| {
        reply(mail, true)
    });
}

#[test]
fn pages_of_many_clients() {
    check(include_str!("pages.txt"), 10, page);
}

#[test]
fn pages_of_rarer_clients() {
    check(include_str!("odd_pages.txt"), 13, page);
}

#[test]
fn codes_of_many_languages() {
    check(include_str!("codes.txt"), 8, code);
}

#[test]
fn forwards_of_many_clients() {
    check(include_str!("forwards.txt"), 5, forward);
}
