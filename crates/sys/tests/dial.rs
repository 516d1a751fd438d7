//! The dialer against listeners of this machine.

#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use sys::SystemClock;
use sys::dial::{Answer, BodyEnd, DialError, Dialer, Limits, Policy, Request, Resolve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

const QUICK: Limits = Limits {
    connect: Duration::from_millis(500),
    total: Duration::from_millis(800),
    body: 100,
};

/// Names and their addresses, and how often they were asked for.
#[derive(Default)]
struct Names(HashMap<&'static str, Vec<&'static str>>, AtomicUsize);

impl Resolve for Names {
    fn resolve<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let found = self.0.get(host).ok_or(io::ErrorKind::NotFound.into());
        let found = found.map(|list| list.iter().map(|text| text.parse().unwrap()).collect());
        Box::pin(std::future::ready(found))
    }
}

fn dialer(policy: Policy, names: Names) -> (Dialer, Arc<Names>) {
    let names = Arc::new(names);
    let tls = testkit::tls::trusting_client().unwrap();
    (
        Dialer::with(policy, Arc::new(SystemClock), names.clone(), tls),
        names,
    )
}

fn laptop() -> Dialer {
    let policy = Policy {
        loopback: true,
        plain: true,
        allowed: Vec::new(),
    };
    dialer(policy, Names::default()).0
}

/// A server that reads a request and answers with `answer`, piece by piece; then it holds the
/// connection open. It counts the connections.
#[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
async fn server(answer: Vec<Vec<u8>>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            requests.lock().unwrap().push(text);
            for piece in &answer {
                if stream.write_all(piece).await.is_err() {
                    break;
                }
            }
            open.push(stream);
        }
    });
    (address, heard)
}

async fn post(dialer: &Dialer, url: &str) -> Result<Answer, DialError> {
    let request = Request {
        method: Method::POST,
        url: &Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{}"),
        limits: QUICK,
    };
    dialer.send(request).await
}

#[tokio::test]
async fn a_request_is_posted_and_its_answer_read() {
    let answer = b"HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let (address, heard) = server(vec![answer]).await;
    let got = post(&laptop(), &format!("http://{address}/a%20b?c=d#e")).await;
    let got = got.unwrap();
    assert_eq!((got.status, got.body.as_slice()), (201, &b"ok"[..]));
    assert_eq!(
        (got.end, &got.headers["x-a"]),
        (BodyEnd::Whole, &"b".parse().unwrap())
    );
    let heard = heard.lock().unwrap().concat();
    assert!(heard.starts_with("POST /a%20b?c=d HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains(&format!("host: {address}\r\n")), "{heard}");
    assert!(heard.contains("content-length: 2\r\n"), "{heard}");
    assert!(heard.ends_with("\r\n\r\n{}"), "{heard}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_goes_there() {
    let (secret, visits) = server(vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]).await;
    let to = format!("HTTP/1.1 307 X\r\nLocation: http://{secret}/\r\nContent-Length: 0\r\n\r\n");
    let (address, _) = server(vec![to.into_bytes()]).await;
    let got = post(&laptop(), &format!("http://{address}/"))
        .await
        .unwrap();
    assert_eq!(got.status, 307);
    assert!(visits.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_host_with_public_and_private_addresses_is_refused_and_not_connected_to() {
    let (address, visits) = server(vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]).await;
    let names = Names(
        HashMap::from([
            ("mixed.test", vec!["8.8.8.8", "127.0.0.1"]),
            ("inside.test", vec!["127.0.0.1"]),
        ]),
        AtomicUsize::new(0),
    );
    let (strict, _) = dialer(Policy::default(), names);
    for host in ["mixed.test", "inside.test", "127.0.0.1"] {
        let got = post(&strict, &format!("https://{host}:{}/", address.port())).await;
        assert!(matches!(got, Err(DialError::Private)), "{host} {got:?}");
    }
    assert!(visits.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_its_checked_address_used() {
    let (address, heard) = server(vec![b"HTTP/1.1 204 X\r\n\r\n".to_vec()]).await;
    let names = Names(
        HashMap::from([("hook.test", vec!["127.0.0.1"])]),
        AtomicUsize::new(0),
    );
    let policy = Policy {
        loopback: true,
        plain: true,
        allowed: Vec::new(),
    };
    let (dialer, names) = dialer(policy, names);
    let url = format!("http://hook.test:{}/", address.port());
    assert_eq!(post(&dialer, &url).await.unwrap().status, 204);
    assert_eq!(names.1.load(Ordering::Relaxed), 1);
    let host = format!("host: hook.test:{}\r\n", address.port());
    assert!(heard.lock().unwrap()[0].contains(&host));
    let unknown = post(&dialer, "http://other.test/").await;
    assert!(matches!(unknown, Err(DialError::Resolve(_))), "{unknown:?}");
}

#[tokio::test]
async fn an_endless_body_is_read_to_the_limit_and_a_slow_one_to_the_deadline() {
    let mut pieces = vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()];
    pieces.extend(std::iter::repeat_n(vec![b'x'; 1 << 20], 20));
    let (endless, _) = server(pieces).await;
    let got = post(&laptop(), &format!("http://{endless}/"))
        .await
        .unwrap();
    assert_eq!((got.body.len(), got.end), (100, BodyEnd::Limit));
    let (slow, _) = server(vec![
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec(),
    ])
    .await;
    let got = post(&laptop(), &format!("http://{slow}/")).await.unwrap();
    assert_eq!(
        (got.status, got.body.as_slice(), got.end),
        (200, &b"abc"[..], BodyEnd::Late)
    );
}

#[tokio::test]
async fn no_answer_a_wrong_one_and_no_listener_are_told_apart() {
    let (silent, _) = server(Vec::new()).await;
    let got = post(&laptop(), &format!("http://{silent}/")).await;
    assert!(matches!(got, Err(DialError::Late(_))), "{got:?}");
    let (wrong, _) = server(vec![b"220 mail.test ESMTP\r\n".to_vec()]).await;
    let got = post(&laptop(), &format!("http://{wrong}/")).await;
    assert!(matches!(got, Err(DialError::Http(_))), "{got:?}");
    let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
    head.extend(b"X: ".iter().chain(vec![b'y'; 1 << 20].iter()));
    let (long, _) = server(vec![head]).await;
    let got = post(&laptop(), &format!("http://{long}/")).await;
    assert!(matches!(got, Err(DialError::Http(_))), "{got:?}");
    let got = post(&laptop(), "http://127.0.0.1:1/").await;
    assert!(matches!(got, Err(DialError::Connect(_))), "{got:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
async fn https_is_spoken_and_an_unknown_certificate_refused() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(testkit::tls::self_signed("hook.test").unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await;
            let _ = stream.shutdown().await;
        }
    });
    let url = format!("https://{address}/");
    assert_eq!(post(&laptop(), &url).await.unwrap().status, 200);
    let policy = Policy {
        loopback: true,
        ..Policy::default()
    };
    let browser = Dialer::new(policy, Arc::new(SystemClock)).unwrap();
    let got = post(&browser, &url).await;
    assert!(matches!(got, Err(DialError::Tls(_))), "{got:?}");
}
