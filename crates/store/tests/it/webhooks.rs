//! Webhooks: who reaches them, and that every event is handed to each once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use model::api_key::Scope;
use model::{Hidden, OrgId, WebhookId};
use store::{Access, NewWebhook, WebhookChange, WebhookRow, delivery_id};

use crate::world::{World, grant};

on_both_engines![
    every_event_is_handed_to_each_webhook_once,
    a_webhook_hears_what_happens_after_it_was_made_or_enabled,
    nobody_reaches_a_webhook_of_others,
    a_delivery_of_a_disabled_webhook_waits_for_nothing
];

fn new_webhook(world: &World) -> NewWebhook {
    NewWebhook {
        webhook_id: WebhookId::new(world.ids.ordered(world.now())),
        url: "https://hook.test/".to_owned(),
        client_id: None,
        kinds: None,
        pods: Vec::new(),
        inboxes: Vec::new(),
        unseen: Hidden::NONE,
        gather: None,
        secret: vec![1],
        headers: None,
    }
}

async fn webhook(world: &World, access: &Access) -> WebhookRow {
    let new = new_webhook(world);
    let grant = grant(access);
    let made = world
        .store
        .write(&grant, move |txn| txn.create_webhook(&new, 50));
    made.await.unwrap()
}

/// Everything of the log that was not looked at; how many slices had deliveries.
async fn fan_out(world: &World) -> usize {
    let mut slices = 0;
    loop {
        let out = world.write(|txn| txn.fan_out(7, 5)).await.unwrap();
        slices += usize::from(!out.webhooks.is_empty());
        if !out.more {
            return slices;
        }
    }
}

async fn events(world: &World, mark: &str, count: usize) {
    let inbox = world.inbox(&format!("{mark}@example.test")).await;
    let commits = (0..count).map(|n| {
        let event = world.event(Some(&inbox), Hidden::NONE, &format!("{mark} {n}"));
        world.write(move |txn| {
            txn.emit(event.clone());
            Ok(())
        })
    });
    for commit in join_all(commits).await {
        commit.unwrap();
    }
}

/// The positions of the events that a webhook has a delivery of.
async fn delivered(world: &World, hook: &WebhookRow) -> Vec<i64> {
    let id = hook.webhook.webhook_id;
    let read = world.read(move |view| {
        let hook = view.webhook(id)?;
        view.hook_deliveries(&hook, None, true, 1000)
    });
    let all = read.await.unwrap();
    for one in &all {
        assert_eq!(one.delivery_id, delivery_id(id, one.event_id));
    }
    let mut places: Vec<i64> = all.iter().map(|one| one.seq).collect();
    places.sort_unstable();
    places
}

async fn every_event_is_handed_to_each_webhook_once(world: World) {
    let access = world.store.system(world.org, store::Reason::Operation);
    let hooks = [
        webhook(&world, &access).await,
        webhook(&world, &access).await,
    ];
    let begin = hooks[0].begins;
    let readers = join_all((0..4).map(|_| async {
        for _ in 0..5 {
            fan_out(&world).await;
        }
    }));
    let writers = join_all(["a", "b", "c"].map(|mark| events(&world, mark, 20)));
    tokio::join!(readers, writers);
    fan_out(&world).await;
    let expected: Vec<i64> = (begin + 1..=begin + 60).collect();
    for hook in &hooks {
        assert_eq!(delivered(&world, hook).await, expected);
    }
}

async fn a_webhook_hears_what_happens_after_it_was_made_or_enabled(world: World) {
    let access = world.store.system(world.org, store::Reason::Operation);
    events(&world, "before", 3).await;
    let first = webhook(&world, &access).await;
    events(&world, "one", 2).await;
    // Nobody has looked at the log yet.
    let second = webhook(&world, &access).await;
    events(&world, "two", 2).await;
    fan_out(&world).await;
    let begin = first.begins;
    assert_eq!(
        delivered(&world, &first).await,
        [begin + 1, begin + 2, begin + 3, begin + 4]
    );
    assert_eq!(delivered(&world, &second).await, [begin + 3, begin + 4]);
    let switch = async |enabled: bool| {
        let id = second.webhook.webhook_id;
        let switched = world.write(move |txn| {
            let held = txn.lock_webhook(id)?;
            txn.switch_webhook(&held, enabled, None)
        });
        switched.await.unwrap();
    };
    switch(false).await;
    events(&world, "missed", 2).await;
    switch(true).await;
    events(&world, "three", 1).await;
    fan_out(&world).await;
    assert_eq!(
        delivered(&world, &second).await,
        [begin + 3, begin + 4, begin + 7]
    );
    // Without webhooks there is no cursor; with the next one it is at the end of the log.
    for hook in [&first, &second] {
        let id = hook.webhook.webhook_id;
        world
            .write(move |txn| txn.delete_webhook(id))
            .await
            .unwrap();
    }
    events(&world, "nobody", 1).await;
    fan_out(&world).await;
    assert_eq!(world.number("select count(*) from webhook_cursor"), 0);
    events(&world, "nobody.either", 1).await;
    let third = webhook(&world, &access).await;
    events(&world, "four", 1).await;
    fan_out(&world).await;
    assert_eq!(delivered(&world, &third).await, [begin + 10]);
}

