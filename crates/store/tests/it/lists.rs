//! Lists: pages, filters and their order.

use mail::Timestamp;
use model::Hidden;
use model::message::Message;
use model::page::{MessageFilter, Page, ThreadFilter};
use store::{Position, Route};

use crate::world::{Mail, World};

on_both_engines![
    pages_cover_every_message_once_while_mail_arrives,
    pages_cover_every_thread_once,
    labels_choose_messages_and_threads,
    hidden_mail_is_listed_when_asked_for,
    parts_of_names_and_subjects_are_found_in_any_case,
    times_bound_a_list,
    a_thread_is_read_from_its_end,
];

fn page(ascending: bool) -> Page {
    Page {
        ascending,
        ..Page::default()
    }
}

async fn all(world: &World, inbox: &Route, filter: &MessageFilter, size: usize) -> Vec<Message> {
    let (mut from, mut seen) = (None, Vec::new());
    loop {
        let (inbox, filter) = (inbox.inbox_key, filter.clone());
        let page = world
            .read(move |view| view.messages(inbox, &filter, from, size))
            .await
            .unwrap();
        assert!(page.len() <= size);
        let Some(last) = page.last() else { return seen };
        from = Some(Position {
            at: last.at.as_micros(),
            key: *last.key.as_bytes(),
        });
        seen.extend(page);
    }
}

fn order(list: &[Message]) -> Vec<(Timestamp, [u8; 16])> {
    list.iter()
        .map(|message| (message.at, *message.key.as_bytes()))
        .collect()
}

async fn pages_cover_every_message_once_while_mail_arrives(world: World) {
    let inbox = world.inbox("a@example.test").await;
    world.inbox("b@example.test").await;
    let mut filed = Vec::new();
    for n in 0..31_i64 {
        let mail = Mail {
            after: -(n % 4),
            labels: &["work"],
            ..Mail::default()
        };
        filed.push(world.file(&inbox, mail).await.unwrap());
    }
    let mut expected = order(&filed);
    expected.sort_unstable();
    for labels in [vec![], vec!["work".to_owned()]] {
        for size in [1, 4, 31, 100] {
            for ascending in [true, false] {
                let filter = MessageFilter {
                    page: page(ascending),
                    labels: labels.clone(),
                    ..MessageFilter::default()
                };
                let mut seen = order(&all(&world, &inbox, &filter, size).await);
                if !ascending {
                    seen.reverse();
                }
                assert_eq!(seen, expected, "{size} {ascending} {labels:?}");
            }
        }
    }
    // New mail moves nothing on pages that come later.
    let (mut from, mut seen) = (None, Vec::new());
    loop {
        let key = inbox.inbox_key;
        let page = world
            .read(move |view| view.messages(key, &MessageFilter::default(), from, 5))
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        from = Some(Position {
            at: last.at.as_micros(),
            key: *last.key.as_bytes(),
        });
        seen.extend(page);
        world
            .file(
                &inbox,
                Mail {
                    after: 1,
                    ..Mail::default()
                },
            )
            .await
            .unwrap();
    }
    let mut seen = order(&seen);
    seen.reverse();
    assert_eq!(seen, expected);
}

async fn pages_cover_every_thread_once(world: World) {
    let a = world.inbox("a@example.test").await;
    let b = world.inbox("b@example.test").await;
    for n in 0..24_i64 {
        let inbox = if n % 3 == 0 { &b } else { &a };
        let mail = Mail {
            after: -(n % 4),
            labels: &["work"],
            ..Mail::default()
        };
        world.file(inbox, mail).await.unwrap();
    }
    for (inbox, count) in [(None, 24), (Some(a.inbox_key), 16), (Some(b.inbox_key), 8)] {
        for labels in [vec![], vec!["work".to_owned()]] {
            for ascending in [true, false] {
                let (mut from, mut seen) = (None, Vec::new());
                loop {
                    let filter = ThreadFilter {
                        page: page(ascending),
                        labels: labels.clone(),
                        ..ThreadFilter::default()
                    };
                    let page = world
                        .read(move |view| view.threads(inbox, &filter, from, 5))
                        .await
                        .unwrap();
                    let Some((_, last)) = page.last() else { break };
                    from = Some(*last);
                    seen.extend(page.iter().map(|(_, at)| (at.at, at.key)));
                }
                assert_eq!(seen.len(), count);
                assert!(seen.is_sorted_by(|a, b| if ascending { a < b } else { a > b }));
            }
        }
    }
}

