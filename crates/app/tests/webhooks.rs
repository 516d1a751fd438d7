//! Webhooks over days, on a clock that is moved by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use app::{Access, App, Inbound, Mode, Settings};
use mail::{Address, Timestamp};
use smtp::{Envelope, Handler as _};
use store::{Engine, Store};
use sys::dial::Policy;
use sys::{Clock as _, Running, Tasks};
use testkit::{FakeClock, HookSink, Reaction};
use wire::{Webhook, WebhookDelivery};

/// A server without doors, one inbox and one receiver.
struct Stage {
    clock: FakeClock,
    app: App,
    access: Access,
    sink: HookSink,
    hook: Webhook,
    running: Running,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = FakeClock::at(Timestamp::parse_rfc3339("2026-11-22T12:00:00Z").unwrap());
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
            master_key: [7; 32],
            agent_sign_ups: 0,
            gate: app::GateSettings::default(),
            keep_events: None,
            suppress_repeats: false,
            limits: app::Limits::OFF,
            loop_limits: app::LoopLimits::default(),
            leaks: app::LeakRules::default(),
            judging: app::Judging::default(),
            filtering: app::Filtering::default(),
            acme: None,
            document_reader: "/bin/false".into(),
            egress: Policy {
                loopback: true,
                plain: true,
                allowed: Vec::new(),
            },
        };
        let (tasks, running) = Tasks::new();
        let app = App::start(store, settings, env, &tasks).await.unwrap();
        let key = app.bootstrap(None).await.unwrap().api_key.unwrap();
        let access = app.authenticate(&key).await.unwrap();
        let inbox = wire::CreateInboxRequest {
            username: Some("bot".to_owned()),
            ..Default::default()
        };
        app.create_inbox(&access.grant().unwrap(), inbox)
            .await
            .unwrap();
        let sink = HookSink::start().await.unwrap();
        let request = wire::CreateWebhookRequest {
            url: Some(sink.url("/")),
            event_types: Some(vec!["message.received".to_owned()]),
            ..Default::default()
        };
        let grant = access.grant().unwrap();
        let hook = app.create_webhook(&grant, request).await.unwrap();
        Self {
            clock,
            app,
            access,
            sink,
            hook,
            running,
            _folder: folder,
        }
    }

    async fn mail(&self, id: &str) {
        let envelope = Envelope {
            reverse_path: Address::parse("ann@outside.test").ok(),
            forward_paths: Address::parse("bot@mailroost.localhost")
                .into_iter()
                .collect(),
            peer: (std::net::Ipv4Addr::LOCALHOST, 2).into(),
            helo: "outside.test".to_owned(),
            esmtp: true,
            tls: false,
            tls_details: None,
            smtputf8: false,
            body_8bit: false,
            login: None,
            session: smtp::SessionId::default(),
            received_at: self.clock.now(),
        };
        let raw =
            format!("From: ann@outside.test\r\nMessage-ID: <{id}@outside.test>\r\n\r\nHi\r\n");
        let door = Inbound::new(self.app.clone());
        assert!(door.message(envelope, raw.into_bytes()).await.is_ok());
    }

    async fn deliveries(&self) -> Vec<WebhookDelivery> {
        let id = self.hook.webhook_id.parse().unwrap();
        let grant = self.access.grant().unwrap();
        let page = model::page::Page::default();
        let listed = self.app.webhook_deliveries(&grant, id, page).await;
        listed.unwrap().deliveries
    }

    /// The newest of so many deliveries once it was tried so often.
    async fn tried(&self, count: usize, times: i64) -> WebhookDelivery {
        until(async || {
            let all = self.deliveries().await;
            let newest = all.first().filter(|_| all.len() == count);
            newest.filter(|one| one.attempt_count == times).cloned()
        })
        .await
    }

    async fn webhook(&self) -> Webhook {
        let id = self.hook.webhook_id.parse().unwrap();
        let grant = self.access.grant().unwrap();
        self.app.webhook(&grant, id).await.unwrap()
    }

    /// Moves the clock to just before and then to the next try of a delivery; how long it was off.
    fn wait_for(&self, delivery: &WebhookDelivery) -> u64 {
        let due = delivery.next_attempt_at.as_deref().unwrap();
        let pause = Timestamp::parse_rfc3339(due)
            .unwrap()
            .since(self.clock.now());
        // Shown times are whole milliseconds.
        self.clock.advance(pause + Duration::from_millis(1));
        pause.as_secs()
    }

    async fn end(self) {
        self.running.stop().await;
    }
}

/// Asks until there is an answer.
#[expect(
    clippy::disallowed_methods,
    reason = "the limit is for a test that hangs"
)]
async fn until<T>(mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(180), Box::pin(asking)).await;
    found.unwrap()
}

