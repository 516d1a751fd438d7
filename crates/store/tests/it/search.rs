//! Search: both engines find what a plain look at every message finds, in the same order, however
//! the index was made.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mail::search::{Query, each_word};
use model::message::Content;
use model::{MessageKey, OrgId};
use store::{NewMessage, Position, Route, SearchFilter};
use testkit::TempDb;

use crate::world::{Mail, World, labels, runtime};

on_both_engines!(
    an_index_made_in_any_steps_says_the_same,
    a_merge_that_was_cut_off_leaves_nothing,
    what_was_deleted_leaves_the_index,
    of_two_who_index_one_works_in_vain,
    mail_that_is_not_shown_is_not_found,
);

fn filter(q: &str) -> SearchFilter {
    SearchFilter {
        query: Query::parse(q),
        before: None,
        after: None,
    }
}

/// Indexes what is filed in segments of `batch` messages, at most `segments` of them.
async fn index(world: &World, batch: usize, segments: usize) {
    for _ in 0..segments {
        let new = world.read(move |view| view.unindexed(batch)).await.unwrap();
        let Some(new) = new else { return };
        let id = world.ids.random();
        world
            .write(move |txn| txn.add_segment(id, &new))
            .await
            .unwrap();
    }
}

/// Merges and removes as long as there is anything to merge or remove; how many merges there were.
async fn tidy(world: &World) -> usize {
    let mut merges = 0;
    while let Some(merge) = world.read(|view| view.merge_segments()).await.unwrap() {
        let id = world.ids.random();
        let begun = merge.clone();
        world
            .write(move |txn| txn.begin_merge(id, &begun))
            .await
            .unwrap();
        for slice in 0..merge.slices() {
            let part = merge.clone();
            world
                .write(move |txn| txn.write_merge(id, &part, slice))
                .await
                .unwrap();
        }
        world
            .write(move |txn| txn.finish_merge(id, &merge))
            .await
            .unwrap();
        merges += 1;
    }
    while world.write(|txn| txn.sweep_segments()).await.unwrap() {}
    merges
}

/// The rows that a search finds, read in pages of seven.
async fn found(world: &World, q: &str) -> Vec<MessageKey> {
    let (mut found, mut from): (Vec<MessageKey>, Option<Position>) = (Vec::new(), None);
    loop {
        let wanted = filter(q);
        let page = world
            .read(move |view| view.search_messages(&wanted, from, 7))
            .await
            .unwrap();
        found.extend(page.items.iter().map(|hit| hit.message.key));
        match page.next {
            Some(next) => from = Some(next),
            None => return found,
        }
    }
}

async fn letter(world: &World, inbox: &Route, n: usize, subject: &str, text: &str) -> NewMessage {
    let from = format!("Person {} <p{}@outside.test>", n % 7, n % 7);
    let mail = Mail {
        after: i64::try_from(n).unwrap(),
        from: &from,
        to: &["bot@example.test"],
        subject: Some(subject),
        attachments: n % 3,
        ..Mail::default()
    };
    let mut new = world.mail(inbox, mail).await;
    let content = Content {
        text: Some(text.to_owned()),
        ..Content::default()
    };
    new.body = world.store.pack(&content).unwrap();
    new
}

/// Many short messages over few words, so that words meet often; the same on every run.
fn texts(count: usize) -> Vec<(String, String)> {
    const WORDS: [&str; 24] = [
        "invoice",
        "Invoices",
        "order",
        "café",
        "CAFE",
        "東京都庁",
        "京都",
        "report",
        "quarterly",
        "INV-2024-001",
        "ann@outside.test",
        "1.299,00",
        "the",
        "the",
        "and",
        "meeting",
        "Müller",
        "final.pdf",
        "re",
        "한국어",
        "x",
        "status",
        "paid",
        "overdue",
    ];
    let mut state = 42_u64;
    let mut next = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut words = move |most: usize| {
        let count = next(most) + 1;
        let words: Vec<&str> = (0..count).map(|_| WORDS[next(WORDS.len())]).collect();
        words.join(" ")
    };
    (0..count).map(|_| (words(3), words(9))).collect()
}

const QUERIES: [&str; 26] = [
    "invoice",
    "inv",
    "voice",
    "order cafe",
    "cafe order",
    "京",
    "東京",
    "都庁",
    "京都 order",
    "INV-2024-001",
    "2024-001",
    "001",
    "ann@outside.test",
    "ann@out",
    "outside",
    "1.299,00",
    "\"quarterly report\"",
    "\"report quarterly\"",
    "the and",
    "the invoice status paid",
    "muller",
    "person 3",
    "p3@outside.test",
    "1.txt",
    "한국",
    "nowhere",
];

