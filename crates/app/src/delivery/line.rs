//! The connection of a carrier, kept for the next message.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use mail::{Address, Timestamp};
use smtp::client::{Cause, Connection, Failure, Outcome, Security, Stage, Terms};
use sys::Trust;
use sys::dial::{DialError, Open};
use tokio::net::TcpStream;

use super::board::Path;
use super::dane::{Dane, Judged, Pins};
use super::target::{Candidates, Kind, Target};
use super::verdict::{Ending, Fate, bounded};
use crate::App;

/// Until the connection stands (RFC 5321 §4.5.3.2 leaves it to TCP).
const CONNECT: Duration = Duration::from_secs(30);

/// Messages over one connection: others want to be asked too, and a server may have moved.
const MESSAGES: u32 = 100;

/// How long one connection is used.
const LIFE: Duration = Duration::from_secs(300);

/// A connection, or none yet.
#[derive(Default)]
pub(super) struct Line(Option<Standing>);

struct Standing {
    /// What it can serve.
    path: String,
    host: String,
    address: SocketAddr,
    since: Timestamp,
    dane: Option<Judged>,
    connection: Connection<TcpStream>,
}

/// What is to be brought.
pub(super) struct Parcel<'a> {
    /// Where reports come back to.
    pub(super) reverse_path: Option<&'a Address>,
    /// The recipients.
    pub(super) recipients: &'a [Address],
    /// The message.
    pub(super) raw: &'a Bytes,
}

/// How a try went.
pub(super) struct Tried {
    /// For each recipient.
    pub(super) endings: Vec<Ending>,
    /// The server that was asked last.
    pub(super) host: Option<String>,
    /// Its address.
    pub(super) address: Option<IpAddr>,
    /// The protection of the connection, in words.
    pub(super) tls: Option<String>,
    /// What TLSA records say of the server's certificate; `None` where they were not looked up.
    pub(super) dane: Option<Dane>,
    /// What it says about the path.
    pub(super) path: Health,
}

/// What a try says about a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// A server talked to us.
    Well,
    /// It did, and wants less at once.
    Slower,
    /// No server could be reached, for this reason.
    Down(String),
    /// Nothing: what failed was about the domain or the message.
    Unknown,
}

impl Line {
    /// What the open connection can serve.
    pub(super) fn path(&self) -> Option<&str> {
        self.0.as_ref().map(|standing| standing.path.as_str())
    }

    /// Says goodbye.
    pub(super) async fn close(&mut self) {
        if let Some(standing) = self.0.take() {
            standing.connection.quit().await;
        }
    }

    /// Brings a parcel to a target, over the open connection or a new one.
    pub(super) async fn bring(&mut self, app: &App, target: &Target, parcel: &Parcel<'_>) -> Tried {
        let now = app.now();
        let fits = self.0.as_ref().is_some_and(|standing| {
            standing.path == target.key()
                && standing.connection.messages() < MESSAGES
                && now.since(standing.since) < LIFE
        });
        if !fits {
            self.close().await;
        }
        if let Some(standing) = &mut self.0
            && standing.connection.is_usable()
        {
            let tried = self.send(target, parcel).await;
            // A server may close what was idle at any time. Nothing was sent, and it is no fault.
            match tried {
                Some((tried, broken)) if !broken => return tried,
                _ => {}
            }
        }
        self.0 = None;
        self.bring_anew(app, target, parcel).await
    }

    async fn bring_anew(&mut self, app: &App, target: &Target, parcel: &Parcel<'_>) -> Tried {
        let mut candidates = Candidates::of(app, target);
        let mut failed: Vec<Ending> = Vec::new();
        let mut last: Option<(String, SocketAddr)> = None;
        let mut reached = false;
        let mut refused = None;
        while let Some((host, address)) = candidates.next(app, &mut failed).await {
            last = Some((host.clone(), address));
            match open(app, target, &host, address).await {
                Ok((connection, dane)) => {
                    self.0 = Some(Standing {
                        path: target.key().to_owned(),
                        host: host.clone(),
                        address,
                        since: app.now(),
                        dane,
                        connection,
                    });
                    reached = true;
                    match self.send(target, parcel).await {
                        Some((tried, false)) => return tried,
                        Some((tried, true)) => failed.extend(tried.endings.into_iter().take(1)),
                        None => {}
                    }
                    self.0 = None;
                }
                Err(NotOpened { ending, dane }) => {
                    // It talked to us, so the path is not down.
                    reached |= dane.is_some();
                    refused = dane.or(refused);
                    failed.push(ending);
                }
            }
        }
        let mut tried = nobody(&failed, last, parcel.recipients.len(), reached);
        tried.dane = refused;
        tried
    }

