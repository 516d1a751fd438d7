//! Tickets for sockets: each opens once, in time, while its key does.

use std::time::Duration;

use model::api_key::Scope;
use model::{ApiKeyId, Code};
use store::{Access, Actor, Credential, NewKey};

use crate::world::{World, grant};

on_both_engines![
    a_ticket_opens_once_what_its_key_reaches_there,
    a_ticket_is_over_after_its_time_or_with_its_key,
    of_many_at_once_one_has_it,
];

const MINUTE: Duration = Duration::from_secs(60);

/// The access of a new key of the organisation.
async fn key(world: &World) -> Access {
    let id = ApiKeyId::new(world.ids.random());
    let secret = id.to_string();
    let new = NewKey {
        api_key_id: id,
        credential: Credential::new(&secret),
        prefix: secret.chars().take(12).collect(),
        name: "key".to_owned(),
        scope: Scope::Org,
        permissions: None,
        expires_at: None,
    };
    let made = world.write(move |txn| txn.create_api_key(&new)).await;
    made.unwrap();
    let access = world.store.authenticate(Credential::new(&secret)).await;
    access.unwrap()
}

async fn issue(world: &World, access: &Access, ticket: &str) {
    let hashed = Credential::new(ticket);
    let asked = grant(access);
    let issued = world
        .store
        .write(&asked, move |txn| txn.issue_ticket(&hashed, MINUTE));
    assert_eq!(issued.await.unwrap(), world.now().plus(MINUTE));
}

async fn redeem(world: &World, ticket: &str) -> Result<Access, Code> {
    let access = world.store.redeem_ticket(Credential::new(ticket)).await;
    access.map_err(|error| error.code())
}

async fn a_ticket_opens_once_what_its_key_reaches_there(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let whole = key(&world).await;
    let narrow = world.store.within_inbox(&whole, &inbox.inbox_id).await;
    let narrow = narrow.unwrap();
    issue(&world, &whole, "whole").await;
    issue(&world, &narrow, "narrow").await;
    for (ticket, scope) in [
        ("whole", Scope::Org),
        ("narrow", Scope::Inbox(inbox.pod_id, inbox.inbox_key)),
    ] {
        let access = redeem(&world, ticket).await.unwrap();
        assert_eq!(*access.scope(), scope);
        assert_eq!(access.actor(), whole.actor());
        assert_eq!(access.permissions(), whole.permissions());
        let again = redeem(&world, ticket).await;
        assert_eq!(again.unwrap_err(), Code::UnknownApiKey);
    }
    // It is no key.
    issue(&world, &whole, "third").await;
    let as_key = world.store.authenticate(Credential::new("third")).await;
    assert_eq!(as_key.unwrap_err().code(), Code::UnknownApiKey);
}

async fn a_ticket_is_over_after_its_time_or_with_its_key(world: World) {
    let access = key(&world).await;
    issue(&world, &access, "late").await;
    issue(&world, &access, "later").await;
    assert_eq!(world.store.forget_tickets(10).await.unwrap(), 0);
    world.clock.advance(MINUTE);
    assert_eq!(
        redeem(&world, "late").await.unwrap_err(),
        Code::UnknownApiKey
    );
    assert_eq!(world.store.forget_tickets(1).await.unwrap(), 1);
    assert_eq!(world.store.forget_tickets(10).await.unwrap(), 1);

    issue(&world, &access, "orphan").await;
    let Actor::Key(id) = access.actor() else {
        panic!("a key");
    };
    world
        .write(move |txn| txn.delete_api_key(id))
        .await
        .unwrap();
    assert_eq!(
        redeem(&world, "orphan").await.unwrap_err(),
        Code::UnknownApiKey
    );
}

async fn of_many_at_once_one_has_it(world: World) {
    let access = key(&world).await;
    for round in 0..8 {
        let ticket = format!("ticket {round}");
        issue(&world, &access, &ticket).await;
        let all = (0..8).map(|_| redeem(&world, &ticket));
        let mut opened = 0;
        for one in futures_util::future::join_all(all).await {
            match one {
                Ok(_) => opened += 1,
                Err(code) => assert_eq!(code, Code::UnknownApiKey),
            }
        }
        assert_eq!(opened, 1);
    }
}
