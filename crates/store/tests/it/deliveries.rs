//! Deliveries of sent mail.

use store::DeliveryState;

use crate::world::{Mail, World};

on_both_engines![
    a_delivery_tells_how_far_it_has_come,
    settled_deliveries_go_with_their_message
];

async fn a_delivery_tells_how_far_it_has_come(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let new = world
        .mail(
            &inbox,
            Mail {
                sent: true,
                ..Mail::default()
            },
        )
        .await;
    let (key, ids) = (new.key, [(); 3].map(|()| world.ids.ordered(world.now())));
    let write = world.write(move |txn| {
        txn.file_message(&new)?;
        txn.open_delivery(&new, ids[0], "x@one.test", "one.test")?;
        txn.open_delivery(&new, ids[1], "y@one.test", "one.test")?;
        txn.open_delivery(&new, ids[2], "z@two.test", "two.test")
    });
    write.await.unwrap();
    let settle = world.write(move |txn| {
        txn.settle_delivery(ids[1], DeliveryState::Bounced, "550 no")?;
        Ok((
            txn.deliveries(key, None)?,
            txn.deliveries(key, Some("one.test"))?,
        ))
    });
    let (all, one) = settle.await.unwrap();
    let of = |list: &[store::Delivery]| -> Vec<(String, DeliveryState, Option<String>)> {
        list.iter()
            .map(|d| (d.recipient.clone(), d.state, d.detail.clone()))
            .collect()
    };
    let queued = |name: &str| (name.to_owned(), DeliveryState::Queued, None);
    let bounced = (
        "y@one.test".to_owned(),
        DeliveryState::Bounced,
        Some("550 no".to_owned()),
    );
    assert_eq!(
        of(&all),
        [queued("x@one.test"), bounced.clone(), queued("z@two.test")]
    );
    assert_eq!(of(&one), [queued("x@one.test"), bounced]);
}

async fn settled_deliveries_go_with_their_message(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let new = world
        .mail(
            &inbox,
            Mail {
                sent: true,
                ..Mail::default()
            },
        )
        .await;
    let (id, open) = (
        world.ids.ordered(world.now()),
        world.ids.ordered(world.now()),
    );
    let write = world.write(move |txn| {
        let filed = txn.file_message(&new)?;
        txn.open_delivery(&new, id, "x@one.test", "one.test")?;
        txn.settle_delivery(id, DeliveryState::Delivered, "250")?;
        txn.open_delivery(&new, open, "y@one.test", "one.test")?;
        let store::Filed::New(message) = filed else {
            panic!("filed twice")
        };
        txn.delete_message(&message)
    });
    write.await.unwrap();
    // What is still on its way goes on, and is forgotten when it has arrived.
    assert_eq!(world.number("select count(*) from delivery"), 1);
}
