//! What time does to drafts and to remembered answers, on a clock that is moved by hand.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use app::{Access, App, Grant, Limits, Mode, Settings};
use mail::Timestamp;
use model::draft::SendStatus;
use model::page::MessageFilter;
use model::{Code, DraftId, IdempotencyKey, InboxId, Need, Result, perm};
use store::{DraftChange, Engine, Store};
use sys::{Running, Tasks};
use testkit::FakeClock;
use wire::{CreateDraftRequest, OneOrMany, SendMessageRequest, UpdateDraftRequest};

const DAY: Duration = Duration::from_secs(24 * 3600);
const NOON: &str = "2026-11-22T12:00:00.000Z";
const ONE: &str = "2026-11-22T13:00:00.000Z";

struct World {
    app: App,
    store: Store,
    clock: FakeClock,
    /// To the inbox.
    access: Access,
    inbox: InboxId,
    _folder: tempfile::TempDir,
    _running: Running,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = FakeClock::at(Timestamp::parse_rfc3339(NOON).unwrap());
        let env = clock.env(1);
        let engine = Engine::Sqlite {
            folder: folder.path().to_owned(),
        };
        let store = Store::open(&engine, &folder.path().join("blobs"), env.clone()).unwrap();
        let settings = Settings {
            delivery: app::DeliverySettings::default(),
            mode: Mode::Laptop,
            default_domain: "mailroost.localhost".to_owned(),
            hostname: "mailroost.localhost".to_owned(),
            public_url: "http://localhost:8080".to_owned(),
            mta_sts: app::MtaSts::Testing,
            auto_submitted: app::AutoSubmitted::Direct,
            max_message_bytes: 1 << 20,
            suppress_repeats: true,
            limits: Limits::OFF,
            loop_limits: app::LoopLimits::default(),
            leaks: app::LeakRules::default(),
            agent_sign_ups: 0,
            gate: app::GateSettings::default(),
            keep_events: None,
            master_key: [7; 32],
            judging: app::Judging::default(),
            filtering: app::Filtering::default(),
            acme: None,
            document_reader: "/bin/false".into(),
            egress: sys::dial::Policy::default(),
        };
        let (tasks, running) = Tasks::new();
        let app = App::start(store.clone(), settings, env, &tasks)
            .await
            .unwrap();
        let key = app.bootstrap(None).await.unwrap().api_key.unwrap();
        let all = app.authenticate(&key).await.unwrap();
        let maker = all.grant().unwrap();
        let made = app.create_inbox(&maker, wire::CreateInboxRequest::default());
        let inbox = InboxId::parse(&made.await.unwrap().inbox_id).unwrap();
        let access = app.narrowed(&all, None, Some(&inbox)).await.unwrap();
        Self {
            app,
            store,
            clock,
            access,
            inbox,
            _folder: folder,
            _running: running,
        }
    }

    fn grant<P: Need>(&self) -> Grant<P> {
        self.access.grant().unwrap()
    }

    async fn scheduled(&self, at: &str) -> DraftId {
        let request = CreateDraftRequest {
            to: Some(OneOrMany(vec!["bob@outside.test".to_owned()])),
            send_at: Some(at.to_owned()),
            ..CreateDraftRequest::default()
        };
        let made = self.app.create_draft(&self.grant(), request).await.unwrap();
        made.draft_id.parse().unwrap()
    }

    /// How many messages the inbox has sent.
    async fn sent(&self) -> usize {
        let filter = MessageFilter::default();
        let list = self.app.messages(&self.grant(), &self.inbox, filter).await;
        list.unwrap().count
    }

    async fn gone(&self, id: DraftId) -> bool {
        self.app.draft(&self.grant(), id).await.is_err()
    }

    /// Leaves a draft as a server leaves it that dies while it sends.
    async fn die_while_sending(&self, id: DraftId) {
        let grant: Grant<perm::DraftUpdate> = self.grant();
        let marked = self.store.write(&grant, move |txn| {
            let before = txn.lock_draft(id)?;
            let mut after = before.clone();
            after.status = Some(SendStatus::Sending);
            txn.change_draft(&DraftChange {
                before,
                after,
                body: None,
                added: Vec::new(),
            })
        });
        assert!(marked.await.unwrap().is_some());
    }

    async fn send(&self, key: Option<&str>, text: &str) -> Result<String> {
        let request = SendMessageRequest {
            to: Some(OneOrMany(vec!["bob@outside.test".to_owned()])),
            text: Some(text.to_owned()),
            ..SendMessageRequest::default()
        };
        let key = key.map(|key| IdempotencyKey::parse(key).unwrap());
        let grant = self.grant();
        let sent = self.app.send(&grant, &self.inbox, key, request);
        Ok(sent.await?.message_id)
    }
}

