//! Fills a store with mail, as the product would have filed it, and indexes it.
//!
//! `cargo run --release -p store --example seed -- FOLDER DOMAIN TOTAL FIRST [POSTGRES_URL]`
//!
//! The store gets an organisation with inboxes `user0@DOMAIN` to `user39@DOMAIN`: FIRST messages in
//! the first of them and the rest of TOTAL in the others, in threads of 1 to 30 messages over the
//! year before now, with labels, sent mail and spam. A store that has an organisation is only
//! indexed to the end. A server started on it afterwards serves it.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::redundant_closure_for_method_calls,
    reason = "a tool for measuring reads the clock, prints, and fails by panicking"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use mail::{Address, MessageId, Timestamp};
use model::inbox::InboxStatus;
use model::message::{Content, Direction, People};
use model::{
    EventKind, Hidden, InboxId, InboxKey, Label, Labels, MessageKey, OrgId, ThreadId, perm,
};
use store::{Engine, Grant, NewEvent, NewInbox, NewMessage, Reason, Route, Store};
use sys::{Clock as _, Env, Ids, SystemClock};

const INBOXES: usize = 40;
/// Messages filed in one transaction.
const BATCH: usize = 32;
/// Transactions at once.
const AT_ONCE: usize = 8;
const YEAR: i64 = 365 * 86_400 * 1_000_000;

/// Numbers that are the same on every run.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    /// A word of 16,384; the first ones are in most texts, as in life.
    fn word(&mut self) -> String {
        let magnitude = self.next(15);
        word(self.next(1 << magnitude))
    }

    fn text(&mut self, words: usize) -> String {
        let mut out = String::with_capacity(words * 7);
        for n in 0..words {
            out.push_str(&self.word());
            out.push(if n % 11 == 10 { '\n' } else { ' ' });
        }
        out
    }
}

/// The word of this rank, the same that the load harness makes.
fn word(mut rank: usize) -> String {
    let mut out = String::new();
    for _ in 0..3 {
        out.push(char::from(b"bcdfgklmnprstvz"[rank % 15]));
        rank /= 15;
        out.push(char::from(b"aeiou"[rank % 5]));
        rank /= 5;
    }
    out
}

/// One inbox on its way to its number of messages.
struct Seeding {
    route: Route,
    left: usize,
    dice: Dice,
    at: i64,
    step: i64,
    /// The threads that still grow: their last message, its subject, and how many are to come.
    open: Vec<(MessageId, String, usize)>,
}

impl Seeding {
    /// The parent and the subject of the message `id`: it answers one of the threads that still
    /// grow, or begins one.
    fn place(&mut self, id: &MessageId) -> (Option<MessageId>, String) {
        if !self.open.is_empty() && self.dice.next(4) > 0 {
            let place = self.dice.next(self.open.len());
            let (last, subject, left) = &mut self.open[place];
            let parent = std::mem::replace(last, id.clone());
            let subject = format!("Re: {subject}");
            *left -= 1;
            if *left == 0 {
                self.open.swap_remove(place);
            }
            return (Some(parent), subject);
        }
        let words = 2 + self.dice.next(5);
        let subject = self.dice.text(words).trim().to_owned();
        // Most threads are short, a few have 30 messages.
        let more = [0, 0, 0, 1, 1, 2, 3, 5, 11, 29][self.dice.next(10)];
        if more > 0 {
            self.open.push((id.clone(), subject.clone(), more));
        }
        (None, subject)
    }
}

struct Tool {
    store: Store,
    ids: Ids,
    grant: Grant<perm::Authenticated>,
    filed: AtomicUsize,
}

impl Tool {
    async fn inbox(&self, org: OrgId, address: &str) -> Route {
        let inbox_id = InboxId::new(&Address::parse(address).unwrap());
        let new = NewInbox {
            key: InboxKey::new(self.ids.ordered(SystemClock.now())),
            pod_id: org.default_pod(),
            inbox_id: inbox_id.clone(),
            display_name: Some("Load".to_owned()),
            client_id: None,
            status: InboxStatus::Active,
            metadata: None,
        };
        let inbox_key = new.key;
        let made = self
            .store
            .write(&self.grant, move |txn| txn.create_inbox(&new));
        made.await.unwrap();
        Route {
            org_id: org,
            pod_id: org.default_pod(),
            inbox_key,
            inbox_id,
        }
    }