#[tokio::test]
async fn a_delivery_is_tried_eight_times_over_more_than_a_day() {
    let mut stage = Stage::new().await;
    stage.sink.always(Reaction::status(500));
    stage.mail("1").await;
    let mut ids = Vec::new();
    for (times, least) in (1..).zip([5, 300, 1800, 7200, 18000, 36000, 36000]) {
        let failed = stage.tried(1, times).await;
        assert_eq!(failed.status, "pending");
        ids.push(stage.sink.next().await.header("svix-id").to_owned());
        let pause = stage.wait_for(&failed);
        assert!(
            (least..=least * 6 / 5 + 1).contains(&pause),
            "{times}: {pause}"
        );
    }
    let given_up = stage.tried(1, 8).await;
    assert_eq!(
        (given_up.status.as_str(), given_up.next_attempt_at),
        ("failed", None)
    );
    ids.push(stage.sink.next().await.header("svix-id").to_owned());
    ids.dedup();
    assert_eq!(ids, [given_up.delivery_id]);
    assert!(stage.webhook().await.enabled);
    stage.end().await;
}

#[tokio::test]
async fn a_receiver_is_given_the_time_it_asks_for() {
    let stage = Stage::new().await;
    for (index, (status, asked, least)) in [
        (503, "120", 120),
        (429, "7200", 7200),
        (500, "7200", 5),
        (503, "1", 5),
    ]
    .into_iter()
    .enumerate()
    {
        let header = format!("Retry-After: {asked}\r\n");
        stage.sink.then([Reaction::answer(status, &header, "")]);
        stage.mail(&index.to_string()).await;
        let failed = stage.tried(index + 1, 1).await;
        let pause = stage.wait_for(&failed);
        assert!(
            (least..=least * 6 / 5 + 1).contains(&pause),
            "{status} {asked}: {pause}"
        );
        assert_eq!(stage.tried(index + 1, 2).await.status, "delivered");
    }
    stage.end().await;
}

#[tokio::test]
async fn five_days_of_nothing_but_failures_disable_a_webhook() {
    let stage = Stage::new().await;
    stage.sink.always(Reaction::status(500));
    stage.mail("1").await;
    stage.tried(1, 1).await;
    // A success begins the count anew.
    stage.clock.advance(Duration::from_secs(4 * 24 * 3600));
    stage.tried(1, 2).await;
    stage.sink.always(Reaction::status(200));
    stage.mail("2").await;
    assert_eq!(stage.tried(2, 1).await.status, "delivered");
    stage.sink.always(Reaction::status(500));
    // The newest must be told from this one.
    stage.clock.advance(Duration::from_secs(1));
    for day in 0..5 {
        stage.mail(&format!("day {day}")).await;
        stage.tried(3 + day, 1).await;
        assert!(stage.webhook().await.enabled, "{day}");
        stage.clock.advance(Duration::from_secs(24 * 3600));
    }
    stage.mail("last").await;
    let disabled = until(async || Some(stage.webhook().await).filter(|hook| !hook.enabled)).await;
    let reason = disabled.disabled_reason.unwrap();
    assert_eq!(reason, "every attempt has failed for 5 days");
    let open = stage.deliveries().await;
    assert!(open.iter().all(|one| one.status != "pending"), "{open:?}");
    stage.end().await;
}

#[tokio::test]
async fn what_is_known_of_a_delivery_is_forgotten_after_thirty_days() {
    let stage = Stage::new().await;
    stage.mail("1").await;
    assert_eq!(stage.tried(1, 1).await.status, "delivered");
    stage.clock.advance(Duration::from_secs(29 * 24 * 3600));
    stage.mail("2").await;
    until(async || Some(stage.deliveries().await).filter(|all| all.len() == 2)).await;
    stage.clock.advance(Duration::from_secs(2 * 24 * 3600));
    until(async || Some(stage.deliveries().await).filter(|all| all.len() == 1)).await;
    stage.end().await;
}

#[tokio::test]
async fn a_replaced_secret_signs_for_one_more_day() {
    let mut stage = Stage::new().await;
    let id = stage.hook.webhook_id.parse().unwrap();
    let grant = stage.access.grant().unwrap();
    stage.app.rotate_webhook_secret(&grant, id).await.unwrap();
    let signatures = async |stage: &mut Stage, id: &str| {
        stage.mail(id).await;
        let posted = stage.sink.next().await;
        posted.header("svix-signature").split(' ').count()
    };
    assert_eq!(signatures(&mut stage, "1").await, 2);
    stage.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(signatures(&mut stage, "2").await, 1);
    stage.end().await;
}
