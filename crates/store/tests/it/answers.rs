//! Remembered answers: one for each key, for as long as it lasts.

use std::time::Duration;

use model::api_key::Scope;
use model::{Code, Error, MessageKey, ThreadId};
use store::{NewAnswer, Route};

use crate::world::{World, grant, id};

on_both_engines![
    a_key_is_claimed_once_and_answers_the_same_request,
    claims_at_once_have_one_winner,
    a_failed_transaction_leaves_the_key_free,
    answers_are_forgotten_at_their_time,
    an_answer_is_told_within_its_scope,
];

const DAY: Duration = Duration::from_secs(24 * 3600);

fn answer(world: &World, inbox: &Route, key: &str, request: u8) -> NewAnswer {
    let message = MessageKey::new(world.ids.random());
    NewAnswer {
        key: key.to_owned(),
        request: [request; 32],
        inbox: inbox.clone(),
        message_key: message,
        message_id: id(&format!("<{message}@example.test>")),
        thread_id: ThreadId::new(world.ids.random()),
        expires_at: world.now().plus(DAY),
    }
}

async fn claim(world: &World, new: &NewAnswer) -> model::Result<Option<String>> {
    let new = new.clone();
    let claimed = world.write(move |txn| txn.claim_answer(&new));
    Ok(claimed.await?.map(|(message_id, _)| message_id.to_string()))
}

async fn a_key_is_claimed_once_and_answers_the_same_request(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let first = answer(&world, &inbox, "k", 1);
    assert_eq!(claim(&world, &first).await.unwrap(), None);
    let again = answer(&world, &inbox, "k", 1);
    assert_eq!(
        claim(&world, &again).await.unwrap(),
        Some(first.message_id.to_string())
    );
    let other = answer(&world, &inbox, "k", 2);
    assert_eq!(
        claim(&world, &other).await.unwrap_err().code(),
        Code::Conflict
    );
    let read = world.read(|view| view.answer_to("k", &[2; 32])).await;
    assert_eq!(read.unwrap_err().code(), Code::Conflict);
    assert!(
        world
            .read(|view| view.answer_to("l", &[2; 32]))
            .await
            .unwrap()
            .is_none()
    );
    let thread = ThreadId::new(world.ids.random());
    world
        .write(move |txn| txn.complete_answer("k", thread))
        .await
        .unwrap();
    let (_, found) = world
        .read(|view| view.answer_to("k", &[1; 32]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, thread);
}

async fn claims_at_once_have_one_winner(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let asked: Vec<NewAnswer> = (0..16).map(|_| answer(&world, &inbox, "k", 1)).collect();
    let claims = asked.iter().map(|new| claim(&world, new));
    let told = futures_util::future::join_all(claims).await;
    let told: Vec<Option<String>> = told.into_iter().map(Result::unwrap).collect();
    let winner = told.iter().position(Option::is_none).unwrap();
    let id = asked[winner].message_id.to_string();
    for (n, answer) in told.iter().enumerate() {
        let expected = (n != winner).then_some(&id);
        assert_eq!(answer.as_ref(), expected);
    }
}

async fn a_failed_transaction_leaves_the_key_free(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let new = answer(&world, &inbox, "k", 1);
    let failed = world.write(move |txn| {
        txn.claim_answer(&new)?;
        Err::<(), _>(Error::not_found("Anything"))
    });
    assert_eq!(failed.await.unwrap_err().code(), Code::NotFound);
    assert_eq!(
        claim(&world, &answer(&world, &inbox, "k", 2))
            .await
            .unwrap(),
        None
    );
}

async fn answers_are_forgotten_at_their_time(world: World) {
    let inbox = world.inbox("a@example.test").await;
    claim(&world, &answer(&world, &inbox, "old", 1))
        .await
        .unwrap();
    claim(&world, &answer(&world, &inbox, "older", 1))
        .await
        .unwrap();
    world.clock.advance(DAY);
    assert!(
        world
            .read(|view| view.answer_to("old", &[9; 32]))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        claim(&world, &answer(&world, &inbox, "old", 2))
            .await
            .unwrap(),
        None
    );
    assert_eq!(world.store.forget_answers(10).await.unwrap(), 1);
    assert_eq!(world.store.forget_answers(10).await.unwrap(), 0);
    assert_eq!(world.number("select count(*) from send_answer"), 1);
}

async fn an_answer_is_told_within_its_scope(world: World) {
    let (inbox, beside) = (
        world.inbox("a@example.test").await,
        world.inbox("b@example.test").await,
    );
    claim(&world, &answer(&world, &inbox, "k", 1))
        .await
        .unwrap();
    for (scope, sees) in [
        (Scope::Org, true),
        (Scope::Pod(inbox.pod_id), true),
        (Scope::Inbox(inbox.pod_id, inbox.inbox_key), true),
        (Scope::Inbox(beside.pod_id, beside.inbox_key), false),
    ] {
        let access = world.key(world.org, scope, None).await;
        let found = world
            .store
            .read(&grant(&access), |view| view.answer("k"))
            .await;
        assert_eq!(found.is_ok(), sees, "{scope:?}");
        // Nobody takes a key's place for an inbox out of reach.
        let new = answer(&world, &inbox, &format!("{scope:?}"), 1);
        let claimed = world
            .store
            .write(&grant(&access), move |txn| txn.claim_answer(&new))
            .await;
        assert_eq!(claimed.is_ok(), sees, "{scope:?}");
    }
}
