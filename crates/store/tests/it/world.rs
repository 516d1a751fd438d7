//! A store with one organisation, and short ways to put mail into it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use mail::{Address, MessageId, Timestamp};
use model::api_key::Scope;
use model::inbox::InboxStatus;
use model::message::{Content, Direction, Message, People};
use model::{
    ApiKeyId, EventKind, Hidden, InboxId, InboxKey, Label, Labels, MessageKey, OrgId,
    PermissionSet, PodId, ThreadId, perm,
};
use store::{
    Access, Credential, Engine, Filed, Grant, NewEvent, NewInbox, NewInboxOutcome, NewKey,
    NewMessage, NewPod, OpenError, Reason, Route, Store,
};
use sys::{Clock, Env, Ids};
use testkit::TempDb;

/// Runs each named check, an `async fn(World)`, on SQLite and on PostgreSQL.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                crate::world::check(Some(testkit::TempDb::sqlite()), super::$name);
            }

            #[test]
            fn postgres() {
                crate::world::check(testkit::TempDb::postgres(), super::$name);
            }
        }
    )*};
}

/// Runs each named check, an `fn(TempDb)` that opens the store itself, on both engines.
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                super::$name(testkit::TempDb::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(db) = testkit::TempDb::postgres() {
                    super::$name(db);
                }
            }
        }
    )*};
}

/// Stands still until a test moves it.
#[derive(Clone)]
pub struct StillClock(Arc<AtomicI64>);

impl StillClock {
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap();
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn sleep_until(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

/// The store of one test. Clones share it.
#[derive(Clone)]
pub struct World {
    pub store: Store,
    pub clock: StillClock,
    pub ids: Ids,
    pub org: OrgId,
    pub db: Arc<TempDb>,
}

/// Runs `test` and afterwards checks that the log agrees with its end and has no gap.
pub fn check<F: Future<Output = ()>>(db: Option<TempDb>, test: impl FnOnce(World) -> F) {
    let Some(db) = db else { return };
    let runtime = runtime();
    let world = runtime.block_on(World::new(Arc::new(db)));
    let end = world.clone();
    runtime.block_on(async {
        test(world).await;
        end.assert_log_is_gapless().await;
    });
    let World { store, db, .. } = end;
    store.close();
    drop(db);
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

pub fn engine(db: &TempDb) -> Engine {
    match db.url() {
        Some(url) => Engine::Postgres { url },
        None => Engine::Sqlite {
            folder: db.folder().to_owned(),
        },
    }
}

pub fn open(db: &TempDb, clock: &StillClock) -> Result<Store, OpenError> {
    let env = Env::new(Arc::new(clock.clone()), Ids::system());
    Store::open(&engine(db), &db.blobs(), env)
}

pub fn clock() -> StillClock {
    StillClock(Arc::new(AtomicI64::new(1_767_225_600_000_000)))
}

pub fn labels(names: &[&str]) -> Labels {
    names
        .iter()
        .map(|name| Label::parse(name).unwrap())
        .collect()
}

pub fn id(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

pub fn address(text: &str) -> InboxId {
    InboxId::new(&Address::parse(text).unwrap())
}

/// A mail in a few words.
#[derive(Clone, Default)]
pub struct Mail<'a> {
    pub id: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub ancestors: &'a [&'a str],
    pub labels: &'a [&'a str],
    pub sent: bool,
    /// Seconds before (negative) or after the clock.
    pub after: i64,
    pub from: &'a str,
    pub to: &'a [&'a str],
    pub subject: Option<&'a str>,
    pub raw: &'a [u8],
    pub dedup: Option<u8>,
    pub attachments: usize,
    /// When it says that it was written, in seconds.
    pub written: Option<i64>,
    /// Thread-Index.
    pub index: Option<&'a str>,
}

impl World {
    pub async fn new(db: Arc<TempDb>) -> Self {
        let clock = clock();
        let store = open(&db, &clock).unwrap();
        let ids = Ids::system();
        let world = Self {
            store,
            clock,
            org: OrgId::new(ids.random()),
            ids,
            db,
        };
        world.bootstrap(world.org).await;
        world
    }

