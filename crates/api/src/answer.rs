//! What handlers give back when all went well.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use model::Error;
use serde::Serialize;

use crate::error::Refusal;

/// The media type of every body but downloads.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// 200 and this value as JSON.
pub(crate) struct Answer<T>(pub(crate) T);

/// 204 without a body, as both SDKs expect of deletes.
pub(crate) struct NoContent;

/// What a handler gives.
pub(crate) type Outcome<T> = Result<Answer<T>, Refusal>;

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                // Mail is nobody's to keep on the way, and keys are shown here once.
                let head = [
                    (CONTENT_TYPE, JSON),
                    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
                ];
                (head, body).into_response()
            }
            Err(error) => Refusal(Error::internal(error)).into_response(),
        }
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