    /// Files the next messages of an inbox.
    async fn step(&self, seeding: &mut Seeding) {
        let mut batch = Vec::with_capacity(BATCH);
        for _ in 0..seeding.left.min(BATCH) {
            batch.push(self.message(seeding).await);
        }
        seeding.left -= batch.len();
        let batch = Arc::new(batch);
        let count = batch.len();
        let filed = self.store.write(&self.grant, move |txn| {
            for (new, event) in batch.iter() {
                txn.file_message(new)?;
                txn.emit(event.clone());
            }
            Ok(())
        });
        filed.await.unwrap();
        let before = self.filed.fetch_add(count, Ordering::Relaxed);
        if before / 50_000 != (before + count) / 50_000 {
            println!("{} messages", before + count);
        }
    }

    async fn message(&self, seeding: &mut Seeding) -> (NewMessage, NewEvent) {
        seeding.at += seeding.step;
        let at = Timestamp::from_micros(seeding.at);
        let key = MessageKey::new(self.ids.ordered(at));
        let id = MessageId::parse(&format!("<{key}@load.test>")).unwrap();
        let (parent, subject) = seeding.place(&id);
        let dice = &mut seeding.dice;
        let size = 30 + dice.next(260);
        let text = dice.text(size);
        let sender = dice.next(997);
        let is_sent = parent.is_some() && dice.next(3) == 0;
        let mut labels = Labels::default();
        for (label, of) in [
            ("unread", 3),
            ("important", 20),
            ("billing", 50),
            ("spam", 33),
        ] {
            if dice.next(of) == 0 && !is_sent {
                labels.insert(Label::parse(label).unwrap());
            }
        }
        let own = seeding.route.inbox_id.to_string();
        let other = format!("Sender {sender} <s{sender}@load.test>");
        let (from, to) = if is_sent { (own, other) } else { (other, own) };
        let raw = format!(
            "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: {id}\r\n\r\n{text}"
        );
        let hidden = labels.hidden();
        let content = Content {
            text: Some(text),
            ..Content::default()
        };
        let new = NewMessage {
            key,
            inbox: seeding.route.clone(),
            direction: if is_sent {
                Direction::Sent
            } else {
                Direction::Received
            },
            at,
            labels,
            from,
            people: People {
                to: vec![to],
                ..People::default()
            },
            preview: content
                .text
                .as_ref()
                .map(|text| text.chars().take(120).collect()),
            subject: Some(subject),
            message_id: Some(id.clone()),
            minted: MessageId::parse(&format!("<{key}@minted.test>")).unwrap(),
            spare: MessageId::parse(&format!("<{key}@spare.test>")).unwrap(),
            in_reply_to: parent.clone(),
            references: parent.iter().cloned().collect(),
            ancestors: parent.into_iter().collect(),
            written_at: None,
            exchange: None,
            attachments: Vec::new(),
            size: i64::try_from(raw.len()).unwrap(),
            raw: self.store.place(&self.grant, raw.as_bytes()).await.unwrap(),
            body: self.store.pack(&content).unwrap(),
            dedup: None,
            thread: None,
            new_thread: ThreadId::new(self.ids.ordered(at)),
            origin: None,
            screened: None,
            identity: None,
            acquaintance: Vec::new(),
            trace: None,
        };
        let event = self.event(&seeding.route, key, hidden, &id);
        (new, event)
    }

    fn event(&self, route: &Route, key: MessageKey, hidden: Hidden, id: &MessageId) -> NewEvent {
        NewEvent {
            kind: EventKind::MessageReceived,
            pod_id: Some(route.pod_id),
            inbox_key: Some(route.inbox_key),
            message_key: Some(key),
            hidden,
            payload: format!("\"message\":{{\"message_id\":\"{id}\"}}"),
            tail: None,
            random: u128::from_le_bytes(self.ids.bytes()),
        }
    }

