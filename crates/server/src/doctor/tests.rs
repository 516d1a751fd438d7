//! Each check with a name server, a mail server and files of the test's own.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use testkit::{DnsZone, MailSink, Mood, ZoneRecord};

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
    let probe = Some("x.test".to_owned());
    Doctor::new(settings(&all), probe).unwrap()
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
    let found = certificates::certificates(&doctor(&zone, &files)).await;
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
    let found = certificates::certificates(&doctor(&zone, &roots)).await;
    assert!(
        found.iter().all(|one| one.status == Status::Ok),
        "{found:?}"
    );
    fs::write(&key, "nothing").unwrap();
    let (status, detail) = only(certificates::certificates(&doctor(&zone, &files)).await);
    assert_eq!(status, Status::Problem);
    assert!(detail.contains("key.pem"), "{detail}");
    // A self-made one does until somebody is told to check.
    let none = doctor(&zone, &[]);
    assert_eq!(
        only(certificates::certificates(&none).await).0,
        Status::Warning
    );
    let enforced = doctor(&zone, &[("MAILROOST_MTA_STS", "enforce")]);
    assert_eq!(
        only(certificates::certificates(&enforced).await).0,
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
