//! Allow and block lists, and what an inbox has sent lately.

use std::time::Duration;

use mail::Address;
use model::api_key::Scope;
use model::list::{Authors, Direction, Entry, ListType, Verdict};
use model::{Code, InboxKey, MessageKey, OrgId, PodId};
use store::{Access, Governed, NewListEntry, Received, Route};

use crate::world::{Mail, World, grant};

on_both_engines![
    an_entry_is_on_one_side_and_once_even_when_many_make_it_at_once,
    what_the_server_made_outranks_and_stays,
    nobody_sees_or_changes_lists_of_another_scope,
    narrower_lists_win_for_the_inbox_they_are_for,
    a_repeated_mail_is_known_although_it_was_blocked,
    lists_go_with_their_inbox,
    a_window_of_departures_moves_with_the_clock,
];

fn new(list: (Direction, ListType), entry: &str) -> NewListEntry {
    NewListEntry {
        entry: Entry::parse(entry).unwrap(),
        direction: list.0,
        list_type: list.1,
        reason: None,
        read_only: false,
    }
}

async fn add(world: &World, access: &Access, new: NewListEntry) -> model::Result<()> {
    let grant = grant(access);
    let made = world
        .store
        .write(&grant, move |txn| txn.add_list_entry(&new));
    made.await.map(|_| ())
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

async fn verdict(world: &World, inbox: &Route, to: &str) -> Verdict {
    let (inbox, to) = (Governed::from(inbox), vec![address(to)]);
    let barred = world.read(move |view| view.barred_recipients(inbox, &to));
    let barred = barred.await.unwrap();
    barred.first().map_or(Verdict::Open, |(_, why)| *why)
}

const SEND_ALLOW: (Direction, ListType) = (Direction::Send, ListType::Allow);
const SEND_BLOCK: (Direction, ListType) = (Direction::Send, ListType::Block);

async fn an_entry_is_on_one_side_and_once_even_when_many_make_it_at_once(world: World) {
    let access = world.key(world.org, Scope::Org, None).await;
    let tries = (0..16).map(|n| {
        let list = if n % 2 == 0 { SEND_ALLOW } else { SEND_BLOCK };
        let (world, access) = (world.clone(), access.clone());
        async move { (list.1, add(&world, &access, new(list, "a.test")).await) }
    });
    let outcomes = futures_util::future::join_all(tries).await;
    let won: Vec<ListType> = outcomes
        .iter()
        .filter(|(_, made)| made.is_ok())
        .map(|(kind, _)| *kind)
        .collect();
    assert_eq!(won.len(), 8, "{outcomes:?}");
    assert!(won.iter().all(|kind| *kind == won[0]), "{outcomes:?}");
    for (_, made) in outcomes {
        if let Err(error) = made {
            assert_eq!(error.code(), Code::Conflict, "{error:?}");
        }
    }
    assert_eq!(world.number("select count(*) from list_entry"), 1);
}

async fn what_the_server_made_outranks_and_stays(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let org = world.key(world.org, Scope::Org, None).await;
    let own = Scope::Inbox(inbox.pod_id, inbox.inbox_key);
    let own = world.key(world.org, own, None).await;
    for access in [&org, &own] {
        add(&world, access, new(SEND_ALLOW, "ann@x.test"))
            .await
            .unwrap();
    }
    assert_eq!(verdict(&world, &inbox, "ann@x.test").await, Verdict::Open);
    let suppressed = NewListEntry {
        read_only: true,
        ..new(SEND_BLOCK, "ann@x.test")
    };
    for _ in 0..2 {
        add(&world, &org, suppressed.clone()).await.unwrap();
    }
    assert_eq!(
        verdict(&world, &inbox, "ann@x.test").await,
        Verdict::Suppressed
    );
    let delete = async |list: (Direction, ListType)| {
        let entry = Entry::parse("ann@x.test").unwrap();
        let grant = grant(&org);
        let gone = world.store.write(&grant, move |txn| {
            txn.delete_list_entry(list.0, list.1, &entry)
        });
        gone.await.map_err(|error| error.code())
    };
    assert_eq!(delete(SEND_BLOCK).await, Err(Code::CannotDelete));
    assert_eq!(delete(SEND_ALLOW).await, Ok(()));
    assert_eq!(delete(SEND_ALLOW).await, Err(Code::NotFound));
    // A caller's own block becomes the server's.
    add(&world, &org, new(SEND_BLOCK, "bob@x.test"))
        .await
        .unwrap();
    let taken_over = NewListEntry {
        read_only: true,
        ..new(SEND_BLOCK, "bob@x.test")
    };
    add(&world, &org, taken_over).await.unwrap();
    assert_eq!(
        verdict(&world, &inbox, "bob@x.test").await,
        Verdict::Suppressed
    );
    let refused = add(&world, &org, new(SEND_ALLOW, "bob@x.test")).await;
    assert_eq!(refused.unwrap_err().code(), Code::Conflict);
}

async fn nobody_sees_or_changes_lists_of_another_scope(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let beside = world.inbox("b@example.test").await;
    let pod = PodId::new(world.ids.random());
    let other_org = OrgId::new(world.ids.random());
    world.bootstrap(other_org).await;
    let key = |org, scope| world.key(org, scope, None);
    let scope = |route: &Route| Scope::Inbox(route.pod_id, route.inbox_key);
    // The default pod has the id of its organisation, and is not the same scope.
    let all = [
        key(world.org, Scope::Org).await,
        key(world.org, Scope::Pod(world.org.default_pod())).await,
        key(world.org, Scope::Pod(pod)).await,
        key(world.org, scope(&inbox)).await,
        key(world.org, scope(&beside)).await,
        key(other_org, Scope::Org).await,
        key(other_org, Scope::Pod(world.org.default_pod())).await,
    ];
    for (number, access) in all.iter().enumerate() {
        add(&world, access, new(SEND_BLOCK, &format!("n{number}.test")))
            .await
            .unwrap();
        add(&world, access, new(SEND_BLOCK, "same.test"))
            .await
            .unwrap();
    }
    for (number, access) in all.iter().enumerate() {
        let grant = grant(access);
        let listed = world.store.read(&grant, |view| {
            view.list_entries(Direction::Send, ListType::Block, "", 10)
        });
        let listed = listed.await.unwrap();
        let names: Vec<&str> = listed.iter().map(|one| one.entry.as_str()).collect();
        assert_eq!(names, [format!("n{number}.test").as_str(), "same.test"]);
        for other in (0..all.len()).filter(|other| *other != number) {
            let entry = Entry::parse(&format!("n{other}.test")).unwrap();
            let gone = world.store.write(&grant, move |txn| {
                let seen = txn.list_entry(Direction::Send, ListType::Block, &entry);
                assert_eq!(seen.unwrap_err().code(), Code::NotFound);
                txn.delete_list_entry(Direction::Send, ListType::Block, &entry)
            });
            assert_eq!(gone.await.unwrap_err().code(), Code::NotFound);
        }
    }
}

async fn narrower_lists_win_for_the_inbox_they_are_for(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let beside = world.inbox("b@example.test").await;
    let org = world.key(world.org, Scope::Org, None).await;
    let pod = Scope::Pod(inbox.pod_id);
    let pod = world.key(world.org, pod, None).await;
    let own = Scope::Inbox(inbox.pod_id, inbox.inbox_key);
    let own = world.key(world.org, own, None).await;
    add(&world, &org, new(SEND_ALLOW, "deep.sub.x.test"))
        .await
        .unwrap();
    add(&world, &pod, new(SEND_BLOCK, "*.x.test"))
        .await
        .unwrap();
    add(&world, &own, new(SEND_ALLOW, "ann@deep.sub.x.test"))
        .await
        .unwrap();
    for (route, to, expected) in [
        (&inbox, "ann@deep.sub.x.test", Verdict::Open),
        (&inbox, "bob@deep.sub.x.test", Verdict::Blocked),
        (&inbox, "bob@y.test", Verdict::NotAllowed),
        (&beside, "ann@deep.sub.x.test", Verdict::Blocked),
    ] {
        assert_eq!(verdict(&world, route, to).await, expected, "{to}");
    }
    // A domain with as many labels as there can be is looked up too.
    let longest = format!("a@{}", vec!["b"; 120].join("."));
    assert_eq!(verdict(&world, &inbox, &longest).await, Verdict::NotAllowed);
    // An inbox's own grant is bound by what it cannot see.
    let (governed, to) = (Governed::from(&inbox), vec![address("bob@deep.sub.x.test")]);
    let grant = grant(&own);
    let barred = world
        .store
        .read(&grant, move |view| view.barred_recipients(governed, &to));
    assert_eq!(barred.await.unwrap()[0].1, Verdict::Blocked);
}

async fn a_repeated_mail_is_known_although_it_was_blocked(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let org = world.key(world.org, Scope::Org, None).await;
    let list = (Direction::Receive, ListType::Block);
    add(&world, &org, new(list, "spam.test")).await.unwrap();
    let authors = Authors {
        from: vec![address("x@spam.test")],
        ..Authors::default()
    };
    let mail = Mail {
        id: Some("<1@spam.test>"),
        dedup: Some(1),
        ..Mail::default()
    };
    let receive = async |mail: Mail<'_>| {
        let (mail, authors) = (world.mail(&inbox, mail).await, authors.clone());
        let filed = world.write(move |txn| txn.file_received(&mail, &authors));
        filed.await.unwrap()
    };
    let Received::New(message, _) = receive(mail.clone()).await else {
        panic!("it is new");
    };
    let labels: Vec<&str> = message.labels.iter().map(|label| label.as_str()).collect();
    assert_eq!(labels, ["blocked", "received"]);
    assert!(matches!(receive(mail).await, Received::Duplicate));
    assert_eq!(
        world.number("select count(*) from message_label where label = 'blocked'"),
        1
    );
    assert_eq!(
        world.number("select count(*) from message_label where label = 'received'"),
        0
    );
}

