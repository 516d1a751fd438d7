//! Counts of events, usage and rates over time, for whatever the caller reaches.
//!
//! Counts have whole seconds: the first and the last second of a stretch count as a whole. Buckets
//! begin at multiples of their period, so that the same question gives the same bounds later; the
//! last one ends where the question ends.

pub(crate) mod counting;

use std::collections::BTreeMap;
use std::time::Duration;

use mail::Timestamp;
use model::metric::{EVENTS, MetricQuery, Rate, Usage};
use model::{Code, Error, EventKind, Result, perm};
use store::{Counted, Grant, Uncounted, View};
use wire::{MetricBucket, RatePoint, UsagePoint};

use crate::App;

/// Points of a series at most.
const MAX_POINTS: i64 = 1_000;

const DAY: i64 = 86_400;

/// How far back a question may begin, and how much later it may arrive than it was asked.
const REACH: Duration = Duration::from_secs(90 * 86_400);
const SLACK: Duration = Duration::from_secs(3_600);

/// How long ago now is: clients say the time at which they asked.
const RECENT: Duration = Duration::from_secs(60);

/// A question that was checked.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: Timestamp,
    end: Timestamp,
    /// It ends now, or so shortly before that the present stands for it.
    is_now: bool,
    limit: usize,
    descending: bool,
}

impl App {
    /// How many events of each type there were. Types without any are left out unless they were
    /// asked for by name.
    ///
    /// # Errors
    /// `validation_error` naming the parameter.
    pub async fn query_events(
        &self,
        grant: &Grant<perm::MetricsRead>,
        query: MetricQuery,
    ) -> Result<wire::QueryMetricsResponse> {
        let span = self.span(&query)?;
        let period = query.period.map(period).transpose()?.unwrap_or(1);
        let kinds = named(&query.types, "event_types", &EVENTS, EventKind::name)?;
        let all = query.types.is_empty();
        let found = self.store().read(grant, move |view| {
            let fresh = view.uncounted()?;
            let mut series = Vec::new();
            for kind in &kinds {
                series.push((*kind, counts(view, &fresh, *kind, &span, period)?));
            }
            Ok(series)
        });
        let series = found.await?.into_iter();
        Ok(series
            .filter(|(_, counts)| !all || !counts.is_empty())
            .map(|(kind, counts)| {
                let buckets = counts.iter().map(|count| MetricBucket {
                    timestamp: span.bound(count.start + count.length).to_string(),
                    count: count.events,
                });
                (kind.name().to_owned(), span.cut(buckets.collect()))
            })
            .collect())
    }

    /// How much is used of each kind, at each multiple of the period and at the end.
    ///
    /// # Errors
    /// `validation_error` naming the parameter, or `query_range_too_wide`.
    pub async fn query_usage(
        &self,
        grant: &Grant<perm::MetricsRead>,
        query: MetricQuery,
    ) -> Result<wire::QueryUsageResponse> {
        let span = self.span(&query)?;
        let period = query.period.map(period).transpose()?.unwrap_or(600);
        span.bounded(0, period)?;
        let scope = grant.access().scope();
        let known: Vec<Usage> = Usage::ALL
            .into_iter()
            .filter(|usage| usage.is_of(scope))
            .collect();
        let kinds = named(&query.types, "usage_types", &known, Usage::name)?;
        let found = self.store().read(grant, move |view| {
            let now = if span.is_now {
                view.usage_now()?
            } else {
                BTreeMap::new()
            };
            let mut series = BTreeMap::new();
            for usage in &kinds {
                let history = view.usage_history(*usage, span.start, span.end)?;
                let points = span.grid(period).into_iter().map(|at| {
                    // Samples are some minutes old; the present is known.
                    let live = now.get(usage).filter(|_| at >= span.end);
                    UsagePoint {
                        timestamp: at.to_string(),
                        value: live.copied().unwrap_or_else(|| history.at(at)),
                    }
                });
                series.insert(usage.name().to_owned(), span.cut(points.collect()));
            }
            Ok(series)
        });
        found.await
    }

    /// The share of recipients that bounced or complained over the window before each multiple of
    /// the period, and before the end.
    ///
    /// # Errors
    /// `validation_error` naming the parameter, or `query_range_too_wide`.
    pub async fn query_rates(
        &self,
        grant: &Grant<perm::MetricsRead>,
        query: MetricQuery,
    ) -> Result<wire::QueryRatesResponse> {
        let span = self.span(&query)?;
        let period = query.period.map(period).transpose()?.unwrap_or(3_600);
        let window = query.window.unwrap_or(DAY.max(period));
        if window < 1 || window % period != 0 {
            let message = "window must be a whole multiple of period";
            return Err(Error::invalid("window", "invalid_value", message)
                .fix("Choose a window such as 86400 for a period of 3600."));
        }
        span.bounded(window, period)?;
        let rates = named(&query.types, "rate_types", &Rate::ALL, Rate::name)?;
        let found = self.store().read(grant, move |view| {
            let fresh = view.uncounted()?;
            let sent = Rolling::read(view, &fresh, EventKind::MessageSent, &span, period, window)?;
            let mut series = BTreeMap::new();
            for rate in &rates {
                let bad = Rolling::read(view, &fresh, rate.event(), &span, period, window)?;
                let points = span.grid(period).into_iter().map(|at| {
                    let (sent, bad) = (sent.until(at), bad.until(at));
                    RatePoint {
                        timestamp: at.to_string(),
                        rate: share(bad, sent),
                        sent,
                    }
                });
                series.insert(rate.name().to_owned(), span.cut(points.collect()));
            }
            Ok(series)
        });
        found.await
    }

