//! Whether the server can do its work.

use app::App;
use axum::extract::State;
use serde::Serialize;

use crate::answer::{Answer, Outcome};

/// The body of a good answer.
#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
}

/// `GET /healthz`: 200 when the store answers, 503 when not.
pub(crate) async fn get(State(app): State<App>) -> Outcome<Health> {
    app.ready().await?;
    Ok(Answer(Health { status: "ok" }))
}