    /// Makes an organisation with the shared domain.
    pub async fn bootstrap(&self, org: OrgId) {
        let grant = self.system_of(org);
        let made = self.store.write(&grant, |txn| {
            txn.create_org("Test")?;
            txn.add_shared_domain("example.test")
        });
        made.await.unwrap();
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn system(&self) -> Grant<perm::Authenticated> {
        self.system_of(self.org)
    }

    pub fn system_of(&self, org: OrgId) -> Grant<perm::Authenticated> {
        grant(&self.store.system(org, Reason::Operation))
    }

    /// Reads as the server itself.
    pub async fn read<T, F>(&self, work: F) -> model::Result<T>
    where
        F: FnMut(&mut store::View<'_>) -> model::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.store.read(&self.system(), work).await
    }

    /// Writes as the server itself.
    pub async fn write<T, F>(&self, work: F) -> model::Result<T>
    where
        F: FnMut(&mut store::Txn<'_>) -> model::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.store.write(&self.system(), work).await
    }

    pub fn new_inbox(&self, pod: PodId, at: &str) -> NewInbox {
        NewInbox {
            key: InboxKey::new(self.ids.ordered(self.now())),
            pod_id: pod,
            inbox_id: address(at),
            display_name: None,
            client_id: None,
            status: InboxStatus::Active,
            metadata: None,
        }
    }

    pub async fn inbox(&self, at: &str) -> Route {
        self.inbox_in(self.org, self.org.default_pod(), at).await
    }

    /// A pod of the organisation.
    pub async fn pod(&self, client_id: Option<&str>) -> PodId {
        let new = NewPod {
            pod_id: PodId::new(self.ids.random()),
            name: "Pod".to_owned(),
            client_id: client_id.map(str::to_owned),
        };
        let made = self.write(move |txn| txn.create_pod(&new)).await;
        made.unwrap().pod_id
    }

    pub async fn inbox_in(&self, org: OrgId, pod: PodId, at: &str) -> Route {
        let new = self.new_inbox(pod, at);
        let grant = self.system_of(org);
        let made = self.store.write(&grant, move |txn| txn.create_inbox(&new));
        let NewInboxOutcome::Made(inbox) = made.await.unwrap() else {
            panic!("{at} is taken");
        };
        Route {
            org_id: org,
            pod_id: pod,
            inbox_key: inbox.key,
            inbox_id: inbox.inbox_id,
        }
    }

    pub async fn mail(&self, inbox: &Route, mail: Mail<'_>) -> NewMessage {
        let key = MessageKey::new(self.ids.ordered(self.now()));
        let raw: &[u8] = if mail.raw.is_empty() {
            b"Subject: x\r\n\r\nHello\r\n"
        } else {
            mail.raw
        };
        let placed = self
            .store
            .place(&self.system_of(inbox.org_id), raw)
            .await
            .unwrap();
        let content = Content {
            text: Some("Hello".to_owned()),
            ..Content::default()
        };
        let parent = mail.parent.map(id);
        let ancestors: Vec<MessageId> = mail.ancestors.iter().map(|text| id(text)).collect();
        let wanted = parent.iter().chain(&ancestors).cloned().collect();
        let attachments = (0..mail.attachments).map(|part| model::message::Attachment {
            attachment_id: model::AttachmentId::new(self.ids.random()),
            part,
            filename: Some(format!("{part}.txt")),
            content_type: None,
            content_disposition: None,
            content_id: None,
            size: 1,
        });
        NewMessage {
            key,
            inbox: inbox.clone(),
            direction: if mail.sent {
                Direction::Sent
            } else {
                Direction::Received
            },
            at: Timestamp::from_micros(self.now().as_micros() + mail.after * 1_000_000),
            labels: labels(mail.labels),
            from: mail.from.to_owned(),
            people: People {
                to: mail.to.iter().map(|&to| to.to_owned()).collect(),
                ..People::default()
            },
            subject: mail.subject.map(str::to_owned),
            preview: Some(format!("preview of {key}")),
            message_id: mail.id.map(id),
            minted: match mail.dedup {
                Some(byte) => id(&format!("<{byte}@minted.test>")),
                None => id(&format!("<{key}@minted.test>")),
            },
            spare: id(&format!("<{key}@spare.test>")),
            in_reply_to: parent,
            // A field names the oldest first.
            references: ancestors.into_iter().rev().collect(),
            ancestors: wanted,
            written_at: mail
                .written
                .map(|at| Timestamp::from_micros(at * 1_000_000)),
            exchange: mail.index.map(|index| mail::thread::Exchange {
                index: index.to_owned(),
                topic: mail.subject.unwrap_or_default().to_owned(),
            }),
            attachments: attachments.collect(),
            size: i64::try_from(raw.len()).unwrap(),
            raw: placed,
            body: self.store.pack(&content).unwrap(),
            dedup: mail.dedup.map(|byte| [byte; 32]),
            thread: None,
            new_thread: ThreadId::new(self.ids.ordered(self.now())),
            origin: None,
            screened: None,
            identity: None,
            acquaintance: Vec::new(),
            trace: Some("Received: from here\r\n".to_owned()),
        }
    }

    /// Files a mail; `None` for a duplicate.
    pub async fn file(&self, inbox: &Route, mail: Mail<'_>) -> Option<Message> {
        let new = self.mail(inbox, mail).await;
        self.file_new(new).await
    }

    pub async fn file_new(&self, new: NewMessage) -> Option<Message> {
        let grant = self.system_of(new.inbox.org_id);
        let filed = self.store.write(&grant, move |txn| txn.file_message(&new));
        match filed.await.unwrap() {
            Filed::New(message) => Some(*message),
            Filed::Duplicate => None,
        }
    }

    /// A key of this scope, opened.
    pub async fn key(
        &self,
        org: OrgId,
        scope: Scope,
        permissions: Option<PermissionSet>,
    ) -> Access {
        let secret = self.ids.random().to_string();
        let key = NewKey {
            api_key_id: ApiKeyId::new(self.ids.random()),
            credential: Credential::new(&secret),
            prefix: "prefix".to_owned(),
            name: "key".to_owned(),
            scope,
            permissions,
            expires_at: None,
        };
        let grant = self.system_of(org);
        let made = self
            .store
            .write(&grant, move |txn| txn.create_api_key(&key));
        made.await.unwrap();
        self.store
            .authenticate(Credential::new(&secret))
            .await
            .unwrap()
    }

    pub fn event(&self, inbox: Option<&Route>, hidden: Hidden, mark: &str) -> NewEvent {
        NewEvent {
            kind: EventKind::MessageReceived,
            pod_id: inbox.map(|inbox| inbox.pod_id),
            inbox_key: inbox.map(|inbox| inbox.inbox_key),
            message_key: None,
            hidden,
            payload: format!("\"mark\":\"{mark}\""),
            tail: None,
            random: u128::from_le_bytes(self.ids.bytes()),
        }
    }

    /// The whole log of an organisation, read in pages.
    pub async fn log(&self, org: OrgId) -> Vec<store::LogEntry> {
        let grant = self.system_of(org);
        let (mut at, mut entries) = (0, Vec::new());
        loop {
            let page = self.store.read(&grant, move |view| view.log_after(at, 100));
            let (page, read_to) = page.await.unwrap();
            if page.is_empty() {
                return entries;
            }
            at = read_to;
            entries.extend(page);
        }
    }

    pub async fn assert_log_is_gapless(&self) {
        let log = self.log(self.org).await;
        let positions: Vec<i64> = log.iter().map(|entry| entry.seq).collect();
        let end = self.read(|view| view.log_end()).await.unwrap();
        // What is old is deleted from the beginning.
        let floor = self.read(|view| view.log_floor()).await.unwrap();
        assert_eq!(positions, (floor + 1..=end).collect::<Vec<_>>());
        assert!(log.iter().all(|entry| entry.event_id.seq() == entry.seq));
    }

    /// The single number that a statement gives, straight from the database.
    pub fn number(&self, sql: &str) -> i64 {
        match self.db.url() {
            None => {
                let file = self.db.folder().join("mailroost.db");
                let conn = rusqlite::Connection::open(file).unwrap();
                conn.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Some(url) => std::thread::scope(|scope| {
                let ask = scope.spawn(|| {
                    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
                    client.query_one(sql, &[]).unwrap().get(0)
                });
                ask.join().unwrap()
            }),
        }
    }
}

pub fn grant(access: &Access) -> Grant<perm::Authenticated> {
    access.grant().unwrap()
}
