//! The job table.

use std::collections::HashSet;
use std::time::Duration;

use mail::Timestamp;
use model::{Code, OrgId};
use store::{ClaimedJob, Finish, Lane, NewJob, Txn};

use crate::world::World;

on_both_engines![
    a_job_is_claimed_once_and_finished,
    a_lease_that_ends_frees_the_job_and_fences_the_effect,
    claimers_at_once_share_the_jobs,
    jobs_wait_for_their_time,
    a_key_holds_one_job_of_its_organisation,
    a_job_added_while_it_runs_runs_again,
    a_parked_job_waits_until_it_is_added_again,
    a_job_of_a_failed_transaction_does_not_exist,
    adding_wakes_the_workers,
];

const LEASE: Duration = Duration::from_secs(60);

fn job(world: &World, key: Option<&str>, run_at: Timestamp, payload: &str) -> NewJob {
    NewJob {
        job_id: world.ids.ordered(world.now()),
        kind: "test/1",
        key: key.map(str::to_owned),
        run_at,
        payload: payload.to_owned(),
    }
}

async fn add(world: &World, key: Option<&str>, payload: &str) {
    let job = job(world, key, world.now(), payload);
    world.write(move |txn| txn.enqueue(&job)).await.unwrap();
}

async fn claim(world: &World) -> Vec<ClaimedJob> {
    world
        .store
        .claim_jobs(Lane::Rest, LEASE, 100)
        .await
        .unwrap()
}

async fn finish(world: &World, job: &ClaimedJob, how: Finish) -> model::Result<()> {
    let job = job.clone();
    let grant = world.system_of(job.org_id);
    world
        .store
        .write(&grant, move |txn| txn.finish_job(&job, &how))
        .await
}

async fn counts(world: &World) -> (i64, i64) {
    world.read(|view| view.job_counts()).await.unwrap()
}

async fn a_job_is_claimed_once_and_finished(world: World) {
    add(&world, None, "{\"a\":1}").await;
    let claimed = claim(&world).await;
    assert_eq!(claimed.len(), 1);
    let job = &claimed[0];
    assert_eq!((job.org_id, job.attempt), (world.org, 1));
    assert_eq!(
        (job.kind.as_str(), job.payload.as_str()),
        ("test/1", "{\"a\":1}")
    );
    assert!(claim(&world).await.is_empty());
    assert_eq!(counts(&world).await, (1, 0));
    finish(&world, job, Finish::Done).await.unwrap();
    assert_eq!(counts(&world).await, (0, 0));
    assert_eq!(world.store.next_job_due(Lane::Rest).await.unwrap(), None);
    let again = finish(&world, job, Finish::Done).await.unwrap_err();
    assert_eq!(again.code(), Code::RaceCondition);
}

async fn a_lease_that_ends_frees_the_job_and_fences_the_effect(world: World) {
    add(&world, None, "{}").await;
    let first = claim(&world).await.remove(0);
    let end = world.now().plus(LEASE);
    assert_eq!(
        world.store.next_job_due(Lane::Rest).await.unwrap(),
        Some(end)
    );
    world.clock.advance(LEASE - Duration::from_micros(1));
    assert!(claim(&world).await.is_empty());
    world.clock.advance(Duration::from_micros(1));
    let second = claim(&world).await.remove(0);
    assert_eq!((second.job_id, second.attempt), (first.job_id, 2));
    for how in [
        Finish::Done,
        Finish::RetryAt(world.now(), "late".to_owned()),
        Finish::Park("late".to_owned()),
    ] {
        let (job, effect) = (
            first.clone(),
            world.new_inbox(world.org.default_pod(), "e@example.test"),
        );
        let late = world.write(move |txn: &mut Txn<'_>| {
            txn.create_inbox(&effect)?;
            txn.finish_job(&job, &how)
        });
        assert_eq!(late.await.unwrap_err().code(), Code::RaceCondition);
    }
    assert_eq!(world.number("select count(*) from inbox"), 0);
    finish(&world, &second, Finish::Done).await.unwrap();
}

