//! Counts, usage and rates: of the organisation, a pod or an inbox, as the path says.

use model::metric::MetricQuery;
use model::{Error, Result, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes. Those that end in `/metrics` are what SDKs before 0.5 call.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get("/v0/metrics", "metrics.query", events),
        router::get("/v0/metrics/events", "metrics.query_events", events),
        router::get("/v0/metrics/rates", "metrics.query_rates", rates),
        router::get("/v0/metrics/usage", "metrics.query_usage", usage),
        router::get(
            "/v0/inboxes/{inbox_id}/metrics",
            "inboxes.metrics.query",
            events,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/metrics/events",
            "inboxes.metrics.query_events",
            events,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/metrics/rates",
            "inboxes.metrics.query_rates",
            rates,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/metrics/usage",
            "inboxes.metrics.query_usage",
            usage,
        ),
        router::get("/v0/pods/{pod_id}/metrics", "pods.metrics.query", events),
        router::get(
            "/v0/pods/{pod_id}/metrics/events",
            "pods.metrics.query_events",
            events,
        ),
        router::get(
            "/v0/pods/{pod_id}/metrics/rates",
            "pods.metrics.query_rates",
            rates,
        ),
        router::get(
            "/v0/pods/{pod_id}/metrics/usage",
            "pods.metrics.query_usage",
            usage,
        ),
    ]
}

async fn events(
    auth: Authorized<perm::MetricsRead>,
    params: Params,
) -> Outcome<wire::QueryMetricsResponse> {
    let query = query(&params, "event_types")?;
    Ok(Answer(auth.app.query_events(&auth.grant, query).await?))
}

async fn usage(
    auth: Authorized<perm::MetricsRead>,
    params: Params,
) -> Outcome<wire::QueryUsageResponse> {
    let query = query(&params, "usage_types")?;
    Ok(Answer(auth.app.query_usage(&auth.grant, query).await?))
}

async fn rates(
    auth: Authorized<perm::MetricsRead>,
    params: Params,
) -> Outcome<wire::QueryRatesResponse> {
    let query = query(&params, "rate_types")?;
    Ok(Answer(auth.app.query_rates(&auth.grant, query).await?))
}

/// The question; the first SDKs call its bounds `start_timestamp` and `end_timestamp`.
fn query(params: &Params, types: &str) -> Result<MetricQuery> {
    let either = |new: &str, old: &str| match params.instant(new)? {
        Some(at) => Ok::<_, Error>(Some(at)),
        None => params.instant(old),
    };
    Ok(MetricQuery {
        types: params.list(types)?,
        start: either("start", "start_timestamp")?,
        end: either("end", "end_timestamp")?,
        period: number(params, "period")?,
        window: number(params, "window")?,
        limit: number(params, "limit")?,
        descending: params.flag("descending")?.unwrap_or(false),
    })
}

fn number(params: &Params, name: &str) -> Result<Option<i64>> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    let number = text.trim().parse().ok();
    number.map(Some).ok_or_else(|| {
        let message = format!("{name} must be a whole number");
        Error::invalid(name, "invalid_type", message)
    })
}