async fn lists_go_with_their_inbox(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let own = Scope::Inbox(inbox.pod_id, inbox.inbox_key);
    let secret = world.key(world.org, own, None).await;
    add(&world, &secret, new(SEND_BLOCK, "x.test"))
        .await
        .unwrap();
    let key: InboxKey = inbox.inbox_key;
    let purged = world.write(move |txn| txn.purge_inbox(key, 10));
    assert!(!purged.await.unwrap());
    assert_eq!(world.number("select count(*) from list_entry"), 0);
}

async fn a_window_of_departures_moves_with_the_clock(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let governed = Governed::from(&inbox);
    let hour = Duration::from_secs(3_600);
    let count = async || {
        let message = MessageKey::new(world.ids.ordered(world.now()));
        let counted = world.write(move |txn| txn.count_send(governed, message, 3, hour));
        counted.await.unwrap()
    };
    let first = world.now();
    for _ in 0..3 {
        assert_eq!(count().await, None);
        world.clock.advance(Duration::from_secs(600));
    }
    assert_eq!(count().await, Some(first.plus(hour)));
    world.clock.advance(Duration::from_secs(1_799));
    assert_eq!(count().await, Some(first.plus(hour)));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(count().await, None);
    assert_eq!(
        count().await,
        Some(first.plus(hour + Duration::from_secs(600)))
    );
    assert_eq!(world.number("select count(*) from send_log"), 3);
}
