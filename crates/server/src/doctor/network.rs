//! What answers at the doors: this server's own, its relays, and a server that the operator names.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use app::{RelayTls, Way};
use futures_util::future::join_all;
use sys::dial::Open;
use sys::{Trust, timeout};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::names::is_own;
use super::{Doctor, Finding};
use crate::welcome;

/// How long one connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Octets of a greeting that are read.
const GREETING: usize = 512;

/// Octets of the answer to EHLO that are read.
const EHLO: usize = 4096;

/// Whether a server runs here.
pub async fn server(doctor: &Doctor) -> Vec<Finding> {
    let (check, address) = ("server", welcome::reachable(doctor.settings.http));
    let asked = async {
        let mut stream = open(doctor, "", address).await?;
        let request =
            format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        let mut status = [0; 12];
        let exchange = async {
            stream.write_all(request.as_bytes()).await?;
            stream.read_exact(&mut status).await
        };
        exchange.await.map_err(|error| error.to_string())?;
        Ok::<_, String>(status.ends_with(b" 200"))
    };
    let found = match timeout(&*doctor.clock, CONNECT, asked).await {
        Ok(Ok(true)) => Finding::ok(check, format!("runs and is ready at {address}")),
        Ok(Ok(false)) => Finding::problem(
            check,
            format!("what answers at {address} is not ready"),
            "Look at its log.",
        ),
        _ => Finding::warning(
            check,
            format!("nothing answers at {address}"),
            "Right while it is stopped; otherwise start it and look at its log.",
        ),
    };
    vec![found]
}

/// Whether the HTTPS door answers, and with a certificate that clients trust.
pub async fn https(doctor: &Doctor) -> Vec<Finding> {
    let check = "https";
    let Some(address) = doctor.settings.https else {
        return Vec::new();
    };
    let (address, host) = (welcome::reachable(address), &doctor.web_host);
    let asked = async {
        let stream = open(doctor, host, address).await?;
        let agreed = doctor.tls.handshake(stream, host, Trust::Any).await;
        let (mut stream, used) = agreed.map_err(|error| error.to_string())?;
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let mut status = [0; 12];
        let exchange = async {
            stream.write_all(request.as_bytes()).await?;
            stream.read_exact(&mut status).await
        };
        exchange.await.map_err(|error| error.to_string())?;
        Ok::<_, String>((status.ends_with(b" 200"), used.doubt))
    };
    let found = match timeout(&*doctor.clock, CONNECT, asked).await {
        Ok(Ok((true, None))) => Finding::ok(check, format!("{host} is ready at {address}")),
        Ok(Ok((true, Some(doubt)))) => Finding::warning(
            check,
            format!("a client that asks for {host} at {address} does not trust it: {doubt}"),
            format!("Use a certificate for {host} from an authority that others trust."),
        ),
        Ok(Ok((false, _))) => Finding::problem(
            check,
            format!("what answers at {address} is not ready, or not this server"),
            "Look at its log, and at what else listens there.",
        ),
        Ok(Err(why)) => Finding::warning(
            check,
            format!("{address}: {why}"),
            "Right while the server is stopped; otherwise look at its log.",
        ),
        Err(_) => Finding::warning(
            check,
            format!("{address} does not answer in time"),
            "Right while the server is stopped; otherwise look at its log.",
        ),
    };
    vec![found]
}

/// Whether the host's own addresses take mail on port 25.
pub async fn inbound(doctor: &Doctor, port: u16) -> Vec<Finding> {
    let host = &doctor.settings.hostname;
    let Ok(answer) = doctor.addresses().await else {
        return Vec::new();
    };
    let all = answer.records().into_iter();
    let found = all.map(|address| inbound_at(doctor, host, SocketAddr::new(address, port)));
    join_all(found).await
}

