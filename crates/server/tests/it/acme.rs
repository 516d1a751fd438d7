//! Certificates that are ordered from an authority: Pebble, the test authority of Let's Encrypt.
//! Runs where `MAILROOST_TEST_PEBBLE` names its program.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;
use sys::{TlsClient, Trust};
use testkit::tls::Authority;
use testkit::{DnsZone, ZoneRecord};
use tokio::process::{Child, Command};

use crate::client::{connect, try_connect};
use crate::database::{Data, Engine, engines};
use crate::domains;
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::World;

const NAMES: [&str; 2] = ["mx.agents.test", "mta-sts.agents.test"];

/// An authority, and where it asks for proofs.
struct Pebble {
    process: Child,
    directory: String,
    /// The root of its own certificate.
    roots: PathBuf,
    door: SocketAddr,
}

impl Pebble {
    /// Issues certificates that live for `life` seconds. `None` where there is no Pebble.
    async fn start(folder: &Path, zone: &DnsZone, host: Ipv4Addr, life: u32) -> Option<Self> {
        let Ok(program) = std::env::var("MAILROOST_TEST_PEBBLE") else {
            println!("skipped: MAILROOST_TEST_PEBBLE does not name the program pebble");
            return None;
        };
        let file = |name: &str| folder.join(name);
        let authority = Authority::new().unwrap();
        let (chain, key) = authority.files(&[&host.to_string()]).unwrap();
        fs::write(file("chain"), chain).unwrap();
        fs::write(file("secret"), key).unwrap();
        fs::write(file("roots"), authority.root()).unwrap();
        let own = SocketAddr::from((host, 14_000));
        let door = SocketAddr::from((host, 5_002));
        let config = json!({"pebble": {
            "listenAddress": own.to_string(),
            "managementListenAddress": "",
            "certificate": file("chain"),
            "privateKey": file("secret"),
            "httpPort": door.port(),
            "tlsPort": 5_001,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": life,
        }});
        fs::write(file("pebble.json"), config.to_string()).unwrap();
        let log = fs::File::create(file("pebble.log")).unwrap();
        let process = Command::new(program)
            .arg("-config")
            .arg(file("pebble.json"))
            .args(["-dnsserver", &zone.address().to_string()])
            // It refuses some good nonces, as authorities may, but seldom so many in a row that an order fails.
            .envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "5")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let listening = async {
            while try_connect(own).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        soon(listening).await;
        Some(Self {
            process,
            directory: format!("https://{own}/dir"),
            roots: file("roots"),
            door,
        })
    }

    /// A server that orders here and is asked at `door`, and where its HTTPS is.
    async fn server(&self, data: &Data, door: SocketAddr) -> (Running, SocketAddr) {
        self.started(serve(data), door).await
    }

    async fn started(&self, mut command: Command, door: SocketAddr) -> (Running, SocketAddr) {
        command.env("MAILROOST_API_KEY", ADMIN_KEY);
        command.args(["--https", "127.0.0.1:0", "--hostname", NAMES[0]]);
        command.args(["--acme", &self.directory, "--acme-names", &NAMES.join(",")]);
        command.args(["--acme-contact", "ann@agents.test"]);
        command.args(["--acme-http", &door.to_string()]);
        command.arg("--extra-roots").arg(&self.roots);
        let mut server = Running::from(&mut command).await;
        let line = server.said(|line| line.contains("HTTPS")).await;
        let address = line.split_whitespace().nth(1).unwrap();
        let address = address.trim_start_matches("https://").parse().unwrap();
        (server, address)
    }
}

/// An address of this machine that nobody else uses, one for each test. Ports that are free on the address that
/// all share may be taken by others before they are used.
fn host(test: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 128 + high / 2, low, 2 * test + high % 2)
}

/// A zone in which the names of the certificate lead to `host`.
async fn zone(host: Ipv4Addr) -> DnsZone {
    let zone = DnsZone::start().await;
    for name in NAMES {
        zone.add(name, ZoneRecord::Address(host.into()));
    }
    zone
}

/// The certificate that HTTPS shows, and what a client that checks would say of it.
async fn shown(https: SocketAddr, name: &str) -> Vec<u8> {
    let client = TlsClient::new().unwrap();
    let stream = connect(https).await;
    let (stream, _) = soon(client.handshake(stream, name, Trust::Any))
        .await
        .unwrap();
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    chain[0].to_vec()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Whether any file below `folder`, but the self-made certificate, holds `text`.
fn is_in_a_file(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_in_a_file(&path, text);
        }
        !path.ends_with("smtp-certificate.pem") && contains(&fs::read(&path).unwrap(), text)
    })
}

const SHOWN: &str = "the certificate of the authority is shown from now on";

