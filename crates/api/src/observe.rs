//! One request id, one log line and a panic guard around every request.
//!
//! The line names the operation, never the path or the query: a path may hold a download token, a
//! query a key.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::CONNECTION;
use http::{HeaderName, HeaderValue};
use model::{Error, Kind};

use crate::body;
use crate::error::{Cause, Refusal};
use crate::quota::Slot;
use crate::settings::Settings;

/// The header that carries the id of a request in its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The operation that answered, which the router leaves in its responses.
#[derive(Clone, Copy)]
pub(crate) struct Operation(pub(crate) &'static str);

/// The id of a request, which handlers find in it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Runs the rest of the server for one request.
pub(crate) async fn observe(
    State(settings): State<Arc<Settings>>,
    mut request: Request,
    next: Next,
) -> Response {
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    let id = settings.env.ids.random().simple().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let started = settings.env.clock.now();
    let unread = body::may_stay_unread(&request);
    let mut response = match body::take_in_short(request, &*settings.env.clock).await {
        // The request is lost with the panic, and nothing else is shared mutably with it.
        Ok(request) => AssertUnwindSafe(next.run(request))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Refusal(Error::internal("a handler panicked")).into_response()),
        Err(error) => Refusal(error).into_response(),
    };
    if unread && response.status().as_u16() >= 400 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    let took = settings.env.clock.now().since(started);
    log(&id, took.as_micros(), &response);
    slot.tell(response.headers_mut());
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn log(request_id: &str, micros: u128, response: &Response) {
    let operation = response.extensions().get::<Operation>();
    let operation = operation.map_or("none", |operation| operation.0);
    let status = response.status().as_u16();
    match response.extensions().get::<Cause>() {
        Some(Cause(error)) if error.kind() == Kind::Internal => {
            tracing::error!(
                request_id,
                operation,
                status,
                micros,
                ?error,
                "request failed"
            );
        }
        Some(Cause(error)) if error.kind() == Kind::Unavailable => {
            tracing::warn!(
                request_id,
                operation,
                status,
                micros,
                ?error,
                "request put off"
            );
        }
        Some(Cause(error)) => {
            let code = error.code().code();
            tracing::debug!(
                request_id,
                operation,
                status,
                micros,
                code,
                "request refused"
            );
        }
        None => tracing::debug!(request_id, operation, status, micros, "request answered"),
    }
}
