//! Counts, usage and rates: maps from a name to a series.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `metrics.query_events`: buckets by the type of event.
pub type QueryMetricsResponse = BTreeMap<String, Vec<MetricBucket>>;

/// `metrics.query_usage`: points by the type of usage.
pub type QueryUsageResponse = BTreeMap<String, Vec<UsagePoint>>;

/// `metrics.query_rates`: points by the type of rate.
pub type QueryRatesResponse = BTreeMap<String, Vec<RatePoint>>;

/// How many events there were in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricBucket {
    /// The end of the stretch.
    pub timestamp: String,
    /// How many.
    pub count: i64,
}

/// How much was used at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsagePoint {
    /// The moment.
    pub timestamp: String,
    /// How much.
    pub value: i64,
}

/// How much of what was sent in a stretch of time went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatePoint {
    /// The end of the stretch.
    pub timestamp: String,
    /// The share; `null` when nothing was sent.
    pub rate: Option<f64>,
    /// How much was sent, counted by recipient.
    pub sent: i64,
}
