//! The `Idempotency-Key` header.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use model::{Error, IdempotencyKey, Result};

use crate::error::Refusal;
use crate::settings::Door;

/// The caller's key for doing something only once, if it sent one.
pub(crate) struct Once(pub(crate) Option<IdempotencyKey>);

const HEADER: &str = "idempotency-key";

impl FromRequestParts<Door> for Once {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, Refusal> {
        Ok(Self(read(&parts.headers)?))
    }
}

/// # Errors
/// `validation_error` when the header is empty, malformed or there twice.
fn read(headers: &HeaderMap) -> Result<Option<IdempotencyKey>> {
    let mut fields = headers.get_all(HEADER).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(Error::invalid(
            HEADER,
            "invalid_value",
            "The request has more than one Idempotency-Key",
        ));
    }
    IdempotencyKey::parse(field.to_str().unwrap_or_default()).map(Some)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_key_is_read_and_its_absence_is_fine() {
        assert_eq!(read(&headers(&[])).unwrap(), None);
        let key = read(&headers(&["a-1"])).unwrap().unwrap();
        assert_eq!(key.as_str(), "a-1");
    }

    #[test]
    fn an_empty_malformed_or_doubled_key_is_refused() {
        for values in [&[""][..], &[" "], &["a b"], &["a", "b"], &["=x"]] {
            assert!(read(&headers(values)).is_err(), "{values:?}");
        }
    }
}
