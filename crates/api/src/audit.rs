//! The audit log. Beyond AgentMail.

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use model::{Error, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::error::Refusal;
use crate::params::Params;
use crate::router::{self, Row};

/// JSON, one value on each line.
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get("/v0/audit", "audit.list", list),
        router::get("/v0/audit/export", "audit.export", export),
    ]
}

async fn list(
    auth: Authorized<perm::AuditRead>,
    params: Params,
) -> Outcome<wire::ListAuditResponse> {
    let page = params.page()?;
    Ok(Answer(auth.app.audit(&auth.grant, page).await?))
}

async fn export(auth: Authorized<perm::AuditRead>, params: Params) -> Result<Response, Refusal> {
    let after = params.text("after").map(|text| {
        text.parse::<i64>()
            .ok()
            .filter(|seq| *seq >= 0)
            .ok_or_else(|| Error::invalid("after", "invalid_value", "after is the seq of an entry"))
    });
    let lines = auth
        .app
        .export_audit(&auth.grant, after.transpose()?.unwrap_or(0));
    let head = [
        (CONTENT_TYPE, LINES),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((head, lines.await?).into_response())
}