    /// Sends over the open connection. The second value says that the connection was lost before the
    /// server had taken anything, so that another may do better.
    async fn send(&mut self, target: &Target, parcel: &Parcel<'_>) -> Option<(Tried, bool)> {
        let standing = self.0.as_mut()?;
        let outcomes = standing
            .connection
            .send(smtp::client::Mail {
                reverse_path: parcel.reverse_path,
                recipients: parcel.recipients,
                raw: parcel.raw,
                // Told from the bytes, which stay the same, so that every try asks for it.
                smtputf8: mail::needs_smtputf8(parcel.raw),
            })
            .await;
        let broken = outcomes.iter().all(|outcome| match outcome {
            Outcome::PutOff(failure) => {
                failure.stage < Stage::EndOfData
                    && matches!(
                        failure.cause,
                        Cause::Lost(_) | Cause::Late | Cause::NotSmtp(_)
                    )
            }
            Outcome::Accepted(_) | Outcome::Refused(_) | Outcome::Unknown(_) => false,
        });
        let slower = outcomes.iter().filter_map(Outcome::failure).any(|failure| {
            failure
                .reply()
                .is_some_and(smtp::client::RemoteReply::closes)
        });
        let tried = Tried {
            endings: outcomes.iter().map(Ending::of).collect(),
            host: Some(standing.host.clone()),
            address: Some(standing.address.ip()),
            tls: protection(standing, target),
            dane: standing.dane.as_ref().map(|judged| judged.dane),
            path: if slower { Health::Slower } else { Health::Well },
        };
        if !standing.connection.is_usable() {
            self.0 = None;
        }
        Some((tried, broken))
    }
}

/// A connection that did not come about, or must not be used.
struct NotOpened {
    ending: Ending,
    /// What was said of its certificate, when that is why.
    dane: Option<Dane>,
}

impl From<Ending> for NotOpened {
    fn from(ending: Ending) -> Self {
        Self { ending, dane: None }
    }
}

/// Opens a connection. Where encryption is only preferred, a second one is opened without it when it
/// fails.
async fn open(
    app: &App,
    target: &Target,
    host: &str,
    address: SocketAddr,
) -> Result<(Connection<TcpStream>, Option<Judged>), NotOpened> {
    let pins = Pins::of(app, target, host).await?;
    let (mut security, mut plain) = target.security();
    if plain && pins.as_ref().is_some_and(Pins::ask_for_tls) {
        (security, plain) = (Security::StartTls(Trust::Any), false);
    }
    let opened = match open_with(app, target, host, address, security).await {
        Err(Refusal::Smtp(failure)) if plain && failure.is_tls() => {
            tracing::info!(host, %address, %failure, "TLS failed; the mail goes in the clear");
            open_with(app, target, host, address, Security::Plain).await
        }
        other => other,
    };
    let connection = opened.map_err(|refusal| refusal.ending(host, address))?;
    let judged = pins.as_ref().map(|pins| pins.judge(host, &connection));
    if let (Some(pins), Some(judged)) = (&pins, &judged)
        && let Some(ending) = pins.refusal(host, judged)
    {
        connection.quit().await;
        let dane = Some(judged.dane);
        return Err(NotOpened { ending, dane });
    }
    Ok((connection, judged))
}

async fn open_with(
    app: &App,
    target: &Target,
    host: &str,
    address: SocketAddr,
    security: Security,
) -> Result<Connection<TcpStream>, Refusal> {
    let departures = &app.0.departures;
    let stream = departures.dialer.open(Open {
        host,
        address,
        source: source(app, address.ip()),
        limit: CONNECT,
    });
    let stream = stream.await.map_err(Refusal::Dial)?;
    let terms = Terms {
        host,
        peer: address,
        security,
        credentials: target.credentials(),
    };
    let opening = Connection::open(&departures.client, stream, terms);
    Box::pin(opening).await.map_err(Refusal::Smtp)
}

