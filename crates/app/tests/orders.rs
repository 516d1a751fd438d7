//! Orders of certificates at an authority that refuses, on a clock that is moved by hand.

#![expect(
    clippy::unwrap_used,
    reason = "an expectation that fails is a test that fails"
)]

use std::time::Duration;

use app::{AcmeSettings, App, Mode, Settings};
use model::perm;
use store::{CertificateOrder, CertificateTries, Engine, Reason, Store};
use sys::{Clock as _, SystemClock, Tasks};
use testkit::{FakeClock, HookSink, Reaction};

const STEP: Duration = Duration::from_secs(20 * 60);

fn settings(directory: String) -> Settings {
    Settings {
        delivery: app::DeliverySettings::default(),
        agent_sign_ups: 0,
        mode: Mode::Laptop,
        default_domain: "agents.test".to_owned(),
        hostname: "mx.agents.test".to_owned(),
        public_url: "http://localhost:8080".to_owned(),
        mta_sts: app::MtaSts::Testing,
        auto_submitted: app::AutoSubmitted::Direct,
        max_message_bytes: 1 << 20,
        suppress_repeats: false,
        gate: app::GateSettings::default(),
        keep_events: None,
        limits: app::Limits::OFF,
        loop_limits: app::LoopLimits::default(),
        leaks: app::LeakRules::default(),
        master_key: [7; 32],
        judging: app::Judging::default(),
        filtering: app::Filtering::default(),
        acme: Some(AcmeSettings {
            directory,
            contact: None,
            names: vec!["mx.agents.test".to_owned()],
        }),
        document_reader: "/bin/false".into(),
        egress: sys::dial::Policy {
            loopback: true,
            plain: true,
            ..Default::default()
        },
    }
}

/// How the tries go, once `failures` have failed.
async fn failed(store: &Store, order: &CertificateOrder, failures: i64) -> CertificateTries {
    let org_id = store.first_org().await.unwrap().unwrap();
    let access = store.system(org_id, Reason::Operation);
    let grant = access.grant::<perm::Authenticated>().unwrap();
    loop {
        let order = order.clone();
        let read = store.read(&grant, move |view| view.certificate_tries(&order));
        if let Some(tries) = read.await.unwrap().filter(|one| one.failures >= failures) {
            return tries;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_authority_is_left_alone_for_as_long_as_it_asks() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FakeClock::default();
    let start = clock.now();
    let mut sink = HookSink::start().await.unwrap();
    // Longer than we would rest after a first failure.
    sink.always(Reaction::answer(429, "Retry-After: 7200\r\n", ""));
    let engine = Engine::Sqlite {
        folder: folder.path().to_owned(),
    };
    let env = clock.env(1);
    let store = Store::open(&engine, &folder.path().join("blobs"), env.clone()).unwrap();
    let order = CertificateOrder {
        directory: sink.url("/dir"),
        names: "mx.agents.test".to_owned(),
    };
    let settings = settings(order.directory.clone());
    let (tasks, _running) = Tasks::new();
    let app = App::start(store.clone(), settings, env, &tasks)
        .await
        .unwrap();
    app.bootstrap(None).await.unwrap();

    let first = sink.next().await;
    assert_eq!(first.line, "GET /dir HTTP/1.1");
    let tries = failed(&store, &order, 1).await;
    let why = tries.last_error.unwrap();
    assert!(why.contains("directory answers 429"), "{why}");
    let issued = app.issued_certificates(Default::default()).await;
    assert!(issued.unwrap().is_empty());

    let limit = Duration::from_millis(300);
    loop {
        clock.advance(STEP);
        // A request that is due comes within this or at the next step; what is checked is that
        // none comes before its time.
        if sys::timeout(&SystemClock, limit, sink.next()).await.is_ok() {
            break;
        }
    }
    assert!(clock.now().since(start) >= Duration::from_secs(7200));
    failed(&store, &order, 2).await;
}