async fn subjects(world: &World, inbox: &Route, filter: MessageFilter) -> String {
    let mut found: Vec<String> = all(world, inbox, &filter, 3)
        .await
        .into_iter()
        .filter_map(|m| m.subject)
        .collect();
    found.sort();
    found.join(" ")
}

async fn thread_subjects(world: &World, inbox: &Route, filter: ThreadFilter) -> String {
    let key = inbox.inbox_key;
    let found = world
        .read(move |view| view.threads(Some(key), &filter, None, 100))
        .await
        .unwrap();
    let mut found: Vec<String> = found
        .into_iter()
        .filter_map(|(thread, _)| thread.subject)
        .collect();
    found.sort();
    found.join(" ")
}

async fn labels_choose_messages_and_threads(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for (subject, sent, labels) in [
        ("1", false, ["a", "b"].as_slice()),
        ("2", false, &["a"]),
        ("3", true, &["a", "c"]),
        ("4", true, &[]),
    ] {
        let mail = Mail {
            subject: Some(subject),
            sent,
            labels,
            ..Mail::default()
        };
        world.file(&inbox, mail).await.unwrap();
    }
    for (asked, messages, threads) in [
        ([].as_slice(), "1 2 3 4", "1 2"),
        (&["a"], "1 2 3", "1 2"),
        (&["a", "b"], "1", "1"),
        (&["b", "a"], "1", "1"),
        (&["b", "c"], "", ""),
        (&["received"], "1 2", "1 2"),
        (&["sent"], "3 4", "3 4"),
        (&["sent", "a"], "3", "3"),
        (&["sent", "received"], "", ""),
        (&["none"], "", ""),
    ] {
        let labels: Vec<String> = asked.iter().map(|&label| label.to_owned()).collect();
        let filter = MessageFilter {
            labels: labels.clone(),
            ..MessageFilter::default()
        };
        assert_eq!(
            subjects(&world, &inbox, filter).await,
            messages,
            "{asked:?}"
        );
        let filter = ThreadFilter {
            labels,
            ..ThreadFilter::default()
        };
        assert_eq!(
            thread_subjects(&world, &inbox, filter).await,
            threads,
            "{asked:?}"
        );
    }
}

async fn hidden_mail_is_listed_when_asked_for(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for (subject, labels) in [
        ("1", [].as_slice()),
        ("2", &["spam"]),
        ("3", &["spam", "trash"]),
        ("4", &["blocked"]),
        ("5", &["unauthenticated"]),
    ] {
        let mail = Mail {
            subject: Some(subject),
            labels,
            ..Mail::default()
        };
        world.file(&inbox, mail).await.unwrap();
    }
    for (include, seen) in [
        (Hidden::NONE, "1"),
        (Hidden::SPAM, "1 2"),
        (Hidden::TRASH, "1"),
        (Hidden::SPAM.with(Hidden::TRASH), "1 2 3"),
        (Hidden::from_bits(15), "1 2 3 4 5"),
    ] {
        let filter = MessageFilter {
            include,
            ..MessageFilter::default()
        };
        assert_eq!(subjects(&world, &inbox, filter).await, seen);
        let filter = ThreadFilter {
            include,
            ..ThreadFilter::default()
        };
        assert_eq!(thread_subjects(&world, &inbox, filter).await, seen);
    }
}

