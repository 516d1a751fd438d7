//! Drafts at rest: who sees them, in which order, and what they hold.

use std::time::Duration;

use model::api_key::Scope;
use model::draft::{Draft, DraftFile, SendStatus};
use model::message::{Attachment, Content, People};
use model::page::{DraftFilter, Page};
use model::{AttachmentId, Code, DraftId, PodId};
use store::{DraftChange, Finish, Grant, Lane, NewDraftOutcome, NewJob, Placed, Route};

use crate::world::{World, grant, labels};

on_both_engines![
    a_draft_is_there_for_its_scopes_only,
    lists_follow_the_last_change_and_the_labels,
    a_change_counts_only_on_what_was_read,
    bytes_are_held_as_long_as_a_draft_has_them,
    a_client_id_is_unique_in_its_inbox,
    a_cancelled_job_cannot_finish,
];

fn draft(world: &World, inbox: &Route, subject: &str) -> Draft {
    let now = world.now();
    Draft {
        draft_id: DraftId::new(world.ids.random()),
        org_id: inbox.org_id,
        pod_id: inbox.pod_id,
        inbox_key: inbox.inbox_key,
        inbox_id: inbox.inbox_id.clone(),
        client_id: None,
        labels: labels(&["draft"]),
        people: People::default(),
        subject: Some(subject.to_owned()),
        preview: None,
        files: Vec::new(),
        source: None,
        send_at: None,
        status: None,
        send_error: None,
        version: 0,
        created_at: now,
        updated_at: now,
    }
}

async fn make(world: &World, draft: Draft, placed: Vec<Placed>) -> NewDraftOutcome {
    let body = world.store.pack(&Content::default()).unwrap();
    let grant = world.system_of(draft.org_id);
    let made = world
        .store
        .write(&grant, move |txn| txn.create_draft(&draft, &body, &placed));
    made.await.unwrap()
}

async fn made(world: &World, new: Draft) -> Draft {
    match make(world, new, Vec::new()).await {
        NewDraftOutcome::Made(draft) => *draft,
        NewDraftOutcome::Known(draft) => panic!("{draft:?} was there"),
    }
}

