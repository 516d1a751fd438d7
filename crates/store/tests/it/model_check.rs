//! Threads always say what their messages say: random operations against a plain recomputation.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::label::Labels;
use model::message::{Direction, Message};
use model::page::ThreadFilter;
use model::thread::Thread;
use model::{Hidden, ThreadId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use store::Route;
use testkit::TempDb;

use crate::world::{Mail, World, labels, runtime};

on_both_databases![threads_say_what_their_messages_say];

const LABELS: [&str; 5] = ["a", "b", "spam", "trash", "unread"];
const PEOPLE: [&str; 3] = ["Ann <a@x>", "Bob <b@x>", "Cid <c@x>"];

#[derive(Clone, Debug)]
enum Step {
    File {
        parent: usize,
        sent: bool,
        after: i64,
        labels: u8,
        from: usize,
        attachments: usize,
    },
    Relabel {
        which: usize,
        add: u8,
        remove: u8,
    },
    Delete {
        which: usize,
    },
    DeleteThread {
        which: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..12_usize, any::<bool>(), 0..4_i64, 0..32_u8, 0..3_usize, 0..2_usize).prop_map(
            |(parent, sent, after, labels, from, attachments)| Step::File {
                parent, sent, after, labels: labels & (labels >> 1), from, attachments,
            }
        ),
        3 => (0..32_usize, 0..32_u8, 0..32_u8)
            .prop_map(|(which, add, remove)| Step::Relabel { which, add, remove }),
        2 => (0..32_usize).prop_map(|which| Step::Delete { which }),
        1 => (0..32_usize).prop_map(|which| Step::DeleteThread { which }),
    ]
}

fn chosen(bits: u8) -> Vec<&'static str> {
    (0..5)
        .filter(|n| bits & 1 << n != 0)
        .map(|n| LABELS[n])
        .collect()
}

fn threads_say_what_their_messages_say(db: TempDb) {
    let runtime = runtime();
    let world = runtime.block_on(World::new(Arc::new(db)));
    let config = Config {
        cases: 10,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    };
    let steps = prop::collection::vec(step(), 1..30);
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        runtime.block_on(async {
            let inbox = world
                .inbox(&format!("{}@example.test", world.ids.random()))
                .await;
            let mut live: Vec<Message> = Vec::new();
            for step in steps {
                apply(&world, &inbox, &mut live, step).await;
                compare(&world, &inbox, &live).await?;
            }
            Ok(())
        })
    });
    outcome.unwrap();
    let World { store, .. } = world;
    store.close();
}

async fn apply(world: &World, inbox: &Route, live: &mut Vec<Message>, step: Step) {
    match step {
        Step::File {
            parent,
            sent,
            after,
            labels,
            from,
            attachments,
        } => {
            let named = live.get(parent).map(|m| m.message_id.as_str().to_owned());
            let to = [PEOPLE[(from + 1) % 3], PEOPLE[(from + 2) % 3]];
            let mail = Mail {
                parent: named.as_deref(),
                labels: &chosen(labels),
                sent,
                after,
                from: PEOPLE[from],
                to: &to[..=usize::from(sent)],
                subject: Some("subject"),
                attachments,
                ..Mail::default()
            };
            live.push(world.file(inbox, mail).await.unwrap());
        }
        Step::Relabel { which, add, remove } => {
            let Some(message) = live.get_mut(which) else {
                return;
            };
            let (old, add, remove) = (
                message.clone(),
                labels(&chosen(add)),
                labels(&chosen(remove)),
            );
            world.clock.advance(std::time::Duration::from_micros(1));
            let done = world
                .write(move |txn| txn.relabel(&old, &add, &remove))
                .await;
            *message = done.unwrap();
        }
        Step::Delete { which } => {
            if which >= live.len() {
                return;
            }
            let message = live.remove(which);
            world
                .write(move |txn| txn.delete_message(&message))
                .await
                .unwrap();
        }
        Step::DeleteThread { which } => {
            let Some(thread) = live.get(which).map(|m| m.thread_id) else {
                return;
            };
            let inbox = inbox.inbox_key;
            world
                .write(move |txn| txn.delete_thread(inbox, thread))
                .await
                .unwrap();
            live.retain(|message| message.thread_id != thread);
        }
    }
}

