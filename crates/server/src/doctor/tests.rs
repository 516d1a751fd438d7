//! Each check with a name server, a mail server and files of the test's own.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use testkit::{Act, DnsZone, MailSink, Manners, Mood, ZoneRecord};

use super::*;
use crate::config::Layers;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const BACK: &str = "1.2.0.192.in-addr.arpa";

fn settings(more: &[(&str, &str)]) -> Settings {
    let all = [
        ("MAILROOST_DOMAIN", "acme.dev"),
        ("MAILROOST_HOSTNAME", "mx.acme.dev"),
    ];
    let variables = all
        .iter()
        .chain(more)
        .map(|(name, value)| (name.into(), value.into()));
    Settings::check(&Layers::read(variables, &[]).unwrap()).unwrap()
}

fn doctor(zone: &DnsZone, more: &[(&str, &str)]) -> Doctor {
    certificate::install_provider();
    let address = zone.address().to_string();
    let mut all = vec![("MAILROOST_DNS", address.as_str())];
    all.extend(more);
    let asked = Asked {
        probe: Some("x.test".to_owned()),
        time_server: None,
    };
    Doctor::new(settings(&all), asked).unwrap()
}

fn told(found: &[Finding]) -> Vec<(Status, &str)> {
    let told = found.iter();
    told.map(|one| (one.status, one.detail.as_str())).collect()
}

fn only(found: Vec<Finding>) -> (Status, String) {
    let [one] = <[Finding; 1]>::try_from(found).expect("one line");
    assert_eq!(one.fix.is_none(), one.status == Status::Ok, "{one:?}");
    (one.status, one.detail)
}

#[tokio::test]
async fn name_servers_that_do_not_answer_are_told() {
    let zone = DnsZone::start().await;
    let doctor = doctor(&zone, &[]);
    assert_eq!(only(names::servers(&doctor).await).0, Status::Ok);
    zone.set_mood(Mood::Failing);
    let (status, detail) = only(names::servers(&doctor).await);
    assert_eq!(status, Status::Problem);
    assert!(detail.starts_with(&zone.address().to_string()), "{detail}");
    // What depends on them blames nobody else.
    assert_eq!(only(names::hostname(&doctor).await).0, Status::Warning);
}

#[tokio::test]
async fn a_host_without_address_or_name_is_told() {
    let zone = DnsZone::start().await;
    let doctor = doctor(&zone, &[]);
    assert_eq!(only(names::hostname(&doctor).await).0, Status::Problem);
    zone.add("mx.acme.dev", ZoneRecord::Address(LOCAL));
    assert_eq!(only(names::hostname(&doctor).await).0, Status::Ok);
    zone.remove("mx.acme.dev");
    let elsewhere = ZoneRecord::Address(IpAddr::from([192, 0, 2, 1]));
    zone.add("mx.acme.dev", elsewhere);
    assert_eq!(only(names::hostname(&doctor).await).0, Status::Warning);
    let (status, detail) = only(names::reverse(&doctor).await);
    assert_eq!(
        (status, &*detail),
        (Status::Problem, "192.0.2.1 has no name")
    );
    let pointer = |name: &str| ZoneRecord::Pointer(name.to_owned());
    zone.add(BACK, pointer("host.provider.test"));
    let (status, detail) = only(names::reverse(&doctor).await);
    assert_eq!(status, Status::Problem);
    assert!(detail.contains("is host.provider.test, not mx.acme.dev"));
    zone.remove(BACK);
    zone.add(BACK, pointer("mx.acme.dev"));
    assert_eq!(only(names::reverse(&doctor).await).0, Status::Ok);
}

#[tokio::test]
async fn a_listed_address_and_a_list_that_is_silent_are_told() {
    let zone = DnsZone::start().await;
    zone.add("mx.acme.dev", ZoneRecord::Address(LOCAL));
    let doctor = doctor(&zone, &[("MAILROOST_DNSBL", "bl.test=5")]);
    assert_eq!(only(names::block_lists(&doctor).await).0, Status::Warning);
    let listed = || ZoneRecord::Address(IpAddr::from([127, 0, 0, 2]));
    zone.add("2.0.0.127.bl.test", listed());
    assert_eq!(only(names::block_lists(&doctor).await).0, Status::Ok);
    zone.add("1.0.0.127.bl.test", listed());
    let (status, detail) = only(names::block_lists(&doctor).await);
    assert_eq!(
        (status, &*detail),
        (Status::Problem, "127.0.0.1 is listed by bl.test")
    );
}

