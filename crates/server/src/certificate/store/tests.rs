use std::fs;
use std::path::{Path, PathBuf};

use sys::{Tasks, TlsClient, Trust};
use testkit::FakeClock;
use testkit::tls::Authority;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A folder with certificates of an authority that the clients trust.
struct Place {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Place {
    fn new() -> Self {
        super::super::install_provider();
        Self {
            folder: tempfile::tempdir().unwrap(),
            authority: Authority::new().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the files called `name` are.
    fn files(&self, name: &str) -> Tls {
        Tls {
            certificate: self.path(&format!("{name}.crt")),
            key: self.path(&format!("{name}.secret")),
        }
    }

    /// A fresh certificate for `names` in the files called `name`.
    fn write(&self, name: &str, names: &[&str]) -> Tls {
        let (certificate, key) = self.authority.files(names).unwrap();
        let files = self.files(name);
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        files
    }

    fn open(&self, files: &[Tls]) -> anyhow::Result<CertificateStore> {
        let folder = DataFolder::open(&self.path("data")).unwrap();
        CertificateStore::open(files, &folder, "mx.a.test", FakeClock::default().now())
    }

    /// The certificate that a client gets that asks for `name`, or why the client does not like it.
    async fn shown(&self, store: &CertificateStore, name: &str) -> Result<Vec<u8>, String> {
        let acceptor = TlsAcceptor::from(store.for_mail().unwrap());
        let client = TlsClient::with_roots(self.authority.root().as_bytes()).unwrap();
        let (near, far) = tokio::io::duplex(1 << 14);
        let (accepted, connected) = tokio::join!(
            acceptor.accept(far),
            client.handshake(near, name, Trust::Any)
        );
        accepted.unwrap();
        let (stream, used) = connected.unwrap();
        let chain = stream.get_ref().1.peer_certificates().unwrap();
        used.doubt.map_or(Ok(chain[0].to_vec()), Err)
    }
}

fn first_in(path: &Path) -> Vec<u8> {
    let chain = super::super::chain_in(&fs::read(path).unwrap()).unwrap();
    chain[0].to_vec()
}

#[tokio::test]
async fn each_client_gets_the_certificate_for_the_name_it_asks_for() {
    let place = Place::new();
    let files = [
        place.write("a", &["mx.a.test"]),
        place.write("b", &["*.b.test", "b.test"]),
        place.write("c", &["Api.B.test"]),
    ];
    let store = place.open(&files).unwrap();
    for (name, file) in [
        ("mx.a.test", "a"),
        ("b.test", "b"),
        ("mx.b.test", "b"),
        ("API.b.test", "c"),
    ] {
        let shown = place.shown(&store, name).await.unwrap();
        assert_eq!(shown, first_in(&place.files(file).certificate), "{name}");
    }
    // Others get the first, which is not for them; so do addresses, which name nobody.
    for name in ["deep.mx.b.test", "other.test", "192.0.2.1"] {
        assert!(place.shown(&store, name).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_new_file_is_shown_and_a_broken_one_leaves_the_old() {
    let place = Place::new();
    let files = place.write("a", &["mx.a.test"]);
    let store = place.open(std::slice::from_ref(&files)).unwrap();
    let now = FakeClock::default().now();
    let old = place.shown(&store, "mx.a.test").await.unwrap();
    assert_eq!(store.look(now), 0);

    place.write("a", &["mx.a.test"]);
    let new = first_in(&files.certificate);
    assert_ne!(new, old);
    assert_eq!(place.shown(&store, "mx.a.test").await.unwrap(), old);
    assert_eq!(store.look(now), 1);
    assert_eq!(place.shown(&store, "mx.a.test").await.unwrap(), new);

    let half = fs::read_to_string(&files.certificate).unwrap();
    for broken in [&half[..half.len() / 2], "", "not a certificate"] {
        fs::write(&files.certificate, broken).unwrap();
        assert_eq!(store.look(now), 0);
        assert_eq!(place.shown(&store, "mx.a.test").await.unwrap(), new);
    }
    // A key that belongs to another certificate, then no file at all.
    fs::write(&files.certificate, &half).unwrap();
    assert_eq!(store.look(now), 1);
    fs::write(&files.key, place.authority.files(&["mx.a.test"]).unwrap().1).unwrap();
    assert_eq!(store.look(now), 0);
    fs::remove_file(&files.certificate).unwrap();
    assert_eq!(store.look(now), 0);
    assert_eq!(place.shown(&store, "mx.a.test").await.unwrap(), new);

    place.write("a", &["mx.a.test"]);
    assert_eq!(store.look(now), 1);
    assert_ne!(place.shown(&store, "mx.a.test").await.unwrap(), new);
}

#[tokio::test]
async fn files_are_looked_at_every_minute() {
    let place = Place::new();
    let files = place.write("a", &["mx.a.test"]);
    let store = Arc::new(place.open(std::slice::from_ref(&files)).unwrap());
    let clock = FakeClock::default();
    let (tasks, running) = Tasks::new();
    let watched = Arc::clone(&store);
    tasks.spawn(watched.watch(Arc::new(clock.clone()), None, tasks.shutdown()));
    place.write("a", &["mx.a.test"]);
    let new = first_in(&files.certificate);
    let asleep = async || {
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
    };
    asleep().await;
    clock.advance(LOOK_EVERY - Duration::from_secs(1));
    assert_ne!(place.shown(&store, "mx.a.test").await.unwrap(), new);
    clock.advance(Duration::from_secs(1));
    while place.shown(&store, "mx.a.test").await.unwrap() != new {
        tokio::task::yield_now().await;
    }
    running.stop().await;
}

#[tokio::test]
async fn without_files_the_certificate_is_of_our_own_making() {
    let place = Place::new();
    let store = place.open(&[]).unwrap();
    let doubt = place.shown(&store, "mx.a.test").await.unwrap_err();
    assert!(doubt.contains("UnknownIssuer"), "{doubt}");
    assert_eq!(store.look(FakeClock::default().now()), 0);
}

#[test]
fn wrong_files_are_named() {
    let place = Place::new();
    let good = place.write("good", &["a.test"]);
    let other = place.write("other", &["b.test"]);
    let empty = place.path("empty.crt");
    fs::write(&empty, "").unwrap();
    for (certificate, key, told) in [
        (&empty, &good.key, "empty.crt does not hold a PEM cert"),
        (
            &good.certificate,
            &empty,
            "empty.crt does not hold a PEM private",
        ),
        (
            &place.path("missing.crt"),
            &good.key,
            "missing.crt cannot be read",
        ),
        (&good.certificate, &other.key, "do not make a certificate"),
    ] {
        let (certificate, key) = (certificate.clone(), key.clone());
        let opened = place.open(&[other.clone(), Tls { certificate, key }]);
        let error = format!("{:#}", opened.err().unwrap());
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn the_end_of_a_certificate_is_told_once_a_day() {
    let place = Place::new();
    let files = place.write("a", &["mx.a.test"]);
    let certificate = files::look(&files).certificate.unwrap();
    let until = certificate.facts.until;
    let mut source = Source {
        files,
        certificate,
        print: 0,
        warned: None,
    };
    let hour = Duration::from_secs(3600);
    for (at, told) in [
        (until.minus(WARN_BEFORE).minus(hour), false),
        (until.minus(WARN_BEFORE).plus(hour), true),
        (until.minus(WARN_BEFORE).plus(DAY), false),
        (until.minus(WARN_BEFORE).plus(DAY).plus(hour), true),
        (until.plus(hour), true),
    ] {
        let before = source.warned;
        source.warn_of_end(at);
        assert_eq!(source.warned != before, told, "{at}");
    }
}
