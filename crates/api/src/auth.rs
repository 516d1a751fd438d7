//! From a request's credential to the right to do one thing.

use app::{Access, App, Grant, TICKET_PREFIX};
use axum::extract::FromRequestParts;
use http::header::{AUTHORIZATION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use model::{Code, Error, Kind, Need, Result};

use crate::error::Refusal;
use crate::ids::place;
use crate::observe::RequestId;
use crate::params::Params;
use crate::quota::Admitted;
use crate::settings::Door;
use crate::socket;

/// Proof that the caller may do `P`. It is the first argument of a handler, and the only way to
/// the grant that the verbs of `app` ask for.
///
/// A path that names a pod or an inbox narrows the grant to it: `/v0/threads`,
/// `/v0/pods/{pod_id}/threads` and `/v0/inboxes/{inbox_id}/threads` can share one handler, which
/// sees only what its path names.
pub(crate) struct Authorized<P> {
    /// What the verbs take.
    pub(crate) grant: Grant<P>,
    /// Who the caller is.
    pub(crate) access: Access,
    /// The same, not narrowed by the path: for what is told of things that the path does not name.
    pub(crate) caller: Access,
    /// The verbs.
    pub(crate) app: App,
}

impl<P: Need> FromRequestParts<Door> for Authorized<P> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Refusal> {
        let Admitted { client, slot } = Admitted::from_request_parts(parts, door).await?;
        let secret = credential(&parts.headers, parts.uri.query().unwrap_or_default())?;
        // A ticket opens a socket and nothing else.
        let opens_socket = is_handshake(&parts.headers) && parts.uri.path() == socket::PATH;
        let access = if opens_socket && secret.starts_with(TICKET_PREFIX) {
            door.app.redeem_socket_ticket(&secret).await
        } else {
            door.app.authenticate(&secret).await
        };
        let access = access.inspect_err(|error| {
            if error.kind() == Kind::Unauthenticated {
                door.app.credential_failed(client);
            }
        })?;
        slot.note(door.app.admit_key(&access))?;
        let access = match parts.extensions.get::<RequestId>() {
            Some(RequestId(id)) => access.in_request(id),
            None => access,
        };
        let _: Grant<P> = access.grant()?;
        door.app.allow_while_tainted(&access, P::PERMISSION).await?;
        let (pod, inbox) = place(parts, door).await?;
        let caller = access;
        let access = door.app.narrowed(&caller, pod, inbox.as_ref()).await?;
        Ok(Self {
            caller,
            grant: access.grant()?,
            access,
            app: door.app.clone(),
        })
    }
}

/// The header that some tools send in place of `Authorization`.
const API_KEY: &str = "x-api-key";

/// Finds the key of a request: `Authorization: Bearer`, else `x-api-key`, else, in a WebSocket
/// handshake only, the query's `api_key`, `auth_token` or `ticket`. Browsers cannot set the headers of
/// a handshake; anywhere else a key in a URL would end up in logs and histories. Where a key may
/// stand in a handshake, a ticket may.
///
/// The scheme's case matters and the key must be one word, as on the hosted service.
///
/// # Errors
/// `missing_authorization`.
pub(crate) fn credential(headers: &HeaderMap, query: &str) -> Result<String> {
    if let Some(field) = headers.get(AUTHORIZATION) {
        let secret = word(field).and_then(|text| text.strip_prefix("Bearer "));
        return key(secret.unwrap_or_default());
    }
    if let Some(field) = headers.get(API_KEY) {
        return key(word(field).unwrap_or_default());
    }
    if is_handshake(headers) {
        let params = Params::parse(query);
        let names = ["api_key", "auth_token", "ticket"];
        let secret = names.iter().find_map(|name| params.text(name));
        return key(secret.unwrap_or_default());
    }
    key("")
}

fn is_handshake(headers: &HeaderMap) -> bool {
    let field = headers.get(UPGRADE);
    field.is_some_and(|field| field.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn word(field: &HeaderValue) -> Option<&str> {
    field.to_str().ok()
}

fn key(secret: &str) -> Result<String> {
    if secret.is_empty() || secret.chars().any(char::is_whitespace) {
        return Err(Error::new(
            Code::MissingAuthorization,
            "The request has no usable API key",
        ));
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                let name = http::HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn the_key_is_found_where_clients_put_it() {
        for (fields, query, found) in [
            (&[("authorization", "Bearer am_us_1")][..], "", "am_us_1"),
            (&[("x-api-key", "k")], "", "k"),
            (
                &[("authorization", "Bearer a"), ("x-api-key", "b")],
                "",
                "a",
            ),
            (
                &[("authorization", "Bearer a"), ("upgrade", "websocket")],
                "api_key=b",
                "a",
            ),
            (&[("upgrade", "WebSocket")], "x=1&api_key=b", "b"),
            (&[("upgrade", "websocket")], "auth_token=c", "c"),
            (
                &[("upgrade", "websocket")],
                "ticket=am_ticket_1",
                "am_ticket_1",
            ),
        ] {
            assert_eq!(
                credential(&headers(fields), query).unwrap(),
                found,
                "{fields:?}"
            );
        }
    }

    #[test]
    fn what_is_not_one_bearer_word_is_no_credential() {
        for fields in [
            &[][..],
            &[("authorization", "")],
            &[("authorization", "Bearer")],
            &[("authorization", "Bearer ")],
            &[("authorization", "Bearer  a")],
            &[("authorization", "Bearer a b")],
            &[("authorization", "Bearer a\tb")],
            &[("authorization", "bearer a")],
            &[("authorization", "BEARER a")],
            &[("authorization", "Basic a")],
            &[("authorization", "am_us_1")],
            &[("authorization", "Basic a"), ("x-api-key", "b")],
            &[("x-api-key", "")],
            &[("x-api-key", "a b")],
        ] {
            let error = credential(&headers(fields), "api_key=k").unwrap_err();
            assert_eq!(error.code(), Code::MissingAuthorization, "{fields:?}");
        }
        let handshake = headers(&[("upgrade", "websocket")]);
        for query in ["", "api_key=", "api_key=a+b", "key=a"] {
            assert!(credential(&handshake, query).is_err(), "{query}");
        }
    }
}