#[tokio::test]
async fn a_closed_way_out_is_told() {
    let zone = DnsZone::start().await;
    let sink = MailSink::at(SocketAddr::new(LOCAL, 0)).await.unwrap();
    let port = sink.address().port().to_string();
    let doctor = doctor(
        &zone,
        &[
            ("MAILROOST_DELIVERY", "direct"),
            ("MAILROOST_DELIVERY_PORT", &port),
        ],
    );
    assert_eq!(only(network::outbound(&doctor).await).0, Status::Warning);
    zone.add("x.test", ZoneRecord::Mx(5, "mx.x.test".to_owned()));
    zone.add("mx.x.test", ZoneRecord::Address(LOCAL));
    assert_eq!(only(network::outbound(&doctor).await).0, Status::Ok);
    drop(sink);
    assert_eq!(only(network::outbound(&doctor).await).0, Status::Problem);
}

#[tokio::test]
async fn a_door_that_is_closed_or_somebody_elses_is_told() {
    let zone = DnsZone::start().await;
    zone.add("mx.acme.dev", ZoneRecord::Address(LOCAL));
    let doctor = doctor(&zone, &[]);
    let sink = MailSink::at(SocketAddr::new(LOCAL, 0)).await.unwrap();
    let port = sink.address().port();
    let (status, detail) = only(network::inbound(&doctor, port).await);
    assert_eq!(status, Status::Problem);
    assert!(detail.contains("greets as somebody else"), "{detail}");
    drop(sink);
    let (status, detail) = only(network::inbound(&doctor, port).await);
    assert_eq!(status, Status::Problem);
    assert!(detail.contains("connection"), "{detail}");
}

#[tokio::test]
async fn a_door_that_takes_mail_is_well_and_one_without_encryption_is_told() {
    let zone = DnsZone::start().await;
    zone.add("mx.acme.dev", ZoneRecord::Address(LOCAL));
    let doctor = doctor(&zone, &[]);
    let sink = MailSink::at(SocketAddr::new(LOCAL, 0)).await.unwrap();
    let port = sink.address().port();
    sink.on(MailSink::CONNECT, Act::say("220 mx.acme.dev ESMTP"));
    let (status, detail) = only(network::inbound(&doctor, port).await);
    assert_eq!(status, Status::Warning, "{detail}");
    assert!(detail.contains("offers no STARTTLS"), "{detail}");
    sink.manners(Manners {
        tls: Some(testkit::tls::self_signed("mx.acme.dev").unwrap()),
        ..Manners::default()
    });
    let (status, detail) = only(network::inbound(&doctor, port).await);
    assert_eq!(status, Status::Ok, "{detail}");
    sink.on("EHLO", Act::say("554 not you"));
    let (status, detail) = only(network::inbound(&doctor, port).await);
    assert_eq!(status, Status::Problem, "{detail}");
}

#[tokio::test]
async fn an_https_door_that_does_not_answer_is_told() {
    let zone = DnsZone::start().await;
    assert!(network::https(&doctor(&zone, &[])).await.is_empty());
    let closed = [("MAILROOST_HTTPS", "127.0.0.1:9")];
    let (status, detail) = only(network::https(&doctor(&zone, &closed)).await);
    assert_eq!(status, Status::Warning, "{detail}");
}

#[tokio::test]
async fn the_clock_is_held_against_a_server_that_tells_the_time() {
    let zone = DnsZone::start().await;
    let mut doctor = doctor(&zone, &[]);
    assert!(time::compared(&doctor).await.is_empty());
    let server = tokio::net::UdpSocket::bind((LOCAL, 0)).await.unwrap();
    doctor.asked.time_server = Some(server.local_addr().unwrap().to_string());
    let answering = async {
        let mut question = [0; 48];
        let (_, peer) = server.recv_from(&mut question).await.unwrap();
        // What was sent at comes back as the time of the answer, so both clocks agree.
        let mut answer = question;
        (answer[0], answer[1]) = (0x24, 1);
        for at in [24, 32] {
            answer.copy_within(40..48, at);
        }
        server.send_to(&answer, peer).await.unwrap();
    };
    let (found, ()) = tokio::join!(time::compared(&doctor), answering);
    let (status, detail) = only(found);
    assert!(detail.contains("seconds"), "{detail}");
    assert_ne!(status, Status::Problem, "{detail}");
}

