//! API keys.

use std::time::Duration;

use mail::Timestamp;
use model::api_key::{ApiKey, Scope};
use model::{ApiKeyId, Code, Permission, PermissionSet, perm};
use store::{Access, Actor, Credential, NewKey, Position};

use crate::world::{World, address, grant};

on_both_engines![
    a_key_opens_what_it_was_made_for,
    a_key_that_is_gone_or_expired_opens_nothing,
    rights_read_back_as_they_were_given,
    use_is_noted_once_a_minute,
    pages_cover_every_key_once,
    an_inbox_with_keys_is_not_deleted,
    keys_of_one_name_are_replaced_together,
];

fn new(world: &World, secret: &str, scope: Scope) -> NewKey {
    NewKey {
        api_key_id: ApiKeyId::new(world.ids.random()),
        credential: Credential::new(secret),
        prefix: secret.chars().take(12).collect(),
        name: "key".to_owned(),
        scope,
        permissions: None,
        expires_at: None,
    }
}

async fn create(world: &World, key: NewKey) -> ApiKey {
    world
        .write(move |txn| txn.create_api_key(&key))
        .await
        .unwrap()
}

async fn open(world: &World, secret: &str) -> Result<Access, Code> {
    let access = world.store.authenticate(Credential::new(secret)).await;
    access.map_err(|error| error.code())
}

async fn a_key_opens_what_it_was_made_for(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let scopes = [
        Scope::Org,
        Scope::Pod(inbox.pod_id),
        Scope::Inbox(inbox.pod_id, inbox.inbox_key),
    ];
    for (n, scope) in scopes.into_iter().enumerate() {
        let secret = format!("am_us_0123456789{n}");
        let key = create(&world, new(&world, &secret, scope)).await;
        assert_eq!((key.prefix.as_str(), key.scope), ("am_us_012345", scope));
        let access = open(&world, &secret).await.unwrap();
        assert_eq!((access.org_id(), *access.scope()), (world.org, scope));
        assert_eq!(access.actor(), Actor::Key(key.api_key_id));
        assert_eq!(
            access.grant::<perm::OrganizationRead>().is_ok(),
            scope == Scope::Org
        );
        assert!(access.grant::<perm::InboxRead>().is_ok());
        assert!(access.grant::<perm::AgentArmorRelease>().is_err());
        assert!(!access.is_restricted());
    }
    for wrong in ["am_us_01234567893", "", "am_us_0123456789"] {
        assert_eq!(open(&world, wrong).await.unwrap_err(), Code::UnknownApiKey);
    }
}

async fn a_key_that_is_gone_or_expired_opens_nothing(world: World) {
    let end = world.now().plus(Duration::from_secs(10));
    let key = NewKey {
        expires_at: Some(end),
        ..new(&world, "brief", Scope::Org)
    };
    create(&world, key).await;
    assert_eq!(open(&world, "brief").await.unwrap().expires_at(), Some(end));
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(
        open(&world, "brief").await.unwrap_err(),
        Code::UnknownApiKey
    );

    let id = create(&world, new(&world, "gone", Scope::Org))
        .await
        .api_key_id;
    open(&world, "gone").await.unwrap();
    world
        .write(move |txn| txn.delete_api_key(id))
        .await
        .unwrap();
    assert_eq!(open(&world, "gone").await.unwrap_err(), Code::UnknownApiKey);
    let again = world.write(move |txn| txn.delete_api_key(id)).await;
    assert_eq!(again.unwrap_err().code(), Code::NotFound);
}

