//! Opening, closing and opening again.

use std::sync::Arc;

use model::OrgId;
use store::{OpenError, Standing};
use testkit::TempDb;

use crate::world::{Mail, World, clock, open, runtime};

on_both_databases![
    data_is_there_after_opening_again,
    data_of_a_newer_server_is_refused,
    closing_finishes_what_was_handed_in,
];
on_both_engines![the_first_start_makes_an_organisation_with_its_pod_and_a_domain];

fn data_is_there_after_opening_again(db: TempDb) {
    let db = Arc::new(db);
    runtime().block_on(async {
        let mut world = World::new(Arc::clone(&db)).await;
        let inbox = world.inbox("a@example.test").await;
        let filed = world.file(&inbox, Mail::default()).await.unwrap();
        let closed =
            std::mem::replace(&mut world.store, open(&TempDb::sqlite(), &clock()).unwrap());
        closed.close();
        world.store = open(&db, &world.clock).unwrap();
        let read = move |view: &mut store::View<'_>| view.message_of_key(filed.key);
        let again = world.read(read).await.unwrap();
        assert_eq!(again.preview, filed.preview);
        assert_eq!(world.store.first_org().await.unwrap(), Some(world.org));
    });
}

fn data_of_a_newer_server_is_refused(db: TempDb) {
    let db = Arc::new(db);
    runtime().block_on(async {
        let world = World::new(Arc::clone(&db)).await;
        let newer = "insert into schema_version (version) values (999) returning version";
        world.number(newer);
        world.store.close();
        let Err(OpenError::Database(text)) = open(&db, &world.clock).map(|_| ()) else {
            panic!("a newer schema was taken");
        };
        assert!(text.contains("newer server (schema 999"), "{text}");
    });
}

fn closing_finishes_what_was_handed_in(db: TempDb) {
    let db = Arc::new(db);
    runtime().block_on(async {
        let world = World::new(Arc::clone(&db)).await;
        let inbox = world.inbox("a@example.test").await;
        let (store, grant) = (world.store.clone(), world.system());
        let mut waiting = Vec::new();
        for _ in 0..40 {
            let new = world.mail(&inbox, Mail::default()).await;
            let mut write = Box::pin(store.write(&grant, move |txn| txn.file_message(&new)));
            // One poll hands it in.
            let _ = futures_util::poll!(write.as_mut());
            waiting.push(write);
        }
        drop(waiting);
        drop(store);
        world.store.close();
        let store = open(&db, &world.clock).unwrap();
        let end = World { store, ..world };
        assert_eq!(end.number("select count(*) from message"), 40);
    });
}

#[test]
fn a_folder_has_one_process_at_a_time() {
    let db = TempDb::sqlite();
    let first = open(&db, &clock()).unwrap();
    let second = open(&db, &clock());
    assert!(matches!(second, Err(OpenError::InUse(folder)) if folder == db.folder()));
    first.close();
    open(&db, &clock()).unwrap().close();
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let db = TempDb::sqlite();
    let engine = store::Engine::Sqlite {
        folder: db.folder().join("missing"),
    };
    let env = sys::Env::system();
    let Err(error) = store::Store::open(&engine, &db.blobs(), env) else {
        panic!("opened a folder that is not there");
    };
    assert!(error.to_string().contains("missing"), "{error}");
}

#[test]
fn the_url_of_a_database_is_not_told() {
    let db = TempDb::sqlite();
    for url in [
        "postgres://u:sesame@127.0.0.1:1/x",
        "postgres://u:sesame@[::1",
        "sesame://x",
    ] {
        let engine = store::Engine::Postgres {
            url: url.to_owned(),
        };
        let Err(error) = store::Store::open(&engine, &db.blobs(), sys::Env::system()) else {
            panic!("opened {url}");
        };
        assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");
    }
}

async fn the_first_start_makes_an_organisation_with_its_pod_and_a_domain(world: World) {
    world.bootstrap(world.org).await; // a second start changes nothing
    let grant = world.system();
    assert_eq!(world.store.first_org().await.unwrap(), Some(world.org));
    let pod = world.org.default_pod();
    let read = world.store.read(&grant, move |view| {
        let domain = view.standing("example.test", pod)?;
        Ok((
            view.org()?,
            view.pod(pod)?,
            domain,
            view.standing("other.test", pod)?,
        ))
    });
    let (org, pod, domain, other) = read.await.unwrap();
    assert_eq!(
        (org.org_id, pod.pod_id),
        (world.org, world.org.default_pod())
    );
    assert_eq!(org.name, "Test");
    assert_eq!((domain, other), (Standing::Open, Standing::Unknown));
    assert!(
        world
            .store
            .is_local_domain("example.test".to_owned())
            .await
            .unwrap()
    );
    assert!(
        !world
            .store
            .is_local_domain("other.test".to_owned())
            .await
            .unwrap()
    );
    world.inbox("a@example.test").await;
    let counts = world
        .store
        .read(&grant, |view| view.org_counts())
        .await
        .unwrap();
    assert_eq!(counts, (1, 0));
    let stranger = OrgId::new(world.ids.random());
    let gone = world
        .store
        .read(&world.system_of(stranger), |view| view.org())
        .await;
    assert_eq!(gone.unwrap_err().code(), model::Code::NotFound);
}