#[test]
fn what_the_store_says_of_ordered_certificates_is_told() {
    let settings = settings(&[("MAILROOST_ACME", "letsencrypt")]);
    let acme = settings.acme.unwrap();
    let now = mail::Timestamp::from_micros(1_800_000_000_000_000);
    let day = Duration::from_secs(86_400);
    let order = |names: &str, days: Option<u32>, failures| store::OrderState {
        order: store::CertificateOrder {
            directory: acme.directory.clone(),
            names: names.to_owned(),
        },
        expires_at: days.map(|days| now.plus(day * days)),
        tries: store::CertificateTries {
            tried_at: now,
            failures,
            last_error: (failures > 0).then(|| "it was not there".to_owned()),
        },
    };
    let told = |orders: Vec<store::OrderState>| -> Vec<(Status, String)> {
        let inspection = Inspection {
            schema: (1, 1),
            queue: store::QueueState::default(),
            newest_event: None,
            shared: None,
            domains: Vec::new(),
            orders,
        };
        let found = certificates::ordered(&acme, "mx.acme.dev", Some(&inspection), now);
        found
            .into_iter()
            .map(|one| (one.status, one.detail))
            .collect()
    };
    let own = "mx.acme.dev";
    for (orders, wanted) in [
        (vec![], vec![Status::Warning]),
        (vec![order(own, Some(60), 0)], vec![Status::Ok]),
        (vec![order(own, Some(60), 2)], vec![Status::Warning]),
        (vec![order(own, Some(10), 2)], vec![Status::Problem]),
        (vec![order(own, Some(0), 2)], vec![Status::Problem]),
        (vec![order(own, None, 1)], vec![Status::Problem]),
        (
            vec![order("mta-sts.x.test", None, 1), order(own, Some(60), 0)],
            vec![Status::Ok, Status::Problem],
        ),
        // What was ordered with other settings.
        (
            vec![order("a.test,b.test", Some(1), 0), order(own, Some(60), 0)],
            vec![Status::Ok],
        ),
    ] {
        let found = told(orders);
        let statuses: Vec<Status> = found.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, wanted, "{found:?}");
        for (_, detail) in found.iter().filter(|(_, detail)| detail.contains("failed")) {
            assert!(detail.contains("it was not there"), "{detail}");
        }
    }
}

#[tokio::test]
async fn a_relay_that_does_not_greet_is_told() {
    let zone = DnsZone::start().await;
    let sink = MailSink::at(SocketAddr::new(LOCAL, 0)).await.unwrap();
    let relay = format!("smtp://127.0.0.1:{}?tls=none", sink.address().port());
    let doctor = doctor(
        &zone,
        &[("MAILROOST_DELIVERY", "relay"), ("MAILROOST_RELAY", &relay)],
    );
    assert_eq!(only(network::relays(&doctor).await).0, Status::Ok);
    drop(sink);
    assert_eq!(only(network::relays(&doctor).await).0, Status::Problem);
}

#[tokio::test]
async fn certificates_are_judged_as_clients_do() {
    let zone = DnsZone::start().await;
    let outer = tempfile::tempdir().unwrap();
    let path = |name: &str| outer.path().join(name).to_str().unwrap().to_owned();
    let (data, file, key) = (path("data"), path("chain.pem"), path("key.pem"));
    let made = rcgen::generate_simple_self_signed(["mx.acme.dev".to_owned()]).unwrap();
    fs::write(&file, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let files = [
        ("MAILROOST_DATA", data.as_str()),
        ("MAILROOST_TLS_CERTIFICATE", file.as_str()),
        ("MAILROOST_TLS_KEY", key.as_str()),
    ];
    let found = certificates::certificates(&doctor(&zone, &files), None).await;
    let [(good, names), (bad, doubt)] = told(&found)[..] else {
        panic!("{found:?}");
    };
    assert!(
        good == Status::Ok && names.contains("mx.acme.dev"),
        "{names}"
    );
    assert!(
        bad == Status::Problem && doubt.contains("does not trust it"),
        "{doubt}"
    );
    // With the root that vouches for it, it is trusted.
    let roots = [&files[..], &[("MAILROOST_EXTRA_ROOTS", file.as_str())]].concat();
    let found = certificates::certificates(&doctor(&zone, &roots), None).await;
    assert!(
        found.iter().all(|one| one.status == Status::Ok),
        "{found:?}"
    );
    fs::write(&key, "nothing").unwrap();
    let (status, detail) = only(certificates::certificates(&doctor(&zone, &files), None).await);
    assert_eq!(status, Status::Problem);
    assert!(detail.contains("key.pem"), "{detail}");
    // A self-made one does until somebody is told to check.
    let none = doctor(&zone, &[]);
    assert_eq!(
        only(certificates::certificates(&none, None).await).0,
        Status::Warning
    );
    let enforced = doctor(&zone, &[("MAILROOST_MTA_STS", "enforce")]);
    assert_eq!(
        only(certificates::certificates(&enforced, None).await).0,
        Status::Problem
    );
}

#[test]
fn a_folder_or_key_that_others_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    let settings = settings(&[("MAILROOST_DATA", data.to_str().unwrap())]);
    assert_eq!(machine::folder(&settings).status, Status::Problem);
    assert_eq!(machine::master_key(&settings).status, Status::Problem);
    fs::create_dir(&data).unwrap();
    let key = data.join("master.key");
    fs::write(&key, "00".repeat(32)).unwrap();
    let set = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&data, 0o755);
    set(&key, 0o644);
    assert_eq!(machine::folder(&settings).status, Status::Warning);
    assert_eq!(machine::master_key(&settings).status, Status::Problem);
    set(&data, 0o700);
    set(&key, 0o600);
    assert_eq!(machine::folder(&settings).status, Status::Ok);
    assert_eq!(machine::master_key(&settings).status, Status::Ok);
}