/// What a thread says that does not depend on the order in which its mail arrived.
fn facts(thread: &Thread) -> String {
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    let mut attachments: Vec<String> = thread
        .attachments
        .iter()
        .map(|a| a.attachment_id.to_string())
        .collect();
    attachments.sort();
    format!(
        "labels {} at {:?} received {:?} sent {:?} senders {:?} recipients {:?} preview {:?} last {} count {} size {} attachments {:?}",
        thread.labels.to_stored(),
        thread.at,
        thread.received_at,
        thread.sent_at,
        sorted(&thread.senders),
        sorted(&thread.recipients),
        thread.preview,
        thread.last_message_id,
        thread.message_count,
        thread.size,
        attachments,
    )
}

/// The thread of these messages, computed the plain way.
fn recomputed(messages: &[&Message]) -> (Thread, Hidden) {
    // Hidden mail counts only where there is no other.
    let shown = |m: &&&Message| m.labels.hidden() == Hidden::NONE;
    let mut messages: Vec<&Message> = messages.to_vec();
    if messages.iter().any(|m| shown(&m)) {
        messages.retain(|m| m.labels.hidden() == Hidden::NONE);
    }
    let newest = messages.iter().max_by_key(|m| (m.at, m.key)).unwrap();
    let of = |way: Direction| {
        messages
            .iter()
            .filter(|m| m.direction == way)
            .map(|m| m.at)
            .max()
    };
    let distinct = |names: Vec<&str>| {
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    };
    let labels: Labels = messages
        .iter()
        .flat_map(|m| m.labels.iter())
        .cloned()
        .collect();
    let hidden = if messages.iter().any(|m| m.labels.hidden() == Hidden::NONE) {
        Hidden::NONE
    } else {
        labels.hidden()
    };
    let thread = Thread {
        thread_id: newest.thread_id,
        org_id: newest.org_id,
        pod_id: newest.pod_id,
        inbox_id: newest.inbox_id.clone(),
        labels,
        at: newest.at,
        received_at: of(Direction::Received),
        sent_at: of(Direction::Sent),
        senders: distinct(messages.iter().map(|m| m.from.as_str()).collect()),
        recipients: distinct(
            messages
                .iter()
                .flat_map(|m| m.people.recipients())
                .collect(),
        ),
        subject: None,
        preview: newest.preview.clone(),
        attachments: messages
            .iter()
            .flat_map(|m| m.attachments.clone())
            .collect(),
        last_message_id: newest.message_id.clone(),
        message_count: i64::try_from(messages.len()).unwrap(),
        size: messages.iter().map(|m| m.size).sum(),
        created_at: newest.created_at,
        updated_at: newest.updated_at,
    };
    (thread, hidden)
}

async fn compare(world: &World, inbox: &Route, live: &[Message]) -> Result<(), TestCaseError> {
    let mut by_thread: BTreeMap<ThreadId, Vec<&Message>> = BTreeMap::new();
    for message in live {
        by_thread
            .entry(message.thread_id)
            .or_default()
            .push(message);
    }
    let key = inbox.inbox_key;
    let threads: Vec<ThreadId> = by_thread.keys().copied().collect();
    let read = world.read(move |view| {
        threads
            .iter()
            .map(|id| view.thread(Some(key), *id))
            .collect::<model::Result<Vec<_>>>()
    });
    let stored = read.await.unwrap();
    for thread in &stored {
        let (expected, _) = recomputed(&by_thread[&thread.thread_id]);
        prop_assert_eq!(facts(thread), facts(&expected));
    }
    // The lists agree: every label, and what is hidden.
    let asked = std::iter::once(Vec::new()).chain(LABELS.map(|label| vec![label.to_owned()]));
    for labels in asked {
        for include in [Hidden::NONE, Hidden::from_bits(15)] {
            let filter = ThreadFilter {
                labels: labels.clone(),
                include,
                ..ThreadFilter::default()
            };
            let list = world
                .read(move |view| view.threads(Some(key), &filter, None, 100))
                .await
                .unwrap();
            let mut listed: Vec<(i64, [u8; 16])> = list
                .iter()
                .map(|(_, place)| (place.at, place.key))
                .collect();
            listed.reverse();
            let mut expected: Vec<(i64, [u8; 16])> = by_thread
                .values()
                .map(|messages| recomputed(messages))
                .filter(|(thread, hidden)| {
                    thread.received_at.is_some()
                        && (include != Hidden::NONE || *hidden == Hidden::NONE)
                        && labels
                            .iter()
                            .all(|asked| thread.labels.iter().any(|own| own.as_str() == asked))
                })
                .map(|(thread, _)| {
                    (
                        thread.received_at.unwrap_or(thread.at).as_micros(),
                        *thread.thread_id.as_bytes(),
                    )
                })
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(listed, expected, "{:?} {:?}", labels, include);
        }
    }
    Ok(())
}
