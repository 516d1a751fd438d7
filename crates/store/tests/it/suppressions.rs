//! Who is not written to any more, and the failures that lead there.

use std::time::Duration;

use mail::Timestamp;
use model::list::{Direction, Entry, ListType};
use model::{Code, OrgId};
use store::{Suppression, SuppressionReason};
use uuid::Uuid;

use crate::world::World;

on_both_engines![
    failures_count_once_a_day_and_old_ones_are_forgotten,
    a_suppression_is_of_one_organisation_and_the_first_reason_stays,
];

const DAY: Duration = Duration::from_secs(86_400);

async fn count(world: &World) -> i64 {
    world
        .write(|txn| txn.count_soft_bounce("ann@x.test"))
        .await
        .unwrap()
}

async fn failures_count_once_a_day_and_old_ones_are_forgotten(world: World) {
    assert_eq!((count(&world).await, count(&world).await), (1, 1));
    for days in 2..=4 {
        world.clock.advance(DAY);
        assert_eq!((count(&world).await, count(&world).await), (days, days));
    }
    world.clock.advance(DAY * 31);
    assert_eq!(count(&world).await, 1);
    assert_eq!(world.store.forget_soft_bounces(10).await.unwrap(), 0);
    world.clock.advance(DAY * 31);
    assert_eq!(world.store.forget_soft_bounces(10).await.unwrap(), 1);
    assert_eq!(world.number("select count(*) from soft_bounce"), 0);
}

fn suppression(entry: &str, reason: SuppressionReason) -> Suppression {
    Suppression {
        entry: Entry::parse(entry).unwrap(),
        reason,
        class: None,
        note: None,
        evidence: Some("550 no".to_owned()),
        message_id: None,
        inbox: None,
        created_at: Timestamp::from_micros(0),
    }
}

async fn a_suppression_is_of_one_organisation_and_the_first_reason_stays(world: World) {
    let other = OrgId::new(Uuid::from_u128(77));
    world.bootstrap(other).await;
    let entry = Entry::parse("ann@x.test").unwrap();
    for (reason, new) in [
        (SuppressionReason::Complaint, true),
        (SuppressionReason::Bounce, false),
    ] {
        let one = suppression("ann@x.test", reason);
        let made = world.write(move |txn| txn.suppress(&one)).await.unwrap();
        assert_eq!(made, new);
    }
    let asked = vec!["ann@x.test".to_owned(), "bob@x.test".to_owned()];
    let known = world.read(move |view| view.suppressed_among(&asked)).await;
    assert_eq!(known.unwrap(), ["ann@x.test"]);
    let wanted = entry.clone();
    let found = world
        .read(move |view| view.suppression(&wanted))
        .await
        .unwrap();
    assert_eq!(found.reason, SuppressionReason::Complaint);

    let foreign = world.system_of(other);
    let wanted = entry.clone();
    let hidden = world
        .store
        .write(&foreign, move |txn| txn.lift_suppression(&wanted))
        .await;
    assert_eq!(hidden.unwrap_err().code(), Code::NotFound);
    let listed = world.store.read(&foreign, |view| view.suppressions("", 10));
    assert!(listed.await.unwrap().is_empty());

    let lifted = entry.clone();
    world
        .write(move |txn| txn.lift_suppression(&lifted))
        .await
        .unwrap();
    let gone = world
        .read(move |view| view.list_entry(Direction::Send, ListType::Block, &entry))
        .await;
    assert_eq!(gone.unwrap_err().code(), Code::NotFound);
}