async fn subjects<P>(world: &World, grant: &Grant<P>, labels: &[&str]) -> Vec<String> {
    let filter = DraftFilter {
        page: Page::default(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        before: None,
        after: None,
    };
    let read = world
        .store
        .read(grant, move |view| view.drafts(&filter, None, 100));
    let drafts = read.await.unwrap();
    drafts
        .into_iter()
        .filter_map(|draft| draft.subject)
        .collect()
}

/// Gives a draft this new state, as it was read.
async fn change(world: &World, before: &Draft, after: Draft, added: Vec<Placed>) -> Option<Draft> {
    let change = DraftChange {
        before: before.clone(),
        after,
        body: None,
        added,
    };
    world
        .write(move |txn| txn.change_draft(&change))
        .await
        .unwrap()
}

async fn a_draft_is_there_for_its_scopes_only(world: World) {
    let (inbox, beside) = (
        world.inbox("a@example.test").await,
        world.inbox("b@example.test").await,
    );
    let pod = PodId::new(world.ids.random());
    let draft = made(&world, draft(&world, &inbox, "mine")).await;
    let id = draft.draft_id;
    for (scope, sees) in [
        (Scope::Org, true),
        (Scope::Pod(inbox.pod_id), true),
        (Scope::Inbox(inbox.pod_id, inbox.inbox_key), true),
        (Scope::Inbox(beside.pod_id, beside.inbox_key), false),
        (Scope::Pod(pod), false),
    ] {
        let reader = grant(&world.key(world.org, scope, None).await);
        let found = world.store.read(&reader, move |view| view.draft(id)).await;
        let content = world
            .store
            .read(&reader, move |view| view.draft_content(id))
            .await;
        let locked = world
            .store
            .write(&reader, move |txn| txn.lock_draft(id))
            .await;
        assert_eq!(
            (found.is_ok(), content.is_ok(), locked.is_ok()),
            (sees, sees, sees),
            "{scope:?}"
        );
        let listed = subjects(&world, &reader, &[]).await;
        assert_eq!(!listed.is_empty(), sees, "{scope:?}");
    }
}

async fn lists_follow_the_last_change_and_the_labels(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mut all = Vec::new();
    for (subject, own) in [
        ("0", &["draft", "x"][..]),
        ("1", &["draft"]),
        ("2", &["draft", "x", "y"]),
    ] {
        world.clock.advance(Duration::from_secs(1));
        let mut new = draft(&world, &inbox, subject);
        new.labels = labels(own);
        all.push(made(&world, new).await);
    }
    let system = world.system();
    assert_eq!(subjects(&world, &system, &[]).await, ["2", "1", "0"]);
    assert_eq!(subjects(&world, &system, &["draft", "x"]).await, ["2", "0"]);
    assert_eq!(subjects(&world, &system, &["x", "y"]).await, ["2"]);
    world.clock.advance(Duration::from_secs(1));
    let mut after = all[0].clone();
    (after.labels, after.updated_at) = (labels(&["draft", "y"]), world.now());
    change(&world, &all[0], after, Vec::new()).await.unwrap();
    assert_eq!(subjects(&world, &system, &[]).await, ["0", "2", "1"]);
    assert_eq!(subjects(&world, &system, &["x"]).await, ["2"]);
    assert_eq!(subjects(&world, &system, &["y"]).await, ["0", "2"]);
    let taken = world.read({
        let id = all[2].draft_id;
        move |view| view.draft(id)
    });
    let taken = taken.await.unwrap();
    world
        .write(move |txn| txn.take_draft(&taken))
        .await
        .unwrap();
    assert_eq!(subjects(&world, &system, &["y"]).await, ["0"]);
    assert_eq!(world.number("select count(*) from draft_label"), 1);
}

async fn a_change_counts_only_on_what_was_read(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let first = made(&world, draft(&world, &inbox, "x")).await;
    let mut after = first.clone();
    after.status = Some(SendStatus::Sending);
    let second = change(&world, &first, after.clone(), Vec::new())
        .await
        .unwrap();
    assert_eq!(
        (second.status, second.version),
        (Some(SendStatus::Sending), first.version + 1)
    );
    assert!(
        change(&world, &first, after, Vec::new()).await.is_none(),
        "somebody was faster"
    );
    let refused = world.write({
        let first = first.clone();
        move |txn| txn.take_draft(&first)
    });
    assert_eq!(refused.await.unwrap_err().code(), Code::Conflict);
    let copy = second.clone();
    world.write(move |txn| txn.take_draft(&copy)).await.unwrap();
    let again = world.write(move |txn| txn.take_draft(&second)).await;
    assert_eq!(again.unwrap_err().code(), Code::NotFound);
}

async fn with_file(world: &World, draft: &mut Draft, bytes: &[u8]) -> Placed {
    let placed = world.store.place(&world.system(), bytes).await.unwrap();
    draft.files.push(DraftFile {
        shown: Attachment {
            attachment_id: AttachmentId::new(world.ids.random()),
            part: 0,
            filename: None,
            content_type: None,
            content_disposition: None,
            content_id: None,
            size: 1,
        },
        blob: placed.blob_id().to_string(),
    });
    placed
}

async fn bytes_are_held_as_long_as_a_draft_has_them(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let links = |sum: i64, rows: i64| {
        // Sums are numeric in PostgreSQL.
        assert_eq!(
            world.number("select cast(coalesce(sum(links), 0) as bigint) from blob"),
            sum
        );
        assert_eq!(world.number("select count(*) from blob"), rows);
    };
    let (mut one, mut two) = (draft(&world, &inbox, "1"), draft(&world, &inbox, "2"));
    let large = vec![7; 300_000];
    let first = [
        with_file(&world, &mut one, b"same").await,
        with_file(&world, &mut one, &large).await,
    ];
    let second = [with_file(&world, &mut two, b"same").await];
    let one_id = one.draft_id;
    make(&world, one, first.to_vec()).await;
    make(&world, two.clone(), second.to_vec()).await;
    links(3, 2);
    let one = world.read(move |view| view.draft(one_id)).await.unwrap();
    let mut after = one.clone();
    after.files.remove(0);
    let added = with_file(&world, &mut after, b"new").await;
    let one = change(&world, &one, after, vec![added]).await.unwrap();
    links(3, 3);
    world.write(move |txn| txn.take_draft(&one)).await.unwrap();
    links(1, 1);
    let address = inbox.inbox_id.clone();
    world
        .write(move |txn| txn.delete_inbox(&address).map(|_| ()))
        .await
        .unwrap();
    let key = inbox.inbox_key;
    while world
        .write(move |txn| txn.purge_inbox(key, 1))
        .await
        .unwrap()
    {}
    links(0, 0);
    assert_eq!(world.number("select count(*) from draft"), 0);
}

async fn a_client_id_is_unique_in_its_inbox(world: World) {
    let (inbox, other) = (
        world.inbox("a@example.test").await,
        world.inbox("b@example.test").await,
    );
    let named = |inbox: &Route| Draft {
        client_id: Some("one".to_owned()),
        ..draft(&world, inbox, "x")
    };
    let first = made(&world, named(&inbox)).await;
    let mut again = named(&inbox);
    let bytes = with_file(&world, &mut again, b"never held").await;
    let NewDraftOutcome::Known(known) = make(&world, again, vec![bytes]).await else {
        panic!("two drafts of one client_id");
    };
    assert_eq!(known.draft_id, first.draft_id);
    assert_eq!(world.number("select count(*) from blob"), 0);
    let elsewhere = made(&world, named(&other)).await;
    assert_ne!(elsewhere.draft_id, first.draft_id);
}

async fn a_cancelled_job_cannot_finish(world: World) {
    let job = NewJob {
        job_id: world.ids.ordered(world.now()),
        kind: "test/1",
        key: Some("draft:1".to_owned()),
        run_at: world.now(),
        payload: "{}".to_owned(),
    };
    world.write(move |txn| txn.enqueue(&job)).await.unwrap();
    let claimed = world
        .store
        .claim_jobs(Lane::Rest, Duration::from_secs(60), 10)
        .await
        .unwrap();
    world
        .write(|txn| txn.cancel_job("other/1", "draft:1"))
        .await
        .unwrap();
    world
        .write(|txn| txn.cancel_job("test/1", "draft:1"))
        .await
        .unwrap();
    let job = claimed.into_iter().next().unwrap();
    let ended = world
        .write(move |txn| txn.finish_job(&job, &Finish::Done))
        .await;
    assert_eq!(ended.unwrap_err().code(), Code::RaceCondition);
}
