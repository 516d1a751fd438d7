//! Webhooks that gather what arrives in a thread.

use std::time::Duration;

use futures_util::future::join_all;
use model::webhook::{HookDelivery, HookState};
use model::{EventKind, Hidden, WebhookId};
use store::{DueHook, NewEvent, NewWebhook, Route, WebhookChange};

use crate::world::{Mail, World, id};

on_both_engines![
    arrivals_in_a_thread_are_told_in_the_delivery_of_the_first,
    what_is_posted_takes_in_nothing_more,
    a_disabled_webhook_begins_anew,
    who_posts_while_more_arrives_tells_of_each_arrival_once,
    no_delivery_grows_without_end
];

async fn webhook(world: &World, gather: u32) -> WebhookId {
    let webhook_id = WebhookId::new(world.ids.ordered(world.now()));
    let new = NewWebhook {
        webhook_id,
        url: "https://hook.test/".to_owned(),
        client_id: None,
        kinds: None,
        pods: Vec::new(),
        inboxes: Vec::new(),
        unseen: Hidden::NONE,
        gather: Some(gather),
        secret: vec![1],
        headers: None,
    };
    let made = world.write(move |txn| txn.create_webhook(&new, 50)).await;
    assert_eq!(made.unwrap().webhook.gather, Some(gather));
    webhook_id
}

/// A message with its event, of which nothing was looked at for webhooks.
async fn arrives(world: &World, inbox: &Route, own: &str, parent: Option<&str>, kind: EventKind) {
    let mail = Mail {
        id: Some(own),
        parent,
        ..Mail::default()
    };
    let message = world.file(inbox, mail).await.unwrap();
    let event = NewEvent {
        kind,
        message_key: Some(message.key),
        ..world.event(Some(inbox), Hidden::NONE, own)
    };
    let emit = world.write(move |txn| {
        txn.emit(event.clone());
        Ok(())
    });
    emit.await.unwrap();
}

async fn received(world: &World, inbox: &Route, own: &str, parent: Option<&str>) {
    arrives(world, inbox, own, parent, EventKind::MessageReceived).await;
}

async fn fan_out(world: &World) {
    while world.write(|txn| txn.fan_out(64, 64)).await.unwrap().more {}
}

/// What is due now, as somebody gets it who is about to post it.
async fn taken(world: &World, hook: WebhookId) -> Vec<DueHook> {
    let taken = world.write(move |txn| {
        let hook = txn.webhook(hook)?;
        txn.close_gathering(&hook)?;
        txn.due_hooks(&hook, 100)
    });
    let mut taken = taken.await.unwrap();
    // One that came between the two statements is taken the next time.
    taken.retain(|one| !one.gathers);
    taken
}

async fn all(world: &World, hook: WebhookId) -> Vec<HookDelivery> {
    let read = world.read(move |view| {
        let hook = view.webhook(hook)?;
        view.hook_deliveries(&hook, None, true, 1_000)
    });
    let mut all = read.await.unwrap();
    all.sort_by_key(|one| one.seq);
    all
}

fn told(due: &DueHook) -> Vec<&str> {
    let ids = due.gathered.iter().map(|one| one.message_id.as_str());
    ids.collect()
}

async fn arrivals_in_a_thread_are_told_in_the_delivery_of_the_first(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let hook = webhook(&world, 30).await;
    received(&world, &inbox, "<1@x>", None).await;
    received(&world, &inbox, "<2@x>", Some("<1@x>")).await;
    received(&world, &inbox, "<other@x>", None).await;
    let spam = EventKind::MessageReceivedSpam;
    arrives(&world, &inbox, "<spam@x>", Some("<1@x>"), spam).await;
    fan_out(&world).await;
    received(&world, &inbox, "<3@x>", Some("<2@x>")).await;
    let said = EventKind::MessageDelivered;
    arrives(&world, &inbox, "<4@x>", Some("<2@x>"), said).await;
    fan_out(&world).await;
    // What is no arrival waits for nothing.
    let at_once = taken(&world, hook).await;
    assert_eq!(at_once.len(), 1);
    assert_eq!(at_once[0].delivery.kind, "message.delivered");
    world.clock.advance(Duration::from_secs(29));
    assert_eq!(taken(&world, hook).await.len(), 1);
    world.clock.advance(Duration::from_secs(1));
    let mut due = taken(&world, hook).await;
    due.sort_by_key(|one| one.delivery.seq);
    let lists: Vec<_> = due.iter().map(told).collect();
    assert_eq!(lists, [vec!["<2@x>", "<3@x>"], vec![], vec![], vec![]]);
    let kinds = |seq: usize| due[seq].delivery.kind.as_str();
    assert_eq!((kinds(0), kinds(2)), ("message.received", spam.name()));
    let deliveries = all(&world, hook).await;
    assert_eq!(deliveries.len(), 6);
    let leader = due[0].delivery.delivery_id;
    for place in [1, 4] {
        let one = &deliveries[place];
        assert_eq!(
            (one.state, one.gathered_in, one.due_at),
            (HookState::Gathered, Some(leader), None)
        );
    }
    assert_eq!(deliveries[0].gathered, 2);
    // Asked for again it is posted by itself, and the first one tells of it still.
    let other = deliveries[1].delivery_id;
    let reopen = world.write(move |txn| {
        let hook = txn.webhook(hook)?;
        txn.reopen_hook_delivery(&hook, other)
    });
    reopen.await.unwrap();
    let due = taken(&world, hook).await;
    let again = |delivery| due.iter().find(|one| one.delivery.delivery_id == delivery);
    assert!(again(other).unwrap().gathered.is_empty());
    assert_eq!(told(again(leader).unwrap()), ["<2@x>", "<3@x>"]);
}