    /// Indexes what was filed, as the server does in the background.
    async fn index(&self) {
        let (mut segments, mut merges) = (0, 0);
        while let Some(new) = self
            .store
            .read(&self.grant, |view| view.unindexed(1_024))
            .await
            .unwrap()
        {
            let id = self.ids.random();
            let added = self
                .store
                .write(&self.grant, move |txn| txn.add_segment(id, &new));
            added.await.unwrap();
            segments += 1;
            merges += self.merge().await;
            if segments % 100 == 0 {
                println!("{segments} segments indexed, {merges} merges");
            }
        }
    }

    async fn merge(&self) -> usize {
        let mut merges = 0;
        while let Some(merge) = self
            .store
            .read(&self.grant, |view| view.merge_segments())
            .await
            .unwrap()
        {
            let id = self.ids.random();
            let begun = merge.clone();
            self.store
                .write(&self.grant, move |txn| txn.begin_merge(id, &begun))
                .await
                .unwrap();
            for slice in 0..merge.slices() {
                let part = merge.clone();
                let written = self
                    .store
                    .write(&self.grant, move |txn| txn.write_merge(id, &part, slice));
                written.await.unwrap();
            }
            self.store
                .write(&self.grant, move |txn| txn.finish_merge(id, &merge))
                .await
                .unwrap();
            while self
                .store
                .write(&self.grant, |txn| txn.sweep_segments())
                .await
                .unwrap()
            {}
            merges += 1;
        }
        merges
    }
}

async fn seed(store: Store, domain: &str, total: usize, first: usize) {
    let ids = Ids::system();
    let known = store.first_org().await.unwrap();
    let org = known.unwrap_or(OrgId::new(ids.random()));
    let grant = store.system(org, Reason::Operation).grant().unwrap();
    let shared = domain.to_owned();
    let made = store.write(&grant, move |txn| {
        txn.create_org("Load")?;
        txn.add_shared_domain(&shared)
    });
    made.await.unwrap();
    let tool = Tool {
        store,
        ids,
        grant,
        filed: AtomicUsize::new(0),
    };
    if known.is_none() {
        file(&tool, org, domain, total, first).await;
    }
    let begun = Instant::now();
    tool.index().await;
    println!("indexed in {:.0} s", begun.elapsed().as_secs_f64());
    tool.store.close();
}

/// Files all messages, several inboxes at once.
async fn file(tool: &Tool, org: OrgId, domain: &str, total: usize, first: usize) {
    let begun = Instant::now();
    let mut waiting = Vec::new();
    for n in 0..INBOXES {
        let rest = total.saturating_sub(first) / (INBOXES - 1);
        let left = if n == 0 { first.min(total) } else { rest };
        let step = YEAR / i64::try_from(left.max(1)).unwrap();
        waiting.push(Seeding {
            route: tool.inbox(org, &format!("user{n}@{domain}")).await,
            left,
            dice: Dice(u64::try_from(n).unwrap() + 1),
            at: SystemClock.now().as_micros() - YEAR - 1_000_000,
            step,
            open: Vec::new(),
        });
    }
    waiting.reverse();
    let waiting = std::sync::Mutex::new(waiting);
    let workers = (0..AT_ONCE).map(|_| async {
        loop {
            let next = waiting.lock().unwrap().pop();
            let Some(mut seeding) = next else { break };
            while seeding.left > 0 {
                tool.step(&mut seeding).await;
            }
        }
    });
    futures_util::future::join_all(workers).await;
    println!("filed in {:.0} s", begun.elapsed().as_secs_f64());
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, domain, total, first, more @ ..] = arguments.as_slice() else {
        println!("seed FOLDER DOMAIN TOTAL FIRST [POSTGRES_URL]");
        std::process::exit(2);
    };
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let engine = match more.first() {
        Some(url) => Engine::Postgres { url: url.clone() },
        None => Engine::Sqlite {
            folder: folder.clone(),
        },
    };
    let store = Store::open(&engine, &folder.join("blobs"), Env::system()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(seed(
        store,
        domain,
        total.parse().unwrap(),
        first.parse().unwrap(),
    ));
}
