//! Counts: each event once, whoever counts and whenever; samples of what is used.

use std::collections::BTreeMap;
use std::time::Duration;

use mail::Timestamp;
use model::api_key::Scope;
use model::metric::Usage;
use model::{EventKind, Hidden, Result};
use store::{Route, Store, UsageHistory, View};

use crate::world::{Mail, World, grant};

on_both_engines![
    an_event_is_counted_once_however_far_the_counting_is,
    two_who_count_at_once_count_nothing_twice,
    minutes_and_seconds_give_the_same_sums,
    what_an_inbox_holds_is_counted_as_it_changes,
    a_series_is_known_between_its_samples_and_after_old_ones_are_gone,
    old_counts_go_and_newer_ones_stay,
];

const KIND: EventKind = EventKind::MessageReceived;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

async fn emit(world: &World, inbox: &Route, count: usize) {
    let event = world.event(Some(inbox), Hidden::NONE, "x");
    for _ in 0..count {
        let event = event.clone();
        let write = world.write(move |txn| {
            txn.emit(event.clone());
            Ok(())
        });
        write.await.unwrap();
    }
}

/// What a question would say: what is counted and what is not yet.
fn total(view: &mut View<'_>) -> Result<i64> {
    let to = view.now().as_secs() + 1;
    let counted = view.event_counts(KIND, to - 86_400, to, 3_600)?;
    let rest = view.uncounted()?;
    let rest = rest.iter().filter(|event| event.kind == KIND).count();
    let counted: i64 = counted.iter().map(|count| count.events).sum();
    Ok(counted + i64::try_from(rest).unwrap())
}

async fn an_event_is_counted_once_however_far_the_counting_is(world: World) {
    let (a, b) = (
        world.inbox("a@example.test").await,
        world.inbox("b@example.test").await,
    );
    emit(&world, &a, 7).await;
    emit(&world, &b, 3).await;
    let all = world.system();
    let scope = Scope::Inbox(a.pod_id, a.inbox_key);
    let inbox = grant(&world.key(world.org, scope, None).await);
    loop {
        assert_eq!(world.store.read(&all, total).await.unwrap(), 10);
        assert_eq!(world.store.read(&inbox, total).await.unwrap(), 7);
        if !world.write(|txn| txn.count_events(3)).await.unwrap() {
            break;
        }
    }
    assert_eq!(
        world.number("select count(*) from metric_cursor where seq = 10"),
        1
    );
    assert!(world.store.uncounted_logs().await.unwrap().is_empty());
    emit(&world, &a, 1).await;
    assert_eq!(world.store.uncounted_logs().await.unwrap(), [world.org]);
    assert_eq!(world.store.read(&inbox, total).await.unwrap(), 8);
}

async fn two_who_count_at_once_count_nothing_twice(world: World) {
    let inbox = world.inbox("a@example.test").await;
    emit(&world, &inbox, 40).await;
    let count = |store: Store, all| async move {
        while store.write(&all, |txn| txn.count_events(2)).await.unwrap() {}
    };
    let all = world.system();
    tokio::join!(
        count(world.store.clone(), all.clone()),
        count(world.store.clone(), all.clone()),
        count(world.store.clone(), all.clone())
    );
    let counted = world.read(move |view| {
        let to = view.now().as_secs() + 1;
        view.event_counts(KIND, to - 60, to, 60)
    });
    let counted: i64 = counted
        .await
        .unwrap()
        .iter()
        .map(|count| count.events)
        .sum();
    assert_eq!(counted, 40);
}

async fn minutes_and_seconds_give_the_same_sums(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for _ in 0..20 {
        emit(&world, &inbox, 1).await;
        world.clock.advance(Duration::from_secs(37));
    }
    while world.write(|txn| txn.count_events(100)).await.unwrap() {}
    let sums = move |from: i64, to: i64, period: i64| {
        let world = world.clone();
        async move {
            let read = world.read(move |view| view.event_counts(KIND, from, to, period));
            let found = read.await.unwrap();
            assert!(
                found
                    .iter()
                    .all(|one| one.start % period == 0 && one.length == period)
            );
            found.iter().map(|one| one.events).sum::<i64>()
        }
    };
    let start = 1_767_225_600;
    for (from, to) in [
        (0, 740),
        (1, 740),
        (37, 38),
        (38, 74),
        (60, 120),
        (59, 121),
        (100, 700),
    ] {
        let exact = (0..20).filter(|n| (from..to).contains(&(n * 37))).count();
        for period in [1, 7, 60, 120, 3_600] {
            let sum = sums(start + from, start + to, period).await;
            assert_eq!(
                sum,
                i64::try_from(exact).unwrap(),
                "{from}..{to} by {period}"
            );
        }
    }
}