async fn claimers_at_once_share_the_jobs(world: World) {
    for _ in 0..60 {
        add(&world, None, "{}").await;
    }
    let claimers = (0..12).map(|_| world.store.claim_jobs(Lane::Rest, LEASE, 7));
    let claimed = futures_util::future::join_all(claimers).await;
    let claimed: Vec<ClaimedJob> = claimed.into_iter().flat_map(Result::unwrap).collect();
    let distinct: HashSet<_> = claimed.iter().map(|job| job.job_id).collect();
    assert_eq!(
        distinct.len(),
        claimed.len(),
        "a job was given to two workers"
    );
    let mut left = claim(&world).await;
    left.extend(claimed);
    assert_eq!(left.len(), 60);
    let ends = left.iter().map(|job| finish(&world, job, Finish::Done));
    assert!(
        futures_util::future::join_all(ends)
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(counts(&world).await, (0, 0));
}

async fn jobs_wait_for_their_time(world: World) {
    let later = world.now().plus(Duration::from_secs(10));
    let new = job(&world, None, later, "{}");
    world.write(move |txn| txn.enqueue(&new)).await.unwrap();
    assert_eq!(
        world.store.next_job_due(Lane::Rest).await.unwrap(),
        Some(later)
    );
    assert!(claim(&world).await.is_empty());
    world.clock.advance(Duration::from_secs(10));
    let claimed = claim(&world).await.remove(0);
    let retry = world.now().plus(Duration::from_secs(5));
    finish(&world, &claimed, Finish::RetryAt(retry, "busy".to_owned()))
        .await
        .unwrap();
    assert_eq!(
        world.store.next_job_due(Lane::Rest).await.unwrap(),
        Some(retry)
    );
    assert!(claim(&world).await.is_empty());
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(claim(&world).await[0].attempt, 2);
    // One that is due comes before one that is leased.
    add(&world, None, "{}").await;
    assert_eq!(
        world.store.next_job_due(Lane::Rest).await.unwrap(),
        Some(world.now())
    );
}

async fn a_key_holds_one_job_of_its_organisation(world: World) {
    let other = OrgId::new(world.ids.random());
    world.bootstrap(other).await;
    add(&world, Some("k"), "old").await;
    let theirs = job(&world, Some("k"), world.now(), "theirs");
    let grant = world.system_of(other);
    world
        .store
        .write(&grant, move |txn| txn.enqueue(&theirs))
        .await
        .unwrap();
    add(&world, Some("k"), "new").await;
    let mut claimed = claim(&world).await;
    claimed.sort_by_key(|job| job.org_id != world.org);
    let payloads: Vec<_> = claimed.iter().map(|job| job.payload.as_str()).collect();
    assert_eq!(payloads, ["new", "theirs"]);
    assert_eq!((claimed[0].org_id, claimed[1].org_id), (world.org, other));
}

async fn a_job_added_while_it_runs_runs_again(world: World) {
    let later = world.now().plus(Duration::from_secs(5));
    for how in [
        Finish::Done,
        Finish::RetryAt(later, "x".to_owned()),
        Finish::Park("x".to_owned()),
    ] {
        add(&world, Some("k"), "old").await;
        let claimed = claim(&world).await.remove(0);
        add(&world, Some("k"), "new").await;
        assert!(claim(&world).await.is_empty(), "it runs already");
        finish(&world, &claimed, how).await.unwrap();
        let again = claim(&world).await.remove(0);
        assert_eq!((again.payload.as_str(), again.attempt), ("new", 1));
        finish(&world, &again, Finish::Done).await.unwrap();
    }
    assert_eq!(counts(&world).await, (0, 0));
}

async fn a_parked_job_waits_until_it_is_added_again(world: World) {
    add(&world, Some("k"), "old").await;
    let claimed = claim(&world).await.remove(0);
    finish(&world, &claimed, Finish::Park("broken".to_owned()))
        .await
        .unwrap();
    world.clock.advance(LEASE * 100);
    assert!(claim(&world).await.is_empty());
    assert_eq!(counts(&world).await, (0, 1));
    assert_eq!(world.store.next_job_due(Lane::Rest).await.unwrap(), None);
    add(&world, Some("k"), "new").await;
    assert_eq!(claim(&world).await[0].payload, "new");
    assert_eq!(counts(&world).await, (1, 0));
}

async fn a_job_of_a_failed_transaction_does_not_exist(world: World) {
    let new = job(&world, None, world.now(), "{}");
    let write = world.write(move |txn| {
        txn.enqueue(&new)?;
        Err::<(), _>(model::Error::not_found("It"))
    });
    assert!(write.await.is_err());
    assert!(claim(&world).await.is_empty());
}

async fn adding_wakes_the_workers(world: World) {
    let (store, _) = (world.store.clone(), add(&world, None, "{}").await);
    store.job_added(Lane::Rest).await;
    let claimed = claim(&world).await.remove(0);
    let now = world.now();
    finish(&world, &claimed, Finish::RetryAt(now, "x".to_owned()))
        .await
        .unwrap();
    store.job_added(Lane::Rest).await;
}