/// Asks again and again; each time takes a transaction, so this is some seconds.
async fn eventually(mut probe: impl AsyncFnMut() -> bool) {
    for _ in 0..50_000 {
        if probe().await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it did not happen");
}

#[tokio::test]
async fn a_draft_goes_at_its_time_and_not_before() {
    let world = World::new().await;
    let id = world.scheduled(ONE).await;
    let past = world.scheduled("2001-01-01T00:00:00Z").await;
    eventually(async || world.gone(past).await).await;
    world.clock.advance(Duration::from_secs(3_599));
    // What is due by then goes; the other stays.
    let now = world.scheduled(NOON).await;
    eventually(async || world.gone(now).await).await;
    assert_eq!((world.sent().await, world.gone(id).await), (2, false));
    world.clock.advance(Duration::from_secs(1));
    eventually(async || world.gone(id).await).await;
    assert_eq!(world.sent().await, 3);
}

#[tokio::test]
async fn a_draft_on_its_way_is_nobody_elses_and_goes_on_after_a_crash() {
    let world = World::new().await;
    let id = world.scheduled(ONE).await;
    world.die_while_sending(id).await;
    let change = UpdateDraftRequest {
        subject: wire::Patch::Value("x".to_owned()),
        ..UpdateDraftRequest::default()
    };
    let refusals = [
        world
            .app
            .update_draft(&world.grant(), id, change)
            .await
            .map(|_| ()),
        world.app.delete_draft(&world.grant(), id).await,
        world
            .app
            .send_draft(
                &world.grant(),
                id,
                None,
                wire::UpdateMessageRequest::default(),
            )
            .await
            .map(|_| ()),
    ];
    for refused in refusals {
        assert_eq!(refused.unwrap_err().code(), Code::Conflict);
    }
    assert_eq!(world.sent().await, 0);
    world.clock.advance(Duration::from_secs(3_600));
    eventually(async || world.gone(id).await).await;
    assert_eq!(world.sent().await, 1);
}

#[tokio::test]
async fn an_answer_is_remembered_for_a_day() {
    let world = World::new().await;
    let first = world.send(Some("k"), "x").await.unwrap();
    world.clock.advance(DAY - Duration::from_secs(1));
    assert_eq!(world.send(Some("k"), "x").await.unwrap(), first);
    let other = world.send(Some("k"), "y").await.unwrap_err();
    assert_eq!(other.code(), Code::Conflict);
    world.clock.advance(Duration::from_secs(1));
    let key = IdempotencyKey::parse("k").unwrap();
    let forgotten = world.app.sent_under(&world.grant(), &key).await;
    assert_eq!(forgotten.unwrap_err().code(), Code::NotFound);
    let second = world.send(Some("k"), "y").await.unwrap();
    assert_ne!(second, first);
    assert_eq!(world.sent().await, 2);
}

#[tokio::test]
async fn a_likeness_lasts_a_minute() {
    let world = World::new().await;
    let first = world.send(None, "x").await.unwrap();
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(world.send(None, "x").await.unwrap(), first);
    assert_ne!(world.send(None, "y").await.unwrap(), first);
    world.clock.advance(Duration::from_secs(1));
    assert_ne!(world.send(None, "x").await.unwrap(), first);
    assert_eq!(world.sent().await, 3);
}
