//! The event log over HTTP: page by page, waiting for the next event, or as a stream of
//! server-sent events; and the record of labels.

use std::sync::Arc;
use std::time::Duration;

use app::EventsQuery;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::ACCEPT;
use model::{Error, Result, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::error::Refusal;
use crate::event_stream::EventStream;
use crate::params::Params;
use crate::router::{self, Row};
use crate::settings::Settings;

/// The longest a request may wait for an event, in seconds.
const MAX_WAIT: u64 = 60;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get("/v0/events", "events.list", list),
        router::get("/v0/pods/{pod_id}/events", "pods.events.list", list),
        router::get(
            "/v0/inboxes/{inbox_id}/events",
            "inboxes.events.list",
            of_inbox,
        ),
    ]
}

/// JSON, or a stream when the client accepts `text/event-stream`.
pub(crate) async fn list(
    auth: Authorized<perm::MessageRead>,
    params: Params,
    headers: HeaderMap,
    State(settings): State<Arc<Settings>>,
) -> Result<Response, Refusal> {
    let mut query = query(&params)?;
    let stop = settings.stopping.clone();
    if !wants_stream(&headers) {
        let page = auth.app.events(&auth.grant, query, stop).await?;
        return Ok(Answer(page).into_response());
    }
    // A browser that connects again sends what it has heard, and the URL of the first time.
    if let Some(last) = headers.get("last-event-id") {
        query.after = Some(last.to_str().unwrap_or_default().to_owned());
    }
    let tail = auth.app.event_stream(&auth.grant, query).await?;
    let clock = Arc::clone(&settings.env.clock);
    Ok(EventStream::new(tail, clock, stop).into_response())
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    accepted
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream"))
}

fn query(params: &Params) -> Result<EventsQuery> {
    Ok(EventsQuery {
        event_types: params.list("event_types")?,
        inbox_ids: params.list("inbox_ids")?,
        pod_ids: params.list("pod_ids")?,
        after: params.text("after").map(str::to_owned),
        limit: params.page()?.limit,
        wait: wait(params)?,
    })
}

fn wait(params: &Params) -> Result<Duration> {
    let Some(text) = params.text("wait") else {
        return Ok(Duration::ZERO);
    };
    match text.trim().parse::<u64>() {
        Ok(seconds) if seconds <= MAX_WAIT => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::invalid(
            "wait",
            "invalid_value",
            "wait must be a number of seconds from 0 to 60",
        )),
    }
}

pub(crate) async fn of_inbox(
    auth: Authorized<perm::MessageRead>,
    params: Params,
) -> Outcome<wire::ListInboxEventsResponse> {
    let page = params.page()?;
    Ok(Answer(auth.app.inbox_events(&auth.grant, page).await?))
}
