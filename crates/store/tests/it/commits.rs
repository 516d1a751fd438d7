//! What a commit promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use model::{Code, Error, Hidden};
use store::Txn;

use crate::world::{Mail, World};

on_both_engines![
    a_failure_or_panic_rolls_back_alone,
    what_was_acknowledged_is_read,
    a_caller_who_goes_away_does_not_stop_the_commit,
    a_failed_transaction_leaves_no_event,
    a_statement_that_failed_cannot_be_passed_over,
    a_read_changes_nothing,
    connections_that_broke_while_nobody_used_them_are_made_anew,
];

async fn a_failure_or_panic_rolls_back_alone(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mut calls = Vec::new();
    for n in 0..60_usize {
        let new = world.mail(&inbox, Mail::default()).await;
        let event = world.event(Some(&inbox), Hidden::NONE, &n.to_string());
        let world = world.clone();
        calls.push(async move {
            let write = world.write(move |txn: &mut Txn<'_>| {
                txn.file_message(&new)?;
                txn.emit(event.clone());
                match n % 3 {
                    0 => Ok(()),
                    1 => Err(Error::new(Code::Forbidden, "no")),
                    _ => panic!("on purpose"),
                }
            });
            (n, write.await.map_err(|error| error.code()))
        });
    }
    for (n, outcome) in futures_util::future::join_all(calls).await {
        let expected = [Ok(()), Err(Code::Forbidden), Err(Code::InternalError)][n % 3];
        assert_eq!(outcome, expected);
    }
    assert_eq!(world.number("select count(*) from message"), 20);
    assert_eq!(world.number("select message_count from thread limit 1"), 1);
    assert_eq!(world.log(world.org).await.len(), 20);
}

/// A database server that is restarted, or a firewall that forgets, costs nobody an answer.
async fn connections_that_broke_while_nobody_used_them_are_made_anew(world: World) {
    const BREAK: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                         where datname = current_database() and pid <> pg_backend_pid()";
    let inbox = world.inbox("a@example.test").await;
    for round in 1..=3_usize {
        if world.db.url().is_some() {
            assert!(world.number(BREAK) > 0);
        }
        let calls = (0..40).map(|_| async {
            let filed = world.file(&inbox, Mail::default()).await.unwrap();
            world
                .read(move |view| view.message_of_key(filed.key))
                .await
                .unwrap();
        });
        futures_util::future::join_all(calls).await;
        let filed = i64::try_from(40 * round).unwrap();
        assert_eq!(world.number("select count(*) from message"), filed);
    }
}

async fn what_was_acknowledged_is_read(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let rounds = (0..10).map(|_| async {
        for _ in 0..5 {
            let key = world.file(&inbox, Mail::default()).await.unwrap().key;
            world
                .read(move |view| view.message_of_key(key))
                .await
                .unwrap();
        }
    });
    futures_util::future::join_all(rounds).await;
}

async fn a_caller_who_goes_away_does_not_stop_the_commit(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for n in 0..20 {
        let new = world.mail(&inbox, Mail::default()).await;
        let event = world.event(Some(&inbox), Hidden::NONE, &n.to_string());
        let mut log = world.store.log_growth(world.org);
        let grant = world.system();
        let mut write = Box::pin(world.store.write(&grant, move |txn| {
            txn.emit(event.clone());
            txn.file_message(&new)
        }));
        let _ = futures_util::poll!(write.as_mut());
        drop(write);
        log.changed().await.unwrap();
    }
    assert_eq!(world.number("select count(*) from message"), 20);
}

async fn a_failed_transaction_leaves_no_event(world: World) {
    let event = world.event(None, Hidden::NONE, "no");
    let failed = event.clone();
    let write = world.write(move |txn| {
        txn.emit(failed.clone());
        Err::<(), _>(Error::not_found("It"))
    });
    assert!(write.await.is_err());
    let write = world.write(move |txn| {
        txn.emit(event.clone());
        if txn.log_end()? >= 0 {
            panic!("on purpose");
        }
        Ok(())
    });
    assert!(write.await.is_err());
    assert!(world.log(world.org).await.is_empty());
    let large = store::NewEvent {
        payload: format!("\"x\":\"{}\"", "x".repeat(5 << 20)),
        tail: None,
        ..world.event(None, Hidden::NONE, "")
    };
    assert!(
        world
            .write(move |txn| {
                txn.emit(large.clone());
                Ok(())
            })
            .await
            .is_err()
    );
    let large = store::NewEvent {
        payload: format!("\"x\":\"{}\"", "x".repeat(4_000_000)),
        tail: None,
        ..world.event(None, Hidden::NONE, "")
    };
    world
        .write(move |txn| {
            txn.emit(large.clone());
            Ok(())
        })
        .await
        .unwrap();
    assert!(world.log(world.org).await[0].body.len() > 4_000_000);
}

/// Either nothing of it remains and the caller hears of it, or all but the failed statement does.
async fn a_statement_that_failed_cannot_be_passed_over(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let new = world.mail(&inbox, Mail::default()).await;
    let told = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&told);
    let write = world.write(move |txn| {
        txn.file_message(&new)?;
        // The same row once more.
        let again = store::NewMessage {
            dedup: None,
            ..new.clone()
        };
        tell.store(txn.file_message(&again).is_err(), Ordering::SeqCst);
        Ok(())
    });
    let acknowledged = write.await.is_ok();
    let told = told.load(Ordering::SeqCst);
    // PostgreSQL may tell only with a later statement, here the commit; SQLite tells at once.
    assert!(told || !acknowledged, "nobody heard of the failure");
    assert!(told || world.db.url().is_some());
    let rows = world.number("select count(*) from message");
    assert_eq!(rows, i64::from(acknowledged));
}

async fn a_read_changes_nothing(world: World) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let read = world.read(move |view| {
        counted.fetch_add(1, Ordering::SeqCst);
        view.log_end()
    });
    read.await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    let panicked = world
        .read(|_| -> model::Result<()> { panic!("on purpose") })
        .await;
    assert_eq!(panicked.unwrap_err().code(), Code::InternalError);
    world.read(|view| view.org()).await.unwrap();
}