async fn inbound_at(doctor: &Doctor, host: &str, address: SocketAddr) -> Finding {
    let check = "port_25_in";
    let port = address.port();
    match welcomed(doctor, host, address).await {
        Ok((line, Some(true))) if is_named(&line, host) => Finding::ok(
            check,
            format!(
                "{address} greets as {host}, takes mail and offers STARTTLS; that others reach it can \
                 only be seen from outside"
            ),
        ),
        Ok((line, Some(false))) if is_named(&line, host) => Finding::warning(
            check,
            format!("{address} greets as {host}, but offers no STARTTLS"),
            "Something between may take it away: a firewall or proxy that reads SMTP. Switch that off.",
        ),
        Ok((line, None)) if is_named(&line, host) => Finding::problem(
            check,
            format!("{address} greets as {host}, but then does not take part"),
            "Look at the log of the server, and at firewalls that read SMTP.",
        ),
        Ok((line, _)) => Finding::problem(
            check,
            format!("{address} greets as somebody else: {line}"),
            format!(
                "Stop the other mail server, or set `hostname` to the name that {address} has."
            ),
        ),
        Err(why) if is_own(address.ip()) => Finding::problem(
            check,
            format!("{address}: {why}"),
            format!(
                "Set `smtp` to 0.0.0.0:{port} and start the server, or lead port {port} to {}.",
                doctor.settings.smtp
            ),
        ),
        Err(why) => Finding::warning(
            check,
            format!("{address}: {why}"),
            "Some networks do not lead a machine to its own public address. Try from another one, \
             and look at the firewall.",
        ),
    }
}

/// Whether mail can leave directly: asked of a server that the operator names.
pub async fn outbound(doctor: &Doctor) -> Vec<Finding> {
    let check = "port_25_out";
    let delivery = &doctor.settings.delivery;
    let ways = delivery.routes.values().chain([&delivery.otherwise]);
    if !ways.into_iter().any(|way| *way == Way::Direct) {
        return Vec::new();
    }
    let Some(probe) = &doctor.asked.probe else {
        return vec![Finding::warning(
            check,
            "not tried: mail leaves directly, but nobody was named to be asked",
            "Name a mail server or a domain: mailroost doctor --probe example.com",
        )];
    };
    let Some((host, address)) = probed(doctor, probe).await else {
        return vec![Finding::warning(
            check,
            format!("{probe} has no address in the DNS"),
            "Name another mail server or domain with --probe.",
        )];
    };
    vec![match greeting(doctor, &host, address).await {
        Ok(_) => Finding::ok(check, format!("{host} ({address}) greets")),
        Err(why) => Finding::problem(
            check,
            format!("{host} ({address}): {why}"),
            "Many providers close port 25 to the outside: ask yours to open it, or send through a \
             relay (`delivery = \"relay\"`).",
        ),
    }]
}

/// The best mail server of a domain, or the host itself.
async fn probed(doctor: &Doctor, probe: &str) -> Option<(String, SocketAddr)> {
    let exchangers = doctor.resolver.mx(probe).await.ok()?.records();
    let best = exchangers.into_iter().min_by_key(|one| one.preference);
    let host = best.map_or_else(|| probe.to_owned(), |one| one.host);
    let addresses = doctor.resolver.addresses(&host).await.ok()?.records();
    let port = doctor.settings.delivery.port;
    Some((host, SocketAddr::new(*addresses.first()?, port)))
}

/// Whether the relays answer.
pub async fn relays(doctor: &Doctor) -> Vec<Finding> {
    let check = "relay";
    let relays = doctor.settings.delivery.relays.iter();
    let asked = relays.map(|(name, relay)| async move {
        let (host, port) = (&relay.host, relay.port);
        let why = match relay_address(doctor, host).await {
            None => format!("{host} has no address"),
            Some(address) => {
                let address = SocketAddr::new(address, port);
                let greeted = if relay.tls == RelayTls::Implicit {
                    greeting_over_tls(doctor, host, address).await
                } else {
                    greeting(doctor, host, address).await
                };
                match greeted {
                    Ok(_) => return Finding::ok(check, format!("{name} ({host}:{port}) greets")),
                    Err(why) => why,
                }
            }
        };
        Finding::problem(
            check,
            format!("{name} ({host}:{port}): {why}"),
            "Correct `relay`, or ask whoever runs it.",
        )
    });
    join_all(asked).await
}