async fn used(world: &World) -> BTreeMap<Usage, i64> {
    world.read(|view| view.usage_now()).await.unwrap()
}

async fn what_an_inbox_holds_is_counted_as_it_changes(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mail = |id, parent, raw| Mail {
        id: Some(id),
        parent,
        raw,
        ..Mail::default()
    };
    let first = world
        .file(&inbox, mail("<1@x>", None, b"first"))
        .await
        .unwrap();
    world
        .file(&inbox, mail("<2@x>", Some("<1@x>"), b"second!"))
        .await
        .unwrap();
    let third = world
        .file(&inbox, mail("<3@x>", None, b"third"))
        .await
        .unwrap();
    let size: i64 = world.number("select cast(sum(size) as bigint) from message");
    let now = used(&world).await;
    assert_eq!(now[&Usage::MessageCount], 3);
    assert_eq!(now[&Usage::ThreadCount], 2);
    assert_eq!(now[&Usage::StorageBytes], size);
    let (key, thread) = (inbox.inbox_key, first.thread_id);
    world
        .write(move |txn| txn.delete_thread(key, thread))
        .await
        .unwrap();
    let now = used(&world).await;
    assert_eq!(
        (now[&Usage::MessageCount], now[&Usage::ThreadCount]),
        (1, 1)
    );
    assert_eq!(now[&Usage::StorageBytes], third.size);
    world
        .write(move |txn| txn.delete_message(&third))
        .await
        .unwrap();
    let now = used(&world).await;
    assert_eq!(
        (
            now[&Usage::MessageCount],
            now[&Usage::ThreadCount],
            now[&Usage::StorageBytes]
        ),
        (0, 0, 0)
    );
}

async fn sample(world: &World) {
    let since = world.now().minus(Duration::from_secs(600));
    world
        .write(move |txn| txn.sample_usage(since))
        .await
        .unwrap();
}

async fn history(world: &World, start: Timestamp, end: Timestamp) -> UsageHistory {
    let read = world.read(move |view| view.usage_history(Usage::InboxCount, start, end));
    read.await.unwrap()
}

async fn a_series_is_known_between_its_samples_and_after_old_ones_are_gone(world: World) {
    let start = world.now();
    sample(&world).await;
    world.inbox("a@example.test").await;
    world.clock.advance(HOUR);
    sample(&world).await;
    sample(&world).await; // too soon after the last
    let one = world.now();
    world.clock.advance(HOUR);
    sample(&world).await; // nothing has changed
    world.inbox("b@example.test").await;
    world.clock.advance(60 * DAY);
    sample(&world).await;
    let two = world.now();
    let rows = "select count(*) from metric_usage where kind = 'inbox_count' and level = 0";
    assert_eq!(world.number(rows), 2);

    let found = history(&world, start, two).await;
    let half = Duration::from_secs(1_800);
    assert_eq!(found.at(start), 0);
    assert_eq!(found.at(one.minus(half)), 0);
    assert_eq!(found.at(one), 1);
    assert_eq!(found.at(two.minus(half)), 1);
    assert_eq!(found.at(two), 2);
    // Nothing changed in this stretch, and the sample before it is long gone.
    world.clock.advance(50 * DAY);
    while world.store.sweep_metrics().await.unwrap() {}
    assert_eq!(world.number(rows), 1);
    let quiet = history(&world, two.minus(20 * DAY), two.minus(DAY)).await;
    assert_eq!(
        quiet,
        UsageHistory {
            before: 1,
            changes: Vec::new()
        }
    );
    world.clock.advance(100 * DAY);
    while world.store.sweep_metrics().await.unwrap() {}
    assert_eq!(world.number(rows), 0);
    let now = world.now();
    assert_eq!(history(&world, now.minus(DAY), now).await.before, 2);
}

async fn old_counts_go_and_newer_ones_stay(world: World) {
    let inbox = world.inbox("a@example.test").await;
    emit(&world, &inbox, 5).await;
    world.write(|txn| txn.count_events(100)).await.unwrap();
    let at = world.now().as_secs();
    let sum = |period: i64| {
        let world = world.clone();
        async move {
            let read =
                world.read(move |view| view.event_counts(KIND, at - 3_600, at + 3_600, period));
            let found = read.await.unwrap();
            found.iter().map(|one| one.events).sum::<i64>()
        }
    };
    world.clock.advance(8 * DAY);
    while world.store.sweep_metrics().await.unwrap() {}
    assert_eq!(
        world.number("select count(*) from metric_count where grain = 1"),
        0
    );
    assert_eq!((sum(1).await, sum(3_600).await), (5, 5));
    world.clock.advance(90 * DAY);
    while world.store.sweep_metrics().await.unwrap() {}
    assert_eq!(world.number("select count(*) from metric_count"), 0);
}
