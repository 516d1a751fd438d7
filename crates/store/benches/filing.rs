//! How many messages a second the store files: 4 KiB each, one event each, all in one inbox.
//!
//! `cargo bench -p store --bench filing` runs SQLite, and PostgreSQL when
//! `MAILROOST_TEST_POSTGRES` is set. Arguments: `sqlite` or `postgres` for one engine, and a number
//! for the messages of each round (3000).
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock, prints, and fails by panicking"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use mail::{Address, MessageId};
use model::inbox::InboxStatus;
use model::message::{Content, Direction, People};
use model::{
    EventKind, Hidden, InboxId, InboxKey, Label, Labels, MessageKey, OrgId, ThreadId, perm,
};
use store::{Engine, Grant, NewEvent, NewInbox, NewMessage, Reason, Route, Store};
use sys::{Clock as _, Env, Ids, SystemClock};
use testkit::TempDb;

/// Words with the entropy of ordinary text, so that compression has the work it has in life.
fn text(ids: &Ids, size: usize) -> String {
    const WORDS: [&str; 16] = [
        "please", "find", "the", "attached", "report", "about", "our", "meeting", "on", "monday",
        "regards", "thank", "you", "order", "number", "invoice",
    ];
    let mut out = String::with_capacity(size + 16);
    while out.len() < size {
        for byte in ids.bytes::<16>() {
            out.push_str(WORDS[usize::from(byte & 15)]);
            out.push(if byte & 16 == 0 { ' ' } else { '\n' });
        }
        out.push_str(&ids.random().simple().to_string());
    }
    out
}

struct Bench {
    store: Store,
    ids: Ids,
    inbox: Route,
    grant: Grant<perm::Authenticated>,
}

impl Bench {
    async fn new(db: &TempDb) -> Self {
        let engine = match db.url() {
            Some(url) => Engine::Postgres { url },
            None => Engine::Sqlite {
                folder: db.folder().to_owned(),
            },
        };
        let store = Store::open(&engine, &db.blobs(), Env::system()).unwrap();
        let ids = Ids::system();
        let org = OrgId::new(ids.random());
        let grant = store.system(org, Reason::Reception).grant().unwrap();
        let inbox_id = InboxId::new(&Address::parse("a@example.test").unwrap());
        let key = InboxKey::new(ids.ordered(SystemClock.now()));
        let new = NewInbox {
            key,
            pod_id: org.default_pod(),
            inbox_id: inbox_id.clone(),
            display_name: None,
            client_id: None,
            status: InboxStatus::Active,
            metadata: None,
        };
        let made = store.write(&grant, move |txn| {
            txn.create_org("bench")?;
            txn.create_inbox(&new)
        });
        made.await.unwrap();
        let inbox = Route {
            org_id: org,
            pod_id: org.default_pod(),
            inbox_key: key,
            inbox_id,
        };
        Self {
            store,
            ids,
            inbox,
            grant,
        }
    }

    async fn file(&self) {
        let now = SystemClock.now();
        let body = text(&self.ids, 3_600);
        let raw = format!("Subject: Hello\r\nFrom: ann@x.test\r\n\r\n{body}\r\n");
        let key = MessageKey::new(self.ids.ordered(now));
        let content = Content {
            text: Some(body),
            ..Content::default()
        };
        let new = NewMessage {
            key,
            inbox: self.inbox.clone(),
            direction: Direction::Received,
            at: now,
            labels: Label::parse("unread").into_iter().collect::<Labels>(),
            from: "Ann <ann@x.test>".to_owned(),
            people: People {
                to: vec!["a@example.test".to_owned()],
                ..People::default()
            },
            subject: Some("Hello".to_owned()),
            preview: Some("please find the attached report".to_owned()),
            message_id: MessageId::parse(&format!("{key}@x.test")),
            minted: MessageId::parse(&format!("{key}@minted.test")).unwrap(),
            spare: MessageId::parse(&format!("{key}@spare.test")).unwrap(),
            in_reply_to: None,
            references: Vec::new(),
            ancestors: Vec::new(),
            written_at: None,
            exchange: None,
            attachments: Vec::new(),
            size: i64::try_from(raw.len()).unwrap(),
            raw: self.store.place(&self.grant, raw.as_bytes()).await.unwrap(),
            body: self.store.pack(&content).unwrap(),
            dedup: Some(self.ids.bytes()),
            thread: None,
            new_thread: ThreadId::new(self.ids.ordered(now)),
            origin: Some(model::message::Origin {
                from: Some("ann@x.test".to_owned()),
                ..model::message::Origin::of(model::message::Way::Smtp)
            }),
            screened: None,
            identity: None,
            acquaintance: Vec::new(),
            trace: Some("Received: from x.test\r\n".to_owned()),
        };
        let text = serde_json::to_string(&content.text).unwrap();
        let tail = format!(",\"text\":{text}}}");
        let event = NewEvent {
            kind: EventKind::MessageReceived,
            pod_id: Some(self.inbox.pod_id),
            inbox_key: Some(self.inbox.inbox_key),
            message_key: Some(new.key),
            hidden: Hidden::NONE,
            payload: "\"message\":{\"size\":4096".to_owned(),
            tail: Some(self.store.pack_tail(&tail).unwrap()),
            random: u128::from_le_bytes(self.ids.bytes()),
        };
        let filed = self.store.write(&self.grant, move |txn| {
            txn.file_message(&new)?;
            txn.emit(event.clone());
            Ok(())
        });
        filed.await.unwrap();
    }

    async fn round(&self, engine: &str, in_flight: usize, count: usize) {
        let left = AtomicUsize::new(count);
        let begun = Instant::now();
        let sessions = (0..in_flight).map(|_| async {
            let mut times = Vec::new();
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                .is_ok()
            {
                let start = Instant::now();
                self.file().await;
                times.push(start.elapsed());
            }
            times
        });
        let mut times = futures_util::future::join_all(sessions).await.concat();
        let seconds = begun.elapsed().as_secs_f64();
        times.sort_unstable();
        let at = |part: usize| {
            times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0
        };
        println!(
            "{engine:8} {in_flight:3} in flight: {:6.0} messages/s, p50 {:.2} ms, p99 {:.2} ms",
            times.len() as f64 / seconds,
            at(50),
            at(99),
        );
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = arguments
        .iter()
        .find(|argument| ["sqlite", "postgres"].contains(&argument.as_str()));
    let count = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(3_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for engine in ["sqlite", "postgres"] {
        if only.is_some_and(|only| only != engine) {
            continue;
        }
        let db = match engine {
            "sqlite" => Some(TempDb::sqlite()),
            _ => TempDb::postgres(),
        };
        let Some(db) = db else { continue };
        runtime.block_on(async {
            let bench = Bench::new(&db).await;
            bench.round(engine, 64, count.min(500)).await;
            for in_flight in [1, 10, 64] {
                let count = if in_flight == 1 { count / 4 } else { count };
                bench.round(engine, in_flight, count.max(1)).await;
            }
            bench.store.close();
        });
    }
}
