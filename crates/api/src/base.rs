//! The URL under which the client reaches this server, for links in answers.

use axum::extract::FromRequestParts;
use axum::{Extension, Router};
use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Uri};
use model::{Error, Result};

use crate::error::Refusal;
use crate::settings::Door;

/// Scheme, host and port, without a slash at the end.
pub(crate) struct Base(pub(crate) String);

/// Marks requests that came over TLS.
#[derive(Clone, Copy)]
struct OverTls;

/// The same API for connections with TLS: links in its answers begin with `https`.
pub fn over_tls(router: Router) -> Router {
    router.layer(Extension(OverTls))
}

impl FromRequestParts<Door> for Base {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Refusal> {
        if let Some(base) = &door.settings.public_base {
            return Ok(Self(base.trim_end_matches('/').to_owned()));
        }
        let is_tls = parts.extensions.get::<OverTls>().is_some();
        Ok(Self(of_request(is_tls, &parts.headers, &parts.uri)?))
    }
}

/// The host that the client named. Only this client sees the link, so a false name harms nobody
/// else; it still must be a name, so that nothing can be put into the URL with it.
///
/// # Errors
/// `validation_error` when the client named no usable host.
fn of_request(is_tls: bool, headers: &HeaderMap, uri: &Uri) -> Result<String> {
    let problem = || {
        Error::invalid(
            "host",
            "invalid_value",
            "The Host header does not name this server",
        )
        .fix("Send a Host header, or set the public URL in the server's configuration.")
    };
    let host = match headers.get(HOST) {
        Some(field) => field.to_str().map_err(|_| problem())?,
        None => uri.authority().map(Authority::as_str).ok_or_else(problem)?,
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    let authority: Authority = host.parse().map_err(|_| problem())?;
    if host.len() > 255 || authority.host().is_empty() || !host.chars().all(is_plain) {
        return Err(problem());
    }
    let is_https = headers
        .get("x-forwarded-proto")
        .is_some_and(|field| field.as_bytes().eq_ignore_ascii_case(b"https"));
    let scheme = if is_tls || is_https { "https" } else { "http" };
    Ok(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn base(host: &[u8], proto: Option<&'static str>) -> Result<String> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_bytes(host).unwrap());
        if let Some(proto) = proto {
            headers.insert("x-forwarded-proto", HeaderValue::from_static(proto));
        }
        of_request(false, &headers, &Uri::from_static("/v0"))
    }

    #[test]
    fn links_use_the_host_that_the_client_named() {
        assert_eq!(
            base(b"127.0.0.1:8080", None).unwrap(),
            "http://127.0.0.1:8080"
        );
        assert_eq!(base(b"[::1]:80", None).unwrap(), "http://[::1]:80");
        assert_eq!(
            base(b"mail.test", Some("https")).unwrap(),
            "https://mail.test"
        );
        assert_eq!(
            base(b"mail.test", Some("https, x")).unwrap(),
            "http://mail.test"
        );
        let absolute = Uri::from_static("http://a.test:1/v0");
        assert_eq!(
            of_request(false, &HeaderMap::new(), &absolute).unwrap(),
            "http://a.test:1"
        );
        assert_eq!(
            of_request(true, &HeaderMap::new(), &absolute).unwrap(),
            "https://a.test:1"
        );
    }

    #[test]
    fn nothing_but_a_host_gets_into_a_link() {
        for host in [
            &b""[..],
            b"a/b",
            b"a?b",
            b"a#b",
            b"u@a",
            b"a b",
            b"a\"b",
            b"<a>",
            b"a\\b",
            b"\xff",
            b"a:b:c",
            b":80",
            &[b'a'; 300],
        ] {
            assert!(base(host, None).is_err(), "{host:?}");
        }
        assert!(of_request(false, &HeaderMap::new(), &Uri::from_static("/v0")).is_err());
    }
}
