//! What documents say is kept as long as the bytes that hold them, and no longer.

use store::{BlobId, DocumentPlace, DocumentText};

use crate::world::{Mail, World};

on_both_engines![
    a_text_is_found_by_its_place_and_by_its_document,
    the_last_message_takes_the_texts_along,
    a_text_is_not_kept_for_bytes_that_are_gone,
];

const READER: i64 = 1;

async fn keep(world: &World, raw: &[u8], part: usize, content: [u8; 32], text: DocumentText) {
    let place = DocumentPlace {
        blob_id: BlobId::of(raw),
        part,
    };
    let kept = world.write(move |txn| txn.keep_document_text(place, &content, READER, &text));
    kept.await.unwrap();
}

async fn found(world: &World, content: [u8; 32], reader: i64) -> Option<DocumentText> {
    let found = world.read(move |view| view.document_text_of(&content, reader));
    found.await.unwrap()
}

async fn a_text_is_found_by_its_place_and_by_its_document(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let raw = b"mail with documents";
    let mail = Mail {
        raw,
        ..Mail::default()
    };
    world.file(&inbox, mail).await.unwrap();
    let text = DocumentText::Read("word ".repeat(100_000));
    let why = DocumentText::Unread("encrypted".to_owned());
    keep(&world, raw, 2, [2; 32], text.clone()).await;
    keep(&world, raw, 3, [3; 32], text.clone()).await;
    keep(&world, raw, 3, [3; 32], why.clone()).await;
    assert_eq!(found(&world, [2; 32], READER).await, Some(text.clone()));
    assert_eq!(found(&world, [3; 32], READER).await, Some(why));
    assert_eq!(found(&world, [2; 32], READER + 1).await, None);
    for (part, wanted) in [(2, Some(text)), (4, None)] {
        let place = DocumentPlace {
            blob_id: BlobId::of(raw),
            part,
        };
        let read = world.read(move |view| view.document_text(place, READER));
        assert_eq!(read.await.unwrap(), wanted);
    }
}

async fn the_last_message_takes_the_texts_along(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let raw = b"the same bytes";
    let mut keys = Vec::new();
    for _ in 0..2 {
        let mail = Mail {
            raw,
            ..Mail::default()
        };
        keys.push(world.file(&inbox, mail).await.unwrap().key);
    }
    let text = DocumentText::Read("words".to_owned());
    keep(&world, raw, 1, [1; 32], text.clone()).await;
    for (key, left) in keys.into_iter().zip([Some(text), None]) {
        let deleted = world.write(move |txn| {
            let message = txn.message_of_key(key)?;
            txn.delete_message(&message)
        });
        deleted.await.unwrap();
        assert_eq!(found(&world, [1; 32], READER).await, left);
    }
    assert_eq!(world.number("select count(*) from document_text"), 0);
}

async fn a_text_is_not_kept_for_bytes_that_are_gone(world: World) {
    let text = DocumentText::Read("words".to_owned());
    keep(&world, b"never stored", 1, [1; 32], text).await;
    assert_eq!(world.number("select count(*) from document_text"), 0);
}
