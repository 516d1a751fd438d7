//! Which thread a message joins.

use model::{Code, ThreadId};

use crate::world::{Mail, World};

on_both_engines![
    a_reply_joins_its_parent,
    an_older_ancestor_serves_when_the_parent_is_missing,
    siblings_of_an_unknown_parent_meet,
    a_late_parent_joins_its_children,
    a_repeated_id_pulls_nothing_into_a_thread,
    threads_of_two_inboxes_stay_apart,
    replies_at_once_end_in_one_thread,
    long_lists_of_ancestors_are_cut,
    a_thread_goes_with_its_last_message,
    a_thread_is_deleted_only_where_it_lives,
];

async fn put(world: &World, inbox: &store::Route, id: &str, ancestors: &[&str]) -> ThreadId {
    let mail = Mail {
        id: Some(id),
        parent: ancestors.first().copied(),
        ancestors: ancestors.get(1..).unwrap_or_default(),
        ..Mail::default()
    };
    world.file(inbox, mail).await.unwrap().thread_id
}

async fn a_reply_joins_its_parent(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let first = put(&world, &inbox, "<1@x>", &[]).await;
    assert_ne!(put(&world, &inbox, "<2@x>", &[]).await, first);
    assert_eq!(put(&world, &inbox, "<3@x>", &["<1@x>"]).await, first);
    assert_eq!(put(&world, &inbox, "<4@x>", &["<3@x>"]).await, first);
}

async fn an_older_ancestor_serves_when_the_parent_is_missing(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let first = put(&world, &inbox, "<1@x>", &[]).await;
    let second = put(&world, &inbox, "<2@x>", &[]).await;
    assert_eq!(
        put(&world, &inbox, "<3@x>", &["<lost@x>", "<1@x>", "<2@x>"]).await,
        first
    );
    assert_eq!(
        put(&world, &inbox, "<4@x>", &["<2@x>", "<1@x>"]).await,
        second
    );
}

async fn siblings_of_an_unknown_parent_meet(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let first = put(&world, &inbox, "<1@x>", &["<lost@x>"]).await;
    assert_eq!(put(&world, &inbox, "<2@x>", &["<lost@x>"]).await, first);
    assert_eq!(
        put(&world, &inbox, "<3@x>", &["<lost2@x>", "<lost@x>"]).await,
        first
    );
    assert_eq!(put(&world, &inbox, "<4@x>", &["<lost2@x>"]).await, first);
}

async fn a_late_parent_joins_its_children(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let child = put(&world, &inbox, "<2@x>", &["<1@x>"]).await;
    assert_eq!(put(&world, &inbox, "<1@x>", &[]).await, child);
    assert_eq!(put(&world, &inbox, "<3@x>", &["<1@x>"]).await, child);
}

async fn a_repeated_id_pulls_nothing_into_a_thread(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let first = put(&world, &inbox, "<1@x>", &[]).await;
    assert_ne!(put(&world, &inbox, "<1@x>", &[]).await, first);
    // Also when the id was waited for before it came.
    let child = put(&world, &inbox, "<3@x>", &["<2@x>"]).await;
    assert_eq!(put(&world, &inbox, "<2@x>", &[]).await, child);
    assert_ne!(put(&world, &inbox, "<2@x>", &[]).await, child);
}

async fn threads_of_two_inboxes_stay_apart(world: World) {
    let a = world.inbox("a@example.test").await;
    let b = world.inbox("b@example.test").await;
    let first = put(&world, &a, "<1@x>", &[]).await;
    assert_ne!(put(&world, &b, "<1@x>", &[]).await, first);
    assert_ne!(put(&world, &b, "<2@x>", &["<1@x>"]).await, first);
    assert_eq!(put(&world, &a, "<2@x>", &["<1@x>"]).await, first);
}

async fn replies_at_once_end_in_one_thread(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for round in 0..10 {
        let parent = format!("<parent{round}@x>");
        let replies = (0..6).map(|n| {
            let (world, inbox, parent) = (world.clone(), inbox.clone(), parent.clone());
            async move { put(&world, &inbox, &format!("<{round}.{n}@x>"), &[&parent]).await }
        });
        let threads = futures_util::future::join_all(replies).await;
        assert!(
            threads.iter().all(|thread| *thread == threads[0]),
            "{threads:?}"
        );
        let (inbox, thread) = (inbox.inbox_key, threads[0]);
        let read = world.read(move |view| view.thread(Some(inbox), thread));
        assert_eq!(read.await.unwrap().message_count, 6);
    }
}

async fn long_lists_of_ancestors_are_cut(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let far = put(&world, &inbox, "<far@x>", &[]).await;
    let near = put(&world, &inbox, "<near@x>", &[]).await;
    let mut names: Vec<String> = (0..49).map(|n| format!("<lost{n}@x>")).collect();
    names.push("<near@x>".to_owned());
    names.push("<far@x>".to_owned());
    names.extend((0..500).map(|n| format!("<more{n}@x>")));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(put(&world, &inbox, "<1@x>", &names).await, near);
    assert_ne!(put(&world, &inbox, "<2@x>", &names[50..]).await, near);
    assert_eq!(put(&world, &inbox, "<3@x>", &["<far@x>"]).await, far);
    assert_eq!(
        world.number("select count(*) from thread_ref where message_id = '<more499@x>'"),
        0
    );
}

async fn a_thread_goes_with_its_last_message(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mail = |id| Mail {
        id: Some(id),
        parent: Some("<0@x>"),
        labels: &["work"],
        ..Mail::default()
    };
    let first = world.file(&inbox, mail("<1@x>")).await.unwrap();
    let second = world.file(&inbox, mail("<2@x>")).await.unwrap();
    assert_eq!(first.thread_id, second.thread_id);
    for (message, left) in [(first.clone(), 1), (second, 0)] {
        let delete = world.write(move |txn| txn.delete_message(&message));
        delete.await.unwrap();
        assert_eq!(world.number("select count(*) from thread"), left);
        assert_eq!(world.number("select count(*) from thread_label"), left);
        assert_eq!(world.number("select count(*) from thread_ref"), left);
    }
    for table in ["message", "message_label", "blob"] {
        assert_eq!(
            world.number(&format!("select count(*) from {table}")),
            0,
            "{table}"
        );
    }
    let again = world.write(move |txn| txn.delete_message(&first)).await;
    assert_eq!(again.unwrap_err().code(), Code::NotFound);
}

async fn a_thread_is_deleted_only_where_it_lives(world: World) {
    let a = world.inbox("a@example.test").await;
    let b = world.inbox("b@example.test").await;
    let thread = put(&world, &a, "<1@x>", &[]).await;
    put(&world, &a, "<2@x>", &["<1@x>"]).await;
    let delete = |inbox: &store::Route| {
        let (world, inbox) = (world.clone(), inbox.inbox_key);
        async move {
            let done = world.write(move |txn| txn.delete_thread(inbox, thread));
            done.await.map_err(|error| error.code())
        }
    };
    assert_eq!(delete(&b).await, Err(Code::NotFound));
    assert_eq!(world.number("select count(*) from message"), 2);
    assert_eq!(delete(&a).await, Ok(()));
    assert_eq!(delete(&a).await, Err(Code::NotFound));
    assert_eq!(world.number("select count(*) from message"), 0);
    assert_eq!(world.number("select count(*) from thread"), 0);
}
