//! The event log.

use model::api_key::Scope;
use model::{Hidden, OrgId, Permission, PermissionSet};

use crate::world::{World, grant};

on_both_engines![
    events_of_writers_at_once_have_no_gap,
    an_event_is_whole_and_carries_its_position,
    readers_skip_nothing_and_see_only_theirs,
    growth_wakes_who_waits,
    logs_of_two_organisations_are_apart,
];

async fn emit(world: &World, events: Vec<store::NewEvent>) {
    let write = world.write(move |txn| {
        events.iter().for_each(|event| txn.emit(event.clone()));
        Ok(())
    });
    write.await.unwrap();
}

async fn events_of_writers_at_once_have_no_gap(world: World) {
    let writers = (0..8).map(|writer| {
        let world = world.clone();
        async move {
            for n in 0..10 {
                let events = (0..=n % 3)
                    .map(|part| world.event(None, Hidden::NONE, &format!("{writer}.{n}.{part}")));
                emit(&world, events.collect()).await;
            }
        }
    });
    // Whoever reads meanwhile sees a log without a hole, growing only at its end.
    let reader = async {
        let mut last = 0;
        while last < 8 * 19 {
            let (page, _) = world
                .read(move |view| view.log_after(last, 1000))
                .await
                .unwrap();
            for entry in page {
                assert_eq!(entry.seq, last + 1);
                last = entry.seq;
            }
        }
    };
    futures_util::future::join(futures_util::future::join_all(writers), reader).await;
    let log = world.log(world.org).await;
    assert_eq!(log.len(), 8 * 19);
    let mut bodies: Vec<_> = log
        .iter()
        .map(|entry| entry.body.split("mark").nth(1).unwrap().to_owned())
        .collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), log.len());
}

async fn an_event_is_whole_and_carries_its_position(world: World) {
    let inbox = world.inbox("a@example.test").await;
    emit(
        &world,
        vec![world.event(Some(&inbox), Hidden::NONE, &"long ".repeat(1000))],
    )
    .await;
    let log = world.log(world.org).await;
    let json: serde_json::Value = serde_json::from_str(&log[0].body).unwrap();
    assert_eq!(json["type"], "event");
    assert_eq!(json["event_type"], "message.received");
    assert_eq!(json["event_id"], log[0].event_id.to_string());
    assert_eq!(json["mark"], "long ".repeat(1000));
    assert_eq!(
        (log[0].pod_id, log[0].inbox_key),
        (Some(inbox.pod_id), Some(inbox.inbox_key))
    );
}

async fn readers_skip_nothing_and_see_only_theirs(world: World) {
    let a = world.inbox("a@example.test").await;
    let b = world.inbox("b@example.test").await;
    let mut events = Vec::new();
    for n in 0..30 {
        let inbox = [Some(&a), Some(&b), None][n % 3];
        let hidden = if n % 4 == 0 {
            Hidden::SPAM
        } else {
            Hidden::NONE
        };
        events.push(world.event(inbox, hidden, &format!("m{n}")));
    }
    emit(&world, events).await;
    let no_spam: PermissionSet = PermissionSet::unrestricted()
        .iter()
        .filter(|right| *right != Permission::LabelSpamRead)
        .collect();
    let seen = |n: usize, inbox: Option<usize>, spam: bool| {
        inbox.is_none_or(|own| n % 3 == own) && (spam || !n.is_multiple_of(4))
    };
    let readers = [
        (Scope::Org, None, None, true),
        (Scope::Org, Some(no_spam), None, false),
        (Scope::Inbox(a.pod_id, a.inbox_key), None, Some(0), true),
        (
            Scope::Inbox(b.pod_id, b.inbox_key),
            Some(no_spam),
            Some(1),
            false,
        ),
    ];
    for (scope, permissions, own, spam) in readers {
        let access = world.key(world.org, scope, permissions).await;
        let grant = grant(&access);
        for limit in [0, 1, 2, 7, 100] {
            let (mut at, mut got) = (0, Vec::new());
            while at < 30 {
                let page = world
                    .store
                    .read(&grant, move |view| view.log_after(at, limit));
                let (page, read_to) = page.await.unwrap();
                assert!(read_to > at, "a reader must get on");
                assert!(
                    page.iter()
                        .all(|entry| (at + 1..=read_to).contains(&entry.seq))
                );
                got.extend(
                    page.iter()
                        .map(|entry| usize::try_from(entry.seq).unwrap() - 1),
                );
                at = read_to;
            }
            let expected: Vec<usize> = (0..30).filter(|n| seen(*n, own, spam)).collect();
            assert_eq!(got, expected, "limit {limit}");
        }
    }
}

async fn growth_wakes_who_waits(world: World) {
    let mut log = world.store.log_growth(world.org);
    for end in 1..=3 {
        let (changed, ()) = futures_util::future::join(
            log.wait_for(|seq| *seq >= end),
            emit(&world, vec![world.event(None, Hidden::NONE, "x")]),
        )
        .await;
        assert_eq!(*changed.unwrap(), end);
    }
}

async fn logs_of_two_organisations_are_apart(world: World) {
    let other = OrgId::new(world.ids.random());
    world.bootstrap(other).await;
    let growth = world.store.log_growth(other);
    emit(&world, vec![world.event(None, Hidden::NONE, "mine")]).await;
    assert!(!growth.has_changed().unwrap());
    let event = world.event(None, Hidden::NONE, "theirs");
    let grant = world.system_of(other);
    let write = world.store.write(&grant, move |txn| {
        txn.emit(event.clone());
        Ok(())
    });
    write.await.unwrap();
    for (org, mark) in [(world.org, "mine"), (other, "theirs")] {
        let log = world.log(org).await;
        assert_eq!((log.len(), log[0].seq), (1, 1));
        assert!(log[0].body.contains(mark));
    }
}
