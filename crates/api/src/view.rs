//! Beyond AgentMail: mail as it may be put before a model, as JSON or as text.

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};
use mail::MessageId;
use mail::page::Format;
use model::{Error, InboxId, Result, ThreadId, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/view",
            "inboxes.messages.get_view",
            message,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/page",
            "inboxes.messages.get_page",
            page,
        ),
        router::get("/v0/threads/{thread_id}/view", "threads.get_view", thread),
        router::get(
            "/v0/pods/{pod_id}/threads/{thread_id}/view",
            "pods.threads.get_view",
            thread,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/threads/{thread_id}/view",
            "inboxes.threads.get_view",
            thread,
        ),
    ]
}

pub(crate) async fn page(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    params: Params,
) -> Outcome<wire::MessagePage> {
    let format = match params.text("format") {
        None | Some("text") => Format::Text,
        Some("markdown") => Format::Markdown,
        Some(_) => {
            let message = "format is text or markdown";
            return Err(Error::invalid("format", "invalid_value", message).into());
        }
    };
    let found = auth.app.message_page(&auth.grant, &inbox, &message, format);
    Ok(Answer(found.await?))
}

pub(crate) async fn message(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let form = form(&params, &headers)?;
    let drawn = drawn(form);
    let found = auth.app.message_view(&auth.grant, &inbox, &message, drawn);
    let view = found.await?;
    Ok(match form {
        None => Answer(view).into_response(),
        Some(form) => text(form, form.of_message(&view)),
    })
}

pub(crate) async fn thread(
    auth: Authorized<perm::MessageRead>,
    At(thread): At<ThreadId>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let form = form(&params, &headers)?;
    let found = auth.app.thread_view(&auth.grant, &thread, drawn(form));
    let view = found.await?;
    Ok(match form {
        None => Answer(view).into_response(),
        Some(form) => text(form, form.of_thread(&view)),
    })
}

/// How a page of HTML is written in a view.
const fn drawn(form: Option<app::Form>) -> Format {
    match form {
        Some(app::Form::Markdown) => Format::Markdown,
        _ => Format::Text,
    }
}

/// JSON unless the caller wants text; the parameter counts for more than the header.
fn form(params: &Params, headers: &HeaderMap) -> Result<Option<app::Form>> {
    match params.text("format") {
        Some("json") => return Ok(None),
        Some("text") => return Ok(Some(app::Form::Text)),
        Some("markdown") => return Ok(Some(app::Form::Markdown)),
        Some(_) => {
            let message = "format is json, text or markdown";
            return Err(Error::invalid("format", "invalid_value", message));
        }
        None => {}
    }
    let accepted = headers.get_all(ACCEPT).iter();
    let mut essences = accepted
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .filter_map(|range| range.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase());
    Ok(essences
        .find_map(|essence| match essence.as_str() {
            "application/json" | "*/*" => Some(None),
            "text/plain" => Some(Some(app::Form::Text)),
            "text/markdown" => Some(Some(app::Form::Markdown)),
            _ => None,
        })
        .flatten())
}

fn text(form: app::Form, body: String) -> Response {
    let kind = match form {
        app::Form::Text => "text/plain; charset=utf-8",
        app::Form::Markdown => "text/markdown; charset=utf-8",
    };
    let head = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (VARY, HeaderValue::from_static("accept")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (head, body).into_response()
}
