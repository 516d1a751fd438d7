//! Making, changing, listing and removing inboxes.

use model::inbox::InboxStatus;
use model::{Code, InboxKey};
use store::{InboxChange, NewInbox, NewInboxOutcome, Position};

use crate::world::{Mail, World, address};

on_both_engines![
    a_client_id_names_one_inbox,
    equal_first_calls_at_once_make_one_inbox,
    an_address_has_one_inbox,
    an_inbox_changes_only_what_is_named,
    pages_cover_every_inbox_once,
    a_deleted_inbox_frees_its_address_and_hides_its_mail,
    purging_leaves_nothing_behind,
    addresses_lead_to_their_inboxes,
];

async fn create(world: &World, new: &NewInbox) -> NewInboxOutcome {
    let new = new.clone();
    let made = world.write(move |txn| txn.create_inbox(&new));
    made.await.unwrap()
}

fn new(world: &World, at: &str, client_id: Option<&str>) -> NewInbox {
    NewInbox {
        client_id: client_id.map(str::to_owned),
        ..world.new_inbox(world.org.default_pod(), at)
    }
}

async fn a_client_id_names_one_inbox(world: World) {
    let made = create(&world, &new(&world, "a@example.test", Some("one"))).await;
    let NewInboxOutcome::Made(made) = made else {
        panic!("{made:?}");
    };
    for at in ["a@example.test", "b@example.test"] {
        let again = create(&world, &new(&world, at, Some("one"))).await;
        assert!(matches!(again, NewInboxOutcome::Known(known) if known.key == made.key));
    }
    // Another organisation's client ids are its own.
    let other = model::OrgId::new(world.ids.random());
    world.bootstrap(other).await;
    let mut theirs = new(&world, "c@example.test", Some("one"));
    theirs.pod_id = other.default_pod();
    let grant = world.system_of(other);
    let made = world
        .store
        .write(&grant, move |txn| txn.create_inbox(&theirs))
        .await;
    assert!(matches!(made, Ok(NewInboxOutcome::Made(_))));
}

async fn equal_first_calls_at_once_make_one_inbox(world: World) {
    for round in 0..5 {
        let same_address = format!("same{round}@example.test");
        let calls = (0..8).map(|call| {
            let own_address = format!("own{round}.{call}@example.test");
            let at = if round % 2 == 0 {
                &same_address
            } else {
                &own_address
            };
            let new = new(&world, at, Some(&format!("client{round}")));
            let world = world.clone();
            async move { create(&world, &new).await }
        });
        let outcomes = futures_util::future::join_all(calls).await;
        let mut made = Vec::new();
        let mut known = Vec::new();
        for outcome in outcomes {
            match outcome {
                NewInboxOutcome::Made(inbox) => made.push(inbox.key),
                NewInboxOutcome::Known(inbox) => known.push(inbox.key),
                NewInboxOutcome::Taken => {
                    panic!("the same call was told that the address is taken")
                }
            }
        }
        assert_eq!((made.len(), known.len()), (1, 7));
        assert!(known.iter().all(|key| *key == made[0]));
    }
}

async fn an_address_has_one_inbox(world: World) {
    world.inbox("a@example.test").await;
    for client in [None, Some("x")] {
        let again = create(&world, &new(&world, "a@example.test", client)).await;
        assert!(matches!(again, NewInboxOutcome::Taken));
    }
    let candidates = ["a@example.test", "b@example.test"].map(address);
    let free = world.read(move |view| view.free_addresses(&candidates));
    assert_eq!(free.await.unwrap(), [address("b@example.test")]);
}

