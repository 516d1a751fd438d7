//! Links to raw mail and attachments, on a clock that is moved by hand.

use std::time::Duration;

use app::{App, Inbound, Mode, Settings};
use mail::{Address, MessageId, Timestamp};
use model::{Code, InboxId};
use smtp::{Envelope, Handler as _};
use store::{Engine, Store};
use sys::{Clock as _, Tasks};
use testkit::FakeClock;

const RAW: &str = "From: ann@outside.test\r\nTo: bot@mailroost.localhost\r\nMessage-ID: <1@outside.test>\r\n\r\nHi\r\n";

fn arrived(clock: &FakeClock, to: &str) -> Envelope {
    Envelope {
        reverse_path: Address::parse("ann@outside.test").ok(),
        forward_paths: Address::parse(to).into_iter().collect(),
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

#[tokio::test]
async fn a_link_leads_to_the_bytes_for_an_hour_and_no_longer() {
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
    let envelope = arrived(&clock, "bot@mailroost.localhost");
    let reply = door.message(envelope, RAW.as_bytes().to_vec()).await;
    assert!(reply.is_ok(), "{reply:?}");

    let inbox = InboxId::parse("bot@mailroost.localhost").unwrap();
    let id = MessageId::parse("<1@outside.test>").unwrap();
    let grant = access.grant().unwrap();
    let link = app.raw(&grant, &inbox, &id, "http://here.test").await;
    let link = link.unwrap();
    assert_eq!(link.expires_at, "2026-11-22T13:00:00.000Z");
    let token = link.download_url.rsplit_once('/').unwrap().1;
    assert_eq!(
        link.download_url,
        format!("http://here.test/v0/downloads/{token}")
    );

    clock.advance(Duration::from_secs(3599));
    assert_eq!(app.download(token).await.unwrap().bytes, RAW.as_bytes());
    clock.advance(Duration::from_secs(1));
    let late = app.download(token).await.unwrap_err();
    assert_eq!(late.code(), Code::NotFound);

    // One changed character makes it a link of nobody's.
    let fresh = app.raw(&grant, &inbox, &id, "http://here.test").await;
    let fresh = fresh.unwrap().download_url;
    let fresh = fresh.rsplit_once('/').unwrap().1;
    for place in [0, 40, fresh.len() - 1] {
        let mut forged = fresh.as_bytes().to_vec();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let refused = app.download(&forged).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{place}");
    }
    assert!(app.download(fresh).await.is_ok());
}
