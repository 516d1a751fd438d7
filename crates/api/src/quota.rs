//! Whose request it is, and how its caller stands with the rate limits.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use app::{Standing, TooEarly};
use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::middleware::AddExtension;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::Error;
use sys::dial::Net;
use tower::Layer;

use crate::error::Refusal;
use crate::settings::Door;

/// How many hops of `X-Forwarded-For` are looked at.
const MAX_HOPS: usize = 32;

/// The door as the client at `peer` sees it.
#[must_use]
pub fn of_peer(router: Router, peer: SocketAddr) -> AddExtension<Router, ConnectInfo<SocketAddr>> {
    axum::Extension(ConnectInfo(peer)).layer(router)
}

/// The address of the client: the peer of the connection, or what a trusted proxy says. Everybody
/// can write `X-Forwarded-For`; what counts is what the nearest untrusted host was seen as.
pub(crate) fn client(parts: &Parts, trusted: &[Net]) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    forwarded(&parts.headers, peer, trusted)
}

fn forwarded(headers: &HeaderMap, peer: IpAddr, trusted: &[Net]) -> IpAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut nearest = peer;
    if !is_proxy(nearest) {
        return nearest;
    }
    let fields = headers.get_all("x-forwarded-for").into_iter().rev();
    let hops = fields.flat_map(|field| field.to_str().unwrap_or_default().rsplit(','));
    for hop in hops.take(MAX_HOPS) {
        let Some(address) = address(hop.trim()) else {
            return nearest;
        };
        nearest = address;
        if !is_proxy(nearest) {
            return nearest;
        }
    }
    nearest
}

/// An address as proxies write it: with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    address.or_else(|| {
        text.parse::<SocketAddr>()
            .ok()
            .map(|with_port| with_port.ip())
    })
}

/// Proof that the limit of the client's address admits the request. [`crate::auth::Authorized`] asks
/// for it itself; a handler whose callers bring a token of another kind takes it as an argument.
pub(crate) struct Admitted {
    /// Whose request it is.
    pub(crate) client: IpAddr,
    /// Where limits are noted.
    pub(crate) slot: Slot,
}

impl FromRequestParts<Door> for Admitted {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Refusal> {
        let slot = parts.extensions.get::<Slot>().cloned().unwrap_or_default();
        let client = client(parts, &door.settings.trusted_proxies);
        slot.note(door.app.admit_address(client))?;
        Ok(Self { client, slot })
    }
}

/// Where a request's standing is written, for the headers of its answer.
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Standing>>>);

impl Slot {
    /// Remembers the outcome of one limit; of several, the one with the least left.
    ///
    /// # Errors
    /// `rate_limit_exceeded`.
    pub(crate) fn note(&self, outcome: Result<Option<Standing>, TooEarly>) -> Result<(), Error> {
        let standing = match &outcome {
            Ok(standing) => *standing,
            Err(early) => Some(early.standing),
        };
        if let Some(new) = standing {
            let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_tighter = slot.is_none_or(|known| new.remaining < known.remaining);
            if is_tighter || outcome.is_err() {
                *slot = Some(new);
            }
        }
        outcome.map(|_| ()).map_err(Error::from)
    }

    /// Writes the headers, if there is a limit.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let standing = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(standing) = standing else { return };
        let reset = standing.reset.as_millis().div_ceil(1_000);
        let reset = u64::try_from(reset).unwrap_or(u64::MAX);
        for (name, value) in [
            ("ratelimit-limit", u64::from(standing.limit)),
            ("ratelimit-remaining", u64::from(standing.remaining)),
            ("ratelimit-reset", reset),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_say_who_the_client_is() {
        let trusted: Vec<Net> = ["127.0.0.1", "10.0.0.0/8"]
            .iter()
            .map(|net| net.parse().unwrap())
            .collect();
        for (peer, fields, client) in [
            ("192.0.2.9", &["198.51.100.1"][..], "192.0.2.9"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.1, 198.51.100.1"], "198.51.100.1"),
            (
                "127.0.0.1",
                &["203.0.113.1", "198.51.100.1"],
                "198.51.100.1",
            ),
            ("127.0.0.1", &["198.51.100.1,10.1.1.1"], "198.51.100.1"),
            ("127.0.0.1", &["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
            ("127.0.0.1", &["198.51.100.1, nonsense"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("::ffff:127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append("x-forwarded-for", HeaderValue::from_static(field));
            }
            let found = forwarded(&headers, peer.parse().unwrap(), &trusted);
            assert_eq!(found.to_string(), client, "{peer} {fields:?}");
        }
    }
}
