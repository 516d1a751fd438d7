//! Threads of whole conversations: the same whatever the order in which their messages arrive.

use std::collections::BTreeSet;

use mail::thread::{Message as Threaded, Options, groups};
use mail::{MessageId, Timestamp};
use model::ThreadId;
use sys::Clock as _;

use crate::world::{Mail, World};

on_both_engines![
    threads_do_not_depend_on_the_order_of_arrival,
    a_missing_link_that_arrives_late_joins_two_threads,
    a_parent_that_arrives_late_takes_what_is_its_own,
    an_answer_without_ids_finds_its_thread_by_subject_and_people,
    a_stranger_who_knows_the_subject_stays_outside,
    an_exchange_conversation_survives_lost_ids,
    hidden_mail_joins_and_divides_nothing,
];

type Partition = BTreeSet<BTreeSet<String>>;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// A message as its sender wrote it.
#[derive(Clone, Debug, Default)]
struct Written {
    id: String,
    /// The nearest first.
    ancestors: Vec<String>,
    subject: String,
    from: String,
    to: String,
    at: i64,
    index: Option<String>,
}

/// A conversation in the habits of several clients; messages of it are lost.
fn conversation(number: usize, begin: i64, dice: &mut Dice) -> Vec<Written> {
    let people = [
        format!("ann{number}@x.test"),
        format!("Bob <bob{number}@x.test>"),
    ];
    // Some subjects are no name for a conversation.
    let subject = if number.is_multiple_of(3) {
        "Hello".to_owned()
    } else {
        format!("Plan {number}")
    };
    let index = (dice.below(2) == 0).then(|| {
        let letter = char::from(b'A' + u8::try_from(number % 20).unwrap());
        format!("AdABAgMEB{letter}YHCAkKCwwNDg8QERITFA==")
    });
    let count = 3 + dice.below(5);
    let mut all: Vec<Written> = Vec::new();
    for n in 0..count {
        let mut one = Written {
            id: format!("<{number}.{n}@x.test>"),
            subject: if n == 0 {
                subject.clone()
            } else {
                format!("Re: {subject}")
            },
            from: people[n % 2].clone(),
            to: people[(n + 1) % 2].clone(),
            at: begin + i64::try_from(n).unwrap() * 3_600 + i64::try_from(number).unwrap(),
            ..Written::default()
        };
        if n > 0 {
            let parent = &all[dice.below(n)];
            let chain = std::iter::once(&parent.id).chain(&parent.ancestors);
            one.ancestors = match dice.below(5) {
                0 | 1 => chain.cloned().collect(),
                2 => vec![parent.id.clone()],
                3 => {
                    let mut cut: Vec<String> = chain.cloned().collect();
                    let root = cut.pop();
                    cut.truncate(1);
                    cut.extend(root);
                    cut.dedup();
                    cut
                }
                _ => Vec::new(),
            };
        }
        if n > 0 && dice.below(6) == 0 {
            one.subject = format!("Re: Another matter {number}.{n}");
        }
        if dice.below(4) > 0 {
            one.index.clone_from(&index);
        }
        all.push(one);
    }
    all.retain(|_| dice.below(5) > 0);
    all
}

/// What the measure says of all messages at once.
fn measured(own: &str, all: &[Written]) -> Partition {
    let people: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let bare = |shown: &str| {
                shown
                    .trim_start_matches("Bob <")
                    .trim_end_matches('>')
                    .to_owned()
            };
            vec![own.to_owned(), bare(&one.from), bare(&one.to)]
        })
        .collect();
    let messages: Vec<Threaded<'_>> = all
        .iter()
        .zip(&people)
        .map(|(one, people)| Threaded {
            date: Some(Timestamp::from_micros(one.at * 1_000_000)),
            message_id: Some(&one.id),
            references: one.ancestors.iter().rev().map(String::as_str).collect(),
            subject: &one.subject,
            people: people.iter().map(String::as_str).collect(),
            thread_index: one.index.as_deref(),
            thread_topic: one.index.as_ref().map(|_| one.subject.as_str()),
            ..Threaded::default()
        })
        .collect();
    let found = groups(&messages, &Options::default());
    let ids = |group: Vec<usize>| group.into_iter().map(|at| all[at].id.clone()).collect();
    found.into_iter().map(ids).collect()
}

async fn file(world: &World, inbox: &store::Route, one: &Written, after: i64) -> ThreadId {
    let ancestors: Vec<&str> = one.ancestors.iter().map(String::as_str).collect();
    let mail = Mail {
        id: Some(&one.id),
        parent: ancestors.first().copied(),
        ancestors: ancestors.get(1..).unwrap_or_default(),
        subject: Some(&one.subject),
        from: &one.from,
        to: &[&one.to],
        written: (one.at != 0).then_some(one.at),
        index: one.index.as_deref(),
        after,
        ..Mail::default()
    };
    world.file(inbox, mail).await.unwrap().thread_id
}

