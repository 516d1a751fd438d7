//! The door of the command line: an order of the operator, marked with the master key, is carried out by
//! the running server. Without a good mark nothing of it is read.

use app::App;
use axum::Json;
use axum::extract::State;
use http::Method;

use crate::body::Body;
use crate::error::Refusal;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![router::open(
        Method::POST,
        "/v0/operator",
        "operator.order",
        order,
    )]
}

async fn order(
    State(app): State<App>,
    Body(request): Body<wire::OrderRequest>,
) -> Result<Json<wire::OrderAnswer>, Refusal> {
    Ok(Json(app.take_order(&request).await?))
}