/// What a look at every message finds.
fn expected(all: &[(NewMessage, String)], q: &str) -> Vec<MessageKey> {
    let query = Query::parse(q);
    let holds = |new: &NewMessage, text: &str| {
        let files = new
            .attachments
            .iter()
            .filter_map(|file| file.filename.as_deref());
        let headers: Vec<&str> = [new.from.as_str()]
            .into_iter()
            .chain(new.subject.as_deref())
            .chain(new.people.recipients())
            .chain(files)
            .collect();
        query.clauses.iter().all(|clause| {
            let word = clause
                .terms
                .first()
                .filter(|term| !clause.is_phrase() && term.counts_inside());
            let inside = headers.iter().any(|header| {
                let mut is_there = false;
                each_word(header, |own| {
                    is_there |=
                        !own.is_whole && word.is_some_and(|word| own.term.contains(&word.text));
                });
                is_there
            });
            inside || clause.is_in(headers.iter().copied().chain([text]))
        })
    };
    let mut keys: Vec<MessageKey> = all
        .iter()
        .filter(|(new, text)| holds(new, text))
        .map(|(new, _)| new.key)
        .collect();
    keys.sort_unstable();
    keys
}

async fn an_index_made_in_any_steps_says_the_same(world: World) {
    let inbox = world.inbox("bot@example.test").await;
    let mut all = Vec::new();
    for (n, (subject, text)) in texts(160).into_iter().enumerate() {
        let new = letter(&world, &inbox, n, &subject, &text).await;
        world.file_new(new.clone()).await.unwrap();
        all.push((new, text));
    }
    // Half of it in segments of one, which become few; the rest in larger ones.
    index(&world, 1, 80).await;
    let mut before: HashMap<&str, Vec<MessageKey>> = HashMap::new();
    for q in QUERIES {
        before.insert(q, found(&world, q).await);
    }
    assert!(tidy(&world).await > 5);
    assert!(world.number("select count(*) from search_segment") < 20);
    for q in QUERIES {
        assert_eq!(found(&world, q).await, before[q], "{q} after merging");
    }
    // A search looks through the last fourteen by itself.
    index(&world, 33, 2).await;
    assert_eq!(world.number("select count(*) from search_pending"), 14);
    for q in QUERIES {
        before.insert(q, found(&world, q).await);
    }
    index(&world, 33, 10).await;
    for q in QUERIES {
        assert_eq!(found(&world, q).await, before[q], "{q} after indexing");
    }
    tidy(&world).await;
    for q in QUERIES {
        let mut keys = found(&world, q).await;
        keys.sort_unstable();
        assert_eq!(keys, expected(&all, q), "{q}");
    }
    assert_eq!(world.number("select count(*) from search_pending"), 0);
}

#[test]
fn both_engines_find_the_same_in_the_same_order() {
    let Some(postgres) = TempDb::postgres() else {
        return;
    };
    runtime().block_on(async {
        let ids = sys::Ids::system();
        let org = OrgId::new(ids.random());
        let mut worlds = Vec::new();
        for db in [TempDb::sqlite(), postgres] {
            let mut world = World::new(Arc::new(db)).await;
            world.org = org;
            world.bootstrap(org).await;
            worlds.push(world);
        }
        let new_inbox = worlds[0].new_inbox(org.default_pod(), "bot@example.test");
        for world in &worlds {
            let new = new_inbox.clone();
            world
                .write(move |txn| txn.create_inbox(&new))
                .await
                .unwrap();
        }
        let route = Route {
            org_id: org,
            pod_id: org.default_pod(),
            inbox_key: new_inbox.key,
            inbox_id: new_inbox.inbox_id.clone(),
        };
        for (n, (subject, text)) in texts(120).into_iter().enumerate() {
            let new = letter(&worlds[0], &route, n, &subject, &text).await;
            for world in &worlds {
                world.file_new(new.clone()).await.unwrap();
            }
        }
        // Not even cut alike.
        index(&worlds[0], 1, 200).await;
        tidy(&worlds[0]).await;
        index(&worlds[1], 50, 10).await;
        for q in QUERIES {
            assert_eq!(
                found(&worlds[0], q).await,
                found(&worlds[1], q).await,
                "{q}"
            );
        }
        for world in worlds {
            world.store.close();
        }
    });
}

async fn a_merge_that_was_cut_off_leaves_nothing(world: World) {
    let inbox = world.inbox("bot@example.test").await;
    for n in 0..20 {
        let new = letter(&world, &inbox, n, "needle", "and straw").await;
        world.file_new(new).await.unwrap();
    }
    index(&world, 1, 20).await;
    let before = found(&world, "needle").await;
    assert_eq!(before.len(), 20);
    // The process dies between two slices.
    let merge = world
        .read(|view| view.merge_segments())
        .await
        .unwrap()
        .unwrap();
    let id = world.ids.random();
    let begun = merge.clone();
    world
        .write(move |txn| txn.begin_merge(id, &begun))
        .await
        .unwrap();
    world
        .write(move |txn| txn.write_merge(id, &merge, 0))
        .await
        .unwrap();
    assert_eq!(found(&world, "needle").await, before);
    assert!(tidy(&world).await > 0);
    assert_eq!(
        world.number("select count(*) from search_segment where state = 0"),
        1
    );
    world.clock.advance(Duration::from_secs(3_600));
    tidy(&world).await;
    assert_eq!(
        world.number("select count(*) from search_segment where state <> 1"),
        0
    );
    let orphans = "select count(*) from search_leaf l where not exists \
                   (select 1 from search_segment s where s.segment = l.segment)";
    assert_eq!(world.number(orphans), 0);
    assert_eq!(found(&world, "needle").await, before);
}