    /// Checks the stretch of time, the limit and the order.
    fn span(&self, query: &MetricQuery) -> Result<Span> {
        let now = self.now();
        let end = query.end.unwrap_or(now).min(now);
        let day = Duration::from_secs(86_400);
        let start = query.start.unwrap_or(end.minus(day));
        if start < now.minus(REACH).minus(SLACK) {
            let message = "start must be within the last 90 days";
            return Err(Error::invalid("start", "too_small", message)
                .fix("Ask for a later start; older counts are not kept."));
        }
        if start >= end {
            let message = "start must be before end and in the past";
            return Err(Error::invalid("start", "invalid_value", message)
                .fix("Swap start and end, or leave end out."));
        }
        let limit = query.limit.unwrap_or(MAX_POINTS);
        if !(1..=MAX_POINTS).contains(&limit) {
            let message = format!("limit must be from 1 to {MAX_POINTS}");
            return Err(Error::invalid("limit", "invalid_value", message)
                .fix("Ask for fewer points, or for a longer period."));
        }
        Ok(Span {
            start,
            end,
            is_now: now.since(end) < RECENT,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            descending: query.descending,
        })
    }
}

impl Span {
    /// The first second.
    fn first(&self) -> i64 {
        self.start.as_secs()
    }

    /// The second after the last one.
    fn past(&self) -> i64 {
        // A stretch that ends within a second has that second.
        Timestamp::from_micros(self.end.as_micros().saturating_add(999_999)).as_secs()
    }

    /// The instant of a second, within the stretch.
    fn bound(&self, second: i64) -> Timestamp {
        seconds(second).min(self.end)
    }

    /// The multiples of the period after the start, and the end.
    fn grid(&self, period: i64) -> Vec<Timestamp> {
        let first = (self.start.as_secs().div_euclid(period) + 1) * period;
        let step = usize::try_from(period).unwrap_or(1);
        let mut points: Vec<Timestamp> = (first..)
            .step_by(step)
            .map(seconds)
            .take_while(|at| *at < self.end)
            .collect();
        points.push(self.end);
        points
    }

    /// Refuses a question for more points than an answer may have.
    fn bounded(&self, window: i64, period: i64) -> Result<()> {
        let range = self.past() - self.first() + window;
        // Its ends may cut a bucket each.
        if range.div_euclid(period) > MAX_POINTS + 1 {
            let least = range.div_euclid(MAX_POINTS) + 1;
            let message = format!("The range has more than {MAX_POINTS} periods");
            return Err(Error::new(Code::QueryRangeTooWide, message).fix(format!(
                "Ask for a period of at least {least} seconds, or for less time."
            )));
        }
        Ok(())
    }

    /// Brings a series, oldest first, into the order and to the length that were asked for.
    fn cut<T>(&self, mut points: Vec<T>) -> Vec<T> {
        if self.descending {
            points.reverse();
        }
        points.truncate(self.limit);
        points
    }
}

fn seconds(second: i64) -> Timestamp {
    Timestamp::from_micros(second.saturating_mul(1_000_000))
}

/// Counts of one kind in buckets, those of the newest events included.
fn counts(
    view: &mut View<'_>,
    fresh: &[Uncounted],
    kind: EventKind,
    span: &Span,
    period: i64,
) -> Result<Vec<Counted>> {
    within(view, fresh, kind, (span.first(), span.past()), period)
}

fn within(
    view: &mut View<'_>,
    fresh: &[Uncounted],
    kind: EventKind,
    (from, to): (i64, i64),
    period: i64,
) -> Result<Vec<Counted>> {
    let known = view.event_counts(kind, from, to, period)?;
    let mut found: BTreeMap<i64, Counted> = known
        .into_iter()
        .map(|count| (count.start, count))
        .collect();
    let of_kind = |event: &&Uncounted| event.kind == kind && (from..to).contains(&event.at);
    for event in fresh.iter().filter(of_kind) {
        let start = event.at.div_euclid(period) * period;
        let sum = found.entry(start).or_insert(Counted {
            start,
            length: period,
            events: 0,
            people: 0,
        });
        sum.events += 1;
        sum.people += event.people;
    }
    Ok(found.into_values().collect())
}