#[tokio::test]
async fn a_certificate_is_ordered_shown_renewed_and_kept_sealed() {
    for engine in engines() {
        let data = Data::new(engine);
        let zone = zone(host(1)).await;
        let folder = tempfile::tempdir().unwrap();
        let Some(mut pebble) = Pebble::start(folder.path(), &zone, host(1), 24).await else {
            return;
        };
        let (mut server, https) = pebble.server(&data, pebble.door).await;
        server.logged(|line| line.contains(SHOWN)).await;
        let first = shown(https, NAMES[0]).await;
        assert!(contains(&first, "Pebble Intermediate CA"));
        assert!(NAMES.iter().all(|name| contains(&first, name)));
        assert_eq!(shown(https, NAMES[1]).await, first);

        // With a third of its life left it is renewed, without a restart.
        server.logged(|line| line.contains(SHOWN)).await;
        let second = shown(https, NAMES[0]).await;
        assert!(contains(&second, "Pebble Intermediate CA") && second != first);

        // Nothing but the answers is served at the door for the authority.
        for path in [
            "/healthz",
            "/v0/inboxes",
            "/.well-known/acme-challenge/unknown",
        ] {
            let head = crate::client::request_head("GET", path, ADMIN_KEY, 0, "");
            let mut stream = connect(pebble.door).await;
            tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes())
                .await
                .unwrap();
            assert_eq!(
                crate::client::read_answer(&mut stream).await.status,
                404,
                "{path}"
            );
        }
        server.stop().await;
        assert!(!is_in_a_file(&data.folder(), "PRIVATE KEY"));

        // The next start shows what is kept, also when the authority is gone.
        pebble.process.kill().await.unwrap();
        let (mut server, https) = pebble.server(&data, pebble.door).await;
        server.logged(|line| line.contains(SHOWN)).await;
        let kept = shown(https, NAMES[0]).await;
        assert!(contains(&kept, "Pebble Intermediate CA"));
        server.stop().await;
    }
}

#[tokio::test]
async fn the_policy_of_a_verified_domain_gets_a_certificate_of_its_own() {
    let data = Data::new(Engine::Sqlite);
    let zone = zone(host(2)).await;
    let folder = tempfile::tempdir().unwrap();
    let Some(pebble) = Pebble::start(folder.path(), &zone, host(2), 3600).await else {
        return;
    };
    let mut command = serve(&data);
    command.env("MAILROOST_DNS", zone.address().to_string());
    let (mut server, https) = pebble.started(command, pebble.door).await;
    server.logged(|line| line.contains(SHOWN)).await;
    let mut world = World { server, data };
    let request = json!({"domain": "acme.dev"});
    let domain = world.post("/v0/domains", request).await;
    domains::publish(&zone, &domain, "acme.dev");
    domains::verify(&world, "acme.dev").await;
    let name = "mta-sts.acme.dev";
    let is_it = |line: &str| line.contains(SHOWN) && line.contains(name);
    world.server.logged(is_it).await;
    let policy = shown(https, name).await;
    assert!(contains(&policy, name) && contains(&policy, "Pebble Intermediate CA"));
    // The server's own is still shown to everybody else.
    let own = shown(https, "somebody.test").await;
    assert!(contains(&own, NAMES[0]) && !contains(&own, name));
    assert_eq!(shown(https, NAMES[0]).await, own);
    // Both are there after a start, and the doctor tells of both.
    let World { server, data } = world;
    server.stop().await;
    let (mut server, https) = pebble.server(&data, pebble.door).await;
    server.logged(is_it).await;
    assert_eq!(shown(https, name).await, policy);
    assert_eq!(shown(https, NAMES[0]).await, own);
    let mut doctor = crate::running::mailroost(&data.folder());
    doctor.args([
        "doctor",
        "--hostname",
        NAMES[0],
        "--acme-names",
        &NAMES.join(","),
    ]);
    doctor.args(["--acme", &pebble.directory, "--https", &https.to_string()]);
    let told = crate::running::run(&mut doctor).await.stdout.join("\n");
    for names in [name, &*NAMES.join(", ")] {
        assert!(told.contains(&format!("for {names}, until ")), "{told}");
    }
    // Nobody trusts the root of this authority, but the door answers.
    assert!(told.contains("does not trust it"), "{told}");
    server.stop().await;
}

#[tokio::test]
async fn a_name_that_is_not_proven_is_told_and_the_server_goes_on() {
    let data = Data::new(Engine::Sqlite);
    let zone = zone(host(3)).await;
    let folder = tempfile::tempdir().unwrap();
    let Some(pebble) = Pebble::start(folder.path(), &zone, host(3), 3600).await else {
        return;
    };
    // The authority asks at a port where nobody listens.
    let (mut server, https) = pebble.server(&data, (host(3), 5_003).into()).await;
    let told = server
        .logged(|line| line.contains("no certificate could be had"))
        .await;
    assert!(
        told.contains(".agents.test: ") && told.contains("failures=1"),
        "{told}"
    );
    assert_eq!(server.get("/healthz").await.status, 200);
    assert!(!contains(&shown(https, NAMES[0]).await, "Pebble"));
    server.stop().await;
}