async fn what_was_deleted_leaves_the_index(world: World) {
    let inbox = world.inbox("bot@example.test").await;
    let mut all = Vec::new();
    for n in 0..20 {
        let new = letter(&world, &inbox, n, "needle", "secret").await;
        all.push(world.file_new(new).await.unwrap());
    }
    index(&world, 20, 1).await;
    let leaves = "select count(*) from search_leaf";
    let docs = "select count(*) from search_segment where docs = 19";
    // One deleted message goes within a day.
    let first = all.remove(0);
    world
        .write(move |txn| txn.delete_message(&first))
        .await
        .unwrap();
    assert_eq!(found(&world, "secret").await.len(), 19);
    assert_eq!(tidy(&world).await, 0);
    world.clock.advance(Duration::from_secs(90_000));
    assert_eq!(tidy(&world).await, 1);
    assert_eq!(world.number(docs), 1);
    assert_eq!(tidy(&world).await, 0);
    // Many go at once, also while they are merged, and with the inbox.
    let address = inbox.inbox_id.clone();
    world
        .write(move |txn| txn.delete_inbox(&address).map(|_| ()))
        .await
        .unwrap();
    let key = inbox.inbox_key;
    while world
        .write(move |txn| txn.purge_inbox(key, 7))
        .await
        .unwrap()
    {}
    assert_eq!(found(&world, "secret").await, []);
    tidy(&world).await;
    assert_eq!(world.number(leaves), 0);
    assert_eq!(world.number("select count(*) from search_segment"), 0);
}

async fn of_two_who_index_one_works_in_vain(world: World) {
    let inbox = world.inbox("bot@example.test").await;
    for n in 0..9 {
        let new = letter(&world, &inbox, n, "needle", "x").await;
        world.file_new(new).await.unwrap();
    }
    let one = world
        .read(|view| view.unindexed(100))
        .await
        .unwrap()
        .unwrap();
    let (two, first, second) = (one.clone(), world.ids.random(), world.ids.random());
    world
        .write(move |txn| txn.add_segment(first, &one))
        .await
        .unwrap();
    let raced = world.write(move |txn| txn.add_segment(second, &two)).await;
    assert_eq!(raced.unwrap_err().code(), model::Code::RaceCondition);
    assert_eq!(found(&world, "needle").await.len(), 9);
    let left = world.read(|view| view.unindexed_count(9)).await;
    assert_eq!(left.unwrap(), 0);
    // The same with a merge.
    for n in 9..20 {
        let new = letter(&world, &inbox, n, "needle", "x").await;
        world.file_new(new).await.unwrap();
    }
    index(&world, 1, 20).await;
    let merge = world
        .read(|view| view.merge_segments())
        .await
        .unwrap()
        .unwrap();
    tidy(&world).await;
    let id = world.ids.random();
    let late = world
        .write(move |txn| {
            txn.begin_merge(id, &merge)?;
            txn.finish_merge(id, &merge)
        })
        .await;
    assert_eq!(late.unwrap_err().code(), model::Code::RaceCondition);
    assert_eq!(found(&world, "needle").await.len(), 20);
}

async fn mail_that_is_not_shown_is_not_found(world: World) {
    let inbox = world.inbox("bot@example.test").await;
    let mut spam = letter(&world, &inbox, 0, "needle", "x").await;
    spam.labels = labels(&["spam"]);
    let spam = world.file_new(spam).await.unwrap();
    let left = world.read(|view| view.unindexed_count(9)).await;
    assert_eq!(left.unwrap(), 0);
    let shown = letter(&world, &inbox, 1, "needle", "x").await;
    let shown = world.file_new(shown).await.unwrap();
    index(&world, 10, 1).await;
    assert_eq!(found(&world, "needle").await, [shown.key]);
    let key = spam.key;
    let none = labels(&[]);
    world
        .write(move |txn| txn.relabel(&spam, &none, &labels(&["spam"])))
        .await
        .unwrap();
    index(&world, 10, 1).await;
    assert_eq!(found(&world, "needle").await, [shown.key, key]);
    // In the index twice, shown once.
    for change in [true, false] {
        let label = labels(&["trash"]);
        let message = world
            .read(move |view| view.message_of_key(key))
            .await
            .unwrap();
        let none = labels(&[]);
        world
            .write(move |txn| {
                let (add, remove) = if change {
                    (&label, &none)
                } else {
                    (&none, &label)
                };
                txn.relabel(&message, add, remove)
            })
            .await
            .unwrap();
    }
    index(&world, 10, 1).await;
    assert_eq!(found(&world, "needle").await, [shown.key, key]);
}
