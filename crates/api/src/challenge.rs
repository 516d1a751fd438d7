//! The door at which certificate authorities knock (RFC 8555 §8.3). It answers what they ask and
//! nothing else, so that the API is never served in the clear for their sake.

use app::App;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

/// The routes of that door.
pub fn challenge_door(app: App) -> Router {
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(answer))
        .fallback(nothing)
        .with_state(app)
}

async fn answer(State(app): State<App>, Path(token): Path<String>) -> Response {
    match app.acme_answer(&token).await {
        Ok(Some(answer)) => ([(CONTENT_TYPE, "application/octet-stream")], answer).into_response(),
        Ok(None) => nothing().await,
        Err(error) => {
            tracing::error!(error = ?error, "a certificate authority could not be answered");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn nothing() -> Response {
    let text = "Certificate authorities are answered here. The API is behind HTTPS.\n";
    (StatusCode::NOT_FOUND, text).into_response()
}
