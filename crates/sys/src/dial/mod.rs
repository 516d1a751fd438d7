//! The one way to a server of somebody else's choosing.
//!
//! A URL from a caller may name this machine, its neighbours or a cloud's metadata service. Every
//! request therefore goes through a [`Dialer`]: it looks the host up once, refuses it unless every
//! address is allowed by the [`Policy`], and connects to exactly an address that was checked. There
//! is no second look-up, no redirect, no proxy and no reuse of connections that could lead
//! elsewhere.

mod address;
mod exchange;
mod policy;
mod tcp;

pub use address::{Net, is_public};
pub use policy::{Allowed, Policy};
pub use tcp::Open;

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use mail::Timestamp;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::{Clock, TlsClient, timeout_at};

/// Addresses of one host that are tried, one after the other.
const MAX_TRIES: usize = 4;

/// Looks names up.
pub trait Resolve: Send + Sync + 'static {
    /// Every address of `host`, in the order of preference.
    fn resolve<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;
}

/// The machine's own resolver, with its hosts file.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: &'a Url,
    /// Header fields but for `Host` and the length of the body, which are added.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How long and how much.
    pub limits: Limits,
}

/// What an exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until the connection stands, look-up and TLS included.
    pub connect: Duration,
    /// Until the answer is read.
    pub total: Duration,
    /// Octets of the answer's body that are read; then the connection is closed.
    pub body: usize,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its header fields.
    pub headers: HeaderMap,
    /// As much of the body as was read.
    pub body: Vec<u8>,
    /// Why reading ended.
    pub end: BodyEnd,
}

/// Why no more of a body was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// It is there as a whole.
    Whole,
    /// It is longer than was asked for.
    Limit,
    /// The time ran out.
    Late,
    /// The connection broke.
    Broken,
}

/// No answer came. The text is for whoever chose the URL and names no address.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Not a URL that can be dialled.
    #[error("the URL is not one of http or https with a host")]
    Url,
    /// The URL carries a user name or password.
    #[error("the URL has a user name or password in it")]
    Credentials,
    /// Plain http where only https is allowed.
    #[error("the URL must be https")]
    Plain,
    /// An address that is not allowed.
    #[error("the host's address is not public")]
    Private,
    /// The name has no address.
    #[error("the host name cannot be resolved")]
    Resolve(#[source] io::Error),
    /// Nobody takes the connection.
    #[error("the connection failed: {}", .0.kind())]
    Connect(#[source] io::Error),
    /// No common TLS, or a certificate that is not trusted.
    #[error("TLS failed: {0}")]
    Tls(#[source] io::Error),
    /// What came back is not HTTP, or not all of it.
    #[error("the answer failed: {0}")]
    Http(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The time ran out.
    #[error("the time ran out while {0}")]
    Late(&'static str),
}

/// Sends requests where the policy allows. Clones share it.
#[derive(Clone)]
pub struct Dialer(Arc<Inner>);

struct Inner {
    policy: Policy,
    clock: Arc<dyn Clock>,
    resolver: Arc<dyn Resolve>,
    tls: Arc<ClientConfig>,
}

impl Dialer {
    /// A dialer with the machine's resolver and the root certificates that browsers trust.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(policy: Policy, clock: Arc<dyn Clock>) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::with(
            policy,
            clock,
            Arc::new(SystemResolver),
            Arc::new(tls),
        ))
    }

    /// A dialer with a resolver of the caller's choice and the roots of `tls`.
    #[must_use]
    pub fn over(
        policy: Policy,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolve>,
        tls: &TlsClient,
    ) -> Self {
        Self::with(policy, clock, resolver, tls.strict())
    }

    /// A dialer with a resolver and TLS of the caller's choice.
    #[must_use]
    pub fn with(
        policy: Policy,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolve>,
        tls: Arc<ClientConfig>,
    ) -> Self {
        Self(Arc::new(Inner {
            policy,
            clock,
            resolver,
            tls,
        }))
    }

    /// Checks what can be told of a URL without dialling it.
    ///
    /// # Errors
    /// [`DialError`] with the rule that is broken.
    pub fn check(&self, url: &Url) -> Result<(), DialError> {
        self.0.policy.check(url)
    }

    /// Sends a request over a connection of its own. An answer of any status is an answer;
    /// redirects are not followed.
    ///
    /// # Errors
    /// [`DialError`] when no answer came.
    pub async fn send(&self, request: Request<'_>) -> Result<Answer, DialError> {
        let start = self.0.clock.now();
        let end = start.plus(request.limits.total);
        let connected = end.min(start.plus(request.limits.connect));
        let stream = self.connect(request.url, connected).await?;
        if request.url.scheme() == "http" {
            return exchange::run(stream, request, end, &*self.0.clock).await;
        }
        let name = server_name(request.url)?;
        let handshake = TlsConnector::from(Arc::clone(&self.0.tls)).connect(name, stream);
        let stream = timeout_at(&*self.0.clock, connected, handshake)
            .await
            .map_err(|_| DialError::Late("agreeing on TLS"))?
            .map_err(DialError::Tls)?;
        exchange::run(stream, request, end, &*self.0.clock).await
    }

    async fn connect(&self, url: &Url, end: Timestamp) -> Result<TcpStream, DialError> {
        self.check(url)?;
        let addresses = self.addresses(url, end).await?;
        self.0.policy.admit(url, &addresses)?;
        let port = url.port_or_known_default().ok_or(DialError::Url)?;
        let mut failed = DialError::Late("connecting");
        let tries = addresses.len().min(MAX_TRIES);
        for (index, address) in addresses.into_iter().take(tries).enumerate() {
            // An address that swallows packets leaves time for the others.
            let now = self.0.clock.now();
            let share = u32::try_from(tries - index).unwrap_or(1);
            let until = now.plus(end.since(now) / share);
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that connects to servers of others' choosing"
            )]
            let connecting = TcpStream::connect(SocketAddr::new(address, port));
            match timeout_at(&*self.0.clock, until, connecting).await {
                Ok(Ok(stream)) => {
                    // Small requests should not wait for each other's acknowledgement.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => failed = DialError::Connect(error),
                Err(_) => failed = DialError::Late("connecting"),
            }
        }
        Err(failed)
    }

    async fn addresses(&self, url: &Url, end: Timestamp) -> Result<Vec<IpAddr>, DialError> {
        let name = match url.host().ok_or(DialError::Url)? {
            Host::Ipv4(address) => return Ok(vec![address.into()]),
            Host::Ipv6(address) => return Ok(vec![address.into()]),
            Host::Domain(name) => name,
        };
        let found = timeout_at(&*self.0.clock, end, self.0.resolver.resolve(name))
            .await
            .map_err(|_| DialError::Late("looking up the host"))?
            .map_err(DialError::Resolve)?;
        if found.is_empty() {
            let none = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            return Err(DialError::Resolve(none));
        }
        Ok(found)
    }
}

fn server_name(url: &Url) -> Result<ServerName<'static>, DialError> {
    match url.host().ok_or(DialError::Url)? {
        Host::Ipv4(address) => Ok(ServerName::IpAddress(IpAddr::from(address).into())),
        Host::Ipv6(address) => Ok(ServerName::IpAddress(IpAddr::from(address).into())),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_owned();
            ServerName::try_from(name).map_err(|_| DialError::Url)
        }
    }
}