/// One of our own addresses of the same family, by chance.
fn source(app: &App, peer: IpAddr) -> Option<IpAddr> {
    let all = &app.settings().delivery.sources;
    let fitting: Vec<IpAddr> = all
        .iter()
        .copied()
        .filter(|one| one.is_ipv4() == peer.is_ipv4())
        .collect();
    let [dice] = app.env().ids.bytes::<1>();
    let index = usize::from(dice) % fitting.len().max(1);
    fitting.get(index).copied()
}

/// A connection that did not come about.
enum Refusal {
    Dial(DialError),
    Smtp(Failure),
}

impl Refusal {
    fn ending(self, host: &str, address: SocketAddr) -> Ending {
        let ip = address.ip();
        match self {
            // A server with a private address cannot be reached from here, and will not be.
            Self::Dial(DialError::Private) => {
                let words = format!("{host} [{ip}]: the address is not public");
                Ending::own(Fate::Never, "connect", (5, 4, 4), words)
            }
            Self::Dial(error) => {
                let words = format!("{host} [{ip}]: {error}");
                Ending::own(Fate::Later, "connect", (4, 4, 1), words)
            }
            Self::Smtp(failure) => {
                let permanent = failure.is_permanent();
                let (_, subject, detail) = failure.enhanced();
                let fate = if permanent { Fate::Never } else { Fate::Later };
                let class = if permanent { 5 } else { 4 };
                Ending {
                    fate,
                    stage: failure.stage.as_str(),
                    code: failure.reply().map(|reply| reply.code),
                    enhanced: (class, subject, detail),
                    words: bounded(format!("{} ({host} [{ip}])", failure.cause)),
                }
            }
        }
    }
}

/// The ending of a try for which no server could be had. It is final only when every server said so.
fn nobody(
    failed: &[Ending],
    last: Option<(String, SocketAddr)>,
    recipients: usize,
    reached: bool,
) -> Tried {
    let temporary = failed.iter().rev().find(|one| one.fate == Fate::Later);
    let told = temporary.or(failed.last());
    let mut ending = told.cloned().unwrap_or_else(|| {
        Ending::own(
            Fate::Later,
            "routing",
            (4, 4, 4),
            "no mail server could be found",
        )
    });
    if failed.len() > 1 {
        let all: Vec<&str> = failed.iter().map(|one| one.words.as_str()).collect();
        let others: Vec<&str> = all
            .into_iter()
            .filter(|words| *words != ending.words)
            .collect();
        if !others.is_empty() {
            let words = format!("{} (before: {})", ending.words, others.join("; "));
            ending.words = bounded(words);
        }
    }
    let path = match ending.fate {
        Fate::Later if ending.stage != "routing" && !reached => Health::Down(ending.status()),
        _ => Health::Unknown,
    };
    let (host, address) = last.map_or((None, None), |(host, address)| {
        (Some(host), Some(address.ip()))
    });
    Tried {
        endings: vec![ending; recipients],
        host,
        address,
        tls: None,
        dane: None,
        path,
    }
}

/// The protection of a connection in words; `None` without any.
fn protection(standing: &Standing, target: &Target) -> Option<String> {
    let host = &standing.host;
    let mut words = standing.connection.tls().map(|used| {
        let how = match &used.doubt {
            None => "verified".to_owned(),
            Some(doubt) => format!("not verified: {doubt}"),
        };
        format!("{} {}, {how}", used.version, used.cipher)
    });
    if let Kind::Direct(direct) = &target.kind
        && let Some(mode) = direct.policy
    {
        let policy = match mode {
            super::mta_sts::Mode::Enforce => "MTA-STS enforced",
            _ if direct.unnamed.contains(host) => {
                "MTA-STS in testing: the policy does not name this server"
            }
            _ => "MTA-STS in testing",
        };
        let base = words.unwrap_or_else(|| "none".to_owned());
        words = Some(format!("{base}; {policy}"));
    }
    let dane = standing.dane.as_ref();
    if let Some(dane) = dane.and_then(|judged| judged.words.as_deref()) {
        let base = words.unwrap_or_else(|| "none".to_owned());
        words = Some(format!("{base}; {dane}"));
    }
    words.map(bounded)
}