async fn threads(world: &World, inbox: &store::Route, all: &[Written]) -> Partition {
    let mut threads = std::collections::BTreeMap::<ThreadId, BTreeSet<String>>::new();
    for one in all {
        let thread = thread_of(world, inbox, &one.id).await;
        threads.entry(thread).or_default().insert(one.id.clone());
    }
    for (thread, ids) in &threads {
        let (key, thread) = (inbox.inbox_key, *thread);
        let read = world.read(move |view| view.thread(Some(key), thread));
        let count = usize::try_from(read.await.unwrap().message_count).unwrap();
        assert_eq!(count, ids.len());
    }
    threads.into_values().collect()
}

async fn thread_of(world: &World, inbox: &store::Route, id: &str) -> ThreadId {
    let (key, id) = (inbox.inbox_key, MessageId::parse(id).unwrap());
    let read = world.read(move |view| view.message(key, &id));
    read.await.unwrap().thread_id
}

async fn threads_do_not_depend_on_the_order_of_arrival(world: World) {
    const ROUNDS: u64 = 12;
    const ORDERS: usize = 4;
    let begin = world.clock.now().as_secs() - 86_400;
    let mut kinds = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut dice = Dice(round);
        let mut all = conversation(usize::try_from(round).unwrap() * 2, begin, &mut dice);
        all.extend(conversation(
            usize::try_from(round).unwrap() * 2 + 1,
            begin,
            &mut dice,
        ));
        for order in 0..ORDERS {
            let address = format!("{round}.{order}@example.test");
            let inbox = world.inbox(&address).await;
            let mut arriving = all.clone();
            if order > 0 {
                for at in (1..arriving.len()).rev() {
                    arriving.swap(at, dice.below(at + 1));
                }
            }
            for (after, one) in arriving.iter().enumerate() {
                file(&world, &inbox, one, i64::try_from(after).unwrap()).await;
            }
            let found = threads(&world, &inbox, &all).await;
            let wanted = measured(&address, &all);
            assert_eq!(found, wanted, "round {round}, order {order}: {arriving:#?}");
            kinds.insert(found.len());
        }
    }
    assert!(kinds.len() > 1, "all rounds were alike: {kinds:?}");
    // No thread is left without messages, and the inboxes count right.
    let empty =
        "select count(*) from thread where thread_id not in (select thread_id from message)";
    assert_eq!(world.number(empty), 0);
    let counted = "select cast(sum(thread_count) as bigint) from inbox";
    assert_eq!(
        world.number(counted),
        world.number("select count(*) from thread")
    );
    for table in ["thread_ref", "thread_hint", "thread_label"] {
        let stray = format!(
            "select count(*) from {table} where thread_id not in (select thread_id from thread)"
        );
        assert_eq!(world.number(&stray), 0, "{table}");
    }
}

fn written(id: &str, ancestors: &[&str], subject: &str, from: &str) -> Written {
    Written {
        id: id.to_owned(),
        ancestors: ancestors.iter().map(|id| (*id).to_owned()).collect(),
        subject: subject.to_owned(),
        from: from.to_owned(),
        to: "bot@example.test".to_owned(),
        ..Written::default()
    }
}

const BOT: &str = "bot@example.test";
const ANN: &str = "Ann <ann@x.test>";

async fn a_missing_link_that_arrives_late_joins_two_threads(world: World) {
    let inbox = world.inbox(BOT).await;
    let first = file(&world, &inbox, &written("<1@x>", &[], "Plan", ANN), 0).await;
    let third = file(
        &world,
        &inbox,
        &written("<3@x>", &["<2@x>"], "Next", ANN),
        1,
    )
    .await;
    assert_ne!(first, third);
    let link = file(
        &world,
        &inbox,
        &written("<2@x>", &["<1@x>"], "Next", ANN),
        2,
    )
    .await;
    assert_eq!(link, first, "the older thread stays");
    assert_eq!(thread_of(&world, &inbox, "<3@x>").await, first);
    let read = world.read(move |view| view.thread(None, third)).await;
    assert!(read.is_err());
    assert_eq!(world.number("select count(*) from thread"), 1);
    // What named the thread that is gone is found under the one that stayed.
    assert_eq!(
        file(
            &world,
            &inbox,
            &written("<4@x>", &["<3@x>"], "Next", ANN),
            3
        )
        .await,
        first
    );
}

