//! What was acknowledged is there after the process was killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use model::{Hidden, OrgId, PodId};
use store::{Engine, Route, Store};
use sys::Env;
use testkit::TempDb;

use crate::world::{Mail, World, address, clock, open, runtime};

on_both_databases![what_was_acknowledged_survives_a_kill];

/// Where the child finds the data; unset in every other process.
const FOLDER: &str = "MAILROOST_TEST_CHILD_FOLDER";
const DATABASE: &str = "MAILROOST_TEST_CHILD_DATABASE";

/// How many acknowledgements the parent waits for.
const ENOUGH: usize = 150;

fn what_was_acknowledged_survives_a_kill(db: TempDb) {
    let db = Arc::new(db);
    let runtime = runtime();
    let world = runtime.block_on(World::new(Arc::clone(&db)));
    let inbox = runtime.block_on(world.inbox("a@example.test"));
    let (org, ids, clock) = (world.org, world.ids, world.clock);
    world.store.close();
    let mut acknowledged = Vec::new();
    for _ in 0..2 {
        acknowledged.extend(kill_after_some(&db));
        let store = open(&db, &clock).unwrap();
        let world = World {
            store,
            clock: clock.clone(),
            ids: ids.clone(),
            org,
            db: Arc::clone(&db),
        };
        runtime.block_on(async {
            for id in &acknowledged {
                let (inbox, id) = (inbox.inbox_key, crate::world::id(id));
                let found = world.read(move |view| {
                    let message = view.message(inbox, &id)?;
                    view.content(message.key)?;
                    view.thread(Some(inbox), message.thread_id)?;
                    Ok(message.key)
                });
                let key = found.await.unwrap();
                assert!(
                    !world
                        .store
                        .raw(&world.system(), key)
                        .await
                        .unwrap()
                        .is_empty()
                );
            }
            world.assert_log_is_gapless().await;
            let log = world.log(org).await;
            let rows = usize::try_from(world.number("select count(*) from message")).unwrap();
            assert_eq!(log.len(), rows, "every message has its event");
            assert!(rows >= acknowledged.len());
        });
        world.store.close();
    }
}

/// Starts this test program as a child that files mail, and kills it at work.
fn kill_after_some(db: &TempDb) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "durability::child", "--nocapture"])
        .env(FOLDER, db.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if let Some(url) = db.url() {
        command.env(DATABASE, url);
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        // A line without its end was cut off by the kill.
        if let Some(id) = line
            .strip_prefix("filed ")
            .and_then(|rest| rest.strip_suffix('\n'))
        {
            acknowledged.push(id.to_owned());
        }
        if acknowledged.len() == ENOUGH {
            child.kill().unwrap();
        }
        line.clear();
    }
    let status = child.wait().unwrap();
    assert!(!status.success(), "the child ended by itself");
    assert!(acknowledged.len() >= ENOUGH);
    acknowledged
}

/// Files mail for ever when it was started as a child; otherwise does nothing.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    let engine = match std::env::var(DATABASE) {
        Ok(url) => Engine::Postgres { url },
        Err(_) => Engine::Sqlite {
            folder: folder.clone(),
        },
    };
    let store = Store::open(&engine, &folder.join("blobs"), Env::system()).unwrap();
    runtime().block_on(async {
        let org: OrgId = store.first_org().await.unwrap().unwrap();
        let route = store
            .routes(vec![address("a@example.test").as_str().to_owned()])
            .await
            .unwrap();
        let route: Route = route.into_iter().flatten().next().unwrap();
        assert_eq!(route.pod_id, PodId::new(org.as_uuid()));
        let db = Arc::new(TempDb::sqlite());
        let world = World {
            store,
            clock: clock(),
            ids: sys::Ids::system(),
            org,
            db,
        };
        let large = vec![0; 1_000];
        let noise: Vec<u8> = (0..10_000).flat_map(|_| world.ids.bytes::<16>()).collect();
        let writers = (0..8_usize).map(|writer| {
            let (world, route, raw) = (&world, &route, if writer == 0 { &noise } else { &large });
            async move {
                loop {
                    let new = world
                        .mail(
                            route,
                            Mail {
                                raw,
                                ..Mail::default()
                            },
                        )
                        .await;
                    let event = world.event(Some(route), Hidden::NONE, "x");
                    let filed = world.write(move |txn| {
                        txn.emit(event.clone());
                        txn.file_message(&new)
                    });
                    let store::Filed::New(message) = filed.await.unwrap() else {
                        panic!("filed twice");
                    };
                    println!("filed {}", message.message_id);
                }
            }
        });
        futures_util::future::join_all(writers).await;
    });
}
