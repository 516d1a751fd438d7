//! Filing: once, with all that belongs to it.

use model::message::Direction;
use store::Filed;

use crate::world::{Mail, World, id};

on_both_engines![
    a_message_reads_back_as_it_was_filed,
    the_same_mail_is_filed_once,
    the_same_mail_at_once_is_filed_once,
    another_mail_with_the_same_id_gets_its_own,
    mail_without_an_id_is_never_a_duplicate,
    control_characters_do_not_stop_a_mail,
    one_mail_goes_into_several_inboxes,
];

async fn a_message_reads_back_as_it_was_filed(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mail = Mail {
        id: Some("<m@x>"),
        parent: Some("<p@x>"),
        ancestors: &["<g@x>", "<p@x>"],
        labels: &["unread", "work"],
        from: "Ann <ann@x.test>",
        to: &["a@example.test", "Bob <bob@x.test>"],
        subject: Some("Grüße"),
        raw: b"Subject: x\r\n\r\n\0\xFF\r\n",
        attachments: 2,
        ..Mail::default()
    };
    let new = world.mail(&inbox, mail).await;
    let message = world.file_new(new.clone()).await.unwrap();
    let key = message.key;
    let read = world.read(move |view| {
        Ok((
            view.message(inbox.inbox_key, &id("<m@x>"))?,
            view.content(key)?,
            view.trace(key)?,
        ))
    });
    let (read, content, trace) = read.await.unwrap();
    assert_eq!(format!("{read:?}"), format!("{message:?}"));
    assert_eq!(read.references, new.references);
    assert_eq!(read.attachments, new.attachments);
    assert_eq!(read.direction, Direction::Received);
    assert_eq!(read.labels.to_stored(), "received\nunread\nwork");
    assert_eq!(content.text.as_deref(), Some("Hello"));
    assert_eq!(trace, "Received: from here\r\n");
    let raw = world.store.raw(&world.system(), key).await.unwrap();
    assert_eq!(&raw[..], mail_bytes());
}

fn mail_bytes() -> &'static [u8] {
    b"Subject: x\r\n\r\n\0\xFF\r\n"
}

fn arrival() -> Mail<'static> {
    Mail {
        id: Some("<m@x>"),
        dedup: Some(1),
        ..Mail::default()
    }
}

async fn the_same_mail_is_filed_once(world: World) {
    let inbox = world.inbox("a@example.test").await;
    assert!(world.file(&inbox, arrival()).await.is_some());
    assert!(world.file(&inbox, arrival()).await.is_none());
    assert_eq!(world.number("select count(*) from message"), 1);
    assert_eq!(world.number("select links from blob"), 1);
    let other = world.inbox("b@example.test").await;
    assert!(world.file(&other, arrival()).await.is_some());
}

async fn the_same_mail_at_once_is_filed_once(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let arrivals = (0..10).map(|_| world.file(&inbox, arrival()));
    let filed = futures_util::future::join_all(arrivals).await;
    assert_eq!(filed.iter().flatten().count(), 1);
    assert_eq!(world.number("select links from blob"), 1);
}

async fn another_mail_with_the_same_id_gets_its_own(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let first = world.file(&inbox, arrival()).await.unwrap();
    let other = Mail {
        dedup: Some(2),
        raw: b"other",
        ..arrival()
    };
    let second = world.file(&inbox, other).await.unwrap();
    assert_eq!(first.message_id, id("<m@x>"));
    assert!(second.message_id.as_str().ends_with("@minted.test>"));
    assert_ne!(first.thread_id, second.thread_id);
}

async fn mail_without_an_id_is_never_a_duplicate(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for _ in 0..3 {
        let filed = world.file(&inbox, Mail::default()).await.unwrap();
        assert!(filed.message_id.as_str().ends_with("@minted.test>"));
    }
    assert_eq!(world.number("select links from blob"), 3);
}

async fn control_characters_do_not_stop_a_mail(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let mail = Mail {
        from: "a\0b\u{1}",
        to: &["c\0\nd"],
        subject: Some("s\0\u{7F}\u{FFFF}"),
        raw: b"\0\0\0",
        ..Mail::default()
    };
    let mut new = world.mail(&inbox, mail).await;
    new.preview = Some("\0".to_owned());
    new.trace = Some("\0".to_owned());
    let message = world.file_new(new).await.unwrap();
    let key = message.key;
    let read = world
        .read(move |view| view.message_of_key(key))
        .await
        .unwrap();
    assert_eq!(read.people.to, ["c\0\nd"]);
    assert_eq!(
        &world.store.raw(&world.system(), key).await.unwrap()[..],
        b"\0\0\0"
    );
}

async fn one_mail_goes_into_several_inboxes(world: World) {
    let raw = world.ids.bytes::<200_000>();
    for (n, raw) in [b"small".as_slice(), &raw].into_iter().enumerate() {
        let mut mails = Vec::new();
        for inbox in 0..3 {
            let inbox = world.inbox(&format!("{n}.{inbox}@example.test")).await;
            let mail = Mail {
                raw,
                ..Mail::default()
            };
            mails.push(world.mail(&inbox, mail).await);
        }
        let placed = mails[0].raw.clone();
        for mail in &mut mails {
            mail.raw = placed.clone();
        }
        let keys: Vec<_> = mails.iter().map(|mail| mail.key).collect();
        let file = world.write(move |txn| {
            mails
                .iter()
                .map(|mail| txn.file_message(mail))
                .collect::<model::Result<Vec<_>>>()
        });
        assert!(
            file.await
                .unwrap()
                .iter()
                .all(|filed| matches!(filed, Filed::New(_)))
        );
        for key in keys {
            assert_eq!(
                &world.store.raw(&world.system(), key).await.unwrap()[..],
                raw
            );
        }
    }
    assert_eq!(world.number("select min(links) from blob"), 3);
}
