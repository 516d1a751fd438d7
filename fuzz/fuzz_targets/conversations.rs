//! Any messages into conversations: each message in exactly one of them, whatever the order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::Timestamp;
use mail::thread::{Message, Options, groups};

type Given<'a> = (&'a str, Vec<&'a str>, &'a str, Vec<&'a str>, Option<&'a str>, u8);

fuzz_target!(|input: Vec<Given<'_>>| {
    let mut messages: Vec<Message<'_>> = input.iter().map(message).collect();
    let there = divided(&messages);
    messages.reverse();
    let last = messages.len().saturating_sub(1);
    let mut back: Vec<Vec<usize>> = divided(&messages)
        .into_iter()
        .map(|group| group.into_iter().map(|at| last - at).collect())
        .collect();
    for group in &mut back {
        group.sort_unstable();
    }
    back.sort();
    // Equal messages may change places; everything else is the same.
    let distinct = (1..messages.len()).all(|at| !messages[..at].contains(&messages[at]));
    assert!(!distinct || there == back);
});

fn message<'a>(given: &'a Given<'a>) -> Message<'a> {
    let (id, references, subject, people, index, day) = given;
    Message {
        date: Some(Timestamp::from_micros(i64::from(*day) * 86_400_000_000)),
        message_id: Some(id),
        references: references.clone(),
        in_reply_to: references.last().copied().into_iter().collect(),
        subject,
        people: people.clone(),
        thread_index: *index,
        ..Message::default()
    }
}

fn divided(messages: &[Message<'_>]) -> Vec<Vec<usize>> {
    let mut found = groups(messages, &Options::default());
    for group in &mut found {
        group.sort_unstable();
    }
    found.sort();
    let mut all: Vec<usize> = found.iter().flatten().copied().collect();
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..messages.len()));
    found
}
