//! Raw mail: byte for byte, once, and gone when nobody needs it.

use std::time::Duration;

use crate::world::{Mail, World};

on_both_engines![
    mail_of_every_size_reads_back_byte_for_byte,
    equal_bytes_are_stored_once,
    the_last_message_takes_its_bytes_along,
    an_object_nobody_linked_is_swept_after_its_hold,
    an_object_in_use_is_never_swept,
    an_object_that_was_given_up_cannot_be_linked,
    nothing_is_swept_while_a_backup_is_made,
];

/// Bytes that do not compress.
fn noise(world: &World, size: usize) -> Vec<u8> {
    let seed = world.ids.bytes::<32>();
    let mut out = vec![0; size];
    blake3::Hasher::new_keyed(&seed)
        .finalize_xof()
        .fill(&mut out);
    out
}

fn files(world: &World) -> usize {
    let mut folders = vec![world.db.blobs()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files += 1;
            }
        }
    }
    files
}

async fn mail_of_every_size_reads_back_byte_for_byte(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mut mails = vec![vec![b'a'; 25 << 20], noise(&world, 25 << 20), vec![0; 511]];
    mails.extend(
        [
            1,
            512,
            4096,
            (128 << 10) - 1,
            128 << 10,
            (128 << 10) + 1,
            1 << 20,
        ]
        .map(|size| noise(&world, size)),
    );
    for raw in mails {
        let mail = Mail {
            raw: &raw,
            ..Mail::default()
        };
        let message = world.file(&inbox, mail).await.unwrap();
        let read = world.store.raw(&world.system(), message.key).await.unwrap();
        assert!(read[..] == raw[..], "{} bytes", raw.len());
    }
    assert_eq!(files(&world), 3);
    assert_eq!(world.number("select count(*) from blob_hold"), 0);
}

async fn equal_bytes_are_stored_once(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let large = noise(&world, 1 << 20);
    for raw in [b"small".as_slice(), &large] {
        for _ in 0..2 {
            let mail = Mail {
                raw,
                ..Mail::default()
            };
            world.file(&inbox, mail).await.unwrap();
        }
    }
    assert_eq!(world.number("select count(*) from blob"), 2);
    assert_eq!(
        world.number("select cast(sum(links) as bigint) from blob"),
        4
    );
}

async fn the_last_message_takes_its_bytes_along(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let raw = noise(&world, 1 << 20);
    let mail = Mail {
        raw: &raw,
        ..Mail::default()
    };
    let first = world.file(&inbox, mail.clone()).await.unwrap();
    let second = world.file(&inbox, mail.clone()).await.unwrap();
    world
        .write(move |txn| txn.delete_message(&first))
        .await
        .unwrap();
    assert_eq!(world.number("select links from blob"), 1);
    let read = world.store.raw(&world.system(), second.key).await.unwrap();
    assert!(read[..] == raw[..]);
    world
        .write(move |txn| txn.delete_message(&second))
        .await
        .unwrap();
    assert_eq!(world.number("select count(*) from blob"), 0);
    world.clock.advance(Duration::from_secs(3601));
    while world.store.sweep_objects(1).await.unwrap() > 0 {}
    assert_eq!(files(&world), 0);
    // The same bytes may come again.
    let third = world.file(&inbox, mail).await.unwrap();
    let read = world.store.raw(&world.system(), third.key).await.unwrap();
    assert!(read[..] == raw[..]);
}

async fn an_object_nobody_linked_is_swept_after_its_hold(world: World) {
    let raw = noise(&world, 1 << 20);
    world.store.place(&world.system(), &raw).await.unwrap();
    assert_eq!(files(&world), 1);
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(world.store.sweep_objects(10).await.unwrap(), 0);
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(world.store.sweep_objects(10).await.unwrap(), 1);
    assert_eq!(files(&world), 0);
    assert_eq!(world.number("select count(*) from blob_hold"), 0);
}

async fn an_object_in_use_is_never_swept(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let raw = noise(&world, 1 << 20);
    let mail = Mail {
        raw: &raw,
        ..Mail::default()
    };
    let message = world.file(&inbox, mail.clone()).await.unwrap();
    world.file(&inbox, mail).await.unwrap();
    assert_eq!(files(&world), 2);
    world.clock.advance(Duration::from_secs(36_000));
    world.store.sweep_objects(10).await.unwrap();
    assert_eq!(files(&world), 1);
    let read = world.store.raw(&world.system(), message.key).await.unwrap();
    assert!(read[..] == raw[..]);
}

async fn an_object_that_was_given_up_cannot_be_linked(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let raw = noise(&world, 1 << 20);
    let mail = Mail {
        raw: &raw,
        ..Mail::default()
    };
    let new = world.mail(&inbox, mail).await;
    world.clock.advance(Duration::from_secs(3601));
    let late = new.clone();
    let filed = world.write(move |txn| txn.file_message(&late)).await;
    assert_eq!(filed.unwrap_err().code(), model::Code::ServiceUnavailable);
    assert_eq!(world.number("select count(*) from message"), 0);
    assert_eq!(world.store.sweep_objects(10).await.unwrap(), 1);
    let filed = world.write(move |txn| txn.file_message(&new)).await;
    assert!(filed.is_err());
}

async fn nothing_is_swept_while_a_backup_is_made(world: World) {
    let raw = noise(&world, 1 << 20);
    world.store.place(&world.system(), &raw).await.unwrap();
    world.clock.advance(Duration::from_secs(3601));
    // As a backup does, which is another process.
    let folder = std::fs::File::open(world.db.blobs()).unwrap();
    folder.lock_shared().unwrap();
    assert_eq!(world.store.sweep_objects(10).await.unwrap(), 0);
    assert_eq!(files(&world), 1);
    folder.unlock().unwrap();
    assert_eq!(world.store.sweep_objects(10).await.unwrap(), 1);
    assert_eq!(files(&world), 0);
}