async fn an_inbox_changes_only_what_is_named(world: World) {
    world.inbox("a@example.test").await;
    let set = |change: InboxChange| {
        let world = world.clone();
        async move {
            let at = address("a@example.test");
            let done = world.write(move |txn| txn.change_inbox(&at, &change));
            done.await.unwrap()
        }
    };
    let changed = set(InboxChange {
        display_name: Some(Some("Ann".to_owned())),
        metadata: Some(Some("{\"a\":1}".to_owned())),
        ..InboxChange::default()
    })
    .await;
    assert_eq!(changed.display_name.as_deref(), Some("Ann"));
    let changed = set(InboxChange {
        status: Some(InboxStatus::Paused),
        metadata: Some(None),
        ..InboxChange::default()
    })
    .await;
    assert_eq!(changed.display_name.as_deref(), Some("Ann"));
    assert_eq!(
        (changed.status, changed.metadata),
        (InboxStatus::Paused, None)
    );
}

async fn pages_cover_every_inbox_once(world: World) {
    let mut made: Vec<InboxKey> = Vec::new();
    for n in 0..23 {
        if n % 5 == 0 {
            world.clock.advance(std::time::Duration::from_secs(1));
        }
        made.push(world.inbox(&format!("i{n}@example.test")).await.inbox_key);
    }
    for ascending in [true, false] {
        let (mut from, mut seen) = (None, Vec::new());
        loop {
            let page = world.read(move |view| view.inboxes(from, ascending, 4));
            let page = page.await.unwrap();
            let Some(last) = page.last() else { break };
            from = Some(Position {
                at: last.created_at.as_micros(),
                key: *last.key.as_bytes(),
            });
            seen.extend(page.iter().map(|inbox| inbox.key));
        }
        if !ascending {
            seen.reverse();
        }
        assert_eq!(seen, made);
    }
}

async fn a_deleted_inbox_frees_its_address_and_hides_its_mail(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let message = world.file(&inbox, Mail::default()).await.unwrap();
    let late = world.mail(&inbox, Mail::default()).await;
    let delete = world.write(|txn| txn.delete_inbox(&address("a@example.test")));
    delete.await.unwrap();
    assert!(world.store.raw(&world.system(), message.key).await.is_err());
    let (key, thread) = (message.key, message.thread_id);
    let read = world.read(move |view| {
        Ok([
            view.message_of_key(key).is_err(),
            view.content(key).is_err(),
            view.thread(None, thread).is_err(),
            view.thread_messages(thread, None, 10)?.is_empty(),
        ])
    });
    assert_eq!(read.await.unwrap(), [true; 4]);
    let file = world.write(move |txn| txn.file_message(&late)).await;
    assert_eq!(file.unwrap_err().code(), Code::NotFound);
    world.inbox("a@example.test").await;
}

async fn purging_leaves_nothing_behind(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for n in 0..7 {
        let parent = format!("<p{}@x>", n % 2);
        let mail = Mail {
            parent: Some(&parent),
            labels: &["work"],
            ..Mail::default()
        };
        world.file(&inbox, mail).await.unwrap();
    }
    let delete = world.write(|txn| txn.delete_inbox(&address("a@example.test")));
    delete.await.unwrap();
    let key = inbox.inbox_key;
    let mut slices = 0;
    while world
        .write(move |txn| txn.purge_inbox(key, 3))
        .await
        .unwrap()
    {
        slices += 1;
    }
    assert_eq!(slices, 3);
    for table in [
        "message",
        "message_label",
        "thread",
        "thread_label",
        "thread_ref",
        "blob",
    ] {
        assert_eq!(
            world.number(&format!("select count(*) from {table}")),
            0,
            "{table}"
        );
    }
}

async fn addresses_lead_to_their_inboxes(world: World) {
    let a = world.inbox("a@example.test").await;
    let asked = ["b@example.test", "a@example.test"]
        .map(str::to_owned)
        .to_vec();
    let routes = world.store.routes(asked).await.unwrap();
    assert!(routes[0].is_none());
    let found = routes[1].as_ref().unwrap();
    assert_eq!(
        (found.inbox_key, found.org_id, found.pod_id),
        (a.inbox_key, a.org_id, a.pod_id)
    );
}