async fn a_parent_that_arrives_late_takes_what_is_its_own(world: World) {
    let inbox = world.inbox(BOT).await;
    let old = file(&world, &inbox, &written("<1@x>", &[], "Plan", ANN), 0).await;
    let child = file(
        &world,
        &inbox,
        &written("<3@x>", &["<2@x>", "<1@x>"], "Other", ANN),
        1,
    )
    .await;
    assert_eq!(child, old);
    let parent = file(&world, &inbox, &written("<2@x>", &[], "Other", ANN), 2).await;
    assert_ne!(parent, old);
    assert_eq!(thread_of(&world, &inbox, "<3@x>").await, parent);
    assert_eq!(thread_of(&world, &inbox, "<1@x>").await, old);
    assert_eq!(
        world.number("select cast(sum(message_count) as bigint) from thread"),
        3
    );
}

async fn an_answer_without_ids_finds_its_thread_by_subject_and_people(world: World) {
    let inbox = world.inbox(BOT).await;
    let first = file(
        &world,
        &inbox,
        &written("<1@x>", &[], "Harbour lease", ANN),
        0,
    )
    .await;
    let answer = written("<2@x>", &[], "RE: Harbour lease", "ann@x.test");
    assert_eq!(file(&world, &inbox, &answer, 1).await, first);
    // Equal subjects alone join nothing: each daily report is a thread of its own.
    let report = written("<3@x>", &[], "Harbour lease", ANN);
    assert_ne!(file(&world, &inbox, &report, 2).await, first);
    let other = file(&world, &inbox, &written("<5@x>", &[], "Re: Roof", ANN), 3).await;
    assert_eq!(
        file(&world, &inbox, &written("<4@x>", &[], "Roof", ANN), 2).await,
        other
    );
    let long_after = 40 * 86_400;
    let late = written("<6@x>", &[], "Re: Roof", ANN);
    assert_ne!(file(&world, &inbox, &late, long_after).await, other);
}

async fn a_stranger_who_knows_the_subject_stays_outside(world: World) {
    let inbox = world.inbox(BOT).await;
    let first = file(
        &world,
        &inbox,
        &written("<1@x>", &[], "Harbour lease", ANN),
        0,
    )
    .await;
    let eve = written("<2@x>", &[], "Re: Harbour lease", "eve@evil.test");
    assert_ne!(file(&world, &inbox, &eve, 1).await, first);
    // Naming two conversations joins neither to the other.
    let second = file(&world, &inbox, &written("<3@x>", &[], "Roof", ANN), 2).await;
    let both = written("<4@x>", &["<3@x>", "<1@x>"], "Re: Roof", "eve@evil.test");
    assert_eq!(file(&world, &inbox, &both, 3).await, second);
    assert_eq!(thread_of(&world, &inbox, "<1@x>").await, first);
}

async fn an_exchange_conversation_survives_lost_ids(world: World) {
    let inbox = world.inbox(BOT).await;
    let index = |mail: Written, tail: &str| Written {
        index: Some(format!("AdABAgMEBQYHCAkKCwwNDg8QERIT{tail}")),
        ..mail
    };
    let first = index(written("<1@x>", &[], "Budget", ANN), "FA==");
    let first = file(&world, &inbox, &first, 0).await;
    let answer = index(written("<2@x>", &[], "Budget", "carl@x.test"), "FAAAAAA=");
    assert_eq!(file(&world, &inbox, &answer, 1).await, first);
    let other = Written {
        index: Some("AdABAgMEBQYHCAkKCwwNDg8QERXXFA==".to_owned()),
        ..written("<3@x>", &[], "Budget", "carl@x.test")
    };
    assert_ne!(file(&world, &inbox, &other, 2).await, first);
}

async fn hidden_mail_joins_and_divides_nothing(world: World) {
    let inbox = world.inbox(BOT).await;
    let first = file(&world, &inbox, &written("<1@x>", &[], "Plan", ANN), 0).await;
    let third = file(
        &world,
        &inbox,
        &written("<3@x>", &["<2@x>"], "Next", ANN),
        1,
    )
    .await;
    let forged = Mail {
        id: Some("<2@x>"),
        parent: Some("<1@x>"),
        labels: &["unauthenticated"],
        from: "eve@evil.test",
        subject: Some("Re: Plan"),
        ..Mail::default()
    };
    let forged = world.file(&inbox, forged).await.unwrap();
    assert_eq!(forged.thread_id, first);
    assert_eq!(thread_of(&world, &inbox, "<3@x>").await, third);
    assert_eq!(world.number("select count(*) from thread"), 2);
}