async fn nobody_reaches_a_webhook_of_others(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let beside = world.inbox("b@example.test").await;
    let other_pod = world.pod(None).await;
    let other_org = OrgId::new(world.ids.random());
    world.bootstrap(other_org).await;
    let bound = |inbox: &store::Route| Scope::Inbox(inbox.pod_id, inbox.inbox_key);
    let owner = world.key(world.org, bound(&inbox), None).await;
    let hook = webhook(&world, &owner).await;
    events(&world, "c", 1).await;
    let (id, event) = (hook.webhook.webhook_id, model::EventId::at(1, 7));
    let delivery = delivery_id(id, event);
    let write = world.write(move |txn| {
        let hook = txn.webhook(id)?;
        txn.open_hook_delivery(&hook, event, 1, "message.received", None)
    });
    assert!(write.await.unwrap());
    let strangers = [
        world.key(other_org, Scope::Org, None).await,
        world.key(world.org, Scope::Pod(other_pod), None).await,
        world.key(world.org, bound(&beside), None).await,
    ];
    for access in &strangers {
        let grant = grant(access);
        let seen = world.store.read(&grant, {
            let hook = hook.clone();
            move |view| {
                Ok((
                    view.webhooks(None, false, 10)?.len(),
                    view.webhook(id).is_ok(),
                    view.hook_deliveries(&hook, None, false, 10)?.len(),
                    view.hook_delivery(&hook, delivery).is_ok(),
                    view.due_hooks(&hook, 10)?.len(),
                ))
            }
        });
        assert_eq!(seen.await.unwrap(), (0, false, 0, false, 0), "{access:?}");
        let changed = world.store.write(&grant, {
            let hook = hook.clone();
            move |txn| {
                let change = WebhookChange {
                    pods: Some(Vec::new()),
                    inboxes: Some(Vec::new()),
                    kinds: Some((Vec::new(), Hidden::ALL[0].1)),
                    gather: Some(Some(9)),
                };
                // Refused, or with no row to change; what has become of the webhook is looked at below.
                drop(txn.change_webhook(&hook, &change));
                drop(txn.set_webhook_headers(id, Some(&vec![9])));
                let now = txn.now();
                drop(txn.rotate_webhook_secret(id, &vec![9], now));
                drop(txn.switch_webhook(&hook, false, None));
                Ok((
                    txn.lock_webhook(id).is_ok(),
                    txn.delete_webhook(id).is_ok(),
                    txn.reopen_hook_delivery(&hook, delivery).is_ok(),
                    txn.purge_hook(id, 10)?,
                ))
            }
        });
        let refused = (false, false, false, false);
        assert_eq!(changed.await.unwrap(), refused, "{access:?}");
    }
    let now = world.read(move |view| view.webhook(id)).await.unwrap();
    assert_eq!(format!("{now:?}"), format!("{hook:?}"));
    let pod_key = world.key(world.org, Scope::Pod(inbox.pod_id), None).await;
    for access in [&owner, &pod_key] {
        let grant = grant(access);
        let seen = world.store.read(&grant, move |view| view.webhook(id));
        assert!(seen.await.is_ok(), "{access:?}");
    }
}

async fn a_delivery_of_a_disabled_webhook_waits_for_nothing(world: World) {
    let access = world.store.system(world.org, store::Reason::Operation);
    let id = webhook(&world, &access).await.webhook.webhook_id;
    events(&world, "a", 3).await;
    fan_out(&world).await;
    let states = async || {
        let read = world.read(move |view| {
            let hook = view.webhook(id)?;
            let all = view.hook_deliveries(&hook, None, false, 10)?;
            let names: BTreeSet<&str> = all.iter().map(|one| one.state.name()).collect();
            Ok((
                names,
                view.due_hooks(&hook, 10)?.len(),
                view.next_hook_due(&hook)?.is_some(),
            ))
        });
        read.await.unwrap()
    };
    assert_eq!(states().await, (BTreeSet::from(["pending"]), 3, true));
    for enabled in [false, true] {
        let switch = world.write(move |txn| {
            let held = txn.lock_webhook(id)?;
            txn.switch_webhook(&held, enabled, None)
        });
        switch.await.unwrap();
        assert_eq!(states().await, (BTreeSet::from(["cancelled"]), 0, false));
    }
}
