//! What the links in `List-Unsubscribe` lead to.
//!
//! Mail programs post to the link by themselves (RFC 8058 §3.2). Whoever opens it, also a scanner
//! that follows every link, gets a page that changes nothing before its button is pressed.

use app::App;
use axum::extract::{RawPathParams, State};
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY};
use http::{HeaderValue, Method};

use crate::error::{Refusal, no_route};
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const LINK: &str = "/v0/unsubscribe/{token}";
    vec![
        router::open(Method::GET, LINK, "unsubscribe.show", show),
        router::open(Method::POST, LINK, "unsubscribe.confirm", confirm),
    ]
}

const HEAD: [(HeaderName, HeaderValue); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; form-action 'self'"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

async fn show(State(app): State<App>, params: RawPathParams) -> Result<Response, Refusal> {
    let address = app.unsubscribe_address(token(&params)?)?;
    let form = "<form method=\"post\"><button name=\"List-Unsubscribe\" value=\"One-Click\">\
                Unsubscribe</button></form>";
    let text = format!("No more mail from this sender to {}?", escaped(&address));
    Ok(page(&text, form))
}

/// The body says no more than the path does, so it is not read.
async fn confirm(State(app): State<App>, params: RawPathParams) -> Result<Response, Refusal> {
    let token = token(&params)?;
    let address = app.unsubscribe_address(token)?;
    app.unsubscribe(token).await?;
    let text = format!("{} gets no more mail from this sender.", escaped(&address));
    Ok(page(&text, ""))
}

fn token(params: &RawPathParams) -> Result<&str, Refusal> {
    let token = params.iter().find(|(name, _)| *name == "token");
    Ok(token.ok_or_else(no_route)?.1)
}

fn page(text: &str, more: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Unsubscribe</title>\n\
         <p>{text}</p>{more}</html>\n"
    );
    (HEAD, Html(page)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