async fn relay_address(doctor: &Doctor, host: &str) -> Option<IpAddr> {
    if let Ok(address) = host.parse() {
        return Some(address);
    }
    if host == "localhost" {
        return Some(IpAddr::from([127, 0, 0, 1]));
    }
    let found = doctor.inside.addresses(host).await.ok()?.records();
    found.first().copied()
}

/// The first line of what greets, which must be willing.
async fn greeting(doctor: &Doctor, host: &str, address: SocketAddr) -> Result<String, String> {
    let stream = open(doctor, host, address).await?;
    first_line(doctor, stream).await
}

async fn greeting_over_tls(
    doctor: &Doctor,
    host: &str,
    address: SocketAddr,
) -> Result<String, String> {
    let stream = open(doctor, host, address).await?;
    let agreed = doctor.tls.handshake(stream, host, Trust::WebPki);
    let agreed = timeout(&*doctor.clock, CONNECT, agreed).await;
    let (stream, _) = agreed
        .map_err(|_| "the time ran out".to_owned())?
        .map_err(|error| error.to_string())?;
    first_line(doctor, stream).await
}

fn is_named(greeting: &str, host: &str) -> bool {
    greeting.to_ascii_lowercase().contains(host)
}

/// The greeting, and whether what follows EHLO offers STARTTLS; `None` when EHLO was not answered
/// well.
async fn welcomed(
    doctor: &Doctor,
    host: &str,
    address: SocketAddr,
) -> Result<(String, Option<bool>), String> {
    let mut stream = open(doctor, host, address).await?;
    let line = first_line(doctor, &mut stream).await?;
    let mut answer = Vec::new();
    let asked = async {
        stream.write_all(b"EHLO doctor.localhost\r\n").await?;
        while answer.len() < EHLO && !ends_reply(&answer) {
            answer.push(stream.read_u8().await?);
        }
        stream.write_all(b"QUIT\r\n").await
    };
    let asked = timeout(&*doctor.clock, CONNECT, asked).await;
    let answer = String::from_utf8_lossy(&answer);
    let offered = match asked {
        Ok(Ok(())) if answer.starts_with("250") => {
            let mut lines = answer.lines().filter_map(|line| line.get(4..));
            Some(lines.any(|keyword| keyword.trim().eq_ignore_ascii_case("STARTTLS")))
        }
        _ => None,
    };
    Ok((line, offered))
}

/// Whether the last line of a reply is complete (RFC 5321 §4.2.1).
fn ends_reply(answer: &[u8]) -> bool {
    let Some(whole) = answer.strip_suffix(b"\n") else {
        return false;
    };
    let last = whole.rsplit(|octet| *octet == b'\n').next();
    last.is_some_and(|line| line.get(3) != Some(&b'-'))
}

async fn first_line(doctor: &Doctor, mut stream: impl AsyncRead + Unpin) -> Result<String, String> {
    let mut line = Vec::new();
    let read = async {
        while line.len() < GREETING && !line.contains(&b'\n') {
            match stream.read_u8().await {
                Ok(byte) => line.push(byte),
                Err(_) => break,
            }
        }
    };
    let late = timeout(&*doctor.clock, CONNECT, read).await.is_err();
    // Whatever it says goes to a terminal.
    let line: String = String::from_utf8_lossy(&line)
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    match line {
        line if line.starts_with("220") => Ok(line),
        _ if late => Err("connected, but nothing greets".to_owned()),
        line => Err(format!("says {line:?}")),
    }
}

async fn open(doctor: &Doctor, host: &str, address: SocketAddr) -> Result<TcpStream, String> {
    let open = Open {
        host,
        address,
        source: None,
        limit: CONNECT,
    };
    let opened = doctor.dialer.open(open).await;
    opened.map_err(|error| error.to_string())
}