async fn parts_of_names_and_subjects_are_found_in_any_case(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mails = [
        (
            "Ärger 100%",
            "Ann Müller <ann@x.test>",
            ["Bob <bob@y.test>", "ÉMILE <e@z.test>"],
        ),
        (
            "ärger_mit 'x'",
            "Ann <ann@y.test>",
            ["carl@y.test", "Σίσυφος <s@z.test>"],
        ),
    ];
    for (subject, from, to) in &mails {
        let mail = Mail {
            subject: Some(subject),
            from,
            to,
            ..Mail::default()
        };
        world.file(&inbox, mail).await.unwrap();
    }
    let both = "Ärger 100% ärger_mit 'x'";
    let cases: [([&[&str]; 3], &str); 12] = [
        ([&["ann"], &[], &[]], both),
        ([&["MÜLLER"], &[], &[]], "Ärger 100%"),
        ([&["ann", "y.test"], &[], &[]], "ärger_mit 'x'"),
        ([&["bob"], &[], &[]], ""),
        ([&[], &["BOB"], &[]], "Ärger 100%"),
        ([&[], &["émile", "bob"], &[]], "Ärger 100%"),
        ([&[], &["ΣΊΣΥ"], &[]], "ärger_mit 'x'"),
        ([&[], &[], &["ÄRGER"]], both),
        ([&[], &[], &["%"]], "Ärger 100%"),
        ([&[], &[], &["_"]], "ärger_mit 'x'"),
        ([&[], &[], &["'X'"]], "ärger_mit 'x'"),
        ([&["ann"], &["y.test"], &["mit"]], "ärger_mit 'x'"),
    ];
    let own = |parts: &[&str]| {
        parts
            .iter()
            .map(|&part| part.to_owned())
            .collect::<Vec<_>>()
    };
    for ([from, to, subject], expected) in cases {
        let filter = MessageFilter {
            from: own(from),
            to: own(to),
            subject: own(subject),
            ..MessageFilter::default()
        };
        assert_eq!(
            subjects(&world, &inbox, filter).await,
            expected,
            "{from:?} {to:?} {subject:?}"
        );
        let filter = ThreadFilter {
            senders: own(from),
            recipients: own(to),
            subject: own(subject),
            ..ThreadFilter::default()
        };
        assert_eq!(
            thread_subjects(&world, &inbox, filter).await,
            expected,
            "{from:?} {to:?} {subject:?}"
        );
    }
}

async fn times_bound_a_list(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for (subject, after) in [("0", 0), ("1", 1), ("2", 2), ("3", 3)] {
        let mail = Mail {
            subject: Some(subject),
            after,
            labels: &["a"],
            ..Mail::default()
        };
        world.file(&inbox, mail).await.unwrap();
    }
    let at = |after: i64| {
        Some(Timestamp::from_micros(
            world.now().as_micros() + after * 1_000_000,
        ))
    };
    for (after, before, expected) in [
        (at(1), at(3), "1 2"),
        (at(3), None, "3"),
        (None, at(1), "0"),
        (at(2), at(2), ""),
        (None, None, "0 1 2 3"),
    ] {
        for labels in [vec![], vec!["a".to_owned()]] {
            let filter = MessageFilter {
                after,
                before,
                labels: labels.clone(),
                ..MessageFilter::default()
            };
            assert_eq!(subjects(&world, &inbox, filter).await, expected);
            let filter = ThreadFilter {
                after,
                before,
                labels,
                ..ThreadFilter::default()
            };
            assert_eq!(thread_subjects(&world, &inbox, filter).await, expected);
        }
    }
}

async fn a_thread_is_read_from_its_end(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mut keys = Vec::new();
    let mut thread = None;
    for n in 0..7_i64 {
        let mail = Mail {
            parent: Some("<p@x>"),
            after: n / 3,
            ..Mail::default()
        };
        let message = world.file(&inbox, mail).await.unwrap();
        keys.push(message.key);
        thread = Some(message.thread_id);
    }
    let thread = thread.unwrap();
    let slice = |from: Option<Position>| {
        let world = world.clone();
        async move {
            world
                .read(move |view| view.thread_messages(thread, from, 4))
                .await
                .unwrap()
        }
    };
    let newest = slice(None).await;
    assert_eq!(newest.iter().map(|m| m.key).collect::<Vec<_>>(), keys[3..]);
    let from = Position {
        at: newest[0].at.as_micros(),
        key: *newest[0].key.as_bytes(),
    };
    let older = slice(Some(from)).await;
    assert_eq!(older.iter().map(|m| m.key).collect::<Vec<_>>(), keys[..3]);
}
