//! What the links lead to with which a person decides about a message that waits.
//!
//! Opening a link changes nothing, so a scanner that follows it does no harm; its buttons post. The
//! page has no script, and nothing on it is taken from a mail but as text.

use app::App;
use axum::extract::{RawPathParams, State};
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY};
use http::{HeaderValue, Method};
use wire::Decision;

use crate::error::{Refusal, no_route};
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::open(Method::GET, "/v0/decide/{token}", "decide.show", show),
        router::open(
            Method::POST,
            "/v0/decide/{token}/approve",
            "decide.approve",
            approve,
        ),
        router::open(
            Method::POST,
            "/v0/decide/{token}/decline",
            "decide.decline",
            decline,
        ),
    ]
}

const HEAD: [(HeaderName, HeaderValue); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

async fn show(State(app): State<App>, params: RawPathParams) -> Result<Response, Refusal> {
    let token = token(&params)?;
    let decision = app.decision(token).await?;
    Ok(page(&body(&decision, token)))
}

async fn approve(State(app): State<App>, params: RawPathParams) -> Result<Response, Refusal> {
    app.decide(token(&params)?, true).await?;
    Ok(page("<p>Approved: the message leaves.</p>"))
}

async fn decline(State(app): State<App>, params: RawPathParams) -> Result<Response, Refusal> {
    app.decide(token(&params)?, false).await?;
    Ok(page("<p>Declined: the message does not leave.</p>"))
}

fn token(params: &RawPathParams) -> Result<&str, Refusal> {
    let token = params.iter().find(|(name, _)| *name == "token");
    Ok(token.ok_or_else(no_route)?.1)
}

fn body(decision: &Decision, token: &str) -> String {
    let approval = &decision.approval;
    let mut rows = String::new();
    let mut row = |name: &str, texts: &[String]| {
        if !texts.is_empty() {
            let text = escaped(&texts.join(", "));
            rows.push_str(&format!("<dt>{name}</dt><dd>{text}</dd>"));
        }
    };
    row("From", std::slice::from_ref(&approval.inbox_id));
    row("To", &approval.to);
    row("Cc", &approval.cc);
    row("Bcc", &approval.bcc);
    row("Subject", approval.subject.as_slice());
    row("Files", &decision.attachments);
    let details = approval
        .findings
        .iter()
        .map(|finding| finding.detail.clone());
    row("Why it waits", &details.collect::<Vec<_>>());
    row("After mail of strangers", &approval.tainted_by);
    format!(
        "<h1>A message waits for you</h1><dl>{rows}</dl><pre>{}</pre>\
         <form method=\"post\" action=\"/v0/decide/{token}/approve\"><button>Let it leave</button></form>\
         <form method=\"post\" action=\"/v0/decide/{token}/decline\"><button>Keep it</button></form>",
        escaped(&decision.text),
        token = escaped(token),
    )
}

fn page(body: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Approval</title>\n{body}</html>\n"
    );
    (HEAD, Html(page)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
