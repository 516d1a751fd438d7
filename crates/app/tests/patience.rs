//! How long mail is tried, on a clock that is moved by hand: when it is labelled as late, and when it
//! is given up.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use app::{Access, App, DeliverySettings, Limits, Mode, Relay, RelayTls, Settings, Way};
use mail::{MessageId, Timestamp};
use model::InboxId;
use store::{Engine, Store};
use sys::{Clock as _, Running, Tasks};
use testkit::{Act, FakeClock, MailSink};
use wire::{OneOrMany, SendMessageRequest};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

struct World {
    app: App,
    clock: FakeClock,
    access: Access,
    inbox: InboxId,
    _folder: tempfile::TempDir,
    _running: Running,
}

fn settings(relay: &MailSink) -> Settings {
    let relay = Relay {
        host: relay.address().ip().to_string(),
        port: relay.address().port(),
        tls: RelayTls::Never,
        credentials: None,
    };
    Settings {
        delivery: DeliverySettings {
            otherwise: Way::Relay("relay".to_owned()),
            relays: BTreeMap::from([("relay".to_owned(), relay)]),
            ..DeliverySettings::default()
        },
        mode: Mode::Laptop,
        default_domain: "mailroost.localhost".to_owned(),
        hostname: "mailroost.localhost".to_owned(),
        public_url: "http://localhost:8080".to_owned(),
        mta_sts: app::MtaSts::Testing,
        auto_submitted: app::AutoSubmitted::Direct,
        max_message_bytes: 1 << 20,
        suppress_repeats: false,
        limits: Limits::OFF,
        loop_limits: app::LoopLimits::default(),
        leaks: app::LeakRules::default(),
        agent_sign_ups: 0,
        keep_events: None,
        master_key: [7; 32],
        judging: app::Judging::default(),
        filtering: app::Filtering::default(),
        acme: None,
        gate: app::GateSettings::default(),
        document_reader: "/bin/false".into(),
        egress: sys::dial::Policy::default(),
    }
}

impl World {
    async fn new(relay: &MailSink) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = FakeClock::default();
        let env = clock.env(1);
        let engine = Engine::Sqlite {
            folder: folder.path().to_owned(),
        };
        let store = Store::open(&engine, &folder.path().join("blobs"), env.clone()).unwrap();
        let (tasks, running) = Tasks::new();
        let app = App::start(store, settings(relay), env, &tasks)
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
            clock,
            access,
            inbox,
            _folder: folder,
            _running: running,
        }
    }

    async fn send(&self) -> MessageId {
        let request = SendMessageRequest {
            to: Some(OneOrMany(vec!["bob@outside.test".to_owned()])),
            text: Some("x".to_owned()),
            ..SendMessageRequest::default()
        };
        let grant = self.access.grant().unwrap();
        let sent = self.app.send(&grant, &self.inbox, None, request);
        MessageId::parse(&sent.await.unwrap().message_id).unwrap()
    }

    /// The delivery once it was tried more than `tries` times.
    async fn tried(&self, id: &MessageId, tries: i64) -> wire::Delivery {
        for _ in 0..200_000 {
            let grant = self.access.grant().unwrap();
            let found = self.app.deliveries(&grant, &self.inbox, id).await.unwrap();
            let one = found.deliveries.into_iter().next().unwrap();
            if one.attempts > tries {
                return one;
            }
            tokio::task::yield_now().await;
        }
        panic!("it was not tried for the {}th time", tries + 1);
    }

    async fn has_label(&self, id: &MessageId, label: &str) -> bool {
        let grant = self.access.grant().unwrap();
        let message = self.app.message(&grant, &self.inbox, id).await.unwrap();
        message.labels.iter().any(|one| one == label)
    }
}

#[tokio::test]
async fn mail_that_is_put_off_is_late_after_four_hours_and_given_up_after_five_days() {
    let relay = MailSink::start().await.unwrap();
    relay.on("RCPT", Act::say("451 4.2.1 not now"));
    let world = World::new(&relay).await;
    let start = world.clock.now();
    let id = world.send().await;
    let (mut tries, mut pauses, mut late_at) = (0, Vec::new(), None);
    let given_up = loop {
        let told = world.tried(&id, tries).await;
        tries = told.attempts;
        let age = world.clock.now().since(start);
        if told.state == "bounced" {
            break told;
        }
        assert_eq!(told.state, "deferred", "{told:?}");
        let is_late = world.has_label(&id, "delayed").await;
        assert_eq!(is_late, age >= HOUR * 4, "after {age:?}");
        if is_late && late_at.is_none() {
            late_at = Some(age);
        }
        let next = Timestamp::parse_rfc3339(&told.next_attempt_at.unwrap()).unwrap();
        let pause = next.since(world.clock.now());
        // Nothing is tried before its time; whoever tried again without any would be heard.
        pauses.push(pause);
        // What is shown has no microseconds.
        world.clock.advance(pause + Duration::from_millis(1));
    };
    assert!(given_up.detail.unwrap_or_default().contains("4.4.7"));
    let age = world.clock.now().since(start);
    // The pauses grow to two hours, give or take a fifth.
    assert!((DAY * 5..DAY * 5 + HOUR * 3).contains(&age), "{age:?}");
    let longest = pauses.iter().max().unwrap();
    assert!(
        (HOUR * 3 / 2..HOUR * 5 / 2).contains(longest),
        "{longest:?}"
    );
    assert!(late_at.unwrap() < HOUR * 9, "{late_at:?}");
    assert!(!world.has_label(&id, "delayed").await);
    assert!(world.has_label(&id, "bounced").await);
    let asked = relay
        .heard()
        .iter()
        .filter(|line| line.starts_with("RCPT"))
        .count();
    assert_eq!(i64::try_from(asked).unwrap(), tries);
}