async fn what_is_posted_takes_in_nothing_more(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let hook = webhook(&world, 5).await;
    received(&world, &inbox, "<1@x>", None).await;
    fan_out(&world).await;
    world.clock.advance(Duration::from_secs(5));
    // Due, and not taken yet.
    received(&world, &inbox, "<2@x>", Some("<1@x>")).await;
    received(&world, &inbox, "<gone@x>", Some("<1@x>")).await;
    fan_out(&world).await;
    let key = inbox.inbox_key;
    let delete = world.write(move |txn| {
        let gone = txn.message(key, &id("<gone@x>"))?;
        txn.delete_message(&gone)
    });
    delete.await.unwrap();
    assert_eq!(told(&taken(&world, hook).await[0]), ["<2@x>", "<gone@x>"]);
    received(&world, &inbox, "<3@x>", Some("<1@x>")).await;
    fan_out(&world).await;
    let first = taken(&world, hook).await;
    assert_eq!((first.len(), told(&first[0]).len()), (1, 2));
    world.clock.advance(Duration::from_secs(5));
    let lists: Vec<_> = taken(&world, hook)
        .await
        .iter()
        .map(|one| one.gathered.len())
        .collect();
    assert_eq!(lists, [2, 0]);
    // Redelivered before its time it is closed, and due.
    received(&world, &inbox, "<4@x>", Some("<1@x>")).await;
    fan_out(&world).await;
    let last = all(&world, hook).await.pop().unwrap().delivery_id;
    let reopen = world.write(move |txn| {
        let hook = txn.webhook(hook)?;
        txn.reopen_hook_delivery(&hook, last)
    });
    reopen.await.unwrap();
    received(&world, &inbox, "<5@x>", Some("<1@x>")).await;
    fan_out(&world).await;
    let deliveries = all(&world, hook).await;
    let newest = deliveries.last().unwrap();
    assert_eq!(
        (newest.state, newest.gathered_in),
        (HookState::Pending, None)
    );
}

async fn a_disabled_webhook_begins_anew(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let hook = webhook(&world, 300).await;
    received(&world, &inbox, "<1@x>", None).await;
    received(&world, &inbox, "<2@x>", Some("<1@x>")).await;
    fan_out(&world).await;
    for enabled in [false, true] {
        let switch = world.write(move |txn| {
            let held = txn.lock_webhook(hook)?;
            txn.switch_webhook(&held, enabled, None)
        });
        switch.await.unwrap();
    }
    received(&world, &inbox, "<3@x>", Some("<1@x>")).await;
    fan_out(&world).await;
    world.clock.advance(Duration::from_secs(300));
    let due = taken(&world, hook).await;
    assert_eq!((due.len(), due[0].gathered.len()), (1, 0));
    // Switched off, arrivals are due at once again.
    let off = world.write(move |txn| {
        let held = txn.lock_webhook(hook)?;
        let change = WebhookChange {
            gather: Some(None),
            ..WebhookChange::default()
        };
        txn.change_webhook(&held, &change)
    });
    off.await.unwrap();
    received(&world, &inbox, "<4@x>", Some("<1@x>")).await;
    fan_out(&world).await;
    assert_eq!(taken(&world, hook).await.len(), 2);
}

async fn who_posts_while_more_arrives_tells_of_each_arrival_once(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let hook = webhook(&world, 1).await;
    received(&world, &inbox, "<0@x>", None).await;
    let writer = async {
        for n in 1..40 {
            let own = format!("<{n}@x>");
            received(&world, &inbox, &own, Some("<0@x>")).await;
        }
    };
    let readers = join_all((0..3).map(|_| async {
        for _ in 0..30 {
            fan_out(&world).await;
        }
    }));
    let poster = async {
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..30 {
            world.clock.advance(Duration::from_secs(1));
            for one in taken(&world, hook).await {
                let list = one.gathered.clone();
                let known = seen.insert(one.delivery.seq, list.clone());
                assert!(known.is_none_or(|known| known == list), "it has changed");
            }
        }
    };
    tokio::join!(writer, readers, poster);
    fan_out(&world).await;
    world.clock.advance(Duration::from_secs(1));
    let mut places = Vec::new();
    for one in taken(&world, hook).await {
        places.push(one.delivery.seq);
        places.extend(one.gathered.iter().map(|other| other.seq));
    }
    places.sort_unstable();
    let every: Vec<i64> = all(&world, hook).await.iter().map(|one| one.seq).collect();
    assert_eq!((places.len(), &places), (40, &every));
}

async fn no_delivery_grows_without_end(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let hook = webhook(&world, 60).await;
    received(&world, &inbox, "<0@x>", None).await;
    for n in 1..=100 {
        let own = format!("<{n}@x>");
        received(&world, &inbox, &own, Some("<0@x>")).await;
    }
    fan_out(&world).await;
    received(&world, &inbox, "<101@x>", Some("<0@x>")).await;
    fan_out(&world).await;
    world.clock.advance(Duration::from_secs(60));
    let mut due = taken(&world, hook).await;
    due.sort_by_key(|one| one.delivery.seq);
    let lists: Vec<_> = due.iter().map(|one| one.gathered.len()).collect();
    assert_eq!(lists, [99, 1]);
}