async fn rights_read_back_as_they_were_given(world: World) {
    let all: PermissionSet = Permission::ALL
        .iter()
        .copied()
        .filter(|right| right.is_grantable())
        .collect();
    let some: PermissionSet = [Permission::InboxRead, Permission::AppConnect]
        .into_iter()
        .collect();
    for (n, given) in [None, Some(PermissionSet::NONE), Some(some), Some(all)]
        .into_iter()
        .enumerate()
    {
        let secret = format!("secret{n}");
        let key = NewKey {
            permissions: given,
            ..new(&world, &secret, Scope::Pod(world.org.default_pod()))
        };
        assert_eq!(create(&world, key).await.permissions, given);
        let access = open(&world, &secret).await.unwrap();
        assert_eq!(access.is_restricted(), given.is_some());
        let effective = given.unwrap_or_else(PermissionSet::unrestricted);
        assert_eq!(
            access.permissions(),
            effective.with(Permission::Authenticated)
        );
        assert_eq!(
            access.grant::<perm::InboxRead>().is_ok(),
            effective.has(Permission::InboxRead)
        );
    }
}

/// The note is written behind the answer; reads until it is there.
async fn used_at(world: &World, id: ApiKeyId, expected: Timestamp) {
    loop {
        let key = world.write(move |txn| txn.api_key(id)).await.unwrap();
        if key.used_at == Some(expected) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn use_is_noted_once_a_minute(world: World) {
    let id = create(&world, new(&world, "s", Scope::Org))
        .await
        .api_key_id;
    let first = world.now();
    open(&world, "s").await.unwrap();
    used_at(&world, id, first).await;
    for _ in 0..5 {
        world.clock.advance(Duration::from_secs(11));
        open(&world, "s").await.unwrap();
        used_at(&world, id, first).await;
    }
    world.clock.advance(Duration::from_secs(5));
    open(&world, "s").await.unwrap();
    used_at(&world, id, world.now()).await;
}

async fn pages_cover_every_key_once(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let bound = Scope::Inbox(inbox.pod_id, inbox.inbox_key);
    for n in 0..12 {
        let scope = if n % 3 == 0 { bound } else { Scope::Org };
        create(&world, new(&world, &format!("s{n}"), scope)).await;
    }
    let everything = world.store.system(world.org, store::Reason::Operation);
    let one_inbox = world
        .store
        .within_inbox(&everything, &address("a@example.test"))
        .await
        .unwrap();
    for (access, count) in [(everything, 12), (one_inbox, 4)] {
        for ascending in [true, false] {
            let (mut from, mut seen) = (None, Vec::new());
            let granted = grant(&access);
            loop {
                let read = world
                    .store
                    .read(&granted, move |view| view.api_keys(from, ascending, 5));
                let page = read.await.unwrap();
                let Some(last) = page.last() else { break };
                from = Some(Position {
                    at: last.created_at.as_micros(),
                    key: *last.api_key_id.as_bytes(),
                });
                seen.extend(page.iter().map(|key| key.api_key_id));
            }
            assert_eq!(seen.len(), count);
            assert!(seen.is_sorted_by(|a, b| if ascending { a < b } else { a > b }));
        }
    }
}

async fn an_inbox_with_keys_is_not_deleted(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let bound = Scope::Inbox(inbox.pod_id, inbox.inbox_key);
    let id = create(&world, new(&world, "s", bound)).await.api_key_id;
    let at = address("a@example.test");
    let delete = at.clone();
    let refused = world.write(move |txn| txn.delete_inbox(&delete)).await;
    assert_eq!(refused.unwrap_err().code(), Code::CannotDelete);
    world
        .write(move |txn| txn.delete_api_key(id))
        .await
        .unwrap();
    world.write(move |txn| txn.delete_inbox(&at)).await.unwrap();
}

async fn keys_of_one_name_are_replaced_together(world: World) {
    let pod = Scope::Pod(world.org.default_pod());
    for (secret, scope) in [("a", Scope::Org), ("b", Scope::Org), ("c", pod)] {
        create(&world, new(&world, secret, scope)).await;
    }
    world
        .write(|txn| txn.delete_api_keys_named("key"))
        .await
        .unwrap();
    assert!(open(&world, "a").await.is_err());
    assert!(open(&world, "b").await.is_err());
    assert!(open(&world, "c").await.is_ok());
}