/// Recipients over a window that moves.
struct Rolling {
    /// Recipients up to the beginning of each second at which that changes.
    sums: Vec<(i64, i64)>,
    window: i64,
    /// The end of the stretch, which need not be a multiple of the period, and its recipients.
    last: (Timestamp, i64),
}

impl Rolling {
    fn read(
        view: &mut View<'_>,
        fresh: &[Uncounted],
        kind: EventKind,
        span: &Span,
        period: i64,
        window: i64,
    ) -> Result<Self> {
        let first = (span.first() - window).div_euclid(period) * period;
        let counts = within(view, fresh, kind, (first, span.past()), period)?;
        let mut total = 0;
        let sums = counts.iter().map(|count| {
            total += count.people;
            (count.start + count.length, total)
        });
        let sums = sums.collect();
        // The window before the end cuts through buckets.
        let whole = within(
            view,
            fresh,
            kind,
            (span.past() - window, span.past()),
            i64::MAX,
        )?;
        Ok(Self {
            sums,
            window,
            last: (span.end, whole.iter().map(|count| count.people).sum()),
        })
    }

    /// Recipients over the window up to `at`.
    fn until(&self, at: Timestamp) -> i64 {
        if at >= self.last.0 {
            return self.last.1;
        }
        let upto = |second: i64| {
            let past = self.sums.partition_point(|(end, _)| *end <= second);
            past.checked_sub(1)
                .and_then(|index| self.sums.get(index))
                .map_or(0, |(_, sum)| *sum)
        };
        upto(at.as_secs()) - upto(at.as_secs() - self.window)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of mail are far below what a float holds exactly"
)]
fn share(bad: i64, sent: i64) -> Option<f64> {
    (sent > 0).then(|| bad as f64 / sent as f64)
}

fn period(seconds: i64) -> Result<i64> {
    if (1..=DAY).contains(&seconds) {
        return Ok(seconds);
    }
    let message = "period must be from 1 to 86400 seconds";
    Err(Error::invalid("period", "invalid_value", message)
        .fix("Give the length of a bucket in seconds, for example 3600."))
}

/// What is asked for by name, each once; all of it when nothing is named.
fn named<T: Copy + PartialEq>(
    names: &[String],
    path: &str,
    known: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<Vec<T>> {
    if names.is_empty() {
        return Ok(known.to_vec());
    }
    let mut found = Vec::new();
    for wanted in names {
        let one = known.iter().copied().find(|one| name(*one) == wanted);
        let Some(one) = one else {
            let all: Vec<&str> = known.iter().map(|one| name(*one)).collect();
            let message = format!("{path} may be: {}", all.join(", "));
            return Err(Error::invalid(path, "invalid_value", message)
                .fix("Ask for types of this list, or leave the parameter out for all of them."));
        };
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: i64, end: i64) -> Span {
        Span {
            start: Timestamp::from_micros(start),
            end: Timestamp::from_micros(end),
            is_now: false,
            limit: 1_000,
            descending: false,
        }
    }

    #[test]
    fn points_lie_on_multiples_of_the_period_and_at_the_end() {
        let grid = |start: i64, end: i64, period| -> Vec<i64> {
            let points = span(start * 1_000_000, end * 1_000_000).grid(period);
            points.iter().map(|at| at.as_secs()).collect()
        };
        assert_eq!(grid(0, 100, 40), [40, 80, 100]);
        assert_eq!(grid(40, 120, 40), [80, 120]);
        assert_eq!(grid(41, 42, 40), [42]);
    }

    #[test]
    fn a_stretch_has_the_whole_of_its_first_and_last_second() {
        let span = span(1_900_000, 3_000_001);
        assert_eq!((span.first(), span.past()), (1, 4));
        assert_eq!(span.bound(4), span.end);
        assert_eq!(span.bound(2).as_secs(), 2);
    }

    #[test]
    fn a_range_of_a_thousand_periods_is_answered_and_a_wider_one_refused() {
        let hour = 3_600_000_000;
        assert!(span(1, 1 + 1_000 * hour).bounded(0, 3_600).is_ok());
        let error = span(0, 1_010 * hour).bounded(0, 3_600).unwrap_err();
        assert_eq!(error.code(), Code::QueryRangeTooWide);
        assert!(span(0, 990 * hour).bounded(86_400, 3_600).is_err());
    }

    #[test]
    fn a_window_rolls_over_its_buckets() {
        let rolling = Rolling {
            sums: vec![(10, 2), (30, 5), (40, 9)],
            window: 20,
            last: (Timestamp::from_micros(45_000_000), 7),
        };
        let at = |second: i64| rolling.until(seconds(second));
        assert_eq!([at(10), at(20), at(30), at(40), at(45)], [2, 2, 3, 7, 7]);
        assert_eq!((share(1, 0), share(1, 4)), (None, Some(0.25)));
    }
}
