//! What readers of the log rely on: places, steps, and what retention may delete.

use std::collections::BTreeSet;
use std::time::Duration;

use mail::Timestamp;
use model::api_key::Scope;
use model::{EventId, Hidden};
use store::LogPlace;

use crate::world::{Mail, World, grant, labels};

on_both_engines![
    a_reader_of_little_passes_over_the_rest_in_steps_and_misses_nothing,
    a_place_is_of_this_log_and_this_reader,
    what_is_old_goes_from_the_beginning_and_places_before_it_are_gone,
    webhooks_keep_what_they_have_still_to_read,
    the_record_of_labels_rises_and_is_trimmed_by_age,
];

async fn emit(world: &World, events: Vec<store::NewEvent>) {
    let write = world.write(move |txn| {
        events.iter().for_each(|event| txn.emit(event.clone()));
        Ok(())
    });
    write.await.unwrap();
}

async fn a_reader_of_little_passes_over_the_rest_in_steps_and_misses_nothing(world: World) {
    let a = world.inbox("a@example.test").await;
    let b = world.inbox("b@example.test").await;
    let mut mine = BTreeSet::new();
    for round in 0..10_i64 {
        // Long runs of what is of others, with one of its own between them.
        let mut events = vec![world.event(Some(&b), Hidden::NONE, "other"); 1000];
        events.push(world.event(Some(&a), Hidden::NONE, "mine"));
        for event in &mut events {
            event.random = u128::from_le_bytes(world.ids.bytes());
        }
        emit(&world, events).await;
        mine.insert((round + 1) * 1001);
    }
    let access = world
        .key(world.org, Scope::Inbox(a.pod_id, a.inbox_key), None)
        .await;
    let own = grant(&access);
    for limit in [1, 3, 100] {
        let (mut at, mut steps, mut got) = (0, 0, BTreeSet::new());
        loop {
            let read = world
                .store
                .read(&own, move |view| view.log_slice(at, limit, |_| true));
            let step = read.await.unwrap();
            assert!(step.entries.len() <= limit);
            assert!(step.entries.iter().all(|one| one.body.contains("mine")));
            got.extend(step.entries.iter().map(|one| one.seq));
            assert!(step.read_to > at || at == step.end);
            (at, steps) = (step.read_to, steps + 1);
            if at >= step.end {
                break;
            }
        }
        assert_eq!(got, mine, "limit {limit}");
        assert!((3..=13).contains(&steps), "{steps} steps");
    }
}

async fn a_place_is_of_this_log_and_this_reader(world: World) {
    let a = world.inbox("a@example.test").await;
    let b = world.inbox("b@example.test").await;
    let events = [&a, &b].map(|inbox| world.event(Some(inbox), Hidden::NONE, "x"));
    emit(&world, events.to_vec()).await;
    let log = world.log(world.org).await;
    let access = world
        .key(world.org, Scope::Inbox(a.pod_id, a.inbox_key), None)
        .await;
    let own = grant(&access);
    let place = async |id: EventId| {
        let read = world.store.read(&own, move |view| view.log_place_of(id));
        read.await.unwrap()
    };
    assert_eq!(place(log[0].event_id).await, LogPlace::After(1));
    assert_eq!(place(log[1].event_id).await, LogPlace::Unknown);
    assert_eq!(place(EventId::at(1, 7)).await, LogPlace::Unknown);
    assert_eq!(place(EventId::at(3, 7)).await, LogPlace::Unknown);
}

/// Writes an event an hour for these many hours.
async fn hourly(world: &World, hours: usize) {
    for n in 0..hours {
        emit(world, vec![world.event(None, Hidden::NONE, &n.to_string())]).await;
        world.clock.advance(Duration::from_secs(3600));
    }
}

async fn trim(world: &World, end: Timestamp) -> u64 {
    let mut gone = 0;
    loop {
        let slice = world.write(move |txn| txn.trim_log(end, 3)).await.unwrap();
        if slice == 0 {
            return gone;
        }
        assert!(slice <= 3);
        gone += slice;
    }
}

async fn what_is_old_goes_from_the_beginning_and_places_before_it_are_gone(world: World) {
    let begun = world.now();
    hourly(&world, 10).await;
    let before = world.log(world.org).await;
    let end = begun.plus(Duration::from_secs(3600 * 7));
    assert_eq!(trim(&world, end).await, 7);
    assert_eq!(trim(&world, end).await, 0);
    let kept: Vec<i64> = world.log(world.org).await.iter().map(|e| e.seq).collect();
    assert_eq!(kept, [8, 9, 10]);
    assert_eq!(world.read(|view| view.log_floor()).await.unwrap(), 7);
    let place = async |id: EventId| world.read(move |view| view.log_place_of(id)).await.unwrap();
    assert_eq!(place(before[5].event_id).await, LogPlace::Gone);
    // Nothing that follows it was deleted.
    assert_eq!(place(before[6].event_id).await, LogPlace::After(7));
    assert_eq!(place(before[7].event_id).await, LogPlace::After(8));
    // Numbers go on where they were, also when nothing is left.
    assert_eq!(trim(&world, world.now()).await, 3);
    assert_eq!(world.read(|view| view.log_floor()).await.unwrap(), 10);
    assert_eq!(place(before[9].event_id).await, LogPlace::After(10));
    emit(&world, vec![world.event(None, Hidden::NONE, "next")]).await;
    assert_eq!(world.log(world.org).await[0].seq, 11);
}

async fn webhooks_keep_what_they_have_still_to_read(world: World) {
    hourly(&world, 5).await;
    world
        .number("insert into webhook_cursor (org_id, seq) select org_id, 2 from org returning seq");
    assert_eq!(trim(&world, world.now()).await, 2);
    world.number("update webhook_cursor set seq = 5 returning seq");
    assert_eq!(trim(&world, world.now()).await, 3);
}

async fn the_record_of_labels_rises_and_is_trimmed_by_age(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let filed = world.file(&inbox, Mail::default()).await.unwrap();
    // The clock stands still, and once it steps back.
    for n in 0..4 {
        let (message, label) = (filed.clone(), format!("l{n}"));
        let write =
            world.write(move |txn| txn.relabel(&message, &labels(&[&label, "x"]), &labels(&[])));
        write.await.unwrap();
        if n == 2 {
            world.clock.advance(Duration::from_secs(60));
        }
    }
    let key = inbox.inbox_key;
    let changes = async || {
        let read = world.read(move |view| view.label_changes(key, None, true, 100));
        read.await.unwrap()
    };
    let all = changes().await;
    let names: Vec<&str> = all.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(names, ["l0", "x", "l1", "l2", "l3"]);
    assert!(all.is_sorted_by(|a, b| a.seq < b.seq));
    let end = world.now();
    let gone = world.write(move |txn| txn.trim_label_changes(end, 2)).await;
    // All of one instant go together.
    assert_eq!(gone.unwrap(), 4);
    assert_eq!(changes().await.len(), 1);
    let gone = world.write(move |txn| txn.trim_label_changes(end, 2)).await;
    assert_eq!(gone.unwrap(), 0);
}
