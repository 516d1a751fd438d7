//! Pods.

use std::sync::Arc;

use model::api_key::Scope;
use model::{Code, PodId};
use store::{NewPod, Position};
use tokio::sync::Barrier;

use crate::world::{World, address, grant};

on_both_engines![
    the_same_client_id_gives_the_same_pod_and_a_deleted_one_frees_it,
    pages_cover_every_pod_once,
    a_pod_is_deleted_only_when_nothing_is_in_it,
    nothing_is_left_behind_in_a_pod_that_is_deleted_meanwhile,
    a_pod_sees_only_itself,
];

async fn delete(world: &World, pod: PodId) -> Result<(), Code> {
    let deleted = world.write(move |txn| txn.delete_pod(pod)).await;
    deleted.map_err(|error| error.code())
}

async fn the_same_client_id_gives_the_same_pod_and_a_deleted_one_frees_it(world: World) {
    let first = world.pod(Some("customer")).await;
    assert_eq!(world.pod(Some("customer")).await, first);
    assert_ne!(world.pod(None).await, world.pod(None).await);
    delete(&world, first).await.unwrap();
    assert_eq!(delete(&world, first).await, Err(Code::NotFound));
    let second = world.pod(Some("customer")).await;
    assert_ne!(second, first);
    assert_eq!(world.pod(Some("customer")).await, second);
}

async fn pages_cover_every_pod_once(world: World) {
    for _ in 0..7 {
        world.pod(None).await;
    }
    for ascending in [true, false] {
        let (mut from, mut seen) = (None, Vec::new());
        loop {
            let page = world.read(move |view| view.pods(from, ascending, 3));
            let page = page.await.unwrap();
            let Some(last) = page.last() else { break };
            let position = |at: i64, pod: PodId| Position {
                at,
                key: *pod.as_bytes(),
            };
            from = Some(position(last.created_at.as_micros(), last.pod_id));
            seen.extend(page.iter().map(|pod| pod.pod_id));
        }
        assert_eq!(seen.len(), 8, "with the default pod");
        assert!(seen.is_sorted_by(|a, b| if ascending { a < b } else { a > b }));
    }
}

async fn a_pod_is_deleted_only_when_nothing_is_in_it(world: World) {
    let default = world.org.default_pod();
    assert_eq!(delete(&world, default).await, Err(Code::CannotDelete));
    let pod = world.pod(None).await;
    let inbox = world.inbox_in(world.org, pod, "a@example.test").await;
    assert_eq!(delete(&world, pod).await, Err(Code::CannotDelete));
    let at = address("a@example.test");
    let gone = world.write(move |txn| txn.delete_inbox(&at)).await;
    assert_eq!(gone.unwrap().key, inbox.inbox_key);
    let key = world.key(world.org, Scope::Pod(pod), None).await;
    assert_eq!(delete(&world, pod).await, Err(Code::CannotDelete));
    let store::Actor::Key(id) = key.actor() else {
        panic!("not a key");
    };
    world
        .write(move |txn| txn.delete_api_key(id))
        .await
        .unwrap();
    delete(&world, pod).await.unwrap();
}

async fn nothing_is_left_behind_in_a_pod_that_is_deleted_meanwhile(world: World) {
    for n in 0..20 {
        let pod = world.pod(None).await;
        let start = Arc::new(Barrier::new(2));
        let new = world.new_inbox(pod, &format!("r{n}@example.test"));
        let (maker, waits) = (world.clone(), Arc::clone(&start));
        let make = async move {
            waits.wait().await;
            maker.write(move |txn| txn.create_inbox(&new)).await
        };
        let remove = async {
            start.wait().await;
            delete(&world, pod).await
        };
        let (made, removed) = tokio::join!(make, remove);
        match removed {
            Ok(()) => assert_eq!(made.unwrap_err().code(), Code::NotFound),
            Err(code) => {
                assert_eq!(code, Code::CannotDelete);
                made.unwrap();
            }
        }
    }
}

async fn a_pod_sees_only_itself(world: World) {
    let pod = world.pod(Some("one")).await;
    world.pod(Some("two")).await;
    let access = world.key(world.org, Scope::Pod(pod), None).await;
    let granted = grant(&access);
    let seen = world.store.read(&granted, |view| view.pods(None, true, 9));
    let seen: Vec<PodId> = seen.await.unwrap().iter().map(|pod| pod.pod_id).collect();
    assert_eq!(seen, [pod]);
    // The id of another pod of the organisation is taken, and says nothing more.
    let new = NewPod {
        pod_id: PodId::new(world.ids.random()),
        name: "Mine".to_owned(),
        client_id: Some("two".to_owned()),
    };
    let made = world.store.write(&granted, move |txn| txn.create_pod(&new));
    assert_eq!(made.await.unwrap_err().code(), Code::RaceCondition);
}
