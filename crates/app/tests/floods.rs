//! A flood of mail: it is received first and indexed when it makes a pause or somebody searches.

use std::time::Duration;

use app::{App, Inbound, Mode, Settings};
use mail::{Address, Timestamp};
use model::page::Search;
use smtp::{Envelope, Handler as _};
use store::{Engine, Store};
use sys::{Clock as _, Tasks};
use testkit::FakeClock;

/// More than a search waits for.
const FLOOD: usize = 1_200;

fn arrived(clock: &FakeClock) -> Envelope {
    Envelope {
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
        received_at: clock.now(),
    }
}

async fn receive(door: &Inbound, clock: &FakeClock, numbers: std::ops::Range<usize>) {
    let mail = numbers.map(|number| async move {
        let raw = format!(
            "From: ann@outside.test\r\nMessage-ID: <{number}@outside.test>\r\n\r\nthe needle{number}\r\n"
        );
        let reply = door.message(arrived(clock), raw.into_bytes()).await;
        assert!(reply.is_ok(), "{reply:?}");
    });
    futures_util::future::join_all(mail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::disallowed_methods,
    reason = "waits on the real clock while the server's stands still"
)]
async fn a_search_ends_the_wait_for_the_end_of_a_flood() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FakeClock::at(Timestamp::parse_rfc3339("2026-11-22T12:00:00Z").unwrap());
    let env = clock.env(1);
    let engine = Engine::Sqlite {
        folder: folder.path().to_owned(),
    };
    let store = Store::open(&engine, &folder.path().join("blobs"), env.clone()).unwrap();
    let settings = Settings {
        delivery: app::DeliverySettings::default(),
        agent_sign_ups: 0,
        mode: Mode::Laptop,
        default_domain: "mailroost.localhost".to_owned(),
        hostname: "mailroost.localhost".to_owned(),
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
        acme: None,
        document_reader: "/bin/false".into(),
        egress: sys::dial::Policy::default(),
    };
    let kept = store.clone();
    let (tasks, _running) = Tasks::new();
    let app = App::start(store, settings, env, &tasks).await.unwrap();
    let key = app.bootstrap(None).await.unwrap().api_key.unwrap();
    let access = app.authenticate(&key).await.unwrap();
    let request = wire::CreateInboxRequest {
        username: Some("bot".to_owned()),
        ..Default::default()
    };
    let made = app.create_inbox(&access.grant().unwrap(), request).await;
    made.unwrap();
    let door = Inbound::new(app.clone());
    receive(&door, &clock, 0..FLOOD).await;
    // The clock stands still: whoever waits for a pause waits on.
    assert!(kept.next_unindexed(None).await.unwrap().is_some());
    let search = Search {
        page: model::page::Page::default(),
        q: format!("needle{}", FLOOD - 1),
        before: None,
        after: None,
    };
    let grant = access.grant().unwrap();
    let found = app.search_messages(&grant, search).await.unwrap();
    assert_eq!(found.count, 1, "a search finds what just came");
    // The search has not waited for all of it, but now nobody else waits either.
    let all = async {
        while kept.next_unindexed(None).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(180), all).await;
    in_time.expect("the rest is indexed without the clock having moved");
}
